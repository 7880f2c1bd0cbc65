"""The person looks at the volets of her carnet, and says that she understood one.

What she says is about the versions she read: the référent validates those very ones (``validating``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vault.audit.events import AboutContent
from vault.carnet.volets import Coverage, version_hash
from vault.crypto import JournalSecret
from vault.services.bindings import to_the_millisecond
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.own_carnet import OwnCarnet, read_own_carnet
from vault.services.parts import Parts
from vault.services.volets import (
    UNDERSTOOD,
    Made,
    NoSuchVoletError,
    Validation,
    VoletChangedError,
    VoletState,
    check_same,
    covered,
    entry_of,
    named,
    places_of,
    volets_of,
    vouch,
)
from vault.services.writing import CarnetClosedError


@dataclass(frozen=True, slots=True)
class OwnVolets:
    """Her entries of the volets, and where each stands."""

    carnet: OwnCarnet
    states: Sequence[VoletState]


def look_at_own_volets(parts: Parts, owner: OwnerAccess, *, actor: Actor) -> OwnVolets:
    """One ``read_own`` entry. Raises CarnetClosedError, LogUnavailableError."""
    fields = {name for volet in parts.catalogue.volets for name in volet.fields}
    carnet = read_own_carnet(parts, owner, actor=actor, fields=fields)
    journal = _journal(parts, owner)
    heads = parts.data.heads(owner.carnet_id)
    return OwnVolets(carnet, volets_of(parts, journal, owner.carnet_id, heads))


def understand(parts: Parts, owner: OwnerAccess, volet_id: str, seen: str, *, actor: Actor) -> Validation:
    """She says that she understood a volet as she read it: ``seen`` is the version hash of what she was
    shown. One ``validate`` entry. Raises NoSuchVoletError, VoletChangedError, CarnetClosedError."""
    volet = named(parts, volet_id)
    if not volet.understood:
        raise NoSuchVoletError("nothing to understand here")
    carnet_id, now = owner.carnet_id, to_the_millisecond(parts.now())
    journals = parts.journal_keys.load(now=now, carnets=[carnet_id])
    journal = _journal(parts, owner)
    places = places_of(parts, volet)
    mine = frozenset(
        one for one in covered(parts.data.heads(carnet_id), journal) if one.compartment in places
    )
    if not mine or version_hash(carnet_id, volet.id, mine) != seen:
        raise VoletChangedError("this is not what was read")
    coverage = Coverage(places, mine, "")
    about = AboutContent(
        carnet_id=carnet_id,
        fields=tuple(sorted({one.compartment for one in mine})),
        digests=(seen,),
        reason=f"{UNDERSTOOD} {volet.id}",
    )
    made = Made(carnet_id, volet, UNDERSTOOD, now, None, seen, coverage)
    return vouch(
        parts,
        made,
        journal,
        lambda work: check_same(work, carnet_id, journal, coverage),
        entry_of(parts, journals, actor, carnet_id, about),
    )


def _journal(parts: Parts, owner: OwnerAccess) -> JournalSecret:
    found = parts.journal_keys.load(now=parts.now(), carnets=[owner.carnet_id]).journal(owner.carnet_id)
    if found is None:
        raise CarnetClosedError("this carnet is closed")
    return found
