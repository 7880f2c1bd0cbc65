"""The counts of all carnets, for those who steer: the same as the page, in figures."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from consent.suppression import LEAST, QUANTILES
from vault.services.indicators import TABLES, Indicators, latest
from vault.web.api.answers import answered
from vault.web.api.operations import V1, Callers, document, operation
from vault.web.api.shapes import Schema, shape
from vault.web.bodies import parameters
from vault.web.state import state_of
from vault.web.steering import Steering, steering

router = APIRouter(prefix=V1)

_DAY: Schema = {"type": "string", "format": "date"}
_FEW: Schema = {"type": "integer", "minimum": LEAST}
_COUNTS: Schema = {"type": "object", "additionalProperties": _FEW}
_DAYS: Schema = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
_QUANTILES: Schema = _DAYS | {"propertyNames": {"enum": list(QUANTILES)}}


def _or_null(told: Schema) -> Schema:
    return {"anyOf": [told, {"type": "null"}]}


_TABLE = shape(
    {
        "total": _or_null(shape({"on": _DAY, "count": _FEW, "quantiles": _QUANTILES})),
        "groups": _or_null(shape({"on": _DAY, "total": _FEW, "counts": _COUNTS, "medians": _DAYS})),
        "share": _or_null(shape({"on": _DAY, "kept": _FEW, "missed": _FEW})),
    }
)
_INDICATORS = shape(
    {
        "made_on": _or_null(_DAY),
        "least": {"const": LEAST},
        "tables": shape(dict.fromkeys(TABLES, _TABLE), optional=TABLES),
    }
)


@router.get(
    "/indicators",
    openapi_extra=operation(
        "indicators",
        "Counts of all carnets, of no fewer than eleven persons: delays, deadlines, volumes",
        callers=Callers.SIGNED_IN,
        answers={
            200: document(_INDICATORS, "The counts published last; empty while too few carnets are open")
        },
    ),
)
def read_indicators(request: Request, _: Annotated[Steering, Depends(steering)]) -> JSONResponse:
    parameters(request, ())
    return answered(indicators_document(latest(state_of(request).parts)))


def indicators_document(made: Indicators | None) -> dict[str, Any]:
    tables = {name: dict(table) for name, table in made.tables.items()} if made else {}
    return {"made_on": made.made_on if made else None, "least": LEAST, "tables": tables}
