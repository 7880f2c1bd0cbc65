"""Receipts, checked against vectors made by another program; and what a receipt must not be."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from consent import receipts
from consent.jsonld27560 import to_json_ld
from consent.receipts import (
    CONSENT_STATUS,
    CONTEXT,
    VOCABULARY,
    Body,
    Happening,
    Keeper,
    Moved,
    Shared,
    Subject,
    first,
    following,
    moved_of,
    payload,
    record_of,
)
from consent.records27560 import Profile, Record, RecordError, missing
from schemas.names import LegalBasis, StructureKind
from schemas.receipt_shape import receipt_faults
from vault import crypto
from vault.crypto import JournalSecret
from vault.services.receipt_checking import KeySetError, check_receipt, keys_of

VECTORS = Path(__file__).parent.parent / "vectors"
VOCABULARY_PAGE = Path(__file__).parents[2] / "docs" / "vocabulary"
SEED = b"s" * 32
AT = datetime(2026, 3, 3, 12, tzinfo=UTC)
KEEPER = Keeper("Carnet", "Département", "dpo@x.example", "1 rue", "https://x.example", "x.example")
SUBJECT = Subject(
    pseudonym=f"urn:carnet:person:{'a' * 26}",
    body=Body("b" * 26, "SIAE Alpha", StructureKind.SIAE),
    purpose_id="proposer_poste",
    purpose_label="Une proposition de travail",
    basis=LegalBasis.CONSENT,
    legal_text="",
    objection=False,
    shared=(
        Shared("permis_conduire", "Permis", "https://w3id.org/dpv/pd#VehicleLicense"),
        Shared("sante", "Santé", "https://w3id.org/dpv/pd#Health", sensitive=True, special=True),
    ),
    notice_version="308a6a191e69",
    catalogue_version="1",
    frame_version="consentement-v1",
)
GIVEN = Happening(
    Moved.GRANTED, AT, SUBJECT.pseudonym, 9, AT + timedelta(days=31), "bouton", grant_id="c" * 26
)


def uuid(n: int) -> UUID:
    return UUID(bytes=bytes([n]) * 16, version=4)


def a_record(**changed: Any) -> Record:
    return first(uuid(1), replace(SUBJECT, **changed), KEEPER, GIVEN)


# --- vectors ---------------------------------------------------------------------------------------------


def raw(inputs: Mapping[str, Any], *names: str) -> dict[str, bytes]:
    return {name: bytes.fromhex(inputs[name]) for name in names}


def opened(inputs: Mapping[str, Any]) -> dict[str, Any]:
    told = crypto.open_receipt(bytes.fromhex(inputs["jws"]))
    return {"payload": told.payload.hex(), "public": told.public.hex(), "kid": told.kid}


def secret(inputs: Mapping[str, Any]) -> JournalSecret:
    return JournalSecret(bytes.fromhex(inputs["journal"]))


CALLS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "sign_receipt": lambda told: crypto.sign_receipt(**raw(told, "payload", "seed")).hex(),
    "open_receipt": opened,
    "check_receipt": lambda told: {"faults": list(check_receipt(bytes.fromhex(told["jws"])).faults)},
    "receipt_digest": lambda told: crypto.receipt_digest(bytes.fromhex(told["jws"])).hex(),
    "person_pseudonym": lambda told: {"text": crypto.person_pseudonym(secret(told))},
    "seal_receipt": lambda told: crypto.seal_receipt(
        bytes.fromhex(told["data"]),
        journal=secret(told),
        place=crypto.receipt_place(*told["place"]),
        random=lambda _: bytes.fromhex(told["random"]),
    ).hex(),
    "unseal_receipt": lambda told: crypto.unseal_receipt(
        bytes.fromhex(told["sealed"]), journal=secret(told), place=crypto.receipt_place(*told["place"])
    ).hex(),
}


@pytest.mark.parametrize("path", sorted((VECTORS / "receipt").glob("*.json")), ids=lambda path: path.stem)
def test_each_vector_gives_what_it_says(path: Path) -> None:
    vector = json.loads(path.read_text())
    if "output" in vector:
        assert CALLS[vector["call"]](vector["inputs"]) == vector["output"]
        return
    with pytest.raises(crypto.CryptoError) as refused:
        CALLS[vector["call"]](vector["inputs"])
    assert type(refused.value).__name__ == vector["error"]


def test_the_builder_gives_the_same_bytes_again(tmp_path: Path) -> None:
    script = VECTORS / "build_receipt_vectors.py"
    subprocess.run([sys.executable, "-B", str(script), str(tmp_path)], check=True, timeout=60)
    built = {path.name: path.read_bytes() for path in (tmp_path / "receipt").iterdir()}
    assert built == {path.name: path.read_bytes() for path in (VECTORS / "receipt").glob("*.json")}
    assert len(built) > 25


# --- what they say ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("basis", LegalBasis)
@pytest.mark.parametrize("moved", Moved)
def test_every_move_on_every_ground_is_a_receipt_that_holds(moved: Moved, basis: LegalBasis) -> None:
    before = a_record(basis=basis)
    told = Happening(moved, AT + timedelta(days=1), "urn:carnet:instance:x", 12, grant_id="c" * 26)
    record = following(uuid(2), before, b"d" * 32, KEEPER, told, None)
    assert moved_of(record) is moved
    assert record_of(payload(record)) == record
    assert receipt_faults(to_json_ld(record, context=CONTEXT)) == []
    checked = check_receipt(crypto.sign_receipt(payload(record), seed=SEED))
    assert checked.faults == ()
    consent = basis is LegalBasis.CONSENT
    assert record.consent is consent
    assert (Profile.RECORD_EU_GDPR in record.profiles) is consent
    states = [event.state for event in record.events]
    if consent:
        assert missing(record, Profile.RECORD_EU_GDPR) == []
        assert states == ["dpv:ConsentGiven", CONSENT_STATUS[moved]]
    else:
        assert all(state.startswith("carnet:") for state in states)
        assert "dpv:hasConsentStatus" not in to_json_ld(record, context=CONTEXT)


def test_special_categories_on_consent_name_both_grounds_and_elsewhere_claim_none() -> None:
    assert a_record().processing.lawful_bases == ("gdpr:A6-1-a", "gdpr:A9-2-a")
    assert a_record(shared=SUBJECT.shared[:1]).processing.lawful_bases == ("gdpr:A6-1-a",)
    assert a_record(basis=LegalBasis.PUBLIC_TASK).processing.lawful_bases == ("gdpr:A6-1-e",)
    sante = a_record().processing.pii[1]
    assert (sante.type, sante.special, sante.sensitive) == ("pd:Health", True, True)


@pytest.mark.parametrize(
    ("basis", "has", "has_not"),
    [
        (LegalBasis.CONSENT, {"A7-3", "A17", "A20"}, {"A21"}),
        (LegalBasis.PUBLIC_TASK, {"A14", "A22", "A21"}, {"A7-3", "A17", "A20"}),
        (LegalBasis.LEGAL_OBLIGATION, {"A13", "A15", "A16", "A18", "A77"}, {"A7-3", "A20", "A21", "A22"}),
        (LegalBasis.CONTRACT, {"A20", "A22"}, {"A7-3", "A21"}),
    ],
)
def test_the_rights_are_those_of_the_ground(basis: LegalBasis, has: set[str], has_not: set[str]) -> None:
    rights = {
        one.removeprefix("gdpr:") for one in a_record(basis=basis, objection=True).processing.privacy_rights
    }
    assert has <= rights
    assert not has_not & rights
    assert "gdpr:A21" not in a_record(basis=basis, objection=False).processing.privacy_rights


def test_a_later_move_keeps_what_was_recorded_and_adds_its_event() -> None:
    before = a_record()
    told = Happening(Moved.WITHDRAWN, AT + timedelta(days=1), SUBJECT.pseudonym, 12, grant_id="c" * 26)
    other = replace(KEEPER, name="Autre", site="https://y.example")
    after = following(uuid(2), before, b"d" * 32, other, told, None)
    assert (after.processing, after.parties) == (before.processing, before.parties)
    assert after.events[:-1] == before.events
    assert after.extra["carnet:previous"] == "sha256:" + "64" * 32


def test_what_is_granted_after_a_demand_may_be_less_and_the_demand_stays_told() -> None:
    asked = first(uuid(1), SUBJECT, KEEPER, Happening(Moved.ASKED, AT, "urn:x", 3, request_id="d" * 26))
    narrower = replace(SUBJECT, shared=SUBJECT.shared[:1])
    granted = following(uuid(2), asked, b"d" * 32, KEEPER, GIVEN, narrower)
    assert [one.attribute_id for one in granted.processing.pii] == ["permis_conduire"]
    assert [one.state for one in granted.events] == ["dpv:ConsentRequested", "dpv:ConsentGiven"]


# --- what a receipt must not be --------------------------------------------------------------------------


def spoiled(change: Callable[[dict[str, Any]], None]) -> bytes:
    from schemas.canonical import canonical

    document = to_json_ld(a_record(), context=CONTEXT)
    change(document)
    return crypto.sign_receipt(canonical(document), seed=SEED)


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update({"carnet:more": "x"}),
        lambda told: told.update({"carnet:move": "carnet:lost"}),
        lambda told: told.update({"dct:issued": "2026-03-03T12:00:00.001Z"}),
        lambda told: told.update({"dct:issued": "2026-03-03T12:00:00Z"}),
        lambda told: told.pop("carnet:entry"),
        lambda told: told["carnet:entry"].update({"carnet:index": -1}),
        lambda told: told.update({"dpv:hasDataSubject": "Éva"}),
        lambda told: told["dpv:hasConsentStatus"][0].update({"@type": "dpv:ConsentTerminated"}),
        lambda told: told["dpv:hasConsentStatus"].append(
            told["dpv:hasConsentStatus"][0] | {"dpv:isIndicatedAtTime": "2026-03-03T11:59:59.999Z"}
        ),
        lambda told: told["dpv:hasProcess"].pop("dpv:hasRight"),
        lambda told: told["dpv:hasProcess"].update({"dpv:hasRecipient": ["urn:x:nobody"]}),
        lambda told: told.update({"dct:conformsTo": "x"}),
        lambda told: told["@context"].update({"dpv": "https://evil.example#"}),
    ],
)
def test_a_signed_document_of_another_form_does_not_hold(change: Callable[[dict[str, Any]], None]) -> None:
    assert not check_receipt(spoiled(change)).holds


def test_the_same_document_unspoiled_holds() -> None:
    assert check_receipt(spoiled(lambda _: None)).holds


def test_a_key_that_is_not_among_those_given_is_told() -> None:
    jws = crypto.sign_receipt(payload(a_record()), seed=SEED)
    own, other = (crypto.public_jwk(crypto.receipt_public(seed)) for seed in (SEED, b"o" * 32))
    assert check_receipt(jws, keys=[own["x"]]).holds
    assert check_receipt(jws).known is None
    assert not check_receipt(jws, keys=[other["x"]]).holds
    assert not check_receipt(jws, keys=[]).holds
    assert keys_of(json.dumps({"keys": [other, own]}).encode()) == [other["x"], own["x"]]
    assert keys_of(json.dumps(own).encode()) == [own["x"]]
    for bad in (b"", b"[]", b'{"keys":[]}', b'{"keys":[{"kty":"RSA"}]}', b'{"keys":1}', b'{"keys":["x"]}'):
        with pytest.raises(KeySetError):
            keys_of(bad)


@pytest.mark.parametrize("data", [b"", b"\xff", b"{}", b"[]", b"null", b'{"a":1}', b"[" * 9000])
def test_hostile_bytes_are_no_record(data: bytes) -> None:
    with pytest.raises(RecordError):
        record_of(data)
    assert not check_receipt(data).holds
    assert not check_receipt(crypto.sign_receipt(data, seed=SEED)).holds


def test_every_word_of_ours_is_in_the_published_vocabulary() -> None:
    published = json.loads((VOCABULARY_PAGE / "carnet.jsonld").read_text("utf-8"))
    assert published["@context"]["carnet"] == VOCABULARY
    known = {one["@id"] for one in published["@graph"]}
    used = {one for one in CONSENT_STATUS.values() if one.startswith("carnet:")}
    used |= {f"carnet:{one.value.capitalize()}" for one in Moved} | {f"carnet:{one.value}" for one in Moved}
    used |= {f"carnet:structure-{kind.value}" for kind in StructureKind}
    used |= {"carnet:KeepsTheCarnet", "carnet:StopShare", "carnet:HandedByPerson", "carnet:receipt-1"}
    used |= {name for name in to_json_ld(a_record(), context=CONTEXT) if name.startswith("carnet:")}
    used |= {"carnet:index", "carnet:log", "carnet:previous", "carnet:request"}
    assert used <= known
    turtle = (VOCABULARY_PAGE / "carnet.ttl").read_text("utf-8")
    for term in known:
        assert f"\n{term} " in turtle, term
    assert f"{VOCABULARY}receipt-1" == receipts.RECEIPT_V1
