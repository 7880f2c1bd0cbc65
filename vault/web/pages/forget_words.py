"""How a demand to forget is said: to her, and to whoever answers."""

from consent.demands import DemandBy, DemandMove
from schemas.ids import StructureId
from vault.services.certificates import label_of
from vault.services.demand_seals import OpenedDemand
from vault.services.parts import Parts
from vault.services.recipients import RecipientNotice
from vault.services.referents import current_referent
from vault.web.pages import views
from vault.web.pages.relations import GONE, body_of

OFFICER = "le délégué à la protection des données"
_QUIET = frozenset({DemandMove.ALERT, DemandMove.CERTIFY})
_TO_OFFICE = {DemandBy.PERSON: "la personne", DemandBy.REFERENT: "le référent"}


def steps_of(demand: OpenedDemand, *, office: bool = False) -> tuple[views.ForgetStep, ...]:
    """Oldest first; what the service did for itself is left out."""
    return tuple(
        views.ForgetStep(
            step.move.label,
            _TO_OFFICE.get(step.by, step.by.label) if office else step.by.label,
            step.at,
            "" if step.move is DemandMove.RECEIVE else step.words,
        )
        for step in demand.steps
        if step.move not in _QUIET
    )


def answerer(parts: Parts, demand: OpenedDemand) -> str:
    """Who is to answer now, in words that begin a sentence: « votre référent, au CCAS de Brest »."""
    row = current_referent(parts, demand.row.carnet_id)
    if row is None or demand.step(DemandMove.ESCALATE) is not None:
        return OFFICER
    return referent_words(parts, row.structure_id)


def referent_words(parts: Parts, structure_id: StructureId) -> str:
    structure = parts.data.structure(structure_id)
    return f"votre référent ({structure.name if structure else GONE})"


def label(parts: Parts, demand: OpenedDemand) -> str:
    return label_of(parts, demand.more["field"])


def readers_of(parts: Parts, notices: list[RecipientNotice]) -> tuple[views.ForgetReader, ...]:
    now = parts.now()
    return tuple(
        views.ForgetReader(
            body_of(parts.data.structure(one.row.structure_id)), one.acknowledged_at, one.overdue(now)
        )
        for one in notices
    )
