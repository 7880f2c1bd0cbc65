"""A running web application over a small real instance, and the people who knock at its doors."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey
from starlette.testclient import TestClient

from consent.grants import Grantee
from schemas.ids import ClientId, StructureId, new_id
from schemas.names import Role, StructureKind
from tests.world import SIAE_FIELDS, Someone, World
from vault.audit.events import ActorKind
from vault.audit.leaf import Leaf
from vault.services import administering, reading
from vault.services.journal import Actor
from vault.services.sessions import NewSession
from vault.web.app import create_app

BASE = "http://127.0.0.1:8000"
V1 = "/api/v1"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Algorithm = Literal["ES256", "EdDSA"]


@dataclass(frozen=True)
class Machine:
    """A structure's system with its private key."""

    structure_id: StructureId
    client_id: ClientId
    key: ECKey | OKPKey = field(repr=False)
    algorithm: Algorithm

    @property
    def reader(self) -> reading.Reader:
        actor = Actor(ActorKind.CLIENT, self.client_id, self.structure_id)
        return reading.Reader(
            actor, self.structure_id, StructureKind.SIAE, (Grantee.structure(self.structure_id),)
        )

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Of a good assertion; None removes a claim."""
        now = int(time.time())
        told = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{BASE}/oauth/token",
            "exp": now + 60,
            "iat": now,
            "jti": new_id(),
        }
        return {name: value for name, value in (told | changed).items() if value is not None}

    def assertion(self, *, header: Mapping[str, Any] | None = None, **changed: Any) -> str:
        return signed(self.key, {"alg": self.algorithm, **(header or {})}, self.claims(**changed))

    def form(self, assertion: str | None = None, **changed: str) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(),
            **changed,
        }


class _Registry(jws.JWSRegistry):
    """Signs with whatever is asked; Ed25519 under its older name too."""

    algorithms: ClassVar = {**jws.JWSRegistry.algorithms, "EdDSA": jws.JWSRegistry.algorithms["Ed25519"]}

    def check_header(self, header: Any) -> None: ...


def signed(key: Any, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    registry = _Registry(algorithms=[header["alg"]])
    return jws.serialize_compact(dict(header), json.dumps(claims).encode(), key, registry=registry)


def unsigned(claims: Mapping[str, Any]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


@dataclass
class Site:
    """``client()`` is a new browser or program each time: no cookie is shared."""

    world: World
    app: Any
    _stack: ExitStack

    def client(self, *, address: tuple[str, int] = ("testclient", 50000), **headers: str) -> TestClient:
        client = TestClient(self.app, base_url=BASE, headers=headers, follow_redirects=False, client=address)
        return self._stack.enter_context(client)

    # --- people ---

    def signed_in(self, session: NewSession) -> TestClient:
        """A program that holds the session's cookie and its CSRF token."""
        client = self.client(**{"X-CSRF-Token": session.session.csrf})
        client.cookies.set("carnet", session.cookie)
        return client

    def person(self, name: str = "ana") -> tuple[Someone, TestClient]:
        someone = self.world.person(name)
        return someone, self.signed_in(someone.session)

    def professional(
        self, structure_id: StructureId, name: str = "paul", role: Role = Role.REFERENT
    ) -> TestClient:
        return self.signed_in(self.world.professional(structure_id, name, role))

    def dpo(self, name: str = "delegue") -> TestClient:
        return self.professional(
            self.world.structure("Département", StructureKind.DEPARTEMENT), name, Role.DPO
        )

    def machine(
        self,
        name: str = "SIAE Alpha",
        kind: StructureKind = StructureKind.SIAE,
        *,
        algorithm: Algorithm = "ES256",
        structure_id: StructureId | None = None,
    ) -> Machine:
        key = ECKey.generate_key("P-256") if algorithm == "ES256" else OKPKey.generate_key("Ed25519")
        structure_id = structure_id or self.world.structure(name, kind)
        client_id = administering.add_client(
            self.world.parts,
            structure_id=structure_id,
            name="système",
            public_jwk=json.dumps(key.as_dict(private=False)),
        )
        return Machine(structure_id, client_id, key, algorithm)

    def token(self, machine: Machine) -> str:
        answer = self.client().post("/oauth/token", data=machine.form())
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def system(self, machine: Machine) -> TestClient:
        return self.client(Authorization=f"Bearer {self.token(machine)}")

    # --- the log ---

    def log_size(self) -> int:
        return self.world.parts.data.log_size()

    def last_entries(self, count: int) -> list[Leaf]:
        """The last leaves, oldest first."""
        size = self.log_size()
        rows = self.world.parts.data.log_rows(range(size - count, size))
        return [Leaf.parse(row.leaf) for row in sorted(rows, key=lambda row: row.no)]


@contextmanager
def site_over(world: World, **options: Any) -> Iterator[Site]:
    with ExitStack() as stack:
        app = create_app(world.app, **options)
        yield Site(world, app, stack)
        for waiting in (app.state.carnet.reads, app.state.carnet.tokens, app.state.pulse):
            waiting.close()


def fields_url(carnet_id: str, fields: tuple[str, ...] = SIAE_FIELDS, purpose: str = "proposer_poste") -> str:
    return f"{V1}/carnets/{carnet_id}/fields?purpose={purpose}&fields={','.join(fields)}"
