"""The session that acts for somebody: what ends it, and that none comes of one that is over."""

from dataclasses import replace

import pytest

from schemas.ids import AccountId, new_id
from schemas.names import MandateKind, Role, StructureKind
from tests.services.test_coming_in import together
from tests.services.test_mandates import SHARE, WRITE, Aid, aid, ruling
from tests.services.test_relinking import Known, comes
from tests.world import RULES as RULE
from tests.world import World
from vault.services import acting, mandates, sharing
from vault.services.journal import OPERATOR
from vault.services.sessions import DPO, MANDATE, PERSON, PROFESSIONAL, NewSession, end_session, session_of

RULES = {PERSON: RULE, PROFESSIONAL: RULE, DPO: RULE, MANDATE: acting.ACTING_RULES}


def lives(world: World, session: NewSession) -> bool:
    return session_of(world.parts, session.cookie, RULES) is not None


def test_a_new_identifier_of_a_relative_ends_what_she_was_doing_for_somebody(town: World) -> None:
    """Whoever held the former one may not be her: his own session ends, and the one that acts with it."""
    someone, known = town.newcomer("abel"), Known(town)
    holder = mandates.Holder("Zoé, sa fille", account_id=AccountId(known.carnet_id))
    terms = ruling(town, MandateKind.GUARDIANSHIP, WRITE)
    row = mandates.record_ruling(town.parts, someone.carnet_id, holder, terms, actor=OPERATOR)
    own = known.session
    opened = acting.begin(town.parts, own.session, row.mandate_id, cookie=own.cookie, address=None)
    assert opened is not None
    assert lives(town, opened)
    known.decides(accept=True)
    assert isinstance(comes(town, known.new, known.claims), NewSession)
    assert not lives(town, opened)
    assert acting.go_back(town.parts, opened.session, cookie=opened.cookie, rules=RULES) is None


def test_a_helper_shares_with_no_structure_he_works_in_under_any_habilitation(town: World) -> None:
    name, ccas = new_id(), town.structure("CCAS de Brest", StructureKind.CCAS)
    helper = town.member(ccas, name, Role.HELPER, kind=StructureKind.CCAS)
    told = Aid(town, town.newcomer("nora"), helper)
    found = acting.acting_now(town.parts, told.begun(told.give(SHARE)).session)
    assert found is not None
    as_helper = replace(told.someone, actor=found.actor(told.helper.session.session, None))
    there = town.structure("Association du Port", StructureKind.ASSOCIATION)
    fields = ["permis_conduire"]
    assert town.share(as_helper, there, fields, purpose="accompagnement")
    town.professional(there, name, Role.ADVISER)
    with pytest.raises(sharing.GrantRefusedError) as refused:
        town.share(as_helper, there, fields, purpose="accompagnement")
    assert refused.value.pointer == "/grantee"


def test_a_session_that_was_ended_begins_nothing_and_gives_nothing_back(town: World) -> None:
    told = aid(town)
    row, own = told.give(), told.helper.session
    end_session(town.parts, own.cookie)
    assert told.begin(row) is None
    told = aid(town)
    opened = told.begun(told.give())
    assert told.begin(town.parts.data.mandates_of(told.someone.carnet_id)[0]) is None, "his own gave way"
    end_session(town.parts, opened.cookie)
    assert acting.go_back(town.parts, opened.session, cookie=opened.cookie, rules=RULES) is None
    assert not lives(town, opened)


def test_of_two_that_begin_or_go_back_at_once_from_one_session_one_does(town: World) -> None:
    told = aid(town)
    row, own = told.give(), told.helper.session

    def begin() -> NewSession | None:
        return acting.begin(town.parts, own.session, row.mandate_id, cookie=own.cookie, address=None)

    (opened,) = [one for one in together(begin, begin) if one is not None]
    assert lives(town, opened)

    def go_back() -> NewSession | None:
        return acting.go_back(town.parts, opened.session, cookie=opened.cookie, rules=RULES)

    (back,) = [one for one in together(go_back, go_back) if one is not None]
    assert lives(town, back)
    assert not lives(town, opened)
