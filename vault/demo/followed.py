"""The second part of the demo's story: what a person and her référent write together.

Told as the first part is: over HTTP, by the people themselves, signed in. Two commitments of the
administration, one of which is late; what Amina promised; her goal and its steps; an observation and its
answer; a volet understood and validated; a proposal and a request that wait; a forgetting that Gérard asked
for.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from vault.demo import identities
from vault.demo.visitor import PERSON_DOOR, PROFESSIONAL_DOOR, Visitor

PURPOSE = "accompagnement"
SHARED = (
    "identite_nom", "attentes_rencontre", "attentes_accompagnement", "projet_precis", "projet_description",
    "priorites", "activite_actuelle", "parcours_jalons", "emplois_souhaites", "freins_emploi_themes",
    "diplome_niveau", "diplome_intitule", "formation_besoin", "qualites_atouts", "permis_conduire",
    "modes_deplacement", "garde_enfants_contraintes", "garde_enfants_mode", "demarches_aisance",
    "date_demande_rsa", "orientations", "contrats", "engagements", "bilans", "projets", "objectifs",
    "actions", "rendez_vous",
)  # fmt: skip
MEANT = "comprehension_engagements"  # the volet she says she understood
ASKED = ("identite_nom", "permis_conduire", "emplois_souhaites", "disponibilite_le")


def follow(home: str, carnet_ids: Mapping[str, str], today: date) -> None:
    """Amina, Yusuf and Gérard already have Nolwenn as their référente. ``carnet_ids`` by key."""
    amina = carnet_ids[identities.AMINA.key]
    with Visitor(home) as visitor:
        visitor.sign_in(PERSON_DOOR, identities.AMINA.key)
        _she_writes(visitor, today)
    with Visitor(home) as visitor:
        visitor.sign_in(PROFESSIONAL_DOOR, identities.NOLWENN.key)
        _nolwenn_promises(visitor, amina, today)
        _nolwenn_asks(visitor, carnet_ids[identities.YUSUF.key])
    with Visitor(home) as visitor:
        visitor.sign_in(PERSON_DOOR, identities.AMINA.key)
        observation_id = _she_answers(visitor)
    with Visitor(home) as visitor:
        visitor.sign_in(PROFESSIONAL_DOOR, identities.NOLWENN.key)
        _nolwenn_replies(visitor, amina, observation_id)
        _nolwenn_proposes(visitor, amina, today)
    with Visitor(home) as visitor:
        visitor.sign_in(PERSON_DOOR, identities.GERARD.key)
        _gerard_asks_to_forget(visitor)


def _she_writes(visitor: Visitor, today: date) -> None:
    """Her path so far, and what she shares with whoever is her référent."""
    visitor.put("/me/fields/date_demande_rsa", {"value": _day(today, -200)})
    _add(visitor, "orientations", {"le": _day(today, -140), "organisme": "Département du Ponant"})
    _add(
        visitor,
        "contrats",
        {
            "type": "contrat_engagement",
            "signe_le": _day(today, -115),
            "organisme": "Département du Ponant",
            "fin": _day(today, 250),
        },
    )
    goal = _add(
        visitor, "objectifs", {"intitule": "Entrer en formation", "theme": "formation", "etat": "en_cours"}
    )
    step = {"qui": "personne", "etat": "a_faire", "objectif": goal, "echeance": _day(today, 20)}
    _add(visitor, "actions", step | {"intitule": "Écrire ma lettre pour l’institut"})
    _add(visitor, "projets", {"intitule": "Devenir aide-soignante"})
    mine = {"partie": "personne", "texte": "Rendre le dossier de formation complet", "etat": "en_cours"}
    _add(visitor, "engagements", mine | {"echeance": _day(today, 30)})
    visitor.post(
        "/me/grants",
        {
            "grantee": {"function": "referent"},
            "purpose_id": PURPOSE,
            "fields": list(SHARED),
            "rights": ["read", "propose"],
            "days": 365,
        },
    )


def _nolwenn_promises(visitor: Visitor, carnet_id: str, today: date) -> None:
    """What the administration commits to: one is late, as the person sees as well."""
    for text, due in (
        ("Chercher une place de garderie avant huit heures", _day(today, -10)),
        ("Demander l’aide au permis au conseil départemental", _day(today, 25)),
    ):
        value = {
            "partie": "administration",
            "texte": text,
            "organisme": "Département du Ponant",
            "echeance": due,
            "etat": "en_cours",
        }
        _propose(visitor, carnet_id, "engagements", value)


def _nolwenn_asks(visitor: Visitor, carnet_id: str) -> None:
    """A request that waits for Yusuf's answer."""
    visitor.post(
        "/grant-requests",
        {
            "carnet_id": carnet_id,
            "purpose_id": PURPOSE,
            "fields": list(ASKED),
            "days": 182,
            "reason": "Pour préparer notre premier rendez-vous, sans vous redemander ce que vous avez dit.",
        },
    )


def _she_answers(visitor: Visitor) -> str:
    """She agrees, says what she understood, and puts her own words beside one information."""
    for one in visitor.get("/me/proposals")["items"]:
        answer = {"choice": "agreed", "version": one["version"]}
        visitor.post(f"/me/proposals/{one['proposal_id']}/answer", answer)
    volets = {one["volet"]: one for one in visitor.get("/me/volets")["items"]}
    visitor.post(f"/me/volets/{MEANT}/understood", {"version_hash": volets[MEANT]["version_hash"]})
    entries = visitor.get("/me/carnet")["entries"]
    licence = next(one for one in entries if one["field_id"] == "permis_conduire")
    words = {"text": "J’ai le permis mais pas de voiture, et le bus passe après l’heure de la garderie."}
    made = visitor.post(f"/me/entries/{licence['entry_id']}/observations", words)
    return str(made["observation_id"])


def _nolwenn_replies(visitor: Visitor, carnet_id: str, observation_id: str) -> None:
    visitor.get(f"/carnets/{carnet_id}/fields", purpose=PURPOSE, fields=",".join(SHARED))
    reply = {"text": "Vous avez raison. Je regarde avec la mairie pour le transport à la demande."}
    visitor.post(f"/carnets/{carnet_id}/observations/{observation_id}/replies?purpose={PURPOSE}", reply)
    seen = visitor.get(f"/carnets/{carnet_id}/volets", purpose=PURPOSE)
    volets = {one["volet"]: one for one in seen["items"]}
    told = {"volet": MEANT, "version_hash": volets[MEANT]["version_hash"]}
    visitor.post(f"/carnets/{carnet_id}/volets?purpose={PURPOSE}", told)


def _nolwenn_proposes(visitor: Visitor, carnet_id: str, today: date) -> None:
    """A meeting that waits for Amina's answer."""
    meeting = {"le": _day(today, 12), "heure": "09:30", "avec": "Nolwenn Le Gall", "mode": "sur_place"}
    _propose(visitor, carnet_id, "rendez_vous", meeting)


def _gerard_asks_to_forget(visitor: Visitor) -> None:
    """What a SIAE already read: his référente answers within the month."""
    entries = visitor.get("/me/carnet")["entries"]
    path = next(one for one in entries if one["field_id"] == "parcours_jalons")
    visitor.post(
        f"/me/entries/{path['entry_id']}/forget-requests",
        {"reason": "Je préfère raconter mon parcours moi-même."},
    )


def _add(visitor: Visitor, field_id: str, value: dict[str, Any]) -> str:
    return str(visitor.post(f"/me/fields/{field_id}/entries", {"value": value})["entry_id"])


def _propose(visitor: Visitor, carnet_id: str, field_id: str, value: dict[str, Any]) -> None:
    visitor.post(f"/carnets/{carnet_id}/fields/{field_id}/entries", {"value": value})


def _day(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()
