"""What the operator does from the command line: structures, invitations, systems, keys.

Each is an entry of the log about nobody, by the operator; none can read a carnet.
"""

from consent.grants import Grantee
from schemas.ids import StructureId, new_id
from schemas.names import StructureKind
from vault.audit.events import AboutContent, Op
from vault.audit.leaf import Leaf
from vault.services.accounts import INDEX
from vault.services.bindings import DOORS, STRUCTURE, binding_row, structure_facts
from vault.services.clients import BadKeyError, add_client, check_jwk
from vault.services.invitations import Invitation, invite
from vault.services.joining import seed_row
from vault.services.key_sources import INSTANCE, KeyRows, Random
from vault.services.noting import about_nobody
from vault.services.opened_entries import about_of
from vault.services.parts import Parts
from vault.services.ports import KeyStore, StructureRow
from vault.services.rule_changes import memory_due
from vault.services.structures import NoSuchStructureError

__all__ = [
    "BadKeyError",
    "Invitation",
    "NoSuchStructureError",
    "add_client",
    "add_structure",
    "check_jwk",
    "configuration_of",
    "first_leaf",
    "invite",
    "make_instance_keys",
    "note_configuration",
]


def make_instance_keys(
    keystore: KeyStore, rows: KeyRows, random: Random, *, log_seed: bytes, log_public: bytes
) -> None:
    """The rows of K every instance starts with. Repeatable: what exists is left alone."""
    keystore.add_secrets(
        [
            rows.make("journal", INSTANCE, random(32)),
            rows.make(*INDEX, random(32)),
            rows.make(*DOORS, random(32)),
            rows.make("signing", "log", log_seed, public=log_public),
        ],
        if_absent=True,
    )


def first_leaf(parts: Parts) -> bool:
    """Append ``init`` to an empty log. True when it did."""
    if parts.data.log_size():
        return False
    memory = memory_due(parts)
    with parts.data.change() as work:
        if work.log_size():
            return False
        if memory is not None:
            work.set_rule_version(memory)
        told = f"instance {parts.instance} {configuration_of(parts)}"
        work.append(about_nobody(parts, Op.INIT, AboutContent(reason=told)))
        work.commit()
    return True


def configuration_of(parts: Parts) -> str:
    """What people are told and asked, named by its versions."""
    return f"catalogue {parts.catalogue.version} frame {parts.frame.version} notice {parts.notice_version}"


def note_configuration(parts: Parts) -> bool:
    """Append ``config_change`` when the catalogue, the frame or the notice is not what the log last said, or
    the catalogue is not remembered yet. True when it did. Raises ConfigError."""
    told = configuration_of(parts)
    memory = memory_due(parts)
    last = parts.data.log_latest(ops=(Op.INIT, Op.CONFIG_CHANGE), before=None, limit=1)
    if last and memory is None:
        journals = parts.journal_keys.load(now=parts.now())
        about = about_of(last[0].about_sealed, Leaf.parse(last[0].leaf), journals.instance)
        if about is not None and (about.reason or "").endswith(told):
            return False
    with parts.data.change() as work:
        if memory is not None:
            work.set_rule_version(memory)
        work.append(about_nobody(parts, Op.CONFIG_CHANGE, AboutContent(reason=told)))
        work.commit()
    return True


def add_structure(
    parts: Parts, *, name: str, kind: StructureKind, siret: str | None, sensitive: bool = False
) -> StructureId:
    """A structure, with the key pair its grants are sealed to. ``sensitive``: its very name says something of
    whoever is helped there."""
    structure_id = StructureId(new_id())
    row = StructureRow(structure_id, name, kind, siret, sensitive)
    parts.keystore.add_secrets(
        [
            seed_row(parts, Grantee.structure(structure_id)),
            binding_row(parts.rows, STRUCTURE, structure_id, structure_facts(row)),
        ]
    )
    with parts.data.change() as work:
        work.add_structure(row)
        work.append(about_nobody(parts, Op.STRUCTURE_CHANGE, AboutContent(structure_id=structure_id)))
        work.commit()
    return structure_id
