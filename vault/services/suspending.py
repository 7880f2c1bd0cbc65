"""A share stands still, and goes on: by the person, by the data protection officer, or by the service.

While it is suspended nobody reads under it. Two things say so: its state in D, and a row of K (``hold``)
without which Q_g is given to a reader; whoever writes in D alone cannot make a share go on. That row also
keeps who suspended it and why, and dies with the share. Q_g and the wraps stay: going on needs nobody's key.

Suspending, under the head lock: the row of K, then the entry with the state. Going on: the entry with the
state, then that row, under the lock again: somebody may have suspended it meanwhile.
Killed in between, the share is refused to readers; doing it again ends what was begun.

What the person suspended and the rules then left nothing of is the service's to hold from there on, with an
entry that says why: she gives it again, she does not take it up. And nobody takes up what they leave nothing
of, whoever held it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from consent.grants import Grant, held
from consent.lifecycle import By, Facts, LifecycleError, Move, after
from schemas.canonical import canonical, parse_canonical
from schemas.ids import CarnetId, GrantId
from schemas.names import GrantState, Word
from vault.audit.events import Op
from vault.errors import CallerError
from vault.services.grant_moves import note_move
from vault.services.journal import Actor, agents_of
from vault.services.key_sources import hold_name
from vault.services.parts import Parts
from vault.services.ports import SecretRow
from vault.services.rule_changes import overtaken_now
from vault.services.standing import check_officer
from vault.services.stopping import find_grant
from vault.services.structures import structure_behind

LONGEST_WORDS = 500  # characters
HERS = (By.PERSON, By.REPRESENTATIVE)  # holds that the service takes over when it must


class Why(Word):
    """Why a share was suspended, revoked or annulled, from a closed list; words may be added."""

    HER_CHOICE = "her_choice", "vous l’avez demandé"
    CHECK = "check", "une vérification est en cours"
    PRESSURE = "pressure", "vous n’avez peut-être pas choisi librement"
    NOTICE = "notice", "l’information donnée avant le partage était fausse ou incomplète"
    IDENTITY = "identity", "la personne qui a partagé ou reçu n’est peut-être pas la bonne"
    MISUSE = "misuse", "les informations ont peut-être servi à autre chose"
    NO_LONGER_NEEDED = "no_longer_needed", "ce partage ne sert plus"
    NOW_SPECIAL = "now_special", "une des informations est devenue particulièrement protégée"
    RULES_CHANGED = "rules_changed", "les règles ont changé : ce partage n’est plus prévu"
    NOT_SEEN = "not_seen", "votre carnet ne servait plus depuis longtemps"


class CannotMoveError(CallerError):
    """The share is not in a state for this. ``rule`` names the rule in the way (``consent.lifecycle``)."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Hold:
    """Who suspended a share, when and why. ``words``: what the officer wrote to the person."""

    by: By
    at: datetime
    why: Why
    words: str = field(default="", repr=False)


def suspend_grant(
    parts: Parts,
    carnet_id: CarnetId,
    grant_id: GrantId,
    *,
    by: By,
    why: Why,
    actor: Actor,
    words: str = "",
) -> Grant:
    """From now on nobody reads under it. Suspended again, it stays as it was first; what she suspended and
    the service must is the service's. Raises NoSuchGrantError, CannotMoveError, NoLongerOfficerError."""
    words = checked_words(words)
    _check_by(parts, by, actor)
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=agents_of(actor))
    with parts.data.change() as work:
        _check_by(parts, by, actor)
        grant = find_grant(work.grants_of(carnet_id), grant_id)
        hold = Hold(by, work.now, why, words)
        if grant.state is GrantState.SUSPENDED:
            if not parts.rows.rows([hold_name(grant_id)]):  # a row of K was lost: it is said again
                _keep(parts, grant_id, hold)
                return grant
            if by is not By.SYSTEM or holds_of(parts, [grant_id])[grant_id].by not in HERS:
                return grant
        else:
            allowed(grant, Move.SUSPEND, by, work.now, Facts(reason=True))
        _keep(parts, grant_id, hold)  # in place of what a process that died may have left
        moved = grant
        if grant.state is not GrantState.SUSPENDED:
            moved = held(grant, GrantState.SUSPENDED)
            work.hold_grant(moved)
        structure_id = structure_behind(parts, grant.terms.grantee)
        reason = told(why, words)
        note_move(work, parts, Op.SUSPEND, moved, structure_id, journals, actor, reason=reason)
        work.commit()
    return moved


def _keep(parts: Parts, grant_id: GrantId, hold: Hold) -> None:
    """Under the head lock: nobody else writes it."""
    standing = parts.rows.rows([hold_name(grant_id)]).get(hold_name(grant_id))
    if standing is None:
        parts.keystore.add_secrets([_row(parts, grant_id, hold)])
    else:
        parts.keystore.replace_secret(_row(parts, grant_id, hold, version=standing.version + 1))


def resume_grant(parts: Parts, carnet_id: CarnetId, grant_id: GrantId, *, by: By, actor: Actor) -> Grant:
    """It goes on, until its own end. Only whoever suspended it may say so, while the rules leave something of
    it. Raises NoSuchGrantError, CannotMoveError, NoLongerOfficerError."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=agents_of(actor))
    with parts.data.change() as work:
        _check_by(parts, by, actor)
        grant = find_grant(work.grants_of(carnet_id), grant_id)
        hold = holds_of(parts, [grant_id]).get(grant_id)
        facts = Facts(suspended_by=hold.by if hold else None, ends_at=grant.terms.ends_at)
        if grant.state is GrantState.SUSPENDED:
            allowed(grant, Move.RESUME, by, work.now, facts)
            if overtaken_now(parts, grant.terms) is not None:
                raise CannotMoveError("overtaken")
            grant = held(grant, GrantState.GRANTED)
            work.hold_grant(grant)
            structure_id = structure_behind(parts, grant.terms.grantee)
            note_move(work, parts, Op.RESUME, grant, structure_id, journals, actor)
            work.commit()
        elif grant.state is not GrantState.GRANTED or (hold is not None and hold.by is not by):
            raise CannotMoveError("no_such_move")
    with parts.data.change() as work:
        if find_grant(work.grants_of(carnet_id), grant_id).state is not GrantState.SUSPENDED:
            parts.keystore.delete_secrets([hold_name(grant_id)])
    return grant


def allowed(grant: Grant, move: Move, by: By, now: datetime, facts: Facts) -> None:
    try:
        after(grant.state, move, by, now, facts)
    except LifecycleError as error:
        raise CannotMoveError(error.rule) from None


def _check_by(parts: Parts, by: By, actor: Actor) -> None:
    """Of an officer; whoever acts for a person is checked where the move is noted."""
    if by is By.DPO:
        check_officer(parts, actor)


def by_of(actor: Actor) -> By:
    """The person herself, or whoever acts for her."""
    return By.PERSON if actor.mandate_id is None else By.REPRESENTATIVE


def holds_of(parts: Parts, grant_ids: Collection[GrantId]) -> Mapping[GrantId, Hold]:
    """Who holds each of these shares, and why; those that are not held are absent."""
    found = parts.rows.load([hold_name(one) for one in grant_ids])
    return {GrantId(id_): _hold_of(secret) for (_, id_), secret in found.items()}


def checked_words(words: str) -> str:
    """What somebody wrote to the person, in one line of at most ``LONGEST_WORDS`` printable characters."""
    line = " ".join(words.split())
    return "".join(sign for sign in line if sign.isprintable())[:LONGEST_WORDS]


def told(why: Why, words: str) -> str:
    """As the entry says it, for the person alone."""
    return f"{why} {words}".rstrip()


def why_told(reason: str | None) -> tuple[Why | None, str]:
    """Inverse of ``told``."""
    word, _, words = (reason or "").partition(" ")
    return (Why(word), words) if word in set(Why) else (None, "")


def _row(parts: Parts, grant_id: GrantId, hold: Hold, *, version: int = 1) -> SecretRow:
    said = {"at": hold.at.isoformat(), "by": str(hold.by), "why": str(hold.why), "words": hold.words}
    return parts.rows.make(*hold_name(grant_id), canonical(said), version=version)


def _hold_of(secret: bytes) -> Hold:
    said = parse_canonical(secret)
    return Hold(By(said["by"]), datetime.fromisoformat(said["at"]), Why(said["why"]), said["words"])
