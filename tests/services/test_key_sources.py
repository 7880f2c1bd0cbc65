"""Each caller has its own source of keys. Whoever oversees, administers or looks after the log never loads a
key of content, by its code and by what it does; readers never load the owner's."""

import ast
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from consent.grants import Grantee
from schemas.ids import StructureId, new_id
from schemas.names import Role, StructureKind
from tests.world import MovingClock, Someone, System, World, a_public_jwk
from vault.audit.events import ActorKind
from vault.cli import main
from vault.services import (
    administering,
    habilitations,
    leaving,
    log_openings,
    overseeing,
    own_carnet,
    throttling,
)
from vault.services.journal import OPERATOR, Actor
from vault.services.key_sources import KeyRows
from vault.services.reading import FieldsView
from vault.services.upkeep import run_upkeep
from vault.storage.log_source import log_source

ROOT = Path(__file__).parents[2]
CONTENT = {"own", "shred", "grant", "seed", "seed-next"}


# --- what the code may name ------------------------------------------------------------------------------

READER_PATH = {"reader_keys", "ReaderKeys", "ReaderSecrets", "CallerKeys", "open_fields", "open_grant_key"}
OWNER_PATH = {"owner_keys", "OwnerKeys", "OwnerAccess", "OwnerSecrets", "open_own", "own_field_keys"}
OPENING = {"open_record", "unwrap_key", "unwrap_keys", "owner_wrapping_key", "grant_wrapping_key"}
BOTH = READER_PATH | OWNER_PATH | OPENING

FORBIDDEN = {
    "services/overseeing.py": BOTH,
    "services/log_openings.py": BOTH,
    "services/administering.py": BOTH,
    "services/upkeep.py": BOTH,
    "services/leaving.py": BOTH,
    "services/throttling.py": BOTH,
    "services/journal.py": BOTH,
    "services/habilitations.py": BOTH,
    "services/rekeying.py": BOTH,
    "services/rotating.py": READER_PATH | {"open_own", "open_record"},
    "services/proving.py": BOTH,
    "services/log_folder.py": BOTH,
    "services/received.py": BOTH,
    "services/tokens.py": BOTH,
    "services/sessions.py": BOTH,
    "services/reading.py": OWNER_PATH | OPENING,
    "services/proposing.py": OWNER_PATH | OPENING | {"open_fields"},
    "services/own_proposals.py": OWNER_PATH | OPENING | {"open_fields"},
    "services/answering_proposals.py": READER_PATH | OPENING | {"open_own"},
    "services/own_carnet.py": READER_PATH | OPENING,
    "services/writing.py": READER_PATH | {"open_own", "open_record"},
    "services/sharing.py": READER_PATH | {"open_own", "open_record"},
    "services/exporting.py": READER_PATH | OPENING | {"owner_keys", "OwnerKeys", "open_own"},
    "jobs": BOTH,
    "cli": BOTH,
}


def names_in(path: Path) -> set[str]:
    """Every name, attribute and import of a file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found |= {name for alias in node.names for name in (alias.name, alias.asname) if name}
    return found


def files(place: str) -> list[Path]:
    path = ROOT / "vault" / place
    found = [path] if path.suffix else sorted(path.rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize("place", FORBIDDEN)
def test_no_code_names_keys_that_are_not_its_own(place: str) -> None:
    named = {path.name: names_in(path) & FORBIDDEN[place] for path in files(place)}
    assert {name: found for name, found in named.items() if found} == {}


def callers_of(name: str) -> set[str]:
    """The files of the program that call something of this name."""
    return {
        path.relative_to(ROOT / "vault").as_posix()
        for path in (ROOT / "vault").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) == name
    }


@pytest.mark.parametrize(
    ("made", "where"),
    [
        # From her session alone, or from that of somebody with a mandate of hers, as it begins.
        ("OwnerAccess", {"services/signing_in.py", "services/acting.py", "web/guard.py"}),
        # From the session or the token alone; or to ask what a reader would get, without any key of his.
        ("Reader", {"web/guard.py", "services/seeing.py"}),
        (
            "CallerKeys",
            {
                "services/reading.py",
                "services/proposing.py",
                "services/own_proposals.py",
                "services/replying.py",
            },
        ),
        ("OwnerKeys", {"bootstrap.py"}),
        ("ReaderKeys", {"bootstrap.py"}),
        ("KeyRows", {"bootstrap.py"}),
        ("RekeyingKeys", {"services/rekeying.py"}),  # the one that holds a seed without a caller of its own
        ("Allowed", set()),  # made in the room that decides
        ("open_fields", {"services/reading.py", "services/seeing.py"}),
        ("open_own", {"services/own_carnet.py", "services/own_entries.py"}),
        ("open_record", {"services/entries.py", "services/proposal_seals.py"}),
        (
            "open_grant_key",
            {"services/entries.py", "services/key_sources.py", "services/own_proposals.py"},
        ),
        ("unwrap_row", {"services/key_sources.py"}),
    ],
)
def test_what_gives_access_is_made_in_one_place(made: str, where: set[str]) -> None:
    assert {path for path in callers_of(made) if not path.startswith(("crypto/", "demo/"))} == where


def test_the_caller_s_grantees_come_from_the_door_not_from_a_grant() -> None:
    """``CallerKeys`` is built from the reader that asked; a seed's name, from what was decided, is only
    looked up and given when it is among them."""
    source = (ROOT / "vault/services/reading.py").read_text(encoding="utf-8")
    (call,) = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "CallerKeys"
    ]
    assert ast.unparse(call) == "CallerKeys(frozenset(one.read.reader.grantees))"


# --- what is loaded --------------------------------------------------------------------------------------


@dataclass
class Loads:
    """Names of the rows of K that were asked for and opened."""

    names: list[tuple[str, str]] = field(default_factory=list)

    @property
    def kinds(self) -> set[str]:
        return {kind for kind, _ in self.names}


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    seen, honest = Loads(), KeyRows.load

    def load(self: KeyRows, names: Any) -> Any:
        seen.names += [*names]
        return honest(self, names)

    monkeypatch.setattr(KeyRows, "load", load)
    return seen


@dataclass
class Story:
    """A town where everything happened once."""

    town: World
    eva: Someone
    max: Someone
    system: System
    dpo: Actor


@pytest.fixture
def story(town: World, clock: MovingClock) -> Story:
    eva, other, system = town.newcomer("eva"), town.newcomer("max"), town.system()
    for who in (eva, other):
        town.fill(who)
        town.share(who, system.structure_id, days=2)
    town.share(eva, system.structure_id, purpose="suivi_emploi", days=1)
    assert isinstance(town.read(system, eva.carnet_id), FieldsView)
    town.read(system, "nobody")
    member = town.member(town.structure("Département"), new_id(), Role.DPO, kind=StructureKind.DEPARTEMENT)
    return Story(town, eva, other, system, member.reader.actor)


def test_the_officer_s_pages_load_no_key_of_content(story: Story, loads: Loads) -> None:
    before, pages = None, 0
    while pages < 4:
        entries, before = overseeing.list_entries(story.town.parts, actor=story.dpo, before=before, limit=20)
        pages += 1
        if before is None:
            break
    assert any(entry.about for entry in entries)
    overseeing.log_health(story.town.parts)
    shower = log_openings.show_openings(story.town.parts, actor=OPERATOR, reason="essai")
    with log_source(story.town.app.data.database, show=shower) as source:
        assert any(source.openings())
    throttling.note_throttled(story.town.parts, story.system.reader.actor)
    assert {"journal", "month", "agent"} == loads.kinds


def test_what_an_operator_does_loads_no_key_of_content(story: Story, loads: Loads) -> None:
    parts = story.town.parts
    structure_id: StructureId = administering.add_structure(
        parts, name="Nouvelle", kind=StructureKind.SIAE, siret=None
    )
    administering.invite(parts, structure_id=structure_id, email="a@b.example", role=Role.MANAGER)
    administering.add_client(parts, structure_id=structure_id, name="x", public_jwk=a_public_jwk())
    for for_real in (False, True):
        leaving.erase_carnet(parts, story.max.carnet_id, for_real=for_real, actor=OPERATOR)
    assert loads.kinds == {"journal", "month", "binding", "mail"}


def test_the_upkeep_loads_no_key_of_content_but_to_puncture(
    story: Story, loads: Loads, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A withdrawal, a forgetting and an erasure are left half done, two grants expire."""
    parts = story.town.parts
    run_upkeep(parts)
    entry = story.town.write(story.eva, "enfants_nombre", 1)
    grant = story.town.share(story.eva, story.system.structure_id, days=9)
    with monkeypatch.context() as patch:
        patch.setattr(parts.keystore, "delete_secrets", lambda names: 0)
        patch.setattr(leaving, "finish_forgetting", lambda *_: 0)
        patch.setattr(leaving, "finish_erasure", lambda *_: {})
        story.town.withdraw(story.eva, grant)
        leaving.forget_entry(parts, story.eva.carnet_id, entry.entry_id, actor=story.eva.actor)
        leaving.erase_carnet(parts, story.max.carnet_id, for_real=True, actor=OPERATOR)
    clock.forward(days=2)
    loads.names.clear()
    report = run_upkeep(parts)
    assert (report.forgotten, report.erased) == (1, 1)
    assert report.expired >= 1
    story.town.app.jobs().run_once()
    seeds = {"seed", "seed-next"}  # of structures that somebody left in another test
    assert {name for name in loads.names if name[0] in CONTENT - seeds} == {("shred", story.eva.carnet_id)}
    assert loads.kinds - seeds - {"leaving"} == {"journal", "month", "shred", "signing"}


def test_the_upkeep_that_changes_a_key_loads_seeds_and_nothing_they_would_open(
    story: Story, loads: Loads, clock: MovingClock
) -> None:
    """G_g passes from one seal to the other; Q_g, S_p and O_p, without which it opens no field, stay away."""
    town = story.town
    run_upkeep(town.parts)
    name = new_id()
    member = town.member(story.system.structure_id, name, Role.REFERENT, kind=StructureKind.SIAE)
    habilitations.end_habilitation(town.parts, member.professional_id, at=None, actor=OPERATOR)
    loads.names.clear()
    assert run_upkeep(town.parts).rekeyed == 1
    mine = f"structure:{story.system.structure_id}"
    assert {one for one in loads.names if one[0] in CONTENT} == {("seed", mine), ("seed-next", mine)}
    assert loads.kinds <= {"journal", "month", "seed", "seed-next", "leaving"}
    assert isinstance(town.read(story.system, story.eva.carnet_id), FieldsView)


COMMANDS = (
    ("database", "check"),
    ("keys", "status"),
    ("structure", "add", "--name", "Nouvelle", "--kind", "siae"),
    ("audit", "verify"),
    ("audit", "export", "--openings", "--out", "OUT"),
    ("jobs", "run", "--once"),
    ("erase", "--carnet", "CARNET"),
    ("erase", "--carnet", "CARNET", "--for-real"),
)


@pytest.fixture
def shell(small_town: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[World, Someone]:
    """The command line beside a running instance."""
    for name, value in small_town.environ.items():
        monkeypatch.setenv(name, value)
    someone = small_town.newcomer()
    small_town.fill(someone)
    return small_town, someone


def test_the_command_line_loads_no_key_of_content(
    shell: tuple[World, Someone],
    loads: Loads,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, someone = shell
    loads.names.clear()
    for command in COMMANDS:
        told = [str(tmp_path / "out") if one == "OUT" else one for one in command]
        told = [someone.carnet_id if one == "CARNET" else one for one in told]
        assert main.run([*told, "--json"]) == 0, (command, capsys.readouterr())
    # A binding vouches for a row and opens nothing.
    assert loads.kinds <= {"journal", "month", "agent", "signing", "index", "binding"}


def test_a_reader_loads_its_own_grant_and_seed_and_nothing_of_the_owner(story: Story, loads: Loads) -> None:
    town, system = story.town, story.system
    loads.names.clear()
    assert isinstance(town.read(system, story.eva.carnet_id), FieldsView)
    assert loads.kinds == {"journal", "month", "agent", "shred", "grant", "hold", "seed", "seed-next"}
    seeds = {id_ for kind, id_ in loads.names if kind.startswith("seed")}
    grantee = Grantee.structure(system.structure_id)
    assert seeds == {f"{grantee.kind}:{grantee.id}"}
    loads.names.clear()
    town.read(system, "nobody")
    assert loads.kinds == {"journal", "month", "agent"}


def test_the_owner_loads_nobody_s_grant_nor_seed(story: Story, loads: Loads) -> None:
    town, eva = story.town, story.eva
    loads.names.clear()
    own_carnet.read_own_carnet(town.parts, eva.owner, actor=eva.actor)
    own_carnet.list_accesses(town.parts, eva.owner, actor=eva.actor)
    town.write(eva, "enfants_nombre", 1)
    grant = town.share(eva, system_id := story.system.structure_id)
    town.withdraw(eva, grant)
    assert system_id
    assert loads.kinds == {"own", "shred", "journal", "month", "binding", "signing", "hold"}


def test_looking_at_who_looked_opens_no_content(story: Story, loads: Loads) -> None:
    loads.names.clear()
    own_carnet.list_accesses(story.town.parts, story.eva.owner, actor=story.eva.actor)
    assert loads.kinds == {"journal", "month"}


def test_an_actor_of_another_kind_has_no_secret_to_load() -> None:
    for kind in (ActorKind.PERSON, ActorKind.OPERATOR, ActorKind.SYSTEM):
        assert Actor(kind, "x").secret_name is None


def test_no_more_shred_secrets_are_unwrapped_than_there_are_entries(small_town: World) -> None:
    """What the operator of a key service can reconcile: each opening of content has its entry."""
    town = small_town
    eva, system = town.newcomer(), town.system()
    town.fill(eva)
    grant = town.share(eva, system.structure_id)
    for _ in range(5):
        town.parts.rows._cache.clear()  # as if a minute went by
        assert isinstance(town.read(system, eva.carnet_id), FieldsView)
        own_carnet.read_own_carnet(town.parts, eva.owner, actor=eva.actor)
    town.read(system, "nobody")
    town.withdraw(eva, grant)
    town.read(system, eva.carnet_id)
    counts: Any = town.app.unwrap_counts()
    assert 5 <= counts["shred"] <= town.parts.data.log_size()
    assert counts["own"] <= town.parts.data.log_size()
