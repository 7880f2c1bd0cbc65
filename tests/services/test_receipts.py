"""A receipt at each move of a share: what it says, that it holds without us, and that it never keeps anybody
from stopping."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from joserfc import jws as jose
from joserfc.jwk import OKPKey
from sqlalchemy import text, update

from consent.grants import Grantee
from consent.kantara import to_kantara
from consent.receipts import Moved
from consent.records27560 import Profile, RecordError, missing
from schemas.ids import CarnetId, CompartmentId, PurposeId, RequestId, new_id
from schemas.names import LegalBasis, Outcome
from tests.services.conftest import ONE_ENGINE
from tests.world import PURPOSE, SIAE_FIELDS, MovingClock, Someone, System, World
from vault import bootstrap
from vault.audit.events import AboutContent, Op
from vault.audit.leaf import Leaf
from vault.services import leaving, receipts, sharing, stopping
from vault.services.journal import OPERATOR, draft
from vault.services.key_sources import KeyGoneError
from vault.services.opened_entries import about_of
from vault.services.ports import Work
from vault.services.receipt_checking import check_receipt
from vault.services.receipts import SIGNING, Asked, Receipt, drop_strays, of_request
from vault.services.receipts_kept import (
    NoSuchReceiptError,
    jwks,
    known_by_digest,
    list_receipts,
    read_receipt,
    receipt_of_grant,
)
from vault.services.sharing import Wish
from vault.services.upkeep import run_upkeep
from vault.storage.sharing_tables import receipts as table

GIVEN = {"dpv:ConsentGiven", "dpv:RenewedConsentGiven"}


@pytest.fixture
def eva(town: World) -> Someone:
    someone = town.newcomer("eva")
    town.fill(someone)
    return someone


@pytest.fixture(scope="session")
def gamma(town: World) -> System:
    return town.system("SIAE Gamma")


def all_of(town: World, who: Someone) -> list[Receipt]:
    """Oldest first."""
    found, _ = list_receipts(town.parts, who.owner, actor=who.actor)
    return list(reversed(found))


def moves(town: World, who: Someone) -> list[Moved]:
    return [one.moved for one in all_of(town, who)]


def wish(grantee: Grantee, **changed: Any) -> Wish:
    usual = Wish(grantee, PurposeId(PURPOSE), tuple(CompartmentId(one) for one in SIAE_FIELDS), 31)
    return replace(usual, **changed)


# RFC 9864 prefers the name Ed25519, which not every program knows yet.
EDDSA = pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")


# --- what they say ---------------------------------------------------------------------------------------


def test_each_move_makes_one_receipt_that_names_its_entry_and_the_receipt_before_it(
    town: World, eva: Someone, gamma: System
) -> None:
    to = wish(Grantee.structure(gamma.structure_id))
    first = sharing.give_grant(town.parts, eva.owner, to, actor=eva.actor)
    again = sharing.give_grant(town.parts, eva.owner, to, actor=eva.actor)
    stopping.withdraw_grant(town.parts, eva.owner, again.id, actor=eva.actor)
    found = all_of(town, eva)
    assert [one.moved for one in found] == [Moved.GRANTED, Moved.REPLACED, Moved.RENEWED, Moved.WITHDRAWN]
    assert receipt_of_grant(town.parts, again) == found[-1].receipt_id
    given, over, renewed, stopped = found
    assert over.record.extra["carnet:previous"] == f"sha256:{given.row.digest.hex()}"
    assert over.record.extra["dct:isReplacedBy"] == again.id
    assert renewed.record.extra["dct:replaces"] == [first.id]
    assert stopped.record.extra["carnet:previous"] == f"sha256:{renewed.row.digest.hex()}"
    assert [one.state for one in stopped.record.events] == [
        "dpv:RenewedConsentGiven",
        "dpv:ConsentWithdrawn",
    ]
    journal = town.parts.journal_keys.load(now=town.parts.now(), carnets=[eva.carnet_id])
    ops = {Moved.GRANTED: Op.GRANT, Moved.RENEWED: Op.GRANT, Moved.REPLACED: Op.REPLACE}
    for one in found:
        (row,) = town.parts.data.log_rows([one.row.leaf])
        about = about_of(row.about_sealed, Leaf.parse(row.leaf), journal.journals[eva.carnet_id])
        assert about is not None
        assert about.grant_id == one.row.grant_id
        assert Leaf.parse(row.leaf).op is ops.get(one.moved, Op.WITHDRAW)


@ONE_ENGINE
def test_a_receipt_of_consent_conforms_to_the_profile_of_the_gdpr_and_names_nobody(
    town: World, eva: Someone, gamma: System
) -> None:
    town.share(eva, gamma.structure_id)
    (receipt,) = all_of(town, eva)
    assert missing(receipt.record, Profile.RECORD_EU_GDPR) == []
    assert {one.attribute_id for one in receipt.record.processing.pii} == set(SIAE_FIELDS)
    assert receipt.record.processing.lawful_bases == ("gdpr:A6-1-a",)
    assert "gdpr:A7-3" in receipt.record.processing.privacy_rights
    assert "gdpr:A21" not in receipt.record.processing.privacy_rights
    told = receipt.jws.decode() + json.dumps(to_kantara(receipt.record))
    for name in ("eva", "EVA", eva.carnet_id):
        assert name not in told
    other = town.newcomer("uma")
    town.fill(other)
    town.share(other, gamma.structure_id)
    (hers,) = all_of(town, other)
    assert hers.record.pii_principal_id != receipt.record.pii_principal_id


@EDDSA
@ONE_ENGINE
@pytest.mark.parametrize(
    ("basis", "term", "objection"),
    [
        (LegalBasis.PUBLIC_TASK, "gdpr:A6-1-e", True),
        (LegalBasis.PUBLIC_TASK, "gdpr:A6-1-e", False),
        (LegalBasis.LEGAL_OBLIGATION, "gdpr:A6-1-c", False),
    ],
)
def test_where_the_basis_is_not_consent_no_word_of_consent_is_said(
    town: World, eva: Someone, gamma: System, basis: LegalBasis, term: str, objection: bool
) -> None:
    frame = town.parts.frame
    purpose = replace(frame.purpose(PURPOSE), legal_basis=basis, objection=objection, legal_text="Le texte.")

    class Other(type(frame)):  # type: ignore[misc]
        def __init__(self) -> None:
            self.__dict__.update(frame.__dict__)

        def purpose(self, _: str) -> Any:
            return purpose

    other = town.with_parts(frame=Other())
    grant = sharing.give_grant(
        other.parts, eva.owner, wish(Grantee.structure(gamma.structure_id)), actor=eva.actor
    )
    stopping.withdraw_grant(other.parts, eva.owner, grant.id, actor=eva.actor)
    for receipt in all_of(other, eva):
        assert not receipt.record.consent
        assert receipt.record.processing.lawful_bases == (term,)
        assert ("gdpr:A21" in receipt.record.processing.privacy_rights) is objection
        assert receipt.record.processing.legal_text == "Le texte."
        told = payload_of(town, receipt)
        assert "onsent" not in told.replace("dpv:hasConsentControl", "").replace(frame.version, "")
        assert check_receipt(receipt.jws).faults == ()
        with pytest.raises(RecordError):
            to_kantara(receipt.record)


def payload_of(town: World, receipt: Receipt) -> str:
    """As joserfc reads it."""
    told = jose.deserialize_compact(receipt.jws, their_key(town), algorithms=["EdDSA"])
    return (told.payload or b"").decode()


def their_key(town: World) -> Any:
    (key,) = jwks(town.parts)["keys"]
    return OKPKey.import_key({name: key[name] for name in ("kty", "crv", "x")})


@EDDSA
@ONE_ENGINE
def test_other_programs_verify_the_same_bytes(town: World, eva: Someone, gamma: System) -> None:
    town.share(eva, gamma.structure_id)
    (receipt,) = all_of(town, eva)
    (key,) = jwks(town.parts)["keys"]
    told = jwt.decode_complete(receipt.jws, jwt.PyJWK(key).key, algorithms=["EdDSA"])
    assert told["payload"]["dct:identifier"] == str(receipt.record.record_id)
    assert told["header"]["kid"] == key["kid"]
    assert json.loads(payload_of(town, receipt)) == told["payload"]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(receipt.jws[:-3] + b"AAA", jwt.PyJWK(key).key, algorithms=["EdDSA"])


def test_a_share_whose_time_is_over_gets_its_receipt(
    town: World, eva: Someone, gamma: System, clock: MovingClock
) -> None:
    grant = town.share(eva, gamma.structure_id)
    clock.go_on_from(grant.terms.ends_at + timedelta(seconds=1))
    run_upkeep(town.parts)
    assert moves(town, eva) == [Moved.GRANTED, Moved.EXPIRED]
    assert all_of(town, eva)[1].record.events[1].entity_id.startswith("urn:carnet:instance:")


# --- demands ---------------------------------------------------------------------------------------------


def asked_by(town: World, who: Someone, gamma: System) -> Asked:
    fields = tuple(CompartmentId(one) for one in SIAE_FIELDS)
    now = town.parts.now()
    return Asked(who.carnet_id, RequestId(new_id()), gamma.structure_id, PurposeId(PURPOSE), fields, now)


def note(town: World, op: Op, asked: Asked, system: System, *, shown: bool = True) -> None:
    """As asking and answering do: the entry, then its receipt, in one transaction."""
    journals = town.parts.journal_keys.load(
        now=town.parts.now(), carnets=[asked.carnet_id], agents=[system.reader.actor.secret_name or ("", "")]
    )
    with town.parts.data.change() as work:
        entry = draft(
            op,
            Outcome.GRANTED,
            journals=journals,
            actor=system.reader.actor,
            carnet_id=asked.carnet_id,
            about=AboutContent(carnet_id=asked.carnet_id, request_id=asked.request_id),
            random=town.parts.random,
        )
        appended = work.append(entry)
        of_request(work, town.parts, op, asked, journals, system.reader.actor, appended, shown=shown)
        work.commit()


def test_the_receipt_of_a_share_that_was_asked_tells_what_was_asked_and_when(
    town: World, eva: Someone, gamma: System
) -> None:
    asked = asked_by(town, eva, gamma)
    note(town, Op.REQUEST, asked, gamma)
    note(town, Op.DEFER, asked, gamma)
    narrower = asked.compartments[:1]
    to = wish(Grantee.structure(gamma.structure_id), request_id=asked.request_id, compartments=narrower)
    sharing.give_grant(town.parts, eva.owner, to, actor=eva.actor)
    requested, deferred, granted = all_of(town, eva)
    assert [one.moved for one in (requested, deferred, granted)] == [
        Moved.ASKED,
        Moved.DEFERRED,
        Moved.GRANTED,
    ]
    assert len(requested.record.processing.pii) == len(SIAE_FIELDS)
    assert [one.attribute_id for one in granted.record.processing.pii] == list(narrower)
    assert [one.state for one in granted.record.events] == [
        "dpv:ConsentRequested",
        "dpv:ConsentRequestDeferred",
        "dpv:ConsentGiven",
    ]
    assert requested.row.grant_id is None
    assert requested.record.events[0].entity_id == f"urn:carnet:structure:{gamma.structure_id}"


def test_what_nobody_will_see_makes_no_receipt_of_hers_and_is_swept_a_day_later(
    town: World, eva: Someone, gamma: System, clock: MovingClock
) -> None:
    note(town, Op.REQUEST, asked_by(town, eva, gamma), gamma, shown=False)
    nobody = replace(asked_by(town, eva, gamma), carnet_id=CarnetId(new_id()))
    note(town, Op.REQUEST, nobody, gamma)
    assert moves(town, eva) == []
    drop_strays(town.parts)
    assert rows(town) >= 2
    kept = len(strays(town))
    assert kept >= 2
    clock.forward(hours=25)
    assert drop_strays(town.parts) == kept
    assert strays(town) == []


def rows(town: World) -> int:
    with town.app.data.database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM receipts")).scalar_one())


def strays(town: World) -> list[str]:
    told = "SELECT receipt_id FROM receipts WHERE carnet_id NOT IN (SELECT carnet_id FROM carnets)"
    with town.app.data.database.read() as connection:
        return list(connection.execute(text(told)).scalars())


# --- what must not depend on them ------------------------------------------------------------------------


def test_without_the_key_that_signs_nobody_shares_and_everybody_can_still_stop(
    small_town: World,
) -> None:
    eva = small_town.newcomer("eva")
    small_town.fill(eva)
    to = wish(Grantee.structure(small_town.structure()))
    grant = sharing.give_grant(small_town.parts, eva.owner, to, actor=eva.actor)
    small_town.parts.keystore.delete_secrets([SIGNING])
    with pytest.raises(KeyGoneError):
        sharing.give_grant(small_town.parts, eva.owner, to, actor=eva.actor)
    stopped = stopping.withdraw_grant(small_town.parts, eva.owner, grant.id, actor=eva.actor)
    assert stopped.ended_at is not None
    assert rows(small_town) == 1


def test_an_instance_older_than_receipts_gets_its_key_when_its_stores_are_upgraded(small_town: World) -> None:
    small_town.parts.keystore.delete_secrets([SIGNING])
    assert jwks(small_town.parts) == {"keys": []}
    bootstrap.upgrade(small_town.app.settings)
    made = jwks(small_town.parts)
    assert len(made["keys"]) == 1
    bootstrap.upgrade(small_town.app.settings)
    assert jwks(small_town.parts) == made


@ONE_ENGINE
@pytest.mark.parametrize("column", ["sealed", "digest", "receipt_id", "leaf", "made_at"])
def test_a_spoiled_receipt_is_not_shown_and_keeps_nobody_from_stopping(
    town: World, eva: Someone, gamma: System, column: str
) -> None:
    grant = town.share(eva, gamma.structure_id)
    (receipt,) = all_of(town, eva)
    row, day = receipt.row, timedelta(days=1)
    changed: dict[str, Any] = {"sealed": row.sealed[:-1] + b"x", "digest": new_id().encode()}
    changed |= {"receipt_id": new_id()}
    changed |= {"leaf": row.leaf + 1, "made_at": row.made_at - day}  # another entry or day than was signed
    with town.app.data.database.transaction() as connection:
        mine = table.c.receipt_id == receipt.receipt_id
        connection.execute(update(table).where(mine).values({column: changed[column]}))
    assert moves(town, eva) == []
    with pytest.raises(NoSuchReceiptError):
        read_receipt(town.parts, eva.owner, receipt.receipt_id, actor=eva.actor)
    assert known_by_digest(town.parts, receipt.row.digest) is None
    stopping.withdraw_grant(town.parts, eva.owner, grant.id, actor=eva.actor)
    (told,) = all_of(town, eva)
    assert [one.type for one in told.record.events] == ["carnet:granted", "carnet:withdrawn"]
    assert "carnet:previous" not in told.record.extra


@ONE_ENGINE
def test_a_receipt_put_under_another_carnet_is_nobodys(town: World, eva: Someone, gamma: System) -> None:
    other = town.newcomer("ida")
    town.fill(other)
    town.share(eva, gamma.structure_id)
    with town.app.data.database.write() as connection:
        told = {"to": other.carnet_id, "from": eva.carnet_id}
        connection.execute(text("UPDATE receipts SET carnet_id = :to WHERE carnet_id = :from"), told)
        connection.commit()
    assert moves(town, other) == []


def test_receipts_go_with_the_carnet(town: World, eva: Someone, gamma: System) -> None:
    town.share(eva, gamma.structure_id)
    (receipt,) = all_of(town, eva)
    assert known_by_digest(town.parts, receipt.row.digest) is not None
    leaving.erase_carnet(town.parts, eva.carnet_id, for_real=True, actor=OPERATOR)
    assert known_by_digest(town.parts, receipt.row.digest) is None
    assert town.parts.data.receipts_of(eva.carnet_id, grant_id=None, before=None, limit=9) == []
    assert check_receipt(receipt.jws).faults == ()  # hers to keep


def test_what_is_undone_leaves_no_receipt(town: World, eva: Someone, gamma: System) -> None:
    class UndoneError(Exception):
        pass

    def undo(_: Work, __: Any) -> None:
        raise UndoneError

    before = rows(town)
    with pytest.raises(UndoneError):
        sharing.give_grant(
            town.parts, eva.owner, wish(Grantee.structure(gamma.structure_id)), actor=eva.actor, also=undo
        )
    assert rows(town) == before


@ONE_ENGINE
def test_every_operation_that_moves_a_share_has_its_receipt(town: World) -> None:
    from vault.services.grant_moves import ROTATING

    assert set(receipts.MOVES) >= ROTATING | {Op.GRANT, Op.SUSPEND, Op.RESUME, Op.REQUEST, Op.DEFER}
    assert set(receipts.MOVES.values()) == set(Moved) - {Moved.RENEWED}
    assert town.parts.rows.load([SIGNING])


@ONE_ENGINE
def test_pages_of_receipts_follow_one_another(town: World, eva: Someone, gamma: System) -> None:
    to = wish(Grantee.structure(gamma.structure_id))
    for _ in range(3):
        sharing.give_grant(town.parts, eva.owner, to, actor=eva.actor)
    seen: list[str] = []
    before: int | None = None
    for _ in range(9):
        found, before = list_receipts(town.parts, eva.owner, actor=eva.actor, before=before, limit=2)
        seen += [one.receipt_id for one in found]
        if before is None:
            break
    assert seen == [one.receipt_id for one in reversed(all_of(town, eva))]
    assert len(seen) == 5
