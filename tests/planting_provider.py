"""The misbehaving provider, whose people bear planted names: for the search of what must not be written.

GET /given      everything it gave out or was given, by what it is: {"code": […], "id_token": […], …}
"""

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import FastAPI, Request
from starlette.responses import Response

from tests import misbehaving_provider
from tests.misbehaving_provider import Claims, MisbehavingIssuer
from vault.demo.provider import main
from vault.demo.provider_tokens import Grant, Issuer

PERSON = {
    "family_name": "CANARINOM",
    "given_name": "Canariprenom",
    "given_name_array": ["Canariprenom"],
    "preferred_username": "CANARIUSAGE",
    "email": "canarimail@exemple.example",
}
AGENT = {
    "given_name": "Canariagent",
    "usual_name": "CANARIBUREAU",
    "email": "canaripro@exemple.example",
    "siret": "98765432109875",
    "organization_label": "Canariorganisme",
}
GIVEN: dict[str, list[str]] = {}


class PlantingIssuer(Issuer):
    """An issuer whose people all bear the planted names, each with a subject and a birth of her own."""

    def userinfo_claims(self, grant: Grant) -> Claims:
        claims = super().userinfo_claims(grant)
        planted = PERSON if self.rules.name == "franceconnect" else AGENT
        keep("sub", claims["sub"])
        return {**claims, **planted}


class MisbehavingPlantingIssuer(MisbehavingIssuer, PlantingIssuer):
    """Faults are made of planted claims."""


def keep(what: str, secret: object) -> None:
    if isinstance(secret, str) and len(secret) > 15 and secret not in GIVEN.setdefault(what, []):
        GIVEN[what].append(secret)


def extend(app: FastAPI, issuers: Sequence[Issuer]) -> None:
    misbehaving_provider.extend(app, issuers)

    @app.get("/given")
    async def given() -> dict[str, list[str]]:
        return GIVEN

    @app.middleware("http")
    async def noting(request: Request, call_next: Callable[[Request], Any]) -> Response:
        if request.url.path.endswith("/token"):
            told = dict(parse_qsl((await request.body()).decode()))
            for name in ("code", "code_verifier"):
                keep(name, told.get(name))
        answer = await call_next(request)
        for name, value in parse_qsl(urlsplit(answer.headers.get("location", "")).query):
            if name == "code":
                keep("code", value)
        if not request.url.path.endswith(("/token", "/userinfo")):
            return answer
        body = b"".join([chunk async for chunk in answer.body_iterator])
        note(request.url.path.rpartition("/")[2], body)
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return Response(body, answer.status_code, headers)


def note(place: str, body: bytes) -> None:
    text = body.decode("utf-8", "replace")
    if place == "userinfo":
        keep("userinfo", text)
        return
    try:
        told = json.loads(text)
    except ValueError:
        return
    for name in ("access_token", "id_token", "refresh_token"):
        keep(name, told.get(name) if isinstance(told, dict) else None)


if __name__ == "__main__":
    main(make_issuer=MisbehavingPlantingIssuer, extend=extend)
