"""The promise of forgetting, for what her référent accepted: nothing of it is anywhere any more.

An attacker gets every backup of D ever taken, the whole living K and the root, and tries the owner's path,
every grant's, the box of proposals, and every secret as a salt. Then all files of both stores, what was
logged, an export of the log with its openings and her own pages are searched for the words themselves.
"""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent.demands import DemandMove
from consent.grants import Grantee
from schemas.ids import EntryId, FieldId
from schemas.names import StructureKind
from tests.planted import Planted, listening, spellings
from tests.services.followed import designate
from tests.services.test_forgetting import Attacker, Backup, back_up
from tests.services.test_proposing import give, offer
from tests.world import World
from vault.crypto import CryptoError, OwnerSecret, box_seed, open_record
from vault.services import forget_desk, forgetting, observing, replying
from vault.services.entries import context_of
from vault.services.own_carnet import read_own_carnet
from vault.services.path_rows import ProposalRow
from vault.services.proposal_seals import key_for_her, open_proposal
from vault.services.rows import RecordRow
from vault.services.upkeep import run_upkeep

FIELD, OTHER, PURPOSE = FieldId("projet_description"), "attentes_accompagnement", "accompagnement"


class Story:
    """She wrote twice, said something beside, was answered, was proposed another version; then she asks."""

    def __init__(self, world: World) -> None:
        self.world, self.parts, self.told = world, world.parts, Planted()
        self.ana = world.person("ana")
        ccas = world.structure("CCAS", StructureKind.CCAS)
        self.paul = world.member(ccas, "paul", kind=StructureKind.CCAS)
        carnet = self.parts.data.carnet(self.ana.carnet_id)
        assert carnet is not None
        designate(world, self.ana, self.paul)
        give(world, self.ana, Grantee.structure(ccas), FIELD, OTHER, purpose=PURPOSE)
        self.backups = [self._backup()]
        world.write(self.ana, OTHER, "Ce qui reste.")
        world.write(self.ana, FIELD, self.told.word("avant"))
        self.backups.append(self._backup())
        self.entry_id = world.write(self.ana, FIELD, self.told.word("valeur")).entry_id
        said = observing.observe(
            self.parts, self.ana.owner, self.entry_id, self.told.word("observation"), actor=self.ana.actor
        )
        world.read(self.paul, self.ana.carnet_id, [FIELD], purpose=PURPOSE)
        reply = self.told.word("reponse")
        replying.reply(self.parts, self.paul.reader, self.ana.carnet_id, said.observation_id, reply)
        proposed = self.told.word("proposition")
        offer(world, self.paul, self.ana.carnet_id, FIELD, proposed)
        self.backups.append(self._backup())
        self.proposals = list(self.parts.data.proposals_of(self.ana.carnet_id))

    def _backup(self) -> Backup:
        return back_up(self.world, self.ana.carnet_id)

    def forget(self) -> None:
        why = self.told.word("raison")
        asked = forgetting.ask_to_forget(self.parts, self.ana.owner, self.entry_id, why, actor=self.ana.actor)
        actor, yes = self.paul.reader.actor, DemandMove.ACCEPT
        forget_desk.answer_demand(self.parts, asked.demand_id, yes, "", actor=actor)
        run_upkeep(self.parts)
        self.backups.append(self._backup())

    def gone(self) -> set[EntryId]:
        """The entry, and what stood beside it."""
        heads = [row.head for backup in self.backups for row in backup.records]
        beside = {head.entry_id for head in heads if head.on_entry == self.entry_id}
        replies = {head.entry_id for head in heads if head.on_entry in beside}
        return {self.entry_id} | beside | replies


def opens(attacker: Attacker, backup: Backup, row: RecordRow) -> bool:
    """By any key and any salt the attacker can find."""
    context = context_of(row.head, attacker.world.parts.instance)
    for key, salt in itertools.product(attacker._keys(backup, row), attacker._salts(row)):
        try:
            open_record(row.record, key=key, salt=salt, context=context)
        except CryptoError:
            continue
        return True
    return False


def proposal_opens(attacker: Attacker, row: ProposalRow, record: RecordRow) -> bool:
    own, instance = attacker.secrets["own", row.carnet_id], attacker.world.parts.instance
    key = key_for_her(row, seed=box_seed(OwnerSecret(own)), instance=instance)  # the box lives on
    for salt in attacker._salts(record):
        try:
            open_proposal(row, key=key, salt=salt, instance=instance)
        except CryptoError:
            continue
        return True
    return False


def standing_in(row: ProposalRow, backup: Backup) -> RecordRow:
    """Any record, at the slot of the proposal: what the attacker's search for salts asks for."""
    record = backup.records[0]
    return record._replace(head=record.head._replace(slot=row.slot))


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    world = World.open(f"sqlite:///{tmp_path}/d.sqlite", f"sqlite:///{tmp_path}/k.sqlite", tmp_path)
    yield Story(world)
    world.close()


def test_what_was_accepted_opens_from_no_backup_by_any_path_nor_what_stood_beside_it(story: Story) -> None:
    attacker, gone, last = Attacker(story.world), story.gone(), story.backups[-1]
    assert len(gone) == 3, "the entry, the observation, the reply"
    before = [row for row in last.records if row.head.entry_id in gone]
    assert before
    assert all(opens(attacker, last, row) for row in before), "the paths do open what stands"
    (proposal,) = story.proposals
    assert proposal_opens(attacker, proposal, standing_in(proposal, last))
    story.forget()
    attacker = Attacker(story.world)
    for backup in story.backups:
        for row in backup.records:
            assert opens(attacker, backup, row) == (row.head.entry_id not in gone), row.head
    assert not proposal_opens(attacker, proposal, standing_in(proposal, last))
    left = story.backups[-1].records
    assert not [row for row in left if row.head.entry_id in gone]
    assert not story.parts.data.path_dates(story.ana.carnet_id)


def test_no_file_log_export_or_paper_holds_a_word_of_it(story: Story, tmp_path: Path) -> None:
    with listening(story.told):
        story.forget()
        story.world.app.jobs().run_once()
        carnet = read_own_carnet(story.parts, story.ana.owner, actor=story.ana.actor)
    out = tmp_path / "export"
    command = [sys.executable, "-m", "vault.cli.main", "audit", "export", "--out", str(out), "--openings"]
    told = subprocess.run(command, env=os.environ | dict(story.world.environ), check=False)
    assert told.returncode == 0
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"d.sqlite", "k.sqlite", "leaves.jsonl", "openings.jsonl"} <= {path.name for path in files}
    held = b"".join(path.read_bytes() for path in files)
    assert story.entry_id.encode() in held, "the search finds what is there"
    logged = " ".join(record.getMessage() for record in story.told.logged).encode()
    shown = repr([entry.body.value for entry in carnet.entries]).encode()
    everything = (held + logged + shown).lower()
    for what, word in story.told.words.items():
        assert not [one for one in spellings(word.encode()) if one.lower() in everything], what
