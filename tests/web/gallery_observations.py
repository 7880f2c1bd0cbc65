"""The gallery's pages about what stands beside an information."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from schemas.names import Agreement
from vault.web.pages import views as v

SAID_BESIDE = v.Observation(
    "Je n’ai plus ce logement depuis janvier.\nJe suis hébergée chez ma sœur.",
    date(2026, 2, 20),
    (v.Reply("Mme Roux (CCAS de Brest)", "Merci. Nous en parlerons jeudi.", date(2026, 2, 21)),),
    date(2026, 2, 3),
)
_INFORMATION = v.Information(
    "logement_fixe",
    "Logement fixe",
    ("Oui",),
    v.Provenance(date(2026, 2, 27), "M. Le Gall (CCAS de Brest)", Agreement.DISAGREED),
    pills=(v.Pill.CONTESTED,),
    observations=(SAID_BESIDE,),
)
_MAINTAINED = replace(
    SAID_BESIDE,
    replies=(
        *SAID_BESIDE.replies,
        v.Reply("", "", date(2026, 2, 24)),
        v.Reply("", "Vraiment.", date(2026, 3, 1)),
    ),
)
_LONG = "Ce texte est trop long\u00a0: 2000 caractères au plus."


def hers() -> Mapping[str, v.PageView]:
    linked = replace(SAID_BESIDE, actions=(v.Link("Maintenir ou retirer", "/mon-carnet/observations/o1"),))
    return {
        "observation-ecrire": v.ObserveView(
            replace(_INFORMATION, observations=(linked,)),
            "/mon-carnet/info/e1/observation",
            2,
            2000,
            ("CCAS de Brest", "SIAE Alpha (sans le détail)"),
            back_href="/mon-carnet/info/e1",
        ),
        "observation-ecrire-faute": v.ObserveView(
            replace(_INFORMATION, observations=()),
            "/mon-carnet/info/e1/observation",
            1,
            2000,
            text="Un texte très long…",
            fault=_LONG,
            kept=True,
        ),
        "observation": v.ObservationView(_INFORMATION, "/mon-carnet/observations/o1", 2000, True, "", ""),
        "observation-maintenue": v.ObservationView(
            replace(_INFORMATION, observations=(_MAINTAINED,)), "/mon-carnet/observations/o1", 2000
        ),
    }


def theirs() -> Mapping[str, v.PageView]:
    answer = (
        "/carnets/c1/observations/o1?finalite=accompagnement",
        2000,
        "/carnets/c1?finalite=accompagnement",
    )
    return {
        "observation-repondre": v.ReplyView(_INFORMATION, *answer),
        "observation-repondre-faute": v.ReplyView(_INFORMATION, *answer, "Trop long…", _LONG),
    }
