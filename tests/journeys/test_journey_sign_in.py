"""Coming in and going out, by everybody the bundled provider knows, in a real browser."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.names import Role, StructureKind
from tests.journeys.conftest import Walker
from tests.journeys.running import Running, running
from tests.journeys.steps import come_in, come_in_invited, leave
from vault import bootstrap
from vault.config import load_settings
from vault.demo.identities import AGENTS, PEOPLE, THOMAS
from vault.services.administering import add_structure
from vault.services.invitations import invite

pytestmark = pytest.mark.browser

EVERYBODY_SECONDS = 35.0


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An instance of its own: everybody joins here, which would be news to the other journeys."""
    with running(tmp_path_factory.mktemp("sign-in")) as instance:
        yield instance


@pytest.fixture(scope="session")
def invitations(served: Running) -> dict[str, str]:
    """A link for each agent, all to one structure; made beside the server, without a command for each."""
    ours = {name: text for name, text in served.environ.items() if name.startswith("CARNET_")}
    application = bootstrap.open_application(load_settings(ours))
    try:
        structure_id = add_structure(
            application.parts, name="Maison des services", kind=StructureKind.CCAS, siret=None
        )
        made = {
            one.key: invite(application.parts, structure_id=structure_id, email=one.email, role=Role.REFERENT)
            for one in AGENTS
            if one is not THOMAS
        }
    finally:
        application.close()
    return {key: f"{served.url}/invitation/{one.secret}" for key, one in made.items()}


def asks_who(walker: Walker) -> bool:
    """The provider shows everybody, and does not go on with somebody it remembers."""
    return bool(walker.page.locator("button[name=identity]").count() > 1)


def test_twenty_people_come_in_and_go_out_of_one_shared_computer(
    invitations: dict[str, str], walkers: Any
) -> None:
    one = walkers()
    began = time.monotonic()
    for person in PEOPLE:
        come_in(one, person.key)
        assert one.page.url == f"{one.url}/mon-carnet"
        one.sees(f"Bonjour {person.display_name}")
        leave(one)
    for agent in AGENTS:
        if agent is THOMAS:
            continue
        come_in_invited(one, invitations[agent.key], agent.key)
        assert one.page.url == f"{one.url}/carnets"
        assert agent.display_name in one.page.locator("header").inner_text()
        leave(one)
    assert time.monotonic() - began < EVERYBODY_SECONDS
    assert one.said == []


def test_without_a_second_factor_she_is_told_what_to_ask(walkers: Any) -> None:
    his = walkers()
    his.go("/connexion")
    his.press("S’identifier avec ProConnect")
    with his.expecting(403):
        his.page.locator(f"button[value={THOMAS.key}]").click()
    his.check()
    his.sees("Il manque une deuxième vérification")
    his.page.goto(f"{his.url}/carnets")
    assert his.page.url.startswith(f"{his.url}/connexion"), "no session was opened"


@pytest.mark.parametrize("door", ["franceconnect", "proconnect"])
def test_who_goes_back_at_the_provider_is_not_blamed_and_may_start_again(walkers: Any, door: str) -> None:
    her = walkers()
    her.page.goto(f"{her.url}/connexion/{door}")
    her.page.get_by_role("button", name="Revenir sans me connecter").click()
    her.check()
    her.sees("La connexion ne s’est pas terminée", "rien n’a changé")
    her.press("Réessayer")
    assert asks_who(her)


def test_the_browser_s_own_back_button_spoils_nothing(walkers: Any) -> None:
    her = walkers()
    her.go("/connexion")
    her.press("S’identifier avec FranceConnect")
    her.page.go_back()
    assert her.page.url == f"{her.url}/connexion"
    her.press("S’identifier avec FranceConnect")
    her.choose_at_provider("linh")
    her.sees("Bonjour Thị Linh NGUYỄN")
    her.page.go_back()  # to the provider's page, which has served, or to ours
    her.page.goto(f"{her.url}/mon-carnet")
    her.sees("Bonjour Thị Linh NGUYỄN")


def test_two_tabs_may_both_be_on_their_way_in(walkers: Any) -> None:
    her = walkers()
    other = her.page.context.new_page()
    for tab in (her.page, other):
        tab.goto(f"{her.url}/connexion/franceconnect")
    other.locator("button[value=camille]").click()
    assert other.url == f"{her.url}/mon-carnet"
    her.page.locator("button[value=camille]").click()
    if her.page.url != f"{her.url}/mon-carnet":  # this way in belonged to the browser before she was in
        her.sees("Cette connexion n’est plus valable")
        her.page.get_by_role("link", name="Réessayer").click()
        her.page.get_by_role("button", name=re.compile("Continuer")).click()
    her.sees("Bonjour Camille O")
    other.goto(f"{her.url}/mon-carnet/mobilite")
    assert other.url == f"{her.url}/mon-carnet/mobilite", "the first tab is still in"


@pytest.mark.parametrize(
    ("door", "key", "home"), [("franceconnect", "maeva", "/mon-carnet"), ("proconnect", "karim", "/carnets")]
)
def test_after_signing_out_of_a_shared_computer_nobody_walks_in(
    served: Running, walkers: Any, door: str, key: str, home: str
) -> None:
    her = walkers(desk=True)
    if door == "proconnect":
        come_in_invited(her, served.invitation(served.structure("Relais du Port", "association")), key)
    else:
        come_in(her, key)
    her.check()
    former = her.page.context.cookies(her.url)
    aside = her.page.context.new_page()
    aside.goto(f"{her.url}/connexion/{door}")
    assert aside.locator("button[name=identity]").count() == 0, "until then the provider knows her"
    aside.close()
    leave(her)  # at ProConnect the other tab opened a newer session: the page of before ends it too
    her.check()
    her.sees("Vous avez quitté le service", "fermée ici et chez le service d’identification")
    her.page.go_back()
    her.page.reload()
    assert her.page.url.startswith(f"{her.url}/connexion"), "nor by the button that goes back"
    her.page.context.add_cookies(former)  # nor with a copy of her cookie
    her.page.goto(her.url + home)
    assert her.page.url.startswith(f"{her.url}/connexion")
    her.page.goto(f"{her.url}/connexion/{door}")
    assert asks_who(her)


def test_a_changed_identifier_is_a_case_for_a_human_and_does_not_lead_into_the_carnet(walkers: Any) -> None:
    her = walkers()
    come_in(her, "fatoumata")
    leave(her)
    with her.expecting(403):
        come_in(her, "fatoumata", renewed=True)
    her.check()
    assert "Bonjour" not in her.text
    her.page.goto(f"{her.url}/mon-carnet")
    assert her.page.url.startswith(f"{her.url}/connexion"), "no session was opened"


def test_the_provider_s_own_page_is_whole_on_a_phone_and_for_the_keyboard(walkers: Any) -> None:
    her = walkers(script=True)
    for door in ("franceconnect", "proconnect"):
        her.page.goto(f"{her.url}/connexion/{door}")
        there = Walker(her.page.url.split("/interaction/")[0], her.page, her.said)
        there.check()
        her.page.get_by_role("link", name="avec un nouvel identifiant").click()
        there.check()
    key = PEOPLE[0].key
    her.page.goto(f"{her.url}/connexion/franceconnect")
    for _ in range(2):  # past the button that goes back
        her.page.keyboard.press("Tab")
    assert her.page.evaluate("document.activeElement.value") == key
    assert her.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    her.page.keyboard.press("Enter")
    her.page.wait_for_url(f"{her.url}/mon-carnet")
