"""Everything she takes away is checked without us: each line of the log, each receipt, the printed copy; and
a paper is known again by what was signed of it."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from exporters import Variant
from exporters.to_archive import to_archive
from schemas.canonical import canonical
from schemas.ids import FieldId
from schemas.names import Outcome
from tests.world import Someone, World
from vault.audit.events import Op
from vault.bootstrap import check_signature
from vault.carnet.entries import Entry
from vault.crypto import PAPER_CONTENT, PAPER_TYPE, open_receipt, sign_receipt
from vault.services import taking_away, writing
from vault.services.archive_checking import CheckedArchive, check_archive
from vault.services.exporting import Printing, export_own_carnet
from vault.services.own_carnet import list_accesses
from vault.services.paper_proofs import known_paper, printed_of
from vault.services.upkeep import sign_checkpoint

Files = dict[str, bytes]
GOAL = {"theme": "autre", "etat": "en_cours"}


@pytest.fixture
def eva(town: World) -> Someone:
    someone = town.newcomer("eva")
    town.fill(someone)
    town.write(someone, "permis_conduire", ["b", "c"])
    siae = town.system("SIAE Delta")
    grant = town.share(someone, siae.structure_id)
    town.read(siae, someone.carnet_id)
    town.withdraw(someone, grant)
    return someone


def add(town: World, who: Someone, field: str, value: dict[str, Any]) -> Entry:
    answer = writing.Answer(FieldId(field), value)
    return writing.write_entry(town.parts, who.owner, answer, actor=who.actor)


def taken(town: World, who: Someone) -> Files:
    sign_checkpoint(town.parts, town.app.settings.log_origin, town.app.sign, town.app.look)
    found = taking_away.take_everything(
        town.parts, who.owner, issuer=town.app.issuer, vkeys=[town.app.vkey], actor=who.actor
    )
    return dict(found.files)


def checked(files: Files) -> CheckedArchive:
    return check_archive(to_archive(files, made_at=datetime(2026, 3, 3, tzinfo=UTC)), check_signature)


def test_what_she_takes_away_holds_and_each_line_of_hers_is_proven(town: World, eva: Someone) -> None:
    files = taken(town, eva)
    found = checked(files)
    assert found.faults == ()
    lines = [json.loads(line) for line in files["journal/lignes.jsonl"].splitlines()]
    assert found.lines + found.unproven == len(lines)
    assert found.lines >= 8
    assert found.receipts == len([name for name in files if name.startswith("recus/")]) == 2
    assert [line["index"] for line in lines] == sorted({line["index"] for line in lines})
    told = json.loads(files["versions.json"])["entries"]
    assert sorted(one["version"] for one in told if one["field_id"] == "permis_conduire") == [1, 2]
    assert b"SIAE Delta" not in files["journal/lignes.jsonl"]  # by its id: names are on her pages


def test_one_entry_says_that_she_took_it(town: World, eva: Someone) -> None:
    before = town.parts.data.log_size()
    taken(town, eva)
    grown = town.parts.data.log_size() - before
    accesses, _ = list_accesses(town.parts, eva.owner, actor=eva.actor, own=True)
    assert grown == 1
    assert [one.op for one in accesses[:1]] == [Op.EXPORT]
    assert accesses[0].outcome is Outcome.GRANTED


def other_line(files: Files, change: Callable[[dict[str, Any]], None]) -> Files:
    first, *rest = files["journal/lignes.jsonl"].splitlines()
    told = json.loads(first)
    change(told)
    return {**files, "journal/lignes.jsonl": b"\n".join([json.dumps(told).encode(), *rest])}


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (
            lambda f: {**f, "carnet.json": f["carnet.json"].replace(b"velo", b"auto")},
            "not what was signed",
        ),
        (lambda f: {**f, "preuve.jws": f["recus/0001.jws"]}, "no statement"),
        (lambda f: {**f, "recus/0001.jws": f["recus/0001.jws"][:-4] + b"AAAA"}, "does not hold"),
        (lambda f: {**f, "journal/vkey": b""}, "not signed"),
        (lambda f: other_line(f, lambda line: line.update(index=line["index"] + 1)), "proof does not hold"),
        (lambda f: other_line(f, lambda line: line.update(proof=[])), "proof does not hold"),
        (lambda f: other_line(f, lambda line: line.update(proof=None)), "proof does not hold"),
        (
            lambda f: other_line(f, lambda line: line["about"].update(content="e30=")),
            "not what was committed",
        ),
        (lambda f: other_line(f, lambda line: line.pop("proof")), "cannot be read"),
    ],
    ids=["copy", "statement", "receipt", "key", "moved", "unproven", "hidden", "content", "short"],
)
def test_whatever_is_changed_in_it_is_found(
    town: World, eva: Someone, spoil: Callable[[Files], Files], fault: str
) -> None:
    found = checked(spoil(taken(town, eva)))
    assert not found.holds
    assert any(fault in one for one in found.faults), found.faults


def signed_by_another(files: Files) -> Files:
    """The copy says something else, and a key that anybody may make signs it."""
    copy = files["carnet.json"].replace(b"velo", b"auto")
    told = json.loads(open_receipt(files["preuve.jws"], typ=PAPER_TYPE, cty=PAPER_CONTENT).payload)
    told["sha256"] = sha256(copy).hexdigest()
    forged = sign_receipt(canonical(told), seed=b"\x07" * 32, typ=PAPER_TYPE, cty=PAPER_CONTENT)
    return {**files, "carnet.json": copy, "preuve.jws": forged}


def without(files: Files, *names: str) -> Files:
    return {name: data for name, data in files.items() if name not in names}


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (signed_by_another, "not signed by a key of"),
        (lambda f: without(signed_by_another(f), "cles-des-recus.json"), "cles-des-recus.json is missing"),
        (lambda f: without(f | {"carnet.json": b"{}"}, "preuve.jws"), "preuve.jws is missing"),
    ],
    ids=["another key", "no keys", "no statement"],
)
def test_a_copy_that_the_keys_inside_did_not_sign_does_not_hold(
    town: World, eva: Someone, spoil: Callable[[Files], Files], fault: str
) -> None:
    found = checked(spoil(taken(town, eva)))
    assert not found.holds
    assert any(fault in one for one in found.faults), found.faults


def test_what_the_check_cannot_tell_is_said(town: World, eva: Someone) -> None:
    told = " ".join(checked(taken(town, eva)).remarks)
    assert "versions.json and carnet.pdf are beside it, unsigned" in told
    assert "that none was taken out is not" in told


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"hello" * 100])
def test_what_is_no_archive_is_refused_in_words(data: bytes) -> None:
    assert check_archive(data, check_signature).faults == ("this is no archive that can be read",)


def test_a_file_that_opens_to_more_than_can_be_read_is_refused() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"{number}", b"\0" * (60 << 20))
    assert not check_archive(held.getvalue(), check_signature).holds


# on paper


def printed(town: World, who: Someone, printing: Printing | None = None) -> Any:
    return export_own_carnet(
        town.parts, who.owner, issuer=town.app.issuer, actor=who.actor, printing=printing
    )


def test_a_paper_is_known_again_by_its_code_which_names_nobody(town: World, eva: Someone) -> None:
    proof = printed(town, eva).proof
    known = known_paper(town.parts, proof.statement)
    assert known is not None
    assert known.digest == proof.digest == sha256(proof.copy).hexdigest()
    assert proof.check.endswith(proof.statement.decode())
    assert eva.carnet_id not in proof.check
    assert known_paper(town.parts, proof.statement[:-4] + b"AAAA") is None
    assert printed_of(b"not.a.statement") is None


def test_two_papers_of_the_same_carnet_have_two_digests_that_nobody_can_guess(
    town: World, eva: Someone
) -> None:
    one, other = (printed(town, eva).proof for _ in range(2))
    salts = {json.loads(each.copy)["salt"] for each in (one, other)}
    assert one.digest != other.digest
    assert len(salts) == 2
    assert all(len(salt) == 32 for salt in salts)


def test_what_she_leaves_out_is_nowhere_in_the_paper_nor_in_its_copy(town: World, eva: Someone) -> None:
    goal = add(
        town, eva, "objectifs", {"intitule": "Un logement à moi", "theme": "logement", "etat": "en_cours"}
    )
    add(town, eva, "objectifs", {**GOAL, "intitule": "Reprendre le sport"})
    paper = printed(town, eva, Printing(left_out=frozenset({goal.entry_id})))
    words = [line for item in paper.items() for line in item.lines]
    assert not [line for line in words if "logement à moi" in line]
    assert [line for line in words if "Reprendre le sport" in line]
    assert "logement à moi".encode() not in paper.proof.copy
    assert goal.entry_id.encode() not in paper.proof.copy


def test_an_annex_holds_the_engagements_and_the_steps_and_neither_history_nor_shares(
    town: World, eva: Someone
) -> None:
    add(
        town,
        eva,
        "engagements",
        {"partie": "administration", "texte": "Trouver une crèche", "etat": "en_cours"},
    )
    paper = printed(town, eva, Printing(Variant.ANNEX))
    assert [part.title for part in paper.parts if part.items] == ["Engagements de chacun"]
    assert paper.shares == ()
    assert b"permis_conduire" not in paper.proof.copy
