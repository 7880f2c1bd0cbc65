"""Certificates of erasure, against vectors another program made (docs/formats/certificate.md)."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from consent.certificates import CertificateError, erased_of, erased_payload
from vault.services.certificates import check_certificate
from vault.services.receipt_checking import check_receipt

VECTORS = Path(__file__).parent.parent / "vectors"
NAMES = sorted(path.stem for path in (VECTORS / "certificate").glob("*.json"))


def inputs(name: str) -> tuple[bytes, list[str]]:
    told = json.loads((VECTORS / "certificate" / f"{name}.json").read_text("ascii"))
    return bytes.fromhex(told["inputs"]["jws"]), told["output"]["faults"]


@pytest.mark.parametrize("name", NAMES)
def test_a_certificate_is_what_its_vector_says(name: str) -> None:
    data, faults = inputs(name)
    assert list(check_certificate(data).faults) == faults


def test_there_is_a_right_one_and_many_wrong_ones() -> None:
    assert "checked" in NAMES
    assert len(NAMES) == 14


def test_the_vectors_are_those_their_program_makes(tmp_path: Path) -> None:
    builder = VECTORS / "build_certificate_vectors.py"
    subprocess.run([sys.executable, str(builder), str(tmp_path)], check=True)
    made = {path.name: path.read_bytes() for path in (tmp_path / "certificate").iterdir()}
    assert made == {f"{name}.json": (VECTORS / "certificate" / f"{name}.json").read_bytes() for name in NAMES}


def test_a_certificate_and_a_receipt_are_never_taken_for_each_other() -> None:
    data, _ = inputs("checked")
    assert not check_receipt(data).holds
    assert check_certificate(data).holds
    receipt = json.loads((VECTORS / "receipt" / "checked-consent.json").read_text("ascii"))
    assert not check_certificate(bytes.fromhex(receipt["inputs"]["jws"])).holds


def test_what_it_says_goes_there_and_back() -> None:
    told = check_certificate(inputs("checked")[0]).erased
    assert told is not None
    assert erased_of(erased_payload(told)) == told
    assert (told.label, told.versions, told.index) == ("Permis de conduire", 2, 9)
    for spoiled in (b"", b"{}", b"[]", erased_payload(replace(told, versions=3)) + b" "):
        with pytest.raises(CertificateError):
            erased_of(spoiled)


def test_a_key_that_is_not_trusted_is_said() -> None:
    data, _ = inputs("checked")
    checked = check_certificate(data, keys=["x"])
    assert (checked.known, checked.holds) == (False, False)
