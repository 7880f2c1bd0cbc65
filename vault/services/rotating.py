"""New field keys, in the person's own session: what somebody who left may have copied opens nothing written
or resealed since.

A compartment is rotated when it is asked for in D (somebody left a structure that could read it) or when a
rotation began and was not finished, which its keys of several epochs say. For each:

1. grants that go on get a new G_g, sealed to the grantee's standing key, and wraps of all their fields under
   it: what an old seed and an old copy of D give opens no wrap made since;
2. a new F, one epoch on, wrapped for the owner and for every grant that goes on; it is then asked no more;
3. every version of every entry is sealed again under it, without a look at what it holds;
4. once none is left under an older epoch, the older keys go.

Sealing comes before, then one transaction of at most ``MOST`` rows under the head lock, in which nothing may
have moved since the look, which reads back and opens what it stored before it commits, with an entry. What
is small is one such step; what is large is several, and readers meanwhile hold the keys of both epochs.

What does not open is left as it was, keys and all, for somebody to look into, and costs its own compartment
or its own grant, never the others. A grant whose terms K does not vouch for keeps its key as it is; one of
which a wrap was spoiled gets a new key, or stays behind.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from schemas.ids import CarnetId, CompartmentId, GrantId
from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.crypto import (
    FieldKey,
    GrantKey,
    SlotSalt,
    grant_wrapping_key,
    key_id,
    owner_field_place,
    owner_grant_place,
    owner_wrapping_key,
    seal_grant_key,
    unwrap_key,
    wrap_key,
)
from vault.errors import BrokenError
from vault.services.entries import not_forgotten, own_field_keys, reseal_record, same_record
from vault.services.journal import Actor, draft
from vault.services.key_sources import OwnerAccess, public_keys
from vault.services.parts import Parts
from vault.services.ports import FieldKeyRow, RecordRow, Work
from vault.services.proposal_rewraps import rewrap_proposals
from vault.services.rotation_rows import (
    GoingOn,
    Guarded,
    Keys,
    RotationLook,
    RotationSight,
    RotationStep,
    at_of,
    of,
    sound_keys,
)
from vault.services.writing import RacedError, owner_secrets

MOST = 200  # rows in one transaction
STEPS = 20  # of fields, in one session: what is larger goes on in the next
ATTEMPTS = 20
MOST_RACES = 5  # over the key of one grant, before the others are looked after

log = logging.getLogger("carnet.rotation")


class NotAsStoredError(BrokenError):
    """What was read back is not what was stored: nothing of the step stands."""


@dataclass(frozen=True, slots=True)
class RotationReport:
    """What one call did. ``pending``: something is left for the person's next session."""

    compartments: int = 0
    records: int = 0
    pending: bool = False


def rotate_due(parts: Parts, owner: OwnerAccess, actor: Actor) -> RotationReport:
    """Rotate what is due in this carnet, as far as one session may. Raises nothing: whatever happens, she has
    come in, and what is left is for her next session."""
    try:
        if parts.data.rotations_asked(owner.carnet_id) or parts.data.rotations_begun(owner.carnet_id):
            return _Rotation(parts, owner, actor).run()
    except Exception as error:  # a fault here must not keep her out of her carnet
        log.warning("a rotation is left for later: %s", type(error).__name__)
        return RotationReport(pending=True)
    return RotationReport()


def rotate(
    parts: Parts, owner: OwnerAccess, compartments: Collection[CompartmentId], *, actor: Actor
) -> RotationReport:
    """Rotate these compartments now, and whatever else is due. Raises CarnetClosedError, UnavailableError,
    BrokenError; what was not done is done by ``rotate_due``."""
    with parts.data.change() as work:
        work.ask_rotation(owner.carnet_id, compartments)
        work.commit()
    return _Rotation(parts, owner, actor).run()


def rotation_pending(
    parts: Parts, carnet_id: CarnetId, compartments: Collection[CompartmentId] | None = None
) -> bool:
    """Whether some of these compartments (None: of all) still wait for their new keys, or are half done."""
    due = {*parts.data.rotations_asked(carnet_id), *parts.data.rotations_begun(carnet_id)}
    return bool(due if compartments is None else due & set(compartments))


class _Rotation:
    """One call: look, seal, store, until nothing is due or the session has done its share."""

    def __init__(self, parts: Parts, owner: OwnerAccess, actor: Actor) -> None:
        self._parts, self._owner, self._actor = parts, owner, actor
        self._carnet_id = owner.carnet_id
        self._renewed: set[GrantId] = set()
        self._raced: dict[GrantId, int] = {}
        self._broken: set[CompartmentId] = set()
        self._done: set[CompartmentId] = set()
        self._one_by_one = False  # after a step that broke, to find whose fault it was
        self._steps = self._records = 0
        self._journals = parts.journal_keys.load(now=parts.now(), carnets=[self._carnet_id])

    def run(self) -> RotationReport:
        races = 0
        while self._steps < STEPS and races < ATTEMPTS:
            try:
                if not self._one_step():
                    return self._report(pending=bool(self._broken))
            except RacedError:
                races += 1
        return self._report(pending=True)

    def _report(self, *, pending: bool) -> RotationReport:
        return RotationReport(len(self._done), self._records, pending)

    def _one_step(self) -> bool:
        """False when nothing is due, or nothing that can be done."""
        seen = self._see()
        self._broken |= seen.torn
        due = [one for one in seen.look.asked if one not in self._broken]
        concerned = {*due, *seen.look.begun()} - self._broken
        for reader in seen.readers:
            if self._needs_new_key(seen, reader, set(due), concerned):
                self._renew_or_leave(seen, reader)
                return True
        step = self._plan(seen, due)
        if not step.fields:
            return False
        storing = Guarded()
        with storing:
            self._store(seen, step)
        if storing.broke and len(step.fields) == 1:
            self._broken.update(step.fields)
        self._one_by_one |= storing.broke
        return True

    # --- looking -----------------------------------------------------------------------------------------

    def _see(self) -> RotationSight:
        instance, data = self._parts.instance, self._parts.data
        secrets = owner_secrets(self._parts, self._owner)
        look = RotationLook(
            records=data.own_records(self._carnet_id, history=True),
            field_keys=data.field_keys(self._carnet_id),
            grants=data.standing_grants(self._carnet_id),
            asked=data.rotations_asked(self._carnet_id),
        )
        keys, torn = sound_keys(look.field_keys, secrets, instance)
        readers = self._readers(look)
        held = {
            one.row.grant.id: one.opened(instance, secrets, data.grant_keys(one.row.grant.id))
            for one in readers
        }
        return RotationSight(look, secrets, keys, torn, readers, held)

    def _readers(self, look: RotationLook) -> list[GoingOn]:
        """Grants that go on: not over, not cut, and sealed to a key that stands. The key store is asked after
        the data store: a key that a grant names is there, unless that grant opens for nobody any more."""
        parts, now = self._parts, self._parts.now()
        live = [row for row in look.grants if now < row.grant.terms.ends_at]
        secrets = parts.owner_keys.grants(self._owner, [row.grant.id for row in live])
        agreed = parts.owner_keys.agreed(self._owner, [row.grant.terms for row in live])
        found = []
        for row in live:
            terms = row.grant.terms
            named = {key_id(public).hex(): public for public in public_keys(parts.rows, terms.grantee)}
            if row.grant.id in secrets and terms.key_id in named:
                secret, public = secrets[row.grant.id], named[terms.key_id]
                found.append(GoingOn(row, secret, public, row.grant.id in agreed))
        return found

    # --- 1: the key of a grant ---------------------------------------------------------------------------

    def _needs_new_key(
        self, seen: RotationSight, reader: GoingOn, due: set[CompartmentId], concerned: set[CompartmentId]
    ) -> bool:
        """Once a call, and only under terms that she agreed to. Not while that would lose the only wrap that
        opens of a key that hers does not give."""
        id_ = reader.row.grant.id
        if id_ in self._renewed or not reader.agreed or reader.reads & seen.torn & seen.held[id_][1]:
            return False
        return bool(reader.reads & due or seen.short(reader) & concerned)

    def _renew_or_leave(self, seen: RotationSight, reader: GoingOn) -> None:
        """A row of this grant that breaks, or that never is as it was, costs this grant alone."""
        renewing = Guarded()
        try:
            with renewing:
                self._renew(seen, reader)
        except RacedError:
            id_ = reader.row.grant.id
            self._raced[id_] = self._raced.get(id_, 0) + 1
            if self._raced[id_] < MOST_RACES:
                raise
        self._renewed.add(reader.row.grant.id)

    def _renew(self, seen: RotationSight, reader: GoingOn) -> None:
        """A new G_g for one grant, with every field of it wrapped again."""
        row, instance, secrets = reader.row, self._parts.instance, seen.secrets
        terms, under_own = row.grant.terms, owner_wrapping_key(secrets.own)
        place = owner_grant_place(instance, self._carnet_id, terms.grant_id)
        key = GrantKey(self._parts.random(32))
        new = replace(
            row,
            sealed_key=seal_grant_key(key, public_key=reader.public, terms=row.terms),
            owner_wrap=wrap_key(key, under=under_own, place=place),
        )
        mine = of(seen.held[terms.grant_id][0], seen.torn & reader.reads) | of(seen.keys, reader.reads)
        under = grant_wrapping_key(reader.secret, key)
        wraps = [reader.wrap(instance, at, one, under) for at, one in mine.items()]
        about = AboutContent(
            carnet_id=self._carnet_id,
            grant_id=terms.grant_id,
            fields=terms.compartments,
            reason="grant key",
        )
        with self._parts.data.change() as work:
            seen.look.check(self._parts, work, self._carnet_id)
            if not work.move_grant(row, new):
                raise RacedError
            work.replace_grant_keys(self._carnet_id, terms.grant_id, wraps)
            proposed = (self._carnet_id, terms.grant_id, key, reader.secret, secrets)
            rewrap_proposals(work, *proposed, instance=instance)
            found = [one for one in work.standing_grants(self._carnet_id) if one.grant.id == terms.grant_id]
            if found != [new]:
                raise NotAsStoredError("the key of a grant")
            kept = GrantKey(unwrap_key(found[0].owner_wrap, under=under_own, place=place))
            if reader.unwrap(instance, work.grant_keys(self._carnet_id, terms.grant_id), kept) != mine:
                raise NotAsStoredError("the wraps of a grant")
            self._append(work, about)
            work.commit()

    # --- 2 to 4: the keys of fields ----------------------------------------------------------------------

    def _plan(self, seen: RotationSight, due: Sequence[CompartmentId]) -> RotationStep:
        """As much as one transaction may hold: what has begun first. Adds the new keys to ``seen.keys``."""
        step, begun = RotationStep(), seen.look.begun()
        for compartment in dict.fromkeys([*begun, *due]):
            if compartment in self._broken or (self._one_by_one and step.fields):
                continue
            adding = Guarded()
            with adding:
                self._add(step, seen, compartment, fresh=compartment not in begun)
            if adding.broke:  # what does not open stays as it is, and its keys with it
                self._broken.add(compartment)
        return step

    def _add(
        self, step: RotationStep, seen: RotationSight, compartment: CompartmentId, *, fresh: bool
    ) -> None:
        secrets, instance, keys = seen.secrets, self._parts.instance, seen.keys
        epochs = seen.look.epochs(compartment)
        if not epochs:  # never written nor shared: nobody has a key of it
            step.begun.append(compartment)
            return
        covering = [one for one in seen.readers if compartment in one.reads - seen.short(one)]
        epoch = max(epochs) + fresh
        old = [
            row
            for row in not_forgotten(seen.look.records, secrets.shred)
            if row.head.compartment == compartment and row.head.epoch != epoch
        ]
        dropped = sum(one < epoch for one in epochs) * (1 + len(covering))
        room = MOST - step.rows - dropped - fresh * (1 + len(covering))
        if room < min(len(old), 1) and step.rows:
            return  # in the next step
        taken = old[: max(room, 1)]
        new = FieldKey(self._parts.random(32)) if fresh else keys[compartment, epoch]
        salts = secrets.shred.salts({row.head.slot for row in taken})
        resealed = [
            (row, self._resealed(row, keys[at_of(row.head)], new, salts[row.head.slot], epoch))
            for row in taken
        ]
        if fresh:
            under = owner_wrapping_key(secrets.own)
            place = owner_field_place(instance, self._carnet_id, compartment, epoch)
            at = (compartment, epoch)
            wraps = [one.wrap(instance, at, new, one.under(instance, secrets)) for one in covering]
            step.keys.append(FieldKeyRow(self._carnet_id, *at, wrap_key(new, under=under, place=place)))
            step.wraps += wraps
            step.begun.append(compartment)
            keys[at] = new
        step.readers[compartment] = covering
        step.resealed += resealed
        if len(taken) == len(old):
            step.ended[compartment] = epoch
            step.dropped += dropped

    def _resealed(
        self, row: RecordRow, former: FieldKey, new: FieldKey, salt: SlotSalt, epoch: int
    ) -> RecordRow:
        head = row.head._replace(epoch=epoch)
        return reseal_record(row, keys=(former, new), salt=salt, head=head, instance=self._parts.instance)

    def _store(self, seen: RotationSight, step: RotationStep) -> None:
        about = AboutContent(
            carnet_id=self._carnet_id,
            fields=tuple(step.fields),
            digests=tuple(sha256(after.record).hexdigest() for _, after in step.resealed),
            reason="rotation",
        )
        with self._parts.data.change() as work:
            seen.look.check(self._parts, work, self._carnet_id)
            for key in step.keys:
                work.add_field_key(key)
            work.add_grant_keys(self._carnet_id, step.wraps)
            work.rotation_begun(self._carnet_id, step.begun)
            for before, after in step.resealed:
                if not work.reseal(after, former_epoch=before.head.epoch):
                    raise RacedError
            for compartment, epoch in step.ended.items():
                work.drop_epochs(self._carnet_id, compartment, before=epoch)
            self._read_back(work, seen, step)
            self._append(work, about)
            work.commit()
        self._steps += 1  # renewing the key of a grant is none: it must not use up every session
        self._done.update(step.ended)
        self._records += len(step.resealed)

    def _read_back(self, work: Work, seen: RotationSight, step: RotationStep) -> None:
        """What this transaction stored opens to what was there before. Raises NotAsStoredError, OpenError."""
        fields, instance, keys = set(step.fields), self._parts.instance, seen.keys
        rows = [row for row in work.field_keys(self._carnet_id) if row.compartment in fields]
        stored = own_field_keys(rows, seen.secrets, instance)
        if any(keys[at] != key for at, key in stored.items()):
            raise NotAsStoredError("a field key")
        for reader in seen.readers:
            mine = {one for one, covering in step.readers.items() if reader in covering}
            if not mine:
                continue
            wraps = work.grant_keys(self._carnet_id, reader.row.grant.id)
            found, spoiled = reader.opened(instance, seen.secrets, wraps)
            if spoiled & mine or of(found, mine) != of(stored, mine):
                raise NotAsStoredError("the wraps of a grant")
        self._read_back_records(work, seen, step, stored)

    def _read_back_records(self, work: Work, seen: RotationSight, step: RotationStep, stored: Keys) -> None:
        instance = self._parts.instance
        found = {row.head[:4]: row for row in work.records_in(self._carnet_id, set(step.fields))}
        salts = seen.secrets.shred.salts({row.head.slot for row, _ in step.resealed})
        for before, after in step.resealed:
            now = found[after.head[:4]]
            pair = (seen.keys[at_of(before.head)], stored[at_of(now.head)])
            if now.head != after.head or not same_record(
                before, now, keys=pair, salt=salts[now.head.slot], instance=instance
            ):
                raise NotAsStoredError("a record")

    def _append(self, work: Work, about: AboutContent) -> None:
        entry = draft(
            Op.KEY_CHANGE,
            Outcome.GRANTED,
            journals=self._journals,
            actor=self._actor,
            carnet_id=self._carnet_id,
            about=about,
            random=self._parts.random,
            field_count=len(about.fields),
        )
        work.append(entry)
