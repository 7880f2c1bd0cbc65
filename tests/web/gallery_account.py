"""The gallery's pages of somebody's own account, and those after going out."""

from datetime import UTC, date, datetime

from schemas.names import Role
from tests.web.gallery_forms import FIELDS
from tests.web.gallery_people import CCAS, NOW
from vault.web.pages import views as v

SESSIONS = (
    v.SessionLine("a" * 64, "Chrome sur Android", datetime(2026, 3, 3, 12, 50, tzinfo=UTC), NOW, this=True),
    v.SessionLine(
        "b" * 64,
        "Firefox sur Windows",
        datetime(2026, 3, 3, 8, 2, tzinfo=UTC),
        datetime(2026, 3, 3, 8, 40, tzinfo=UTC),
    ),
    v.SessionLine(
        "c" * 64,
        "Navigateur non reconnu",
        datetime(2026, 3, 2, 21, 15, tzinfo=UTC),
        datetime(2026, 3, 2, 21, 16, tzinfo=UTC),
    ),
)
HER = v.IdentityTold(
    "Selon FranceConnect, le 3 mars 2026",
    (
        v.IdentityLine("Nom de naissance", "DIALLO-VAN DEN BERGHE D’ARTAGNAN"),
        v.IdentityLine("Prénoms", "Amina, Marie-Louise"),
        v.IdentityLine("Date de naissance", "1985", "jour et mois à confirmer"),
        v.IdentityLine("Adresse e-mail", "amina.diallo.une.adresse.longue@exemple.invalid", "à confirmer"),
    ),
)
HIS = v.IdentityTold(
    "Selon ProConnect, le 3 mars 2026",
    (v.IdentityLine("Prénom et nom", "Paul LE GALL"), v.IdentityLine("Employeur", "CCAS de Brest")),
)
UNTIL = date(2026, 3, 17)


def own_account() -> dict[str, v.PageView]:
    """As a person sees them."""
    return {
        "mon-compte": v.AccountView(HER, SESSIONS, close_href="/mon-compte/fermer"),
        "mon-compte-seul": v.AccountView(None, SESSIONS[:1], close_href="/mon-compte/fermer"),
        "de-nouveau": v.AgainWhoView(False, "/connexion/franceconnect?nouveau=1", "/mon-carnet"),
        "fermer": v.CloseView(("CCAS de Brest", "SIAE Alpha"), ("Mission locale",), UNTIL),
        "fermer-sans-cocher": v.CloseView((), (), UNTIL, "Cochez la case pour confirmer."),
        "theme-repris": v.ThemeFormView(
            "logement", "Logement", "/mon-carnet/logement", FIELDS[:2], kept=True
        ),
    }


def own_office_account() -> dict[str, v.PageView]:
    """As a professional sees them."""
    return {
        "mon-compte-pro": v.AccountView(HIS, SESSIONS[:2], CCAS, Role.REFERENT, "/choisir-structure"),
        "de-nouveau-pro": v.AgainWhoView(True, "/connexion/proconnect?nouveau=1", "/carnets"),
    }


def signed_out() -> dict[str, v.PageView]:
    """For nobody any more."""
    return {
        "deconnecte": v.SignedOutView(),
        "deconnecte-ici": v.SignedOutView(provider_too=False),
        "deconnecte-panne": v.SignedOutView(provider_too=False, unsure=True),
        "connexion-texte-garde": v.SignInView(session_ended=True, text_kept=True),
        "carnet-efface": v.ClosedView(UNTIL),
        "carnet-efface-ici": v.ClosedView(UNTIL, provider_too=False),
    }
