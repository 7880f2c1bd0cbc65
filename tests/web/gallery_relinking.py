"""The gallery's pages of an identifier that changed: what she reads, and the officer's desk."""

from datetime import UTC, datetime

from tests.web.gallery_people import NOW
from vault.web.pages import views as v

ASKED = datetime(2026, 3, 2, 9, 12, tzinfo=UTC)
UNTIL = datetime(2026, 5, 31, 9, 12, tzinfo=UTC)
HER = v.RelinkingView("7F3 K9QW M2X", "/connexion/franceconnect/autre-compte?suite=jeton")
DESK = v.DpoRequestsView(
    (
        v.LinkRequest("7F3 K9QW M2X", "2B8 R4HT N9C", ASKED, UNTIL, "/dpo/demandes/r1"),
        v.LinkRequest("9CN 4HTR 82B", "effacé ou inconnu", ASKED, UNTIL, "/dpo/demandes/r2"),
    ),
    (
        v.LinkRequest(
            "Q2W 3ERT 4YU",
            "5TG B6YH N7U",
            ASKED,
            UNTIL,
            outcome="acceptée, en attente de la prochaine connexion",
            decided_at=NOW,
        ),
        v.LinkRequest("Z3X 4CVB 5NM", "8KJ H7GF D6S", ASKED, UNTIL, outcome="refusée", decided_at=NOW),
    ),
)
AT_FAULT = v.DpoRequestsView(
    DESK.waiting[:1],
    fault="Cochez la case qui dit que vous avez rencontré la personne, puis acceptez.",
)
