"""She leaves: prints what she chooses, takes everything, checks it without us, closes; nothing opens then."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.running import Running
from tests.journeys.steps import come_in

pytestmark = pytest.mark.browser


def test_who_leaves_takes_everything_with_her_and_what_stays_says_nothing(
    served: Running, walkers: Any, tmp_path: Path
) -> None:
    her, helper = walkers(), walkers()
    come_in(her, "marie-lou")
    her.page.wait_for_url(f"{served.url}/mon-carnet")
    for theme, label in (("mobilite", "Permis B (voiture)"), ("numerique", "À l’aise")):
        her.page.goto(f"{served.url}/mon-carnet/{theme}")
        her.page.get_by_label(label, exact=True).first.check()
        her.page.get_by_role("button", name="Garder mes réponses").click()
        her.page.wait_for_url(f"{served.url}/mon-carnet?*")

    her.page.goto(f"{served.url}/mes-telechargements")
    her.check()
    her.press("Choisir ce que j")
    her.sees("Tout est coché", "Permis de conduire", "Grands caractères")
    her.page.locator("input[name=garder]").first.uncheck()
    with her.page.expect_download() as paper:
        her.page.get_by_role("button", name="Télécharger ce papier").click()
    assert Path(paper.value.path()).read_bytes().startswith(b"%PDF-1.7")

    her.page.goto(f"{served.url}/mon-compte/fermer")
    her.check()
    her.sees("Partir avec tout")
    with her.page.expect_download() as all_of_it:
        her.page.get_by_role("link", name="Tout emporter").click()
    archive = tmp_path / "carnet.zip"
    archive.write_bytes(Path(all_of_it.value.path()).read_bytes())
    told = served.carnet("archive", "verify", str(archive))
    assert (told["holds"], told["faults"]) == (True, [])
    assert told["lines"] + told["unproven"] >= 6
    with zipfile.ZipFile(archive) as opened:
        copy = json.loads(opened.read("carnet.json"))
        statement = opened.read("preuve.jws").decode()
        assert "carnet.pdf" in opened.namelist()
    assert {one["field_id"] for one in copy["entries"]} >= {"permis_conduire", "numerique_aisance"}

    her.page.get_by_label("ai compris").check()
    her.page.get_by_role("button", name="Effacer mon carnet").click()
    her.page.wait_for_url(f"{served.url}/au-revoir*")
    her.check()

    helper.page.goto(f"{served.url}/papier?s={statement}")
    helper.check()
    helper.sees("Ce papier a été imprimé ici.")
    assert "Marie" not in helper.text
    come_in(her, "marie-lou")
    her.page.wait_for_url(f"{served.url}/mon-carnet")
    assert "Permis B" not in her.text
