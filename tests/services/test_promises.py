"""P1, P2 and P5 at the level of the services: each test tries to break a promise (docs/threat-model.md)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from consent.decisions import Allowed
from consent.grants import Grant, Grantee
from schemas.ids import CompartmentId
from schemas.names import LegalBasis, Outcome
from tests.world import PURPOSE, SIAE_FIELDS, Someone, System, World
from vault.audit.events import Op
from vault.errors import LogUnavailableError
from vault.services import own_carnet, reading
from vault.services.reading import AccessEnded, FieldsView, NotShared

# --- P1: nobody reads a field without a grant of hers ----------------------------------------------------


def always(allowed: Allowed) -> Callable[..., Allowed]:
    return lambda question, grants, *, now: allowed


def test_a_reader_with_a_grant_reads_what_was_shared_and_nothing_more(
    world: World, ana: Someone, alpha: System
) -> None:
    world.share(ana, alpha.structure_id, SIAE_FIELDS[:2])
    assert world.values(alpha, ana.carnet_id) == {
        "permis_conduire": [["b"]],
        "temps_travail_souhaite": [24.5],
    }


def test_with_a_decision_that_always_allows_and_no_grant_nothing_opens(
    world: World, ana: Someone, alpha: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    invented = Allowed(
        grant_id="invented",  # type: ignore[arg-type] # an id nobody made
        grantee=Grantee.structure(alpha.structure_id),
        carnet_id=ana.carnet_id,
        compartments=frozenset(CompartmentId(one) for one in SIAE_FIELDS),
        legal_basis=LegalBasis.CONSENT,
    )
    monkeypatch.setattr(reading, "decide", always(invented))
    assert not isinstance(world.read(alpha, ana.carnet_id), FieldsView)


@pytest.mark.parametrize("pretended", ["the other structure", "the asker itself"])
def test_with_a_decision_that_names_another_structures_grant_nothing_opens(
    world: World, ana: Someone, alpha: System, monkeypatch: pytest.MonkeyPatch, pretended: str
) -> None:
    beta = world.system("CCAS Beta")
    grant = world.share(ana, beta.structure_id)
    rows = world.parts.data.grants_of(ana.carnet_id)
    whose = beta.structure_id if pretended == "the other structure" else alpha.structure_id
    monkeypatch.setattr(reading, "decide", always(_allowed(grant, Grantee.structure(whose))))
    _hand_rows_to_the_asker(world, monkeypatch, rows)
    assert not isinstance(world.read(alpha, ana.carnet_id), FieldsView)
    # and the lock is not simply stuck: the true grantee reads through the same broken decision
    monkeypatch.setattr(reading, "decide", always(_allowed(grant, Grantee.structure(beta.structure_id))))
    assert isinstance(world.read(beta, ana.carnet_id), FieldsView)


def _allowed(grant: Grant, grantee: Grantee) -> Allowed:
    terms = grant.terms
    return Allowed(grant.id, grantee, terms.carnet_id, frozenset(terms.compartments), terms.legal_basis)


def _hand_rows_to_the_asker(world: World, monkeypatch: pytest.MonkeyPatch, rows: Any) -> None:
    """Even if the snapshot gave the asker every grant of the carnet."""
    honest = world.parts.data.read_facts

    def generous(asks: Any) -> Any:
        from dataclasses import replace

        return [replace(facts, grants=rows) for facts in honest(asks)]

    monkeypatch.setattr(world.parts.data, "read_facts", generous)


def test_no_function_of_the_readers_path_takes_a_seed_by_the_grants_word(
    world: World, ana: Someone, alpha: System
) -> None:
    """The caller's grantees come from the door; a row naming another grantee gives no seed."""
    from vault.services.key_sources import CallerKeys
    from vault.services.ports import Appended

    beta = world.system("CCAS Beta")
    grant = world.share(ana, beta.structure_id)
    receipt = Appended(0, world.parts.now(), Outcome.GRANTED)
    allowed = _allowed(grant, Grantee.structure(beta.structure_id))
    mine = CallerKeys(frozenset({Grantee.structure(alpha.structure_id)}))
    theirs = CallerKeys(frozenset({Grantee.structure(beta.structure_id)}))
    without, with_seed = world.parts.reader_keys.load([(receipt, mine, allowed), (receipt, theirs, allowed)])
    assert without.seed is None
    assert with_seed.seed is not None


# --- P2: every look leaves a trace -----------------------------------------------------------------------


def test_each_read_is_seen_by_the_person_with_its_structure_purpose_and_fields(
    world: World, ana: Someone, alpha: System
) -> None:
    grant = world.share(ana, alpha.structure_id)
    world.decline(ana, "vehicule_disponible")
    answer = world.read(alpha, ana.carnet_id)
    assert isinstance(answer, FieldsView)
    accesses, _ = own_carnet.list_accesses(world.parts, ana.owner, actor=ana.actor)
    (access,) = accesses
    assert (access.no, access.structure_id, access.purpose_id, access.grant_id) == (
        answer.access_no,
        alpha.structure_id,
        PURPOSE,
        grant.id,
    )
    assert set(access.fields) == {"permis_conduire", "temps_travail_souhaite"}, "what holds a value, no more"
    assert access.outcome is Outcome.GRANTED


def test_an_attempt_without_a_grant_is_seen_by_the_person_as_denied(
    world: World, ana: Someone, alpha: System
) -> None:
    assert world.read(alpha, ana.carnet_id) == NotShared()
    (access,), _ = own_carnet.list_accesses(world.parts, ana.owner, actor=ana.actor)
    assert access.outcome is Outcome.DENIED
    assert set(access.fields) == set(SIAE_FIELDS)


@dataclass
class Spy:
    """Counts what is unwrapped, by kind, and what is asked of the sealed rows."""

    kinds: list[str] = field(default_factory=list)
    sealed: int = 0


@pytest.fixture
def spy(world: World, monkeypatch: pytest.MonkeyPatch) -> Spy:
    spy = Spy()
    honest_load, honest_sealed = world.parts.rows.load, world.parts.data.sealed_fields

    def load(names: Any) -> Any:
        spy.kinds += [kind for kind, _ in names]
        return honest_load(names)

    def sealed_fields(wanted: Any) -> Any:
        spy.sealed += len(list(wanted))
        return honest_sealed(wanted)

    monkeypatch.setattr(world.parts.rows, "load", load)
    monkeypatch.setattr(world.parts.data, "sealed_fields", sealed_fields)
    return spy


def test_when_the_log_cannot_append_no_key_of_content_is_opened(
    world: World, ana: Someone, alpha: System, spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.share(ana, alpha.structure_id)

    def refuses(tickets: Any) -> Any:
        raise LogUnavailableError("stopped on purpose")

    monkeypatch.setattr(world.parts.data, "append_reads", refuses)
    spy.kinds.clear()
    with pytest.raises(LogUnavailableError):
        world.read(alpha, ana.carnet_id)
    assert not {"own", "shred", "grant", "seed"} & set(spy.kinds)
    assert spy.sealed == 0
    with pytest.raises(LogUnavailableError):
        own_carnet.read_own_carnet(world.parts, ana.owner, actor=ana.actor)
    assert not {"own", "shred"} & set(spy.kinds)


def test_a_read_that_loses_its_grant_before_its_entry_is_denied_in_the_log_and_opens_nothing(
    world: World, ana: Someone, alpha: System, spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = world.share(ana, alpha.structure_id)
    honest = world.parts.data.append_reads

    def withdrawn_just_before(tickets: Any) -> Any:
        monkeypatch.setattr(world.parts.data, "append_reads", honest)
        world.withdraw(ana, grant)
        spy.kinds.clear()
        return honest(tickets)

    monkeypatch.setattr(world.parts.data, "append_reads", withdrawn_just_before)
    assert world.read(alpha, ana.carnet_id) == AccessEnded()
    assert not {"shred", "grant", "seed"} & set(spy.kinds)
    (access,), _ = own_carnet.list_accesses(world.parts, ana.owner, actor=ana.actor)
    assert access.outcome is Outcome.DENIED


def test_a_read_whose_key_went_after_its_entry_ends_with_an_error_entry(
    world: World, ana: Someone, alpha: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = world.share(ana, alpha.structure_id)
    honest = world.parts.reader_keys.load

    def withdrawn_just_after(self: Any, reads: Any) -> Any:
        world.withdraw(ana, grant)
        return honest(reads)

    monkeypatch.setattr(type(world.parts.reader_keys), "load", withdrawn_just_after)
    assert world.read(alpha, ana.carnet_id) == AccessEnded()
    monkeypatch.undo()
    accesses, _ = own_carnet.list_accesses(world.parts, ana.owner, actor=ana.actor)
    assert [access.outcome for access in accesses] == [Outcome.ERROR, Outcome.GRANTED]


def test_her_own_looks_are_listed_only_when_she_asks_for_them(
    world: World, ana: Someone, alpha: System
) -> None:
    world.share(ana, alpha.structure_id)
    own_carnet.read_own_carnet(world.parts, ana.owner, actor=ana.actor)
    world.read(alpha, ana.carnet_id)
    others, _ = own_carnet.list_accesses(world.parts, ana.owner, actor=ana.actor)
    everything, _ = own_carnet.list_accesses(world.parts, ana.owner, actor=ana.actor, own=True)
    assert [access.op for access in others] == [Op.READ]
    assert [access.op for access in everything] == [Op.READ, Op.READ_OWN]
