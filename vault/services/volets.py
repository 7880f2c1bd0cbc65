"""Volets: what is validated as one, by whom, what that covers, and what changed since.

- A row in D is believed only while the root vouches for it (``bindings``); what it covers, and by whom in
  words, is sealed under the journal's secret of the carnet, and dies with it.
- A later change of what is covered re-opens that volet, and no other. It is told to each by what they may
  read: a field he reads no more never re-opens anything for him.
- When the référent changes, the record stays as it was, under the name of who validated.
- Making goes K (what vouches), then D with its entry. When D refuses, what vouched goes at once; when the
  process dies between the two, a digest stays in K that vouches for nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from schemas.fields import Volet
from schemas.framing import lp
from schemas.ids import CarnetId, CompartmentId, EntryId, StructureId, new_id
from schemas.names import EntryState, Outcome, RecordKind
from vault.audit.events import AboutContent, Op
from vault.carnet.entries import EntryBrokenError
from vault.carnet.volets import Changed, Coverage, Covered, version_hash
from vault.crypto import CryptoError, HeldTags, JournalSecret, open_small, seal_small
from vault.errors import CallerError
from vault.services.bindings import binding_name, binding_row, holds, instant
from vault.services.journal import Actor, draft
from vault.services.key_sources import Journals
from vault.services.parts import Parts
from vault.services.path_rows import ValidationRow
from vault.services.ports import Draft, RecordHead, SecretName, Work
from vault.services.sharing_rows import ReferentRow
from vault.services.writing import CarnetClosedError

VOLET = "volet"  # the kind of its binding
VALIDATED, UNDERSTOOD = "validated", "understood"


class NoSuchVoletError(CallerError):
    """The catalogue names no such volet, or it is none to be understood."""


class VoletChangedError(CallerError):
    """What was read is not what stands: to be read again."""


@dataclass(frozen=True, slots=True)
class Validation:
    """Somebody vouched for these versions. ``structure_id`` None: the person herself."""

    row: ValidationRow
    coverage: Coverage = field(repr=False)

    @property
    def at(self) -> datetime:
        return self.row.validated_at

    @property
    def by(self) -> str:
        return self.coverage.by

    @property
    def structure_id(self) -> StructureId | None:
        return self.row.structure_id


@dataclass(frozen=True, slots=True)
class VoletState:
    """Where a volet stands, for whoever reads ``entries`` of it. ``version_hash``: of these; None: there is
    nothing to vouch for. ``changed``, ``understood_changed``: since."""

    volet: Volet
    entries: frozenset[Covered]
    version_hash: str | None
    validation: Validation | None
    changed: Changed
    understood: Validation | None
    understood_changed: Changed

    @property
    def validated(self) -> bool:
        return self.validation is not None and not self.changed

    @property
    def is_understood(self) -> bool:
        """Whether she said so about what stands now; always, when she is not asked."""
        return not self.volet.understood or (self.understood is not None and not self.understood_changed)


# --- where the volets stand ------------------------------------------------------------------------------


def places_of(parts: Parts, volet: Volet) -> frozenset[CompartmentId]:
    """All the forms of all the fields of a volet."""
    return frozenset(one.id for name in volet.fields for one in parts.catalogue.field(name).compartments())


def volets_of(
    parts: Parts, journal: JournalSecret, carnet_id: CarnetId, heads: Sequence[RecordHead]
) -> list[VoletState]:
    """As the person has them, for whoever already appended an entry: nothing is opened but who validated and
    what that covers."""
    return states_of(parts, journal, carnet_id, covered(heads, journal), None)


def states_of(
    parts: Parts,
    journal: JournalSecret,
    carnet_id: CarnetId,
    entries: Collection[Covered],
    readable: Collection[CompartmentId] | None,
) -> list[VoletState]:
    found = _believed(parts, journal, carnet_id)
    states = []
    for volet in parts.catalogue.volets:
        places = places_of(parts, volet)
        mine = frozenset(one for one in entries if one.compartment in places)
        validation, understood = (found.get((volet.id, kind)) for kind in (VALIDATED, UNDERSTOOD))
        none = Changed(frozenset(), 0)
        states.append(
            VoletState(
                volet,
                mine,
                version_hash(carnet_id, volet.id, mine) if mine else None,
                validation,
                validation.coverage.since(mine, readable) if validation else none,
                understood,
                understood.coverage.since(mine, readable) if understood else none,
            )
        )
    return states


def _believed(
    parts: Parts, journal: JournalSecret, carnet_id: CarnetId
) -> Mapping[tuple[str, str], Validation]:
    """The last of each volet and kind that the root vouches for and that opens."""
    found: dict[tuple[str, str], Validation] = {}
    for row in parts.data.validations_of(carnet_id):
        if (row.volet, row.kind) in found or not holds(parts, VOLET, _binding_id(row), _facts(row)):
            continue
        try:
            told = Coverage.from_bytes(open_small(row.sealed, secret=journal, place=_place(row)))
        except (CryptoError, EntryBrokenError):
            continue
        found[row.volet, row.kind] = Validation(row, told)
    return found


def covered(heads: Iterable[RecordHead], journal: JournalSecret) -> frozenset[Covered]:
    """The entries that hold a value, by their clear columns."""
    tags = HeldTags(journal)
    return frozenset(
        Covered(head.compartment, head.entry_id, head.version)
        for head in heads
        if head.kind is RecordKind.ENTRY
        and head.state is EntryState.CURRENT
        and head.held == tags.of(f"{head.entry_id} {head.compartment}", head.version)
    )


def vouching_names(parts: Parts, carnet_id: CarnetId) -> list[SecretName]:
    """What vouches for the volets of a carnet, to go with it."""
    return [binding_name(VOLET, _binding_id(row)) for row in parts.data.validations_of(carnet_id)]


def volets_naming(states: Iterable[VoletState], entry_id: EntryId) -> list[Volet]:
    """Those whose last validation covers an entry, at whatever version."""
    return [
        one.volet
        for one in states
        if one.validation and any(each.entry_id == entry_id for each in one.validation.coverage.entries)
    ]


# --- making one ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Made:
    carnet_id: CarnetId
    volet: Volet
    kind: str
    at: datetime
    by: ReferentRow | None
    version_hash: str
    coverage: Coverage


def vouch(
    parts: Parts, made: Made, journal: JournalSecret, check: Callable[[Work], None], entry: Draft
) -> Validation:
    """K, then D with its entry. Raises what ``check`` raises, under the lock: then nothing vouches."""
    row = ValidationRow(
        carnet_id=made.carnet_id,
        validation_id=new_id(),
        volet=made.volet.id,
        kind=made.kind,
        validated_at=made.at,
        assignment_id=made.by.assignment_id if made.by else None,
        professional_id=made.by.professional_id if made.by else None,
        structure_id=made.by.structure_id if made.by else None,
        version_hash=made.version_hash,
        sealed=b"",
    )
    row = replace(row, sealed=seal_small(made.coverage.to_bytes(), secret=journal, place=_place(row)))
    parts.keystore.add_secrets([binding_row(parts.rows, VOLET, _binding_id(row), _facts(row))])
    try:
        with parts.data.change() as work:
            carnet = work.carnet(made.carnet_id)
            if carnet is None or not carnet.open:
                raise CarnetClosedError("this carnet is closed")
            check(work)
            work.add_validation(row)
            work.append(entry)
            work.commit()
    except CallerError:
        parts.keystore.delete_secrets([binding_name(VOLET, _binding_id(row))])
        raise
    return Validation(row, made.coverage)


def check_same(work: Work, carnet_id: CarnetId, journal: JournalSecret, coverage: Coverage) -> None:
    """Under the lock: what stands is what was read. Raises VoletChangedError."""
    stands = {one for one in covered(work.heads(carnet_id), journal) if one.compartment in coverage.scope}
    if stands != coverage.entries:
        raise VoletChangedError("something was written meanwhile")


def entry_of(
    parts: Parts,
    journals: Journals,
    actor: Actor,
    carnet_id: CarnetId,
    about: AboutContent,
    out: Outcome = Outcome.GRANTED,
) -> Draft:
    return draft(
        Op.VALIDATE,
        out,
        journals=journals,
        actor=actor,
        carnet_id=carnet_id,
        about=about,
        random=parts.random,
        field_count=len(about.fields),
    )


def named(parts: Parts, volet_id: str) -> Volet:
    found = next((one for one in parts.catalogue.volets if one.id == volet_id), None)
    if found is None:
        raise NoSuchVoletError("no such volet in the catalogue")
    return found


def _binding_id(row: ValidationRow) -> str:
    """Its carnet first, as what vouches for an assignment."""
    return f"{row.carnet_id}:{row.validation_id}"


def _facts(row: ValidationRow) -> tuple[str, ...]:
    who = (row.assignment_id or "", row.professional_id or "", row.structure_id or "")
    sealed = sha256(row.sealed).hexdigest()
    return (row.kind, row.volet, instant(row.validated_at), *who, row.version_hash, sealed)


def _place(row: ValidationRow) -> bytes:
    return lp("carnet/validation/1", row.carnet_id, row.validation_id, row.volet)
