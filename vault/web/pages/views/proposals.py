"""Pages about what others propose to write, and of the interview for two.

`/mes-propositions`, `/mes-propositions/{id}`: the person reads and answers. `/carnets/{id}/proposer`,
`/carnets/{id}/proposer/{field}`: a professional proposes. `/mon-carnet/entretien…` and
`/carnets/{id}/entretien…`: the forty questions, one at a time, with two people at one screen.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from schemas.names import AnswerKind
from vault.web.pages.views.forms import FieldForm
from vault.web.pages.views.pieces import Body, Hidden, Link

__all__ = [
    "InterviewEndView",
    "InterviewLine",
    "InterviewQuestionView",
    "InterviewStartView",
    "OwnProposalLine",
    "ProposalCard",
    "ProposalView",
    "ProposalsView",
    "ProposeFieldView",
    "ProposeTheme",
    "ProposeView",
]


@dataclass(frozen=True)
class ProposalCard:
    """One information somebody proposes, in words. `stands`: what is written there now. `apart`: why it is
    decided on its own page."""

    href: str
    label: str
    lines: tuple[str, ...]
    answer: AnswerKind
    by: str
    at: datetime
    stands: tuple[str, ...] = ()
    sensitive: bool = False
    apart: str = ""
    carried: str = ""  # its id and version, for the button that agrees to several


@dataclass(frozen=True)
class ProposalsView:
    """`/mes-propositions`: those one button may agree to, and those decided one by one."""

    template: ClassVar[str] = "person/proposals.html"

    together: tuple[ProposalCard, ...] = ()
    apart: tuple[ProposalCard, ...] = ()
    agree_action: str = "/mes-propositions/d-accord"
    error: str = ""


@dataclass(frozen=True)
class ProposalView:
    """`/mes-propositions/{id}`. `may_disagree`: it can be kept though she disagrees, since nothing stands."""

    template: ClassVar[str] = "person/proposal.html"

    card: ProposalCard
    body: Body | None
    action: str
    carried: tuple[Hidden, ...]
    may_disagree: bool
    several: bool = False  # one more entry of a list, rather than the one answer
    forgotten: bool = False  # she once had something forgotten there
    error: str = ""


@dataclass(frozen=True)
class OwnProposalLine:
    """What one proposed: which information, when, and whether she answered; never what she said."""

    label: str
    at: datetime
    waits: bool
    lines: tuple[str, ...] = ()
    answer: AnswerKind = AnswerKind.ANSWERED


@dataclass(frozen=True)
class ProposeTheme:
    theme_id: str
    label: str
    fields: tuple[Link, ...]


@dataclass(frozen=True)
class ProposeView:
    """`/carnets/{id}/proposer`: what may be proposed there, and what was."""

    template: ClassVar[str] = "office/propose.html"

    reference: str
    purpose: str
    themes: tuple[ProposeTheme, ...]
    own: tuple[OwnProposalLine, ...] = ()
    carnet_href: str = ""  # empty: he may propose, and reads nothing
    interview_href: str = ""


@dataclass(frozen=True)
class ProposeFieldView:
    """`/carnets/{id}/proposer/{field}`: one question."""

    template: ClassVar[str] = "office/propose_field.html"

    reference: str
    action: str
    back_href: str
    field: FieldForm
    again: bool = False  # he already proposed something there: this takes its place


@dataclass(frozen=True)
class InterviewStartView:
    """Where an interview begins, or goes on. `hers`: in the person's session; else each answer is proposed.
    `beside`: who may be there with her (code, words, chosen)."""

    template: ClassVar[str] = "person/interview_start.html"

    hers: bool
    action: str
    back_href: str
    answered: int
    count: int
    beside: tuple[tuple[str, str, bool], ...] = ()
    reference: str = ""
    end_href: str = ""


@dataclass(frozen=True)
class InterviewQuestionView:
    """One line of the report's list with its inputs. `number` counts from 1."""

    template: ClassVar[str] = "person/interview_question.html"

    hers: bool
    number: int
    count: int
    theme_id: str
    theme: str
    question: str
    fields: tuple[FieldForm, ...]
    action: str
    skip_href: str
    back_href: str
    stop_href: str
    told: bool = False  # an answer stands already, or waits for hers
    reference: str = ""


@dataclass(frozen=True)
class InterviewLine:
    """One question read again: its words, and what was said."""

    number: int
    question: str
    lines: tuple[tuple[str, tuple[str, ...], AnswerKind], ...]  # label, value, or why there is none
    href: str


@dataclass(frozen=True)
class InterviewEndView:
    """Read again together."""

    template: ClassVar[str] = "person/interview_end.html"

    hers: bool
    lines: tuple[InterviewLine, ...]
    left: int
    start_href: str
    back_href: str
    reference: str = ""
    waiting: int = 0
