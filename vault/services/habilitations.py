"""Somebody leaves a structure: at once, or on a day that is known beforehand.

Ending goes entry and row (D), then K: what vouches for the habilitation, the professional's own key pair,
the sessions; then the shares given to this professional alone are noted as over and cut; then the structure
is asked to change its keys (``rekeying``). Each step is repeatable. A ``leaving`` row of K, made first, says
what is still to be done: its name begins with the instant from which it is due, so that a pass looks at those
due and at no others. Killed anywhere, the finishing pass ends what was begun.

From the instant of the entry nothing is opened: the guard and the log's second decision both read the row of
D, and once the row of K is gone no row of D brings the habilitation back.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from consent.decisions import READING_ROLES
from consent.grants import Grantee, ended
from schemas.ids import GrantId, ProfessionalId
from schemas.names import GrantState, Outcome
from vault.audit.events import AboutContent, Op
from vault.errors import CallerError, StoreUnavailableError
from vault.services.bindings import (
    HABILITATION,
    binding_name,
    binding_row,
    digest_of,
    habilitation_facts,
    holds,
    to_the_millisecond,
)
from vault.services.grant_moves import ONCE_HELD, grant_entry
from vault.services.journal import OPERATOR, Actor, draft
from vault.services.key_sources import Journals, KeyRows, seed_name
from vault.services.parts import Parts
from vault.services.ports import Draft, HabilitationRow, SecretName, SecretRow
from vault.services.rekeying import ask_rekeying
from vault.services.stopping import cut

BATCH = 200
LEAVING = "leaving"
ORPHAN_AGE = timedelta(hours=24)  # a mark whose change was never committed


class NoSuchHabilitationError(CallerError):
    """There is no such habilitation, or what is said of it is not what was decided."""


class LaterEndError(CallerError):
    """The habilitation ends sooner already: an end only comes nearer."""


def end_habilitation(
    parts: Parts,
    professional_id: ProfessionalId,
    *,
    at: datetime | None,
    actor: Actor,
    allowed: Callable[[HabilitationRow], None] = lambda _row: None,
) -> HabilitationRow:
    """Let a habilitation end now (``at`` None or past), or at the instant ``at``; how it then stands. Ending
    what has ended changes nothing and is no error. ``allowed`` looks at the row under the lock and raises
    when this must not be. Raises NoSuchHabilitationError, LaterEndError, and what ``allowed`` raises."""
    name = actor.secret_name
    journals = parts.journal_keys.load(now=parts.now(), agents=[name] if name else [])
    with parts.data.change() as work:
        row = parts.data.habilitation(professional_id)  # as it stands: nobody else holds the lock
        if row is None:
            raise NoSuchHabilitationError("no such habilitation")
        allowed(row)
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
    _go_on(parts, row, over=over, actor=actor)
    parts.keystore.delete_secrets([_mark(row, now)])
    return row


def leaving_row(rows: KeyRows, row: HabilitationRow, *, due: datetime) -> SecretRow:
    """What brings the finishing pass to this habilitation once ``due`` is past. Whoever gives a habilitation
    that has an end stores one with it, due at that end."""
    return rows.make(*_mark(row, due), _facts(row))


def _mark(row: HabilitationRow, due: datetime) -> SecretName:
    return (LEAVING, f"{_ms(due):015d}:{row.professional_id}")


def _go_on(parts: Parts, row: HabilitationRow, *, over: bool, actor: Actor) -> None:
    """What follows from the row of D, in K. Repeatable."""
    if over:
        grantee = Grantee.professional(row.professional_id)
        vouched = binding_name(HABILITATION, row.professional_id)
        parts.keystore.delete_secrets([vouched, seed_name(grantee)])
        parts.keystore.end_sessions(subject=row.professional_id)
        compacted = parts.keystore.compact(whole=False)
        _end_own_grants(parts, row, actor)
        if row.role in READING_ROLES:
            ask_rekeying(parts, row.structure_id)
        if not compacted:
            raise StoreUnavailableError("keys", "somebody still reads an older state")
    elif row.ends_at is not None:
        parts.keystore.add_secrets([leaving_row(parts.rows, row, due=row.ends_at)], if_absent=True)
        _vouch(parts, row)


def _end_own_grants(parts: Parts, row: HabilitationRow, actor: Actor) -> None:
    """Note that what was given to this professional alone is over, and cut it. Readers were refused since the
    end: nobody else ever held them. What was given to the référent she had stands still, for the next one."""
    grantee, name = Grantee.professional(row.professional_id), actor.secret_name
    before: GrantId | None = None
    more = True
    while more:
        rows, after = parts.data.granted_to(grantee, after=before, limit=BATCH)
        looked = {one.grant.id: one.grant.terms.carnet_id for one in rows if not one.grant.terms.function}
        journals = parts.journal_keys.load(
            now=parts.now(), carnets=set(looked.values()), agents=[name] if name else []
        )
        with parts.data.change() as work:
            standing, _ = work.granted_to(grantee, after=before, limit=BATCH)  # she may withdraw meanwhile
            for one in standing:
                if one.grant.id in looked:
                    stopped = ended(one.grant, GrantState.INVALIDATED, now=work.now)
                    work.end_grant(stopped, once_held_until=work.now + ONCE_HELD)
                    work.ask_rotation(one.grant.terms.carnet_id, one.grant.terms.compartments)
                    told = (row.structure_id, journals, actor)
                    work.append(grant_entry(parts, Op.EXPIRE, one.grant, *told, reason="left"))
            if looked:
                work.commit()
        cut(parts, list(looked))
        before, more = after, after is not None


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


def finish_leavings(parts: Parts, now: datetime) -> int:
    """Go on from every mark that is due; how many habilitations were over. Repeatable."""
    done, after = 0, None
    while ids := parts.keystore.secret_ids(LEAVING, after=after, limit=BATCH):
        lost = parts.keystore.secret_ids(LEAVING, after=after, limit=BATCH, made_before=now - ORPHAN_AGE)
        for id_ in ids:
            if _due(id_) > _ms(now):
                return done
            done += _finish(parts, (LEAVING, id_), recent=id_ not in lost)
        after = ids[-1]
    return done


def _finish(parts: Parts, mark: SecretName, *, recent: bool) -> bool:
    """Do what one mark stands for. Whether a habilitation was over."""
    due, row = _due(mark[1]), parts.data.habilitation(ProfessionalId(mark[1].partition(":")[2]))
    ends_at = row.ends_at if row else None
    over = ends_at is not None and _ms(ends_at) == due
    planned = ends_at is not None and _ms(ends_at) > due
    if row is not None and (over or (planned and parts.rows.load([mark]).get(mark) == _facts(row))):
        _go_on(parts, row, over=over, actor=OPERATOR)
    elif recent and (ends_at is None or planned):
        return False  # its change is under way, or never was committed: then it goes after a day
    parts.keystore.delete_secrets([mark])
    return over


def _due(id_: str) -> int:
    return int(id_.partition(":")[0])


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _facts(row: HabilitationRow) -> bytes:
    return digest_of(HABILITATION, row.professional_id, habilitation_facts(row))


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
