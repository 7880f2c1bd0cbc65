"""Volets on her page and on her référent's: validated in words, re-opened in words, nothing unread told."""

import pytest

from consent.grants import Grantee
from schemas.ids import FieldId, ProfessionalId, new_id
from schemas.names import Role, StructureKind
from tests.services.followed import designate
from tests.web.plain_browser import Browser, Page
from tests.web.site import Site
from tests.web.test_mandates import Aid
from vault.services import designating, writing
from vault.services.journal import OPERATOR
from vault.services.observing import observe

AIM = "accompagnement"
COMMITMENT = {"partie": "administration", "texte": "Chercher une place en crèche", "etat": "en_cours"}


class Two:
    """Ana and her référent, who reads her driving licences and her commitments."""

    def __init__(self, site: Site) -> None:
        world = site.world
        self.site, self.ana = site, world.newcomer()
        self.entry = world.write(self.ana, "permis_conduire", ["b"])
        answer = writing.Answer(FieldId("engagements"), COMMITMENT)
        writing.write_entry(world.parts, self.ana.owner, answer, actor=self.ana.actor)
        structure = world.structure("CCAS de Brest", StructureKind.CCAS)
        self.session = world.professional(structure, "paul" + new_id()[:6], Role.REFERENT)
        self.professional_id = ProfessionalId(self.session.session.row.subject)
        number = world.parts.data.carnet(self.ana.carnet_id)
        assert number is not None
        designating.designate(world.parts, number.reference, self.professional_id, actor=OPERATOR)
        world.share(
            self.ana,
            Grantee.professional(self.professional_id),
            ["permis_conduire", "engagements"],
            purpose=AIM,
        )
        self.her = Browser(site.signed_in(self.ana.session))
        self.his = Browser(site.signed_in(self.session))
        self.his_page = f"/carnets/{self.ana.carnet_id}/volets?finalite={AIM}"

    def press(self, who: Browser, page: Page, action: str, button: str) -> Page:
        (form,) = [one for one in page.forms if action in one.action]
        return who.press(page, button, action=form.action)


@pytest.fixture
def two(lone_site: Site) -> Two:
    return Two(lone_site)


def test_he_validates_what_he_reads_and_she_sees_it_then_a_change_reopens_it_in_words(two: Two) -> None:
    page = two.his.get(two.his_page)
    assert "Permis B" in page.text
    done = two.press(two.his, page, "/volets/historique", "Valider ce volet")
    assert "Ce volet est validé." in done.text
    assert not [form for form in done.forms if "/volets/historique" in form.action]
    hers = two.her.get("/mon-carnet/volets")
    assert "Validé par" in hers.text
    assert "CCAS de Brest" in hers.text
    two.site.world.write(two.ana, "permis_conduire", ["b", "a"])
    assert "À revoir : modifié le" in two.her.get("/mon-carnet/volets").text
    assert "changé depuis" in two.her.get("/mon-carnet/volets").text
    again = two.his.get(two.his_page)
    assert "À revoir : modifié le" in again.text
    assert [form for form in again.forms if "/volets/historique" in form.action]


def test_what_changed_while_he_read_is_read_again(two: Two) -> None:
    page = two.his.get(two.his_page)
    two.site.world.write(two.ana, "permis_conduire", ["a"])
    again = two.press(two.his, page, "/volets/historique", "Valider ce volet")
    assert again.status == 409
    assert "Rien n’a été validé" in again.text
    assert "Validé par" not in two.her.get("/mon-carnet/volets").text


def test_she_says_that_she_understood_before_he_may_validate(two: Two) -> None:
    page = two.his.get(two.his_page)
    assert "n'a pas encore dit qu'elle a compris" in page.text.replace("’", "'")
    assert not [form for form in page.forms if "comprehension" in form.action]
    hers = two.her.get("/mon-carnet/volets")
    assert "Chercher une place en crèche" in hers.text
    done = two.press(two.her, hers, "/compris", "J’ai compris ces engagements")
    assert "Vous avez dit que vous avez compris" in done.text
    page = two.his.get(two.his_page)
    assert "Ce volet est validé." in two.press(two.his, page, "comprehension", "Valider ce volet").text


def test_a_contested_information_is_marked_where_it_is_validated(two: Two) -> None:
    parts = two.site.world.parts
    observe(parts, two.ana.owner, two.entry.entry_id, "C’est faux.", actor=two.ana.actor)
    page = two.his.get(two.his_page)
    assert "contesté" in page.text
    assert "La personne dit : « C’est faux. »" in page.text


def test_who_is_not_her_referent_gets_the_page_of_what_does_not_exist(two: Two) -> None:
    world = two.site.world
    other = world.member(
        world.structure("Autre", StructureKind.CCAS), "lea" + new_id()[:6], kind=StructureKind.CCAS
    )
    world.share(two.ana, Grantee.professional(other.professional_id), ["permis_conduire"], purpose=AIM)
    browser = Browser(two.site.signed_in(other.session))
    refused, unknown = browser.get(two.his_page), browser.get(f"/carnets/{new_id()}/volets?finalite={AIM}")
    assert (refused.status, unknown.status) == (404, 404)
    assert refused.html == unknown.html
    assert two.his.get(f"/carnets/{two.ana.carnet_id}").text.count("Valider ce volet") == 0
    designate(world, two.ana, other)
    assert two.his.get(two.his_page).status in (403, 404)


def test_whoever_acts_for_her_may_observe_and_never_says_that_she_understood(lone_site: Site) -> None:
    world, aid = lone_site.world, Aid(lone_site, "ivette")
    entry = world.write(aid.someone, "permis_conduire", ["b"])
    answer = writing.Answer(FieldId("engagements"), COMMITMENT)
    writing.write_entry(world.parts, aid.someone.owner, answer, actor=aid.someone.actor)
    aid.gives("write")
    aid.acts()
    here = f"/mon-carnet/info/{entry.entry_id}/observation"
    aid.helper.press(aid.helper.get(here), "Garder mon observation", action=here, texte="Pour elle.")
    assert "contesté" in aid.person.get("/mon-carnet/volets").text
    acts = aid.person.get(f"/mes-mandats/{aid.mandate_id}/actes").text
    assert "bservation" in acts
    volets = aid.helper.get("/mon-carnet/volets")
    assert volets.status == 200
    assert not [form for form in volets.forms if "/compris" in form.action]
    (form,) = [one for one in aid.person.get("/mon-carnet/volets").forms if "/compris" in one.action]
    told = {"empreinte": dict(form.inputs)["empreinte"], "csrf_token": csrf_of(volets)}
    assert aid.helper.post(form.action, told).status == 403


def csrf_of(page: Page) -> str:
    return next(value for form in page.forms for name, value in form.inputs if name == "csrf_token")
