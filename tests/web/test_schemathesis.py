"""Our own OpenAPI document turned against us, over real HTTP, as each kind of caller.

No answer is 5xx; statuses, content types and documents are those we promise; what breaks the schema is
refused; what needs a proof is 401 without one. `positive_data_acceptance` is left out: a grant that names
an unknown structure, or a value of another field, has the right shape and is rightly refused.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from starlette.testclient import TestClient

from schemas.names import StructureKind
from tests.conftest import SOAKING
from tests.web.site import V1, Site, site_over
from tests.world import World

load_all_checks()
EXAMPLES = 200 if SOAKING else 30
SESSION, UNSAFE, TOKEN = {"session": []}, {"session": [], "csrf": []}, {"token": []}
SERVED: dict[str, list[Any]] = {
    "person": [[SESSION], [UNSAFE]],
    "system": [[SESSION, TOKEN]],
    "dpo": [[SESSION]],
}
EXCLUDED = [CHECKS.get_one("positive_data_acceptance")]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str]]:
    """The application behind the real server, on a free port, without limits."""
    folder = tmp_path_factory.mktemp("served")
    urls = f"sqlite:///{folder}/carnet.sqlite", f"sqlite:///{folder}/keys.sqlite"
    world = World.open(*urls, folder, CARNET_LIMITS="off")
    world.app.jobs().run_once()
    with site_over(world) as site:
        server = uvicorn.Server(uvicorn.Config(site.app, port=0, log_level="critical", access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield site, f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()
    world.close()


@dataclass(frozen=True)
class Scene:
    """How each caller proves itself, and what exists."""

    headers: dict[str, dict[str, str]]
    ids: dict[str, str]


@pytest.fixture(scope="module")
def scene(served: tuple[Site, str]) -> Scene:
    site, _ = served
    ana = site.world.person("ana")
    site.world.fill(ana)
    alpha = site.machine()
    for purpose in site.world.parts.frame.for_kind(StructureKind.SIAE):
        grant = site.world.share(
            ana, alpha.structure_id, purpose.ordinary[:3], purpose=purpose.purpose_id, days=1
        )
    clients = {"person": site.signed_in(ana.session), "dpo": site.dpo(), "system": site.system(alpha)}
    return Scene(
        headers={who: _proofs(client) for who, client in clients.items()},
        ids={"carnet_id": ana.carnet_id, "grant_id": grant.id},
    )


def _proofs(client: TestClient) -> dict[str, str]:
    told = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items()),
        "X-CSRF-Token": client.headers.get("x-csrf-token", ""),
        "Authorization": client.headers.get("authorization", ""),
    }
    return {name: value for name, value in told.items() if value}


@pytest.fixture(scope="module")
def operations(served: tuple[Site, str]) -> list[Any]:
    _, base = served
    schema = schemathesis.openapi.from_url(f"{base}{V1}/openapi.json")
    schema.config.update(base_url=base)
    schema.config.generation.update(with_security_parameters=False)
    kept = schema.exclude(path_regex=r"carnet\.pdf")  # a second of printing for each example
    return [found.ok() for found in kept.get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("who", ["person", "system", "dpo"])
def test_the_api_does_what_its_description_says(
    operations: list[Any], scene: Scene, who: str, mode: GenerationMode
) -> None:
    assert len(operations) >= 18
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not (
            operation.body or operation.query or operation.path_parameters
        ):
            continue  # nothing to spoil
        for known in _known_paths(operation, scene):
            if mode is GenerationMode.NEGATIVE and known and not (operation.body or operation.query):
                continue  # the same
            serves = operation.definition.raw["security"] in ([], *SERVED[who])
            _try(operation, mode, scene.headers[who], known, examples=EXAMPLES if serves else 2)


def _known_paths(operation: Any, scene: Scene) -> list[dict[str, str]]:
    """Any address, and the one of what exists."""
    names = {one.name for one in operation.path_parameters} & set(scene.ids)
    return [{}, {name: scene.ids[name] for name in names}] if names else [{}]


def _try(
    operation: Any, mode: GenerationMode, headers: dict[str, str], known: dict[str, str], *, examples: int
) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode, path_parameters=known or None))
    def one(case: Any) -> None:
        case.call_and_validate(headers=headers, excluded_checks=EXCLUDED)

    one()
