"""Checking documents that are not answers to a field: what a carnet may hold several of (schemas/collection).

The six kinds are milestone, commitment (of both parties), project, goal, step and appointment. Formats only:
no form asks for them yet.
"""

from functools import cache
from pathlib import Path
from typing import Any

from schemas.canonical import parse_strict
from schemas.catalogue_file import resolved
from schemas.faults import Checker, Fault

__all__ = ["KINDS", "UnknownKindError", "describe_kind", "validate"]

COLLECTIONS = Path(__file__).parent / "collection" / "v1.json"
KINDS = ("milestone", "commitment", "project", "goal", "step", "appointment")


class UnknownKindError(KeyError):
    """No document of this kind has a format."""

    def __init__(self) -> None:
        super().__init__("no such kind of document")


@cache
def _definitions() -> dict[str, Any]:
    definitions = parse_strict(COLLECTIONS.read_bytes())["$defs"]
    return {kind: resolved(definitions[kind], definitions) for kind in KINDS}


@cache
def _checker(kind: str) -> Checker:
    if kind not in KINDS:
        raise UnknownKindError
    return Checker(_definitions()[kind])


def validate(kind: str, document: object) -> list[Fault]:
    """Why the document is not of this kind; empty when it is. Raises UnknownKindError only."""
    return _checker(kind).faults(document)


def describe_kind(kind: str) -> dict[str, Any]:
    """The annotated schema of a kind, self-contained. Raises UnknownKindError."""
    if kind not in KINDS:
        raise UnknownKindError
    found: dict[str, Any] = _definitions()[kind]
    return found
