"""The gallery's pages about what each side did, and a review."""

from collections.abc import Mapping
from datetime import date

from vault.web.pages import views as v

_LAW = (
    v.DutyLine(
        v.DutyName("Vous orienter vers un organisme", "six semaines", "CASF, article D. 262-65-2"),
        "Fait le lundi 2 mars 2026, 14 jours après la date.",
        late=True,
    ),
    v.DutyLine(
        v.DutyName("Établir le contrat d’engagement", "un mois", "Code du travail, article D. 5411-14-1"),
        "Au plus tard le jeudi 2 avril 2026.",
    ),
)
_THEIRS = v.PathItem(
    "Engagement",
    ("Chercher une place en crèche, avant le mardi 31 mars 2026",),
    "La date est passée",
    "/mon-carnet/info/e1",
    (
        v.PathStep(
            date(2026, 2, 27),
            "Léa Martin (CCAS de Brest)",
            "Chercher une place en crèche, avant le mardi 31 mars 2026. En cours",
            "vous n’avez pas encore dit si vous êtes d’accord",
            index=12,
        ),
        v.PathStep(date(2026, 3, 2), "", "Chercher une place en crèche. Pas encore possible", index=40),
    ),
    late=True,
)
_HERS = v.PathItem(
    "Engagement",
    ("Envoyer mon CV à trois entreprises",),
    "Tenu",
    "/mon-carnet/info/e2",
    (v.PathStep(date(2026, 2, 20), "", "Envoyer mon CV à trois entreprises. Tenu", index=9),),
)
_ITEM = v.ReviewItem(
    "e1",
    2,
    "Engagement",
    "L’administration s’engage\u00a0: chercher une place en crèche, avant le mardi 31 mars 2026",
    (
        ("en_cours", "En cours"),
        ("tenu", "Tenu"),
        ("revu", "Revu ensemble"),
        ("pas_encore_possible", "Pas encore possible"),
    ),
    "en_cours",
)
_RHYTHM = v.RhythmField(
    "À quel rythme souhaitez-vous voir votre référent\u202f?",
    (("mois", "Chaque mois"), ("deux_mois", "Tous les deux mois")),
)
_NOTHING = dict.fromkeys(("avec", "texte", "prochain_le", "prochain_heure", "prochain_lieu"), "")
_HERE = "/mon-carnet/bilan/nouveau"


def hers() -> Mapping[str, object]:
    sides = (v.PathSide("L’administration", (_THEIRS,)), v.PathSide("Vous", (_HERS,)))
    return {
        "chacun": v.PathFileView(_LAW, sides, "/mon-carnet/ce-que-chacun-a-fait.pdf", "/x.json"),
        "chacun-vide": v.PathFileView((), ()),
        "bilan": v.ReviewView((_ITEM,), _RHYTHM, _NOTHING, "", _HERE),
        "bilan-faute": v.ReviewView((), _RHYTHM, _NOTHING, "Donnez une heure comme 14:30.", _HERE),
    }
