"""The data protection officer stops requests to a person for a while: a sanction under way, pressure.

What vouches for a pause is a row of K, which also holds its end: whoever writes in D alone can neither lift
one nor prolong it, nor make one. The words to the person are sealed under J_p and die with her carnet.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.canonical import canonical, parse_canonical
from schemas.framing import lp
from schemas.ids import CarnetId
from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.crypto import CryptoError, JournalSecret, open_small, seal_small
from vault.errors import CallerError
from vault.services.journal import Actor, agents_of, draft
from vault.services.parts import Parts
from vault.services.ports import SecretName
from vault.services.sharing_rows import PauseRow
from vault.services.standing import check_officer
from vault.services.suspending import checked_words
from vault.services.writing import CarnetClosedError

LONGEST = timedelta(days=366)


class BadPauseError(CallerError):
    """A pause ends in the future, within a year, and says why."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nobody may ask before ``until``. ``words``: why, as the officer wrote it to the person."""

    set_at: datetime
    until: datetime
    words: str = field(repr=False)


def pause_name(carnet_id: CarnetId) -> SecretName:
    return ("pause", carnet_id)


def set_pause(parts: Parts, carnet_id: CarnetId, *, until: datetime, words: str, actor: Actor) -> Pause:
    """From now on nobody may ask, until then. A second one takes the place of the first. Raises
    BadPauseError, CarnetClosedError, NoLongerOfficerError."""
    now, words = parts.now(), checked_words(words)
    if not (now < until <= now + LONGEST and words):
        raise BadPauseError("a pause needs an end within a year, and a reason")
    journals = parts.journal_keys.load(now=now, carnets=[carnet_id], agents=agents_of(actor))
    journal = journals.journal(carnet_id)
    if journal is None:
        raise CarnetClosedError("this carnet is closed")
    name = pause_name(carnet_id)
    standing = parts.rows.rows([name]).get(name)
    version = standing.version + 1 if standing else 1
    row = parts.rows.make(*name, canonical({"until": until.isoformat()}), version=version)
    sealed = seal_small(words.encode(), secret=journal, place=_place(carnet_id))
    with parts.data.change() as work:
        check_officer(parts, actor)
        carnet = work.carnet(carnet_id)
        if carnet is None or not carnet.open:
            raise CarnetClosedError("this carnet is closed")
        if standing is None:
            parts.keystore.add_secrets([row])
        elif not parts.keystore.replace_secret(row):
            raise BadPauseError("another pause was set in the same instant")
        work.set_pause(PauseRow(carnet_id, work.now, until, sealed))
        about = AboutContent(carnet_id=carnet_id, reason=f"until {until.isoformat()} {words}")
        work.append(
            draft(
                Op.PAUSE,
                Outcome.GRANTED,
                journals=journals,
                actor=actor,
                carnet_id=carnet_id,
                about=about,
                random=parts.random,
            )
        )
        work.commit()
    return Pause(now, until, words)


def end_pause(parts: Parts, carnet_id: CarnetId, *, actor: Actor) -> bool:
    """Requests may come again. False when there was no pause. Raises NoLongerOfficerError."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=agents_of(actor))
    with parts.data.change() as work:
        check_officer(parts, actor)
        if not parts.rows.rows([pause_name(carnet_id)]):
            return False
        work.end_pause(carnet_id)
        about = AboutContent(carnet_id=carnet_id, reason="ended")
        work.append(
            draft(
                Op.PAUSE,
                Outcome.GRANTED,
                journals=journals,
                actor=actor,
                carnet_id=carnet_id,
                about=about,
                random=parts.random,
            )
        )
        work.commit()
    parts.keystore.delete_secrets([pause_name(carnet_id)])
    return True


def is_paused(parts: Parts, carnet_id: CarnetId, now: datetime) -> bool:
    """Whether nobody may ask now. One look at K, the same whether there is such a carnet or not."""
    name = pause_name(carnet_id)
    kept = parts.rows.load([name]).get(name)
    return kept is not None and now < datetime.fromisoformat(parse_canonical(kept)["until"])


def pause_of(parts: Parts, carnet_id: CarnetId, now: datetime) -> Pause | None:
    """The pause in force, for the person and the officer. What was spoiled in D costs the words only."""
    name = pause_name(carnet_id)
    kept = parts.rows.load([name]).get(name)
    if kept is None:
        return None
    until = datetime.fromisoformat(parse_canonical(kept)["until"])
    if now >= until:
        return None
    row = parts.data.pause(carnet_id)
    journal = parts.journal_keys.load(now=now, carnets=[carnet_id]).journal(carnet_id)
    if row is None or journal is None:
        return Pause(now, until, "")
    return Pause(row.set_at, until, _words(row, journal))


def _words(row: PauseRow, journal: JournalSecret) -> str:
    try:
        return open_small(row.sealed, secret=journal, place=_place(row.carnet_id)).decode()
    except (CryptoError, UnicodeDecodeError):
        return ""


def _place(carnet_id: CarnetId) -> bytes:
    return lp("pause", carnet_id)
