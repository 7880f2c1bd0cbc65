"""A new account at the provider, of somebody whose identity is known here: a human decides, nobody else.

FranceConnect may give a person a new subject (her civil status was corrected, a service was declared anew).
Then two things are true at once: she must not lose her carnet, and whoever has the same names and birth must
not be given it. So nothing is opened: a request is made, she is told its number, and the data protection
officer or the operator accepts or refuses it after having met her.

- *asked*: one request a new pair. Her carnet is not opened, and no other is.
- *accepted*: at the next sign-in of that pair the account is sealed anew with it; the former pair opens
  nothing any more, and the sessions it opened end.
- *refused*: the next sign-in of that pair opens a carnet of its own.
- a request of which nothing is heard for 90 days is dropped; signing in asks again.

Whoever decides sees numbers, never a name: O_p is loaded in the sign-in of an accepted pair alone. What a row
says is believed only with its ``binding`` rows: to which account and when it was asked; by which pair; what
was decided. Each step appends a ``relink`` entry about the known carnet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schemas.ids import AccountId, CarnetId, new_id
from schemas.names import Outcome, Role
from vault.audit.events import AboutContent, ActorKind, Op
from vault.carnet.references import new_reference, read_reference
from vault.errors import CallerError
from vault.services.accounts import (
    COLUMN,
    Account,
    Identity,
    accounts_of_identity,
    find_account,
    open_account,
    reseal,
    tag_of,
)
from vault.services.bindings import (
    binding_name,
    binding_row,
    holds,
    in_force,
    instant,
    to_the_millisecond,
)
from vault.services.journal import Actor, draft
from vault.services.parts import Parts
from vault.services.ports import Draft, RelinkingRow, Work

OPEN, ACCEPTED, REFUSED, DONE = "open", "accepted", "refused", "done"
LIFE = timedelta(days=90)
MOST_LISTED = 200
BATCH = 200
TAGS = "relinking"  # from a pair to its requests
REQUEST, PAIR, DECISION = "relinking", "relinking-pair", "relinking-decision"
_BINDINGS = (REQUEST, PAIR, DECISION)
_ORPHAN_AGE = timedelta(hours=24)


class NoSuchRequestError(CallerError):
    """There is no such request, or it was dropped."""


class AlreadyDecidedError(CallerError):
    """Somebody decided on this request before."""


@dataclass(frozen=True, slots=True)
class NeedsRelinking:
    """A carnet exists with this identity: a human must look. ``reference`` is the number of the request."""

    reference: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as whoever decides sees it: numbers and dates."""

    row: RelinkingRow
    carnet_reference: str  # empty when the carnet is no more
    ends_at: datetime


# --- at sign-in ------------------------------------------------------------------------------------------


def meet(parts: Parts, identity: Identity, *, address: str | None) -> NeedsRelinking | Account | None:
    """What stands about a pair that no account has: a request to wait for; the account that was linked to it
    just now; or None, she is new here."""
    accepted = [one for one in _requests_of(parts, identity) if one.state == ACCEPTED]
    for request in accepted:
        if linked := _link(parts, identity, request, address):
            return linked
    waiting = _waiting(_requests_of(parts, identity))
    if waiting is None and must_ask(parts, identity):
        waiting = _ask(parts, identity, address)
    return waiting or find_account(parts, *identity.pair)  # linked meanwhile, in another tab


def must_ask(parts: Parts, identity: Identity) -> bool:
    """Whether an account of this identity stands about which nobody said no to this pair."""
    return bool(_unasked(parts, identity, _requests_of(parts, identity)))


def tidy(parts: Parts, identity: Identity) -> None:
    """Remove what a request that is done left in K. Repeatable; nothing to do for nearly everybody."""
    tag = tag_of(parts, *identity.pair)
    for request_id in parts.keystore.targets(TAGS, [tag]).get(tag, ()):
        row = parts.data.relinking(request_id)
        if row is None or row.state == DONE:
            _drop_keys(parts, request_id)


def _ask(parts: Parts, identity: Identity, address: str | None) -> NeedsRelinking | None:
    """One request a pair, whatever the number of tabs. None when nothing needs asking any more."""
    actor = Actor(ActorKind.SYSTEM, address=address)
    with parts.data.change() as work:
        requests = _requests_of(parts, identity)
        waiting = _waiting(requests)
        candidates = _unasked(parts, identity, requests)
        if waiting or not candidates or find_account(parts, *identity.pair):
            return waiting
        row = RelinkingRow(
            request_id=new_id(),
            reference=new_reference(parts.random),
            account_id=candidates[0].row.account_id,
            state=OPEN,
            opened_at=to_the_millisecond(work.now),
            decided_at=None,
        )
        parts.keystore.add_secrets(
            [
                binding_row(parts.rows, REQUEST, row.request_id, _request_facts(row)),
                binding_row(parts.rows, PAIR, row.request_id, identity.pair),
            ]
        )
        parts.keystore.add_tag(TAGS, tag_of(parts, *identity.pair), row.request_id)
        work.add_relinking(row)
        work.append(_entry(parts, actor, candidates[0], row, "asked"))
        work.commit()
    return NeedsRelinking(row.reference)


def _link(parts: Parts, identity: Identity, request: RelinkingRow, address: str | None) -> Account | None:
    """Seal the account with the new pair, in the sign-in of that pair. What was told of her stays as it was,
    for the sign-in to compare. None when the request stands no more.

    The new tag is made first, and leads nowhere until D says the new pair; the sessions of the former pair
    end before that, under the lock which every sign-in takes: none can be opened in between. The former tag,
    and what the request kept in K, go as this sign-in goes on, or the next one.
    """
    with parts.data.change() as work:
        row = _standing(parts, request.request_id)
        account = open_account(parts, row.account_id) if row and row.state == ACCEPTED else None
        if row is None or account is None or not _is_open(parts, account):
            return None
        if find_account(parts, *identity.pair):
            return None
        told = replace(account.identity, issuer=identity.issuer, subject=identity.subject)
        parts.keystore.add_tag(COLUMN, tag_of(parts, *identity.pair), account.row.account_id)
        parts.keystore.end_sessions(subject=account.row.carnet_id)
        parts.keystore.end_sessions(account_id=account.row.account_id)  # those that act for others, too
        work.refresh_account(account.row.account_id, reseal(parts, account, told))
        _void_others(parts, work, row)
        work.set_relinking(row.request_id, DONE, work.now)
        work.append(_entry(parts, Actor(ActorKind.PERSON, address=address), account, row, DONE))
        work.commit()
    return replace(account, identity=told)


def _void_others(parts: Parts, work: Work, linked: RelinkingRow) -> None:
    """Another yes about this carnet was said of what it was before: a human must look again."""
    for other in parts.data.relinkings_about(linked.account_id):
        believed = _believed(parts, other)
        if other.request_id == linked.request_id or (believed and believed.state in (REFUSED, DONE)):
            continue
        parts.keystore.delete_secrets([binding_name(DECISION, other.request_id)])
        if other.state == ACCEPTED:
            work.delete_relinking(other.request_id)
            _drop_keys(parts, other.request_id)


def _waiting(requests: Sequence[RelinkingRow]) -> NeedsRelinking | None:
    """An accepted one that could not be linked just now still waits."""
    waiting = [one.reference for one in requests if one.state in (OPEN, ACCEPTED)]
    return NeedsRelinking(waiting[0]) if waiting else None


def _unasked(parts: Parts, identity: Identity, requests: Sequence[RelinkingRow]) -> Sequence[Account]:
    refused = {one.account_id for one in requests if one.state == REFUSED}
    found = accounts_of_identity(parts, identity)
    return [one for one in found if one.row.account_id not in refused and _is_open(parts, one)]


def _requests_of(parts: Parts, identity: Identity) -> Sequence[RelinkingRow]:
    """Those of exactly this pair that stand, about carnets that do."""
    tag = tag_of(parts, *identity.pair)
    found = []
    for request_id in parts.keystore.targets(TAGS, [tag]).get(tag, ()):
        row = _standing(parts, request_id)
        if row is None or not holds(parts, PAIR, request_id, identity.pair):
            continue
        account = parts.data.account(row.account_id)
        if account and account.carnet_id and _open_carnet(parts, account.carnet_id):
            found.append(row)
    return found


# --- whoever decides -------------------------------------------------------------------------------------


def list_requests(parts: Parts, *states: str, limit: int = MOST_LISTED) -> Sequence[Asked]:
    """Requests in these states, the latest first, as they may be believed."""
    rows = [_believed(parts, row) for row in parts.data.relinkings(states, limit=limit)]
    return [_asked(parts, row) for row in rows if row is not None and row.state in states]


def waiting_about(parts: Parts, carnet_id: CarnetId) -> Sequence[str]:
    """The numbers of the requests that wait about a carnet, for the person whose it is."""
    rows = [_standing(parts, row.request_id) for row in parts.data.relinkings_about(AccountId(carnet_id))]
    return [row.reference for row in rows if row is not None and row.state in (OPEN, ACCEPTED)]


def find_request(parts: Parts, told: str) -> RelinkingRow:
    """By its id, or by its number as somebody says it. Raises NoSuchRequestError."""
    reference = read_reference(told)
    row = parts.data.relinking_of_reference(reference) if reference else parts.data.relinking(told)
    if row is None:
        raise NoSuchRequestError("no such request")
    return row


def decide(parts: Parts, request_id: str, *, accept: bool, actor: Actor) -> RelinkingRow:
    """Say yes or no to an open request, once. Raises NoSuchRequestError, AlreadyDecidedError; PermissionError
    when the officer's habilitation ended."""
    decision = ACCEPTED if accept else REFUSED
    with parts.data.change() as work:
        _check_may_decide(parts, actor)
        row = _standing(parts, request_id)
        account = parts.data.account(row.account_id) if row else None
        if row is None or account is None or account.carnet_id is None:
            raise NoSuchRequestError("no such request")
        if row.state != OPEN:
            raise AlreadyDecidedError("this request is decided")
        former = binding_name(DECISION, request_id)  # of a decision that was cut short
        parts.keystore.delete_secrets([former])
        decided = replace(row, state=decision, decided_at=to_the_millisecond(work.now))
        parts.keystore.add_secrets([binding_row(parts.rows, DECISION, request_id, _decision_facts(decided))])
        work.set_relinking(request_id, decision, work.now)
        work.append(_entry_about(parts, actor, account.carnet_id, row, decision))
        work.commit()
        return decided


def _check_may_decide(parts: Parts, actor: Actor) -> None:
    """Again, under the lock: the operator, or an officer in force."""
    if actor.kind is ActorKind.OPERATOR:
        return
    row = parts.data.habilitation(actor.professional_id) if actor.professional_id else None
    if row is None or row.role is not Role.DPO or not in_force(parts, row):
        raise PermissionError("only the data protection officer decides")


def _asked(parts: Parts, row: RelinkingRow) -> Asked:
    account = parts.data.account(row.account_id)
    carnet_id = account.carnet_id if account else None
    reference = parts.data.references({carnet_id}).get(carnet_id, "") if carnet_id else ""
    return Asked(row, reference, (row.decided_at or row.opened_at) + LIFE)


# --- what stands -----------------------------------------------------------------------------------------


def _standing(parts: Parts, request_id: str) -> RelinkingRow | None:
    """The request as it may be believed now; None when it is done, over, or not vouched for."""
    row = parts.data.relinking(request_id)
    believed = _believed(parts, row) if row else None
    if believed is None or believed.state == DONE:
        return None
    return believed if parts.now() < (believed.decided_at or believed.opened_at) + LIFE else None


def _believed(parts: Parts, row: RelinkingRow) -> RelinkingRow | None:
    """A decision that the root does not vouch for was not taken: the request is still open."""
    if row.state == DONE:
        return row  # only shown
    if not holds(parts, REQUEST, row.request_id, _request_facts(row)):
        return None
    if row.state in (ACCEPTED, REFUSED):
        if holds(parts, DECISION, row.request_id, _decision_facts(row)):
            return row
        return replace(row, state=OPEN, decided_at=None)
    return row if row.state == OPEN else None


def _request_facts(row: RelinkingRow) -> tuple[str, ...]:
    return row.account_id, row.reference, row.opened_at.isoformat()


def _decision_facts(row: RelinkingRow) -> tuple[str, ...]:
    """With its instant: how long a yes is worth something is not for a writer of D to say."""
    return row.account_id, row.state, instant(row.decided_at) if row.decided_at else ""


def _is_open(parts: Parts, account: Account) -> bool:
    return account.row.carnet_id is not None and _open_carnet(parts, account.row.carnet_id)


def _open_carnet(parts: Parts, carnet_id: CarnetId) -> bool:
    carnet = parts.data.carnet(carnet_id)
    return carnet is not None and carnet.open


# --- entries, and what is over ---------------------------------------------------------------------------


def _entry(parts: Parts, actor: Actor, account: Account, row: RelinkingRow, what: str) -> Draft:
    return _entry_about(parts, actor, CarnetId(account.row.carnet_id or ""), row, what)


def _entry_about(parts: Parts, actor: Actor, carnet_id: CarnetId, row: RelinkingRow, what: str) -> Draft:
    name = actor.secret_name
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=[name] if name else [])
    about = AboutContent(
        carnet_id=carnet_id,
        structure_id=actor.structure_id,
        role=actor.role,
        reason=f"{what} {row.reference}",
    )
    return draft(
        Op.RELINK,
        Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=carnet_id,
        about=about,
        random=parts.random,
    )


def drop_old_requests(parts: Parts, now: datetime) -> int:
    """Requests of which nothing was heard for 90 days, or whose carnet is erased; and keys that no request
    names. Repeatable."""
    done = 0
    while rows := parts.data.relinkings_over(now - LIFE, limit=BATCH):
        for row in rows:
            with parts.data.change() as work:
                _drop(parts, work, row)
                work.commit()
        done += len(rows)
    return done + _drop_orphans(parts, now)


def _drop(parts: Parts, work: Work, row: RelinkingRow) -> None:
    account = parts.data.account(row.account_id)
    if account and account.carnet_id and row.state in (OPEN, ACCEPTED):
        work.append(_entry_about(parts, Actor(ActorKind.SYSTEM), account.carnet_id, row, "dropped"))
    _drop_keys(parts, row.request_id)
    work.delete_relinking(row.request_id)


def _drop_keys(parts: Parts, request_id: str) -> None:
    parts.keystore.delete_secrets([binding_name(kind, request_id) for kind in _BINDINGS])
    parts.keystore.delete_tags(request_id)  # last: by them an interrupted removal is found again


def _drop_orphans(parts: Parts, now: datetime) -> int:
    """Made first, then the process died before D knew. After a day."""
    done, after, before = 0, REQUEST, now - _ORPHAN_AGE
    while ids := parts.keystore.secret_ids("binding", after=after, limit=BATCH, made_before=before):
        mine = [id_ for id_ in ids if id_.startswith(REQUEST)]
        requests = {id_.partition(":")[2] for id_ in mine}
        orphans = sorted(requests - set(parts.data.relinkings_named(requests))) if requests else []
        for request_id in orphans:
            _drop_keys(parts, request_id)
        done += len(orphans)
        if len(mine) < len(ids):
            break
        after = ids[-1]
    return done
