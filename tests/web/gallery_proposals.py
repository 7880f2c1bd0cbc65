"""The gallery's pages about proposals and the interview for two."""

from collections.abc import Mapping
from dataclasses import replace

from schemas.names import AnswerKind
from tests.web.gallery_forms import FIELDS
from tests.web.gallery_people import CCAS, NOW
from vault.web.pages import views as v

_BY = "Karim HADDAD (CCAS de Brest), entretien du 3 mars"
_CARD = v.ProposalCard(
    "/mes-propositions/p1",
    "Permis de conduire",
    ("Permis B (voiture)",),
    AnswerKind.ANSWERED,
    _BY,
    NOW,
    carried="p1.1",
)
_OTHER = replace(_CARD, label="Logement fixe", lines=(), answer=AnswerKind.PREFERS_NOT_TO_SAY, sensitive=True)
_APART = replace(
    _CARD,
    label="Moyens de se déplacer",
    lines=("Bus", "À pied"),
    stands=("Vélo",),
    apart="Cette proposition change une réponse qui est déjà écrite.",
)
_QUESTION = v.InterviewQuestionView(
    hers=True,
    number=15,
    count=40,
    theme_id="mobilite",
    theme="Mobilité",
    question="Avez-vous un permis de conduire\u202f? Êtes-vous véhiculé\u202f?",
    fields=FIELDS[:2],
    action="/mon-carnet/entretien/15?avec=referent",
    skip_href="/mon-carnet/entretien/16?avec=referent",
    back_href="/mon-carnet/entretien/14?avec=referent",
    stop_href="/mon-carnet/entretien?avec=referent",
)
_START = v.InterviewStartView(
    hers=True,
    action="/mon-carnet/entretien/suite",
    back_href="/mon-carnet",
    answered=12,
    count=40,
    beside=(
        ("referent", "Avec mon référent ou ma référente", True),
        ("seule", "Sans personne à côté", False),
    ),
    end_href="/mon-carnet/entretien/fin",
)
_LINE = v.InterviewLine(
    15,
    "Avez-vous un permis de conduire\u202f? Êtes-vous véhiculé\u202f?",
    (
        ("Permis de conduire", ("Permis B (voiture)",), AnswerKind.ANSWERED),
        ("Véhicule", (), AnswerKind.PREFERS_NOT_TO_SAY),
    ),
    "/mon-carnet/entretien/15",
)
_END = v.InterviewEndView(True, (_LINE,), 3, "/mon-carnet/entretien/suite", "/mon-carnet")
_HIDDEN = (v.Hidden("version", "1"), v.Hidden("etait", "0"))


def hers() -> Mapping[str, v.PageView]:
    return {
        "mes-propositions": v.ProposalsView((_CARD, _OTHER), (_APART,)),
        "mes-propositions-vide": v.ProposalsView(),
        "mes-propositions-changee": v.ProposalsView((_CARD,), error="Une de ces propositions a changé."),
        "proposition": v.ProposalView(_CARD, CCAS, "/mes-propositions/p1", _HIDDEN, True),
        "proposition-change": v.ProposalView(_APART, CCAS, "/mes-propositions/p1", _HIDDEN, False),
        "entretien": _START,
        "entretien-question": _QUESTION,
        "entretien-fin": _END,
    }


def office() -> Mapping[str, v.PageView]:
    back = "/carnets/c1/proposer?finalite=accompagnement"
    return {
        "proposer": v.ProposeView(
            "7F3 K9Q WM2X",
            "accompagnement",
            (
                v.ProposeTheme(
                    "mobilite", "Mobilité", (v.Link("Permis de conduire", "/carnets/c1/proposer/x"),)
                ),
            ),
            (v.OwnProposalLine("Permis de conduire", NOW, True), v.OwnProposalLine("Logement", NOW, False)),
            "/carnets/c1",
            "/carnets/c1/entretien",
        ),
        "proposer-une": v.ProposeFieldView("7F3 K9Q WM2X", back, back, FIELDS[0], again=True),
        "entretien-structure": replace(
            _START,
            hers=False,
            beside=(),
            action="/carnets/c1/entretien/suite?finalite=accompagnement",
            back_href=back,
            reference="7F3 K9Q WM2X",
        ),
        "entretien-structure-question": replace(_QUESTION, hers=False, reference="7F3 K9Q WM2X", told=True),
        "entretien-structure-fin": replace(_END, hers=False, reference="7F3 K9Q WM2X", waiting=12),
    }
