"""Her référent accepts in part: what was said before is forgotten, and the last version is kept.

All versions of an entry share one slot, so that what is kept is written again as an entry of its own, in a
slot of its own, in the person's session, and the former entry is forgotten in the very transaction. What was
said beside it goes with it: she is told before, and may say it again.
"""

from consent.demands import DemandState
from schemas.ids import DemandId
from vault.audit.events import Op
from vault.carnet.entries import Entry
from vault.services.demand_seals import StaleDemandError, open_demand
from vault.services.forgetting import (
    NoSuchDemandError,
    execute_under_lock,
    opened_under_lock,
    who_read,
)
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.leaving import Gone, finish_forgetting
from vault.services.own_carnet import read_own_carnet
from vault.services.parts import Parts
from vault.services.ports import Work
from vault.services.writing import Act, Answer, NoSuchEntryError, write_answers


def keep_last(parts: Parts, owner: OwnerAccess, demand_id: DemandId, *, actor: Actor) -> Entry:
    """The entry that is kept. Raises NoSuchDemandError when nothing was accepted in part, NoSuchEntryError,
    StaleDemandError, and as ``write_answers``."""
    row = parts.data.demand(demand_id)
    if row is None or row.carnet_id != owner.carnet_id:
        raise NoSuchDemandError("no such demand in this carnet")
    journals = parts.journal_keys.load(now=parts.now(), carnets=[owner.carnet_id])
    journal = journals.journals[owner.carnet_id]
    demand = open_demand(row, parts.data.demand_steps(owner.carnet_id, demand_id), journal)
    if demand is None or demand.state is not DemandState.PARTIAL:
        raise NoSuchDemandError("nothing was accepted in part")
    carnet = read_own_carnet(parts, owner, actor=actor, fields={demand.more["field"]})
    kept = next((one for one in carnet.entries if one.entry_id == row.entry_id), None)
    if kept is None:
        raise NoSuchEntryError("no such entry in this carnet")
    read, gone = who_read(parts, row, journal), list[Gone]()

    def forget_the_rest(work: Work) -> None:
        stands = opened_under_lock(work, demand_id, journal)
        if stands is None or stands.state is not DemandState.PARTIAL:
            raise StaleDemandError("it moved meanwhile")
        done, _ = execute_under_lock(work, parts, stands, journals, actor, read)
        if done is None:
            raise StaleDemandError("it moved meanwhile")
        gone[:] = [done]

    (entry,) = write_answers(
        parts,
        owner,
        [_again(kept)],
        actor=actor,
        act=Act(Op.WRITE, reason=f"kept of {row.entry_id}", also=forget_the_rest),
    )
    finish_forgetting(parts, gone[0].heads, gone[0].slots)
    return entry


def _again(kept: Entry) -> Answer:
    """The same answer, as another entry."""
    body = kept.body
    return Answer(
        kept.field_id,
        body.value,
        body.answer,
        body.source,
        body.author,
        body.collected_at,
        version=0,
        agreement=body.agreement,
        anew=True,
        knowingly=True,
    )
