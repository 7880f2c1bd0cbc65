"""The phase « dans l'emploi »: its shares end six calendar months after she began her job."""

from datetime import date, datetime, timedelta

import pytest

from consent.clocks import PARIS
from consent.grants import Grant
from consent.phases import last_day_of_phase
from schemas.names import GrantState
from tests.world import MovingClock, Someone, World
from vault.services.job_phase import end_phases, phase_end
from vault.services.own_carnet import list_own_grants
from vault.services.reading import FieldsView
from vault.services.sharing import GrantRefusedError
from vault.services.upkeep import run_upkeep

FIELDS = ("permis_conduire",)
JOB = "suivi_emploi"


@pytest.mark.parametrize(
    ("began", "last"),
    [
        (date(2026, 3, 15), date(2026, 9, 15)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2026, 12, 1), date(2027, 6, 1)),
    ],
)
def test_the_phase_lasts_six_calendar_months(began: date, last: date) -> None:
    assert last_day_of_phase(began) == last


def in_paris(world: World) -> date:
    return world.parts.now().astimezone(PARIS).date()


def begins(world: World, who: Someone, on: date) -> None:
    world.write(who, "emploi_debut", on.isoformat())


def ends(world: World, who: Someone) -> datetime:
    (grant,) = [one for one in list_own_grants(world.parts, who.owner) if one.state is GrantState.GRANTED]
    return grant.terms.ends_at


def receipts_of(world: World, who: Someone, grant: Grant) -> int:
    return len(world.parts.data.receipts_of(who.carnet_id, grant_id=grant.id, before=None, limit=9))


def test_a_share_of_the_phase_given_later_goes_no_further(town: World) -> None:
    ana, alpha = town.newcomer(), town.system()
    began = in_paris(town) - timedelta(days=120)
    begins(town, ana, began)
    town.share(ana, alpha.structure_id, FIELDS, purpose=JOB, days=182)
    over = phase_end(town.parts, ana.carnet_id)
    assert over is not None
    assert ends(town, ana) == over
    assert (over - timedelta(seconds=1)).astimezone(PARIS).date() == last_day_of_phase(began)


def test_none_is_given_once_the_phase_is_over_and_other_shares_do_not_care(town: World) -> None:
    ana, alpha = town.newcomer(), town.system()
    begins(town, ana, in_paris(town) - timedelta(days=200))
    with pytest.raises(GrantRefusedError, match="/days"):
        town.share(ana, alpha.structure_id, FIELDS, purpose=JOB, days=31)
    town.share(ana, alpha.structure_id, days=182)
    assert (ends(town, ana) - town.parts.now()).days > 180


def test_a_share_that_stands_when_the_phase_is_over_ends_with_a_receipt(
    town: World,
) -> None:
    ana, alpha = town.newcomer(), town.system()
    town.fill(ana)
    given = town.share(ana, alpha.structure_id, FIELDS, purpose=JOB, days=182)
    other = town.share(ana, alpha.structure_id, FIELDS, days=182)
    assert end_phases(town.parts) == 0, "she began no job"
    begins(town, ana, in_paris(town) - timedelta(days=100))
    assert end_phases(town.parts) == 0, "the phase is not over"
    assert isinstance(town.read(alpha, ana.carnet_id, FIELDS, purpose=JOB), FieldsView)
    begins(town, ana, in_paris(town) - timedelta(days=220))
    receipts = receipts_of(town, ana, given)

    assert run_upkeep(town.parts).phases == 1
    assert end_phases(town.parts) == 0, "once"

    grants = {grant.id: grant.state for grant in list_own_grants(town.parts, ana.owner)}
    assert grants == {given.id: GrantState.EXPIRED, other.id: GrantState.GRANTED}
    assert not isinstance(town.read(alpha, ana.carnet_id, FIELDS, purpose=JOB), FieldsView)
    assert isinstance(town.read(alpha, ana.carnet_id, FIELDS), FieldsView)
    assert (
        len(town.parts.data.receipts_of(ana.carnet_id, grant_id=given.id, before=None, limit=9))
        == receipts + 1
    )


@pytest.fixture
def clocked(small_town: World) -> tuple[World, MovingClock]:
    clock = MovingClock()
    return small_town.with_parts(clock=clock), clock


def test_time_alone_ends_it(clocked: tuple[World, MovingClock]) -> None:
    world, clock = clocked
    ana, alpha = world.newcomer(), world.system()
    world.share(ana, alpha.structure_id, FIELDS, purpose=JOB, days=182)
    begins(world, ana, in_paris(world) - timedelta(days=100))
    over = phase_end(world.parts, ana.carnet_id)
    assert over is not None
    clock.go_on_from(over - timedelta(minutes=1))
    assert end_phases(world.parts) == 0
    clock.go_on_from(over)
    assert end_phases(world.parts) == 1
