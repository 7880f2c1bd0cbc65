"""Somebody with a browser, in a few lines: signs in through the provider's pages and asks our API.

The story of the demo is told by such visitors, so that whatever it shows was done by the people themselves,
over HTTP, with real sessions.
"""

import html
import re
import ssl
from types import TracebackType
from typing import Any

import httpx2

PERSON_DOOR = "/connexion/franceconnect"
PROFESSIONAL_DOOR = "/connexion/proconnect"
API = "/api/v1"
TIMEOUT = 30.0  # seconds
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}  # what a browser says of an empty form too


class VisitError(RuntimeError):
    """Something did not go as it should; says the step and the status, nothing of what was sent."""


class Visitor:
    """One browser. Used as a context manager; a fresh one is signed in nowhere, and a used one signs out
    at its end."""

    def __init__(self, home: str) -> None:
        self._http = httpx2.Client(
            base_url=home,
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # loopback only: no certificate to load
            trust_env=False,
            timeout=TIMEOUT,
            follow_redirects=True,
        )
        self._csrf = ""
        self.session: dict[str, Any] = {}

    def sign_in(self, door: str, identity: str) -> None:
        """Through a provider, as ``identity``, a key of vault/demo/identities.py."""
        self._choose(self._http.get(door), identity)

    def join(self, link: str, identity: str) -> None:
        """Use an invitation, then sign in through ProConnect."""
        self._choose(self._http.post(link, headers=_FORM), identity)

    def _choose(self, page: httpx2.Response, identity: str) -> None:
        if page.status_code != 200 or f'value="{identity}"' not in page.text:
            raise VisitError(f"the provider does not know {identity} ({page.status_code})")
        home = self._http.post(str(page.url), data={"identity": identity})
        if home.status_code != 200:
            raise VisitError(f"{identity} was not let in ({home.status_code}: {_title(home)})")
        self.session = self.get("/session")
        self._csrf = self.session["csrf_token"]

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """What the API answers, which must be 200."""
        return self._checked("GET", path, self._http.get(API + path, params=query), {200})

    def status_of(self, path: str, **query: str) -> int:
        """The status alone, whatever it is."""
        return int(self._http.get(API + path, params=query).status_code)

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._checked("PUT", path, self._http.put(API + path, json=body, headers=self._proof()), {200})

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._http.post(API + path, json=body, headers=self._proof())
        return self._checked("POST", path, answer, {200, 201, 202})

    def look(self, path: str) -> str:
        """The text of a page, which must be there."""
        page = self._http.get(path)
        if page.status_code != 200:
            raise VisitError(f"GET {path}: {page.status_code}")
        return html.unescape(page.text)

    def press(self, path: str, **fields: str) -> str:
        """Send a page's form, as its button does; what comes must be a page, whose text is given."""
        answer = self._http.post(path, data={**fields, "csrf_token": self._csrf})
        if answer.status_code != 200:
            raise VisitError(f"POST {path}: {answer.status_code}")
        return html.unescape(answer.text)

    def _proof(self) -> dict[str, str]:
        return {"X-CSRF-Token": self._csrf}

    def _checked(self, method: str, path: str, answer: httpx2.Response, expected: set[int]) -> dict[str, Any]:
        if answer.status_code not in expected:
            raise VisitError(f"{method} {path}: {answer.status_code}")
        document: dict[str, Any] = answer.json()
        return document

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._csrf:
                self.press("/deconnexion")
        finally:
            self._http.close()


def _title(page: httpx2.Response) -> str:
    found = re.search(r"<title>([^<]*)</title>", page.text)
    return html.unescape(found[1]).strip() if found else "no title"
