"""What stands beside entries, by the clear columns alone; how a remark is checked and sealed.

An observation and a reply are records of their own (docs/formats/record.md): each in every compartment its
author reads, in a slot of its own. Whatever forgets, freezes or counts an entry asks ``remarks_of``.
"""

from collections.abc import Collection, Mapping, Sequence

from schemas.ids import CarnetId, CompartmentId, EntryId
from schemas.names import EntryState, RecordKind
from vault.carnet.remarks import RemarkBody
from vault.crypto import FieldKey, ShredTree, seal_record
from vault.errors import CallerError
from vault.services.entries import context_of
from vault.services.parts import SCHEMA_VERSION, Parts
from vault.services.ports import RecordHead, RecordRow

LONGEST = 2000  # characters: a page of handwriting; longer is not read beside a value
MOST_OBSERVATIONS = 10  # standing on one entry: all of them are always shown
MOST_REPLIES = 10  # standing on one observation, hers to maintain it included
SLOTS_FOR_REMARKS = 60_000  # of 65 536: whatever is said beside them, values go on having room
STANDING = (EntryState.CURRENT, EntryState.FROZEN)


class RemarkRefusedError(CallerError):
    """These words cannot be kept; ``sentence`` says why, in French, and ``pointer`` where."""

    def __init__(self, sentence: str, pointer: str = "/text") -> None:
        super().__init__("a remark was refused")
        self.pointer, self.sentence = pointer, sentence


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
        raise RemarkRefusedError(f"Ce texte est trop long\u202f: {LONGEST} caractères au plus.")
    if any(not (sign.isprintable() or sign == "\n") for sign in words):
        raise RemarkRefusedError("Ce texte contient un signe qui ne s’affiche pas.")
    return words


def check_room(heads: Sequence[RecordHead], beside: EntryId, kind: RecordKind, next_slot: int) -> None:
    """Raises RemarkRefusedError when as many stand there as are shown."""
    found = {
        head.entry_id
        for head in heads
        if head.kind is kind and head.on_entry == beside and head.state in STANDING
    }
    most = MOST_OBSERVATIONS if kind is RecordKind.OBSERVATION else MOST_REPLIES
    if len(found) >= most or next_slot >= SLOTS_FOR_REMARKS:
        raise RemarkRefusedError(f"Il y a déjà {most} textes ici, et c’est le maximum.", "")


def seal_remark(
    parts: Parts,
    body: RemarkBody,
    remark_id: EntryId,
    *,
    carnet_id: CarnetId,
    slot: int,
    keys: Mapping[CompartmentId, tuple[int, FieldKey]],
    shred: ShredTree,
) -> list[RecordRow]:
    """One record in each of these compartments, under its key and epoch."""
    salt = shred.salts([slot])[slot]
    rows = []
    for compartment, (epoch, key) in sorted(keys.items()):
        head = RecordHead(
            carnet_id=carnet_id,
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
