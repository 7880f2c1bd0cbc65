"""The counts in words, tables and bars. The same fact is in a sentence: the bars are for the eye alone."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.demands import DemandKind
from schemas.names import StructureKind
from vault.services import indicators
from vault.services.indicators import NOBODY, Indicators, latest
from vault.web.pages import french, views
from vault.web.pages.answering import page
from vault.web.state import state_of
from vault.web.steering import Steering, steering

ADDRESS = "/indicateurs"
REST = "Les autres, sans détail"
IN_TIME, LATE = "À temps", "Pas à temps"
_TITLES = {
    indicators.CARNETS: ("Les carnets ouverts", "Carnets ouverts, par organisme qui accompagne", ""),
    indicators.CONTRACTS: ("Les contrats", "Personnes qui ont un contrat, par organisme", ""),
    indicators.ORIENTATION: (
        "De la demande de RSA à l’orientation",
        "Orientations à temps et pas à temps",
        "La loi donne six semaines à l’administration.",
    ),
    indicators.CONTRACT: (
        "De l’orientation au contrat",
        "Contrats à temps et pas à temps",
        "La loi donne un mois.",
    ),
    indicators.OWED: (
        "Ce que l’administration s’était engagée à faire",
        "Personnes envers qui l’administration a tout tenu à temps, ou non",
        "Les engagements dont la date est passée. Ceux qui ont été revus ensemble ne comptent pas.",
    ),
    indicators.OWING: (
        "Ce que les personnes s’étaient engagées à faire",
        "Personnes qui ont tout tenu à temps, ou non",
        "Les engagements dont la date est passée. Ceux qui ont été revus ensemble ne comptent pas.",
    ),
    indicators.DEMANDS: (
        "Les demandes d’exercice d’un droit",
        "Réponses à temps et pas à temps",
        "La dernière demande de chaque personne. La loi donne un mois pour répondre.",
    ),
}
_TOTALS = {
    indicators.CARNETS: ("carnet est ouvert", "carnets sont ouverts"),
    indicators.CONTRACTS: ("personne a un contrat", "personnes ont un contrat"),
}
_SERVED = {indicators.ORIENTATION: "ont été orientées", indicators.CONTRACT: "ont signé"}
_COUNTED = ("personne est comptée ici", "personnes sont comptées ici")

router = APIRouter(include_in_schema=False)


@router.get(ADDRESS)
def show_indicators(request: Request, me: Annotated[Steering, Depends(steering)]) -> Response:
    made = latest(state_of(request).parts)
    return page(request, indicators_view(made), me.session)


def indicators_view(made: Indicators | None) -> views.IndicatorsView:
    if made is None:
        return views.IndicatorsView(None)
    shown = tuple(indicator(name, table) for name, table in made.tables.items())
    return views.IndicatorsView(date.fromisoformat(made.made_on), shown)


def indicator(name: str, table: Mapping[str, Any]) -> views.Indicator:
    """One table in words. What may not be told is said to be so."""
    title, caption, about = _TITLES[name]
    total, groups, share = table["total"], table["groups"], table["share"]
    if total is None:
        return views.Indicator(title, caption, about)
    count = french.plural(total["count"], *_TOTALS.get(name, _COUNTED))
    sentences = [f"{count}.", *_delays(total["quantiles"], _SERVED.get(name, "ont reçu une réponse"))]
    bars: tuple[views.Bar, ...] = ()
    if groups is not None and groups["counts"]:
        rest = groups["total"] - sum(groups["counts"].values())
        named = {_group(one): n for one, n in _by_size(groups["counts"])} | {REST: rest}
        bars = _bars(named)
        sentences.append(_groups_words(named, groups["on"]))
    if share is not None:
        bars = _bars({IN_TIME: share["kept"], LATE: share["missed"]})
        sentences.append(_share_words(share))
    return views.Indicator(title, caption, about, date.fromisoformat(total["on"]), tuple(sentences), bars)


def _share_words(share: Mapping[str, Any]) -> str:
    kept, missed = share["kept"], share["missed"]
    both = french.plural(kept + missed, "personne")
    day = french.day(date.fromisoformat(share["on"]))
    return (
        f"Le {day}, sur {both}{french.NBSP}: à temps pour {french.number(kept)}, "
        f"pas à temps, ou pas encore, pour {french.number(missed)}."
    )


def _groups_words(named: Mapping[str, int], on: str) -> str:
    """Each line of the table, in the same order."""
    colon, then = f"{french.NBSP}: ", f"{french.NBSP}; "
    told = then.join(f"{label}{colon}{french.number(n)}" for label, n in named.items())
    return f"Le {french.day(date.fromisoformat(on))}{colon}{told}."


def _delays(quantiles: Mapping[str, int], served: str) -> list[str]:
    """Never a middle without what lies around it, where enough persons lie there."""
    found = []
    if "p50" in quantiles:
        days = french.plural(quantiles["p50"], "jour")
        found.append(f"La moitié de celles qui {served} ont attendu {days} ou moins.")
    if "p25" in quantiles and "p75" in quantiles:
        quick, slow = (french.plural(quantiles[one], "jour") for one in ("p25", "p75"))
        found.append(f"Une sur quatre a attendu {quick} ou moins, une sur quatre {slow} ou plus.")
    if "p90" in quantiles:
        found.append(f"Une sur dix a attendu {french.plural(quantiles['p90'], 'jour')} ou plus.")
    return found


def _by_size(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _bars(counts: Mapping[str, int]) -> tuple[views.Bar, ...]:
    most = max(counts.values())
    return tuple(views.Bar(label, n, round(100 * n / most)) for label, n in counts.items())


def _group(name: str) -> str:
    if name == NOBODY:
        return "Sans référent"
    if name in set(DemandKind):
        return french.capital(DemandKind(name).label)
    return french.capital(StructureKind(name).label) if name in set(StructureKind) else name
