"""What others propose to write: who may, who reads it, what her answer does, and what is left of it."""

from dataclasses import replace
from typing import Any

import pytest

from consent.grants import Grant, Grantee
from schemas.ids import CarnetId, CompartmentId, EntryId, FieldId, PurposeId, new_id
from schemas.names import Agreement, AnswerKind, Right, StructureKind
from tests.services.conftest import ONE_ENGINE
from tests.world import PURPOSE, SIAE_FIELDS, MovingClock, Professional, Someone, System, World
from vault.audit.leaf import Leaf
from vault.services import answering_proposals, leaving, proposing, sharing, stopping, upkeep, writing
from vault.services.answering_proposals import NoSuchProposalError, NotKeptSoError, Said
from vault.services.answering_requests import AlreadyAnsweredError
from vault.services.own_carnet import read_own_carnet
from vault.services.own_proposals import OwnProposals, own_proposals
from vault.services.proposing import Suggestion
from vault.services.reading import AccessEnded, FieldsView, NotShared
from vault.services.rotating import rotate
from vault.services.sharing import GrantRefusedError
from vault.services.writing import InvalidValueError, RevisionConflictError

BOTH, ALONE = (Right.PROPOSE, Right.READ), (Right.PROPOSE,)


def give(
    world: World, who: Someone, grantee: Grantee, *fields: str, rights: Any = BOTH, purpose: str = PURPOSE
) -> Grant:
    wish = sharing.Wish(
        grantee, PurposeId(purpose), tuple(CompartmentId(one) for one in fields or SIAE_FIELDS), 31, rights
    )
    return sharing.give_grant(world.parts, who.owner, wish, actor=who.actor)


def offer(
    world: World, by: System | Professional, carnet_id: str, field_id: str, value: Any = None, **told: Any
) -> Any:
    suggestion = Suggestion(FieldId(field_id), value, **told)
    return proposing.propose(world.parts, by.reader, CarnetId(carnet_id), suggestion)


def waiting(world: World, who: Someone) -> list[Any]:
    return list(answering_proposals.proposed_to_her(world.parts, who.owner))


def agree(world: World, who: Someone, *ones: Any) -> Any:
    said = [Said(one.proposal_id, one.version) for one in ones]
    return answering_proposals.agree(world.parts, who.owner, said, actor=who.actor)


def mine(world: World, who: Someone) -> dict[str, Any]:
    """What stands, but for her name."""
    found = read_own_carnet(world.parts, who.owner, actor=who.actor).by_field()
    return {name: entry for name, entry in found.items() if name != "identite_nom"}


def last_leaf(world: World) -> Leaf:
    (row,) = world.parts.data.log_rows([world.parts.data.log_size() - 1])
    return Leaf.parse(row.leaf)


@pytest.fixture
def paul(town: World) -> Professional:
    return town.member(town.structure(), new_id(), kind=StructureKind.SIAE)


@pytest.fixture
def ana(town: World) -> Someone:
    return town.newcomer()


@pytest.fixture
def shared(town: World, ana: Someone, paul: Professional) -> Grant:
    return give(town, ana, Grantee.professional(paul.professional_id))


def test_what_is_agreed_becomes_the_value_with_its_author_and_its_day(
    town: World, ana: Someone, paul: Professional, shared: Grant
) -> None:
    size = town.parts.data.log_size()
    made = offer(town, paul, ana.carnet_id, "permis_conduire", ["b"], source="entretien du 3 mars")
    assert town.parts.data.log_size() == size + 1
    assert last_leaf(town).op == "propose"
    assert mine(town, ana) == {}
    assert town.values(paul, ana.carnet_id) == {}
    (one,) = waiting(town, ana)
    assert one.proposal_id == made
    assert one.body.value == ["b"]
    size = town.parts.data.log_size()
    (entry,) = agree(town, ana, one)
    assert town.parts.data.log_size() == size + 1
    assert last_leaf(town).op == "answer"
    body = mine(town, ana)["permis_conduire"].body
    assert entry.version == 1
    assert body.value == ["b"]
    assert body.agreement is Agreement.AGREED
    assert body.author == paul.professional_id
    assert body.source.endswith(", entretien du 3 mars")
    assert body.collected_at == one.proposed_at
    assert waiting(town, ana) == []
    assert town.values(paul, ana.carnet_id) == {"permis_conduire": [["b"]]}


def test_refusing_and_agreeing_look_alike_to_its_author_and_leave_nothing_of_it(
    town: World, ana: Someone, paul: Professional, shared: Grant
) -> None:
    offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    offer(town, paul, ana.carnet_id, "vehicule_disponible", "velo")
    found = own_proposals(town.parts, paul.reader, ana.carnet_id)
    assert isinstance(found, OwnProposals)
    assert [one.body.value for one in found.items if one.body] == [["b"], "velo"]
    one, other = waiting(town, ana)
    before = {row.proposal_id: row for row in town.parts.data.proposals_of(ana.carnet_id)}
    agree(town, ana, one)
    answering_proposals.set_aside(
        town.parts, ana.owner, Said(other.proposal_id, other.version), actor=ana.actor
    )
    rows = town.parts.data.proposals_of(ana.carnet_id)
    told = {(row.state, row.record, row.box_key, row.author_key) for row in rows}
    assert told == {("answered", b"", b"", b"")}
    after = own_proposals(town.parts, paul.reader, ana.carnet_id)
    assert isinstance(after, OwnProposals)
    assert {(item.waits, item.body) for item in after.items} == {(False, None)}
    secrets = writing.owner_secrets(town.parts, ana.owner)  # with every backup of D: the slot is punctured
    assert all(secrets.shred.is_punctured(row.slot) for row in before.values())


def test_to_propose_alone_opens_nothing_and_gives_no_wrap(
    town: World, ana: Someone, paul: Professional
) -> None:
    town.fill(ana)
    grant = give(town, ana, Grantee.professional(paul.professional_id), rights=ALONE)
    assert town.parts.data.grant_keys(grant.id) == []
    assert isinstance(town.read(paul, ana.carnet_id), NotShared)
    assert isinstance(offer(town, paul, ana.carnet_id, "permis_conduire", ["b"]), str)


def test_it_takes_the_right_the_field_and_a_share_that_stands(
    town: World, ana: Someone, paul: Professional
) -> None:
    nothing = offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    nobody = offer(town, paul, new_id(), "permis_conduire", ["b"])
    assert isinstance(nothing, NotShared)
    assert isinstance(nobody, NotShared)
    assert (last_leaf(town).op, last_leaf(town).out) == ("propose", "denied")
    give(town, ana, Grantee.professional(paul.professional_id), rights=(Right.READ,))
    assert isinstance(offer(town, paul, ana.carnet_id, "permis_conduire", ["b"]), NotShared)
    grant = give(town, ana, Grantee.professional(paul.professional_id), "permis_conduire")
    assert isinstance(offer(town, paul, ana.carnet_id, "vehicule_disponible", "velo"), NotShared)
    stopping.withdraw_grant(town.parts, ana.owner, grant.id, actor=ana.actor)
    assert isinstance(offer(town, paul, ana.carnet_id, "permis_conduire", ["b"]), AccessEnded)


@ONE_ENGINE
def test_a_value_is_checked_alike_for_every_carnet(town: World, ana: Someone, paul: Professional) -> None:
    for carnet_id in (ana.carnet_id, new_id()):
        with pytest.raises(InvalidValueError):
            offer(town, paul, carnet_id, "permis_conduire", ["zzz"])
        with pytest.raises(GrantRefusedError):
            offer(town, paul, carnet_id, "jalons", None, kind=AnswerKind.DOES_NOT_KNOW)


def test_it_outlives_the_share_for_her_and_dies_for_its_author(
    town: World, ana: Someone, paul: Professional, shared: Grant
) -> None:
    offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    stopping.withdraw_grant(town.parts, ana.owner, shared.id, actor=ana.actor)
    assert isinstance(own_proposals(town.parts, paul.reader, ana.carnet_id), AccessEnded)
    again = give(town, ana, Grantee.professional(paul.professional_id))
    found = own_proposals(town.parts, paul.reader, ana.carnet_id)
    assert isinstance(found, OwnProposals)
    assert list(found.items) == []
    assert again.id != shared.id
    agree(town, ana, *waiting(town, ana))
    assert mine(town, ana)["permis_conduire"].body.value == ["b"]


def test_a_field_whose_key_changed_meanwhile_takes_what_was_proposed_before(
    town: World, ana: Someone, paul: Professional, shared: Grant
) -> None:
    town.write(ana, "permis_conduire", ["am"])
    offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    rotate(town.parts, ana.owner, [CompartmentId("permis_conduire")], actor=ana.actor)
    (one,) = waiting(town, ana)
    found = own_proposals(town.parts, paul.reader, ana.carnet_id)
    assert isinstance(found, OwnProposals)
    assert found.items[0].body == one.body
    agree(town, ana, one)
    assert town.values(paul, ana.carnet_id)["permis_conduire"] == [["b"]]


def test_of_two_answers_one_stands(town: World, ana: Someone, paul: Professional, shared: Grant) -> None:
    offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    (one,) = waiting(town, ana)
    said = Said(one.proposal_id, one.version)
    answering_proposals.set_aside(town.parts, ana.owner, said, actor=ana.actor)
    with pytest.raises(AlreadyAnsweredError):
        agree(town, ana, one)
    with pytest.raises(AlreadyAnsweredError):
        answering_proposals.set_aside(town.parts, ana.owner, said, actor=ana.actor)
    assert mine(town, ana) == {}


def test_what_she_did_not_read_is_not_what_she_agrees_to(
    town: World, ana: Someone, paul: Professional, shared: Grant
) -> None:
    first = offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    (one,) = waiting(town, ana)
    slots = town.parts.data.carnet(ana.carnet_id)
    assert offer(town, paul, ana.carnet_id, "permis_conduire", ["c"]) == first  # in its place, in its slot
    assert town.parts.data.carnet(ana.carnet_id) == slots
    with pytest.raises(AlreadyAnsweredError):
        agree(town, ana, one)
    (now,) = waiting(town, ana)
    town.write(ana, "permis_conduire", ["am"])  # and what stood there changed since she looked
    with pytest.raises(RevisionConflictError):
        answering_proposals.agree(
            town.parts, ana.owner, [Said(now.proposal_id, now.version, 0)], actor=ana.actor
        )
    agree(town, ana, now)
    assert mine(town, ana)["permis_conduire"].body.value == ["c"]


def test_what_she_disagrees_with_never_takes_the_place_of_her_own_words(
    town: World, ana: Someone, paul: Professional, shared: Grant
) -> None:
    town.write(ana, "permis_conduire", ["am"])
    offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    offer(town, paul, ana.carnet_id, "vehicule_disponible", "velo")
    hers, free = waiting(town, ana)
    with pytest.raises(NotKeptSoError):
        answering_proposals.keep_disagreeing(
            town.parts, ana.owner, Said(hers.proposal_id, hers.version), actor=ana.actor
        )
    answering_proposals.keep_disagreeing(
        town.parts, ana.owner, Said(free.proposal_id, free.version), actor=ana.actor
    )
    found = mine(town, ana)
    assert found["permis_conduire"].body.value == ["am"]
    assert found["vehicule_disponible"].body.agreement is Agreement.DISAGREED
    answer = town.read(paul, ana.carnet_id)
    assert isinstance(answer, FieldsView)
    assert [one.contested for one in answer.fields[CompartmentId("vehicule_disponible")]] == [True]


def test_several_are_agreed_to_in_one_transaction_or_none(
    town: World, ana: Someone, paul: Professional, shared: Grant
) -> None:
    offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    offer(town, paul, ana.carnet_id, "vehicule_disponible", None, kind=AnswerKind.PREFERS_NOT_TO_SAY)
    one, other = waiting(town, ana)
    answering_proposals.set_aside(town.parts, ana.owner, Said(one.proposal_id, one.version), actor=ana.actor)
    with pytest.raises(AlreadyAnsweredError):
        agree(town, ana, one, other)
    assert mine(town, ana) == {}
    size = town.parts.data.log_size()
    offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    agree(town, ana, *waiting(town, ana))
    assert town.parts.data.log_size() == size + 2
    assert mine(town, ana)["vehicule_disponible"].body.answer is AnswerKind.PREFERS_NOT_TO_SAY


def test_a_row_that_was_edited_or_moved_opens_for_nobody(
    town: World, ana: Someone, paul: Professional, shared: Grant
) -> None:
    offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    (row,) = town.parts.data.proposals_of(ana.carnet_id)
    other = town.member(paul.structure_id, new_id(), kind=StructureKind.SIAE)
    spoiled = (
        replace(row, field_id=FieldId("vehicule_disponible")),
        replace(row, professional_id=other.professional_id),
        replace(row, structure_id=town.structure("Autre")),
        replace(row, slot=row.slot + 1),
        replace(row, on_entry=EntryId(new_id())),
    )
    for altered in spoiled:
        with town.parts.data.change() as work:
            work.drop_proposal(row.carnet_id, row.proposal_id)
            work.add_proposal(altered)
            work.commit()
        assert waiting(town, ana) == []
        found = own_proposals(town.parts, paul.reader, ana.carnet_id)
        assert isinstance(found, OwnProposals)
        assert all(one.body is None for one in found.items)


def test_a_colleague_by_the_same_share_does_not_see_it(town: World, ana: Someone) -> None:
    structure_id = town.structure()
    paul, lea = (town.member(structure_id, new_id(), kind=StructureKind.SIAE) for _ in "ab")
    give(town, ana, Grantee.structure(structure_id))
    offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    found = own_proposals(town.parts, lea.reader, ana.carnet_id)
    assert isinstance(found, OwnProposals)
    assert list(found.items) == []


def test_an_interrupted_answer_is_finished_by_upkeep(
    town: World, ana: Someone, paul: Professional, shared: Grant
) -> None:
    offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    (row,) = town.parts.data.proposals_of(ana.carnet_id)
    with town.parts.data.change() as work:
        assert work.answer_proposal(row.carnet_id, row.proposal_id, version=1)
        work.commit()
    assert waiting(town, ana) == []
    assert upkeep.run_upkeep(town.parts).answered >= 1
    (row,) = town.parts.data.proposals_of(ana.carnet_id)
    assert (row.state, row.record) == ("answered", b"")
    assert town.parts.data.drop_answered_proposals(town.parts.now().replace(year=2200)) >= 1


def test_it_goes_with_the_carnet(town: World, ana: Someone, paul: Professional, shared: Grant) -> None:
    made = offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    leaving.erase_carnet(town.parts, ana.carnet_id, for_real=True, actor=ana.actor)
    assert list(town.parts.data.proposals_of(ana.carnet_id)) == []
    assert not isinstance(offer(town, paul, ana.carnet_id, "permis_conduire", ["b"]), str)
    with pytest.raises((NoSuchProposalError, writing.CarnetClosedError)):
        answering_proposals.set_aside(town.parts, ana.owner, Said(made, 1), actor=ana.actor)


@ONE_ENGINE
def test_too_many_that_wait_are_refused(
    town: World, ana: Someone, paul: Professional, shared: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposing, "MOST_WAITING", 1)
    offer(town, paul, ana.carnet_id, "permis_conduire", ["b"])
    offer(town, paul, ana.carnet_id, "permis_conduire", ["c"])
    with pytest.raises(GrantRefusedError):
        offer(town, paul, ana.carnet_id, "vehicule_disponible", "velo")


def test_a_share_that_ended_between_the_look_and_the_lock_lets_nothing_in(
    town: World, ana: Someone, paul: Professional, shared: Grant, clock: MovingClock
) -> None:
    clock.forward(days=40)
    assert isinstance(offer(town, paul, ana.carnet_id, "permis_conduire", ["b"]), AccessEnded)
    assert list(town.parts.data.proposals_of(ana.carnet_id)) == []
