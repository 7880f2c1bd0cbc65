"""The gallery's pages of a team: full, small, at fault."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from schemas.names import Role
from tests.web.gallery_people import END, LONG_WORD, NOW, PROFESSIONAL
from vault.services.managing import GIVEN_BY_MANAGERS
from vault.web.pages import views as v

MANAGER = replace(
    PROFESSIONAL, visitor=replace(PROFESSIONAL.visitor, name="Maryvonne Le Bihan", manages=True)
)
SINCE = datetime(2025, 9, 1, 7, tzinfo=UTC)
ME = v.MemberRow(
    "Maryvonne Le Bihan",
    "maryvonne.lebihan@ccas.invalid",
    Role.MANAGER,
    SINCE,
    None,
    (),
    "/equipe/membres/p0/fin",
)
NADIA = v.MemberRow(
    "Nadia Prévost",
    "nadia.prevost@ailleurs.invalid",
    Role.REFERENT,
    NOW,
    END,
    (
        "la connexion vient de nadia.prevost@ailleurs.invalid, "
        "alors que l’invitation était pour nadia.prevost@ccas.invalid.",
        "le numéro officiel (SIRET) de son employeur est 11111111111111, "
        "celui de la structure est 13002526500013.",
    ),
    "/equipe/membres/p1/fin",
)
OFFICER = v.MemberRow(LONG_WORD, f"{'x' * 60}@{'y' * 60}.invalid", Role.DPO, SINCE, None)
WEEK = NOW + timedelta(days=6)
PENDING = (
    v.PendingRow("omar@ccas.invalid", Role.ADVISER, WEEK, None, "envoyé", False, "/a", "/b"),
    v.PendingRow("eve@ccas.invalid", Role.MEMBER, WEEK, END, "l’envoi n’a pas réussi", True, "/c", "/d"),
    v.PendingRow("dpo@ccas.invalid", Role.DPO, WEEK, None, "en attente d’envoi"),
)
PAGES: dict[str, v.PageView] = {
    "equipe": v.TeamView("CCAS de Brest", (ME, NADIA, OFFICER), PENDING),
    "equipe-seule": v.TeamView("CCAS de Brest", (ME,), ()),
    "equipe-inviter": v.InviteView("CCAS de Brest", roles=GIVEN_BY_MANAGERS),
    "equipe-inviter-fautes": v.InviteView(
        "CCAS de Brest",
        "omar@ccas",
        "member",
        ("31", "2", "2027"),
        GIVEN_BY_MANAGERS,
        {
            "email": "Cette adresse n’est pas complète.",
            "role": "Choisissez un rôle.",
            "jour": "Écrivez le jour, le mois et l’année en chiffres.",
        },
    ),
    "equipe-lien": v.LinkView("omar@ccas.invalid", "https://carnet.invalid/invitation/" + "s" * 43, WEEK),
    "equipe-fin": v.EndMemberView(NADIA, "/equipe/membres/p1/fin"),
    "equipe-fin-faute": v.EndMemberView(
        NADIA, "/equipe/membres/p1/fin", ("1", "1", "2020"), "date", "Ce jour est déjà passé."
    ),
}
