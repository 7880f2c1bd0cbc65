"""Nothing that is to stay secret is anywhere it could be copied from: planted words are searched in the files
and tables of both stores, in everything logged, in every error and in every repr."""

import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from consent.grants import Grantee
from schemas.ids import CompartmentId, FieldId, PurposeId, StructureId
from schemas.names import AnswerKind, Role, StructureKind
from tests.planted import Planted, dump, found_in, listening, said, spellings
from tests.world import RULES, SIAE_FIELDS, World, a_public_jwk, coming_in, coming_in_pro
from vault.services import (
    accounts,
    administering,
    exporting,
    invitations,
    leaving,
    log_openings,
    overseeing,
    own_carnet,
    received,
    sessions,
    signing_in,
    structures,
    throttling,
    tokens,
    writing,
)
from vault.services.journal import OPERATOR, Actor
from vault.services.sessions import NewSession
from vault.services.upkeep import run_upkeep
from vault.storage.log_source import log_source


@pytest.fixture(scope="module")
def planted(village: World) -> Planted:
    told = Planted()
    with listening(told):
        live(village, told)
    return told


def live(world: World, told: Planted) -> None:
    """Everybody does everything once, well and badly."""
    eva, who = a_person(world, told)
    member, system = readers(world, told)
    her_carnet(world, told, eva)
    shares(world, told, eva, member, system)
    what_goes_wrong(world, told, eva, system)
    the_office(world, told, eva, member)
    told.given += [who, eva, member, system, world.app, world.parts, world.app.settings]
    keys(world, told)


def a_person(world: World, told: Planted) -> Any:
    claims = {
        "name": {"nom": told.word("NOM"), "prenoms": [told.word("PRENOM")], "usage": told.word("USAGE")},
        "email": told.word("MAIL") + "@exemple.example",
        "birthdate": told.word("NAISSANCE"),
    }
    coming = coming_in(
        "eva",
        subject=told.word("SUB"),
        claims=claims,
        id_token=told.word("IDTOKEN"),
        display_name=told.word("AFFICHE"),
        address=told.word("ADRESSE"),
    )
    session = told.tries(lambda: signing_in.person_signs_in(world.parts, coming, rules=RULES))
    told.keep("cookie", session.cookie)
    told.keep("csrf", session.session.csrf)
    told.given += [coming, accounts.find_account(world.parts, coming.issuer, coming.subject)]
    browser, state = told.word("BROWSER"), told.word("STATE")
    pending = {"nonce": told.word("NONCE"), "verifier": told.word("VERIFIER")}
    sessions.remember_pending(world.parts, browser=browser, state=state, told=pending)
    from tests.world import Someone
    from vault.audit.events import ActorKind
    from vault.services.key_sources import OwnerAccess

    row = session.session.row
    owner = OwnerAccess(row.subject, row.session_id)
    actor = Actor(ActorKind.PERSON, session=row.session_id, address=coming.address)
    return Someone(row.subject, owner, actor, session), coming


def readers(world: World, told: Planted) -> Any:
    kind = StructureKind.ASSOCIATION
    system = world.system("Association", kind)
    invitation = administering.invite(
        world.parts,
        structure_id=system.structure_id,
        email=told.word("INVITE") + "@exemple.example",
        role=Role.REFERENT,
    )
    told.keep("invitation", invitation.secret)
    told.given += [invitation, invitations.invitation_of(world.parts, invitation.secret)]
    coming = coming_in_pro(
        told.word("PROSUB"),
        claims={"name": {"nom": told.word("PRONOM"), "prenoms": []}, "siret": told.word("SIRET")},
        id_token=told.word("PROTOKEN"),
        display_name=told.word("PROAFFICHE"),
    )
    session = told.tries(
        lambda: signing_in.professional_signs_in(
            world.parts, coming, invitation=invitation.secret, rules=RULES
        )
    )
    assert isinstance(session, NewSession)
    told.keep("procookie", session.cookie)
    member = world.member(StructureId(system.structure_id), "autre", kind=kind)
    client = tokens.client_of(world.parts, system.client_id)
    assert client is not None
    ends_at = world.parts.now() + timedelta(minutes=1)
    token = tokens.give_token(world.parts, client, jti=told.word("JTI"), assertion_ends_at=ends_at)
    assert token is not None
    told.keep("bearer", token.token)
    told.given += [coming, client, token, tokens.tokens_of(world.parts, [token.token])]
    return member, system


FREE = ("projet_description", "parcours_recit", "attentes_rencontre", "diplome_intitule")


def her_carnet(world: World, told: Planted, eva: Any) -> None:
    for name in FREE:
        told.given.append(told.tries(world.write, eva, name, told.word(name)).body)
    told.tries(lambda: world.write(eva, "qualites_atouts", [told.word("ATOUT")]))
    told.tries(
        lambda: world.write(
            eva, "accompagnement_structures", [{"nom": told.word("ORGANISME"), "kind": "autre"}]
        )
    )
    answers = [
        writing.Answer(FieldId("parcours_recit"), told.word("RECIT2")),
        writing.Answer(FieldId("sante_retentissement"), None, AnswerKind.PREFERS_NOT_TO_SAY),
    ]
    told.given.append(answers)
    told.tries(lambda: writing.write_answers(world.parts, eva.owner, answers, actor=eva.actor))
    told.tries(lambda: own_carnet.read_own_carnet(world.parts, eva.owner, actor=eva.actor))
    told.tries(
        lambda: exporting.export_own_carnet(world.parts, eva.owner, issuer=world.app.issuer, actor=eva.actor)
    )


def shares(world: World, told: Planted, eva: Any, member: Any, system: Any) -> None:
    fields = (*FREE, "qualites_atouts", "accompagnement_structures")
    for whom in (system.structure_id, Grantee.professional(member.professional_id)):
        told.tries(world.share, eva, whom, fields, purpose="accompagnement")
    for reader in (system, member):
        answer = told.tries(world.read, reader, eva.carnet_id, fields, purpose="accompagnement")
        assert told.words["RECIT2"] in str(
            [entry.body.value for one in answer.fields.values() for entry in one]
        )
        told.tries(received.list_received_grants, world.parts, reader.reader)
    told.tries(lambda: own_carnet.list_accesses(world.parts, eva.owner, actor=eva.actor, own=True))
    grants = told.tries(lambda: own_carnet.list_own_grants(world.parts, eva.owner))
    told.tries(lambda: world.withdraw(eva, grants[0]))


def what_goes_wrong(world: World, told: Planted, eva: Any, system: Any) -> None:
    parts, bad = world.parts, told.word("REFUSE")
    told.tries(lambda: world.write(eva, "enfants_nombre", bad))
    told.tries(lambda: world.write(eva, "projet_description", bad + "\x00"))
    told.tries(lambda: world.write(eva, "projet_description", bad, version=9))
    told.tries(lambda: world.write(eva, "identite_nom", {"nom": bad, "prenoms": [bad]}))
    told.tries(lambda: world.share(eva, StructureId(bad)))
    told.tries(lambda: world.share(eva, system.structure_id, [bad]))
    told.tries(
        lambda: administering.add_client(parts, structure_id=system.structure_id, name="x", public_jwk=bad)
    )
    records = parts.data.own_records(eva.carnet_id, history=True)
    for spoil in (
        lambda work: work.add_record(records[0]),  # exists
        lambda work: work.add_field_key(parts.data.field_keys(eva.carnet_id)[0]),
    ):

        def spoilt(spoil: Callable[[Any], Any] = spoil) -> None:
            with parts.data.change() as work:
                spoil(work)
                work.commit()

        told.tries(spoilt)
    told.tries(lambda: parts.keystore.add_secrets([parts.rows.make("own", eva.carnet_id, bad.encode())]))
    other = world.newcomer("autre")
    world.write(other, "projet_description", told.word("AUTRUI"))
    with world.app.data.database.write() as connection:
        statement = (
            "UPDATE records SET slot = slot + 1 WHERE carnet_id = :id AND compartment = 'projet_description'"
        )
        connection.execute(text(statement), {"id": other.carnet_id})
        connection.commit()
    told.tries(lambda: own_carnet.read_own_carnet(parts, other.owner, actor=other.actor))
    assert len(told.raised) >= 10, "the errors that were to be looked at did happen"


def the_office(world: World, told: Planted, eva: Any, member: Any) -> None:
    parts = world.parts
    dpo = world.member(world.structure("D"), "dpo", Role.DPO, kind=StructureKind.DEPARTEMENT).reader.actor
    told.tries(lambda: [entry.op for entry in overseeing.list_entries(parts, actor=dpo, limit=500)[0]])
    told.tries(lambda: overseeing.log_health(parts))
    shower = log_openings.show_openings(parts, actor=OPERATOR, reason="essai")
    with log_source(world.app.data.database, show=shower) as source:
        assert any(source.openings())
    throttling.note_throttled(parts, member.reader.actor)
    told.tries(lambda: structures.structure_of(parts, Grantee.professional(member.professional_id)))
    entry = world.write(eva, "activites_aimees", told.word("OUBLIE"))
    told.tries(lambda: leaving.forget_entry(parts, eva.carnet_id, entry.entry_id, actor=eva.actor))
    gone = world.newcomer("parti")
    world.write(gone, "projet_description", told.word("EFFACE"))
    told.tries(lambda: leaving.erase_carnet(parts, gone.carnet_id, for_real=True, actor=OPERATOR))
    told.tries(lambda: run_upkeep(parts))
    told.tries(lambda: world.app.jobs().run_once())
    administering.add_client(parts, structure_id=world.structure("E"), name="y", public_jwk=a_public_jwk())
    asked = (CompartmentId(SIAE_FIELDS[0]),)
    told.given += [dpo, asked, PurposeId("x"), parts.data.read_facts, shower]


def keys(world: World, told: Planted) -> None:
    """Every secret of K that is one: 32 bytes or more, unwrapped."""
    with world.app.keystore.database.read() as connection:
        names = [tuple(row) for row in connection.execute(text("SELECT kind, id FROM secrets"))]
    for name, secret in world.parts.rows.load([name for name in names if name[0] != "box"]).items():
        told.secrets["/".join(name)] = secret


# --- where it is searched --------------------------------------------------------------------------------


def test_the_search_finds_what_is_there(village: World, planted: Planted) -> None:
    assert "SIAE" not in found_in(planted, dump(village, "data")).__repr__()
    word, secret = planted.words["NOM"], next(iter(planted.secrets.values()))
    for haystack in (word.encode(), word.upper().encode(), *spellings(secret), *spellings(word.encode())):
        assert found_in(planted, b"x" + haystack + b"y"), haystack
    assert b"Association" in dump(village, "data"), "what is public is there to be read"
    assert len(planted.words) > 30
    assert len(planted.secrets) > 20


@pytest.mark.parametrize("part", ["data", "keys"])
def test_no_value_name_token_or_key_is_in_the_files_of(village: World, planted: Planted, part: str) -> None:
    found = found_in(planted, dump(village, part))
    assert found == []


def test_nothing_logged_holds_any(planted: Planted) -> None:
    assert any("INSERT INTO records" in record.getMessage() for record in planted.logged), "statements too"
    for record in planted.logged:
        assert found_in(planted, said(record)) == [], record.name


def test_no_error_holds_any(planted: Planted) -> None:
    kinds = {type(error).__name__ for error in planted.raised}
    assert {"InvalidValueError", "RevisionConflictError", "GrantRefusedError", "OpenError"} <= kinds
    assert "ConflictError" in kinds
    for error in planted.raised:
        told = "".join(traceback.format_exception(error)) + repr(error) + str(error.args)
        assert found_in(planted, told.encode("utf-8", "replace")) == [], type(error).__name__


def test_no_repr_holds_any(planted: Planted) -> None:
    for one in planted.given:
        assert found_in(planted, repr(one).encode("utf-8", "replace")) == [], type(one).__name__
