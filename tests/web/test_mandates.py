"""Acting for a person, as the door sees it: one carnet, the scopes given, while the mandate stands."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from schemas.names import Role, StructureKind
from tests.web.plain_browser import Browser, Page
from tests.web.site import Site, site_over
from tests.world import Someone, World
from vault.carnet.references import shown
from vault.services.sessions import NewSession
from vault.web import guard

FORM = {"content-type": "application/x-www-form-urlencoded"}
REFUSED = "Votre mandat ne permet pas cette page"
# Whatever a mandate says, these are never opened to whoever acts.
CLOSED = {
    *(guard.person, guard.person_fresh, guard.holder, guard.professional, guard.manager, guard.dpo),
    *(guard.mandatary, guard.grantee),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("mandates")
    world = World.open(f"sqlite:///{folder}/c.sqlite", f"sqlite:///{folder}/k.sqlite", folder)
    with site_over(world) as running:
        yield running
    world.close()


class Aid:
    """A helper of a CCAS with a browser, and a person with hers."""

    def __init__(self, site: Site, name: str) -> None:
        self.site, self.name = site, name
        world = site.world
        self.structure = world.structure(f"CCAS {name}", StructureKind.CCAS)
        member = world.member(self.structure, f"aide-{name}", Role.HELPER, kind=StructureKind.CCAS)
        self.helper = browser(site, member.session)
        self.someone: Someone = world.newcomer(name)
        self.person = browser(site, self.someone.session)

    def code(self) -> str:
        made = self.helper.press(self.helper.get("/agir"), "Créer un code", action="/agir/code")
        return made.text.split("Dites ce code à la personne que vous aidez : ")[1][:12]

    def gives(self, *scopes: str, days: str = "31") -> Page:
        """She gives the mandate on her pages, from the code that he makes on his."""
        new = "/mes-mandats/nouveau"
        asked = self.person.press(self.person.get(new), "Continuer", action=new, code=self.code())
        assert f"CCAS {self.name}" in asked.text
        told = {"scope": list(scopes), "days": days}
        return self.person.press(asked, "Donner ce mandat", action="/mes-mandats", inputs=told)

    @property
    def mandate_id(self) -> str:
        return self.site.world.parts.data.mandates_of(self.someone.carnet_id)[0].mandate_id

    def acts(self) -> Page:
        return self.helper.press(self.helper.get("/agir"), "Agir pour", action=f"/agir/{self.mandate_id}")


def browser(site: Site, session: NewSession) -> Browser:
    client = site.client()
    client.cookies.set("carnet", session.cookie)
    return Browser(client)


def test_a_helper_acts_within_what_she_gave_and_her_journal_says_so(site: Site) -> None:
    aid = Aid(site, "rosa")
    given = aid.gives("write")
    assert "Ce mandat est enregistré" in given.text
    assert "Rosa" not in aid.helper.get("/agir").text, "no name before he chooses"
    home = aid.acts()
    assert home.address == "/mon-carnet"
    assert "Vous agissez pour Rosa ROSA" in home.text
    form = aid.helper.get("/mon-carnet/mobilite")
    saved = aid.helper.press(form, "Garder", action="/mon-carnet/mobilite", permis_conduire=["b"])
    assert "gardées" in saved.text
    told = aid.person.get("/qui-a-vu").text
    assert "Votre carnet a été ouvert" in told
    assert f"(CCAS {aid.name}), pour vous, au titre du mandat d’aide du" in told
    acts = aid.person.get(f"/mes-mandats/{aid.mandate_id}/actes").text
    assert "Réponses écrites" in acts
    assert "votre nom a été affiché" in acts
    back = aid.helper.press(aid.helper.get("/mon-carnet"), "Terminer", action="/agir/terminer")
    assert back.address == "/agir"
    assert aid.helper.get("/mon-carnet").status == 403


def test_each_page_opens_by_its_own_scope(site: Site) -> None:
    pages = {
        "write": ["/mon-carnet/mobilite"],
        "print": ["/mes-telechargements/carnet.pdf"],
        "share": ["/mes-partages", "/mes-partages/nouveau", "/mes-demandes"],
    }
    for scope, opened in pages.items():
        aid = Aid(site, f"portee-{scope}")
        aid.gives(scope)
        aid.acts()
        home = aid.helper.get("/mon-carnet")
        assert "Carnet de Portee-" in home.text
        assert ("Partager des informations" in home.links) == (scope == "share")
        assert ("/mon-carnet/mobilite" in home.links.values()) == (scope == "write")
        for path in ("/mon-carnet", "/qui-a-vu", *opened):
            assert aid.helper.client.get(path).status_code == 200, (scope, path)  # a paper is no page
        for path in (path for one, told in pages.items() if one != scope for path in told):
            refused = aid.helper.get(path)
            assert refused.status == 403, (scope, path)
            assert REFUSED in refused.text


def test_a_mandate_that_is_stopped_opens_nothing_at_the_next_request(site: Site) -> None:
    aid = Aid(site, "lena")
    aid.gives("write", "share")
    aid.acts()
    form = aid.helper.get("/mon-carnet/mobilite")
    end = f"/mes-mandats/{aid.mandate_id}/fin"
    stopped = aid.person.press(aid.person.get("/mes-mandats"), "Arrêter", action=end)
    assert "Ce mandat est terminé" in stopped.text
    late = aid.helper.press(form, "Garder", action="/mon-carnet/mobilite", permis_conduire=["b"])
    assert late.address.startswith("/connexion")
    assert not site.world.parts.data.heads(aid.someone.carnet_id)[1:], "only her name is written"


def test_whoever_acts_reaches_only_the_pages_that_were_opened_one_by_one(site: Site) -> None:
    """Every route of the application is walked, with every scope given, by each of its methods."""
    aid = Aid(site, "walk")
    aid.gives("write", "print", "share")
    csrf = dict(aid.acts().form("/agir/terminer").inputs)["csrf_token"]
    walked = 0
    for route in site.app.router.routes:
        if not isinstance(route, APIRoute) or not CLOSED & set(calls(route.dependant)):
            continue
        path = re.sub(r"{[^}]+}", "a" * 26, route.path)
        for method in sorted(route.methods or ()):
            told = {"headers": FORM, "content": f"csrf_token={csrf}"}
            if path.startswith("/api/"):
                told = {"headers": {"X-CSRF-Token": csrf}, "json": {}}
            answer = aid.helper.client.request(method, path, **({} if method == "GET" else told))
            assert answer.status_code == 403, (method, path, answer.status_code)
            walked += 1
    assert walked > 40
    assert aid.helper.client.get("/api/v1/session").json()["kind"] == "mandate"
    assert aid.helper.get("/choisir-structure").status == 403


def test_signing_out_while_acting_ends_the_session_and_is_in_her_journal(site: Site) -> None:
    aid = Aid(site, "sortie")
    aid.gives()
    home = aid.acts()
    out = aid.helper.press(home, "Se déconnecter", action="/deconnexion")
    assert out.address.startswith("/deconnexion/retour")
    assert aid.helper.get("/mon-carnet").address.startswith("/connexion")
    acts = aid.person.get(f"/mes-mandats/{aid.mandate_id}/actes").text
    assert "Fin." in acts


def test_the_officer_sees_who_acted_for_whom(site: Site) -> None:
    aid = Aid(site, "vue")
    aid.gives("share")
    aid.acts()
    told = aid.helper.get("/mes-partages")
    assert told.status == 200
    rows = Browser(site.dpo("vigie")).get("/dpo/acces").text
    assert "CCAS vue" in rows
    assert "mandat donné ou terminé" in rows


def calls(dependant: Dependant) -> Iterable[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls(inner)


def test_sharing_is_never_ticked_before_she_does_and_giving_asks_who_she_is_again(site: Site) -> None:
    aid = Aid(site, "prete")
    new = "/mes-mandats/nouveau"
    page = aid.person.press(aid.person.get(new), "Continuer", action=new, code=aid.code())
    form = page.form("/mes-mandats")
    assert ("scope", "share") in form.offered
    assert not [one for one in form.inputs if one[0] in ("scope", "days")], "nothing is chosen for her"
    none = aid.person.press(page, "Donner ce mandat", action="/mes-mandats")
    assert none.status == 422
    assert "Choisissez une durée" in none.text
    wrong = aid.person.press(aid.person.get(new), "Continuer", action=new, code="ABC DEFG HJK")
    assert wrong.status == 422
    assert "Ce code ne mène à personne" in wrong.text


def test_the_officer_records_a_ruling_and_a_relative_acts_from_her_own_account(site: Site) -> None:
    world = site.world
    someone, relative = world.newcomer("abel"), world.newcomer("zoe")
    numbers = world.parts.data.references([someone.carnet_id, relative.carnet_id])
    desk = Browser(site.dpo("officier"))
    told = {
        "numero": shown(numbers[someone.carnet_id]),
        "proche": shown(numbers[relative.carnet_id]),
        "genre": "guardianship",
        "qui": "proche",
        "nom": "Zoé, sa fille",
        "jugement": "TJ Brest 26/123",
        "scope": ["write"],
        "jour": "31",
        "mois": "12",
        "annee": "2030",
    }
    path = "/dpo/mandats"
    fault = desk.press(desk.get(path), "Enregistrer", action=path, inputs={**told, "numero": "ABC"})
    assert fault.status == 422
    assert "Aucun carnet ouvert n’a ce numéro" in fault.text
    done = desk.press(desk.get(path), "Enregistrer", action=path, inputs=told)
    assert "Ce mandat est enregistré" in done.text
    assert "Zoé" not in done.text, "numbers only"

    hers, theirs = browser(site, someone.session), browser(site, relative.session)
    assert "Quelqu’un peut agir dans votre carnet" in hers.get("/mon-carnet").text
    listed = hers.get("/mes-mandats")
    assert "Zoé, sa fille" in listed.text
    assert "vient d’un jugement" in listed.text
    assert "Agir pour un proche" in theirs.get("/mon-compte").text
    mandate_id = world.parts.data.mandates_of(someone.carnet_id)[0].mandate_id
    act = theirs.get("/agir")
    home = theirs.press(act, "Agir pour", action=f"/agir/{mandate_id}")
    assert "Vous agissez pour Abel ABEL" in home.text
    assert theirs.get("/mes-partages").status == 403
    back = theirs.press(theirs.get("/mon-carnet"), "Terminer", action="/agir/terminer")
    assert back.status == 200
    assert "Bonjour Zoe" in theirs.get("/mon-carnet").text, "her own carnet again"
    csrf = dict(theirs.get("/agir").forms[0].inputs)
    seen = hers.get("/qui-a-vu").text
    assert "Zoé, sa fille, pour vous, au titre de la tutelle du" in seen
    ended = desk.press(desk.get(path), "Mettre fin", action=f"{path}/{mandate_id}/fin")
    assert "Ce mandat est terminé" in ended.text
    again = theirs.client.post(f"/agir/{mandate_id}", data=csrf)
    assert again.status_code == 404
