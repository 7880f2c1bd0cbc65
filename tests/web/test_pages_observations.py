"""Her words beside an information, on her pages and on the reader's: never one without the other."""

import pytest

from schemas.ids import CarnetId, EntryId, FieldId, new_id
from schemas.names import Role, StructureKind
from tests.web.plain_browser import Browser, Page
from tests.web.site import V1, Site, fields_url
from tests.web.test_mandates import Aid
from tests.web.test_pages_sign_in import Doors, _browsers_closed, doors
from tests.web.test_pages_volets import csrf_of
from tests.web.test_sessions import left_alone
from tests.world import RULES, Someone
from vault.audit.events import ActorKind
from vault.carnet.entries import Entry
from vault.services import observing
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.own_carnet import list_own_grants
from vault.services.remarks import LONGEST
from vault.services.sessions import PERSON, session_of
from vault.services.writing import Answer, write_field

__all__ = ["_browsers_closed", "doors"]  # the fixtures

FIELD = "permis_conduire"
PURPOSE = "proposer_poste"


class Pair:
    """Ana, whose carnet a professional of a SIAE reads."""

    def __init__(self, site: Site) -> None:
        self.site, world = site, site.world
        self.ana: Someone = world.newcomer()
        self.entry: Entry = world.write(self.ana, FIELD, ["b"])
        structure = world.structure("SIAE Alpha", StructureKind.SIAE)
        self.her = Browser(site.signed_in(self.ana.session))
        self.his_session = world.professional(structure, "paul" + new_id()[:6], Role.REFERENT)
        self.his = Browser(site.signed_in(self.his_session))
        world.share(self.ana, structure, [FIELD], purpose=PURPOSE)
        self.write_page = f"/mon-carnet/info/{self.entry.entry_id}/observation"
        self.carnet = f"/carnets/{self.ana.carnet_id}?finalite={PURPOSE}"

    def observed(self, text: str = "Je n’ai plus le permis.") -> EntryId:
        parts = self.site.world.parts
        said = observing.observe(parts, self.ana.owner, self.entry.entry_id, text, actor=self.ana.actor)
        return said.observation_id

    def press(self, who: Browser, page: Page, button: str, **values: str) -> Page:
        """The only form of the page that has this button."""
        (form,) = [one for one in page.forms if any(button in each.text for each in one.buttons)]
        return who.press(page, button, action=form.action, **values)

    def reply_page(self, observation_id: str) -> str:
        return f"/carnets/{self.ana.carnet_id}/observations/{observation_id}?finalite={PURPOSE}"


@pytest.fixture
def pair(lone_site: Site) -> Pair:
    return Pair(lone_site)


def test_she_is_told_who_will_read_her_words_before_she_writes_them(pair: Pair) -> None:
    page = pair.her.get(pair.write_page)
    assert "En ce moment, peuvent la lire : SIAE Alpha" in page.text
    assert "Permis B" in page.text


def test_what_she_writes_stands_on_her_page_on_his_and_on_what_she_sees_of_his(pair: Pair) -> None:
    pair.press(
        pair.her, pair.her.get(pair.write_page), "Garder mon observation", texte="Je n’ai plus le permis."
    )
    said = "« Je n’ai plus le permis. »"
    assert f"Vous dites : {said}" in pair.her.get("/mon-carnet").text
    his = pair.his.get(pair.carnet)
    assert f"La personne dit : {said}" in his.text
    assert "contesté" in his.text
    assert "Répondre" in his.links
    (grant,) = list_own_grants(pair.site.world.parts, pair.ana.owner)
    seen = pair.her.get(f"/mes-partages/{grant.id}/vu")
    assert f"La personne dit : {said}" in seen.text
    assert "Répondre" not in seen.links


def test_nothing_she_typed_is_lost_when_it_cannot_be_kept(pair: Pair) -> None:
    form = pair.her.get(pair.write_page)
    again = pair.press(pair.her, form, "Garder mon observation", texte="x" * (LONGEST + 1))
    assert again.status == 422
    assert "2000 caractères au plus" in again.text
    assert "x" * LONGEST in again.html
    pair.site.world.write(pair.ana, FIELD, ["a"])
    again = pair.press(pair.her, form, "Garder mon observation", texte="Toujours là.")
    assert again.status == 409
    assert "Toujours là." in again.html
    pair.press(pair.her, again, "Garder mon observation")
    assert "Vous dites : « Toujours là. »" in pair.her.get("/mon-carnet").text


def test_a_reply_is_told_on_her_first_page_and_she_maintains_or_takes_back(pair: Pair) -> None:
    observation_id = pair.observed()
    assert "a répondu" not in pair.her.get("/mon-carnet").text
    form = pair.his.get(pair.reply_page(observation_id))
    assert "La personne dit : « Je n’ai plus le permis. »" in form.text
    after = pair.press(pair.his, form, "Répondre à cette observation", texte="Parlons-en jeudi.")
    assert "« Parlons-en jeudi. »" in after.text
    home = pair.her.get("/mon-carnet")
    assert "a répondu à votre observation" in home.text
    hers = pair.her.get(f"/mon-carnet/observations/{observation_id}")
    kept = pair.press(pair.her, hers, "Maintenir mon observation")
    assert "Vous maintenez votre observation." in kept.text
    assert "Maintenir mon observation" not in [one.text for form in kept.forms for one in form.buttons]
    assert "La personne maintient son observation." in pair.his.get(pair.carnet).text
    assert "a répondu à votre observation" not in pair.her.get("/mon-carnet").text
    assert "retirée" in pair.press(pair.her, kept, "Retirer mon observation").text
    assert "La personne dit" not in pair.his.get(pair.carnet).text
    assert pair.his.get(pair.reply_page(observation_id)).status == 404


def test_whoever_acts_for_her_never_destroys_what_she_said(lone_site: Site) -> None:
    parts, aid = lone_site.world.parts, Aid(lone_site, "odile")
    entry = lone_site.world.write(aid.someone, FIELD, ["b"])
    told = (parts, aid.someone.owner, entry.entry_id, "Je n’ai plus le permis.")
    said = observing.observe(*told, actor=aid.someone.actor).observation_id
    aid.gives("write")
    aid.acts()
    shown = aid.helper.get(f"/mon-carnet/observations/{said}")
    assert (shown.status, "Je n’ai plus le permis." in shown.text) == (200, True)
    assert not [form for form in shown.forms if "/retirer" in form.action]
    asked = {"csrf_token": csrf_of(aid.helper.get(f"/mon-carnet/info/{entry.entry_id}/observation"))}
    assert aid.helper.post(f"/mon-carnet/observations/{said}/retirer", asked).status == 403
    assert [
        form for form in aid.person.get(f"/mon-carnet/observations/{said}").forms if "/retirer" in form.action
    ]


def test_who_reads_nothing_of_it_gets_the_page_of_what_does_not_exist(pair: Pair) -> None:
    observation_id = pair.observed()
    other = pair.site.world.structure("Autre", StructureKind.SIAE)
    stranger = Browser(pair.site.professional(other, "lea" + new_id()[:6]))
    refused = stranger.get(pair.reply_page(observation_id))
    unknown = stranger.get(f"/carnets/{new_id()}/observations/{observation_id}?finalite={PURPOSE}")
    assert (refused.status, unknown.status) == (404, 404)
    assert refused.html == unknown.html
    assert pair.her.get(f"/mon-carnet/observations/{new_id()}").status == 404
    assert pair.her.get(f"/mon-carnet/info/{new_id()}/observation").status == 404


def test_programs_read_the_observation_with_the_entry(pair: Pair) -> None:
    pair.observed()
    told = pair.site.signed_in(pair.his_session).get(fields_url(pair.ana.carnet_id, (FIELD,), PURPOSE)).json()
    (entry,) = told["fields"][FIELD]
    assert entry["contested"] is True
    assert [one["text"] for one in entry["observations"]] == ["Je n’ai plus le permis."]
    own = pair.site.signed_in(pair.ana.session).get(f"{V1}/me/carnet").json()["entries"]
    assert next(one["observations"] for one in own if one["field_id"] == FIELD)[0]["replies"] == []


def test_what_she_wrote_for_an_hour_waits_for_her_and_is_not_published_by_itself(doors: Doors) -> None:
    visitor = doors.visitor()
    visitor.sign_in("sofia")
    home = visitor.browser.get("/mon-carnet")
    assert home.status == 200
    world = visitor.site.world
    session = session_of(world.parts, visitor.cookie or "", {PERSON: RULES})
    assert session is not None
    owner = OwnerAccess(CarnetId(session.row.subject), session.row.session_id)
    answer = Answer(FieldId(FIELD), ["b"])
    entry = write_field(world.parts, owner, answer, actor=Actor(ActorKind.PERSON))
    here = f"/mon-carnet/info/{entry.entry_id}/observation"
    form = visitor.browser.get(here)
    left_alone(visitor.site, visitor.cookie)
    late = visitor.browser.press(form, "Garder mon observation", action=here, texte="Ma très longue pensée.")
    assert "gardé 15 minutes" in late.text
    back = visitor.sign_in("continue")
    assert back.address == f"{here}?reprendre=1"
    assert "Ma très longue pensée." in back.html
    assert "Ma très longue pensée." not in visitor.browser.get(f"/mon-carnet/info/{entry.entry_id}").html
    kept = visitor.browser.press(back, "Garder mon observation", action=here)
    assert "Vous dites : « Ma très longue pensée. »" in kept.text
