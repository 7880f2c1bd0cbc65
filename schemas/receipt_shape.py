"""The shape of a receipt (schemas/receipt/v1.json, docs/formats/receipt.md), checked."""

from functools import cache
from pathlib import Path

from schemas.canonical import parse_strict
from schemas.faults import Checker, Fault

__all__ = ["receipt_faults"]

SHAPE = Path(__file__).parent / "receipt" / "v1.json"


@cache
def _checker() -> Checker:
    return Checker(parse_strict(SHAPE.read_bytes()))


def receipt_faults(document: object) -> list[Fault]:
    """Why the document is no receipt of this version; empty when it is. Never raises."""
    return _checker().structure(document)
