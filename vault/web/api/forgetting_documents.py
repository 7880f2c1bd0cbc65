"""A request to forget as JSON: as she reads it, as whoever answers does. No decision."""

from typing import Any

from consent.clocks import Clock
from consent.demands import DemandMove
from vault.services import certificates, forget_desk
from vault.services.demand_seals import OpenedDemand
from vault.services.parts import Parts
from vault.services.recipients import notices_of
from vault.web.api.answers import instant, instant_or_null


def clock_of(parts: Parts, demand: OpenedDemand) -> dict[str, Any]:
    clock: Clock = demand.clock
    now = parts.now()
    return {
        "received_at": instant(demand.row.received_at),
        "due_on": clock.last_day.isoformat(),
        "days_left": clock.days_left(now),
        "late": demand.waits and clock.late(now),
        "extended": clock.extended,
    }


def demand_document(parts: Parts, demand: OpenedDemand) -> dict[str, Any]:
    carnet_id, answer = demand.row.carnet_id, demand.answer
    journal = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id]).journals[carnet_id]
    told_to = notices_of(parts, carnet_id, journal, demand.demand_id)
    names = parts.data.structures({one.row.structure_id for one in told_to})
    return {
        "demand_id": demand.demand_id,
        "entry_id": demand.row.entry_id,
        "field_id": demand.more["field"],
        "state": demand.state,
        **clock_of(parts, demand),
        "reason": demand.reason,
        "answer": answer.words if answer is not None else None,
        "may_escalate": forget_desk.may_escalate(parts, demand),
        "certificate": certificates.certificate_of(demand) is not None,
        "recipients": [
            {
                "structure_id": one.row.structure_id,
                "structure": names[one.row.structure_id].name if one.row.structure_id in names else "",
                "acknowledged_at": instant_or_null(one.acknowledged_at),
            }
            for one in told_to
        ],
        "steps": [
            {
                "step": step.move,
                "by": step.by,
                "at": instant(step.at),
                "words": "" if step.move is DemandMove.CERTIFY else step.words,
            }
            for step in demand.steps
        ],
    }


def line_document(parts: Parts, demand: OpenedDemand) -> dict[str, Any]:
    ids = {"demand_id": demand.demand_id, "carnet_id": demand.row.carnet_id, "state": demand.state}
    return ids | clock_of(parts, demand)


def impact_document(parts: Parts, found: forget_desk.Impact) -> dict[str, Any]:
    readers = [
        {
            "structure_id": one.structure_id,
            "times": one.times,
            "first_at": instant(one.first_at),
            "last_at": instant(one.last_at),
        }
        for one in found.readers
    ]
    return line_document(parts, found.demand) | {
        "field_id": found.field_id,
        "reason": found.demand.reason,
        "readers": readers,
        "named_by": [{"field_id": one, "entries": count} for one, count in found.named_by.items()],
        "named_by_others": found.hidden,
        "legal_hold": False,
        "may_accept_part": forget_desk.part_possible(found.demand),
    }


def moved_document(demand: OpenedDemand) -> dict[str, Any]:
    due = demand.clock.last_day.isoformat()
    return {"demand_id": demand.demand_id, "state": demand.state, "due_on": due}
