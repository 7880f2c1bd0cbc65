"""The gallery's pages about what somebody asks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from schemas.names import GrantState
from tests.web.gallery_forms import SHARE_THEMES, SPECIALS
from tests.web.gallery_people import CCAS, END, NOW, SIAE
from vault.web.pages import views as v

_HERE = "/mes-demandes/d1"
_ASKER = f"Karim HADDAD, conseiller ou conseillère, {SIAE.name}"
_CARD = v.RequestCard(SIAE, "vous proposer un poste", GrantState.REQUESTED, NOW, END, None, _HERE, _ASKER)
_LATER = replace(_CARD, body=CCAS, asker=f"le logiciel de {CCAS.name}", state=GrantState.DEFERRED)
_REFUSED = replace(_CARD, state=GrantState.REFUSED, answered_at=NOW, href=None)
_LAPSED = replace(_CARD, state=GrantState.LAPSED, href=None, asker=SIAE.name)
_LENGTHS = (v.Duration(1, "1 jour", NOW + timedelta(days=1)), v.Duration(31, "1 mois", END, True))
_ONE = v.RequestView(
    action=_HERE,
    card=_CARD,
    who="les personnes qui y travaillent et que l’organisme a désignées",
    reason="Un poste de jardinier s’ouvre près de chez vous. Il faut le permis.",
    before="C’est vous qui décidez. Vous pourrez changer d’avis quand vous voulez.",
    refusal="Rien ne change pour vos droits.",
    themes=SHARE_THEMES,
    specials=SPECIALS,
    durations=_LENGTHS,
)


def hers() -> Mapping[str, v.PageView]:
    return {
        "mes-demandes": v.RequestsView((_CARD,), (_LATER,), (_REFUSED, _LAPSED)),
        "mes-demandes-vide": v.RequestsView(),
        "mes-demandes-pause": v.RequestsView(paused_until=END, pause_why="Une procédure est en cours."),
        "demande": _ONE,
        "demande-faute": replace(_ONE, error="Choisissez au moins une information à partager."),
        "demande-a-part": v.RequestSpecialView(
            _HERE,
            SIAE,
            "vous proposer un poste",
            v.ShareLine("x", "Santé et travail", ("Pas de port de charges",), sensitive=True),
            "Cette réponse parle de votre santé. La loi la protège plus que les autres.",
            (),
        ),
        "demande-verifier": v.RequestConfirmView(
            _HERE,
            SIAE,
            "vous proposer un poste",
            END,
            2,
            v.Preview(SIAE, None),
            (),
            "C’est vous qui décidez.",
        ),
    }


_REASONS = (v.Link("Proposer un poste", "/demander?finalite=proposer_poste"),)
_ASK = v.AskView(
    _REASONS,
    "proposer_poste",
    "Proposer un poste",
    (v.Preset("poste", "Un poste", 2, applied=True),),
    SHARE_THEMES,
    SPECIALS,
    ((1, "1 jour", False), (31, "1 mois", True)),
)


def theirs() -> Mapping[str, v.PageView]:
    return {
        "demander-pourquoi": v.AskView(_REASONS),
        "demander": _ASK,
        "demander-referent": replace(_ASK, receiver="referent", may_be_referent=True),
        "demander-faute": replace(
            _ASK,
            number="123",
            faults={
                "numero": "Ce numéro n’est pas un numéro de carnet.",
                "champs": "Choisissez au moins une information.",
                "duree": "La durée doit être entre 1 et 31 jours.",
                "raison": "Dites pourquoi, en 10 à 1000 caractères.",
            },
        ),
        "demander-envoyee": v.AskSentView(),
    }
