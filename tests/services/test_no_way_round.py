"""Ways round a rule that somebody found: each is closed, and stays so."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from consent.lifecycle import By
from schemas.names import GrantState
from tests.services.test_requests import a_demand
from tests.world import MovingClock, World
from vault.services import slips
from vault.services.answering_requests import list_requests, refuse_request
from vault.services.journal import OPERATOR, Actor
from vault.services.key_sources import hold_name
from vault.services.requesting import ask_to_share
from vault.services.suspending import (
    CannotMoveError,
    Hold,
    Why,
    holds_of,
    resume_grant,
    suspend_grant,
)
from vault.storage.sharing_tables import grant_requests


def helped(actor: Actor) -> Actor:
    """As somebody who acts for her would be known; the mandate itself is tried elsewhere."""
    return replace(actor, mandate_id=None)


def test_what_she_suspended_nobody_takes_up_for_her(town: World) -> None:
    ana, siae = town.newcomer(), town.system()
    town.fill(ana)
    grant = town.share(ana, siae.structure_id)
    told = (town.parts, ana.carnet_id, grant.id)
    suspend_grant(*told, by=By.PERSON, why=Why.HER_CHOICE, actor=ana.actor)
    with pytest.raises(CannotMoveError, match="by_whoever_suspended"):
        resume_grant(*told, by=By.REPRESENTATIVE, actor=helped(ana.actor))
    assert resume_grant(*told, by=By.PERSON, actor=ana.actor).state is GrantState.GRANTED


def test_a_hold_left_by_a_process_that_died_does_not_speak_for_the_officer(town: World) -> None:
    """Else she, or whoever presses her, would lift what he suspended."""
    ana, siae = town.newcomer(), town.system()
    grant = town.share(ana, siae.structure_id)
    left = Hold(By.PERSON, town.parts.now(), Why.HER_CHOICE)
    from vault.services.suspending import _keep

    _keep(town.parts, grant.id, left)
    told = (town.parts, ana.carnet_id, grant.id)
    suspend_grant(*told, by=By.DPO, why=Why.PRESSURE, words="Nous vérifions.", actor=OPERATOR)
    hold = holds_of(town.parts, [grant.id])[grant.id]
    assert (hold.by, hold.why, hold.words) == (By.DPO, Why.PRESSURE, "Nous vérifions.")
    with pytest.raises(CannotMoveError):
        resume_grant(*told, by=By.PERSON, actor=ana.actor)


def test_a_suspended_share_whose_hold_was_lost_is_held_again(town: World) -> None:
    ana, siae = town.newcomer(), town.system()
    grant = town.share(ana, siae.structure_id)
    told = (town.parts, ana.carnet_id, grant.id)
    suspend_grant(*told, by=By.PERSON, why=Why.HER_CHOICE, actor=ana.actor)
    town.parts.keystore.delete_secrets([hold_name(grant.id)])
    suspend_grant(*told, by=By.PERSON, why=Why.HER_CHOICE, actor=ana.actor)
    assert holds_of(town.parts, [grant.id])[grant.id].by is By.PERSON


def test_whoever_writes_in_the_key_store_alone_makes_no_paper(town: World) -> None:
    ana, siae = town.newcomer(), town.system()
    grant = town.share(ana, siae.structure_id)
    code = slips.new_code(town.parts.random)
    from vault.crypto import digest

    target = ana.carnet_id + grant.id + "0" * 12
    town.parts.keystore.replace_link(digest(code), slips.SLIP, target, grant.terms.ends_at)
    assert slips.given_at(town.parts, code) is None
    assert not slips.stop_by_slip(town.parts, code)
    (row,) = town.parts.data.grants_of(ana.carnet_id)
    assert row.grant.state is GrantState.GRANTED


def test_a_request_waits_no_longer_because_a_row_says_so(town: World, clock: MovingClock) -> None:
    ana, siae = town.newcomer(), town.system()
    ask_to_share(town.parts, siae.reader, a_demand(ana.carnet_id))
    far = town.parts.now() + timedelta(days=900)
    with town.app.data.database.transaction() as connection:
        mine = grant_requests.c.carnet_id == ana.carnet_id
        connection.execute(update(grant_requests).where(mine).values(ends_at=far))
    clock.stop_at(town.parts.now() + timedelta(days=31))
    (request,) = list_requests(town.parts, ana.owner, actor=ana.actor)
    assert request.state is GrantState.LAPSED
    with pytest.raises(Exception, match="waits no more"):
        refuse_request(town.parts, ana.owner, request, actor=ana.actor)
