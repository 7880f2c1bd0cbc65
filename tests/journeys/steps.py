"""What several journeys do: come in, leave, share. Names of people are those of the bundled provider."""

from collections.abc import Sequence
from typing import Any


def come_in(walker: Any, key: str, *, renewed: bool = False) -> None:
    """``renewed``: with the person's second identifier at the provider."""
    walker.page.goto(f"{walker.url}/connexion/franceconnect")
    if renewed:
        walker.page.get_by_role("link", name="avec un nouvel identifiant").click()
    walker.page.locator(f"button[value={key}]").click()


def come_in_invited(walker: Any, invitation: str, key: str) -> None:
    """For the structure that invites."""
    walker.page.goto(invitation)
    told = walker.text
    walker.page.get_by_role("button", name="Continuer avec ProConnect").click()
    walker.page.locator(f"button[value={key}]").click()
    enter_where_invited(walker, told)


def enter_where_invited(walker: Any, told: str) -> None:
    """Choose the structure that the page of the invitation named in `told`, if there is a choice: another
    journey may have invited the same person elsewhere."""
    walker.page.wait_for_url(f"{walker.url}/**")
    if walker.page.url.endswith("/choisir-structure"):
        choices = walker.page.locator("main form button").all()
        (mine,) = [one for one in choices if one.locator("strong").inner_text() in told]
        mine.click()
        walker.page.wait_for_url(lambda url: not url.endswith("/choisir-structure"))


def leave(walker: Any) -> None:
    """Sign out, which ends where it says so."""
    walker.page.locator("header").get_by_role("button", name="Se déconnecter").click()
    walker.page.wait_for_url(f"{walker.url}/deconnexion/retour*")


def share_with(walker: Any, words: str, purpose: str, fields: Sequence[str], *, check: bool = True) -> None:
    """All four steps and the preview, for one month."""

    def press(name: str) -> None:
        walker.page.locator("main").get_by_role("button", name=name).last.click()
        if check:
            walker.check()

    walker.page.goto(f"{walker.url}/mes-partages/nouveau?q={words}")
    walker.page.locator("button.pick").first.click()
    walker.page.locator(f"input[value={purpose}]").check()
    press("Continuer")
    for field in fields:
        walker.page.locator(f"input[value={field}]").check()
    press("Continuer")
    walker.page.locator("input[name=days][value='31']").check()
    press("Continuer")
    press("Partager")
