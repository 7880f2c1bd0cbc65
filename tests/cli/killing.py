"""A server under load, killed in the middle of it: who read, who shared, and what each was answered."""

import asyncio
import json
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2
from joserfc.jwk import ECKey

from schemas.ids import ClientId, StructureId
from schemas.names import StructureKind
from tests.cli.typing_commands import Server
from tests.loops import run_apart
from tests.web.site import Machine
from tests.world import SIAE_FIELDS, Someone, World
from vault.audit.leaf import Leaf
from vault.services import administering

READERS = 64
OTHER_PURPOSE, OTHER_FIELDS = "aide_urgence", ["logement_fixe", "enfants_nombre"]


@dataclass
class Answered:
    """What came back before the end; ``started``: sent and perhaps never answered."""

    access_ids: list[int] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Cast:
    """A person with a carnet shared with a structure that has a system, and another structure."""

    person: Someone
    system: Machine
    other: StructureId

    @classmethod
    def of(cls, world: World) -> "Cast":
        person = world.person()
        world.fill(person)
        key = ECKey.generate_key("P-256")
        structure = world.structure()
        client = administering.add_client(
            world.parts,
            structure_id=structure,
            name="système",
            public_jwk=json.dumps(key.as_dict(private=False)),
        )
        world.share(person, structure)
        other = world.structure("CCAS", StructureKind.CCAS)
        return cls(person, Machine(structure, ClientId(client), key, "ES256"), other)


def run_until_killed(server: Server, cast: Cast, *, after: int) -> Answered:
    """64 readers, and a person who shares and stops sharing, until the server is killed once ``after``
    reads were answered."""
    return run_apart(_run(server, cast, after))


async def _run(server: Server, cast: Cast, after: int) -> Answered:
    seen = Answered()
    async with httpx2.AsyncClient(
        base_url=server.url,
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        trust_env=False,
        timeout=30,
        limits=httpx2.Limits(max_connections=READERS + 1, max_keepalive_connections=READERS + 1),
    ) as http:
        bearer = await _token(http, server, cast.system)
        tasks = [_read(http, bearer, cast, seen) for _ in range(READERS)]
        await asyncio.gather(*tasks, _share(http, cast, seen), _kill(server, seen, after))
    return seen


async def _token(http: httpx2.AsyncClient, server: Server, system: Machine) -> str:
    form = system.form(system.assertion(aud=f"{server.announced['url']}/oauth/token"))
    answer = await http.post("/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def _read(http: httpx2.AsyncClient, bearer: str, cast: Cast, seen: Answered) -> None:
    path = f"/api/v1/carnets/{cast.person.carnet_id}/fields"
    query = {"purpose": "proposer_poste", "fields": ",".join(SIAE_FIELDS)}
    with suppress(httpx2.TransportError):
        while True:
            answer = await http.get(path, params=query, headers={"Authorization": f"Bearer {bearer}"})
            if answer.status_code != 200:
                seen.unexpected.append(f"{answer.status_code} {answer.text}")
                return
            seen.access_ids.append(int(answer.json()["access_id"]))


async def _share(http: httpx2.AsyncClient, cast: Cast, seen: Answered) -> None:
    session = cast.person.session
    headers = {"X-CSRF-Token": session.session.csrf, "Cookie": f"carnet={session.cookie}"}
    wish: dict[str, Any] = {
        "grantee": {"structure_id": cast.other},
        "purpose_id": OTHER_PURPOSE,
        "fields": OTHER_FIELDS,
        "rights": ["read"],
        "days": 31,
    }
    with suppress(httpx2.TransportError):
        while True:
            given = await http.post("/api/v1/me/grants", json=wish, headers=headers)
            if given.status_code != 201:
                seen.unexpected.append(f"{given.status_code} {given.text}")
                return
            seen.given.append(given.json()["grant_id"])
            stopped = await http.post(f"/api/v1/me/grants/{seen.given[-1]}/withdraw", headers=headers)
            if stopped.status_code != 200:
                seen.unexpected.append(f"{stopped.status_code} {stopped.text}")
                return
            seen.withdrawn.append(seen.given[-1])


async def _kill(server: Server, seen: Answered, after: int) -> None:
    while len(seen.access_ids) < after and not seen.unexpected:
        await asyncio.sleep(0.001)
    server.process.kill()


def outcomes(world: World, numbers: Sequence[int]) -> dict[int, tuple[str, str]]:
    """(operation, outcome) of each entry that is in the log."""

    found: dict[int, tuple[str, str]] = {}
    for start in range(0, len(numbers), 200):
        for row in world.parts.data.log_rows(numbers[start : start + 200]):
            leaf = Leaf.parse(row.leaf)
            found[row.no] = (str(leaf.op), str(leaf.out))
    return found
