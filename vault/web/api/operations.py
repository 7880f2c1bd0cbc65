"""How a route says what it takes and what it answers: one OpenAPI operation object each (OpenAPI 3.1).

Routes answer plain dictionaries: no response model is run on the way out, which would cost more than the
cryptography. These objects are what the tests compare the answers with.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from vault.web.api.shapes import Schema, ref
from vault.web.problems import KINDS, MEDIA_TYPE

V1 = "/api/v1"
JSON_TYPE = "application/json"


class Callers(StrEnum):
    """Who may call, as security requirements."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"  # by the session's cookie
    SIGNED_IN_UNSAFE = "signed_in_unsafe"  # the same for an unsafe method: the CSRF header too
    GRANTEE = "grantee"  # the session's cookie or an access token
    GRANTEE_UNSAFE = "grantee_unsafe"  # the same for an unsafe method: with a cookie, the CSRF header too


SECURITY: Mapping[Callers, list[dict[str, list[str]]]] = {
    Callers.ANYONE: [],
    Callers.SIGNED_IN: [{"session": []}],
    Callers.SIGNED_IN_UNSAFE: [{"session": [], "csrf": []}],
    Callers.GRANTEE: [{"session": []}, {"token": []}],
    Callers.GRANTEE_UNSAFE: [{"session": [], "csrf": []}, {"token": []}],
}
# What any route with these callers may also answer.
_ALWAYS: Mapping[Callers, tuple[str, ...]] = {
    Callers.ANYONE: (),
    Callers.SIGNED_IN: ("bad-request", "not-signed-in", "wrong-caller", "unavailable"),
    Callers.SIGNED_IN_UNSAFE: (
        "bad-request",
        "not-signed-in",
        "csrf",
        "too-large",
        "too-many-requests",
        "unavailable",
    ),
    Callers.GRANTEE: ("bad-request", "not-signed-in", "wrong-caller", "unavailable"),
    Callers.GRANTEE_UNSAFE: (
        "bad-request",
        "not-signed-in",
        "wrong-caller",
        "csrf",
        "too-large",
        "too-many-requests",
        "unavailable",
    ),
}


def operation(
    name: str,
    summary: str,
    *,
    callers: Callers,
    answers: Mapping[int, dict[str, Any]],
    parameters: Sequence[dict[str, Any]] = (),
    body: Schema | None = None,
    body_required: bool = True,
    problems: Sequence[str] = (),
    entries: int = 0,
) -> dict[str, Any]:
    """The operation object. ``problems`` are kinds beyond those of the callers; ``entries`` how many entries
    of the log stand before the first byte of a successful answer (``x-log-entries``)."""
    told: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "security": SECURITY[callers],
        "responses": _responses(answers, (*_ALWAYS[callers], *problems)),
        "x-log-entries": entries,
    }
    if parameters:
        told["parameters"] = list(parameters)
    if body is not None:
        told["requestBody"] = {"required": body_required, "content": {JSON_TYPE: {"schema": body}}}
    return told


def _responses(answers: Mapping[int, dict[str, Any]], kinds: Sequence[str]) -> dict[str, Any]:
    told: dict[str, Any] = {str(status): dict(answer) for status, answer in answers.items()}
    for kind in dict.fromkeys(kinds):
        status, title = KINDS[kind]
        known = told.setdefault(
            str(status), {"description": "", "content": {MEDIA_TYPE: {"schema": ref("Problem")}}}
        )
        known["description"] = " ".join(part for part in (known["description"], f"`{kind}` {title}") if part)
    return dict(sorted(told.items()))


def document(schema: Schema, description: str, *, media_type: str = JSON_TYPE) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}


def query(name: str, description: str, schema: Schema, *, required: bool = False) -> dict[str, Any]:
    told = {"name": name, "in": "query", "description": description, "required": required, "schema": schema}
    return told


def in_path(name: str, description: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "path", "description": description, "required": True, "schema": schema}


AFTER = query("after", "the last id of the page before, exclusive", {"type": "string", "maxLength": 64})
