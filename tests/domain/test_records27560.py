"""Records of consent: what each profile requires, and a document that says all of a record, nothing else."""

import ast
import sys
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import jsonld27560, records27560
from consent.jsonld27560 import from_json_ld, to_json_ld
from consent.records27560 import (
    Event,
    Notice,
    Party,
    PiiItem,
    Processing,
    Profile,
    Purpose,
    Record,
    RecordError,
    missing,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT = datetime(2026, 3, 3, 12, 0, 0, 123_000, tzinfo=UTC)
KEEPER = Party("urn:x:keeper", "Département", "dpv:DataController", "dpo@x.example", "1 rue", "x:Keeps")
BODY = Party("urn:x:siae", "SIAE", "dpv:DataController", "dpo@x.example", "1 rue", "dpv:Recipient")
CNIL = Party("urn:x:cnil", "CNIL", "dpv:DataProtectionAuthority", "cnil.fr", "Paris", "x:Authority")
FULL = Record(
    record_id=UUID("a29d0c2d-53ef-45a1-80b2-e6c4c96e6a72"),
    pii_principal_id="urn:x:person:1",
    processing=Processing(
        notice=Notice("notice-3", "fr", "sha256:00", "https://x.example/notice"),
        purposes=(Purpose("x:poste", "Proposer un poste", "dpv:RequestedServiceProvision"),),
        pii=(
            PiiItem("pd:VehicleLicense", "permis", "Permis", optional=True),
            PiiItem("pd:Health", "sante", "Santé", optional=False, sensitive=True, special=True),
        ),
        controllers=(BODY.id, KEEPER.id),
        recipients=(BODY.id,),
        storage_locations=("https://x.example",),
        retention_period="P0D",
        jurisdiction="loc:FR",
        withdrawal_method="dpv:WithdrawConsent",
        withdrawal_url="https://x.example/stop",
        lawful_bases=("gdpr:A6-1-a", "gdpr:A9-2-a"),
        legal_text="",
        collection_method="dpv:DataSubjectDataSource",
        processing_methods=("dpv:Consult",),
        processing_locations=("loc:FR",),
        geographic_restrictions=("loc:FR",),
        service="Carnet",
        privacy_rights=("gdpr:A7-3", "gdpr:A15"),
        authority_party=CNIL.id,
        codes_of_conduct=("x:code",),
        impact_assessment="x:dpia",
    ),
    parties=(KEEPER, BODY, CNIL),
    events=(
        Event(AT, "dpv:ConsentRequested", BODY.id, type="x:asked"),
        Event(AT, "dpv:ConsentGiven", "urn:x:person:1", validity=timedelta(days=31, milliseconds=5)),
    ),
)


def test_the_module_needs_nothing_of_ours_and_nothing_but_the_standard_library() -> None:
    for module in (records27560, jsonld27560):
        tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
        names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        names |= {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
        for name in names - {"consent.records27560"}:
            assert name.partition(".")[0] in sys.stdlib_module_names, name


def test_a_whole_record_conforms_to_every_profile() -> None:
    for profile in Profile:
        assert missing(FULL, profile) == []


@pytest.mark.parametrize(
    ("name", "member", "gdpr_alone"),
    [
        ("purpose", {"purposes": ()}, False),
        ("pii_information", {"pii": ()}, False),
        ("pii_controllers", {"controllers": ()}, False),
        ("storage_locations", {"storage_locations": ()}, False),
        ("retention_period", {"retention_period": ""}, False),
        ("jurisdiction", {"jurisdiction": ""}, False),
        ("recipient_third_parties", {"recipients": ()}, False),
        ("withdrawal_method", {"withdrawal_method": ""}, False),
        ("language", {"notice": Notice("notice-3", "")}, False),
        ("party_identification", {"recipients": ("urn:x:nobody",)}, False),
        ("lawful_basis", {"lawful_bases": ()}, True),
        ("collection_method", {"collection_method": ""}, True),
        ("processing_method", {"processing_methods": ()}, True),
        ("processing_locations", {"processing_locations": ()}, True),
        ("geographic_restrictions", {"geographic_restrictions": ()}, True),
        ("privacy_rights", {"privacy_rights": ()}, True),
        ("authority_party", {"authority_party": ""}, True),
    ],
)
def test_what_a_profile_requires_is_missed_by_its_name(
    name: str, member: dict[str, object], gdpr_alone: bool
) -> None:
    poorer = replace(FULL, processing=replace(FULL.processing, **member))  # type: ignore[arg-type]
    assert missing(poorer, Profile.RECORD_EU_GDPR) == [name]
    assert missing(poorer, Profile.RECORD) == ([] if gdpr_alone else [name])
    assert missing(poorer, Profile.RECEIPT) == []


def test_parties_and_events_are_required_whole() -> None:
    assert missing(replace(FULL, events=()), Profile.RECORD) == ["event"]
    for name in ("address", "name", "contact", "type"):
        poorer = replace(FULL, parties=(replace(BODY, **{name: ""}), KEEPER, CNIL))  # type: ignore[arg-type]
        assert missing(poorer, Profile.RECORD) == [f"party_{name}"]


def test_a_record_is_read_back_as_it_was_written_and_nothing_of_it_is_null() -> None:
    document = to_json_ld(FULL, context={"x": "urn:x:"})
    assert from_json_ld(document) == FULL
    assert document["@context"]["x"] == "urn:x:"
    assert document["dpv:hasConsentStatus"][1]["dpv:hasDuration"] == "P31DT0.005S"
    assert "null" not in repr(document).lower()
    assert "None" not in repr(document)


def test_what_does_not_rest_on_consent_has_no_consent_status() -> None:
    other = replace(FULL, consent=False, types=("dpv:DataProcessingRecord",), profiles=())
    document = to_json_ld(other)
    assert "dpv:hasConsentStatus" not in document
    assert document["dpv:hasNotice"]["@type"] == "dpv:PrivacyNotice"
    assert from_json_ld(document) == other


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(
    label=_TEXT,
    validity=st.none() | st.integers(0, 10**12).map(lambda ms: timedelta(milliseconds=ms)),
    at=st.integers(0, 7 * 10**12).map(lambda ms: EPOCH + timedelta(milliseconds=ms)),
    special=st.booleans(),
    optional=st.sampled_from([None, True, False]),
)
@settings(max_examples=40, deadline=None)
def test_any_record_is_read_back_as_it_was_written(
    label: str, validity: timedelta | None, at: datetime, special: bool, optional: bool | None
) -> None:
    event = Event(at, "dpv:ConsentGiven", label, validity=validity, reason=label)
    item = PiiItem("pd:Health", label, label, optional=optional, special=special)
    processing = replace(FULL.processing, pii=(item,), legal_text=label)
    record = replace(FULL, events=(event,), processing=processing, extra={"x:more": {"x:a": 1}})
    assert from_json_ld(to_json_ld(record)) == record


def test_a_document_that_is_not_exactly_a_record_is_refused() -> None:
    good = to_json_ld(FULL)
    spoiled: list[object] = [
        {},
        [],
        {**good, "dct:identifier": "x"},
        {name: value for name, value in good.items() if name != "dpv:hasProcess"},
        {**good, "dpv:hasEntity": [{**good["dpv:hasEntity"][0], "x:more": "y"}]},
        {**good, "@type": "dpv:ConsentRecord"},
        {**good, "dpv:hasConsentStatus": [{"@type": "dpv:ConsentGiven"}]},
        {**good, "dpv:hasProcess": {**good["dpv:hasProcess"], "dpv:hasDuration": None}},
    ]
    for document in spoiled:
        with pytest.raises(RecordError):
            from_json_ld(document)  # type: ignore[arg-type]


def test_an_extra_member_never_hides_one_of_the_records_own() -> None:
    with pytest.raises(RecordError):
        to_json_ld(replace(FULL, extra={"dpv:hasDataSubject": "urn:x:other"}))


def test_an_instant_without_its_zone_is_refused() -> None:
    with pytest.raises(RecordError):
        jsonld27560.instant(AT.replace(tzinfo=None))


def test_every_part_of_a_record_is_written() -> None:
    """A member added to ``Processing`` and forgotten in the document fails here."""
    document = repr(to_json_ld(FULL)["dpv:hasProcess"])
    for one in fields(Processing):
        value = getattr(FULL.processing, one.name)
        if isinstance(value, str) and value:
            assert value in document, one.name
