"""She sees what they see: by the grant's own keys, after their own decision, and nothing they would not."""

import pytest

from consent.grants import Grantee
from schemas.ids import CompartmentId, PurposeId
from schemas.names import Role, StructureKind
from tests.world import PURPOSE, SIAE_FIELDS, Someone, World
from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.services import seeing, sharing
from vault.services.own_carnet import list_accesses
from vault.services.reading import FieldsView
from vault.services.stopping import NoSuchGrantError


def wish_for(grantee: Grantee, fields: tuple[str, ...] = SIAE_FIELDS) -> sharing.Wish:
    return sharing.Wish(grantee, PurposeId(PURPOSE), tuple(CompartmentId(one) for one in fields), 31)


def before(world: World, who: Someone, wish: sharing.Wish) -> seeing.Seen:
    return seeing.see_before(world.parts, who.owner, wish, actor=who.actor)


def now(world: World, who: Someone, grant_id: str) -> seeing.Seen:
    return seeing.see_now(world.parts, who.owner, grant_id, actor=who.actor)  # type: ignore[arg-type]


def shown(seen: seeing.Seen | FieldsView) -> dict[str, list[object]]:
    view = seen.view if isinstance(seen, seeing.Seen) else seen
    assert view is not None
    return {name: [entry.body.value for entry in found] for name, found in view.fields.items()}


def test_before_and_after_she_sees_what_the_reader_reads(town: World) -> None:
    ana, alpha = town.newcomer(), town.system()
    town.fill(ana)
    town.decline(ana, "diplome_niveau")
    fields = (*SIAE_FIELDS, "diplome_niveau", "disponibilite_le")
    wish = wish_for(Grantee.structure(alpha.structure_id), fields)
    promised = before(town, ana, wish)
    assert not town.parts.data.grants_of(ana.carnet_id), "a look makes no grant"
    grant = town.share(ana, alpha.structure_id, fields)
    read = town.read(alpha, ana.carnet_id, fields)
    assert isinstance(read, FieldsView)
    assert shown(promised) == shown(now(town, ana, grant.id)) == shown(read)
    assert promised.view is not None
    assert [*promised.view.fields] == [*read.fields], "in the same order"


def test_a_look_leaves_nothing_behind_but_one_entry_that_says_it_was_hers(town: World) -> None:
    ana, alpha = town.newcomer(), town.system()
    town.fill(ana)
    size = town.parts.data.log_size()
    known = town.parts.keystore.secret_ids("grant", after=None, limit=1_000)
    seen = before(town, ana, wish_for(Grantee.structure(alpha.structure_id), (*SIAE_FIELDS, "projet_precis")))
    assert town.parts.data.log_size() == size + 1
    (row,) = town.parts.data.log_rows([seen.access_no])
    assert Leaf.parse(row.leaf).op is Op.READ_OWN
    assert town.parts.keystore.secret_ids("grant", after=None, limit=1_000) == known
    assert not [
        row for row in town.parts.data.field_keys(ana.carnet_id) if row.compartment == "projet_precis"
    ]
    grant = town.share(ana, alpha.structure_id)
    now(town, ana, grant.id)
    (mine, *_), _ = list_accesses(town.parts, ana.owner, actor=ana.actor, own=True)
    assert (mine.op, set(mine.fields), mine.grant_id) == (Op.READ_OWN, set(SIAE_FIELDS), grant.id)


def test_a_share_that_stopped_shows_nothing(town: World) -> None:
    ana, alpha = town.newcomer(), town.system()
    town.fill(ana)
    grant = town.share(ana, alpha.structure_id)
    town.withdraw(ana, grant)
    seen = now(town, ana, grant.id)
    assert (seen.view, seen.why) == (None, seeing.Unseen.CLOSED)


def test_what_is_broken_for_the_reader_is_broken_for_her(small_town: World) -> None:
    ana, alpha = small_town.newcomer(), small_town.system()
    small_town.fill(ana)
    grant = small_town.share(ana, alpha.structure_id)
    with small_town.parts.data.change() as work:
        (wrap, *others) = work.grant_keys(ana.carnet_id, grant.id)
        spoiled = type(wrap)(wrap.grant_id, wrap.compartment, wrap.epoch, bytes(len(wrap.wrapped)))
        work.replace_grant_keys(ana.carnet_id, grant.id, [spoiled, *others])
        work.commit()
    assert isinstance(small_town.read(alpha, ana.carnet_id), Exception)
    seen = now(small_town, ana, grant.id)
    assert (seen.view, seen.why) == (None, seeing.Unseen.BROKEN)


def test_an_information_whose_wrap_is_gone_is_missing_for_both(small_town: World) -> None:
    ana, alpha = small_town.newcomer(), small_town.system()
    small_town.fill(ana)
    grant = small_town.share(ana, alpha.structure_id)
    with small_town.parts.data.change() as work:
        wraps = [
            one for one in work.grant_keys(ana.carnet_id, grant.id) if one.compartment != "permis_conduire"
        ]
        work.replace_grant_keys(ana.carnet_id, grant.id, wraps)
        work.commit()
    read = small_town.read(alpha, ana.carnet_id)
    assert isinstance(read, FieldsView)
    assert shown(now(small_town, ana, grant.id)) == shown(read)
    assert "permis_conduire" not in shown(read)


def test_the_keys_of_the_grant_open_it_not_hers(small_town: World) -> None:
    """Without Q_g she sees what he sees: nothing. Her own path would still open everything."""
    ana, alpha = small_town.newcomer(), small_town.system()
    small_town.fill(ana)
    grant = small_town.share(ana, alpha.structure_id)
    small_town.parts.keystore.delete_secrets([("grant", grant.id)])
    assert now(small_town, ana, grant.id).why is seeing.Unseen.CLOSED


def test_a_professional_who_left_reads_nothing_and_she_sees_so(town: World) -> None:
    ana = town.newcomer()
    town.fill(ana)
    paul = town.member(town.structure(), "paul-voit", Role.ADVISER, kind=StructureKind.SIAE)
    grant = town.share(ana, Grantee.professional(paul.professional_id))
    assert set(shown(now(town, ana, grant.id))) == set(SIAE_FIELDS)
    with town.parts.data.change() as work:
        work.end_habilitation(paul.professional_id, work.now)
        work.commit()
    assert now(town, ana, grant.id).why is seeing.Unseen.CLOSED


def test_the_coarse_form_is_what_she_sees_when_it_is_what_is_shared(town: World) -> None:
    ana, ccas = town.newcomer(), town.structure("CCAS", StructureKind.CCAS)
    town.write(ana, "revenus_sources", ["aah"])
    told = {}
    for fields in (("revenus_sources",), ("revenus_sources", "revenus_sources:precis")):
        wish = sharing.Wish(
            Grantee.structure(ccas),
            PurposeId("accompagnement"),
            tuple(CompartmentId(one) for one in fields),
            31,
        )
        told[fields] = shown(before(town, ana, wish))
    coarse, exact = told.values()
    assert coarse == {"revenus_sources": [["minimum_social"]]}
    assert exact == coarse | {"revenus_sources:precis": [["aah"]]}


def test_somebody_elses_grant_is_not_hers_to_look_through(town: World) -> None:
    ana, bob, alpha = town.newcomer(), town.newcomer(), town.system()
    town.fill(ana)
    grant = town.share(ana, alpha.structure_id)
    with pytest.raises(NoSuchGrantError):
        now(town, bob, grant.id)
