"""What her pages say once she began a job: until when her référent may still help, and what stops then."""

from collections.abc import Sequence
from datetime import date, datetime

from consent.grants import end_of_day_after
from consent.phases import last_day_of_phase
from schemas.ids import PurposeId
from schemas.purposes import Purpose
from vault.services.job_phase import job_purposes, limited
from vault.services.own_carnet import OwnCarnet
from vault.services.parts import Parts
from vault.web.guard import Person
from vault.web.pages import french, views

TO_THE_END = "Jusqu’à la fin de vos six premiers mois d’emploi"
_JOB = "job"  # the kind of date that the catalogue marks so


def phase_words(parts: Parts, carnet: OwnCarnet) -> str:
    """Nothing when she began none, or when the frame has no share of that phase."""
    began = began_on(parts, carnet)
    if began is None or not job_purposes(parts.frame):
        return ""
    now, last = parts.now(), last_day_of_phase(began)
    since = f"Vous avez commencé un emploi le {french.short_day(began, now)}."
    until = french.day(last, now)
    if last < french.in_paris(now).date():
        return f"{since} Les partages pour votre suivi dans l’emploi sont terminés depuis le {until}."
    return f"{since} Les partages pour votre suivi dans l’emploi s’arrêtent seuls le {until}, au plus tard."


def ends_after(parts: Parts, me: Person, purpose_id: PurposeId, days: int) -> datetime:
    """When a share given now for so many days ends: a phase of her path may end it before."""
    wished = end_of_day_after(parts.now(), days)
    return limited(parts, me.owner.carnet_id, purpose_id, wished)


def durations(
    parts: Parts,
    me: Person,
    purpose_id: PurposeId,
    lengths: Sequence[tuple[int, str]],
    chosen: int | None,
) -> tuple[views.Duration, ...]:
    """The lengths to choose from, in order. Those a phase would cut are one, named after its end."""
    offered = []
    for days, label in lengths:
        ends_at = ends_after(parts, me, purpose_id, days)
        cut = ends_at != end_of_day_after(parts.now(), days)
        offered.append(views.Duration(days, TO_THE_END if cut else label, ends_at, days == chosen))
        if cut:
            break
    return tuple(offered)


def still_given(parts: Parts, me: Person, purposes: Sequence[Purpose]) -> tuple[Purpose, ...]:
    """Without those of a phase that is over for her."""
    now = parts.now()
    return tuple(one for one in purposes if ends_after(parts, me, one.purpose_id, 1) > now)


def began_on(parts: Parts, carnet: OwnCarnet) -> date | None:
    for field in parts.catalogue.fields:
        entries = carnet.in_fields().get(field.id, ()) if _JOB in field.marks else ()
        for entry in entries:
            if entry.body.holds and isinstance(entry.body.value, str):
                return date.fromisoformat(entry.body.value)
    return None
