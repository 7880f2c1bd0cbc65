"""Reading what programs send: strict JSON, strict query strings.

- A body is ``application/json`` in UTF-8 (415 otherwise), well formed, with no key twice, no lone surrogate
  and no number beyond what every JSON reader agrees on (400 otherwise).
- Then a JSON Schema says what it must hold; each fault is told by its pointer (422). The same schema stands
  in the OpenAPI document: what is documented is what is checked.
- A parameter given twice or not known here is 400: a filter that would be ignored is never ignored in
  silence. An empty one counts as absent.
"""

import math
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from schemas.canonical import CanonicalError, parse_strict
from schemas.faults import Checker
from vault.web.problems import BadRequestError, ContentTypeError, FaultsError, Told

JSON = Any
BIGGEST = 2**53  # what a double says exactly (RFC 8785, RFC 7493)
MOST_PARAMETERS = 20


async def json_body(request: Request) -> JSON:
    """The request's body, parsed. Raises ContentTypeError, BadRequestError."""
    if not _is_json(request.headers.getlist("content-type")):
        raise ContentTypeError("application/json is expected")
    return parsed(await request.body())


async def no_body(request: Request) -> None:
    """For calls that say everything in their address: nothing, or an empty object. Raises as ``json_body``,
    FaultsError."""
    if await request.body():
        body = await json_body(request)
        if body != {}:
            raise FaultsError([Told("", "Cette demande ne prend pas de contenu.")])


def parsed(data: bytes) -> JSON:
    """Raises BadRequestError for anything but strict JSON."""
    try:
        value = parse_strict(data)
    except CanonicalError:
        raise BadRequestError from None
    if not _ordinary_numbers(value):
        raise BadRequestError
    return value


def checked(body: JSON, checker: Checker) -> Mapping[str, Any]:
    """The body when the schema (of an object) accepts it. Raises FaultsError with every fault."""
    faults = checker.faults(body)
    if faults:
        raise FaultsError(Told(one.pointer, one.sentence) for one in faults)
    told: Mapping[str, Any] = body
    return told


def parameters(request: Request, known: Collection[str]) -> dict[str, str]:
    """The query's non-empty parameters. Raises BadRequestError."""
    return read_query(request.scope["query_string"], known)


def read_query(query: bytes, known: Collection[str]) -> dict[str, str]:
    """As ``parameters``, from the bytes of the query."""
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError:
        raise BadRequestError from None
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names) or not set(names) <= set(known):
        sentence = "Un paramètre est donné deux fois, ou n’est pas connu ici."
        raise BadRequestError("", sentence)
    return {name: value for name, value in pairs if value}


def _is_json(types: list[str]) -> bool:
    if len(types) != 1:
        return False
    media, _, rest = types[0].partition(";")
    charset = rest.strip().lower().replace('"', "").replace(" ", "")
    return media.strip().lower() == "application/json" and charset in ("", "charset=utf-8")


def _ordinary_numbers(value: JSON) -> bool:
    """Walks without recursion; the parser already bounds the depth."""
    todo = [value]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            todo += node.values()
        elif isinstance(node, list):
            todo += node
        elif isinstance(node, float):
            if not math.isfinite(node) or abs(node) > BIGGEST:
                return False
        elif isinstance(node, int) and abs(node) > BIGGEST:
            return False
    return True
