"""What stands beside entries, by the clear columns alone; how a remark is checked and sealed.

An observation and a reply are records of their own (docs/formats/record.md): each in every compartment its
author reads, in a slot of its own. Whatever forgets, freezes or counts an entry asks ``remarks_of``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from schemas.ids import CompartmentId, EntryId
from schemas.names import EntryState, RecordKind
from vault.audit.events import AboutContent
from vault.carnet.entries import field_of
from vault.carnet.remarks import RemarkBody
from vault.crypto import FieldKey, ShredTree, seal_record
from vault.errors import CallerError
from vault.services.entries import context_of
from vault.services.parts import SCHEMA_VERSION, Parts
from vault.services.ports import CarnetRow, RecordHead, RecordRow, Work
from vault.services.writing import (
    ALIVE,
    BY_PERSON,
    CarnetClosedError,
    NoSuchEntryError,
    RacedError,
    RevisionConflictError,
)

LONGEST = 2000  # characters: a page of handwriting; longer is not read beside a value
MOST_OBSERVATIONS = 10  # standing on one entry: all of them are always shown
MOST_REPLIES = 10  # standing on one observation, hers to maintain it included
SLOTS_FOR_REMARKS = 60_000  # of 65 536: whatever is said beside them, values go on having room


class RemarkRefusedError(CallerError):
    """These words cannot be kept; ``sentence`` says why, in French, and ``pointer`` where."""

    def __init__(self, sentence: str, pointer: str = "/text") -> None:
        super().__init__("a remark was refused")
        self.pointer, self.sentence = pointer, sentence


class NoSuchObservationError(CallerError):
    """No observation of hers stands there, or not any more."""


def remarks_of(heads: Sequence[RecordHead], entry_id: EntryId) -> list[RecordHead]:
    """The observations on an entry and the replies to them, in whatever state. Also: the replies to an
    observation, by its own id."""
    first = [head for head in heads if head.kind is not RecordKind.ENTRY and head.on_entry == entry_id]
    answered = {head.entry_id for head in first}
    return first + [head for head in heads if head.on_entry in answered]


def checked_words(text: str, *, empty: bool = False) -> str:
    """As they are kept: lines and blanks as she wrote them, nothing around. Raises RemarkRefusedError."""
    words = "\n".join(line.rstrip() for line in text.splitlines()).strip()
    if not words and not empty:
        raise RemarkRefusedError("Écrivez quelques mots.")
    if len(words) > LONGEST:
        raise RemarkRefusedError(f"Ce texte est trop long\u00a0: {LONGEST} caractères au plus.")
    if any(not (sign.isprintable() or sign == "\n") for sign in words):
        raise RemarkRefusedError("Ce texte contient un signe qui ne s’affiche pas.")
    return words


def _check_room(heads: Sequence[RecordHead], body: RemarkBody) -> None:
    """Raises RemarkRefusedError when as many stand there as are shown."""
    found = {
        head.entry_id
        for head in heads
        if head.kind is body.kind and head.on_entry == body.beside and head.state in ALIVE
    }
    most = MOST_OBSERVATIONS if body.kind is RecordKind.OBSERVATION else MOST_REPLIES
    if len(found) >= most:
        raise _full(most)


def _full(most: int) -> RemarkRefusedError:
    return RemarkRefusedError(f"Il y a déjà {most} textes ici, et c’est le maximum.", "")


def seal_remark(
    parts: Parts,
    body: RemarkBody,
    remark_id: EntryId,
    *,
    carnet: CarnetRow,
    keys: Mapping[CompartmentId, tuple[int, FieldKey]],
    shred: ShredTree,
) -> list[RecordRow]:
    """One record in each of these compartments, under its key and epoch, in the carnet's next slot. Raises
    RacedError without a key: something was rotated or forgotten meanwhile."""
    slot, rows = carnet.next_slot, list[RecordRow]()
    if not keys:
        raise RacedError
    if slot >= SLOTS_FOR_REMARKS:
        raise _full(MOST_OBSERVATIONS)
    salt = shred.salts([slot])[slot]
    for compartment, (epoch, key) in sorted(keys.items()):
        head = RecordHead(
            carnet_id=carnet.carnet_id,
            entry_id=remark_id,
            compartment=compartment,
            version=1,
            slot=slot,
            epoch=epoch,
            schema_version=SCHEMA_VERSION,
            state=EntryState.CURRENT,
            held=parts.random(8),  # it is no value: nothing counts it as one
            kind=body.kind,
            on_entry=body.beside,
        )
        sealed = seal_record(body.to_bytes(), key=key, salt=salt, context=context_of(head, parts.instance))
        rows.append(RecordRow(head, sealed))
    return rows


def store_remark(work: Work, carnet: CarnetRow, rows: Sequence[RecordRow], body: RemarkBody) -> None:
    """Under the lock: what it stands beside still stands, the keys are the newest, there is room. Raises
    CarnetClosedError, NoSuchEntryError, NoSuchObservationError, RemarkRefusedError, RevisionConflictError
    when an observation is about another version by now, RacedError to look and seal again."""
    stands = work.carnet(carnet.carnet_id)
    if stands is None or not stands.open:
        raise CarnetClosedError("this carnet is closed")
    heads = work.heads(carnet.carnet_id)
    forms, sealed = forms_of(heads, body.on_entry), {row.head.compartment for row in rows}
    if not forms:
        raise NoSuchEntryError("no such entry in this carnet")
    if body.answers is not None and not any(is_observation(head, body.answers) for head in heads):
        raise NoSuchObservationError("no such observation in this carnet")
    if body.kind is RecordKind.OBSERVATION and set(forms.values()) != {body.on_version}:
        field_id = field_of(next(iter(forms)))
        raise RevisionConflictError(field_id, seen=body.on_version, current=max(forms.values()))
    _check_room(heads, body)
    whole = body.author != BY_PERSON or sealed == set(forms)  # she says it in every form of the entry
    epochs = {row.compartment: row.epoch for row in sorted(work.field_keys(carnet.carnet_id))}
    if stands.next_slot != carnet.next_slot or not whole or not sealed <= set(forms):
        raise RacedError
    if any(epochs.get(row.head.compartment) != row.head.epoch for row in rows):
        raise RacedError
    work.take_slot(carnet.carnet_id)
    for row in rows:
        work.add_record(row)


def forms_of(heads: Sequence[RecordHead], entry_id: EntryId) -> dict[CompartmentId, int]:
    """The compartments an entry stands in, and its version there; empty when it does not stand."""
    return {
        head.compartment: head.version
        for head in heads
        if head.entry_id == entry_id and head.kind is RecordKind.ENTRY and head.state in ALIVE
    }


def is_observation(head: RecordHead, observation_id: EntryId) -> bool:
    """Whether this is a record of that observation, which stands."""
    return head.entry_id == observation_id and head.kind is RecordKind.OBSERVATION and head.state in ALIVE


def about_remark(rows: Sequence[RecordRow], about: AboutContent) -> AboutContent:
    """With what was written: where, and the digest of each record."""
    return replace(
        about,
        fields=tuple(row.head.compartment for row in rows),
        digests=tuple(sha256(row.record).hexdigest() for row in rows),
    )


def newest(
    keys: Mapping[tuple[CompartmentId, int], FieldKey], compartments: Collection[CompartmentId]
) -> dict[CompartmentId, tuple[int, FieldKey]]:
    """Of each of these compartments, the key that new records are sealed under; those without one are
    absent."""
    found: dict[CompartmentId, tuple[int, FieldKey]] = {}
    for (compartment, epoch), key in sorted(keys.items()):
        if compartment in compartments:
            found[compartment] = (epoch, key)
    return found
