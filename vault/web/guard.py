"""Who is asking. Every route names its callers by depending on one function of this page; a route that does
not stops the start (``declared``).

- ``anyone``: public pages and documents; learns nothing about the caller.
- ``visitor``: public too, but greets whoever has a session.
- ``person``, ``professional``, ``dpo``: a live session of that kind, with a habilitation in force.
- ``person_fresh``: a person who proved who she is a few minutes ago, for what cannot be undone.
- ``person_or_helper_see``, ``_write``, ``_share``, ``_print``: the person, or whoever acts for her under a
  mandate of that scope, which stands at this very request. All that is not opened so is hers alone.
- ``mandatary``: whoever may hold mandates, in his own session; ``acting``: who acts now, to stop.
- ``holder``: whoever has an account and a standing here, about that account.
- ``manager``: somebody in charge of a structure's team, who reads no carnet.
- ``grantee``: a professional's session or a structure's access token, with its proof if it is bound to a key.

Nobody's word is taken for a grantee: the seeds a caller may use come from its session or token (docs/
architecture.md). A session's unsafe call also needs the CSRF token, from a hidden input or a header.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from secrets import compare_digest

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from consent.decisions import READING_ROLES
from consent.grants import Grantee
from schemas.ids import CarnetId, ProfessionalId
from schemas.names import MandateScope, Role
from vault.audit.events import ActorKind
from vault.errors import RefusedError
from vault.services.acting import Acting, acting_now
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.ports import HabilitationRow, TokenRow
from vault.services.reading import Reader
from vault.services.sessions import DPO, MANDATE, PERSON, PROFESSIONAL, Session, session_of
from vault.services.signing_in import in_force
from vault.services.tokens import tokens_of, use_once
from vault.web.api.dpop import CHALLENGE, SCHEME, open_proof
from vault.web.api.signatures import UnprovenError
from vault.web.limits import counted_address
from vault.web.state import WebState, state_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
FRESH_FOR = timedelta(minutes=10)


class NotSignedInError(RefusedError):
    """No live session or token; ``challenge`` says to a program how to come back (RFC 9110, 11.6.1)."""

    def __init__(self, message: str, *, challenge: str = "Bearer") -> None:
        super().__init__(message)
        self.challenge = challenge


class WrongCallerError(RefusedError):
    """Signed in, but not as one of those this route serves."""


class FreshSignInNeededError(RefusedError):
    """The person must prove again who she is before this."""


class CsrfError(RefusedError):
    """A session's unsafe call without its CSRF token."""


@dataclass(frozen=True, slots=True)
class Person:
    """The person, or (``acting``) whoever acts for her."""

    owner: OwnerAccess
    session: Session
    actor: Actor
    acting: Acting | None = None


@dataclass(frozen=True, slots=True)
class Mandatary:
    """An aidant, or (``habilitation`` None) a person, who may be given a mandate for a relative."""

    session: Session
    habilitation: HabilitationRow | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody's account: a person's (``owner``), or that of one with a habilitation in force."""

    session: Session
    actor: Actor
    owner: OwnerAccess | None
    habilitation: HabilitationRow | None


@dataclass(frozen=True, slots=True)
class Professional:
    """A professional acting for one habilitation in force."""

    reader: Reader
    session: Session
    habilitation: HabilitationRow


@dataclass(frozen=True, slots=True)
class Manager:
    """In charge of the team of ``habilitation.structure_id``; reads no carnet."""

    session: Session
    habilitation: HabilitationRow
    actor: Actor


@dataclass(frozen=True, slots=True)
class Dpo:
    session: Session
    habilitation: HabilitationRow
    actor: Actor


@dataclass(frozen=True, slots=True)
class System:
    reader: Reader
    token: TokenRow


# --- the callers a route may declare ---------------------------------------------------------------------


def anyone(request: Request) -> None:
    """Public."""


def visitor(request: Request) -> Session | None:
    """Public; the session, if there is a live one."""
    return _session(request)


def signed_in(request: Request) -> Session:
    """Any live session, even of a professional who has not chosen a structure yet."""
    session = leaving(request)
    if request.method not in SAFE_METHODS:
        state_of(request).limits.act(session.row.account_id)
    return session


def leaving(request: Request) -> Session:
    """As ``signed_in``, for going out: no count ever keeps anybody in."""
    session = _session(request)
    if session is None:
        raise NotSignedInError("no live session")
    check_origin(request, session)
    return session


def person(request: Request) -> Person:
    session = _for_a_session(request)
    if session.row.kind != PERSON:
        raise WrongCallerError("for the person only")
    owner, actor = _own(request, session)
    return Person(owner, session, actor)


def person_fresh(request: Request) -> Person:
    """Not for how long she is here, but when the provider last had her prove who she is."""
    me = person(request)
    if state_of(request).parts.now() - me.session.row.proved_at >= FRESH_FOR:
        raise FreshSignInNeededError("a fresh sign-in is needed")
    return me


def _person_or_helper(scope: MandateScope) -> Callable[[Request], Person]:
    """The one factory of what opens a person's carnet to somebody else: no route makes its own."""

    def caller(request: Request) -> Person:
        session = _for_a_session(request)
        if session.row.kind == PERSON:
            owner, actor = _own(request, session)
            return Person(owner, session, actor)
        acting = acting_now(state_of(request).parts, session)
        if acting is None or not acting.may(scope):
            raise WrongCallerError("for the person, or who acts for her in this")
        owner = OwnerAccess(acting.mandate.carnet_id, session.session_id)
        return Person(owner, session, acting.actor(session, address_of(request)), acting)

    return caller


person_or_helper_see = _person_or_helper(MandateScope.SEE)
person_or_helper_write = _person_or_helper(MandateScope.WRITE)
person_or_helper_share = _person_or_helper(MandateScope.SHARE)
_helper_print = _person_or_helper(MandateScope.PRINT)


def person_or_helper_print(request: Request) -> Person:
    """The whole of a carnet, to take away: the person herself proved who she is a few minutes ago."""
    me = _helper_print(request)
    return person_fresh(request) if me.acting is None else me


def mandatary(request: Request) -> Mandatary:
    session = _for_a_session(request)
    if session.row.kind == PERSON:
        return Mandatary(session, None)
    if session.row.kind != PROFESSIONAL:
        raise WrongCallerError("for those who help people")
    habilitation = _habilitation(request, session)
    if habilitation.role is not Role.HELPER:
        raise WrongCallerError("for those who help people")
    return Mandatary(session, habilitation)


def acting(request: Request) -> Session:
    """Whoever acts, even when he may not any more: to stop, and be himself again."""
    session = leaving(request)
    if session.row.kind != MANDATE:
        raise WrongCallerError("nobody acts here")
    return session


def holder(request: Request) -> Holder:
    session = _for_a_session(request)
    if session.row.kind == PERSON:
        owner, actor = _own(request, session)
        return Holder(session, actor, owner, None)
    if session.row.kind == MANDATE:
        raise WrongCallerError("an account is its owner's alone")
    habilitation = _habilitation(request, session)
    return Holder(session, professional_actor(request, session, habilitation), None, habilitation)


def professional(request: Request) -> Professional:
    session = signed_in(request)
    habilitation = _habilitation(request, session)
    if session.row.kind != PROFESSIONAL or habilitation.role not in READING_ROLES:
        raise WrongCallerError("for professionals who follow people")
    return Professional(_reader(request, session, habilitation), session, habilitation)


def manager(request: Request) -> Manager:
    session = _for_a_session(request)
    if session.row.kind != PROFESSIONAL:
        raise WrongCallerError("for those in charge of a team")
    habilitation = _habilitation(request, session)
    if habilitation.role is not Role.MANAGER:
        raise WrongCallerError("for those in charge of a team")
    return Manager(session, habilitation, professional_actor(request, session, habilitation))


def dpo(request: Request) -> Dpo:
    session = _for_a_session(request)
    if session.row.kind != DPO:
        raise WrongCallerError("for the data protection officer")
    habilitation = _habilitation(request, session)
    if habilitation.role is not Role.DPO:
        raise WrongCallerError("for the data protection officer")
    return Dpo(session, habilitation, professional_actor(request, session, habilitation))


async def grantee(request: Request) -> Professional | System:
    """A professional in the browser or by the API, or a structure's system with its access token. Holds no
    thread while it waits for the token's row."""
    bearer = bearer_of(request)
    bound = None if bearer is not None else bound_token_of(request)
    if bearer is None and bound is None:
        return await run_in_threadpool(professional, request)
    state = state_of(request)
    token = await state.tokens.ask(bearer or bound or "")
    if bound is not None:
        await run_in_threadpool(_check_proof, request, bound, token)
    if token is None:
        raise NotSignedInError("no live token")
    if token.jkt and bound is None:
        raise NotSignedInError("this token needs a proof", challenge=CHALLENGE % "invalid_token")
    return system(state, token, address_of(request))


def _check_proof(request: Request, bound: str, token: TokenRow | None) -> None:
    """The caller holds the key its token is bound to, and says so for this call alone (RFC 9449, section 7).
    Raises NotSignedInError; TooManyError when this address failed too often."""
    state, address = state_of(request), counted_address(request)
    state.limits.before_proof(address)
    try:
        proof = open_proof(request, state.settings.public_url, now=state.parts.now(), token=bound)
        if token is None or not token.jkt or not compare_digest(token.jkt, proof.jkt):
            raise NotSignedInError("no live token of this key", challenge=CHALLENGE % "invalid_token")
        if not use_once(state.parts, token.client_id, proof.use, proof.ends_at):
            raise UnprovenError
    except UnprovenError:
        state.limits.failed_proof(address)
        raise NotSignedInError("no proof", challenge=CHALLENGE % "invalid_dpop_proof") from None
    except NotSignedInError:
        state.limits.failed_proof(address)
        raise


def system(state: WebState, token: TokenRow, address: str | None) -> System:
    grantees = (Grantee.structure(token.structure_id),)
    actor = Actor(ActorKind.CLIENT, token.client_id, token.structure_id, address=address)
    return System(Reader(actor, token.structure_id, state.kind_of(token.structure_id), grantees), token)


# --- how they are told apart -----------------------------------------------------------------------------


def bearer_of(request: Request) -> str | None:
    """The access token presented, if any (RFC 6750, header only)."""
    return _presented(request, "bearer")


def bound_token_of(request: Request) -> str | None:
    """The access token presented as bound to a key, if any (RFC 9449)."""
    return _presented(request, SCHEME.lower())


def _presented(request: Request, wanted: str) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == wanted and token.strip() else None


def address_of(request: Request) -> str | None:
    return request.client.host if request.client else None


def cookie_of(request: Request) -> str | None:
    return request.cookies.get(state_of(request).cookie_name)


def _session(request: Request) -> Session | None:
    cookie = cookie_of(request)
    if not cookie:
        return None
    state = state_of(request)
    return session_of(state.parts, cookie, state.session_rules)


def _for_a_session(request: Request) -> Session:
    """The live session; a system with a live token is told that it is the wrong caller, not to sign in."""
    bearer = bearer_of(request)
    if bearer is not None and cookie_of(request) is None:
        token = tokens_of(state_of(request).parts, [bearer])[0]
        if token is not None and not token.jkt:
            raise WrongCallerError("for people, not for systems")
    return signed_in(request)


def check_origin(request: Request, session: Session) -> None:
    """Cross-site request forgery: SameSite=Lax is the first lock, this token the second."""
    if request.method in SAFE_METHODS:
        return
    told = request.headers.get(CSRF_HEADER) or getattr(request.state, "csrf", "")
    if not compare_digest(str(told).encode(), session.csrf.encode()):
        raise CsrfError("the CSRF token is missing or is not this session's")


def _own(request: Request, session: Session) -> tuple[OwnerAccess, Actor]:
    owner = OwnerAccess(CarnetId(session.row.subject), session.session_id)
    return owner, Actor(ActorKind.PERSON, session=session.session_id, address=address_of(request))


def who_leaves(request: Request, session: Session) -> Actor | None:
    """Who is going out, whatever became of the habilitation; None before a structure was chosen."""
    if session.row.kind == PERSON:
        return _own(request, session)[1]
    if session.row.kind == MANDATE:
        acting = acting_now(state_of(request).parts, session)
        return acting.actor(session, address_of(request)) if acting else None
    professional_id = ProfessionalId(session.row.subject)
    row = state_of(request).parts.data.habilitation(professional_id) if professional_id else None
    return professional_actor(request, session, row) if row else None


def _habilitation(request: Request, session: Session) -> HabilitationRow:
    """The one the session acts for, in force now: a person who left loses everything at the next request."""
    state = state_of(request)
    row = state.parts.data.habilitation(ProfessionalId(session.row.subject)) if session.row.subject else None
    if row is None or not in_force(state.parts, row):
        raise WrongCallerError("no habilitation in force")
    return row


def professional_actor(request: Request, session: Session, row: HabilitationRow) -> Actor:
    return Actor(
        ActorKind.PROFESSIONAL,
        row.professional_id,
        row.structure_id,
        row.role,
        session.session_id,
        address_of(request),
    )


def _reader(request: Request, session: Session, row: HabilitationRow) -> Reader:
    grantees = (Grantee.professional(row.professional_id), Grantee.structure(row.structure_id))
    kind = state_of(request).kind_of(row.structure_id)
    return Reader(professional_actor(request, session, row), row.structure_id, kind, grantees)
