"""The gallery's pages about who follows a person."""

from collections.abc import Mapping
from datetime import timedelta

from schemas.names import Role
from tests.web.gallery_people import CCAS, END, NOW, SIAE
from vault.web.pages import views as v

_LEA = v.FollowerCard("Léa Martin", CCAS, NOW)
_PAUL = v.FollowerCard("Paul Durand", SIAE, NOW - timedelta(days=90), NOW)
_ROSE = v.FollowerCard("Rose Petit", SIAE, NOW, None, "/mon-referent/oui", "/mon-referent/non")
_SHARE = v.WaitingShare("g1", "vous proposer un poste", ("permis", "heures souhaitées"), (), END)
_SPECIAL = v.WaitingShare("g2", "vous accompagner", ("logement",), ("santé et travail",), END, replaces=True)


def hers() -> Mapping[str, v.PageView]:
    return {
        "mon-referent": v.ReferentView(_LEA, former=(_PAUL,), wish="Quelqu’un qui parle portugais."),
        "mon-referent-change": v.ReferentView(
            _LEA,
            former=(_PAUL,),
            together=(_SHARE,),
            apart=(_SPECIAL,),
            stuck=(v.WaitingShare("g3", "une aide d’urgence", ("adresse",), (), END, False),),
            until=NOW + timedelta(days=15),
            assignment_id="a1",
            fault="Votre référent a changé entre-temps. Rien n’a été donné.",
        ),
        "mon-referent-parti": v.ReferentView(None, _PAUL, (_ROSE,)),
        "mon-referent-aucun": v.ReferentView(None),
    }


_TEAM = (
    v.TeamChoice("p1", "Léa Martin", Role.REFERENT),
    v.TeamChoice("p2", "Paul Durand", Role.ADVISER),
)


def theirs() -> Mapping[str, v.PageView]:
    return {
        "designer-referent": v.DesignateView(CCAS.name, _TEAM, done=True),
        "designer-referent-faute": v.DesignateView(
            CCAS.name,
            _TEAM,
            "ABC",
            faults=(("numero", "Ce numéro n’est pas complet."), ("professionnel", "Choisissez qui.")),
        ),
    }
