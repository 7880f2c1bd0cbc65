"""What the demo says of itself: who one may be, and who runs this invented instance."""

from datetime import date
from typing import Any

from vault.demo.carnets import carnets
from vault.demo.identities import THOMAS
from vault.demo.story import STAFF, SYSTEM_FILE

INSTANCE: dict[str, Any] = {
    "name": "Carnet du Ponant",
    "controller": {
        "name": "Département du Ponant (inventé)",
        "address": "1 place du Port, 29999 Port-Brannec",
        "email": "carnet@departement-ponant.example",
    },
    "dpo": {"name": "Hélène Marchand", "email": "dpo@departement-ponant.example"},
    "host": {"name": "Cette machine"},
    "accessibility": {"name": "Accueil du carnet", "email": "accessibilite@departement-ponant.example"},
}


def people() -> list[tuple[str, str, str]]:
    """(door, name, who she is), in the order of the story."""
    persons = [("FranceConnect", one.person.display_name, one.shown_as) for one in carnets(date(2000, 1, 1))]
    staff = [("ProConnect", agent.display_name, who) for agent, _, _, who in STAFF]
    return [
        *persons,
        *staff,
        ("ProConnect", THOMAS.display_name, "sans second facteur : l’entrée est refusée"),
    ]


def document(url: str) -> dict[str, Any]:
    """For programs."""
    keys = ("door", "name", "who")
    return {"url": url, "people": [dict(zip(keys, one, strict=True)) for one in people()]}


def welcome(url: str) -> str:
    """For whoever just typed ``make run``."""
    lines = [f"\nLe carnet est ouvert : {url}\n", "Tout le monde ici est inventé. Connectez-vous comme :"]
    before = ""
    for door, name, who in people():
        if door != before:
            lines.append(f"  avec {door}")
            before = door
        lines.append(f"    {name:<20} {who}")
    lines += [
        "  Les autres personnes de FranceConnect ouvrent un carnet vide.",
        "",
        "Le système d’une structure lit ce qu’on partage avec elle :",
        f"  .venv/bin/python examples/read_as_system.py .demo/{SYSTEM_FILE}",
        "Le journal se vérifie pendant que le serveur tourne :",
        "  CARNET_DATA_DIR=.demo/var .venv/bin/carnet audit verify",
        "",
        "Les données restent dans .demo/ (make reset les efface). Ctrl-C arrête tout.",
    ]
    return "\n".join(lines)
