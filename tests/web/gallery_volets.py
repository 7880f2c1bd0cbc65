"""The gallery's pages about what the référent validates."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from tests.web.gallery_observations import SAID_BESIDE
from tests.web.gallery_people import NOW
from vault.web.pages import views as v

_HASH = "3f0a" * 16
_BY = "Léa Martin (CCAS de Brest)"
_COMMITMENT = v.Information(
    "engagements",
    "Engagement",
    ("L’administration\u00a0: chercher une place en crèche, avant le mardi 31 mars 2026",),
    v.Provenance(date(2026, 2, 27), "Léa Martin (CCAS de Brest)"),
    actions=(v.Link("Écrire une observation", "/mon-carnet/info/e1/observation"),),
)
_MEANT = v.VoletCard(
    "comprehension_engagements",
    "Engagements de chacun",
    "La personne comprend à quoi chacun s’engage.",
    v.VoletStands.OPEN,
    (_COMMITMENT,),
    asks=True,
    action="/mon-carnet/volets/comprehension_engagements/compris",
    seen=_HASH,
)
_PAST = v.VoletCard(
    "historique",
    "Situation et parcours",
    "Ce qui est écrit de la situation et du parcours est juste.",
    v.VoletStands.REOPENED,
    lines=(
        v.VoletLine("Logement fixe", "Oui", "/mon-carnet/info/e2", contested=True),
        v.VoletLine("Permis de conduire", "Permis B (voiture)", "/mon-carnet/info/e3", changed=True),
    ),
    by=_BY,
    at=NOW - timedelta(days=9),
    changed_on=date(2026, 3, 1),
    proof=_HASH,
)
_PLAN = v.VoletCard(
    "actions",
    "Projet et actions",
    "Le projet, les objectifs et les actions sont bien définis.",
    v.VoletStands.VALIDATED,
    lines=(v.VoletLine("Projet", "Devenir cuisinière", "/mon-carnet/info/e4"),),
    by=_BY,
    at=NOW - timedelta(days=2),
    proof=_HASH,
)


def hers() -> Mapping[str, v.PageView]:
    understood = replace(_MEANT, understood=True, understood_at=NOW, action="")
    return {
        "mes-volets": v.OwnVoletsView((_MEANT, _PAST, _PLAN)),
        "mes-volets-compris": v.OwnVoletsView(
            (
                understood,
                replace(_PAST, changed_on=None),
                replace(_PLAN, stands=v.VoletStands.EMPTY, lines=()),
            )
        ),
        "mes-volets-change": v.OwnVoletsView(
            (replace(_MEANT, understood_at=NOW - timedelta(days=30)),), "Quelque chose a changé."
        ),
    }


def theirs() -> Mapping[str, v.PageView]:
    read = replace(_COMMITMENT, actions=(), pills=(v.Pill.CONTESTED,), observations=(SAID_BESIDE,))
    here = "/carnets/c1/volets"
    cards = (
        replace(_MEANT, informations=(read,), action=""),
        replace(
            _PAST,
            lines=(),
            informations=(replace(read, field_id="logement_fixe"),),
            action=f"{here}/historique",
        ),
        replace(_PLAN, lines=(), informations=(replace(read, field_id="projets"),)),
    )
    understood = replace(
        cards[0], understood=True, understood_at=NOW, action=f"{here}/comprehension_engagements"
    )
    empty = replace(_PLAN, stands=v.VoletStands.EMPTY, lines=(), proof="")
    return {
        "volets": v.OfficeVoletsView("Amina Diallo", NOW, "/carnets/c1", cards),
        "volets-faute": v.OfficeVoletsView(
            "carnet 7F3K-9QWM-2X", NOW, "/carnets/c1", (understood, empty), "Rien n’a été validé."
        ),
    }
