"""The bundled provider, able to misbehave: for tests only, in a process of its own.

    PUT /misbehave {"mode": "wrong-nonce"}      one fault at a time, for both issuers; null: behave
    PUT /misbehave {"rotate": "franceconnect"}  a new signing key; the old one leaves the JWKS
    GET /misbehave                              how often each address was asked, by its last word

Faults are made where they would be: in the claims, in the signature, in the answers, in the redirect.
"""

import asyncio
import base64
import hmac
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fastapi import FastAPI, Request
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry
from starlette.responses import HTMLResponse, JSONResponse, Response

from tests.provider_process import CLIENT_SECRET
from vault.demo.provider import main
from vault.demo.provider_tokens import Grant, Issuer, new_key

FAULT: dict[str, str | None] = {"mode": None}
Claims = dict[str, Any]
CUES: dict[str, Any] = {}
ASKED: Counter[str] = Counter()

DROP = object()
SHARED_EMAIL = "la-meme@courriel.example"
# In the id_token: what each fault writes into it (DROP removes the member).
ID_TOKEN_FAULTS: dict[str, Callable[[Claims], Claims]] = {
    "wrong-iss": lambda c: {"iss": "https://evil.example/api/v2"},
    "wrong-aud": lambda c: {"aud": "somebody-else"},
    "list-aud": lambda c: {"aud": [c["aud"], "somebody-else"]},
    "list-aud-alone": lambda c: {"aud": [c["aud"]]},
    "wrong-aud-our-azp": lambda c: {"aud": "somebody-else", "azp": c["aud"]},
    "foreign-azp": lambda c: {"azp": "somebody-else"},
    "wrong-nonce": lambda c: {"nonce": "x" * 43},
    "no-nonce": lambda c: {"nonce": DROP},
    "expired": lambda c: {"iat": c["iat"] - 200, "exp": c["iat"] - 31},
    "no-exp": lambda c: {"exp": DROP},
    "text-exp": lambda c: {"exp": str(c["exp"])},
    "huge-exp": lambda c: {"exp": 10**400},
    "future-iat": lambda c: {"iat": c["iat"] + 120, "exp": c["exp"] + 120},
    "no-iat": lambda c: {"iat": DROP},
    "no-acr": lambda c: {"acr": DROP},
    "low-acr": lambda c: {"acr": "eidas0"},
    "list-acr": lambda c: {"acr": [c["acr"]]},
    "wrong-at-hash": lambda c: {"at_hash": "A" * 22},
    "no-sub": lambda c: {"sub": DROP},
    "empty-sub": lambda c: {"sub": ""},
    "long-sub": lambda c: {"sub": "s" * 256},
    "number-sub": lambda c: {"sub": 12},
    "odd-amr": lambda c: {"amr": {"fc": 1}},
}
# In the id_token too, but wrong only where a fresh sign-in was asked for.
AUTH_TIME_FAULTS: dict[str, Callable[[Claims], Claims]] = {
    "stale-auth-time": lambda c: {"auth_time": c["iat"] - 120},
    "future-auth-time": lambda c: {"auth_time": c["iat"] + 120},
    "no-auth-time": lambda c: {"auth_time": DROP},
    "text-auth-time": lambda c: {"auth_time": str(c["iat"])},
    "true-auth-time": lambda c: {"auth_time": True},
    "huge-auth-time": lambda c: {"auth_time": 10**400},
}
USERINFO_FAULTS: dict[str, Callable[[Claims], Claims]] = {
    "userinfo-wrong-iss": lambda c: {"iss": "https://evil.example/api/v2"},
    "userinfo-wrong-aud": lambda c: {"aud": "somebody-else"},
    "userinfo-expired": lambda c: {"iat": c["iat"] - 200, "exp": c["iat"] - 31},
    "userinfo-no-exp": lambda c: {"exp": DROP},
    "userinfo-other-sub": lambda c: {"sub": "f" * 64 + "v1"},
    "userinfo-no-sub": lambda c: {"sub": DROP},
    "identity-no-email": lambda c: {"email": DROP},
    "identity-number-name": lambda c: {"given_name": 12},
    "identity-long-name": lambda c: {"given_name": "A" * 20_000},
    "identity-control-name": lambda c: {"given_name": "A\u0000B"},
    "identity-null-email": lambda c: {"email": None},
    "identity-formula-name": lambda c: {"given_name": "=1+1", "given_name_array": DROP},
    "identity-shared-email": lambda c: {"email": SHARED_EMAIL},
    "identity-markup-name": lambda c: {"given_name": "<script>{{7*7}}</script>", "given_name_array": DROP},
    "identity-unknown-claims": lambda c: {"phone_number": "0", "__proto__": {"a": 1}},
}


class MisbehavingIssuer(Issuer):
    """An issuer that does one thing wrong."""

    stranger = ECKey.generate_key("P-256", parameters={"kid": "stranger"})

    def id_token_claims(self, grant: Grant, access_token: str) -> Claims:
        claims = super().id_token_claims(grant, access_token)
        CUES["userinfo"] = super().userinfo_claims(grant)
        return _spoil(claims, ID_TOKEN_FAULTS | AUTH_TIME_FAULTS)

    def userinfo_claims(self, grant: Grant) -> Claims:
        CUES["id_token"] = super().id_token_claims(grant, "x")
        return _spoil(super().userinfo_claims(grant), USERINFO_FAULTS)

    def redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        grant = self.codes.get(form.get("code", ""))
        if grant is not None and FAULT["mode"] == "codes-work-twice":
            grant.redeemed = False
        return super().redeem(form)

    def token_answer(self, grant: Grant, access_token: str) -> dict[str, Any]:
        answer = super().token_answer(grant, access_token)
        if FAULT["mode"] == "no-id-token":
            del answer["id_token"]
        if FAULT["mode"] == "null-id-token":
            answer["id_token"] = None
        if FAULT["mode"] == "odd-token-type":
            answer["token_type"] = "mac"
        if FAULT["mode"] == "no-access-token":
            del answer["access_token"]
        if FAULT["mode"] == "split-access-token":
            answer["access_token"] = "a\r\nX-Evil: 1"
        if FAULT["mode"] == "odd-expires-in":
            answer["expires_in"] = {"a": 1}
        return answer

    def sign(self, claims: Claims, use: str) -> str:
        mode = FAULT["mode"] or ""
        if mode.startswith("userinfo-") != (use == "userinfo"):
            return super().sign(claims, use)
        mode = mode.removeprefix("userinfo-")
        if mode == "id-token-instead":
            return super().sign(CUES["id_token"], use)
        if mode == "identity-instead":
            return super().sign(CUES["userinfo"], use)
        forge = FORGERIES.get(mode)
        return super().sign(claims, use) if forge is None else forge(self, claims, super().sign(claims, use))


def _spoil(claims: Claims, faults: dict[str, Callable[[Claims], Claims]]) -> Claims:
    fault = faults.get(FAULT["mode"] or "")
    spoiled = {**claims, **(fault(claims) if fault else {})}
    return {name: value for name, value in spoiled.items() if value is not DROP}


def _encode(header: dict[str, Any], claims: Claims, signature: str = "") -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part(header)}.{part(claims)}.{signature}"


def _resigned(issuer: Issuer, claims: Claims, key: ECKey, **header: object) -> str:
    members = {"alg": "ES256", "kid": issuer.keys[-1].kid, **header}
    return jwt.encode(
        {name: value for name, value in members.items() if value is not DROP},
        claims,
        key,
        ["ES256"],
        default_type=None,
    )


def _hs256(issuer: Issuer, claims: Claims, secret: bytes) -> str:
    # By hand: the library rightly refuses to key an HMAC with a public key.
    unsigned = _encode({"alg": "HS256", "kid": issuer.keys[-1].kid}, claims).removesuffix(".")
    signature = hmac.digest(secret, unsigned.encode(), "sha256")
    return unsigned + "." + base64.urlsafe_b64encode(signature).decode().rstrip("=")


def _crit(issuer: Issuer, claims: Claims) -> str:
    # A true signature over a header that asks for a rule nobody knows.
    unsigned = _encode({"alg": "ES256", "kid": issuer.keys[-1].kid, "crit": ["exp"], "exp": 1}, claims)
    message = unsigned.rsplit(".", 1)[0].encode()
    signature = JWSRegistry.algorithms["ES256"].sign(message, issuer.keys[-1])
    return message.decode() + "." + base64.urlsafe_b64encode(signature).decode().rstrip("=")


FORGERIES: dict[str, Callable[[MisbehavingIssuer, Claims, str], str]] = {
    "alg-none": lambda i, c, t: _encode({"alg": "none", "kid": i.keys[-1].kid}, c),
    "alg-none-signed": lambda i, c, t: _encode({"alg": "none", "kid": i.keys[-1].kid}, c, t.split(".")[2]),
    "alg-none-cased": lambda i, c, t: _encode({"alg": "nOnE", "kid": i.keys[-1].kid}, c, "AA"),
    "empty-signature": lambda i, c, t: t.rsplit(".", 1)[0] + ".",
    "hs256-client-secret": lambda i, c, t: _hs256(i, c, CLIENT_SECRET.encode()),
    "hs256-public-key": lambda i, c, t: _hs256(i, c, i.keys[-1].as_pem(private=False)),
    "forged-known-kid": lambda i, c, t: _resigned(i, c, i.stranger),
    "unknown-kid": lambda i, c, t: _resigned(i, c, i.stranger, kid="stranger"),
    "no-kid": lambda i, c, t: _resigned(i, c, i.keys[-1], kid=DROP),
    "header-jwk": lambda i, c, t: _resigned(i, c, i.stranger, jwk=i.stranger.as_dict(private=False)),
    "header-jku": lambda i, c, t: _resigned(i, c, i.keys[-1], jku=f"{i.address}/offered-key"),
    "header-x5u": lambda i, c, t: _resigned(i, c, i.keys[-1], x5u=f"{i.address}/offered-key"),
    "header-x5c": lambda i, c, t: _resigned(i, c, i.keys[-1], x5c=["AAAA"]),
    "header-crit": lambda i, c, t: _crit(i, c),
    "tampered": lambda i, c, t: ".".join(
        [t.split(".")[0], _encode({}, {**c, "x": 1}).split(".")[1], t.split(".")[2]]
    ),
    "two-parts": lambda i, c, t: t.rsplit(".", 1)[0],
    "five-parts": lambda i, c, t: t + ".AA.AA",
    "not-json": lambda i, c, t: "AAAA." + t.split(".", 1)[1],
    "too-long": lambda i, c, t: t + "A" * 20_000,
}
CALLBACK_FAULTS: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "callback-wrong-iss": lambda q: {**q, "iss": "https://evil.example/api/v2"},
    "callback-no-iss": lambda q: {name: value for name, value in q.items() if name != "iss"},
    "callback-no-code": lambda q: {name: value for name, value in q.items() if name != "code"},
    "callback-wrong-state": lambda q: {**q, "state": "x" * 43},
    "callback-undefined-state": lambda q: {**q, "state": "undefined"},
    "callback-busy": lambda q: {"error": "temporarily_unavailable", "state": q["state"], "iss": q["iss"]},
    "callback-our-fault": lambda q: {"error": "invalid_scope", "state": q["state"], "iss": q["iss"]},
    "callback-markup": lambda q: {
        "error": "access_denied",
        "error_description": "<script>{{7*7}}</script>",
        "state": q["state"],
        "iss": q["iss"],
    },
    "callback-unknown-error": lambda q: {"error": "Y99", "state": q["state"], "iss": q["iss"]},
}


async def _spoil_answer(request: Request, answer: Response) -> Response:
    """Faults of whole answers, by the last word of the path."""
    mode, last = FAULT["mode"] or "", request.url.path.rsplit("/", 1)[-1]
    ASKED[last] += 1
    if mode in CALLBACK_FAULTS and "code=" in answer.headers.get("location", ""):
        parts = urlsplit(answer.headers["location"])
        query = CALLBACK_FAULTS[mode](dict(parse_qsl(parts.query)))
        answer.headers["location"] = urlunsplit(parts._replace(query=urlencode(query)))
    place, _, fault = mode.partition("-")
    name = {"discovery": "openid-configuration"}.get(place, place)
    if name != last:
        return answer
    if fault == "500":
        return JSONResponse({"error": "server_error"}, 500)
    if fault == "html":
        return HTMLResponse("<h1>Bonjour</h1>")
    if fault == "array":
        return JSONResponse([])
    if fault == "large":
        return JSONResponse({"a": "x" * 200_000})
    if fault == "redirect":
        return Response(status_code=307, headers={"location": str(request.url) + "?again=1"})
    if fault == "silence":
        await asyncio.sleep(30)
    if fault == "gzip":
        return Response(b"\x1f\x8b", headers={"content-encoding": "gzip"}, media_type="application/json")
    if fault == "doubled":
        return Response('{"access_token": "a", "access_token": "b"}', media_type="application/json")
    if fault == "bare":
        return JSONResponse(CUES["userinfo"])
    if fault == "text":
        return Response(await _body(answer), media_type="text/plain")
    if fault in DISCOVERY_FAULTS:
        return JSONResponse(DISCOVERY_FAULTS[fault](json.loads(await _body(answer))))
    return answer


DISCOVERY_FAULTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "other": lambda d: {**d, "issuer": "https://evil.example/api/v2"},
    "slash": lambda d: {**d, "issuer": d["issuer"] + "/"},
    "foreign": lambda d: {**d, "token_endpoint": "https://evil.example/token"},
    "plain": lambda d: {**d, "token_endpoint": "http://evil.example/token"},
    "userpart": lambda d: {**d, "jwks_uri": d["jwks_uri"].replace("://", "://127.0.0.1@evil.example/")},
    "rs256only": lambda d: {**d, "id_token_signing_alg_values_supported": ["RS256"]},
    "nologout": lambda d: {name: value for name, value in d.items() if name != "end_session_endpoint"},
}


async def _body(answer: Any) -> bytes:
    return b"".join([chunk async for chunk in answer.body_iterator])


def extend(app: FastAPI, issuers: Sequence[Issuer]) -> None:
    """The control address and the spoiling of answers."""

    @app.put("/misbehave")
    async def misbehave(request: Request) -> dict[str, str]:
        order = await request.json()
        if "mode" in order:
            FAULT["mode"] = order["mode"]
        for issuer in issuers:
            if order.get("rotate") == issuer.rules.name:
                issuer.keys[:] = [new_key()]
        return {}

    @app.get("/misbehave")
    async def asked() -> dict[str, int]:
        return ASKED

    @app.middleware("http")
    async def spoil(request: Request, call_next: Callable[[Request], Any]) -> Response:
        return await _spoil_answer(request, await call_next(request))


if __name__ == "__main__":
    main(make_issuer=MisbehavingIssuer, extend=extend)
