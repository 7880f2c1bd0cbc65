"""Calls that try each operation about mandates and emergencies once, in an order in which each succeeds."""

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from schemas.names import Role, StructureKind
from tests.services.test_break_glass import REASON
from tests.web.site import V1, Site
from tests.world import Someone
from vault.carnet.references import shown
from vault.services.helping import make_code

Call = Callable[[TestClient], Any]
Samples = dict[str, list[tuple[str, Call]]]
EMERGENCIES = {
    *("ask_in_emergency", "waiting_emergencies", "read_emergency_reason", "confirm_emergency"),
    *("read_in_emergency", "emergency_choice", "choose_for_emergency", "my_emergencies"),
    *("emergencies", "emergency", "review_emergency"),
}


def get(path: str) -> Call:
    return lambda client: client.get(V1 + path)


def number_of(site: Site, someone: Someone) -> str:
    return shown(site.world.parts.data.references([someone.carnet_id])[someone.carnet_id])


def helped(site: Site, name: str, *scopes: str) -> tuple[Someone, TestClient, TestClient, str]:
    """A person, her program, a helper's, and the mandate she gave him over the API."""
    world = site.world
    someone, there = world.newcomer(name), world.structure(f"CCAS {name}", StructureKind.CCAS)
    member = world.member(there, f"aide-{name}", Role.HELPER, kind=StructureKind.CCAS)
    code, _ = make_code(world.parts, member.professional_id)
    me = site.signed_in(someone.session)
    given = me.post(f"{V1}/me/mandates", json={"code": code, "scopes": list(scopes), "days": 31})
    assert given.status_code == 201, given.text
    return someone, me, site.signed_in(member.session), given.json()["mandate_id"]


def took(client: TestClient, answer: Any) -> TestClient:
    """The same program with the session that took the place of its own."""
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client


def about_mandates(site: Site, clients: dict[str, TestClient]) -> Samples:
    world = site.world
    someone, me, helper, given = helped(site, "rosalie", "write", "share")
    relative = world.newcomer("violette")
    there = world.structure("Association", StructureKind.ASSOCIATION)
    other = world.member(there, "aide-autre", Role.HELPER, kind=StructureKind.ASSOCIATION)
    code, _ = make_code(world.parts, other.professional_id)
    clients |= {"helped": me, "helper": helper}
    ruling = {
        "carnet": number_of(site, someone),
        "kind": "guardianship",
        "scopes": ["write"],
        "holder": {"carnet": number_of(site, relative), "name": "Violette, sa fille"},
        "ruling": "TJ Brest 26/123",
        "ends_on": "2040-12-31",
    }
    again = {"code": code, "scopes": ["see", "print"], "days": 1}

    def ruled() -> str:
        rows = world.parts.data.mandates_of(someone.carnet_id)
        return next(row.mandate_id for row in rows if row.kind == "guardianship")

    def beginning(client: TestClient) -> Any:
        answer = client.post(f"{V1}/acting", json={"mandate_id": given})
        helper.cookies = client.cookies
        return answer

    def ending(client: TestClient) -> Any:
        csrf = client.get(f"{V1}/session").json()["csrf_token"]
        return client.delete(f"{V1}/acting", headers={"X-CSRF-Token": csrf})

    return {
        "held_mandates": [("helper", get("/acting"))],
        "find_helper": [("helped", lambda c: c.post(f"{V1}/me/mandates/helper", json={"code": code}))],
        "give_mandate": [("helped", lambda c: c.post(f"{V1}/me/mandates", json=again))],
        "my_mandates": [("helped", get("/me/mandates"))],
        "begin_acting": [("helper", beginning)],
        "end_acting": [("helper", ending)],
        "end_mandate": [("helped", lambda c: c.post(f"{V1}/me/mandates/{given}/end"))],
        "record_ruling": [("dpo", lambda c: c.post(f"{V1}/dpo/mandates", json=ruling))],
        "recorded_mandates": [("dpo", get("/dpo/mandates"))],
        "end_ruling": [
            ("dpo", lambda c: c.post(f"{V1}/dpo/mandates/{ruled()}/end")),
        ],
    }


def about_emergencies(site: Site, clients: dict[str, TestClient]) -> Samples:
    """Under a frame that has an emergency."""
    world = site.world
    someone, there = world.newcomer("alerte"), world.structure("CCAS d’alerte", StructureKind.CCAS)
    world.fill(someone)
    clients |= {
        "alert": site.signed_in(someone.session),
        "first": site.professional(there, f"un-{there}"),
        "second": site.professional(there, f"deux-{there}"),
        "dpo": site.dpo(f"dpo-{there}"),
    }
    ask = {"reference": number_of(site, someone), "reason": REASON}

    def at(path: str) -> str:
        (row,) = world.parts.data.emergencies_of(someone.carnet_id)
        return V1 + path.replace("{}", row.emergency_id)

    choice = {"fields": ["identite_nom", "permis_conduire"]}
    verdict = {"verdict": "unjustified", "words": "Aucun danger."}
    return {
        "emergency_choice": [("alert", get("/me/emergency"))],
        "choose_for_emergency": [("alert", lambda c: c.put(f"{V1}/me/emergency", json=choice))],
        "ask_in_emergency": [("first", lambda c: c.post(f"{V1}/emergencies", json=ask))],
        "waiting_emergencies": [(who, get("/emergencies")) for who in ("first", "second")],
        "read_emergency_reason": [("second", lambda c: c.get(at("/emergencies/{}")))],
        "confirm_emergency": [("second", lambda c: c.post(at("/emergencies/{}/confirm")))],
        "read_in_emergency": [
            (who, lambda c: c.get(at("/emergencies/{}/fields"))) for who in ("first", "second")
        ],
        "my_emergencies": [("alert", get("/me/emergencies"))],
        "emergencies": [("dpo", get("/dpo/emergencies")), ("dpo", get("/dpo/emergencies?reviewed=1"))],
        "emergency": [("dpo", lambda c: c.get(at("/dpo/emergencies/{}")))],
        "review_emergency": [("dpo", lambda c: c.post(at("/dpo/emergencies/{}/review"), json=verdict))],
    }


__all__ = ["EMERGENCIES", "about_emergencies", "about_mandates", "helped", "took"]
