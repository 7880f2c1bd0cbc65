"""The story of the demo, told once on an empty instance: who shared what with whom, who looked, who stopped.

Structures, invitations and the system are made like an operator makes them (the services behind ``carnet
structure add`` and the like). All the rest is done by the people themselves, over HTTP, signed in: accounts,
answers, shares, readings, a withdrawal, a refused attempt, an invitation. No table is written by hand, so
that the log, the pages and the keys are those of real use.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from joserfc.jwk import ECKey

from schemas.ids import CarnetId, StructureId
from schemas.names import Role, StructureKind
from vault.bootstrap import Application
from vault.demo import identities
from vault.demo.carnets import Filled, carnets
from vault.demo.followed import follow
from vault.demo.visitor import PERSON_DOOR, PROFESSIONAL_DOOR, VisitError, Visitor
from vault.services import administering
from vault.services.designating import designate
from vault.services.journal import OPERATOR

DEPARTEMENT, CCAS, SIAE = "departement", "ccas", "siae"
MISSION_LOCALE, ASSOCIATION, FRANCE_TRAVAIL = "mission_locale", "association", "france_travail"
STRUCTURES = {
    DEPARTEMENT: ("Département du Ponant", StructureKind.DEPARTEMENT, identities.SIRET_DEPARTEMENT),
    CCAS: ("CCAS de Port-Brannec", StructureKind.CCAS, identities.SIRET_CCAS),
    SIAE: ("Atelier des Rives", StructureKind.SIAE, identities.SIRET_SIAE),
    MISSION_LOCALE: (
        "Mission locale du pays de Brannec",
        StructureKind.MISSION_LOCALE,
        identities.SIRET_MISSION_LOCALE,
    ),
    ASSOCIATION: ("Relais du Ponant", StructureKind.ASSOCIATION, identities.SIRET_ASSOCIATION),
    FRANCE_TRAVAIL: ("France Travail Port-Brannec", StructureKind.FRANCE_TRAVAIL, None),
}
STAFF: tuple[tuple[identities.DemoAgent, str, Role, str], ...] = (
    (identities.NOLWENN, DEPARTEMENT, Role.REFERENT, "référente, Département du Ponant"),
    (identities.KARIM, CCAS, Role.ADVISER, "conseiller, CCAS de Port-Brannec"),
    (identities.CLAIRE, SIAE, Role.MEMBER, "encadrante, Atelier des Rives (entreprise d’insertion)"),
    (identities.HELENE, DEPARTEMENT, Role.DPO, "déléguée à la protection des données"),
    (identities.GWENAELLE, DEPARTEMENT, Role.MANAGER, "responsable d’équipe, Département du Ponant"),
    (identities.PAULE, CCAS, Role.HELPER, "aidante, CCAS de Port-Brannec : Gérard lui a donné un mandat"),
    (identities.BRUNO, DEPARTEMENT, Role.MEMBER, "prêté au Département : un SIRET à vérifier"),
)
READERS = (identities.NOLWENN, identities.KARIM, identities.CLAIRE)

URGENT = ("identite_nom", "aide_immediate", "aide_immediate_nature", "logement_statut", "enfants_nombre")
FOR_A_JOB = (
    "identite_nom", "emplois_souhaites", "temps_travail_souhaite", "disponibilite_le", "permis_conduire",
    "vehicule_disponible", "modes_deplacement", "qualites_atouts", "parcours_jalons",
)  # fmt: skip
IN_A_JOB = ("identite_nom", "permis_conduire", "modes_deplacement", "garde_enfants_contraintes")
FOLLOWED_BY_NOLWENN = (identities.AMINA, identities.GERARD, identities.YUSUF)
FIRST_MEETING = (
    "identite_nom", "aide_immediate", "activite_actuelle", "emplois_souhaites", "formation_besoin",
    "francais_aisance", "enfants_nombre", "france_travail_inscrit",
)  # fmt: skip


@dataclass(frozen=True)
class Shared:
    """One grant, as its person gives it."""

    by: identities.DemoPerson
    to: str
    purpose_id: str
    fields: tuple[str, ...]
    days: int


SHARES: tuple[Shared, ...] = (
    Shared(identities.AMINA, CCAS, "aide_urgence", URGENT, 31),
    Shared(identities.GERARD, SIAE, "proposer_poste", FOR_A_JOB, 182),
    Shared(identities.FATOUMATA, CCAS, "aide_urgence", URGENT, 31),
    Shared(identities.FATOUMATA, DEPARTEMENT, "premier_rendez_vous", FIRST_MEETING, 182),
    Shared(identities.KEVIN, MISSION_LOCALE, "proposer_poste", FOR_A_JOB, 182),
    Shared(identities.KEVIN, SIAE, "proposer_poste", FOR_A_JOB, 31),
    Shared(identities.LINH, ASSOCIATION, "proposer_poste", FOR_A_JOB, 31),
    Shared(identities.MAEVA, FRANCE_TRAVAIL, "suivi_emploi", IN_A_JOB, 182),
)


@dataclass
class Teller:
    """Tells the story to the instance at ``home``; ``application`` is opened beside its server."""

    home: str
    application: Application
    folder: Path
    today: date
    structures: dict[str, StructureId] = field(default_factory=dict)
    carnet_ids: dict[str, str] = field(default_factory=dict)
    grants: dict[Shared, str] = field(default_factory=dict)

    def tell(self) -> Mapping[str, object]:
        """Everything, in order. What later runs and the tests want to know of it."""
        self._found_structures()
        for agent, structure, role, _ in STAFF:
            self._let_in(agent, structure, role)
        for filled in carnets(self.today):
            self._fill(filled)
        self._professionals_read()
        self._amina_stops_a_share()
        self._karim_is_refused()
        self._gwenaelle_invites()
        self._gerard_is_helped()
        self._nolwenn_follows()
        self._add_system()
        return {"structures": self.structures, "carnets": self.carnet_ids}

    def _found_structures(self) -> None:
        for key, (name, kind, siret) in STRUCTURES.items():
            self.structures[key] = administering.add_structure(
                self.application.parts, name=name, kind=kind, siret=siret
            )

    def _let_in(self, agent: identities.DemoAgent, structure: str, role: Role) -> None:
        invitation = administering.invite(
            self.application.parts, structure_id=self.structures[structure], email=agent.email, role=role
        )
        with Visitor(self.home) as visitor:
            visitor.join(f"/invitation/{invitation.secret}", agent.key)

    def _fill(self, filled: Filled) -> None:
        """She signs in for the first time, which opens her carnet, writes in it and shares."""
        with Visitor(self.home) as visitor:
            visitor.sign_in(PERSON_DOOR, filled.person.key)
            self.carnet_ids[filled.person.key] = visitor.session["carnet_id"]
            for field_id, value in filled.values.items():
                visitor.put(f"/me/fields/{field_id}", {"value": value})
            for share in SHARES:
                if share.by is filled.person:
                    self._share(visitor, share)

    def _share(self, visitor: Visitor, share: Shared) -> None:
        wish = {
            "grantee": {"structure_id": self.structures[share.to]},
            "purpose_id": share.purpose_id,
            "fields": list(share.fields),
            "rights": ["read"],
            "days": share.days,
        }
        self.grants[share] = visitor.post("/me/grants", wish)["grant_id"]

    def _professionals_read(self) -> None:
        """Each professional opens what was shared with the structure, and nothing else."""
        for agent, structure, _, _ in STAFF:
            if agent not in READERS:
                continue
            with Visitor(self.home) as visitor:
                visitor.sign_in(PROFESSIONAL_DOOR, agent.key)
                for share in (one for one in SHARES if one.to == structure):
                    self._read(visitor, share)

    def _read(self, visitor: Visitor, share: Shared) -> None:
        visitor.get(
            f"/carnets/{self.carnet_ids[share.by.key]}/fields",
            purpose=share.purpose_id,
            fields=",".join(share.fields),
        )

    def _amina_stops_a_share(self) -> None:
        """She looks at who read her carnet, and no longer needs the emergency help."""
        urgent = next(one for one in SHARES if one.by is identities.AMINA and one.to == CCAS)
        with Visitor(self.home) as visitor:
            visitor.sign_in(PERSON_DOOR, identities.AMINA.key)
            visitor.get("/me/accesses")
            visitor.post(f"/me/grants/{self.grants[urgent]}/withdraw")

    def _karim_is_refused(self) -> None:
        """He asks again for what was stopped: the attempt is in her list of who looked."""
        carnet_id = self.carnet_ids[identities.AMINA.key]
        with Visitor(self.home) as visitor:
            visitor.sign_in(PROFESSIONAL_DOOR, identities.KARIM.key)
            visitor.status_of(
                f"/carnets/{carnet_id}/fields", purpose="aide_urgence", fields="logement_statut"
            )

    def _gwenaelle_invites(self) -> None:
        """Inês has not joined yet: her team's page shows the invitation that waits."""
        with Visitor(self.home) as visitor:
            visitor.sign_in(PROFESSIONAL_DOOR, identities.GWENAELLE.key)
            visitor.press("/equipe/inviter", email=identities.INES.email, role=Role.ADVISER.value)

    def _gerard_is_helped(self) -> None:
        """Paule tells him a code; he lets her read and write for him, a month. He decides on his shares."""
        with Visitor(self.home) as visitor:
            visitor.sign_in(PROFESSIONAL_DOOR, identities.PAULE.key)
            made = re.search(r'<strong class="code nowrap">([^<]+)<', visitor.press("/agir/code"))
        if made is None:
            raise VisitError("no code to tell")
        with Visitor(self.home) as visitor:
            visitor.sign_in(PERSON_DOOR, identities.GERARD.key)
            visitor.press("/mes-mandats", code=made[1], scope="write", days="31")

    def _nolwenn_follows(self) -> None:
        """She becomes the référente of three people, as the operator records it; then they write together."""
        parts = self.application.parts
        (nolwenn,) = (
            one.professional_id
            for one in parts.data.habilitations_in(self.structures[DEPARTEMENT])
            if one.role is Role.REFERENT
        )
        for person in FOLLOWED_BY_NOLWENN:
            carnet_id = CarnetId(self.carnet_ids[person.key])
            reference = parts.data.references([carnet_id])[carnet_id]
            designate(parts, reference, nolwenn, actor=OPERATOR)
        follow(self.home, self.carnet_ids, self.today)

    def _add_system(self) -> None:
        """A system of the Atelier des Rives, with its private key: examples/read_as_system.py reads as it."""
        key = ECKey.generate_key("P-256", private=True)
        client_id = administering.add_client(
            self.application.parts,
            structure_id=self.structures[SIAE],
            name="logiciel de l’Atelier des Rives",
            public_jwk=json.dumps(key.as_dict(private=False)),
        )
        document = {"url": self.home, "client_id": client_id, "private_jwk": key.as_dict(private=True)}
        write_private(self.folder / SYSTEM_FILE, json.dumps(document, indent=1) + "\n")


SYSTEM_FILE = "atelier-des-rives.json"


def move_system(folder: Path, home: str) -> None:
    """The address may change from one run to the next: the system's file follows."""
    path = folder / SYSTEM_FILE
    document = json.loads(path.read_text(encoding="utf-8")) | {"url": home}
    write_private(path, json.dumps(document, indent=1) + "\n")


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, readable by its owner alone."""
    new = path.with_name(path.name + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)
