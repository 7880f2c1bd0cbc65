"""The page of a team: whoever is in charge invites, cancels and ends; nobody else sees it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from consent.grants import PARIS
from schemas.ids import StructureId, new_id
from schemas.names import Role, StructureKind
from tests.web.plain_browser import Browser, Page
from tests.web.site import Site, site_over
from tests.world import RULES, World, coming_in_pro
from vault.services import administering, mailing
from vault.services.invitations import invitation_of
from vault.services.journal import OPERATOR
from vault.services.sessions import NewSession
from vault.services.signing_in import professional_signs_in
from vault.services.team import look_at_team
from vault.web.limits import INVITATIONS
from vault.web.pages.team import TEAM

PAGES = (TEAM, f"{TEAM}/inviter", f"{TEAM}/membres/{'a' * 26}/fin")
ACTS = (
    f"{TEAM}/inviter",
    f"{TEAM}/invitations/{'a' * 26}/annuler",
    f"{TEAM}/invitations/{'a' * 26}/renvoyer",
    f"{TEAM}/membres/{'a' * 26}/fin",
)


@pytest.fixture(scope="module")
def mailing_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Where mail is sent (nobody runs the jobs: it waits)."""
    folder: Path = tmp_path_factory.mktemp("site")
    world = World.open(
        f"sqlite:///{folder}/d.sqlite",
        f"sqlite:///{folder}/k.sqlite",
        folder,
        CARNET_SMTP_URL="smtp://127.0.0.1:9",
    )
    with site_over(world) as running:
        yield running
    world.close()


@pytest.fixture
def there(mailing_site: Site) -> StructureId:
    return mailing_site.world.structure("CCAS de Port-Brannec", StructureKind.CCAS)


class Boss(Browser):
    """Somebody in charge. ``program`` has her session and its CSRF token, and follows no page."""

    def __init__(self, site: Site, session: NewSession) -> None:
        super().__init__(site.signed_in(session))
        self.program = site.signed_in(session)

    def submit(self, page: Page, button: str, **inputs: str) -> Page:
        """Press the first such button of the page."""
        (form, pressed), *_ = [
            (form, one) for form in page.forms for one in form.buttons if button in one.text
        ]
        return self.post(pressed.action or form.action, form.filled({**inputs}))


@pytest.fixture
def boss(mailing_site: Site, there: StructureId) -> Boss:
    return Boss(mailing_site, mailing_site.world.professional(there, new_id(), Role.MANAGER))


def waiting(site: Site, there: StructureId) -> list[str]:
    team = look_at_team(site.world.parts, there, actor=OPERATOR)
    return [one.email for one in team.invited]


def joins(site: Site, there: StructureId, name: str, role: Role = Role.REFERENT) -> NewSession:
    """Somebody with a name, invited at an address that is not hers."""
    made = administering.invite(site.world.parts, structure_id=there, email="a@b.fr", role=role)
    claims = {"given_name": "Nadia", "usual_name": name, "email": "n@b.fr", "siret": "1" * 14}
    coming = coming_in_pro(new_id(), claims=claims)
    session = professional_signs_in(site.world.parts, coming, invitation=made.secret, rules=RULES)
    assert isinstance(session, NewSession)
    return session


# --- who sees it -----------------------------------------------------------------------------------------


def test_whoever_manages_a_team_comes_home_to_it(boss: Boss) -> None:
    page = boss.get("/carnets")
    assert page.address == TEAM
    assert "Équipe : CCAS de Port-Brannec" in page.text
    assert "Carnets" not in page.links


@pytest.mark.parametrize("role", [Role.REFERENT, Role.ADVISER, Role.MEMBER, Role.DPO])
def test_nobody_else_of_the_structure_reaches_it(mailing_site: Site, there: StructureId, role: Role) -> None:
    client = mailing_site.professional(there, new_id(), role)
    assert [client.get(path).status_code for path in PAGES] == [403] * len(PAGES)
    assert [client.post(path).status_code for path in ACTS] == [403] * len(ACTS)
    assert "/equipe" not in client.get("/aide").text


def test_a_person_and_nobody_reach_it_neither(mailing_site: Site) -> None:
    _, person = mailing_site.person(new_id())
    nobody = mailing_site.client()
    for path in PAGES:
        assert person.get(path).status_code == 403
        assert nobody.get(path).headers["location"].startswith("/connexion")
    for path in ACTS:
        assert person.post(path).status_code == 403
        assert nobody.post(path).status_code in (303, 403)


def test_managing_opens_no_carnet(mailing_site: Site, there: StructureId) -> None:
    world = mailing_site.world
    someone = world.newcomer()
    world.fill(someone)
    world.share(someone, there, ["permis_conduire"], purpose="accompagnement")
    client = mailing_site.professional(there, new_id(), Role.MANAGER)
    assert client.get(f"/carnets/{someone.carnet_id}").status_code == 403
    answer = client.get(
        f"/api/v1/carnets/{someone.carnet_id}/fields?purpose=accompagnement&fields=permis_conduire"
    )
    assert answer.status_code == 403


def test_a_look_is_one_entry_and_the_form_to_invite_none(
    mailing_site: Site, there: StructureId, boss: Boss
) -> None:
    size = mailing_site.log_size()
    boss.get(TEAM)
    assert mailing_site.log_size() == size + 1
    boss.get(f"{TEAM}/inviter")
    assert mailing_site.log_size() == size + 1


# --- inviting --------------------------------------------------------------------------------------------


def test_an_invitation_goes_from_the_form_to_the_outbox_and_can_be_cancelled(
    mailing_site: Site, there: StructureId, boss: Boss
) -> None:
    form = boss.get(f"{TEAM}/inviter")
    page = boss.submit(form, "Inviter cette personne", email=" omar@b.fr ", role="adviser")
    assert page.address.startswith(TEAM)
    assert "Elle part par courriel" in page.text
    assert "omar@b.fr" in page.text
    assert "en attente d’envoi" in page.text
    assert waiting(mailing_site, there) == ["omar@b.fr"]
    page = boss.submit(page, "Annuler l’invitation")
    assert "Son lien ne sert plus" in page.text
    assert waiting(mailing_site, there) == []


def test_sending_again_replaces_the_link(mailing_site: Site, there: StructureId, boss: Boss) -> None:
    parts = mailing_site.world.parts
    first = administering.invite(parts, structure_id=there, email="o@b.fr", role=Role.MEMBER)
    page = boss.submit(boss.get(TEAM), "Envoyer un nouveau lien")
    assert "L’ancien ne sert plus" in page.text
    assert invitation_of(parts, first.secret) is None
    assert waiting(mailing_site, there) == ["o@b.fr"]


def test_a_mail_that_failed_is_seen(mailing_site: Site, there: StructureId, boss: Boss) -> None:
    parts = mailing_site.world.parts
    made = administering.invite(parts, structure_id=there, email="o@b.fr", role=Role.MEMBER)
    parts.data.fail_mail(made.invitation_id)
    page = boss.get(TEAM)
    assert "l’envoi n’a pas réussi" in page.text
    assert "Cette adresse existe-t-elle" in page.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"email": "omar", "role": "member"}, "Cette adresse n’est pas complète"),
        ({"email": "a@b.fr\r\nBcc: x@y.fr", "role": "member"}, "Cette adresse n’est pas complète"),
        ({"email": "a@b.fr"}, "Choisissez un rôle"),
        ({"email": "a@b.fr", "role": "member", "jour": "31"}, "Écrivez le jour, le mois"),
        (
            {"email": "a@b.fr", "role": "member", "jour": "31", "mois": "2", "annee": "2099"},
            "Écrivez le jour",
        ),
        ({"email": "a@b.fr", "role": "member", "jour": "1", "mois": "1", "annee": "2020"}, "déjà passé"),
        ({"email": "a@b.fr", "role": "member", "jour": "²", "mois": "1", "annee": "2099"}, "Écrivez le jour"),
        ({"email": "a@b.fr", "role": "member", "jour": "1", "mois": "1", "annee": "9999"}, "Écrivez le jour"),
    ],
)
def test_what_cannot_be_used_is_said_and_what_was_typed_is_kept(
    mailing_site: Site, there: StructureId, boss: Boss, typed: dict[str, str], said: str
) -> None:
    size = mailing_site.log_size()
    answer = boss.program.post(f"{TEAM}/inviter", data=typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert typed["email"].partition("\r")[0] in answer.text
    assert mailing_site.log_size() == size


def test_the_role_of_the_officer_cannot_be_given_here(
    mailing_site: Site, there: StructureId, boss: Boss
) -> None:
    answer = boss.program.post(f"{TEAM}/inviter", data={"email": "a@b.fr", "role": "dpo"})
    assert answer.status_code == 422
    made = administering.invite(mailing_site.world.parts, structure_id=there, email="d@b.fr", role=Role.DPO)
    for act in ("annuler", "renvoyer"):
        assert boss.program.post(f"{TEAM}/invitations/{made.invitation_id}/{act}").status_code == 403
    assert waiting(mailing_site, there) == ["d@b.fr"]


def test_invitations_are_counted(mailing_site: Site, there: StructureId) -> None:
    client = mailing_site.professional(there, new_id(), Role.MANAGER)
    told = {"email": "a@b.fr", "role": "member"}
    codes = [client.post(f"{TEAM}/inviter", data=told).status_code for _ in range(INVITATIONS.most + 1)]
    assert codes[-1] == 429
    assert set(codes[:-1]) == {303}


def test_where_no_mail_leaves_the_link_is_shown_once(lone_site: Site) -> None:
    there = lone_site.world.structure("CCAS sans courriel", StructureKind.CCAS)
    boss = Boss(lone_site, lone_site.world.professional(there, new_id(), Role.MANAGER))
    page = boss.submit(
        boss.get(f"{TEAM}/inviter"), "Inviter cette personne", email="omar@b.fr", role="member"
    )
    secret = page.text.partition("/invitation/")[2].split()[0]
    assert invitation_of(lone_site.world.parts, secret) is not None
    assert secret not in boss.get(TEAM).html
    assert len(mailing.list_mails(lone_site.world.parts)) == 1


# --- members ---------------------------------------------------------------------------------------------


def test_a_member_is_shown_with_what_does_not_match_and_can_be_ended(
    mailing_site: Site, there: StructureId, boss: Boss
) -> None:
    client = mailing_site.signed_in(joins(mailing_site, there, "Prévost <b>"))
    page = boss.get(TEAM)
    assert "Nadia Prévost <b>" in page.text
    assert "<b>" not in page.html
    assert "À vérifier : la connexion vient de n@b.fr, alors que l’invitation était pour a@b.fr." in page.text
    assert client.get("/carnets").status_code == 200
    link = next(href for href in page.links.values() if href.endswith("/fin") and _is_of(boss, href))
    ending = boss.get(link)
    assert "Terminer l’accès de Nadia Prévost" in ending.text
    page = boss.submit(ending, "Terminer cet accès", quand="maintenant")
    assert "La fin de cet accès est enregistrée" in page.text
    assert "Prévost" not in page.text
    assert client.get("/carnets").headers.get("location", "").startswith("/connexion")


def _is_of(boss: Boss, href: str) -> bool:
    return "Prévost" in boss.get(href).text


def test_an_end_on_a_day_is_the_end_of_that_day(mailing_site: Site, there: StructureId, boss: Boss) -> None:
    client = mailing_site.signed_in(joins(mailing_site, there, "Oubli"))
    (member,) = [
        one
        for one in look_at_team(mailing_site.world.parts, there, actor=OPERATOR).members
        if one.name == "Nadia Oubli"
    ]
    action = f"{TEAM}/membres/{member.professional_id}/fin"
    day = (mailing_site.world.parts.now() + timedelta(days=40)).astimezone(PARIS)  # as she writes days
    typed = {"jour": str(day.day), "mois": str(day.month), "annee": str(day.year)}
    for told, said in (
        ({}, "Choisissez quand"),
        ({"quand": "date"}, "Écrivez le jour"),
        ({"quand": "date", "jour": "1", "mois": "1", "annee": "2021"}, "déjà passé"),
    ):
        answer = boss.program.post(action, data=told)
        assert (answer.status_code, said in answer.text) == (422, True)
    assert boss.program.post(action, data={"quand": "date", **typed}).status_code == 303
    row = mailing_site.world.parts.data.habilitation(member.professional_id)
    assert row is not None
    assert row.ends_at is not None
    assert (row.ends_at - day).days in (0, 1)
    assert client.get("/carnets").status_code == 200
    later = {**typed, "annee": str(day.year + 1), "quand": "date"}
    assert "se termine déjà plus tôt" in boss.program.post(action, data=later).text


def test_the_last_one_in_charge_is_told_to_invite_another_first(
    mailing_site: Site, there: StructureId, boss: Boss
) -> None:
    (mine,) = [href for href in boss.get(TEAM).links.values() if href.endswith("/fin")]
    page = boss.submit(boss.get(mine), "Terminer cet accès", quand="maintenant")
    assert "Vous êtes la seule personne responsable" in page.text
    assert boss.get(TEAM).status == 200


def test_what_is_of_another_team_does_not_exist(mailing_site: Site, boss: Boss) -> None:
    world = mailing_site.world
    other = world.structure("Ailleurs")
    made = administering.invite(world.parts, structure_id=other, email="o@b.fr", role=Role.MEMBER)
    joins(mailing_site, other, "Ailleurs")
    (member,) = look_at_team(world.parts, other, actor=OPERATOR).members
    unknown = "a" * 26
    for id_ in (member.professional_id, unknown, "nimporte"):
        assert boss.program.get(f"{TEAM}/membres/{id_}/fin").status_code == 404
        assert boss.program.post(f"{TEAM}/membres/{id_}/fin", data={"quand": "maintenant"}).status_code == 404
    for id_ in (made.invitation_id, unknown, "nimporte"):
        for act in ("annuler", "renvoyer"):
            assert boss.program.post(f"{TEAM}/invitations/{id_}/{act}").status_code == 404
    assert waiting(mailing_site, other) == ["o@b.fr"]


def test_every_act_needs_the_token_of_the_session(mailing_site: Site, boss: Boss) -> None:
    assert [boss.client.post(path).status_code for path in ACTS] == [403] * len(ACTS)


def test_a_manager_who_was_ended_is_out_at_the_next_request(
    mailing_site: Site, there: StructureId, boss: Boss
) -> None:
    second = Boss(mailing_site, joins(mailing_site, there, "Remplaçante", Role.MANAGER))
    links = [href for href in second.get(TEAM).links.values() if href.endswith("/fin")]
    other = next(href for href in links if "Remplaçante" not in second.get(href).text)
    second.submit(second.get(other), "Terminer cet accès", quand="maintenant")
    assert boss.program.get(TEAM).headers.get("location", "").startswith("/connexion")


def test_unknown_used_cancelled_and_over_links_show_one_page(mailing_site: Site, there: StructureId) -> None:
    parts = mailing_site.world.parts
    made = [
        administering.invite(parts, structure_id=there, email="o@b.fr", role=Role.MEMBER) for _ in range(2)
    ]
    professional_signs_in(parts, coming_in_pro(new_id()), invitation=made[0].secret, rules=RULES)
    with parts.data.change() as work:
        work.cancel_invitation(made[1].invitation_id)
        work.commit()
    client = mailing_site.client()
    answers = [client.get(f"/invitation/{one}") for one in ("x" * 43, *(m.secret for m in made), "x" * 9999)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
