"""The person answers what somebody asked: yes to some or all of it, no, or later.

Exactly one answer stands, whoever was faster on which device: it is written under the head lock, and a yes in
the very transaction that gives the share. The asker learns of a yes when he can read, and of nothing else.
A row of K keeps how each was answered until its time is over, and dies with the carnet: whoever writes in D
alone does not make one wait again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from consent.grants import Grant, Grantee
from consent.lifecycle import By, Facts, LifecycleError, Move, after
from consent.requests import ANSWER_WITHIN, WAITING, RequestError, RequestTerms
from schemas.canonical import canonical, parse_canonical
from schemas.ids import CarnetId, CompartmentId, RequestId
from schemas.names import GrantState, Outcome
from vault.audit.events import AboutContent, Op
from vault.crypto import CryptoError, box_seed, open_box, open_small
from vault.errors import CallerError
from vault.services.journal import OPERATOR, Actor, agents_of, draft
from vault.services.key_sources import KeyGoneError, OwnerAccess, OwnerSecrets
from vault.services.own_carnet import append_own
from vault.services.parts import Parts
from vault.services.ports import SecretName, Work
from vault.services.receipts import of_request
from vault.services.referents import current_referent
from vault.services.requesting import asked_of, place_of
from vault.services.sharing import GrantRefusedError, Wish, give_grant
from vault.services.sharing_rows import RequestRow
from vault.services.standing import check_acts
from vault.services.writing import owner_secrets

BATCH = 200
_SIZE = 4  # bytes that say how long the sealed key before the sealed words is


class NoSuchRequestError(CallerError):
    """Nobody asked this person that."""


class AlreadyAnsweredError(CallerError):
    """It was answered meanwhile, or its time is over."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks her, opened. ``state``: as it stands now, its time included."""

    terms: RequestTerms
    state: GrantState
    ends_at: datetime
    answered_at: datetime | None
    reason: str = field(repr=False)

    @property
    def request_id(self) -> RequestId:
        return self.terms.request_id

    @property
    def waits(self) -> bool:
        return self.state in WAITING


def list_requests(parts: Parts, owner: OwnerAccess, *, actor: Actor) -> Sequence[Request]:
    """Every request she was ever asked, newest first, after one entry: it holds what people wrote. A row that
    is not what somebody asked, or was touched, is left out. Raises CarnetClosedError."""
    append_own(parts, owner, Op.READ_OWN, actor=actor)
    return asked_of_her(parts, owner)


def asked_of_her(parts: Parts, owner: OwnerAccess) -> Sequence[Request]:
    """The same without an entry: for a page or an answer that has its own, or tells nothing anybody wrote."""
    secrets, now, rows = owner_secrets(parts, owner), parts.now(), parts.data.requests_of(owner.carnet_id)
    answered = _answers(parts, owner.carnet_id) if rows else {}
    opened = (_open(parts, row, secrets, now) for row in rows)
    return [_as_answered(one, answered) for one in opened if one is not None]


def find_request(requests: Sequence[Request], request_id: str) -> Request:
    """Raises NoSuchRequestError."""
    for one in requests:
        if one.request_id == request_id:
            return one
    raise NoSuchRequestError("nobody asked that")


def _open(parts: Parts, row: RequestRow, secrets: OwnerSecrets, now: datetime) -> Request | None:
    """None for what no asker wrote: the seal is bound to the terms, and only K has the key to seal to."""
    try:
        terms = RequestTerms.from_bytes(row.terms)
        place, size = place_of(parts, terms), int.from_bytes(row.sealed[:_SIZE])
        box, words = row.sealed[_SIZE : _SIZE + size], row.sealed[_SIZE + size :]
        key = open_box(box, seed=box_seed(secrets.own), place=place)
        reason = open_small(words, secret=key, place=place).decode()
    except (RequestError, CryptoError, UnicodeDecodeError):
        return None
    if (terms.carnet_id, terms.request_id) != (row.carnet_id, row.request_id):
        return None
    if all(one.purpose_id != terms.purpose_id for one in parts.frame.purposes):
        return None  # its purpose is gone from the frame: nobody can say yes to it, and it lapses
    ends_at = min(row.ends_at, terms.asked_at + ANSWER_WITHIN)  # whatever the row says, no later
    over = row.state in WAITING and now >= ends_at
    state = GrantState.LAPSED if over else row.state
    return Request(terms, state, ends_at, row.answered_at, reason)


# --- how it was answered, by the word of K ---------------------------------------------------------------


def _name(carnet_id: CarnetId) -> SecretName:
    return ("answered", carnet_id)


def _answers(parts: Parts, carnet_id: CarnetId) -> Mapping[str, Mapping[str, str]]:
    """By request: the state of the answer, and until when it counts."""
    kept = parts.rows.load([_name(carnet_id)]).get(_name(carnet_id))
    return {} if kept is None else parse_canonical(kept)


def _as_answered(request: Request, answered: Mapping[str, Mapping[str, str]]) -> Request:
    told = answered.get(request.request_id)
    return request if told is None or not request.waits else replace(request, state=GrantState(told["state"]))


def _keep_answer(parts: Parts, carnet_id: CarnetId, request: Request, state: GrantState) -> None:
    """After the answer was committed; under the lock, since two answers share the row. Killed before, the
    answer stands as any row of D does."""
    name = _name(carnet_id)
    with parts.data.change() as work:
        carnet = work.carnet(carnet_id)
        if carnet is None or not carnet.open:
            return  # its keys go, and this one would stay
        kept = {
            one: told
            for one, told in _answers(parts, carnet_id).items()
            if work.now < datetime.fromisoformat(told["until"])
        }
        said = {**kept, request.request_id: {"state": str(state), "until": request.ends_at.isoformat()}}
        standing = parts.rows.rows([name]).get(name)
        version = standing.version + 1 if standing else 1
        row = parts.rows.make(*name, canonical(said), version=version)
        if standing is None:
            parts.keystore.add_secrets([row])
        else:
            parts.keystore.replace_secret(row)


# --- answering -------------------------------------------------------------------------------------------


def wish_of(
    parts: Parts,
    request: Request,
    *,
    compartments: Collection[CompartmentId] | None = None,
    days: int | None = None,
) -> Wish:
    """The share that a yes would give. Without ``compartments``: everything asked that is not special.
    Raises GrantRefusedError when nobody is left to receive it, or it is more than what was asked."""
    terms = request.terms
    chosen = _ordinary(parts, terms) if compartments is None else tuple(sorted(set(compartments)))
    if not chosen:
        raise GrantRefusedError("/fields", "Choisissez au moins une information à partager.")
    for place, one in enumerate(compartments or ()):
        if one not in terms.compartments:
            raise GrantRefusedError(f"/fields/{place}", "Cette information n’a pas été demandée.")
    length = terms.days if days is None else days
    if not 1 <= length <= terms.days:
        raise GrantRefusedError("/days", f"La durée doit être entre 1 et {terms.days} jours.")
    return Wish(
        grantee=_receiver(parts, terms),
        purpose_id=terms.purpose_id,
        compartments=chosen,
        days=length,
        consent_record=f"notice {parts.notice_version} request {terms.request_id}",
        function=terms.function,
        request_id=terms.request_id,
    )


def _ordinary(parts: Parts, terms: RequestTerms) -> tuple[CompartmentId, ...]:
    special = parts.frame.purpose(terms.purpose_id).special
    return tuple(one for one in terms.compartments if one not in special)


def _receiver(parts: Parts, terms: RequestTerms) -> Grantee:
    """Whoever is her référent by now, when it was asked for him: nothing is asked again."""
    if terms.function is None:
        return terms.grantee
    referent = current_referent(parts, terms.carnet_id)
    if referent is None:
        raise GrantRefusedError("/grantee", "Vous n’avez pas de référent en ce moment.")
    return Grantee.professional(referent.professional_id)


def accept_request(parts: Parts, owner: OwnerAccess, request: Request, wish: Wish, *, actor: Actor) -> Grant:
    """Give it. ``wish``: made by ``wish_of``; what is special in it she said yes to apart. Raises
    AlreadyAnsweredError, GrantRefusedError, CarnetClosedError."""
    _allowed(request, Move.ACCEPT, actor, parts.now(), _facts(parts, request, wish))

    def mark(work: Work, grant: Grant) -> None:
        _check_waits(parts, work, owner.carnet_id, request)
        done = work.answer_request(owner.carnet_id, request.request_id, GrantState.GRANTED, grant.id)
        if not done:
            raise AlreadyAnsweredError("another answer was faster")

    given = give_grant(parts, owner, wish, actor=actor, also=mark)
    _keep_answer(parts, owner.carnet_id, request, GrantState.GRANTED)
    return given


def refuse_request(parts: Parts, owner: OwnerAccess, request: Request, *, actor: Actor) -> None:
    """Say no. The asker never learns it. Raises AlreadyAnsweredError."""
    _answer(parts, owner.carnet_id, request, Move.REFUSE, actor)


def defer_request(parts: Parts, owner: OwnerAccess, request: Request, *, actor: Actor) -> None:
    """Answer later. Deferred again changes nothing. Raises AlreadyAnsweredError."""
    if request.state is not GrantState.DEFERRED:
        _answer(parts, owner.carnet_id, request, Move.DEFER, actor)


def _facts(parts: Parts, request: Request, wish: Wish) -> Facts:
    special = frozenset(parts.frame.purpose(request.terms.purpose_id).special)
    return Facts(
        asked=frozenset(request.terms.compartments),
        accepted=frozenset(wish.compartments),
        special=special,
        apart=special & frozenset(wish.compartments),  # each was named, or had its own page
        days=wish.days,
        most_days=request.terms.days,
        decides_on_shares=True,  # the door lets nobody else come here
    )


def _answer(parts: Parts, carnet_id: CarnetId, request: Request, move: Move, actor: Actor) -> None:
    op = {Move.REFUSE: Op.REFUSE, Move.DEFER: Op.DEFER, Move.LAPSE: Op.LAPSE}[move]
    terms = request.terms
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=agents_of(actor))
    with parts.data.change() as work:
        check_acts(parts, actor)
        if move is not Move.LAPSE:
            _check_waits(parts, work, carnet_id, request)
        facts = Facts(decides_on_shares=True, ends_at=request.ends_at)
        state = _allowed(request, move, actor, work.now, facts)
        if not work.answer_request(carnet_id, request.request_id, state):
            raise AlreadyAnsweredError("another answer was faster")
        about = AboutContent(
            carnet_id=carnet_id,
            structure_id=terms.structure_id,
            purpose_id=terms.purpose_id,
            fields=terms.compartments,
            request_id=terms.request_id,
        )
        entry = work.append(
            draft(
                op,
                Outcome.GRANTED,
                journals=journals,
                actor=actor,
                carnet_id=carnet_id,
                about=about,
                random=parts.random,
            )
        )
        of_request(work, parts, op, asked_of(terms), journals, actor, entry)
        work.commit()
    if move is Move.REFUSE:
        _keep_answer(parts, carnet_id, request, state)


def _check_waits(parts: Parts, work: Work, carnet_id: CarnetId, request: Request) -> None:
    row = next((one for one in work.requests_of(carnet_id) if one.request_id == request.request_id), None)
    if row is None or row.state not in WAITING or work.now >= request.ends_at:
        raise AlreadyAnsweredError("it waits no more")
    if request.request_id in _answers(parts, carnet_id):
        raise AlreadyAnsweredError("it was answered before")


def _allowed(request: Request, move: Move, actor: Actor, now: datetime, facts: Facts) -> GrantState:
    by = By.PERSON if actor.mandate_id is None else By.REPRESENTATIVE
    by = By.CLOCK if move is Move.LAPSE else by
    before = GrantState.REQUESTED if move is Move.LAPSE else request.state
    try:
        return after(before, move, by, now, facts)
    except LifecycleError as error:
        if error.rule in ("ended", "no_such_move"):
            raise AlreadyAnsweredError("it waits no more") from None
        raise GrantRefusedError("/fields", "Cette réponse ne peut pas être donnée.") from None


# --- those nobody answered -------------------------------------------------------------------------------


def lapse_requests(parts: Parts, now: datetime) -> int:
    """Note that their time is over, and sweep what nobody will see. What does not read lapses too."""
    done = parts.data.drop_unseen_requests(now)
    tried: set[RequestId] = set()
    while rows := [one for one in parts.data.requests_over(now, limit=BATCH) if one.request_id not in tried]:
        for row in rows:
            tried.add(row.request_id)
            done += _lapse(parts, row)
    return done


def _lapse(parts: Parts, row: RequestRow) -> bool:
    try:
        terms = RequestTerms.from_bytes(row.terms)
    except RequestError:
        return False  # left to whoever looks into it; she never sees it
    request = Request(terms, row.state, row.ends_at, None, "")
    try:
        _answer(parts, row.carnet_id, request, Move.LAPSE, OPERATOR)
    except (AlreadyAnsweredError, KeyGoneError):
        return False
    return True
