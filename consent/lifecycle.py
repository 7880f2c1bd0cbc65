"""Every state a share can be in, every move between two of them, who may make it, and when.

One table, plain values: no IO, no clock. What is not in the table cannot happen.

- A share begins as a draft of hers, or as what somebody asks; paper and older systems bring in what is
  ``unknown``, which is never readable and must be asked again.
- Nothing leads out of a terminal state (I4). Nothing but the person's own yes, or that of somebody with an
  explicit mandate to decide on shares, leads into ``granted`` for the first time.
- A history only grows, and each step holds the digest of the one before (I3).
- What must hold for a move is a guard: a function of the facts it is given. Two guards on one move must both
  hold. A guard names the rule it keeps, never a value.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from schemas.canonical import canonical
from schemas.ids import CompartmentId
from schemas.names import GrantState, Word

REST_AFTER_REFUSAL = timedelta(days=90)  # nobody asks again for what was refused before
S = GrantState
TERMINAL = frozenset({S.REFUSED, S.WITHDRAWN, S.REVOKED, S.EXPIRED, S.INVALIDATED, S.REPLACED, S.LAPSED})
READABLE = frozenset({S.GRANTED})  # the one state that lets anybody read
STARTS = frozenset({S.DRAFT, S.UNKNOWN})
_GENESIS = sha256(b"carnet/share history/1").digest()


class LifecycleError(Exception):
    """This move cannot be made. ``rule`` names the rule in the way, never a value."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class By(Word):
    """Who makes a move."""

    PERSON = "person", "vous"
    REPRESENTATIVE = "representative", "la personne qui agit pour vous"
    ASKER = "asker", "qui demande"
    DPO = "dpo", "le délégué à la protection des données"
    CONTROLLER = "controller", "le responsable du traitement"
    CLOCK = "clock", "la date"
    SYSTEM = "system", "le service"


class Move(Word):
    """What may happen to a share."""

    ASK = "ask", "demander"
    DEFER = "defer", "répondre plus tard"
    GIVE = "give", "partager sans qu’on le demande"
    ACCEPT = "accept", "accepter"
    REFUSE = "refuse", "refuser"
    SUSPEND = "suspend", "suspendre"
    RESUME = "resume", "reprendre"
    WITHDRAW = "withdraw", "arrêter"
    REVOKE = "revoke", "révoquer"
    EXPIRE = "expire", "arriver à son terme"
    INVALIDATE = "invalidate", "annuler"
    REPLACE = "replace", "remplacer"
    LAPSE = "lapse", "devenir caduc"


@dataclass(frozen=True, slots=True)
class Facts:
    """What guards look at. What is not told is not so: an empty ``Facts`` lets no request and no yes pass.

    ``asked``, ``accepted``: the information of the request, and of her yes. ``allowed``: what the frame lets
    this asker ask for. ``apart``: the special ones she said yes to, each by an act of its own."""

    habilitated: bool = False  # the asker, its structure and the purpose stand in the frame
    asked: frozenset[CompartmentId] = frozenset()
    allowed: frozenset[CompartmentId] = frozenset()
    refused_at: datetime | None = None  # when the same was last refused
    paused: bool = False  # a time of pressure: the data protection officer stopped requests
    accepted: frozenset[CompartmentId] = frozenset()
    special: frozenset[CompartmentId] = frozenset()
    apart: frozenset[CompartmentId] = frozenset()
    days: int = 0
    most_days: int = 0  # asked for, or allowed by the frame when nobody asked
    ends_at: datetime | None = None
    decides_on_shares: bool = False  # the mandate says so in so many words
    reason: bool = False  # somebody wrote one
    suspended_by: By | None = None
    gone: bool = False  # the asker, the purpose, or whoever it was for is no more


@dataclass(frozen=True, slots=True)
class Case:
    """A move about to be made: by whom, when, and what is so."""

    by: By
    now: datetime
    facts: Facts


Guard = Callable[[Case], bool]


def habilitated(case: Case) -> bool:
    """Whoever asks stands, for a purpose the frame gives to its kind."""
    return case.facts.habilitated


def within_the_frame(case: Case) -> bool:
    """Something is asked, and nothing beyond what the purpose may be given."""
    return bool(case.facts.asked) and case.facts.asked <= case.facts.allowed


def rested(case: Case) -> bool:
    """What was refused is not asked again for 90 days."""
    return case.facts.refused_at is None or case.now >= case.facts.refused_at + REST_AFTER_REFUSAL


def not_under_pressure(case: Case) -> bool:
    """Nobody asks during a pause."""
    return not case.facts.paused


def only_narrower(case: Case) -> bool:
    """She gives what was asked or less, for as long or less; never nothing."""
    return (
        bool(case.facts.accepted)
        and case.facts.accepted <= case.facts.asked
        and 1 <= case.facts.days <= case.facts.most_days
    )


def within_the_purpose(case: Case) -> bool:
    """What she gives by herself is what the purpose may be given, for no longer than the frame lets."""
    return (
        bool(case.facts.accepted)
        and case.facts.accepted <= case.facts.allowed
        and 1 <= case.facts.days <= case.facts.most_days
    )


def special_apart(case: Case) -> bool:
    """Each special category by an act of its own."""
    return case.facts.accepted & case.facts.special <= case.facts.apart


def decides(case: Case) -> bool:
    """She, or somebody with an explicit mandate to decide on shares."""
    return case.by is By.PERSON or (case.by is By.REPRESENTATIVE and case.facts.decides_on_shares)


def with_a_reason(case: Case) -> bool:
    """Whoever overrides her says why."""
    return case.by in (By.PERSON, By.REPRESENTATIVE) or case.facts.reason


def over(case: Case) -> bool:
    """Its end has come; the end itself is already after it: [start, end)."""
    return case.facts.ends_at is not None and case.now >= case.facts.ends_at


def not_over(case: Case) -> bool:
    """A share that is over goes on for nobody."""
    return case.facts.ends_at is not None and case.now < case.facts.ends_at


def over_or_gone(case: Case) -> bool:
    """Nobody answered in time, or whoever it was for is no more."""
    return case.facts.gone or over(case)


def by_whoever_suspended(case: Case) -> bool:
    """What an officer or the service stopped, she does not take up again; and the other way round. What she
    stopped herself, nobody takes up for her."""
    acted_for_her = case.by is By.PERSON and case.facts.suspended_by is By.REPRESENTATIVE
    return case.by is case.facts.suspended_by or acted_for_her


@dataclass(frozen=True, slots=True)
class Edge:
    before: GrantState
    move: Move
    after: GrantState
    by: frozenset[By]
    guards: tuple[Guard, ...] = ()


_HERS = frozenset({By.PERSON, By.REPRESENTATIVE})
_OVERSEERS = frozenset({By.DPO, By.CONTROLLER})
_ASKED = (habilitated, within_the_frame, rested, not_under_pressure)
_YES = (decides, only_narrower, special_apart)


def _edges() -> Iterator[Edge]:
    for start in (S.DRAFT, S.UNKNOWN):
        yield Edge(start, Move.ASK, S.REQUESTED, frozenset({By.ASKER}), _ASKED)
    yield Edge(S.DRAFT, Move.GIVE, S.GRANTED, _HERS, (decides, within_the_purpose, special_apart))
    yield Edge(S.REQUESTED, Move.DEFER, S.DEFERRED, _HERS, (decides,))
    for waiting in (S.REQUESTED, S.DEFERRED):
        yield Edge(waiting, Move.ACCEPT, S.GRANTED, _HERS, _YES)
        yield Edge(waiting, Move.REFUSE, S.REFUSED, _HERS, (decides,))
        yield Edge(waiting, Move.LAPSE, S.LAPSED, frozenset({By.CLOCK, By.SYSTEM}), (over_or_gone,))
    may_suspend = _HERS | _OVERSEERS | {By.SYSTEM}
    yield Edge(S.GRANTED, Move.SUSPEND, S.SUSPENDED, may_suspend, (with_a_reason,))
    yield Edge(S.SUSPENDED, Move.RESUME, S.GRANTED, may_suspend, (by_whoever_suspended, not_over))
    for standing in (S.GRANTED, S.SUSPENDED):
        yield Edge(standing, Move.WITHDRAW, S.WITHDRAWN, _HERS, (decides,))  # she: always
        yield Edge(standing, Move.REVOKE, S.REVOKED, _OVERSEERS, (with_a_reason,))
        yield Edge(standing, Move.EXPIRE, S.EXPIRED, frozenset({By.CLOCK}), (over,))
        invalidates = frozenset({By.DPO, By.SYSTEM})
        yield Edge(standing, Move.INVALIDATE, S.INVALIDATED, invalidates, (with_a_reason,))
        yield Edge(standing, Move.REPLACE, S.REPLACED, _HERS, (decides,))
        yield Edge(standing, Move.LAPSE, S.LAPSED, frozenset({By.CLOCK, By.SYSTEM}), (over_or_gone,))


EDGES: tuple[Edge, ...] = tuple(_edges())
_TABLE: Mapping[tuple[GrantState, Move], Edge] = {(edge.before, edge.move): edge for edge in EDGES}


def edge_of(state: GrantState, move: Move) -> Edge:
    """Raises LifecycleError when nothing leads from this state by this move."""
    edge = _TABLE.get((state, move))
    if edge is None:
        raise LifecycleError("ended" if state in TERMINAL else "no_such_move")
    return edge


def after(state: GrantState, move: Move, by: By, now: datetime, facts: Facts) -> GrantState:
    """The state this move leads to. Raises LifecycleError naming the first rule in the way."""
    edge = edge_of(state, move)
    if by not in edge.by:
        raise LifecycleError("not_theirs")
    case = Case(by, now, facts)
    for guard in edge.guards:
        if not guard(case):
            raise LifecycleError(guard.__name__)
    return edge.after


def may_become(before: GrantState, later: GrantState) -> bool:
    """Whether one move, whosever and whatever its guards, leads from one state to the other."""
    return any(edge.after is later for edge in EDGES if edge.before is before)


# --- histories -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One move that was made. ``before``: digest of the step before it."""

    move: Move
    by: By
    at: datetime
    state: GrantState  # it led to
    before: bytes = field(repr=False)

    def digest(self) -> bytes:
        told = {
            "at": self.at.isoformat(),
            "before": self.before.hex(),
            "by": str(self.by),
            "move": str(self.move),
            "state": str(self.state),
        }
        return sha256(canonical(told)).digest()


@dataclass(frozen=True, slots=True)
class History:
    """What became of one share, oldest first; it only grows."""

    start: GrantState = S.DRAFT
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if self.start not in STARTS:
            raise LifecycleError("start")

    @property
    def state(self) -> GrantState:
        return self.steps[-1].state if self.steps else self.start

    @property
    def readable(self) -> bool:
        return self.state in READABLE

    @property
    def last(self) -> bytes:
        return self.steps[-1].digest() if self.steps else _genesis(self.start)


def moved(history: History, move: Move, by: By, *, at: datetime, facts: Facts) -> History:
    """The history with one step more. Raises LifecycleError; also when ``at`` is before the last step."""
    if history.steps and at < history.steps[-1].at:
        raise LifecycleError("time_goes_back")
    state = after(history.state, move, by, at, facts)
    step = Step(move, by, at, state, history.last)
    return History(history.start, (*history.steps, step))


def check(history: History) -> None:
    """Raises LifecycleError when a step was changed, taken out, put in or moved, or no move led there."""
    before, state, at = _genesis(history.start), history.start, None
    for step in history.steps:
        if step.before != before:
            raise LifecycleError("broken_chain")
        edge = edge_of(state, step.move)
        if edge.after is not step.state or step.by not in edge.by:
            raise LifecycleError("no_such_move")
        if at is not None and step.at < at:
            raise LifecycleError("time_goes_back")
        before, state, at = step.digest(), step.state, step.at


def _genesis(start: GrantState) -> bytes:
    return sha256(_GENESIS + start.value.encode()).digest()
