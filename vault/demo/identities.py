"""The synthetic people of the demo, as their sign-in provider knows them. Everybody here is invented.

Twenty in all. Among them are the cases that break careless programs: no name of use, a birth abroad or
overseas, a birth of which only the year or the month is known, long accented names, a name of one letter,
apostrophes, a given name that holds a space, two people with one address, another country's identity; agents
with a card, without a second factor, without their organisation's name, with another SIRET than expected.
Subjects are derived from ``key`` alone, so that the same person is the same account after every restart.
Each identity has a second one, ``renewed``: FranceConnect gives a new subject after civil status was
corrected, ProConnect one for each employer's identity provider.
"""

import hashlib
import uuid
from dataclasses import dataclass

_NAMESPACE = uuid.UUID("6f3c1c0e-6b0b-4d52-9e0c-0c5d1b8f8a11")


@dataclass(frozen=True)
class DemoPerson:
    """Somebody who signs in through FranceConnect. ``birthdate`` is the register's, completed with 01;
    ``known_birthdate`` says what is really known. ``preferred_username``: None is not sent, "" is sent.
    ``level``: the highest that her means of identification proves at FranceConnect+; ``foreign_birthplace``:
    in that country's words, for another European means."""

    key: str
    given_names: tuple[str, ...]
    family_name: str
    preferred_username: str | None
    birthdate: str
    known_birthdate: str
    gender: str
    birthplace: str
    birthcountry: str
    email: str
    note: str
    level: str = "eidas2"
    foreign_birthplace: str | None = None

    @property
    def display_name(self) -> str:
        """First given name and name of use, as the page to choose from shows it."""
        return f"{self.given_names[0]} {self.preferred_username or self.family_name}"

    def subject_of(self, *, renewed: bool) -> str:
        """64 hexadecimal characters and "v1", as FranceConnect's."""
        name = f"{self.key}\nrenewed" if renewed else self.key
        return hashlib.sha256(f"carnet demo\nfranceconnect\n{name}".encode()).hexdigest() + "v1"

    @property
    def subject(self) -> str:
        """The subject she usually has."""
        return self.subject_of(renewed=False)


@dataclass(frozen=True)
class DemoAgent:
    """Somebody who signs in through ProConnect; ``acr`` is the highest level her employer can prove.
    ``organization_label``: None is not sent."""

    key: str
    given_name: str
    usual_name: str
    email: str
    siret: str
    organization_label: str | None
    acr: str
    amr: tuple[str, ...]
    note: str

    @property
    def display_name(self) -> str:
        """Given name and name of use."""
        return f"{self.given_name} {self.usual_name}"

    def subject_of(self, *, renewed: bool) -> str:
        """A UUID, as ProConnect's."""
        return str(uuid.uuid5(_NAMESPACE, f"proconnect:{self.key}{':renewed' if renewed else ''}"))

    @property
    def subject(self) -> str:
        """The subject she usually has."""
        return self.subject_of(renewed=False)


FRANCE = "99100"

AMINA = DemoPerson(
    key="amina",
    given_names=("Amina", "Leïla"),
    family_name="BENSAÏD",
    preferred_username=None,
    birthdate="1991-03-14",
    known_birthdate="1991-03-14",
    gender="female",
    birthplace="29019",
    birthcountry=FRANCE,
    email="amina.bensaid@courriel.example",
    note="née le 14 mars 1991, sans nom d’usage",
)
GERARD = DemoPerson(
    key="gerard",
    given_names=("Gérard", "Michel"),
    family_name="KERVELLA",
    preferred_username="",
    birthdate="1968-11-02",
    known_birthdate="1968-11-02",
    gender="male",
    birthplace="29103",
    birthcountry=FRANCE,
    email="gerard.kervella@courriel.example",
    note="né le 2 novembre 1968, sans identité numérique renforcée",
    level="eidas1",
)
FATOUMATA = DemoPerson(
    key="fatoumata",
    given_names=("Fatoumata",),
    family_name="DIALLO",
    preferred_username="BARRY",
    birthdate="1987-06-23",
    known_birthdate="1987-06-23",
    gender="female",
    birthplace="",
    birthcountry="99330",
    email="f.barry@courriel.example",
    note="née le 23 juin 1987 en Guinée",
)
YUSUF = DemoPerson(
    key="yusuf",
    given_names=("Yusuf", "Ali"),
    family_name="ABDI",
    preferred_username=None,
    birthdate="1985-01-01",
    known_birthdate="1985-00-00",
    gender="male",
    birthplace="",
    birthcountry="99318",
    email="yusuf.abdi@courriel.example",
    note="né en 1985 en Somalie, jour et mois inconnus",
)
ELEONORE = DemoPerson(
    key="eleonore",
    given_names=("Éléonore", "Marie-Françoise", "Anne-Hélène", "Cœur-d’Arvor", "Maëlys"),
    family_name="LE GOÂSTELLEC DE KERMOËLLIEN-PLOUÉZENNEC D’HERBIGNY",
    preferred_username="LE GOÂSTELLEC-PLOUÉZENNEC",
    birthdate="1974-12-30",
    known_birthdate="1974-12-30",
    gender="female",
    birthplace="2A004",
    birthcountry=FRANCE,
    email="eleonore.le-goastellec@courriel.example",
    note="née le 30 décembre 1974, noms longs et accentués",
)
KEVIN = DemoPerson(
    key="kevin",
    given_names=("Kévin",),
    family_name="MOREAU",
    preferred_username=None,
    birthdate="1999-09-08",
    known_birthdate="1999-09-08",
    gender="male",
    birthplace="97411",
    birthcountry=FRANCE,
    email="famille.moreau@courriel.example",
    note="né le 8 septembre 1999, partage son adresse avec Marie Lou",
)
MARIE_LOU = DemoPerson(
    key="marie-lou",
    given_names=("Marie Lou", "Rose"),
    family_name="MOREAU",
    preferred_username="",
    birthdate="2001-02-17",
    known_birthdate="2001-02-17",
    gender="female",
    birthplace="29232",
    birthcountry=FRANCE,
    email="famille.moreau@courriel.example",
    note="née le 17 février 2001, partage son adresse avec Kévin",
)
LINH = DemoPerson(
    key="linh",
    given_names=("Thị Linh",),
    family_name="NGUYỄN",
    preferred_username="",
    birthdate="1979-05-01",
    known_birthdate="1979-05-00",
    gender="female",
    birthplace="",
    birthcountry="99243",
    email="linh.nguyen@courriel.example",
    note="née en mai 1979 au Viêt Nam, jour inconnu",
)
CAMILLE = DemoPerson(
    key="camille",
    given_names=("Camille", "Min-ji"),
    family_name="O",
    preferred_username=None,
    birthdate="1996-07-19",
    known_birthdate="1996-07-19",
    gender="unspecified",
    birthplace="35238",
    birthcountry=FRANCE,
    email="camille.o@courriel.example",
    note="naissance le 19 juillet 1996, nom d’une seule lettre, sexe non précisé",
)
MAEVA = DemoPerson(
    key="maeva",
    given_names=("Maëva", "D'Assise"),
    family_name="N'GUESSAN",
    preferred_username="L'HÉNORET",
    birthdate="1983-10-05",
    known_birthdate="1983-10-05",
    gender="female",
    birthplace="98735",
    birthcountry=FRANCE,
    email="maeva.o'henoret@courriel.example",
    note="née le 5 octobre 1983 en Polynésie française, des apostrophes partout",
)
SOFIA = DemoPerson(
    key="sofia",
    given_names=("Sofía", "María del Carmen"),
    family_name="GARCÍA LÓPEZ",
    preferred_username="ROMERO",
    birthdate="1993-04-27",
    known_birthdate="1993-04-27",
    gender="female",
    birthplace="",
    birthcountry="99134",
    email="sofia.romero@correo.example",
    note="née le 27 avril 1993 en Espagne, avec une identité numérique espagnole",
    level="eidas3",
    foreign_birthplace="Jerez de la Frontera (Cádiz)",
)
PEOPLE: tuple[DemoPerson, ...] = (
    AMINA, GERARD, FATOUMATA, YUSUF, ELEONORE, KEVIN, MARIE_LOU, LINH, CAMILLE, MAEVA, SOFIA,
)  # fmt: skip

# Invented establishments: the numbers pass the check digit and belong to nobody.
SIRET_DEPARTEMENT = "99000010100016"
SIRET_CCAS = "99000020000016"
SIRET_SIAE = "99000030900015"
SIRET_MISSION_LOCALE = "99000040800015"
SIRET_ASSOCIATION = "99000050700014"

NOLWENN = DemoAgent(
    key="nolwenn",
    given_name="Nolwenn",
    usual_name="LE GALL",
    email="nolwenn.legall@departement-ponant.example",
    siret=SIRET_DEPARTEMENT,
    organization_label="Département du Ponant",
    acr="eidas1-mfa",
    amr=("pwd", "mail", "mfa"),
    note="référente au département du Ponant",
)
KARIM = DemoAgent(
    key="karim",
    given_name="Karim",
    usual_name="HADDAD",
    email="karim.haddad@ccas-port-brannec.example",
    siret=SIRET_CCAS,
    organization_label="CCAS de Port-Brannec",
    acr="eidas2",
    amr=("pwd", "totp", "mfa"),
    note="conseiller au CCAS de Port-Brannec",
)
CLAIRE = DemoAgent(
    key="claire",
    given_name="Claire",
    usual_name="ROUSSEAU",
    email="claire.rousseau@atelier-des-rives.example",
    siret=SIRET_SIAE,
    organization_label="Atelier des Rives",
    acr="eidas1-mfa",
    amr=("pwd", "mail", "mfa"),
    note="encadrante à l’Atelier des Rives, entreprise d’insertion",
)
HELENE = DemoAgent(
    key="helene",
    given_name="Hélène",
    usual_name="MARCHAND",
    email="dpo@departement-ponant.example",
    siret=SIRET_DEPARTEMENT,
    organization_label="Département du Ponant",
    acr="eidas2",
    amr=("pwd", "pop", "mfa"),
    note="déléguée à la protection des données du département du Ponant",
)
THOMAS = DemoAgent(
    key="thomas",
    given_name="Thomas",
    usual_name="PERROT",
    email="thomas.perrot@mission-locale-brannec.example",
    siret=SIRET_MISSION_LOCALE,
    organization_label="Mission locale du pays de Brannec",
    acr="eidas1",
    amr=("pwd",),
    note="conseiller à la mission locale, sans second facteur : l’entrée lui est refusée",
)
GWENAELLE = DemoAgent(
    key="gwenaelle",
    given_name="Gwenaëlle",
    usual_name="TANGUY",
    email="gwenaelle.tanguy@departement-ponant.example",
    siret=SIRET_DEPARTEMENT,
    organization_label="Département du Ponant",
    acr="eidas2",
    amr=("pwd", "totp", "mfa"),
    note="responsable d’équipe au département du Ponant",
)
PAULE = DemoAgent(
    key="paule",
    given_name="Paule",
    usual_name="ÉTIENNE-D’ORNANO",
    email="paule.etienne@ccas-port-brannec.example",
    siret=SIRET_CCAS,
    organization_label="CCAS de Port-Brannec",
    acr="eidas3",
    amr=("pin", "pop", "mfa"),
    note="conseillère au CCAS de Port-Brannec, avec une carte à puce",
)
INES = DemoAgent(
    key="ines",
    given_name="Inês",
    usual_name="DA SILVA",
    email="ines.dasilva@departement-ponant.example",
    siret=SIRET_DEPARTEMENT,
    organization_label=None,
    acr="eidas1-mfa",
    amr=("pwd", "mail", "mfa"),
    note="conseillère au département du Ponant ; le nom de son organisation n’est pas transmis",
)
BRUNO = DemoAgent(
    key="bruno",
    given_name="Bruno",
    usual_name="MARZIN",
    email="bruno.marzin@relais-du-ponant.example",
    siret=SIRET_ASSOCIATION,
    organization_label="Relais du Ponant",
    acr="eidas1-mfa",
    amr=("pwd", "mail", "mfa"),
    note="employé par une association, prêté au département : son SIRET n’est pas celui du département",
)
AGENTS: tuple[DemoAgent, ...] = (
    NOLWENN, KARIM, CLAIRE, HELENE, THOMAS, GWENAELLE, PAULE, INES, BRUNO,
)  # fmt: skip
