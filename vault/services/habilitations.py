"""Somebody leaves a structure: at once, or on a day that is known beforehand.

Ending goes entry and row (D), then K: what vouches for the habilitation, the professional's own key pair,
the sessions; then the shares given to this professional alone are noted as over and cut; then the structure
is asked to change its keys (``rekeying``). Each step is repeatable. A ``leaving`` row of K, made first, says
what is still to be done: its name begins with the instant from which it is due, so that a pass looks at those
due and at no others. Killed anywhere, the finishing pass ends what was begun.

From the instant of the entry nothing is opened: the guard and the log's second decision both read the row of
D, and once the row of K is gone no row of D brings the habilitation back.
"""

from dataclasses import replace
from datetime import UTC, datetime

from schemas.ids import ProfessionalId
from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.errors import CallerError
from vault.services.bindings import (
    HABILITATION,
    binding_name,
    binding_row,
    digest_of,
    habilitation_facts,
    holds,
    to_the_millisecond,
)
from vault.services.journal import Actor, draft
from vault.services.key_sources import Journals, KeyRows
from vault.services.parts import Parts
from vault.services.ports import Draft, HabilitationRow, SecretName, SecretRow

LEAVING = "leaving"


class NoSuchHabilitationError(CallerError):
    """There is no such habilitation, or what is said of it is not what was decided."""


class LaterEndError(CallerError):
    """The habilitation ends sooner already: an end only comes nearer."""


def end_habilitation(
    parts: Parts, professional_id: ProfessionalId, *, at: datetime | None, actor: Actor
) -> HabilitationRow:
    """Let a habilitation end now (``at`` None or past), or at the instant ``at``; how it then stands. Ending
    what has ended changes nothing and is no error. Raises NoSuchHabilitationError, LaterEndError."""
    name = actor.secret_name
    journals = parts.journal_keys.load(now=parts.now(), agents=[name] if name else [])
    with parts.data.change() as work:
        row = parts.data.habilitation(professional_id)  # as it stands: nobody else holds the lock
        if row is None:
            raise NoSuchHabilitationError("no such habilitation")
        now = to_the_millisecond(work.now)
        ends_at = max(now, to_the_millisecond(at.astimezone(UTC))) if at else now
        over = ends_at == now
        if row.ends_at is not None and row.ends_at < ends_at and not over:
            raise LaterEndError("this habilitation ends sooner")
        if row.ends_at is None or row.ends_at > ends_at:
            if not over and not holds(parts, HABILITATION, professional_id, habilitation_facts(row)):
                raise NoSuchHabilitationError("not what was decided")
            row = replace(row, ends_at=ends_at)
            parts.keystore.add_secrets([leaving_row(parts.rows, row, due=now)], if_absent=True)
            work.end_habilitation(professional_id, ends_at)
            work.append(_entry(parts, row, journals, actor))
            work.commit()
    _go_on(parts, row, over=over)
    parts.keystore.delete_secrets([_mark(row, now)])
    return row


def leaving_row(rows: KeyRows, row: HabilitationRow, *, due: datetime) -> SecretRow:
    """What brings the finishing pass to this habilitation once ``due`` is past. Whoever gives a habilitation
    that has an end stores one with it, due at that end."""
    facts = digest_of(HABILITATION, row.professional_id, habilitation_facts(row))
    return rows.make(*_mark(row, due), facts)


def _mark(row: HabilitationRow, due: datetime) -> SecretName:
    return (LEAVING, f"{round(due.timestamp() * 1000):015d}:{row.professional_id}")


def _go_on(parts: Parts, row: HabilitationRow, *, over: bool) -> None:
    """What follows from the row of D, in K. Repeatable."""
    if over:
        parts.keystore.delete_secrets([binding_name(HABILITATION, row.professional_id)])
        parts.keystore.end_sessions(subject=row.professional_id)
    elif row.ends_at is not None:
        parts.keystore.add_secrets([leaving_row(parts.rows, row, due=row.ends_at)], if_absent=True)
        _vouch(parts, row)


def _vouch(parts: Parts, row: HabilitationRow) -> None:
    """Let the root vouch for the nearer end, unless yet another one came meanwhile."""
    id_ = row.professional_id
    with parts.data.change():  # nothing changes: nobody else may end it while we look
        standing = parts.rows.rows([binding_name(HABILITATION, id_)]).get(binding_name(HABILITATION, id_))
        if standing is None or parts.data.habilitation(id_) != row:
            return
        facts = habilitation_facts(row)
        new = binding_row(parts.rows, HABILITATION, id_, facts, version=standing.version + 1)
        parts.keystore.replace_secret(new)


def _entry(parts: Parts, row: HabilitationRow, journals: Journals, actor: Actor) -> Draft:
    until = row.ends_at.isoformat() if row.ends_at else ""
    about = AboutContent(
        structure_id=row.structure_id, role=row.role, reason=f"professional {row.professional_id} {until}"
    )
    return draft(
        Op.LEAVE,
        Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=None,
        about=about,
        random=parts.random,
    )
