"""A small real instance to try rules on: both stores, real keys, invented people. No mock anywhere.

``World.open(urls, folder)`` makes keys and stores like an operator would; the helpers do what people do,
through the services.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from consent.grants import Grant, Grantee
from schemas.ids import (
    CarnetId,
    ClientId,
    CompartmentId,
    FieldId,
    ProfessionalId,
    PurposeId,
    StructureId,
    new_id,
)
from schemas.names import AnswerKind, Role, StructureKind
from vault import bootstrap
from vault.audit.events import ActorKind
from vault.carnet.entries import Entry
from vault.config import load_settings
from vault.services import administering, reading, sharing, signing_in, stopping, writing
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.parts import Parts
from vault.services.ports import Clock
from vault.services.sessions import NewSession, SessionRules

RULES = SessionRules(timedelta(minutes=20), timedelta(hours=8))
SIAE_FIELDS = ("permis_conduire", "temps_travail_souhaite", "vehicule_disponible")
PURPOSE = "proposer_poste"


class MovingClock:
    """Real time that a test moves forward, or stops at an instant. Never hand it an earlier one by accident:
    the log refuses to serve while its clock is behind."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)
        self._stopped: datetime | None = None

    def __call__(self) -> datetime:
        return self._stopped or datetime.now(UTC) + self._ahead

    def forward(self, **told: float) -> None:
        self.go_on_from(self() + timedelta(**told))

    def stop_at(self, instant: datetime) -> None:
        self._stopped = instant.astimezone(UTC)

    def go_on_from(self, instant: datetime) -> None:
        self._ahead, self._stopped = instant - datetime.now(UTC), None

    def go_on(self) -> None:
        """From where it stands, and never behind where it was stopped."""
        self.go_on_from(self())


@dataclass(frozen=True)
class Someone:
    """A person with a session."""

    carnet_id: CarnetId
    owner: OwnerAccess
    actor: Actor
    session: NewSession = field(repr=False)


@dataclass(frozen=True)
class System:
    """A structure and a system of it."""

    structure_id: StructureId
    client_id: ClientId
    reader: reading.Reader


@dataclass(frozen=True)
class Professional:
    """Somebody in a structure, with a session."""

    structure_id: StructureId
    professional_id: ProfessionalId
    session: NewSession = field(repr=False)
    reader: reading.Reader


@dataclass
class World:
    app: bootstrap.Application
    environ: Mapping[str, str]

    @classmethod
    def open(
        cls,
        data_url: str,
        keys_url: str,
        folder: Path,
        *,
        clock: Clock = bootstrap.utc_now,
        **environ: str,
    ) -> "World":
        told = {
            "CARNET_DATA_DIR": str(folder / "var"),
            "CARNET_DATABASE_URL": data_url,
            "CARNET_KEYSTORE_URL": keys_url,
            **environ,
        }
        settings = load_settings(told)
        bootstrap.make_keys(settings)
        bootstrap.upgrade(settings)
        return cls(bootstrap.open_application(settings, clock=clock), told)

    @classmethod
    def reopen(cls, environ: Mapping[str, str], clock: Clock = bootstrap.utc_now) -> "World":
        """An instance that exists, as another process would open it."""
        return cls(bootstrap.open_application(load_settings(environ), clock=clock), environ)

    @property
    def parts(self) -> Parts:
        return self.app.parts

    def close(self) -> None:
        self.app.close()

    def reopened(self) -> "World":
        """A second application on the same stores, as another process would have."""
        return World.reopen(self.environ, self.parts.clock)

    def with_parts(self, **changed: Any) -> "World":
        """The same instance with some parts replaced."""
        return World(replace(self.app, parts=replace(self.parts, **changed)), self.environ)

    # --- people ---

    def person(self, name: str = "ana", *, subject: str | None = None, **told: Any) -> Someone:
        claims = {"name": {"nom": name.upper(), "prenoms": [name.capitalize()]}}
        coming = coming_in(name, subject=subject or name, claims=claims, **told)
        session = signing_in.person_signs_in(self.parts, coming, rules=RULES)
        assert isinstance(session, NewSession), session
        row = session.session.row
        carnet_id = CarnetId(row.subject)
        return Someone(
            carnet_id,
            OwnerAccess(carnet_id, row.session_id),
            Actor(ActorKind.PERSON, session=row.session_id),
            session,
        )

    def newcomer(self, name: str = "ana") -> Someone:
        """Somebody nobody has seen before, with an empty carnet."""
        return self.person(name, subject=new_id())

    def structure(self, name: str = "SIAE Alpha", kind: StructureKind = StructureKind.SIAE) -> StructureId:
        return administering.add_structure(self.parts, name=name, kind=kind, siret=None)

    def system(self, name: str = "SIAE Alpha", kind: StructureKind = StructureKind.SIAE) -> System:
        structure_id = self.structure(name, kind)
        client_id = administering.add_client(
            self.parts, structure_id=structure_id, name="système", public_jwk=a_public_jwk()
        )
        actor = Actor(ActorKind.CLIENT, client_id, structure_id)
        reader = reading.Reader(actor, structure_id, kind, (Grantee.structure(structure_id),))
        return System(structure_id, client_id, reader)

    def professional(self, structure_id: StructureId, name: str, role: Role = Role.REFERENT) -> NewSession:
        invitation = administering.invite(
            self.parts, structure_id=structure_id, email=f"{name}@alpha.example", role=role
        )
        session = signing_in.professional_signs_in(
            self.parts, coming_in_pro(name), invitation=invitation.secret, rules=RULES
        )
        assert isinstance(session, NewSession)
        return session

    def member(
        self, structure_id: StructureId, name: str, role: Role = Role.REFERENT, *, kind: StructureKind
    ) -> Professional:
        """A newcomer, invited and signed in, as the door sees them."""
        session = self.professional(structure_id, name, role)
        professional_id = ProfessionalId(session.session.row.subject)
        actor = Actor(ActorKind.PROFESSIONAL, professional_id, structure_id, role, session.session.session_id)
        grantees = (Grantee.professional(professional_id), Grantee.structure(structure_id))
        reader = reading.Reader(actor, structure_id, kind, grantees)
        return Professional(structure_id, professional_id, session, reader)

    # --- what people do ---

    def write(self, who: Someone, field_id: str, value: Any, **told: Any) -> Entry:
        answer = writing.Answer(FieldId(field_id), value, **told)
        return writing.write_field(self.parts, who.owner, answer, actor=who.actor)

    def decline(self, who: Someone, field_id: str) -> Entry:
        return self.write(who, field_id, None, kind=AnswerKind.PREFERS_NOT_TO_SAY)

    def fill(self, who: Someone) -> dict[str, Any]:
        """Three fields a SIAE may be shown."""
        values = {"permis_conduire": ["b"], "temps_travail_souhaite": 24.5, "vehicule_disponible": "velo"}
        for field_id, value in values.items():
            self.write(who, field_id, value)
        return values

    def share(
        self,
        who: Someone,
        whom: StructureId | Grantee,
        fields: Iterable[str] = SIAE_FIELDS,
        *,
        purpose: str = PURPOSE,
        days: int = 31,
    ) -> Grant:
        wish = sharing.Wish(
            whom if isinstance(whom, Grantee) else Grantee.structure(whom),
            PurposeId(purpose),
            tuple(CompartmentId(field_id) for field_id in fields),
            days,
        )
        return sharing.give_grant(self.parts, who.owner, wish, actor=who.actor)

    def withdraw(self, who: Someone, grant: Grant) -> Grant:
        return stopping.withdraw_grant(self.parts, who.owner, grant.id, actor=who.actor)

    def read(
        self,
        system: System | Professional,
        carnet_id: str,
        fields: Iterable[str] = SIAE_FIELDS,
        *,
        purpose: str = PURPOSE,
    ) -> reading.Answer | Exception:
        asked = reading.SharedRead(
            system.reader,
            CarnetId(carnet_id),
            PurposeId(purpose),
            tuple(CompartmentId(field_id) for field_id in fields),
        )
        return reading.read_shared_fields(self.parts, [asked])[0]

    def values(self, system: System | Professional, carnet_id: str, **asked: Any) -> dict[str, Any]:
        """What was read, by compartment; the read must have been allowed."""
        answer = self.read(system, carnet_id, **asked)
        assert isinstance(answer, reading.FieldsView), answer
        return {name: [entry.body.value for entry in found] for name, found in answer.fields.items()}


def coming_in(name: str, **told: Any) -> signing_in.ComingIn:
    """A person's verified sign-in at FranceConnect."""
    usual = {
        "issuer": "http://fc.example",
        "subject": name,
        "claims": {"name": {"nom": name.upper(), "prenoms": [name.capitalize()]}},
        "id_token": "id-token-of-" + name,
        "provider": "franceconnect",
        "display_name": name.capitalize(),
        "address": "127.0.0.1",
        "former_cookie": None,
    }
    return signing_in.ComingIn(**{**usual, **told})


def coming_in_pro(name: str, **told: Any) -> signing_in.ComingIn:
    """A professional's, at ProConnect."""
    usual = {
        "issuer": "http://pc.example",
        "claims": {"name": {"nom": name, "prenoms": [name]}},
        "provider": "proconnect",
        "address": None,
    }
    return coming_in(name, **{**usual, **told})


def a_public_jwk() -> str:
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()

    def text(number: int) -> str:
        return urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()

    return json.dumps({"kty": "EC", "crv": "P-256", "x": text(numbers.x), "y": text(numbers.y)})
