"""What went wrong, said to whoever asked: the only place that knows which error is which HTTP status.

- A program gets RFC 9457 (``application/problem+json``): a stable ``type`` ending with the slug of the kind,
  a French title, and, for 422, the JSON pointer of each fault. A person gets a page of plain sentences.
- Nothing that was sent is ever repeated. Two problems of one kind without members are the same bytes: a
  refusal cannot be told from another by reading it.
- What is not listed here is 500 with no detail, and one line in the process log: its number, the kind of the
  error and the place, never its message, which may hold a value.
"""

import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from consent.demands import DemandError
from exporters import PaperUnavailableError
from schemas.fields import UnknownFieldError
from schemas.purposes import UnknownPurposeError
from vault.errors import CallerError, CarnetError, LogUnavailableError, UnavailableError
from vault.services.answering_proposals import NoSuchProposalError, NotKeptSoError
from vault.services.answering_requests import AlreadyAnsweredError, NoSuchRequestError
from vault.services.break_glass import NoEmergencyError, NotAllowedError
from vault.services.demand_seals import StaleDemandError
from vault.services.forget_desk import NotYetError
from vault.services.forgetting import AlreadyAskedError, NoSuchDemandError, ReasonRefusedError
from vault.services.key_sources import KeyGoneError
from vault.services.observing import NotAnsweredError
from vault.services.own_entries import NothingToAgreeError
from vault.services.receipts_kept import NoSuchReceiptError
from vault.services.recipients import NoSuchAvisError
from vault.services.remarks import NoSuchObservationError, RemarkRefusedError
from vault.services.replying import OnlyProfessionalsError
from vault.services.reviewing import AlreadyReviewedError
from vault.services.sharing import GrantRefusedError
from vault.services.standing import NoLongerActsError, NoLongerOfficerError
from vault.services.stopping import NoSuchGrantError
from vault.services.suspending import CannotMoveError
from vault.services.tombstones import ForgottenHereError
from vault.services.validating import NotUnderstoodError
from vault.services.volets import NoSuchVoletError, VoletChangedError
from vault.services.writing import (
    CarnetClosedError,
    EntryFrozenError,
    InvalidValueError,
    NoSuchEntryError,
    ReadOnlyFieldError,
    RevisionConflictError,
)
from vault.web.guard import CsrfError, FreshSignInNeededError, NotSignedInError, WrongCallerError
from vault.web.limits import TooManyError
from vault.web.telling import Refusals

log = logging.getLogger("carnet.web")

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "tag:carnet.example,2026:problems/"  # RFC 4151: the same for every instance, fetched by nobody
FOR_PROGRAMS = ("/api/", "/oauth/", "/log/", "/sante", "/.well-known/oauth-", "/.well-known/carnet-")
# Errors of RFC 6749 there.
FOR_TOKENS = ("/oauth/token", "/api/v1/oauth/token", "/oauth/revoke", "/api/v1/oauth/revoke")

KINDS: dict[str, tuple[int, str]] = {
    "bad-request": (400, "La demande n’a pas la forme attendue."),
    "not-signed-in": (401, "Il faut se connecter."),
    "wrong-caller": (403, "Cette adresse n’est pas ouverte à votre compte."),
    "fresh-sign-in-needed": (403, "Il faut d’abord confirmer qui vous êtes : identifiez-vous de nouveau."),
    "csrf": (403, "La preuve que la demande vient de la page manque."),
    "access-ended": (403, "L’accès à ces informations est terminé."),
    "not-found": (404, "Rien ici pour cette demande."),
    "method-not-allowed": (405, "Cette adresse ne s’ouvre pas ainsi."),
    "conflict": (409, "Une réponse a changé entre-temps. Rien n’a été remplacé."),
    "too-large": (413, "Cet envoi est trop grand."),
    "content-type": (415, "Le type du contenu n’est pas celui attendu."),
    "invalid": (422, "La demande contient des fautes."),
    "too-many-requests": (429, "Trop de demandes en peu de temps."),
    "broken": (500, "Le service a rencontré une panne."),
    "unavailable": (503, "Le service ne peut pas répondre pour le moment."),
    "log-unavailable": (503, "Le journal ne peut rien inscrire pour le moment, donc rien n’est lu."),
    "no-checkpoint": (503, "Le journal n’a pas encore été signé."),
    "pdf-unavailable": (503, "Cette machine ne sait pas préparer le PDF. Le reste du carnet fonctionne."),
    "prefetch": (503, "Cette page ne se charge pas à l’avance."),
}
BY_STATUS = {
    400: "bad-request",
    401: "not-signed-in",
    403: "wrong-caller",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "content-type",
    422: "invalid",
    429: "too-many-requests",
    503: "unavailable",
}
RETRY_AFTER = 5  # seconds, when a part does not answer


class BadRequestError(CallerError):
    """The request cannot be read at all: broken JSON, a parameter given twice or not known here."""

    def __init__(self, pointer: str = "", sentence: str = "") -> None:
        super().__init__("bad request")
        self.faults = [Told(pointer, sentence)] if sentence else []


class ContentTypeError(CallerError):
    """The body is not of the type this address takes."""


class TooLargeError(CallerError):
    """The body is longer than any honest one."""


class FaultsError(CallerError):
    """The request was understood and some of it is not acceptable: each fault with its JSON pointer."""

    def __init__(self, faults: "Iterable[Told]") -> None:
        self.faults = list(faults)
        super().__init__(f"{len(self.faults)} fault(s)")


class NotFoundError(CallerError):
    """Nothing for this caller at this address. Never says which of the reasons."""


class AccessEndedError(CallerError):
    """The caller once held a grant for exactly this. Never says why it ended."""


@dataclass(frozen=True, slots=True)
class Told:
    """One fault: where (JSON pointer, RFC 6901, into the body, or ``/`` and a parameter) and what to do."""

    pointer: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Problem:
    kind: str
    faults: tuple[Told, ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return KINDS[self.kind][0]

    @property
    def title(self) -> str:
        return KINDS[self.kind][1]

    def document(self) -> dict[str, Any]:
        """RFC 9457. The same members in the same order for the same kind."""
        told: dict[str, Any] = {"type": TYPE_PREFIX + self.kind, "title": self.title, "status": self.status}
        if self.faults:
            told["errors"] = [{"pointer": one.pointer, "sentence": one.sentence} for one in self.faults]
        return told | dict(self.members)


ProblemPage = Callable[[Request, Problem], Response]


def as_json(problem: Problem) -> Response:
    body = json.dumps(problem.document(), ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, problem.status, dict(problem.headers), MEDIA_TYPE)


def as_token_error(problem: Problem) -> Response:
    """RFC 6749, section 5.2. What its vocabulary cannot say is an invalid request, or a passing failure."""
    error = "temporarily_unavailable" if problem.status >= 500 else "invalid_request"
    told = {"error": error, "error_description": problem.kind.replace("-", " ")}
    return Response(json.dumps(told).encode(), problem.status, dict(problem.headers), "application/json")


def as_text(_request: Request, problem: Problem) -> Response:
    """The page of last resort: the sentence alone."""
    return Response(f"{problem.title}\n", problem.status, dict(problem.headers), "text/plain; charset=utf-8")


def problem_of(error: Exception) -> Problem:
    """The problem an exception is to whoever asked. Never raises, never repeats its message."""
    match error:
        case FaultsError():
            return Problem("invalid", tuple(error.faults))
        case InvalidValueError():
            return Problem(
                "invalid", tuple(Told(f"/value{one.pointer}", one.sentence) for one in error.faults)
            )
        case GrantRefusedError() | RemarkRefusedError():
            return Problem("invalid", (Told(error.pointer, error.sentence),))
        case UnknownFieldError():
            return Problem("invalid", (Told("/field_id", "Cette information n’est pas au catalogue."),))
        case UnknownPurposeError():
            return Problem("invalid", (Told("/purpose_id", "Cet usage n’est pas dans le cadre."),))
        case ReadOnlyFieldError():
            return Problem("invalid", (Told("/field_id", "Cette information ne s’écrit pas ainsi."),))
        case BadRequestError():
            return Problem("bad-request", tuple(error.faults))
        case RevisionConflictError():
            return Problem("conflict", members={"current_version": error.current})
        case ContentTypeError():
            return Problem("content-type")
        case TooLargeError():
            return Problem("too-large")
        case AccessEndedError():
            return Problem("access-ended")
        case _ if told := _refusal(error) or _unavailable(error):
            return told
        case _:
            return Problem("broken")


def _refusal(error: Exception) -> Problem | None:
    match error:
        case NotSignedInError():
            return Problem("not-signed-in", headers={"WWW-Authenticate": error.challenge})
        case FreshSignInNeededError():
            return Problem("fresh-sign-in-needed")
        case CsrfError():
            return Problem("csrf")
        case WrongCallerError() | NoLongerActsError() | NoLongerOfficerError():
            return Problem("wrong-caller")
        case TooManyError():
            return Problem("too-many-requests", headers={"Retry-After": str(error.retry_after)})
        case NoSuchReceiptError() | NoSuchEntryError() | NoSuchObservationError() | NoSuchVoletError():
            return Problem("not-found")
        case NoSuchDemandError() | NoSuchAvisError():
            return Problem("not-found")
        case ReasonRefusedError():
            return Problem("invalid", (Told("/reason", error.sentence),))
        case DemandError() | StaleDemandError() | NotYetError() | AlreadyAskedError() | ForgottenHereError():
            return Problem("conflict")
        case NotAllowedError() | OnlyProfessionalsError():
            return Problem("wrong-caller")
        case NoEmergencyError():
            return Problem("not-found")
        case NoSuchProposalError():
            return Problem("not-found")
        case NothingToAgreeError():
            return Problem("invalid", (Told("/agreement", "Cette information ne demande pas votre accord."),))
        case (
            EntryFrozenError()
            | AlreadyAnsweredError()
            | AlreadyReviewedError()
            | NotKeptSoError()
            | CannotMoveError()
            | NotAnsweredError()
            | NotUnderstoodError()
            | VoletChangedError()
        ):
            return Problem("conflict")
        case NoSuchRequestError():
            return Problem("not-found")
        case KeyGoneError(kind="own") | CarnetClosedError() | NoSuchGrantError() | NotFoundError():
            return Problem("not-found")
        case HTTPException():
            kind = BY_STATUS.get(error.status_code, "broken" if error.status_code >= 500 else "bad-request")
            return Problem(kind, headers=dict(error.headers or {}))
        case _:
            return None


def _unavailable(error: Exception) -> Problem | None:
    later = {"Retry-After": str(RETRY_AFTER)}
    match error:
        case LogUnavailableError():
            return Problem("log-unavailable", headers=later)
        case PaperUnavailableError() | UnavailableError(part="pdf"):
            return Problem("pdf-unavailable")
        case UnavailableError():
            return Problem("unavailable", headers=later)
        case _:
            return None


# --- answering -------------------------------------------------------------------------------------------


async def answer(request: Request, problem: Problem) -> Response:
    """The problem as whoever asked can use it. Never raises: the page of last resort needs nothing."""
    path = request.scope["path"]
    if path in FOR_TOKENS:
        return as_token_error(problem)
    if path.startswith(FOR_PROGRAMS):
        return as_json(problem)
    page: ProblemPage = getattr(request.app.state, "problem_page", as_text)
    try:
        return await run_in_threadpool(page, request, problem)
    except Exception as error:
        note(error, 500, request.scope)
        return as_text(request, problem)


async def on_error(request: Request, error: Exception) -> Response:
    """The handler of every error we know (``HANDLED``)."""
    problem = problem_of(error)
    if problem.status >= 500:
        note(error, problem.status, request.scope)
    answered = await answer(request, problem)
    if answered.status_code >= 400:  # led to where she has to go instead, nobody was refused
        refusals: Refusals = request.app.state.refusals
        refusals.tell(problem.kind, request.scope)
    return answered


HANDLED: tuple[type[Exception], ...] = (
    CarnetError,
    DemandError,
    PaperUnavailableError,
    UnknownFieldError,
    UnknownPurposeError,
    HTTPException,
)
Handler = Callable[[Request, Exception], Awaitable[Response]]


def note(error: Exception, status: int, scope: Mapping[str, Any]) -> None:
    """One line for the operator: status, number of the request, kind and place. Never the message."""
    number = scope.get("carnet.request_id", "-")
    log.error("status=%d request=%s error=%s at=%s", status, number, type(error).__name__, _place(error))


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "-"
