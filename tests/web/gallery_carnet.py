"""Samples: one entry of the carnet with all there is to know of it, and the parts as they are worked with."""

from dataclasses import replace
from datetime import date

from schemas.names import Agreement
from tests.web.gallery_people import HOUSING, LINES, LONG_WORD
from vault.web.pages import views as v

_INFO = "/mon-carnet/info/e"
_ROUX = "Mme Roux (CCAS de Brest)"


def _said(
    number: int, label: str, line: str, *, by: str = "", agreement: Agreement = Agreement.AGREED
) -> v.Information:
    return v.Information(
        "actions",
        label,
        (line,),
        v.Provenance(date(2026, 2, 24), by or None, agreement),
        pills=(v.Pill.UNAGREED,) if agreement is Agreement.NOT_COLLECTED else (),
        visible_to=("CCAS de Brest",) if by else (),
        actions=(
            v.Link("Corriger", f"{_INFO}{number}/corriger"),
            v.Link("Accord et détail", f"{_INFO}{number}"),
        ),
        entry_id=f"e{number}",
    )


CONTESTED = replace(HOUSING.informations[2], actions=())
_CHOICES = (
    v.AgreementChoice(Agreement.AGREED, "Je suis d’accord", now=False),
    v.AgreementChoice(Agreement.DISAGREED, "Je ne suis pas d’accord", now=True),
    v.AgreementChoice(Agreement.NOT_COLLECTED, "Je ne sais pas encore", now=False),
)
DATES = (
    v.DateLine(date(2026, 2, 20), "Action", "Appeler l’auto-école. La personne.", f"{_INFO}5", past=True),
    v.DateLine(
        date(2026, 3, 10), "Rendez-vous", "avec Mme Roux, CCAS de Brest (Sur place)", f"{_INFO}6", "14 h 30"
    ),
    v.DateLine(
        date(2026, 4, 1), "Engagement", "L’administration s’engage\u202f: trouver une place.", f"{_INFO}1"
    ),
)
PHASE = (
    "Vous avez commencé un emploi le 2 mars. Les partages pour votre suivi dans l’emploi s’arrêtent seuls le "
    "mercredi 2 septembre, au plus tard."
)
_SIDES = v.Block(
    "engagements",
    "Engagements",
    columns=(
        v.Column(
            "L’administration s’engage",
            (
                _said(
                    1,
                    "Engagement",
                    "Trouver une place en formation, avant le mercredi 1er avril 2026. En cours",
                    by=_ROUX,
                    agreement=Agreement.NOT_COLLECTED,
                ),
            ),
            "",
            v.Link(
                "Ajouter un engagement de l’administration",
                "/mon-carnet/engagements/nouveau?partie=administration",
            ),
        ),
        v.Column(
            "Vous vous engagez",
            (),
            "Rien pour l’instant.",
            v.Link("Ajouter un engagement de ma part", "/mon-carnet/engagements/nouveau?partie=personne"),
        ),
    ),
)
_GOALS = v.Block(
    "objectifs",
    "Objectifs et actions",
    groups=(
        v.GoalGroup(
            "Déplacements",
            (
                v.Goal(
                    _said(2, "Objectif", "Passer le permis. En cours"),
                    (_said(3, "Action", f"Appeler l’auto-école. La personne. {LONG_WORD}"),),
                    v.Link("Ajouter une action", "/mon-carnet/actions/nouveau?objectif=e2"),
                ),
                v.Goal(_said(4, "Objectif", "Trouver un vélo. En cours")),
            ),
        ),
    ),
    apart=(_said(5, "Action", "Refaire ma carte d’identité. La personne. À faire"),),
    apart_label="Actions sans objectif",
    add=v.Link("Ajouter\u202f: objectif", "/mon-carnet/objectifs/nouveau"),
    add_apart=v.Link("Ajouter\u202f: action", "/mon-carnet/actions/nouveau"),
)
_EMPTY = v.Block(
    "projets",
    "Projets",
    add=v.Link("Ajouter\u202f: projet", "/mon-carnet/projets/nouveau"),
    empty="Rien d’écrit pour l’instant.",
)
_OTHERS = (v.Link("Situation et parcours", "/mon-carnet/partie/historique"),)

_ASKED = v.FieldForm(
    "actions",
    v.InputKind.OBJECT,
    "Quelle est la prochaine action\u202f?",
    "Une action, qui la fait, et avant quand.",
    parts=(
        v.SubInput("intitule", "Action", typed="Appeler l’auto-école"),
        v.SubInput(
            "objectif", "Pour quel objectif", (v.Choice("e2", "Passer le permis", True),), optional=True
        ),
        v.SubInput(
            "echeance", "Avant le", day=("31", "2", "2026"), error="Ce jour n’existe pas.", optional=True
        ),
        v.SubInput("texte", "Ce que vous voulez dire", typed="Deux lignes,\nici.", long=True),
    ),
    version=0,
    free_text=True,
    error="Ce jour n’existe pas.",
    unsaid=False,
)


def pages() -> dict[str, v.PageView]:
    entry = v.EntryView(
        CONTESTED,
        "logement",
        "Logement",
        3,
        date(2025, 11, 3),
        "/mon-carnet#theme-logement",
        stale=True,
        choices=_CHOICES,
        agreement_action=f"{_INFO}0/accord",
        before=(
            v.VersionLine(2, ("Trop petit",), v.Provenance(date(2025, 9, 1))),
            v.VersionLine(1, (), v.Provenance(date(2025, 8, 30), _ROUX, Agreement.NOT_COLLECTED)),
        ),
        looks=LINES[:1],
        links=(v.Link("Corriger", "/mon-carnet/logement"), v.Link("Faire oublier", f"{_INFO}0/oubli")),
        invites=v.Link("Écrire une observation", f"{_INFO}0/observation"),
    )
    return {
        "information": entry,
        "information-gelee": replace(
            entry,
            info=replace(HOUSING.informations[0], pills=(v.Pill.FROZEN,), visible_to=(), actions=()),
            stale=False,
            frozen=True,
            choices=(),
            before=(),
            looks=(),
            links=(),
            invites=None,
        ),
        "partie-engagements": v.PartView(
            "engagements", "Engagements de chacun", "Ce que chacun s’engage à faire.", (_SIDES,), DATES,
            "/mon-carnet/agenda.ics", PHASE, _OTHERS,
        ),
        "partie-strategie": v.PartView(
            "strategie", "Projet et étapes", "Votre projet, vos objectifs.", (_EMPTY, _GOALS), DATES[1:2],
            "/mon-carnet/agenda.ics",
        ),
        "nouvelle-action": v.ThemeFormView(
            "projet", "Action", "/mon-carnet/actions/nouveau", (_ASKED,), save="Garder"
        ),
    }  # fmt: skip
