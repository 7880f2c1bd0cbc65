"""The gallery's pages of notices: with an address, without, at fault."""

from collections.abc import Mapping
from datetime import timedelta

from tests.web.gallery_people import CCAS, NOW, SIAE
from vault.services.notices import NoticeMode
from vault.web.pages import views as v

ADDRESS = "amina.bensaid@courriel.invalid"
FOR_REQUESTS = (
    v.ModeChoice("none", "Ne pas me prévenir", chosen=True),
    v.ModeChoice("each", "Me prévenir par courriel"),
)
CHOICES = tuple(
    v.ModeChoice(mode.value, mode.label.capitalize(), "Un courriel par heure au plus.", mode == "digest")
    for mode in NoticeMode
)
LINES = (
    v.NoticeLine(SIAE, "vous proposer un poste", NoticeMode.DIGEST.label, "/mes-partages/g1/alertes"),
    v.NoticeLine(CCAS, "vous accompagner", NoticeMode.NONE.label, "/mes-partages/g2/alertes"),
)
UNTIL = NOW + timedelta(days=1)


def pages() -> Mapping[str, v.PageView]:
    return {
        "mes-alertes": v.NoticesView(
            ADDRESS, f"{'x' * 40}@{'y' * 60}.invalid", "amina@autre.invalid", UNTIL, FOR_REQUESTS, LINES
        ),
        "mes-alertes-sans": v.NoticesView(None, ADDRESS, requests=FOR_REQUESTS),
        "mes-alertes-faute": v.NoticesView(
            None, requests=FOR_REQUESTS, lines=LINES, typed="amina", fault="Cette adresse ne peut pas servir."
        ),
        "alertes-partage": v.GrantNoticesView(
            SIAE, "vous proposer un poste", CHOICES, "/mes-partages/g1/alertes", False
        ),
        "adresse-confirmer": v.ConfirmAddressView("/mes-alertes/adresse/lien"),
        "adresse-perdue": v.ConfirmAddressView(None),
    }
