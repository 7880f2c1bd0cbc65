"""Somebody who is followed: what tests about référents do again and again."""

from sqlalchemy import Update, update

from consent.grants import Grant, Grantee
from schemas.ids import CompartmentId, PurposeId, new_id
from schemas.names import StructureKind
from tests.world import Professional, Someone, World
from vault.services import designating, reading, sharing
from vault.services.journal import OPERATOR
from vault.services.referents import REFERENT, current_referent
from vault.storage.sharing_tables import referents

SIAE = StructureKind.SIAE
FIELDS = ("permis_conduire", "temps_travail_souhaite")


def number_of(world: World, who: Someone) -> str:
    carnet = world.parts.data.carnet(who.carnet_id)
    assert carnet is not None
    return carnet.reference


def designate(world: World, who: Someone, whom: Professional | None, by: Professional | None = None) -> None:
    actor = by.reader.actor if by else OPERATOR
    professional_id = whom.professional_id if whom else None
    designating.designate(world.parts, number_of(world, who), professional_id, actor=actor)


def share_with_referent(world: World, who: Someone, fields: tuple[str, ...] = FIELDS) -> Grant:
    row = current_referent(world.parts, who.carnet_id)
    assert row is not None
    wish = sharing.Wish(
        Grantee.professional(row.professional_id),
        PurposeId("proposer_poste"),
        tuple(CompartmentId(one) for one in fields),
        31,
        function=REFERENT,
    )
    return sharing.give_grant(world.parts, who.owner, wish, actor=who.actor)


def assigned(world: World, who: Someone) -> str:
    row = current_referent(world.parts, who.carnet_id)
    assert row is not None
    return row.assignment_id


def reads(world: World, whom: Professional, who: Someone) -> bool:
    return isinstance(world.read(whom, who.carnet_id, FIELDS), reading.FieldsView)


def rows_of(who: Someone) -> Update:
    return update(referents).where(referents.c.carnet_id == who.carnet_id)


class Place:
    """A person with three answers, and a structure where two référents work."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ana = world.newcomer()
        world.fill(self.ana)
        self.structure_id = world.structure()
        self.first = world.member(self.structure_id, "paul" + new_id()[:6], kind=SIAE)
        self.second = world.member(self.structure_id, "lea" + new_id()[:6], kind=SIAE)
