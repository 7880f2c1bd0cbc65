"""The gallery's pages of the officer's desk for the shares of one carnet."""

from collections.abc import Mapping

from schemas.names import GrantState, LegalBasis
from tests.web.gallery_people import CCAS, END, NOW
from vault.web.pages import views as v

REASONS = (("check", "une vérification est en cours"), ("misuse", "les informations ont servi à autre chose"))
STANDING = v.DpoShare(
    CCAS,
    "accompagner dans les démarches",
    ("Permis de conduire", "Logement"),
    NOW,
    END,
    GrantState.GRANTED.label,
    "l’accord de la personne",
    "/dpo/partages/g1",
    acts=(("suspendre", "Suspendre ce partage"), ("arreter", "Arrêter pour de bon")),
)
ENDED = v.DpoShare(
    CCAS,
    "une raison qui n’existe plus",
    ("Logement",),
    NOW,
    END,
    GrantState.REVOKED.label,
    LegalBasis.PUBLIC_TASK.label,
    "/dpo/partages/g2",
    "les informations ont peut-être servi à autre chose",
    pending=True,
)
NUMBER = "7F3 K9QW M2X"


def pages() -> Mapping[str, v.PageView]:
    return {
        "dpo-partages": v.DpoSharesView(),
        "dpo-partages-faute": v.DpoSharesView("ABC", faults={"numero": "Aucun carnet ouvert n’a ce numéro."}),
        "dpo-partages-carnet": v.DpoSharesView(NUMBER, True, (STANDING, ENDED), REASONS),
        "dpo-partages-pause": v.DpoSharesView(
            NUMBER, True, (), REASONS, END, "Une sanction est en cours.", {}, {"raison": "Choisissez."}
        ),
        "dpo-partages-pause-faute": v.DpoSharesView(
            NUMBER, True, (), REASONS, typed={"jour": "31", "mois": "2"}, faults={"jour": "Écrivez le jour."}
        ),
    }
