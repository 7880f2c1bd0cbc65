"""The gallery's pages of receipts: hers, one in plain words, and the public check."""

from collections.abc import Mapping
from datetime import timedelta

from tests.web.gallery_people import CCAS, NOW, SIAE
from vault.web.pages import views as v

DIGEST = " ".join(["5f1b929b"] * 8)
LINES = (
    v.ReceiptLine("/mes-recus/r2", "Le partage est arrêté par vous", SIAE, NOW),
    v.ReceiptLine("/mes-recus/r1", "Le partage est ouvert", SIAE, NOW - timedelta(days=9)),
    v.ReceiptLine("/mes-recus/r0", "Un partage vous a été demandé", CCAS, NOW - timedelta(days=40)),
)
ONE = v.ReceiptView(
    "Le partage est ouvert",
    NOW,
    SIAE,
    "Une proposition de travail",
    ("Permis de conduire", "Heures de travail souhaitées", "Véhicule disponible"),
    "Votre accord. Vous pouvez le retirer à tout moment.",
    (
        v.ReceiptEvent("Un partage vous a été demandé", NOW - timedelta(days=2)),
        v.ReceiptEvent("Le partage est ouvert", NOW),
    ),
    (
        "retirer votre accord",
        "savoir ce qui est lu",
        "vous plaindre à la CNIL, qui protège les données de chacun",
    ),
    NOW + timedelta(days=31),
    12_345,
    DIGEST,
    "/mes-recus/r1/recu.jws",
    "/recu?e=5f1b",
    "/mes-recus/r1/recu.pdf",
    "/mes-recus/r1/kantara.json",
)


def pages() -> Mapping[str, v.PageView]:
    return {
        "mes-recus": v.ReceiptsView(LINES, "/mes-recus?avant=12"),
        "mes-recus-partage": v.ReceiptsView(LINES[:2], of=SIAE.name),
        "mes-recus-vide": v.ReceiptsView(()),
        "un-recu": ONE,
        "recu-verifier": v.ReceiptCheckView(),
        "recu-connu": v.ReceiptCheckView(True, NOW, kept=True),
        "recu-signe": v.ReceiptCheckView(True, NOW),
        "recu-inconnu": v.ReceiptCheckView(True, typed="5f1b929b"),
    }
