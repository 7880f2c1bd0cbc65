"""The gallery's pages of the counts for those who steer."""

from collections.abc import Mapping

from vault.services.indicators import Indicators
from vault.web.pages import views as v
from vault.web.pages.indicators import indicators_view

_NONE = {"total": None, "groups": None, "share": None}
_DAY, _BEFORE = "2026-03-03", "2026-02-10"


def _total(count: int, **quantiles: int) -> Mapping[str, object]:
    return {"on": _DAY, "count": count, "quantiles": quantiles}


MADE = Indicators(
    _DAY,
    {
        "carnets": {
            "total": _total(1240),
            "groups": {
                "on": _BEFORE,
                "total": 1229,
                "counts": {"none": 412, "france_travail": 390, "ccas": 208, "association": 96},
                "medians": {},
            },
            "share": None,
        },
        "contracts": {
            "total": _total(604),
            "groups": {"on": _DAY, "total": 604, "counts": {"ccas": 340}, "medians": {}},
            "share": None,
        },
        "orientation": {
            "total": _total(911, p25=24, p50=38, p75=61, p90=112),
            "groups": None,
            "share": {"on": _BEFORE, "kept": 544, "missed": 356},
        },
        "contract": {
            "total": _total(702, p50=29),
            "groups": None,
            "share": {"on": _DAY, "kept": 390, "missed": 312},
        },
        "commitments_administration": {
            "total": _total(120),
            "groups": None,
            "share": {"on": _DAY, "kept": 81, "missed": 39},
        },
        "commitments_person": {
            "total": _total(133),
            "groups": None,
            "share": {"on": _DAY, "kept": 97, "missed": 36},
        },
        "demands": _NONE,
    },
)


def pages() -> Mapping[str, v.PageView]:
    return {"indicateurs": indicators_view(MADE), "indicateurs-vide": indicators_view(None)}
