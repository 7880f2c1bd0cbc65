"""The DPO's desk: every access, by whom, to which carnet, for what, under which grant; and the log's health.

Loads journal and agent keys, never a key of content: no name and no value can appear here. Each look is an
entry of the log itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.names import Outcome
from vault.audit.events import AboutContent, ActorContent, Op
from vault.audit.leaf import Leaf
from vault.crypto import (
    AgentSecret,
    JournalSecret,
    MonthSecret,
    agent_index_tag,
    person_agent,
)
from vault.services.journal import Actor, draft
from vault.services.key_sources import Journals
from vault.services.opened_entries import about_of, actor_of
from vault.services.parts import Parts
from vault.services.ports import Draft, LogRow, ReadTicket, Recheck, SecretName
from vault.services.signing_in import CARNET_TAG_COLUMN

PAGE = 500
ACCESS_OPS = (
    Op.READ,
    Op.READ_OWN,
    Op.EXPORT,
    Op.WRITE,
    Op.GRANT,
    Op.REPLACE,
    Op.WITHDRAW,
    Op.EXPIRE,
    Op.FORGET,
    Op.ERASE,
    Op.OPEN_CARNET,
    Op.SIGN_IN,
    Op.LOG_READ,
    Op.RELINK,
    Op.MANDATE,
    Op.BREAK_GLASS,
    Op.RETENTION,
    Op.WARN,
    Op.COUNT,
)


@dataclass(frozen=True, slots=True)
class OverseenEntry:
    """One entry as the DPO may see it; what expired or was erased is None."""

    no: int
    at: datetime
    op: Op
    outcome: Outcome
    about: AboutContent | None
    actor: ActorContent | None


@dataclass(frozen=True, slots=True)
class LogHealth:
    size: int
    checkpoint_size: int | None
    checkpoint_at: datetime | None
    verified_at: datetime | None
    verified_size: int | None
    sound: bool | None


def list_entries(
    parts: Parts, *, actor: Actor, before: int | None = None, limit: int = 50
) -> tuple[list[OverseenEntry], int | None]:
    """The latest entries of the whole log, newest first, and where the next page starts (exclusive)."""
    journals = _note_look(parts, actor)
    rows = parts.data.log_latest(ops=ACCESS_OPS, before=before, limit=limit + 1)
    opened = open_rows(parts, rows[:limit], journals)
    return opened, rows[limit - 1].no if len(rows) > limit else None


def _note_look(parts: Parts, actor: Actor) -> Journals:
    name = actor.secret_name
    journals = parts.journal_keys.load(now=parts.now(), agents=[name] if name else [])

    def entry(out: Outcome) -> Draft:
        return draft(
            Op.LOG_READ,
            out,
            journals=journals,
            actor=actor,
            carnet_id=None,
            about=AboutContent(structure_id=actor.structure_id, role=actor.role),
            random=parts.random,
        )

    recheck = Recheck(None, None, professional_id=actor.professional_id)
    (receipt,) = parts.data.append_reads(
        [ReadTicket(entry(Outcome.GRANTED), recheck, lambda: entry(Outcome.DENIED))]
    )
    if receipt.out is not Outcome.GRANTED:
        raise PermissionError("this habilitation ended")
    return journals


def open_rows(parts: Parts, rows: Sequence[LogRow], journals: Journals) -> list[OverseenEntry]:
    """Openings of a page, each under its own carnet's and agent's key."""
    leaves = [Leaf.parse(row.leaf) for row in rows]
    owners = journals_by_tag(parts, rows)
    months = parts.journal_keys.months({leaf.m for leaf in leaves})
    agents = Agents(parts, months)
    opened = []
    for row, leaf in zip(rows, leaves, strict=True):
        journal = owners.get(row.carnet_tag, journals.instance)
        month = months.get(leaf.m)
        opened.append(
            OverseenEntry(
                no=row.no,
                at=datetime.fromtimestamp(leaf.t / 1000, tz=UTC),
                op=leaf.op,
                outcome=leaf.out,
                about=about_of(row.about_sealed, leaf, journal),
                actor=actor_of(row.actor_sealed, leaf, month, agents.secret(row.agent_tag, leaf.m, journal)),
            )
        )
    return opened


def journals_by_tag(parts: Parts, rows: Sequence[LogRow]) -> Mapping[bytes, JournalSecret]:
    targets = parts.keystore.targets(CARNET_TAG_COLUMN, {row.carnet_tag for row in rows})
    names: dict[SecretName, bytes] = {
        ("journal", carnet_id): tag for tag, ids in targets.items() for carnet_id in ids
    }
    return {names[name]: JournalSecret(key) for name, key in parts.rows.load(list(names)).items()}


class Agents:
    """Finds whose secret opens an ``actor``, from the tag beside it."""

    def __init__(self, parts: Parts, months: Mapping[str, MonthSecret]) -> None:
        self._parts, self._months = parts, months
        self._known: dict[str, dict[bytes, SecretName]] = {}
        self._secrets: dict[SecretName, bytes] = {}

    def secret(self, tag: bytes, month: str, journal: JournalSecret) -> AgentSecret:
        """A professional's or a system's own; else the person's (or the operator's), from J."""
        name = self._names(month).get(tag)
        if name is None:
            return person_agent(journal)
        if name not in self._secrets:
            self._secrets |= self._parts.rows.load([name])
        return AgentSecret(self._secrets[name]) if name in self._secrets else person_agent(journal)

    def _names(self, month: str) -> dict[bytes, SecretName]:
        if month not in self._known:
            secret = self._months.get(month)
            self._known[month] = _names_by_tag(self._parts, secret) if secret else {}
        return self._known[month]


def _names_by_tag(parts: Parts, month: MonthSecret) -> dict[bytes, SecretName]:
    names: dict[bytes, SecretName] = {}
    after: str | None = None
    while ids := parts.keystore.secret_ids("agent", after=after, limit=PAGE):
        for id_ in ids:
            kind, _, own = id_.partition(":")
            names[agent_index_tag(month, kind, own)] = ("agent", id_)
        after = ids[-1]
    return names


def log_health(parts: Parts) -> LogHealth:
    """How long the log is and up to where it is signed. No verification is remembered yet: None."""
    last = parts.data.last_checkpoint()
    return LogHealth(
        size=parts.data.log_size(),
        checkpoint_size=last.size if last else None,
        checkpoint_at=last.at if last else None,
        verified_at=None,
        verified_size=None,
        sound=None,
    )
