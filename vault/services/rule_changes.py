"""The frame and the catalogue in force, as a decision to read needs them; and what is remembered of others.

The person said yes under the rules of that day. When they become narrower afterwards, nobody reads beyond the
new ones: decided at each read, so that no share has to be found and changed first. When they become wider,
her share stays what she gave: its terms bound it, and the key of nothing else was ever given.

Of each version of the catalogue that was in force here, D remembers what was ordinary and what was special.
A row of K vouches for it: a version that nothing vouches for is one we know nothing of.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from consent.decisions import Overtaken, Rules, overtaken
from consent.grants import Grantee, GranteeKind, Terms
from schemas.canonical import CanonicalError, canonical, parse_canonical
from schemas.ids import CompartmentId, PurposeId
from schemas.names import StructureKind
from schemas.purposes import UnknownPurposeError
from vault.errors import ConfigError
from vault.services.bindings import binding_name, binding_row, holds
from vault.services.parts import Parts
from vault.services.sharing_rows import RuleVersionRow
from vault.services.structures import NoSuchStructureError, known_structure, structure_behind

CATALOGUE = "catalogue"
_Names = frozenset[CompartmentId]


def rules_for(parts: Parts, purpose_id: PurposeId, kind: StructureKind | None) -> Rules | None:
    """What this purpose lets this kind of structure read now; None when the frame does not name the two
    together (any more). ``kind`` None: whatever its kind."""
    try:
        purpose = parts.frame.purpose(purpose_id)
    except UnknownPurposeError:
        return None
    if kind is not None and kind not in purpose.structure_kinds:
        return None
    return Rules(
        frozenset(purpose.compartments),
        frozenset(purpose.special),
        purpose.max_days,
        parts.catalogue.version,
        purpose.legal_basis,
        parts.special_under,
    )


def kind_of(parts: Parts, grantee: Grantee) -> StructureKind | None:
    """Of the structure behind it; None when nothing sure is known: then its kind is no reason."""
    if grantee.kind is GranteeKind.EMERGENCY:
        return None
    structure_id = structure_behind(parts, grantee)
    try:
        return known_structure(parts, structure_id).kind if structure_id else None
    except NoSuchStructureError:
        return None


def overtaken_now(parts: Parts, terms: Terms) -> Overtaken | None:
    """Whether the rules in force leave nothing of this share."""
    return overtaken(terms, rules_for(parts, terms.purpose_id, kind_of(parts, terms.grantee)))


# --- what is remembered of each catalogue ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one version: what was special whenever it was in force, and what was ordinary at least once."""

    special: _Names
    ordinary: _Names

    def told(self) -> str:
        return canonical({"ordinary": sorted(self.ordinary), "special": sorted(self.special)}).decode()


def special_under(parts: Parts) -> Mapping[str, _Names]:
    """What was special under each version of the catalogue that the root vouches for."""
    return {version: memory.special for version, memory in _remembered(parts).items()}


def memory_due(parts: Parts) -> RuleVersionRow | None:
    """What to remember of the catalogue in force, once K vouches for it; None when D says so already. Raises
    ConfigError when something becomes special without another version: shares given before could not be told
    from those given after."""
    version = parts.catalogue.version
    known = _remembered(parts).get(version)
    now = _in_force(parts)
    if known is not None:
        _check_version(known, now)
        ordinary = known.ordinary | now.ordinary
        now = Memory((known.special | now.special) - ordinary, ordinary)
    if now == known:
        return None
    _vouch(parts, version, now.told())
    return RuleVersionRow(CATALOGUE, version, now.told())


def _check_version(known: Memory, now: Memory) -> None:
    if known.ordinary & now.special:
        raise ConfigError(
            "an information becomes special, and the version of the catalogue is the same as before",
            setting="CARNET_CATALOGUE",
            hint="give the changed catalogue another version",
        )


def _in_force(parts: Parts) -> Memory:
    every = list(parts.catalogue.compartments())
    special = frozenset(one.id for one in every if one.special)
    return Memory(special, frozenset(one.id for one in every) - special)


def _vouch(parts: Parts, version: str, told: str) -> None:
    name = binding_name(CATALOGUE, version)
    standing = parts.rows.rows([name]).get(name)
    row = binding_row(
        parts.rows, CATALOGUE, version, (told,), version=standing.version + 1 if standing else 1
    )
    if standing is None:
        parts.keystore.add_secrets([row], if_absent=True)
    else:
        parts.keystore.replace_secret(row)  # another process that starts says the same


def _remembered(parts: Parts) -> Mapping[str, Memory]:
    found: dict[str, Memory] = {}
    for row in parts.data.rule_versions(CATALOGUE):
        if holds(parts, CATALOGUE, row.version, (row.told,)):
            found[row.version] = _memory_of(row.told)
    return found


def _memory_of(told: str) -> Memory:
    try:
        said = parse_canonical(told.encode())
    except CanonicalError:
        raise ConfigError("what is remembered of a catalogue does not read") from None
    return Memory(frozenset(said["special"]), frozenset(said["ordinary"]))
