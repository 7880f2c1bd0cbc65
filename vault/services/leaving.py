"""Forgetting one entry and erasing a carnet, so that no backup of D ever opens them again.

Destroying goes entry (D), then K, then D. What is interrupted is ended by the finishing pass, which asks
the same functions again: each is repeatable.

- *Forget one entry*: a ``forget`` leaf marks it and all that stands beside it; S_p is punctured at their
  slots, the old version of S_p is gone; then the rows go. Every other entry still opens, from every backup. A
  tombstone without content stays (``tombstones``).
- *Erase a carnet*: an ``erase`` leaf; O_p, S_p, J_p, every Q_g, the tags and the sessions go; then the rows.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from schemas.fields import UnknownFieldError
from schemas.ids import CarnetId, EntryId, FieldId
from schemas.names import EntryState, GrantState, Outcome, RecordKind
from vault.audit.events import AboutContent, Op
from vault.carnet.entries import field_of
from vault.crypto import ShredTree
from vault.errors import CallerError, StoreUnavailableError
from vault.services.bindings import MANDATE, binding_name
from vault.services.grant_moves import ONCE_HELD
from vault.services.journal import Actor, agents_of, draft
from vault.services.key_sources import Journals, grant_name, hold_name
from vault.services.parts import Parts
from vault.services.path_rows import TombstoneRow
from vault.services.ports import Appended, RecordHead, SecretName, Work
from vault.services.proposals_on import drop_proposals_on
from vault.services.referents import REFERENT, binding_id
from vault.services.remarks import remarks_of
from vault.services.volets import vouching_names
from vault.services.writing import NoSuchEntryError

ATTEMPTS = 20


class NoSuchCarnetError(CallerError):
    """There is no such carnet, or it is already erased."""


@dataclass(frozen=True, slots=True)
class ForgetReport:
    entry_id: EntryId
    versions: int
    rows_deleted: int


@dataclass(frozen=True, slots=True)
class Gone:
    """What one ``forget`` leaf is about: the records of the entry, those beside it, the slots of what was
    proposed in its place."""

    entry: Appended
    own: tuple[RecordHead, ...]
    beside: tuple[RecordHead, ...]
    slots: frozenset[int]

    @property
    def heads(self) -> tuple[RecordHead, ...]:
        return (*self.own, *self.beside)

    @property
    def versions(self) -> int:
        return len({head.version for head in self.own})


Also = Callable[[Work, Gone], None]


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What went, by kind. Dry unless asked for real."""

    carnet_id: CarnetId
    for_real: bool
    counts: Mapping[str, int]


def forget_entry(
    parts: Parts, carnet_id: CarnetId, entry_id: EntryId, *, actor: Actor, also: Also | None = None
) -> ForgetReport:
    """Forget every version of an entry for good, with all that stands beside it: observations, replies,
    what is proposed in its place, the dates kept of it. ``also``: what becomes true in the same transaction.
    Raises NoSuchEntryError."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=agents_of(actor))
    with parts.data.change() as work:
        gone = mark_forgotten(work, parts, carnet_id, entry_id, journals=journals, actor=actor)
        if also is not None:
            also(work, gone)
        work.commit()
    return ForgetReport(entry_id, gone.versions, finish_forgetting(parts, gone.heads, gone.slots))


def mark_forgotten(
    work: Work, parts: Parts, carnet_id: CarnetId, entry_id: EntryId, *, journals: Journals, actor: Actor
) -> Gone:
    """Under the head lock: the leaf, and nobody is shown any of it from now on. Raises NoSuchEntryError."""
    heads = work.heads(carnet_id)
    mine = [head for head in heads if head.entry_id == entry_id and head.kind is RecordKind.ENTRY]
    if not mine or all(head.state is EntryState.FORGOTTEN for head in mine):
        raise NoSuchEntryError("no such entry in this carnet")
    beside = remarks_of(heads, entry_id)
    for one in {head.entry_id for head in (*mine, *beside)}:
        work.set_entry_state(carnet_id, one, EntryState.FORGOTTEN)
    work.set_path_dates(carnet_id, entry_id, ())
    work.add_tombstone(TombstoneRow(carnet_id, entry_id, field_of(mine[0].compartment), work.now))
    slots = drop_proposals_on(
        work, carnet_id, entry_id, only_of=_only_of(parts, field_of(mine[0].compartment))
    )
    about = AboutContent(
        carnet_id=carnet_id,
        fields=tuple(sorted({head.compartment for head in mine})),
        reason=f"entry {entry_id}",
    )
    entry = work.append(
        draft(
            Op.FORGET,
            Outcome.GRANTED,
            journals=journals,
            actor=actor,
            carnet_id=carnet_id,
            about=about,
            random=parts.random,
        )
    )
    return Gone(entry, tuple(mine), tuple(beside), frozenset(slots))


def _only_of(parts: Parts, field_id: FieldId) -> FieldId | None:
    """The field, when it holds one entry at most; or is not known any more."""
    try:
        return None if parts.catalogue.field(field_id).collection else field_id
    except UnknownFieldError:
        return field_id


def finish_forgetting(
    parts: Parts, heads: Sequence[RecordHead], also_slots: Collection[int] = frozenset()
) -> int:
    """Puncture the slots of entries marked forgotten (and ``also_slots``, of what was proposed in the place
    of the only one), then delete their rows. Repeatable."""
    deleted = 0
    for carnet_id in {head.carnet_id for head in heads}:
        mine = [head for head in heads if head.carnet_id == carnet_id]
        puncture(parts, carnet_id, {head.slot for head in mine} | set(also_slots))
        _compact(parts)  # even if an earlier attempt punctured: it may have died right after
        with parts.data.change() as work:
            for entry_id in {head.entry_id for head in mine}:
                deleted += work.delete_records(carnet_id, entry_id)
            work.commit()
    return deleted


def puncture(parts: Parts, carnet_id: CarnetId, slots: set[int]) -> None:
    """Replace S_p by one that cannot reach ``slots``. Nothing to do when the carnet is erased."""
    name: SecretName = ("shred", carnet_id)
    for _ in range(ATTEMPTS):
        row = parts.rows.rows([name]).get(name)
        if row is None:
            return
        tree = ShredTree.from_bytes(parts.rows.load([name])[name])
        punctured = tree.puncture(slots)
        if punctured == tree:
            return
        new = parts.rows.make("shred", carnet_id, punctured.to_bytes(), version=row.version + 1)
        if parts.keystore.replace_secret(new):
            return
    raise RuntimeError("the key store keeps changing under this carnet")


def erase_carnet(
    parts: Parts,
    carnet_id: CarnetId,
    *,
    for_real: bool,
    actor: Actor,
    check: Callable[[], None] = lambda: None,
) -> ErasureReport:
    """Erase a carnet, in both stores. Without ``for_real`` counts what would go. ``check`` is asked under the
    head lock, and what it raises keeps the carnet. Raises NoSuchCarnetError."""
    carnet = parts.data.carnet(carnet_id)
    if carnet is None or not carnet.open:
        raise NoSuchCarnetError("no such carnet")
    if not for_real:
        return ErasureReport(carnet_id, False, _counts(parts, carnet_id))
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id])
    with parts.data.change() as work:
        check()
        for row in work.grants_of(carnet_id):
            if row.grant.state is GrantState.GRANTED:
                work.keep_once_held(row.grant, until=work.now + ONCE_HELD)
        work.close_carnet(carnet_id)
        work.append(
            draft(
                Op.ERASE,
                Outcome.GRANTED,
                journals=journals,
                actor=actor,
                carnet_id=carnet_id,
                about=AboutContent(carnet_id=carnet_id),
                random=parts.random,
            )
        )
        work.commit()
    return ErasureReport(carnet_id, True, finish_erasure(parts, carnet_id))


def finish_erasure(parts: Parts, carnet_id: CarnetId) -> Mapping[str, int]:
    """K, then the rows of D, of a carnet whose ``erase`` leaf stands. Repeatable."""
    names: list[SecretName] = [
        ("own", carnet_id),
        ("shred", carnet_id),
        ("journal", carnet_id),
        ("box", carnet_id),
        ("notice", carnet_id),
        ("pause", carnet_id),
        ("answered", carnet_id),
    ]
    grants = [row.grant.id for row in parts.data.grants_of(carnet_id)]
    grants += parts.data.spoiled_grants(carnet_id)
    names += [name(grant_id) for grant_id in grants for name in (grant_name, hold_name)]
    names += [binding_name(REFERENT, binding_id(row)) for row in parts.data.referents_of(carnet_id)]
    mandates = [row.mandate_id for row in parts.data.mandates_of(carnet_id)]
    names += [binding_name(MANDATE, mandate_id) for mandate_id in mandates]
    names += vouching_names(parts, carnet_id)
    counts = {"keys": parts.keystore.delete_secrets(names)}
    counts["tags"] = parts.keystore.delete_tags(carnet_id)
    subjects = (carnet_id, *mandates)
    counts["sessions"] = sum(parts.keystore.end_sessions(subject=subject) for subject in subjects)
    _compact(parts)
    with parts.data.change() as work:
        counts |= work.erase_carnet(carnet_id)
        work.commit()
    return counts


def _compact(parts: Parts) -> None:
    """Raises StoreUnavailableError while a file of K may still hold what was destroyed: the rows of D then
    stay, and with them the finishing pass's reason to come back."""
    if not parts.keystore.compact():
        raise StoreUnavailableError("keys", "somebody still reads an older state")


def _counts(parts: Parts, carnet_id: CarnetId) -> dict[str, int]:
    return {
        "records": len(parts.data.heads(carnet_id)),
        "field_keys": len(parts.data.field_keys(carnet_id)),
        "grants": len(parts.data.grants_of(carnet_id)),
    }
