"""The gallery's pages of emergencies: hers, the two professionals', the officer's."""

from collections.abc import Mapping
from datetime import timedelta

from tests.web.gallery_people import CCAS, END, HOUSING, LINES, NOW, seen
from vault.web.pages import views as v

REASON = "Elle a été retrouvée sans connaissance devant l’accueil, les secours arrivent."
UNTIL = NOW + timedelta(minutes=15)
NAME = v.AllowedField("identite_nom", "Nom et prénoms", True)
PHONE = v.AllowedField("telephone", "Téléphone")
HEALTH = v.AllowedField("sante", "Effet de la santé sur le travail", href="/mes-partages/urgence/sante")
LINE = v.EmergencyLine(
    CCAS,
    NOW,
    "Le carnet a été ouvert. Il s’est fermé mardi 3 mars à 14 h 35.",
    REASON,
    LINES[:1],
    "Le délégué à la protection des données a jugé cet accès justifié.",
    "Les secours ont confirmé.",
    "7F3 K9QW M2X",
    "/dpo/urgences/e1",
)
WAITING = v.EmergencyLine(
    CCAS, NOW, "Rien n’a été ouvert.", REASON, carnet="effacé ou inconnu", href="/dpo/urgences/e2"
)
SCREEN = v.CarnetView("7F3 K9QW M2X", "urgence vitale", NOW, END, NOW, (seen(HOUSING),), "Amina Diallo")


def hers() -> Mapping[str, v.PageView]:
    return {
        "urgence-permettre": v.AllowView(
            ("centre communal d’action sociale", "département"), 30, (NAME, PHONE), (HEALTH,), new_until=END
        ),
        "urgence-permise": v.AllowView(
            ("département",), 30, (NAME,), (HEALTH,), END, END, "/mes-partages/g1/arreter", "Choisissez."
        ),
        "urgence-a-part": v.SpecialAllowView(HEALTH.label, "/mes-partages/urgence/sante", END),
        "mes-urgences": v.EmergenciesView((LINE, WAITING), "/mes-partages/urgence"),
        "mes-urgences-sans-explication": v.EmergenciesView((), None, LINES[:1]),
        "mes-urgences-vide": v.EmergenciesView(()),
    }


def theirs() -> Mapping[str, v.PageView]:
    return {
        "urgence": v.UrgentView(
            30,
            (
                v.UrgentLine(NOW, UNTIL, "/urgence/e1", mine=True, is_open=False),
                v.UrgentLine(NOW, UNTIL, "/urgence/e2", mine=False, is_open=False),
                v.UrgentLine(NOW, UNTIL, "/urgence/e3/carnet", mine=False, is_open=True),
            ),
        ),
        "urgence-fautes": v.UrgentView(
            30, (), "12", "vite", {"/reference": "Dix signes.", "/reason": "Plus."}
        ),
        "urgence-confirmer": v.UrgentConfirmView("7F3K9QWM2X", REASON, NOW, UNTIL, 30, "/urgence/e1"),
        "urgence-carnet": v.EmergencyReadView(SCREEN, UNTIL),
        "urgence-rien": v.EmergencyNothingView(),
    }


def officers() -> Mapping[str, v.PageView]:
    return {
        "dpo-urgences": v.DpoEmergenciesView((WAITING,), (LINE,)),
        "dpo-urgences-vide": v.DpoEmergenciesView(()),
        "dpo-urgence": v.DpoEmergencyView(
            WAITING, ("p" * 26, "q" * 26), "/dpo/urgences/e2", True, "Choisissez."
        ),
        "dpo-urgence-jugee": v.DpoEmergencyView(LINE, ("p" * 26,)),
    }
