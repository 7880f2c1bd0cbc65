"""What a refused asker learns: one 404 for everything, one 403 for what ended, and nothing else.

Answers are compared byte for byte, headers included, but for the random number of the request.
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from schemas.ids import new_id
from schemas.names import Outcome, StructureKind
from tests.web.site import V1, Machine, Site, fields_url
from tests.world import SIAE_FIELDS, Someone
from vault.audit.events import Op
from vault.services import leaving
from vault.services.journal import OPERATOR

REQUEST_ID = re.compile(r"[0-9a-f]{32}")


def seen(client: TestClient, url: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer, without what is random."""
    answer = client.get(url)
    headers = dict(answer.headers)
    assert REQUEST_ID.fullmatch(headers.pop("x-request-id"))
    return answer.status_code, headers, answer.content


@pytest.fixture
def ana(site: Site) -> Someone:
    someone = site.world.person("ana")
    site.world.fill(someone)
    return someone


@pytest.fixture
def alpha(site: Site) -> Machine:
    return site.machine()


def every_404(site: Site, ana: Someone, alpha: Machine) -> dict[str, str]:
    """Addresses of what alpha may not read, each for another reason."""
    beta = site.machine("SIAE Beta")
    world = site.world
    world.share(ana, alpha.structure_id, purpose="proposer_poste")
    bob = world.person("bob")
    world.share(bob, beta.structure_id)
    cleo = world.person("cleo")
    empty = world.person("dora")
    world.share(empty, beta.structure_id, ["permis_conduire"])
    erased = world.person("eva")
    leaving.erase_carnet(world.parts, erased.carnet_id, for_real=True, actor=OPERATOR)
    return {
        "unknown": fields_url(new_id()),
        "of another structure": fields_url(bob.carnet_id),
        "never shared": fields_url(cleo.carnet_id),
        "another purpose": fields_url(ana.carnet_id, purpose="accompagnement"),
        "a purpose its kind may not have": fields_url(ana.carnet_id, ("revenus_sources",), "aide_urgence"),
        "erased, never shared": fields_url(erased.carnet_id),
        "empty, of another": fields_url(empty.carnet_id),
        "malformed": fields_url("nobody"),
        "upper case": fields_url(ana.carnet_id.upper()),
        "another alphabet": fields_url("é" * 26),
        "a NUL": fields_url("%00"),
        "a slash": fields_url("a/b"),
        "an encoded slash": fields_url("a%2Fb"),
        "dots": fields_url("%2e%2e"),
        "nothing": fields_url(""),
        "very long": fields_url("a" * 5000),
        "not UTF-8": fields_url("%ff%fe"),
    }


def test_every_404_is_the_same_bytes_and_headers_and_one_denied_entry(
    site: Site, ana: Someone, alpha: Machine
) -> None:
    addresses = every_404(site, ana, alpha)
    known = {purpose.purpose_id for purpose in site.world.parts.frame.purposes}
    addresses = {why: url for why, url in addresses.items() if _purpose(url) in known}
    system = site.system(alpha)
    answers = {}
    for why, url in addresses.items():
        before = site.log_size()
        answers[why] = seen(system, url)
        assert site.log_size() == before + 1, why
        (leaf,) = site.last_entries(1)
        assert (leaf.op, leaf.out) == (Op.READ, Outcome.DENIED), why
    assert len(addresses) >= 15
    assert {status for status, _, _ in answers.values()} == {404}
    assert len({(tuple(sorted(headers.items())), body) for _, headers, body in answers.values()}) == 1, (
        answers
    )


def _purpose(url: str) -> str:
    found = re.search(r"purpose=(\w+)", url)
    return found[1] if found else ""


def test_a_404_of_an_address_that_does_not_exist_reads_the_same(site: Site, alpha: Machine) -> None:
    system = site.system(alpha)
    assert seen(system, fields_url(new_id()))[0::2] == seen(system, f"{V1}/nothing")[0::2]


def withdrawn(site: Site, who: Someone, alpha: Machine) -> None:
    site.world.withdraw(who, site.world.share(who, alpha.structure_id))


def expired(site: Site, who: Someone, alpha: Machine) -> None:
    grant = site.world.share(who, alpha.structure_id, days=1)
    later = site.world.parts.now() + timedelta(days=3)
    object.__setattr__(site.world.parts, "clock", lambda: later)
    assert grant.terms.ends_at < later


def replaced_away(site: Site, who: Someone, alpha: Machine) -> None:
    site.world.share(who, alpha.structure_id)
    site.world.withdraw(who, site.world.share(who, alpha.structure_id, SIAE_FIELDS[:1]))


def erased(site: Site, who: Someone, alpha: Machine) -> None:
    site.world.share(who, alpha.structure_id)
    leaving.erase_carnet(site.world.parts, who.carnet_id, for_real=True, actor=OPERATOR)


ENDINGS: list[Callable[[Site, Someone, Machine], None]] = [withdrawn, replaced_away, erased]


def test_what_ended_reads_the_same_however_it_ended(site: Site, alpha: Machine) -> None:
    answers = []
    for number, end in enumerate(ENDINGS):
        who = site.world.person(f"personne-{number}")
        site.world.fill(who)
        end(site, who, alpha)
        before = site.log_size()
        answers.append(seen(site.system(alpha), fields_url(who.carnet_id)))
        assert site.log_size() == before + 1
    assert [status for status, _, _ in answers] == [403] * len(ENDINGS)
    assert len({(tuple(sorted(headers.items())), body) for _, headers, body in answers}) == 1
    assert b"problems/access-ended" in answers[0][2]


def test_only_the_triple_that_was_shared_hears_that_it_ended(
    site: Site, ana: Someone, alpha: Machine
) -> None:
    beta = site.machine("SIAE Beta")
    withdrawn(site, ana, alpha)
    assert seen(site.system(alpha), fields_url(ana.carnet_id))[0] == 403
    assert seen(site.system(beta), fields_url(ana.carnet_id))[0] == 404, "another structure"
    assert seen(site.system(alpha), fields_url(ana.carnet_id, purpose="accompagnement"))[0] == 404
    bob = site.world.person("bob")
    assert seen(site.system(alpha), fields_url(bob.carnet_id))[0] == 404, "another carnet"


def test_fields_that_are_refused_empty_or_not_granted_are_simply_absent(
    site: Site, ana: Someone, alpha: Machine
) -> None:
    site.world.share(ana, alpha.structure_id, SIAE_FIELDS[:2])
    site.world.decline(ana, "permis_conduire")
    system = site.system(alpha)
    told = system.get(fields_url(ana.carnet_id)).json()["fields"]
    assert list(told) == ["temps_travail_souhaite"]
    for absent in (("permis_conduire",), ("vehicule_disponible",)):
        answer = system.get(fields_url(ana.carnet_id, absent))
        assert (answer.status_code, answer.json()["fields"]) == (200, {})


FAULTS = {
    "purpose=inconnu&fields=permis_conduire": ["/purpose"],
    "purpose=proposer_poste&fields=inconnu": ["/fields/0"],
    "purpose=proposer_poste&fields=permis_conduire,inconnu,autre": ["/fields/1", "/fields/2"],
    "purpose=proposer_poste": ["/fields"],
    "fields=permis_conduire": ["/purpose"],
    "": ["/purpose", "/fields"],
    "purpose=inconnu&fields=": ["/fields", "/purpose"],
    "purpose=proposer_poste&fields=permis_conduire,": ["/fields/1"],
}


@pytest.mark.parametrize("query", FAULTS)
def test_what_concerns_the_request_alone_comes_first_and_is_alike_for_every_carnet(
    lone_site: Site, query: str
) -> None:
    site = lone_site
    who, alpha = site.world.person(f"p{new_id()}"), site.machine()
    site.world.share(who, alpha.structure_id)
    system, before = site.system(alpha), site.log_size()
    answers = [seen(system, f"{V1}/carnets/{one}/fields?{query}") for one in (who.carnet_id, new_id(), "x")]
    assert [status for status, _, _ in answers] == [422] * 3
    assert len({body for _, _, body in answers}) == 1
    told = system.get(f"{V1}/carnets/{who.carnet_id}/fields?{query}").json()
    assert sorted(fault["pointer"] for fault in told["errors"]) == sorted(FAULTS[query])
    assert site.log_size() == before, "no carnet was asked about"
    assert b"inconnu" not in answers[0][2], "nothing that was sent is repeated"


@pytest.mark.parametrize(
    "query",
    [
        "purpose=proposer_poste&purpose=proposer_poste&fields=permis_conduire",
        "purpose=proposer_poste&fields=permis_conduire&surplus=1",
        "purpose=proposer_poste&fields=%ff",
        "purpose=proposer_poste&fields=%ed%a0%80",
        "&".join(f"p{number}=1" for number in range(100)),
    ],
)
def test_a_query_that_cannot_be_read_is_400_for_every_carnet(lone_site: Site, query: str) -> None:
    site = lone_site
    who, alpha = site.world.person(f"p{new_id()}"), site.machine()
    site.world.share(who, alpha.structure_id)
    system = site.system(alpha)
    answers = [seen(system, f"{V1}/carnets/{one}/fields?{query}") for one in (who.carnet_id, new_id())]
    assert [status for status, _, _ in answers] == [400, 400]
    assert answers[0] == answers[1]


def test_an_access_that_expired_reads_like_one_that_was_withdrawn(site: Site, alpha: Machine) -> None:
    ana, bob = site.world.person("ana"), site.world.person("bob")
    withdrawn(site, ana, alpha)
    expected = seen(site.system(alpha), fields_url(ana.carnet_id))
    expired(site, bob, alpha)
    again = Machine(alpha.structure_id, alpha.client_id, alpha.key, alpha.algorithm)
    token = site.client().post("/oauth/token", data=again.form(again.assertion(exp=_in(site, 60), iat=None)))
    system = site.client(Authorization=f"Bearer {token.json()['access_token']}")
    assert expected[0] == 403
    assert seen(system, fields_url(bob.carnet_id)) == expected


def _in(site: Site, seconds: int) -> int:
    return int(site.world.parts.now().timestamp()) + seconds


def test_a_professional_without_the_right_role_or_kind_of_structure_reads_nothing(site: Site) -> None:
    ana = site.world.person("ana")
    site.world.fill(ana)
    structure_id = site.world.structure("CCAS", StructureKind.CCAS)
    referent = site.professional(structure_id, "rita")
    assert seen(referent, fields_url(ana.carnet_id))[0] == 404
    assert seen(site.dpo(), fields_url(ana.carnet_id))[0] == 403
