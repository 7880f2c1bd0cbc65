"""Who may act for a person, for what, until when: the rules, without any store or clock.

Three kinds. A *mandate of help* is given by the person herself to a professional whose structure has him help
people (« aidant »); she ends it whenever she wants. A *curatorship* and a *guardianship* follow a ruling
(code civil, art. 440 and 473): they are recorded, not given, and end with it.

Nobody acts without being allowed to see, and deciding on shares is never part of another scope: it is given
by itself or not at all. A curator assists and does not decide (code civil, art. 467): he never shares.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from schemas.names import MandateKind, MandateScope, Word

HELP_DAYS = (1, 31, 182, 365)
LONGEST_RULING = timedelta(days=20 * 366)  # code civil, art. 442: twenty years at most


class MandateFault(Word):
    """Why a mandate cannot be, with what to say."""

    SCOPES = "scopes", "Choisissez ce que cette personne peut faire. Lire le carnet en fait toujours partie."
    SHARE = "share", "En curatelle, la personne décide elle-même de ses partages."
    DAYS = "days", "Choisissez une durée de la liste."
    END = "end", "La fin doit être à venir, et dans vingt ans au plus."
    HOLDER = "holder", "Un mandat d’aide se donne à un aidant d’une structure."
    SELF = "self", "Personne n’a besoin d’un mandat pour agir dans son propre carnet."


class MandateError(Exception):
    """These terms cannot be a mandate. Names the rule, never a value."""

    def __init__(self, fault: MandateFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def possible_scopes(kind: MandateKind) -> tuple[MandateScope, ...]:
    """What a mandate of this kind may ever hold, in order."""
    if kind is MandateKind.CURATORSHIP:
        return (MandateScope.SEE, MandateScope.WRITE, MandateScope.PRINT)
    return tuple(MandateScope)


def check_terms(
    kind: MandateKind,
    scopes: Collection[MandateScope],
    *,
    by_professional: bool,
    starts_at: datetime,
    ends_at: datetime,
) -> None:
    """Raises MandateError unless such a mandate may be. ``by_professional``: held by somebody in a structure,
    rather than by a relative."""
    if MandateScope.SEE not in scopes:
        raise MandateError(MandateFault.SCOPES)
    if not set(scopes) <= set(possible_scopes(kind)):
        raise MandateError(MandateFault.SHARE)
    if kind is MandateKind.HELPER and not by_professional:
        raise MandateError(MandateFault.HOLDER)
    if not starts_at < ends_at <= starts_at + LONGEST_RULING:
        raise MandateError(MandateFault.END)


def check_days(days: int) -> None:
    """Raises MandateError unless help may be given for that many days."""
    if days not in HELP_DAYS:
        raise MandateError(MandateFault.DAYS)


def covers(kind: MandateKind, scopes: Collection[MandateScope], scope: MandateScope) -> bool:
    """Whether a mandate of these scopes lets one do what ``scope`` names. What the kind excludes is refused
    whatever the mandate says."""
    return MandateScope.SEE in scopes and scope in scopes and scope in possible_scopes(kind)
