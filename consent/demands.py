"""What a person asks of whoever keeps her data, step by step: one skeleton for the request to forget, sent to
the référent, and for the rights of GDPR articles 15 to 21, sent to the controller.

One table, plain values: no IO, no clock. What is not in the table cannot happen. Nothing leads out of
``closed``. A refusal, a partial answer and a longer time each need a reason, which she reads. The clock never
answers for anybody: when the time is over she is told, and the demand goes on waiting.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from consent.clocks import Clock
from schemas.names import Word


class DemandError(Exception):
    """This move cannot be made. ``rule`` names the rule in the way, never a value."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class DemandKind(Word):
    """The right that is exercised. Articles: of the GDPR."""

    FORGET = "forget", "faire oublier une information"
    ACCESS = "access", "savoir et recevoir une copie"
    RECTIFICATION = "rectification", "faire corriger"
    ERASURE = "erasure", "faire effacer"
    RESTRICTION = "restriction", "faire geler"
    PORTABILITY = "portability", "emporter ses données"
    OBJECTION = "objection", "s’opposer"


class DemandState(Word):
    """Where a demand stands."""

    RECEIVED = "received", "reçue"
    ACKNOWLEDGED = "acknowledged", "en attente de réponse"
    EXAMINED = "examined", "étudiée"
    ACCEPTED = "accepted", "acceptée"
    PARTIAL = "partial", "acceptée en partie"
    REFUSED = "refused", "refusée"
    EXECUTED = "executed", "faite"
    INFORMED = "informed", "faite, et les organismes prévenus"
    CLOSED = "closed", "terminée"


class DemandMove(Word):
    """What may happen to a demand; also the name of the step that is kept of it."""

    RECEIVE = "receive", "demande reçue"
    ACKNOWLEDGE = "acknowledge", "accusé de réception"
    EXAMINE = "examine", "demande à l’étude"
    EXTEND = "extend", "délai prolongé"
    ALERT = "alert", "rappel envoyé"
    ESCALATE = "escalate", "délégué à la protection des données saisi"
    ACCEPT = "accept", "demande acceptée"
    ACCEPT_PART = "accept_part", "demande acceptée en partie"
    REFUSE = "refuse", "demande refusée"
    EXECUTE = "execute", "demande exécutée"
    INFORM = "inform", "organismes prévenus"
    CERTIFY = "certify", "certificat établi"
    WITHDRAW = "withdraw", "demande retirée"
    CLOSE = "close", "demande terminée"


class DemandBy(Word):
    """Who makes a move."""

    PERSON = "person", "vous"
    REFERENT = "referent", "votre référent"
    OFFICER = "officer", "le délégué à la protection des données"
    CONTROLLER = "controller", "le responsable du traitement"
    SERVICE = "service", "le service"


S, M, B = DemandState, DemandMove, DemandBy
WAITING = frozenset({S.RECEIVED, S.ACKNOWLEDGED, S.EXAMINED})  # somebody is to answer
ANSWERED = frozenset({S.ACCEPTED, S.PARTIAL, S.REFUSED})
ANSWERS: Mapping[DemandMove, DemandState] = {
    M.ACCEPT: S.ACCEPTED,
    M.ACCEPT_PART: S.PARTIAL,
    M.REFUSE: S.REFUSED,
}
NEEDS_REASON = frozenset({M.ACCEPT_PART, M.REFUSE, M.EXTEND})
_ANSWERERS = frozenset({B.REFERENT, B.OFFICER, B.CONTROLLER})
_DESK = _ANSWERERS | {B.SERVICE}


@dataclass(frozen=True, slots=True)
class DemandEdge:
    before: DemandState
    move: DemandMove
    after: DemandState
    by: frozenset[DemandBy]


def _edges() -> Iterator[DemandEdge]:
    yield DemandEdge(S.RECEIVED, M.ACKNOWLEDGE, S.ACKNOWLEDGED, _DESK)
    for before in (S.RECEIVED, S.ACKNOWLEDGED):
        yield DemandEdge(before, M.EXAMINE, S.EXAMINED, _DESK)
    for waiting in sorted(WAITING):
        for answer, state in ANSWERS.items():
            yield DemandEdge(waiting, answer, state, _DESK)
        yield DemandEdge(waiting, M.EXTEND, waiting, _ANSWERERS)
        yield DemandEdge(waiting, M.ALERT, waiting, frozenset({B.SERVICE}))
        yield DemandEdge(waiting, M.ESCALATE, waiting, frozenset({B.PERSON}))
        yield DemandEdge(waiting, M.WITHDRAW, S.CLOSED, frozenset({B.PERSON}))
    yield DemandEdge(S.REFUSED, M.ESCALATE, S.REFUSED, frozenset({B.PERSON}))
    above = frozenset({B.OFFICER, B.CONTROLLER})
    for answered in (S.REFUSED, S.PARTIAL):  # the recourse: the answer is changed, or stands with a reason
        for answer, state in ANSWERS.items():
            yield DemandEdge(answered, answer, state, above)
    for done in (S.ACCEPTED, S.PARTIAL):
        yield DemandEdge(done, M.EXECUTE, S.EXECUTED, frozenset({B.PERSON, B.SERVICE}))
    yield DemandEdge(S.PARTIAL, M.ESCALATE, S.PARTIAL, frozenset({B.PERSON}))
    yield DemandEdge(S.EXECUTED, M.INFORM, S.INFORMED, frozenset({B.SERVICE}))
    for done in (S.EXECUTED, S.INFORMED):
        yield DemandEdge(done, M.CERTIFY, done, frozenset({B.SERVICE}))
    for over in (S.REFUSED, S.PARTIAL, S.EXECUTED, S.INFORMED):
        yield DemandEdge(over, M.CLOSE, S.CLOSED, frozenset({B.PERSON, B.SERVICE, *_ANSWERERS}))


DEMAND_EDGES: tuple[DemandEdge, ...] = tuple(_edges())
_TABLE = {(edge.before, edge.move): edge for edge in DEMAND_EDGES}


def demand_after(
    state: DemandState, move: DemandMove, by: DemandBy, *, clock: Clock, now: datetime, reason: bool = False
) -> DemandState:
    """The state this move leads to. Raises DemandError naming the first rule in the way."""
    edge = _TABLE.get((state, move))
    if edge is None:
        raise DemandError("ended" if state is S.CLOSED else "no_such_move")
    if by not in edge.by:
        raise DemandError("not_theirs")
    if move in NEEDS_REASON and not reason:
        raise DemandError("needs_reason")
    if move is M.EXTEND and not clock.may_be_longer(now):
        raise DemandError("extended_once" if clock.extended else "first_month_over")
    return edge.after
