"""A paper stops one share, once, at once; and tells nobody anything else."""

import pytest

from schemas.names import GrantState
from tests.world import World
from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.services import slips
from vault.services.opened_entries import about_of
from vault.services.own_carnet import list_own_grants
from vault.services.reading import AccessEnded, FieldsView
from vault.services.stopping import NoSuchGrantError


def test_the_paper_of_a_share_stops_it_and_no_other(town: World) -> None:
    ana, alpha, beta = town.newcomer(), town.system(), town.system("SIAE Beta")
    town.fill(ana)
    grant, other = town.share(ana, alpha.structure_id), town.share(ana, beta.structure_id)
    slip = slips.print_slip(town.parts, ana.owner, grant.id, actor=ana.actor)
    assert slips.given_at(town.parts, slip.code.lower()) == grant.terms.starts_at
    assert isinstance(town.read(alpha, ana.carnet_id), FieldsView), "asking stops nothing"
    assert slips.stop_by_slip(town.parts, f" {slip.code} ")
    assert isinstance(town.read(alpha, ana.carnet_id), AccessEnded)
    assert isinstance(town.read(beta, ana.carnet_id), FieldsView)
    states = {one.id: one.state for one in list_own_grants(town.parts, ana.owner)}
    assert states == {grant.id: GrantState.WITHDRAWN, other.id: GrantState.GRANTED}


def test_the_entry_says_that_a_paper_stopped_it(town: World) -> None:
    ana, alpha = town.newcomer(), town.system()
    grant = town.share(ana, alpha.structure_id)
    slip = slips.print_slip(town.parts, ana.owner, grant.id, actor=ana.actor)
    before = town.parts.data.log_size()
    assert slips.stop_by_slip(town.parts, slip.code)
    rows = town.parts.data.log_rows(range(before, town.parts.data.log_size()))
    (row,) = [row for row in rows if Leaf.parse(row.leaf).op is Op.WITHDRAW]
    journal = town.parts.journal_keys.load(now=town.parts.now(), carnets=[ana.carnet_id]).journal(
        ana.carnet_id
    )
    assert journal is not None
    about = about_of(row.about_sealed, Leaf.parse(row.leaf), journal)
    assert about is not None
    assert (about.reason, about.grant_id) == ("slip", grant.id)


def test_a_paper_serves_once_and_the_next_one_takes_its_place(town: World) -> None:
    ana, alpha = town.newcomer(), town.system()
    grant = town.share(ana, alpha.structure_id)
    first, second = (slips.print_slip(town.parts, ana.owner, grant.id, actor=ana.actor) for _ in range(2))
    assert slips.given_at(town.parts, first.code) is None
    assert not slips.stop_by_slip(town.parts, first.code)
    assert slips.stop_by_slip(town.parts, second.code)
    again = town.share(ana, alpha.structure_id)
    assert not slips.stop_by_slip(town.parts, second.code)
    assert next(one for one in list_own_grants(town.parts, ana.owner) if one.id == again.id).live(
        town.parts.now()
    )


@pytest.mark.parametrize("wrong", ["", "AAAA", "2" * 16, "é" * 16, "\ud800"])
def test_what_is_no_code_stops_nothing(small_town: World, wrong: str) -> None:
    assert slips.given_at(small_town.parts, wrong) is None
    assert not slips.stop_by_slip(small_town.parts, wrong)


def test_one_wrong_sign_or_two_swapped_are_told_from_a_secret(small_town: World) -> None:
    code = slips.new_code(small_town.parts.random)
    assert slips.read_code(slips.shown(code)) == code
    for place in range(slips.LENGTH):
        other = "3" if code[place] == "2" else "2"
        assert slips.read_code(code[:place] + other + code[place + 1 :]) is None
    for place in range(slips.LENGTH - 2):
        if code[place] != code[place + 1]:
            swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
            assert slips.read_code(swapped) is None


def test_an_ended_share_and_somebody_elses_have_no_paper(town: World) -> None:
    ana, bob, alpha = town.newcomer(), town.newcomer(), town.system()
    grant = town.share(ana, alpha.structure_id)
    with pytest.raises(NoSuchGrantError):
        slips.print_slip(town.parts, bob.owner, grant.id, actor=bob.actor)
    slip = slips.print_slip(town.parts, ana.owner, grant.id, actor=ana.actor)
    town.withdraw(ana, grant)
    assert slips.given_at(town.parts, slip.code) is None
    with pytest.raises(NoSuchGrantError):
        slips.print_slip(town.parts, ana.owner, grant.id, actor=ana.actor)


def test_k_holds_no_code(small_town: World) -> None:
    ana, alpha = small_town.newcomer(), small_town.system()
    slip = slips.print_slip(
        small_town.parts, ana.owner, small_town.share(ana, alpha.structure_id).id, actor=ana.actor
    )
    bare = "".join(slip.code.split())
    for told in (slip.code, bare, bare[:8]):
        for file in small_town.app.settings.data_dir.parent.rglob("*.sqlite*"):
            assert told.encode() not in file.read_bytes()
    assert slip.code not in repr(slip)
