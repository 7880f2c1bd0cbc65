"""What each side did is traced to the entry of the log that was made when it was written, with its proof."""

import json
from datetime import date
from typing import Any

import pytest

from consent.commitments import Standing
from schemas.ids import FieldId
from schemas.names import Agreement
from tests.world import Someone, World
from vault.services import own_entries, path_file, writing
from vault.services.path_file import ADMINISTRATION, PERSON, trace_path
from vault.services.rotating import rotate_due
from vault.services.upkeep import sign_checkpoint

PROMISED = {"partie": "administration", "texte": "Chercher une place en crèche", "echeance": "2020-01-31"}
MINE = {"partie": "personne", "texte": "Envoyer mon CV", "etat": "en_cours", "echeance": "2099-01-31"}


@pytest.fixture
def eva(town: World) -> Someone:
    return town.newcomer("eva")


def add(town: World, who: Someone, field: str, value: dict[str, Any], **told: Any) -> writing.Entry:
    answer = writing.Answer(FieldId(field), value, **told)
    return writing.write_entry(town.parts, who.owner, answer, actor=who.actor)


def test_each_version_names_the_line_of_the_log_that_was_made_for_it(town: World, eva: Someone) -> None:
    first = town.parts.data.log_size()
    entry = add(town, eva, "engagements", PROMISED | {"etat": "en_cours"}, source="CCAS", author="someone")
    kept = PROMISED | {"etat": "tenu", "fait_le": "2020-02-15"}
    add(town, eva, "engagements", kept, entry_id=entry.entry_id, source="CCAS", author="someone")
    add(town, eva, "engagements", MINE)
    sign_checkpoint(town.parts, town.app.settings.log_origin, town.app.sign, town.app.look)
    path = trace_path(town.parts, eva.owner, actor=eva.actor)
    told = {one.side: one for one in path.traced}
    assert told[ADMINISTRATION].standing is Standing.MET_LATE
    assert told[PERSON].standing is Standing.RUNNING
    assert [one.index for one in told[ADMINISTRATION].history] == [first, first + 1]
    assert [one.index for one in told[PERSON].history] == [first + 2]
    copy = json.loads(path.copy)
    assert [line["index"] for line in copy["log"]] == [first, first + 1, first + 2]
    assert all(line["proof"] for line in copy["log"])


def test_both_sides_run_the_same_clock(town: World, eva: Someone) -> None:
    late = {"texte": "x", "etat": "en_cours", "echeance": "2020-01-31"}
    for side in ("administration", "personne"):
        add(town, eva, "engagements", late | {"partie": side})
    path = trace_path(town.parts, eva.owner, actor=eva.actor)
    assert {one.side: one.standing for one in path.traced} == dict.fromkeys(
        (ADMINISTRATION, PERSON), Standing.PASSED
    )


def test_her_agreement_is_a_version_and_keeps_who_wrote_and_when(town: World, eva: Someone) -> None:
    entry = add(town, eva, "engagements", PROMISED | {"etat": "en_cours"}, source="CCAS", author="someone")
    own_entries.say_agreement(town.parts, eva.owner, entry.entry_id, Agreement.DISAGREED, actor=eva.actor)
    (one,) = trace_path(town.parts, eva.owner, actor=eva.actor).traced
    assert [each.entry.body.agreement for each in one.history] == [
        Agreement.NOT_COLLECTED,
        Agreement.DISAGREED,
    ]
    assert {each.entry.body.source for each in one.history} == {"CCAS"}


def test_what_was_sealed_again_under_another_key_is_still_traced(town: World, eva: Someone) -> None:
    first = town.parts.data.log_size()
    add(town, eva, "engagements", MINE)
    with town.parts.data.change() as work:
        work.ask_rotation(eva.carnet_id, [writing.CompartmentId("engagements")])
        work.commit()
    rotate_due(town.parts, eva.owner, eva.actor)
    (one,) = trace_path(town.parts, eva.owner, actor=eva.actor).traced
    assert [each.index for each in one.history] == [first]


def test_what_the_law_asks_runs_from_the_dates_she_wrote(town: World, eva: Someone) -> None:
    town.write(eva, "date_demande_rsa", "2026-01-05")
    add(town, eva, "orientations", {"le": "2026-03-02", "organisme": "CCAS"})
    orientation, contract = path_file.own_duties(town.parts, eva.owner)
    assert (orientation.due, orientation.met_on) == (date(2026, 2, 16), date(2026, 3, 2))
    assert orientation.days_late(today=date(2026, 5, 1)) == 14
    assert (contract.due, contract.met_on) == (date(2026, 4, 2), None)


def test_one_entry_says_that_she_looked(town: World, eva: Someone) -> None:
    before = town.parts.data.log_size()
    trace_path(town.parts, eva.owner, actor=eva.actor)
    assert town.parts.data.log_size() == before + 1
