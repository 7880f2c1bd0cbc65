"""The button that goes back, pressed after signing out of a shared computer: nothing of hers is shown."""

from typing import Any

from tests.journeys.steps import come_in, leave


def test_the_button_that_goes_back_shows_nothing_of_hers_after_signing_out(walkers: Any) -> None:
    her = walkers(desk=True)
    come_in(her, "amina")
    her.page.goto(f"{her.url}/mon-carnet/emploi")
    her.page.goto(f"{her.url}/mon-carnet")
    her.sees("Bonjour Amina")
    leave(her)
    for _ in range(3):
        her.page.go_back()
        assert her.page.url.startswith(f"{her.url}/connexion?retour="), "asked anew, not shown from memory"
        assert "Amina" not in her.page.content()
