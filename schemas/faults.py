"""What is wrong with a value, in words its author can act on. The only door to the jsonschema library.

- A ``Checker`` is compiled once from an annotated schema and never raises, whatever value it is given.
- Before the schema is asked, values that JSON cannot say are refused: lone surrogates, control characters,
  NaN, infinities, integers of 2**53 and more, foreign Python types, deep or huge structures.
- JSON true is not a number (as in the standard); 2.0 is the integer 2 (as in the standard, and RFC 8785
  writes both the same way).
- Sentences never repeat what was typed.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from schemas.sentences import sentence

__all__ = ["Checker", "Fault", "escape", "schema_error"]

MAX_FAULTS = 20
MAX_DEPTH = 8
MAX_NODES = 2_000
_BIGGEST = 2**53 - 1  # the largest integer that canonical JSON can say (RFC 8785, RFC 7493)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Fault:
    """One refusal: where (JSON pointer, RFC 6901, "" for the whole), what to do (French), which rule."""

    pointer: str
    sentence: str
    keyword: str


def escape(token: object) -> str:
    """One reference token of a JSON pointer."""
    return str(token).replace("~", "~0").replace("/", "~1")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """``$`` as ECMA 262 means it: the very end, not before a last newline."""
    if pattern.endswith("$") and not pattern.endswith("\\$"):
        pattern = pattern[:-1] + r"\Z"
    return re.compile(pattern)


def _pattern(_validator: Validator, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError("pattern")


_Strict = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
_FORMATS = FormatChecker(formats=["date", "date-time"])


def schema_error(schema: Mapping[str, Any]) -> str | None:
    """Why this is not a JSON Schema (2020-12), or None. For the authors of catalogues and frames."""
    try:
        _Strict.check_schema(schema)
    except SchemaError as error:
        return f"{error.json_path}: {error.message}"
    return None


class Checker:
    """A compiled schema. ``faults`` of a good value is an empty list."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._validator: Any = _Strict(schema, format_checker=_FORMATS)

    def faults(self, value: object) -> list[Fault]:
        """At most MAX_FAULTS refusals, each place once. Never raises."""
        found = list(_not_json(value))
        if not found:
            found = [fault for error in self._validator.iter_errors(value) for fault in self._told(error)]
        by_place: dict[str, Fault] = {}
        for fault in found:
            by_place.setdefault(fault.pointer, fault)
        return list(by_place.values())[:MAX_FAULTS]

    def structure(self, document: object) -> list[Fault]:
        """As ``faults``, for large documents an operator wrote: no bound on size, the first refusal only."""
        error = next(self._validator.iter_errors(document), None)
        return self._told(error)[:1] if error else []

    def _told(self, error: ValidationError) -> list[Fault]:
        keyword = str(error.validator)
        place = "".join(f"/{escape(step)}" for step in error.absolute_path)
        schema: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
        if keyword == "maxItems" and "then" in error.absolute_schema_path:
            keyword, schema = "exclusive", self._owner(list(error.absolute_schema_path))
        if keyword in ("required", "additionalProperties"):
            names = _names(keyword, error.instance, schema)
            return [
                Fault(f"{place}/{escape(name)}", sentence(keyword, schema, name), keyword) for name in names
            ]
        return [Fault(place, sentence(keyword, schema), keyword)]

    def _owner(self, path: list[str | int]) -> Mapping[str, Any]:
        """The schema that holds the ``if``: its path is what stands before it."""
        node: Any = self._schema
        for step in path[: path.index("then")]:
            node = node[step]
        return node if isinstance(node, Mapping) else {}


def _names(keyword: str, instance: Any, schema: Mapping[str, Any]) -> list[str]:
    if keyword == "required":
        return [name for name in schema["required"] if name not in instance]
    return [name for name in instance if name not in schema.get("properties", {})]


def _not_json(value: object) -> Iterator[Fault]:
    """Refusals of what no schema needs to see; walks without recursion, stops at a bound."""
    todo: list[tuple[str, object, int]] = [("", value, 0)]
    seen = 0
    while todo:
        place, node, depth = todo.pop()
        seen += 1
        if seen > MAX_NODES or depth > MAX_DEPTH:
            yield Fault("", sentence("size", {}), "size")
            return
        if isinstance(node, dict):
            if any(_bad_scalar(key) or not isinstance(key, str) for key in node):
                yield Fault(place, sentence("characters", {}), "characters")
            else:
                todo += [(f"{place}/{escape(key)}", item, depth + 1) for key, item in node.items()]
        elif isinstance(node, list):
            if len(node) > MAX_NODES:
                yield Fault(place, sentence("size", {}), "size")
                return
            todo += [(f"{place}/{index}", item, depth + 1) for index, item in enumerate(node)]
        elif keyword := _bad_scalar(node):
            yield Fault(place, sentence(keyword, {}), keyword)


def _bad_scalar(node: object) -> str | None:
    if node is None or isinstance(node, bool):
        return None
    if isinstance(node, str):
        return "characters" if _FORBIDDEN.search(node) else None
    if isinstance(node, int):
        return "range" if abs(node) > _BIGGEST else None
    if isinstance(node, float):
        return None if math.isfinite(node) and abs(node) <= _BIGGEST else "range"
    return "type"
