"""She puts her own words beside an entry, maintains them, or takes them back.

- An observation is published as it is written: nobody approves it, edits it or hides it. It is bound to the
  version of the entry she read, and stands in every form of it: whoever reads the one reads the other.
- It stays beside later versions. It is destroyed with the entry, or when she takes it back: its slot and
  those of the replies to it are punctured, as for whatever is forgotten.
- To maintain an observation after a reply is a reply of hers to herself, with or without words.
- Before she writes she reads: a look of hers at the entry (one ``read_own`` entry), then what she says, with
  its own entry of the log in the same transaction.
"""

from schemas.ids import EntryId, new_id
from schemas.names import EntryState, Outcome, RecordKind
from vault.audit.events import AboutContent, Op
from vault.carnet.entries import Entry, field_of
from vault.carnet.remarks import Observation, Remark, RemarkBody
from vault.errors import CallerError
from vault.services.entries import own_field_keys
from vault.services.journal import Actor, draft
from vault.services.key_sources import Journals, OwnerAccess, OwnerSecrets
from vault.services.leaving import finish_forgetting
from vault.services.own_carnet import read_own_carnet
from vault.services.parts import Parts
from vault.services.ports import RecordHead
from vault.services.remarks import (
    NoSuchObservationError,
    about_remark,
    checked_words,
    forms_of,
    newest,
    remarks_of,
    seal_remark,
    store_remark,
)
from vault.services.standing import check_acts
from vault.services.writing import (
    ALIVE,
    ATTEMPTS,
    BY_PERSON,
    CarnetClosedError,
    NoSuchEntryError,
    RacedError,
    RevisionConflictError,
    owner_secrets,
)


class NotAnsweredError(CallerError):
    """Nobody answered since she last spoke: there is nothing to maintain."""


def observe(
    parts: Parts,
    owner: OwnerAccess,
    entry_id: EntryId,
    text: str,
    *,
    actor: Actor,
    version: int | None = None,
) -> Observation:
    """Put her words beside an entry, whatever its author. ``version``: the one she read; None: the one that
    stands. Raises RemarkRefusedError, NoSuchEntryError, RevisionConflictError, CarnetClosedError."""
    words = checked_words(text)
    entry = look_at_entry(parts, owner, entry_id, actor=actor)
    if version is not None and version != entry.version:
        raise RevisionConflictError(entry.field_id, seen=version, current=entry.version)
    body = RemarkBody(
        kind=RecordKind.OBSERVATION,
        on_entry=entry_id,
        on_version=entry.version,
        answers=None,
        text=words,
        author=BY_PERSON,
        source=BY_PERSON,
        said_at=parts.now(),
        version_at=entry.body.collected_at,
    )
    return Observation(_say(parts, owner, entry, body, Op.OBSERVE, actor), body)


def maintain(
    parts: Parts, owner: OwnerAccess, observation_id: EntryId, text: str = "", *, actor: Actor
) -> Observation:
    """Say, after a reply, that her observation stands. Raises as ``observe``, NoSuchObservationError,
    NotAnsweredError when nobody answered since she last spoke."""
    words = checked_words(text, empty=True)
    entry, observation = look_at_observation(parts, owner, observation_id, actor=actor)
    if not observation.replies or observation.replies[-1].body.author == BY_PERSON:
        raise NotAnsweredError("nobody answered")
    body = observation.body._replace(
        kind=RecordKind.REPLY, answers=observation_id, text=words, said_at=parts.now()
    )
    reply = Remark(_say(parts, owner, entry, body, Op.REPLY, actor), body)
    return observation._replace(replies=(*observation.replies, reply))


def take_back(parts: Parts, owner: OwnerAccess, observation_id: EntryId, *, actor: Actor) -> None:
    """Destroy her observation and the replies to it, for everybody and in every backup of D. Raises
    NoSuchObservationError, CarnetClosedError."""
    carnet_id = owner.carnet_id
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id])
    with parts.data.change() as work:
        carnet = work.carnet(carnet_id)
        if carnet is None or not carnet.open:
            raise CarnetClosedError("this carnet is closed")
        check_acts(parts, actor)
        every = work.heads(carnet_id)
        hers = [head for head in every if _is(head, observation_id)]
        if not hers:
            raise NoSuchObservationError("no such observation in this carnet")
        gone = hers + [head for head in remarks_of(every, observation_id) if head.state in ALIVE]
        for one in sorted({head.entry_id for head in gone}):
            work.set_entry_state(carnet_id, one, EntryState.FORGOTTEN)
        about = AboutContent(
            carnet_id=carnet_id,
            entry_id=observation_id,
            fields=tuple(sorted({head.compartment for head in hers})),
        )
        work.append(
            draft(
                Op.RETRACT,
                Outcome.GRANTED,
                journals=journals,
                actor=actor,
                carnet_id=carnet_id,
                about=about,
                random=parts.random,
            )
        )
        work.commit()
    finish_forgetting(parts, gone)


def _is(head: RecordHead, observation_id: EntryId) -> bool:
    return head.entry_id == observation_id and head.kind is RecordKind.OBSERVATION and head.state in ALIVE


# --- what she looks at before ----------------------------------------------------------------------------


def look_at_entry(parts: Parts, owner: OwnerAccess, entry_id: EntryId, *, actor: Actor) -> Entry:
    """One entry of hers as it stands, exact, with what stands beside it. One ``read_own`` entry, also when
    there is none. Raises NoSuchEntryError, CarnetClosedError."""
    heads = parts.data.heads(owner.carnet_id)
    fields = {
        field_of(head.compartment)
        for head in heads
        if head.entry_id == entry_id and head.kind is RecordKind.ENTRY and head.state in ALIVE
    }
    carnet = read_own_carnet(parts, owner, actor=actor, fields=fields)
    found = next((one for one in carnet.entries if one.entry_id == entry_id), None)
    if found is None:
        raise NoSuchEntryError("no such entry in this carnet")
    return found


def look_at_observation(
    parts: Parts, owner: OwnerAccess, observation_id: EntryId, *, actor: Actor
) -> tuple[Entry, Observation]:
    """One observation of hers and the entry it stands beside. One ``read_own`` entry, also when there is
    none. Raises NoSuchObservationError, CarnetClosedError."""
    heads = parts.data.heads(owner.carnet_id)
    beside = {head.on_entry for head in heads if _is(head, observation_id)}
    try:
        entry = look_at_entry(parts, owner, next(iter(beside), None) or EntryId(""), actor=actor)
    except NoSuchEntryError:
        raise NoSuchObservationError("no such observation in this carnet") from None
    for observation in entry.observations:
        if observation.observation_id == observation_id:
            return entry, observation
    raise NoSuchObservationError("no such observation in this carnet")


# --- sealing and storing ---------------------------------------------------------------------------------


def _say(parts: Parts, owner: OwnerAccess, entry: Entry, body: RemarkBody, op: Op, actor: Actor) -> EntryId:
    """The id of the remark, kept in every form of the entry. Raises RevisionConflictError when others write
    all the time."""
    secrets = owner_secrets(parts, owner)
    journals = parts.journal_keys.load(now=parts.now(), carnets=[owner.carnet_id])
    for _ in range(ATTEMPTS):
        try:
            return _say_once(parts, owner, body, op, actor, secrets, journals)
        except RacedError:
            continue
    raise RevisionConflictError(entry.field_id, seen=entry.version, current=0)


def _say_once(
    parts: Parts,
    owner: OwnerAccess,
    body: RemarkBody,
    op: Op,
    actor: Actor,
    secrets: OwnerSecrets,
    journals: Journals,
) -> EntryId:
    carnet_id, remark_id = owner.carnet_id, EntryId(new_id())
    carnet = parts.data.carnet(carnet_id)
    if carnet is None or not carnet.open:
        raise CarnetClosedError("this carnet is closed")
    keys = own_field_keys(parts.data.field_keys(carnet_id), secrets, parts.instance)
    rows = seal_remark(
        parts,
        body,
        remark_id,
        carnet=carnet,
        keys=newest(keys, forms_of(parts.data.heads(carnet_id), body.on_entry)),
        shred=secrets.shred,
    )
    said = draft(
        op,
        Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=carnet_id,
        about=about_remark(rows, AboutContent(carnet_id=carnet_id, entry_id=body.beside)),
        random=parts.random,
        field_count=1,
    )
    with parts.data.change() as work:
        check_acts(parts, actor)
        store_remark(work, carnet, rows, body)
        work.append(said)
        work.commit()
    return remark_id
