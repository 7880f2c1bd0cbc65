"""The gallery's pages about what she takes away, and the page that knows a paper again."""

from collections.abc import Mapping
from datetime import date

from tests.web.gallery_people import NOW
from vault.web.pages import views as v

_SAID = v.Provenance(date(2026, 2, 27))
_LINES = (
    v.PaperLine("e1", v.Information("permis_conduire", "Permis de conduire", ("Permis B (voiture)",), _SAID)),
    v.PaperLine(
        "e2",
        v.Information(
            "modes_deplacement",
            "Moyens de transport",
            ("À pied", "À vélo", "En transports en commun", "En covoiturage avec une voisine"),
            _SAID,
        ),
    ),
)
_HEALTH = v.PaperLine(
    "e3",
    v.Information(
        "sante_retentissement",
        "Effet de la santé sur le travail",
        ("Certains métiers ne sont pas possibles",),
        _SAID,
        sensitive=True,
    ),
)


def hers() -> Mapping[str, object]:
    themes = (v.PaperTheme("mobilite", "Déplacements", _LINES), v.PaperTheme("sante", "Santé", (_HEALTH,)))
    return {
        "telechargements": v.DownloadsView(
            "/mes-telechargements/carnet.pdf", all_href="/mes-telechargements/tout.zip"
        ),
        "telechargements-sans": v.DownloadsView(None),
        "telechargements-choisir": v.PaperChoiceView("/mes-telechargements/carnet.pdf", themes),
        "telechargements-choisir-vide": v.PaperChoiceView("/mes-telechargements/carnet.pdf", ()),
    }


def anybodys() -> Mapping[str, object]:
    return {
        "papier": v.PaperCheckView(asked=False),
        "papier-connu": v.PaperCheckView(asked=True, at=NOW, digest="3f0a" * 16),
        "papier-inconnu": v.PaperCheckView(asked=True),
    }
