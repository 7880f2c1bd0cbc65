"""What her pages say once she began a job: until when her référent may still help, and what stops then."""

from datetime import date

from consent.phases import last_day_of_phase
from vault.services.job_phase import job_purposes
from vault.services.own_carnet import OwnCarnet
from vault.services.parts import Parts
from vault.web.pages import french

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


def began_on(parts: Parts, carnet: OwnCarnet) -> date | None:
    for field in parts.catalogue.fields:
        entries = carnet.in_fields().get(field.id, ()) if _JOB in field.marks else ()
        for entry in entries:
            if entry.body.holds and isinstance(entry.body.value, str):
                return date.fromisoformat(entry.body.value)
    return None
