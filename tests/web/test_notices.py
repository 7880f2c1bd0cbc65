"""The pages and the API of notices: a choice a share, an address that proves itself, nothing of others'."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from starlette.testclient import TestClient

from consent.grants import Grant
from tests.services.test_notices import HER_ADDRESS, OTHER, a_person
from tests.web.plain_browser import Browser
from tests.web.site import V1, Site
from tests.world import Someone
from vault.audit.events import Op
from vault.services import mailing, notices
from vault.services.notices import NoticeMode, key_of


@dataclass
class Her:
    site: Site
    someone: Someone
    browser: Browser
    program: TestClient
    grant: Grant

    def mode(self) -> NoticeMode:
        return notices.own_wishes(self.site.world.parts, self.someone.owner).mode(key_of(self.grant.terms))

    def address(self) -> str | None:
        return notices.own_wishes(self.site.world.parts, self.someone.owner).to

    def link(self) -> str:
        """Of the last mail that waits."""
        parts = self.site.world.parts
        row = max(mailing.list_mails(parts), key=lambda row: row.created_at)
        mail = mailing.open_mail(parts, row)
        assert mail is not None
        assert mail.notice is not None
        return mail.notice.secret


@pytest.fixture
def her(lone_site: Site) -> Iterator[Her]:
    world = lone_site.world
    someone = a_person(world)
    world.fill(someone)
    grant = world.share(someone, world.structure())
    program = lone_site.signed_in(someone.session)
    return Her(lone_site, someone, Browser(lone_site.signed_in(someone.session)), program, grant)  # type: ignore[return-value]


def test_nothing_is_chosen_for_her_and_what_she_chooses_is_kept(her: Her) -> None:
    path = f"/mes-partages/{her.grant.id}/alertes"
    shown = her.browser.get(path)
    assert ("choix", "none") in shown.form(path).inputs
    assert "Vous n’avez pas encore donné d’adresse" in shown.text
    done = her.browser.press(shown, "Garder ce choix", action=path, choix="digest")
    assert "Votre choix est gardé." in done.text
    assert ("choix", "digest") in done.form(path).inputs
    assert her.mode() is NoticeMode.DIGEST


def test_she_gives_her_address_in_one_press_and_takes_it_back_in_one(her: Her) -> None:
    shown = her.browser.get("/mes-alertes")
    done = her.browser.press(shown, "Utiliser cette adresse", action="/mes-alertes/adresse")
    assert f"Les alertes partent à {HER_ADDRESS}" in done.text
    assert her.address() == HER_ADDRESS
    her.browser.press(done, "Ne plus m’écrire", action="/mes-alertes/adresse")
    assert her.address() is None


def test_a_typed_address_serves_once_its_link_was_opened_in_her_session(her: Her, lone_site: Site) -> None:
    shown = her.browser.get("/mes-alertes")
    done = her.browser.press(shown, "Envoyer le lien", action="/mes-alertes/adresse", adresse=OTHER)
    assert "Un lien est parti" in done.text
    path = f"/mes-alertes/adresse/{her.link()}"
    stranger = Browser(lone_site.signed_in(lone_site.world.newcomer("bea").session))
    assert "Ce lien ne sert plus" in stranger.get(path).text
    assert lone_site.client().get(path).status_code == 303  # to the sign-in page
    assert her.address() is None
    asked = her.browser.get(path)
    her.browser.press(asked, "Confirmer cette adresse", action=path)
    assert her.address() == OTHER
    assert "Ce lien ne sert plus" in her.browser.get(path).text


def test_what_is_no_address_is_said_plainly_and_kept_in_the_form(her: Her) -> None:
    shown = her.browser.get("/mes-alertes")
    done = her.browser.press(shown, "Envoyer le lien", action="/mes-alertes/adresse", adresse="amina")
    assert "Cette adresse ne peut pas servir." in done.text
    assert ("adresse", "amina") in done.form("/mes-alertes/adresse").inputs


def test_the_page_that_shows_an_address_has_one_entry_and_the_others_none(her: Her) -> None:
    size = her.site.log_size()
    her.browser.get(f"/mes-partages/{her.grant.id}/alertes")
    assert her.site.log_size() == size
    her.browser.get("/mes-alertes")
    assert [leaf.op for leaf in her.site.last_entries(1)] == [Op.READ_OWN]
    assert her.site.log_size() == size + 1


def test_a_share_of_somebody_else_has_no_page(her: Her, lone_site: Site) -> None:
    stranger = lone_site.signed_in(lone_site.world.newcomer("bea").session)
    path = f"/mes-partages/{her.grant.id}/alertes"
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"{V1}/me/grants/{her.grant.id}/notices").status_code == 404
    assert stranger.put(f"{V1}/me/grants/{her.grant.id}/notices", json={"mode": "each"}).status_code == 404


# --- the API ---------------------------------------------------------------------------------------------


def test_the_api_says_and_changes_the_choice_of_a_share(her: Her) -> None:
    path = f"{V1}/me/grants/{her.grant.id}/notices"
    assert her.program.get(path).json() == {"grant_id": her.grant.id, "mode": "none", "reachable": False}
    changed = her.program.put(path, json={"mode": "sensitive"})
    assert (changed.status_code, changed.json()["mode"]) == (200, "sensitive")
    assert her.mode() is NoticeMode.SENSITIVE
    assert her.program.put(path, json={"mode": "weekly"}).status_code == 422


def test_the_api_gives_an_address_and_confirms_it(her: Her) -> None:
    path = f"{V1}/me/notices"
    empty = {"address": None, "awaiting": None, "requests": "none"}
    assert her.program.get(path).json() == empty
    told = her.program.put(path, json={"address": "franceconnect"})
    assert told.json() == empty | {"address": HER_ADDRESS}
    her.program.put(path, json={"requests": "each"})
    typed = her.program.put(path, json={"address": {"email": OTHER}})
    assert typed.json() == {"address": HER_ADDRESS, "awaiting": OTHER, "requests": "each"}
    done = her.program.post(f"{path}/confirm", json={"link": her.link()})
    assert done.json()["address"] == OTHER
    assert her.program.post(f"{path}/confirm", json={"link": "x" * 43}).status_code == 404
    assert her.program.put(path, json={"address": None}).json()["address"] is None
    wrong = her.program.put(path, json={"address": {"email": "amina"}})
    assert wrong.json()["errors"][0]["pointer"] == "/address/email"
