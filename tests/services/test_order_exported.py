"""From an exported folder alone: whether withdrawing worked at once, without the instance that says so."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.audit_builders import check_signature
from tests.domain.test_audit_order import GIVEN, READ, a_told_log, story
from tests.services.test_proving import export
from tests.services.test_races import BeforeTheLock
from tests.world import World
from vault.audit import Op, VerificationReport
from vault.bootstrap import check_signature as checked
from vault.cli.audit import _write
from vault.services.leaving import erase_carnet
from vault.services.proving import verify_folder
from vault.services.reading import AccessEnded

OK = GIVEN[1]


def exported(town: World, out: Path) -> VerificationReport:
    _write(town.app, out, openings=True)
    return verify_folder(out, checked)


def test_the_log_of_an_instance_keeps_its_order_and_the_folder_says_so(
    small_town: World, tmp_path: Path
) -> None:
    who, system = small_town.newcomer(), small_town.system()
    small_town.fill(who)
    for _ in range(2):
        grant = small_town.share(who, system.structure_id)
        small_town.read(system, who.carnet_id)
        small_town.withdraw(who, grant)
        small_town.read(system, who.carnet_id)
    report = exported(small_town, tmp_path / "out")
    assert report.ok, report.sentences
    assert "2 reads under 2 shares were judged in the order of the log" in report.remarks


def test_a_read_that_was_let_in_late_is_named_from_the_folder_alone(
    small_town: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program without its second decision: every hash and signature is right, and the promise is not."""
    town = small_town
    who, system = town.newcomer(), town.system()
    town.fill(who)
    grant = town.share(who, system.structure_id)
    late = BeforeTheLock(lambda: town.withdraw(who, grant))
    with monkeypatch.context() as patch:
        patch.setattr(town.app.data._appender, "_decider", late)
        assert town.read(system, who.carnet_id) == AccessEnded()
    report = exported(town, tmp_path / "out")
    (finding,) = report.findings
    assert "reads under a grant that" in finding.sentence
    assert report.first_bad_index == finding.index
    assert not report.ok


@pytest.mark.parametrize(
    ("told", "index"),
    [
        ((GIVEN, READ, (Op.WITHDRAW, OK), READ), 3),
        ((READ, GIVEN), 0),
        ((GIVEN, (Op.SUSPEND, OK), READ), 2),
        ((GIVEN, (Op.EXPIRE, OK), (Op.EXPIRE, OK)), 2),
    ],
)
def test_a_well_signed_folder_that_breaks_the_order_fails_at_its_index(
    told: tuple[Any, ...], index: int, tmp_path: Path
) -> None:
    export(a_told_log(story(*told)), tmp_path / "out", openings=True)
    report = verify_folder(tmp_path / "out", check_signature)
    assert (report.ok, report.first_bad_index) == (False, index)
    export(a_told_log(story(*told)), tmp_path / "without")
    assert verify_folder(tmp_path / "without", check_signature).ok, "nobody can tell without the openings"


def test_a_read_at_the_end_of_its_share_is_named(tmp_path: Path) -> None:
    events = story(GIVEN, READ, until=11_000)
    export(a_told_log(events), tmp_path / "late", openings=True)
    assert verify_folder(tmp_path / "late", check_signature).first_bad_index == 1
    export(a_told_log([replace(events[0], until=11_001), events[1]]), tmp_path / "in time", openings=True)
    assert verify_folder(tmp_path / "in time", check_signature).ok


@pytest.mark.parametrize("erased", ["nobody", "before", "after"])
def test_a_folder_that_lost_the_line_of_a_withdrawal_fails_at_it_unless_a_carnet_was_erased_after_it(
    small_town: World, tmp_path: Path, erased: str
) -> None:
    """Whoever hands over the folder may hide what came before a late read behind an erasure that the log
    tells of, and behind nothing else."""
    town = small_town
    ana, bob, siae = town.newcomer(), town.newcomer(), town.system()
    town.share(bob, siae.structure_id)
    if erased == "before":
        erase_carnet(town.parts, bob.carnet_id, for_real=True, actor=bob.actor)
    town.fill(ana)
    grant = town.share(ana, siae.structure_id)
    town.read(siae, ana.carnet_id)
    town.withdraw(ana, grant)
    withdrawn = town.parts.data.log_size() - 1
    if erased == "after":
        erase_carnet(town.parts, bob.carnet_id, for_real=True, actor=bob.actor)
    out = tmp_path / "out"
    assert exported(town, out).ok, "what went with an erased carnet is no fault"
    lines = (out / "openings.jsonl").read_text().splitlines(keepends=True)
    kept = [one for one in lines if not (json.loads(one)["index"] == withdrawn and '"about"' in one)]
    assert len(kept) == len(lines) - 1
    (out / "openings.jsonl").write_text("".join(kept))
    report = verify_folder(out, checked)
    if erased == "after":
        assert report.ok
        assert any("2 moves and reads could not be judged" in remark for remark in report.remarks)
    else:
        assert (report.ok, report.first_bad_index) == (False, withdrawn)
