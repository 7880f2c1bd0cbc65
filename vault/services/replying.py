"""A professional who reads an entry answers the observation beside it. He never edits, hides or deletes it.

1. he reads: the same decision, the same entry of the log and the same refusals as any read (``reading``);
2. his words are sealed under the field keys of the grant he read by, with his own keys;
3. one transaction: he may still read, the observation still stands, his reply and its entry.

An observation that is not his to read, one that does not exist and a carnet that does not are one answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consent.grants import Grant
from schemas.ids import CarnetId, CompartmentId, EntryId, PurposeId, new_id
from schemas.names import Outcome, RecordKind, Right
from vault.audit.events import AboutContent, Op
from vault.carnet.entries import Entry
from vault.carnet.remarks import Observation, Remark, RemarkBody
from vault.errors import CallerError
from vault.services.authors import said_by
from vault.services.entries import granted_keys
from vault.services.journal import agents_of, draft
from vault.services.key_sources import CallerKeys
from vault.services.parts import Parts
from vault.services.ports import GrantRow, Work
from vault.services.reading import AccessEnded, FieldsView, NotShared, Reader, SharedRead, read_shared_fields
from vault.services.referents import holds_function, reading_habilitation
from vault.services.remarks import (
    NoSuchObservationError,
    about_remark,
    checked_words,
    is_observation,
    newest,
    seal_remark,
    store_remark,
)
from vault.services.writing import ATTEMPTS, CarnetClosedError, NoSuchEntryError, RacedError


class OnlyProfessionalsError(CallerError):
    """A system reads; only somebody answers."""


@dataclass(frozen=True, slots=True)
class Found:
    """An observation as its reader sees it, the entry it stands beside, and where he read both."""

    view: FieldsView
    entry: Entry
    observation: Observation
    places: frozenset[CompartmentId]


@dataclass(frozen=True, slots=True)
class Replied:
    """The observation with his reply, the last of them."""

    observation: Observation


def find_observation(
    parts: Parts,
    reader: Reader,
    carnet_id: CarnetId,
    observation_id: EntryId,
    *,
    purpose_id: PurposeId | None = None,
) -> Found | NotShared | AccessEnded:
    """Read the entry an observation stands beside. One ``read`` entry, whatever comes of it. Raises
    LogUnavailableError, and what a broken row raises."""
    grants = own_grants(parts, reader, carnet_id)
    heads = parts.data.heads(carnet_id) if grants else ()  # for a stranger every carnet weighs the same
    places = {head.compartment for head in heads if is_observation(head, observation_id)}
    purpose_id = purpose_id or reason_for(parts, grants, places)
    read = SharedRead(reader, carnet_id, purpose_id, parts.catalogue.in_order(places))
    (answer,) = read_shared_fields(parts, [read])
    if isinstance(answer, Exception):
        raise answer
    if not isinstance(answer, FieldsView):
        return answer
    found = [
        (place, entry, observation)
        for place in parts.catalogue.in_order(answer.fields)  # the exact form stands last
        for entry in answer.fields[place]
        for observation in entry.observations
        if observation.observation_id == observation_id
    ]
    if not found:
        return NotShared()
    _, entry, observation = found[-1]
    return Found(answer, entry, observation, frozenset(place for place, _, _ in found))


def reply(
    parts: Parts,
    reader: Reader,
    carnet_id: CarnetId,
    observation_id: EntryId,
    text: str,
    *,
    purpose_id: PurposeId | None = None,
) -> Replied | NotShared | AccessEnded:
    """Answer an observation. One ``read`` entry, then one ``reply`` entry with what is kept. Raises
    RemarkRefusedError, OnlyProfessionalsError."""
    words = checked_words(text)
    if reader.actor.professional_id is None or reader.emergency_id is not None:
        raise OnlyProfessionalsError("only a professional answers")
    found = find_observation(parts, reader, carnet_id, observation_id, purpose_id=purpose_id)
    if not isinstance(found, Found):
        return found
    body = found.observation.body._replace(
        kind=RecordKind.REPLY,
        answers=observation_id,
        text=words,
        author=str(reader.actor.id),
        source=said_by(parts, reader.actor),
        said_at=parts.now(),
    )
    for _ in range(ATTEMPTS):
        try:
            return _reply_once(parts, reader, found, body)
        except RacedError:
            continue
        except (NoSuchObservationError, NoSuchEntryError):
            return NotShared()
        except CarnetClosedError:
            return AccessEnded()
    raise RacedError


def _reply_once(parts: Parts, reader: Reader, found: Found, body: RemarkBody) -> Replied | AccessEnded:
    if found.view.by is None:  # a preview of hers: no reader's
        return AccessEnded()
    receipt, allowed = found.view.by
    carnet_id, grant = allowed.carnet_id, found.view.grant
    carnet = parts.data.carnet(carnet_id)
    (keys,) = parts.reader_keys.load([(receipt, CallerKeys(frozenset(reader.grantees)), allowed)])
    if carnet is None or keys.grant is None or keys.shred is None:
        return AccessEnded()
    standing = next(
        (row for row in parts.data.standing_grants(carnet_id) if row.grant.id == grant.grant.id), None
    )
    if standing is None:
        return AccessEnded()
    ((_, wraps),) = parts.data.sealed_fields([(carnet_id, grant.grant.id, found.places)])
    opened = granted_keys(
        keys,
        allowed,
        grant=standing,
        wraps=wraps,
        instance=parts.instance,
        open_key=parts.reader_keys.open_grant_key,
    )
    remark_id = EntryId(new_id())
    rows = seal_remark(
        parts, body, remark_id, carnet=carnet, keys=newest(opened, found.places), shred=keys.shred
    )
    about = AboutContent(
        carnet_id=carnet_id,
        structure_id=reader.structure_id,
        role=reader.actor.role,
        purpose_id=found.view.purpose_id,
        legal_basis=allowed.legal_basis,
        grant_id=allowed.grant_id,
        entry_id=body.beside,
    )
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=agents_of(reader.actor))
    said = draft(
        Op.REPLY,
        Outcome.GRANTED,
        journals=journals,
        actor=reader.actor,
        carnet_id=carnet_id,
        about=about_remark(rows, about),
        random=parts.random,
        field_count=1,
    )
    with parts.data.change() as work:
        if not still_reads(parts, work, reader, grant.grant, found.places):
            return AccessEnded()
        store_remark(work, carnet, rows, body)
        work.append(said)
        work.commit()
    replies = (*found.observation.replies, Remark(remark_id, body))
    return Replied(found.observation._replace(replies=replies))


# --- by which grant, and whether it stands ---------------------------------------------------------------


def own_grants(parts: Parts, reader: Reader, carnet_id: CarnetId) -> list[Grant]:
    """The reader's own on this carnet, live ones first, then newest; ended ones too."""
    now = parts.now()
    own = [row.grant for row in parts.data.grants_of(carnet_id) if row.grant.terms.grantee in reader.grantees]
    return sorted(own, key=lambda grant: (grant.live(now), grant.terms.starts_at), reverse=True)


def reason_for(parts: Parts, grants: Sequence[Grant], places: Iterable[CompartmentId]) -> PurposeId:
    """For which of his reasons he reads most of ``places``; any, when he has none: he is refused the same."""
    wanted, now = frozenset(places), parts.now()
    known = {purpose.purpose_id for purpose in parts.frame.purposes}
    mine = [grant for grant in grants if grant.terms.purpose_id in known]
    if not mine:
        return parts.frame.purposes[0].purpose_id
    best = max(mine, key=lambda grant: (grant.live(now), len(wanted & set(grant.terms.compartments))))
    return best.terms.purpose_id


def still_reads(
    parts: Parts, work: Work, reader: Reader, grant: Grant, places: Iterable[CompartmentId]
) -> bool:
    """Under the lock: the grant stands as it was, is live, lets read all this, and he is who he was."""
    now = work.now
    rows: Sequence[GrantRow] = work.standing_grants(grant.terms.carnet_id)
    row = next((one for one in rows if one.grant.id == grant.id), None)
    if row is None or not row.grant.live(now) or row.grant.terms.grantee not in reader.grantees:
        return False
    terms = row.grant.terms
    who = reader.actor.professional_id
    habilitation = reading_habilitation(parts, who) if who is not None else None
    return (
        Right.READ in terms.rights
        and frozenset(places) <= frozenset(terms.compartments)
        and habilitation is not None
        and habilitation.structure_id == reader.structure_id
        and (terms.function is None or holds_function(parts, terms))
    )
