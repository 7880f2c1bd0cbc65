"""What the bundled provider knows of somebody, by the names of the claims.

FranceConnect tells what the national register holds. FranceConnect+ tells what the person's own means of
identification holds, with the register's twins (``rnipp_…``) beside it; another European country's knows no
country of birth, tells the place in its own words, and the register has no such person.
"""

from typing import Any

from vault.demo.identities import DemoAgent, DemoPerson

Identity = DemoPerson | DemoAgent
_TWINS = ("given_name", "family_name", "birthdate", "gender", "birthplace", "birthcountry")


def known_of(identity: Identity, *, plus: bool) -> dict[str, Any]:
    """Every claim there is about ``identity``; None for what is not sent."""
    if isinstance(identity, DemoAgent):
        return _agent(identity)
    if not plus:
        return _person(identity)
    if identity.foreign_birthplace is not None:
        return _european(identity)
    known = _person(identity)
    return {**known, **{f"rnipp_{name}": known[name] for name in _TWINS}}


def _european(person: DemoPerson) -> dict[str, Any]:
    return {
        **_person(person),
        "family_name": person.preferred_username or person.family_name,
        "gender": None,
        "birthplace": person.foreign_birthplace,
        "birthcountry": None,
    }


def _person(person: DemoPerson) -> dict[str, Any]:
    return {
        "given_name": " ".join(person.given_names),
        "given_name_array": list(person.given_names),
        "family_name": person.family_name,
        "preferred_username": person.preferred_username,
        "birthdate": person.birthdate,
        "idp_birthdate": person.known_birthdate,
        "gender": person.gender,
        "birthplace": person.birthplace,
        "birthcountry": person.birthcountry,
        "email": person.email,
    }


def _agent(agent: DemoAgent) -> dict[str, Any]:
    return {
        "given_name": agent.given_name,
        "usual_name": agent.usual_name,
        "email": agent.email,
        "uid": agent.key,
        "siret": agent.siret,
        "siren": agent.siret[:9],
        "idp_id": "4b1f6a3e-8a53-4c5e-9f3c-1f0c5a1d7e20",
        "roles": ["agent_public"],
        "organization_label": agent.organization_label,
    }
