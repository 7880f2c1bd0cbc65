"""What every answer carries, and what is refused before any page or route is asked. Plain ASGI, cheap.

``AnswerHeaders`` (outermost): the content security policy, the other security headers, a random request
number of fixed length, ``Cache-Control: no-store`` unless the answer says otherwise; the last net for what
nobody caught.

``Gate`` (just inside): ``Sec-Purpose: prefetch`` is refused before anything is read, for a look nobody
meant would leave a trace; a body longer than any honest one is refused before more of it is read.
"""

import secrets
from collections.abc import Sequence

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vault.config import Settings
from vault.web.problems import Problem, answer, note

MOST_BODY = 256 * 1024  # bytes; the longest honest form (a life told in Arabic, escaped) is a third of it
REQUEST_ID = b"x-request-id"
TWO_YEARS_OF_HTTPS = "max-age=63072000; includeSubDomains"  # of the public host alone: it has no others
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED_FEATURES = (
    "accelerometer autoplay browsing-topics camera display-capture encrypted-media fullscreen "
    "geolocation gyroscope hid magnetometer microphone midi payment publickey-credentials-get "
    "screen-wake-lock serial usb xr-spatial-tracking"
)


def content_security_policy(settings: Settings) -> str:
    """Forms may lead to the sign-in providers: Chromium applies form-action to the whole redirect chain."""
    providers = [door.origin for door in (settings.franceconnect, settings.proconnect) if door is not None]
    targets = " ".join(["'self'", *dict.fromkeys(providers)])
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
        f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )


def fixed_headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    """The same on every answer."""
    headers = {
        "content-security-policy": content_security_policy(settings),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "permissions-policy": ", ".join(f"{name}=()" for name in _REFUSED_FEATURES.split()),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if settings.secure:
        headers["strict-transport-security"] = TWO_YEARS_OF_HTTPS
    return [(name.encode(), value.encode()) for name, value in headers.items()]


class AnswerHeaders:
    """Adds what every answer carries, and answers 500 for what no handler knows."""

    def __init__(self, app: ASGIApp, *, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._app = app
        self._headers = list(headers)
        self._uncached = [*headers, (b"cache-control", b"no-store")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = secrets.token_hex(16)
        scope["carnet.request_id"] = number
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = message.get("headers", ())
                cached = any(name == b"cache-control" for name, _ in own)
                added = self._headers if cached else self._uncached
                message["headers"] = [*own, *added, (REQUEST_ID, number.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            note(error, 500, scope)
            if started:
                raise BrokenAnswerError from None
            await _tell("broken", scope, receive, send_with_headers)


class BrokenAnswerError(Exception):
    """An answer broke on its way out: the connection must be cut. Says nothing of what it held."""


class Gate:
    """Refuses prefetching and long bodies. A body is read whole, once, before any route is asked."""

    def __init__(self, app: ASGIApp, *, most: int = MOST_BODY) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = b"0"
        for name, value in scope["headers"]:
            if name == b"sec-purpose" and b"prefetch" in value.lower():
                await _tell("prefetch", scope, receive, send)
                return
            if name == b"content-length":
                length = value
        if not length.isdigit() or len(length) > 15 or int(length) > self._most:
            await _tell("too-large", scope, receive, send)
            return
        if scope["method"] in _BODILESS:
            await self._app(scope, receive, send)
            return
        body = await _read(receive, self._most)
        if body is None:
            await _tell("too-large", scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


async def _tell(kind: str, scope: Scope, receive: Receive, send: Send) -> None:
    response = await answer(Request(scope), Problem(kind))
    await response(scope, receive, send)


async def _read(receive: Receive, most: int) -> bytes | None:
    """The whole body; None as soon as it is longer than ``most``, or when the sender went away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """``receive`` as if the body came in one piece."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
