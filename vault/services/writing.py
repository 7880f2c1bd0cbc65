"""The person writes in her carnet: seal first, then one short transaction with data and entry.

A field holds one entry; writing again makes a new version of it under the same slot. An entry that was
forgotten is never written again: the next answer is a new entry in a new slot. A field with two compartments
is answered once and written twice: coarse for most readers, exact for those she chooses one by one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from datetime import datetime
from hashlib import sha256

from schemas.fields import Fault
from schemas.ids import CarnetId, CompartmentId, EntryId, FieldId, new_id
from schemas.names import Agreement, AnswerKind, EntryState, Outcome, RecordKind
from vault.audit.events import AboutContent, Op
from vault.carnet.entries import JSON, Body, Entry
from vault.crypto import FieldKey, held_tag, owner_field_place, owner_wrapping_key, wrap_key
from vault.errors import CallerError
from vault.services.entries import own_field_keys, seal_body
from vault.services.journal import Actor, draft
from vault.services.key_sources import Journals, KeyGoneError, OwnerAccess, OwnerSecrets
from vault.services.parts import SCHEMA_VERSION, Parts
from vault.services.path_dates import dates_of
from vault.services.path_rows import PathDateRow
from vault.services.ports import CarnetRow, FieldKeyRow, RecordHead, RecordRow, Work
from vault.services.standing import check_acts
from vault.services.tombstones import check_not_forgotten

ATTEMPTS = 20
ALIVE = (EntryState.CURRENT, EntryState.FROZEN)
BY_PERSON = "person"


class InvalidValueError(CallerError):
    """The value is not one the catalogue accepts; ``faults`` say where and why, in French."""

    def __init__(self, field_id: FieldId, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} fault(s) in {field_id}")
        self.field_id, self.faults = field_id, tuple(faults)


class ReadOnlyFieldError(CallerError):
    """The field comes from the sign-in provider, or is a collection: not written this way."""


class RevisionConflictError(CallerError):
    """Somebody wrote meanwhile: ``current`` is what stands, ``seen`` what the writer had read."""

    def __init__(self, field_id: FieldId, *, seen: int, current: int) -> None:
        super().__init__(f"{field_id}: version {seen} is not the current one")
        self.field_id, self.seen, self.current = field_id, seen, current


class CarnetClosedError(CallerError):
    """The carnet was erased."""


class NoSuchEntryError(CallerError):
    """The carnet has no such entry, or it was already forgotten."""


class EntryFrozenError(CallerError):
    """It is set aside while a demand of hers is looked into: nothing of it changes meanwhile."""


class RacedError(Exception):
    """Another change came between sealing and the lock: look again, seal again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is written in a field: a value, or why there is none."""

    field_id: FieldId
    value: JSON = attribute(default=None, repr=False)
    kind: AnswerKind = attribute(default=AnswerKind.ANSWERED, repr=False)
    source: str = BY_PERSON
    author: str = BY_PERSON
    collected_at: datetime | None = None
    version: int | None = None  # the one the writer has seen; None: whatever stands
    entry_id: EntryId | None = None  # which entry of a field that holds several; None: a new one
    agreement: Agreement | None = None  # hers; None: agreed when she writes, not collected otherwise
    anew: bool = False  # as another entry, in a slot of its own, beside what stands (which then goes)
    knowingly: bool = False  # she was shown that something was forgotten here, and wants it all the same


@dataclass(frozen=True, slots=True)
class Act:
    """By what name the log tells of a write, and what else becomes true in its very transaction, under the
    head lock, just before the commit; what ``also`` raises undoes everything."""

    op: Op = Op.WRITE
    reason: str | None = None
    also: Callable[[Work], None] | None = None


WRITE = Act()


@dataclass(frozen=True, slots=True)
class _Sealed:
    rows: tuple[RecordRow, ...]
    new_keys: tuple[FieldKeyRow, ...]
    replaces: RecordHead | None
    slot_taken: bool
    entry: Entry
    dated: bool  # whether the catalogue remembers dates of this field
    dates: tuple[PathDateRow, ...]


def write_field(parts: Parts, owner: OwnerAccess, answer: Answer, *, actor: Actor) -> Entry:
    """Write one answer and its entry of the log. Raises InvalidValueError, ReadOnlyFieldError,
    RevisionConflictError, CarnetClosedError; nothing is half-written."""
    field = parts.catalogue.field(answer.field_id)
    if field.collection or (field.read_only and answer.source == BY_PERSON):
        raise ReadOnlyFieldError(answer.field_id)
    check_value(parts, answer)
    return write_answers(parts, owner, [answer], actor=actor)[0]


def write_entry(parts: Parts, owner: OwnerAccess, answer: Answer, *, actor: Actor) -> Entry:
    """Write one entry of a field that holds several: a new one, or a new version of ``answer.entry_id``.
    Raises as ``write_field``, and NoSuchEntryError when that entry does not stand."""
    if not parts.catalogue.field(answer.field_id).collection:
        raise ReadOnlyFieldError(answer.field_id)
    check_value(parts, answer)
    return write_answers(parts, owner, [answer], actor=actor)[0]


def check_value(parts: Parts, answer: Answer) -> None:
    """Raises InvalidValueError when the catalogue refuses the value."""
    if answer.kind is AnswerKind.ANSWERED:
        faults = parts.catalogue.validate_value(answer.field_id, answer.value)
        if faults:
            raise InvalidValueError(answer.field_id, faults)


def write_answers(
    parts: Parts, owner: OwnerAccess, answers: Sequence[Answer], *, actor: Actor, act: Act = WRITE
) -> list[Entry]:
    """Several checked answers in one transaction and one entry: a form is saved whole or not at all. Raises
    RevisionConflictError, CarnetClosedError, ForgottenHereError when somebody else says it where she had
    something forgotten, and what ``act`` does."""
    answers = [replace(answer, field_id=parts.catalogue.field(answer.field_id).id) for answer in answers]
    once = [
        (answer.field_id, answer.entry_id)
        for answer in answers
        if answer.entry_id is not None or not parts.catalogue.field(answer.field_id).collection
    ]
    if len(set(once)) < len(once):
        raise ValueError("a form answers each field once")
    if not answers:
        return []
    now = parts.now()
    secrets = owner_secrets(parts, owner)
    journals = parts.journal_keys.load(now=now, carnets=[owner.carnet_id])
    for _ in range(ATTEMPTS):
        try:
            return _write_once(parts, owner.carnet_id, answers, secrets, journals, actor, act)
        except RacedError:
            continue
    raise RevisionConflictError(answers[0].field_id, seen=0, current=0)


def owner_secrets(parts: Parts, owner: OwnerAccess) -> OwnerSecrets:
    """Her keys, to write or to share. Raises CarnetClosedError when the carnet was erased."""
    try:
        return parts.owner_keys.load(owner)
    except KeyGoneError:
        carnet = parts.data.carnet(owner.carnet_id)
        if carnet is not None and carnet.open:
            raise
        raise CarnetClosedError("this carnet is closed") from None


def _write_once(
    parts: Parts,
    carnet_id: CarnetId,
    answers: Sequence[Answer],
    secrets: OwnerSecrets,
    journals: Journals,
    actor: Actor,
    act: Act,
) -> list[Entry]:
    carnet = parts.data.carnet(carnet_id)
    if carnet is None or not carnet.open:
        raise CarnetClosedError("this carnet is closed")
    by_others = [one.field_id for one in answers if one.author != BY_PERSON and not one.knowingly]
    check_not_forgotten(parts, carnet_id, by_others)
    sealer = _Sealer(parts, carnet, secrets, journals)
    sealed = [sealer.seal(answer) for answer in answers]
    about = AboutContent(
        carnet_id=carnet_id,
        fields=tuple(CompartmentId(answer.field_id) for answer in answers),
        digests=tuple(sha256(row.record).hexdigest() for one in sealed for row in one.rows),
        reason=act.reason,
    )
    entry = draft(
        act.op,
        Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=carnet_id,
        about=about,
        random=parts.random,
        field_count=len(answers),
    )
    with parts.data.change() as work:
        check_acts(parts, actor)
        _store(parts, work, carnet, sealer.heads, sealed)
        if act.also is not None:
            act.also(work)
        work.append(entry)
        work.commit()
    return [one.entry for one in sealed]


def _store(
    parts: Parts, work: Work, carnet: CarnetRow, seen: Sequence[RecordHead], sealed: Sequence[_Sealed]
) -> None:
    """Under the lock: what was looked at must still stand, else look again."""
    stands = work.carnet(carnet.carnet_id)
    if stands is None or not stands.open:
        raise CarnetClosedError("this carnet is closed")
    if stands.next_slot != carnet.next_slot or _alive(work.heads(carnet.carnet_id)) != _alive(seen):
        raise RacedError
    _check_keys_stand(parts, carnet.carnet_id, sealed)
    for one in sealed:
        if one.slot_taken:
            work.take_slot(carnet.carnet_id)
        if one.replaces is not None:
            work.set_entry_state(
                carnet.carnet_id, one.replaces.entry_id, EntryState.REPLACED, version=one.replaces.version
            )
        for key in one.new_keys:
            work.add_field_key(key)
        for row in one.rows:
            work.add_record(row)
        if one.dated:
            work.set_path_dates(carnet.carnet_id, one.entry.entry_id, one.dates)


def _check_keys_stand(parts: Parts, carnet_id: CarnetId, sealed: Sequence[_Sealed]) -> None:
    """Under the lock: raises RacedError when a share or another answer made one of the new keys meanwhile, or
    when a compartment has a newer key than the one sealed under (it was rotated)."""
    new = {(key.compartment, key.epoch) for one in sealed for key in one.new_keys}
    used = {(row.head.compartment, row.head.epoch) for one in sealed for row in one.rows} - new
    known = sorted((row.compartment, row.epoch) for row in parts.data.field_keys(carnet_id))
    newest = dict(known)
    if not new.isdisjoint(known) or any(newest.get(place) != epoch for place, epoch in used):
        raise RacedError


def _alive(heads: Sequence[RecordHead]) -> set[tuple[EntryId, CompartmentId, int, EntryState]]:
    return {
        (head.entry_id, head.compartment, head.version, head.state) for head in heads if head.state in ALIVE
    }


class _Sealer:
    """Seals answers against one look at the carnet, taking new slots in order."""

    def __init__(self, parts: Parts, carnet: CarnetRow, secrets: OwnerSecrets, journals: Journals) -> None:
        self._parts, self._carnet, self._secrets = parts, carnet, secrets
        self._journal = journals.journals[carnet.carnet_id]
        self._next_slot = carnet.next_slot
        self.heads = parts.data.heads(carnet.carnet_id)
        self._keys = own_field_keys(parts.data.field_keys(carnet.carnet_id), secrets, parts.instance)

    def seal(self, answer: Answer) -> _Sealed:
        stands = self._standing(answer)
        if stands is not None and stands.state is EntryState.FROZEN:  # a new version would thaw it unseen
            raise EntryFrozenError("this entry is frozen")
        if answer.version is not None and answer.version != (stands.version if stands else 0):
            raise RevisionConflictError(
                answer.field_id, seen=answer.version, current=stands.version if stands else 0
            )
        entry_id = stands.entry_id if stands else EntryId(new_id())
        slot = stands.slot if stands else self._take_slot()
        version = stands.version + 1 if stands else 1
        new_keys: list[FieldKeyRow] = []
        rows: list[RecordRow] = []
        exact = Body(
            value=answer.value if answer.kind is AnswerKind.ANSWERED else None,
            answer=answer.kind,
            source=answer.source,
            author=answer.author,
            collected_at=answer.collected_at or self._parts.now(),
            agreement=answer.agreement or _agreement_of(answer.author),
        )
        compartments = self._parts.catalogue.field(answer.field_id).compartments()
        for compartment in compartments:
            body = exact if compartment is compartments[-1] else self._coarse(answer.field_id, exact)
            key, epoch = self._key(compartment.id, new_keys)
            head = self._head(entry_id, compartment.id, version, slot, epoch, holds=body.holds)
            salt = self._secrets.shred.salts([slot])[slot]
            rows.append(seal_body(body, head, key=key, salt=salt, instance=self._parts.instance))
        entry = Entry(
            entry_id, answer.field_id, rows[-1].head.compartment, version, EntryState.CURRENT, exact
        )
        field = self._parts.catalogue.field(answer.field_id)
        dates = dates_of(
            field, exact, carnet_id=self._carnet.carnet_id, entry_id=entry_id, journal=self._journal
        )
        return _Sealed(
            tuple(rows), tuple(new_keys), stands, stands is None, entry, bool(field.marks), tuple(dates)
        )

    def _standing(self, answer: Answer) -> RecordHead | None:
        """What the answer makes a new version of. Raises NoSuchEntryError."""
        if answer.anew:
            return None
        mine = (
            head
            for head in self.heads
            if head.state in ALIVE
            and head.kind is RecordKind.ENTRY
            and head.compartment == CompartmentId(answer.field_id)
        )
        if not self._parts.catalogue.field(answer.field_id).collection:
            return next(mine, None)
        if answer.entry_id is None:
            return None
        found = next((head for head in mine if head.entry_id == answer.entry_id), None)
        if found is None:
            raise NoSuchEntryError("no such entry in this field")
        return found

    def _take_slot(self) -> int:
        slot, self._next_slot = self._next_slot, self._next_slot + 1
        return slot

    def _coarse(self, field_id: FieldId, exact: Body) -> Body:
        coarse = self._parts.catalogue.coarse(field_id, exact.value) if exact.holds else None
        return Body(coarse, exact.answer, exact.source, exact.author, exact.collected_at, exact.agreement)

    def _head(
        self,
        entry_id: EntryId,
        compartment: CompartmentId,
        version: int,
        slot: int,
        epoch: int,
        *,
        holds: bool,
    ) -> RecordHead:
        held = (
            held_tag(self._journal, f"{entry_id} {compartment}", version) if holds else self._parts.random(8)
        )
        return RecordHead(
            carnet_id=self._carnet.carnet_id,
            entry_id=entry_id,
            compartment=compartment,
            version=version,
            slot=slot,
            epoch=epoch,
            schema_version=SCHEMA_VERSION,
            state=EntryState.CURRENT,
            held=held,
        )

    def _key(self, compartment: CompartmentId, new_keys: list[FieldKeyRow]) -> tuple[FieldKey, int]:
        """The compartment's newest key, made when there is none."""
        epochs = [epoch for known, epoch in self._keys if known == compartment]
        if epochs:
            return self._keys[compartment, max(epochs)], max(epochs)
        key, row = new_field_key(self._parts, self._carnet.carnet_id, compartment, self._secrets)
        self._keys[compartment, row.epoch] = key
        new_keys.append(row)
        return key, row.epoch


def _agreement_of(author: str) -> Agreement:
    return Agreement.AGREED if author == BY_PERSON else Agreement.NOT_COLLECTED


def new_field_key(
    parts: Parts, carnet_id: CarnetId, compartment: CompartmentId, secrets: OwnerSecrets
) -> tuple[FieldKey, FieldKeyRow]:
    """A fresh F for a compartment, and its owner wrap (epoch 1)."""
    key = FieldKey(parts.random(32))
    place = owner_field_place(parts.instance, carnet_id, compartment, 1)
    wrapped = wrap_key(key, under=owner_wrapping_key(secrets.own), place=place)
    return key, FieldKeyRow(carnet_id, compartment, 1, wrapped)
