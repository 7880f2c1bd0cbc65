"""The closed vocabularies of the wire, each value with the French word a person reads.

The stored value never changes; the label may. Source: docs/glossary.md.
"""

from enum import StrEnum


class Word(StrEnum):
    """A wire value that carries its French label."""

    label: str

    def __new__(cls, value: str, label: str = "") -> "Word":
        word = str.__new__(cls, value)
        word._value_ = value
        word.label = label
        return word


class AnswerKind(Word):
    ANSWERED = "answered", "répondu"
    NOT_DISCUSSED = "not_discussed", "pas encore abordé"
    PREFERS_NOT_TO_SAY = "prefers_not_to_say", "ne souhaite pas répondre"
    DOES_NOT_KNOW = "does_not_know", "ne sait pas"
    NOT_APPLICABLE = "not_applicable", "non concerné"


class Agreement(Word):
    AGREED = "agreed", "d’accord"
    DISAGREED = "disagreed", "pas d’accord"
    NOT_COLLECTED = "not_collected", "accord non recueilli"


class EntryState(Word):
    PROPOSED = "proposed", "proposé"
    CURRENT = "current", "en cours"
    REPLACED = "replaced", "remplacé"
    FROZEN = "frozen", "gelé"
    FORGOTTEN = "forgotten", "oublié"


class RecordKind(Word):
    """What a sealed record of a carnet holds."""

    ENTRY = "entry", "information"
    OBSERVATION = "observation", "observation"
    REPLY = "reply", "réponse à une observation"


class RemarkState(Word):
    """Where an observation stands: the last word is hers, a professional's, or hers again."""

    PUBLISHED = "published", "publiée"
    ANSWERED = "answered", "avec une réponse"
    MAINTAINED = "maintained", "maintenue"


class GrantState(Word):
    DRAFT = "draft", "brouillon"
    REQUESTED = "requested", "demandé"
    DEFERRED = "deferred", "différé"
    GRANTED = "granted", "accordé"
    SUSPENDED = "suspended", "suspendu"
    REFUSED = "refused", "refusé"
    WITHDRAWN = "withdrawn", "arrêté par vous"
    REVOKED = "revoked", "arrêté par le délégué à la protection des données"
    EXPIRED = "expired", "terminé"
    INVALIDATED = "invalidated", "annulé"
    REPLACED = "replaced", "remplacé"
    LAPSED = "lapsed", "caduc"
    UNKNOWN = "unknown", "inconnu"


class Right(Word):
    READ = "read", "lire"
    PROPOSE = "propose", "proposer"


class LegalBasis(Word):
    CONSENT = "consent", "votre accord"
    PUBLIC_TASK = "public_task", "une mission d’intérêt public"
    LEGAL_OBLIGATION = "legal_obligation", "une obligation légale"
    VITAL_INTERESTS = "vital_interests", "la protection d’une vie"
    CONTRACT = "contract", "un contrat"
    HANDED_BY_PERSON = "handed_by_person", "remis par la personne"


class MandateKind(Word):
    HELPER = "helper", "mandat d’aide"
    CURATORSHIP = "curatorship", "curatelle"
    GUARDIANSHIP = "guardianship", "tutelle"


class MandateScope(Word):
    """What one may do for somebody. Deciding on shares is never part of another scope."""

    SEE = "see", "lire le carnet et voir qui l’a consulté"
    WRITE = "write", "remplir et corriger le carnet"
    PRINT = "print", "imprimer le carnet"
    SHARE = "share", "décider des partages"


class Outcome(Word):
    GRANTED = "granted", "autorisé"
    DENIED = "denied", "refusé"
    ERROR = "error", "erreur"


class Role(Word):
    REFERENT = "referent", "référent"
    ADVISER = "adviser", "conseiller"
    MEMBER = "member", "membre"
    MANAGER = "manager", "responsable"
    HELPER = "helper", "aidant"
    DPO = "dpo", "délégué à la protection des données"


class StructureKind(Word):
    DEPARTEMENT = "departement", "département"
    CAF = "caf", "caisse d’allocations familiales"
    MSA = "msa", "mutualité sociale agricole"
    FRANCE_TRAVAIL = "france_travail", "France Travail"
    CCAS = "ccas", "centre communal d’action sociale"
    SIAE = "siae", "entreprise d’insertion"
    PLIE = "plie", "plan local pour l’insertion et l’emploi"
    MISSION_LOCALE = "mission_locale", "mission locale"
    CAP_EMPLOI = "cap_emploi", "Cap emploi"
    ASSOCIATION = "association", "association"
    ORGANISME_FORMATION = "organisme_formation", "organisme de formation"
    EMPLOYEUR = "employeur", "employeur"
    AUTRE = "autre", "autre organisme"


class CallerKind(Word):
    PERSON = "person", "personne accompagnée"
    PROFESSIONAL = "professional", "professionnel"
    DPO = "dpo", "délégué à la protection des données"
    CLIENT = "client", "système d’une structure"
