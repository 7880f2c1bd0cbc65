"""The running application and a provider that misbehaves, both over real HTTP, for attacks on the sign-in.

After each attack ``Stage.opened_nothing`` asserts what every refusal owes: no session, a neutral page in
plain French with a way forward, one line of the security log without anything that was sent, and everybody
else as well as before.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import uvicorn
from _pytest.logging import LogCaptureFixture
from sqlalchemy import create_engine, text

from schemas.names import Role, StructureKind
from tests.journeys.running import SECRET, free_port, plain_clients
from tests.provider_process import CLIENT_ID, ProviderHandle, plain_http, start_provider, walk_to_callback
from tests.web.plain_browser import Browser, Page
from tests.web.site import Site, site_over
from tests.world import MovingClock, World
from vault.demo.identities import AGENTS, PEOPLE
from vault.services.administering import invite
from vault.web.login.doors import Doors

FC, PC = "/connexion/franceconnect", "/connexion/proconnect"
CLOSED = ("/mon-carnet", "/mes-partages", "/qui-a-vu", "/carnets", "/dpo", "/choisir-structure")
# What a page for everybody never says: words of the trade, of a breakage, or of a template.
TRADE = (
    "token",
    "nonce",
    "jwt",
    "oauth",
    "openid",
    "callback",
    "traceback",
    "exception",
    "error",
    "{{",
    "None",
)
STEP_SECONDS = 1.5


class Visitor:
    """One person with one browser, which keeps our cookie; the provider knows her by another one."""

    def __init__(self, stage: "Stage") -> None:
        self.stage = stage
        self.http = stage.stack.enter_context(plain_http())
        self.http.base_url = stage.url
        self.browser = Browser(self.http)  # type: ignore[arg-type]
        self.provider = stage.stack.enter_context(plain_http())

    def leave(self, door: str = FC) -> str:
        """Where our page sends the browser."""
        answer = self.http.get(door)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def walk(self, authorize: str, choice: str) -> str:
        """The callback's path and query, not yet asked."""
        back = walk_to_callback(self.provider, authorize, choice)
        assert back.startswith(self.stage.url + "/")
        return back.removeprefix(self.stage.url)

    def answer_of(self, choice: str, door: str = FC) -> str:
        """A true answer of the provider, awaited by this browser and not yet brought back."""
        return self.walk(self.leave(door), choice)

    def sign_in(self, choice: str, door: str = FC) -> Page:
        return self.browser.get(self.answer_of(choice, door))

    @property
    def cookie(self) -> str | None:
        return self.http.cookies.get("carnet")

    def plant(self, cookie: str) -> None:
        """As an attacker would who can write a cookie into this browser."""
        self.http.cookies.clear()
        self.http.cookies.set("carnet", cookie, domain="127.0.0.1")

    def is_in(self) -> bool:
        """Whether this browser's cookie opens anything at all."""
        pages = [self.http.get(path) for path in CLOSED]
        open_pages = [one for one in pages if not self._sent_away(one)]
        return bool(open_pages) or self.http.get("/api/v1/session").status_code != 401

    @staticmethod
    def _sent_away(answer: Any) -> bool:
        return answer.status_code == 303 and answer.headers["location"].startswith("/connexion")


@dataclass
class Seen:
    """What happened on the side while an attack went on."""

    sessions: int
    lines: list[str] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)


@dataclass
class Stage:
    url: str
    site: Site
    provider: ProviderHandle
    clock: MovingClock
    caplog: LogCaptureFixture = field(init=False)
    stack: ExitStack = field(default_factory=ExitStack)

    def visitor(self) -> Visitor:
        return Visitor(self)

    # --- the provider ---

    def order(self, **what: Any) -> None:
        with plain_http() as http:
            http.put(f"http://127.0.0.1:{self.provider.port}/misbehave", json=what).raise_for_status()

    @contextmanager
    def misbehaving(self, mode: str | None) -> Iterator[None]:
        self.order(mode=mode)
        try:
            yield
        finally:
            self.order(mode=None)

    def asked(self) -> dict[str, int]:
        """How often the provider was asked at each of its addresses."""
        with plain_http() as http:
            told: dict[str, int] = http.get(f"http://127.0.0.1:{self.provider.port}/misbehave").json()
        return told

    @contextmanager
    def doors(self, *, step_seconds: float = STEP_SECONDS) -> Iterator[None]:
        """Doors that remember nothing of their providers, for a while."""
        kept = self.site.app.state.doors
        self.site.app.state.doors = made = Doors(self.site.world.app.settings, step_seconds=step_seconds)
        yield
        self.site.app.state.doors = kept
        made.close()

    @contextmanager
    def later(self, **told: float) -> Iterator[None]:
        """The application's clock ahead of the provider's, for a while in which nothing is appended."""
        now = self.clock()
        self.clock.forward(**told)
        yield
        self.clock.go_on_from(now)

    # --- our side ---

    def sessions(self) -> int:
        """How many sessions there are in the store."""
        engine = create_engine(self.site.world.environ["CARNET_KEYSTORE_URL"])
        with engine.connect() as connection:
            count: int = connection.execute(text("select count(*) from sessions")).scalar_one()
        engine.dispose()
        return count

    def invitation(self, role: Role = Role.REFERENT, email: str = "x@exemple.invalid") -> str:
        structure = self.site.world.structure("Une structure", StructureKind.CCAS)
        return invite(self.site.world.parts, structure_id=structure, email=email, role=role).secret

    def invited(self, choice: str) -> Visitor:
        """A professional who has just used an invitation."""
        visitor, secret = self.visitor(), self.invitation()
        form = visitor.browser.get(f"/invitation/{secret}").form(f"/invitation/{secret}")
        answer = visitor.http.post(form.action, data=form.filled({}))
        page = visitor.browser.get(visitor.walk(answer.headers["location"], choice))
        assert page.status == 200, page.text
        return visitor

    @contextmanager
    def watching(self) -> Iterator[Seen]:
        """What the attack inside leaves behind."""
        seen, before = Seen(self.sessions()), self.asked()
        self.caplog.clear()
        yield seen
        seen.lines = [one.getMessage() for one in self.caplog.records if one.name == "carnet.security"]
        seen.sessions = self.sessions() - seen.sessions
        after = self.asked()
        seen.asked = {name: count - before.get(name, 0) for name, count in after.items()}

    # --- what every refusal owes ---

    def opened_nothing(
        self, victim: Visitor, page: Page, seen: Seen, told: str, *secrets: str, still_in: bool = False
    ) -> None:
        """``told`` begins what the line says after its first words; ``secrets`` is what must not be in it.
        ``still_in``: the browser had a session of its own before, which the attack leaves alone."""
        assert seen.sessions == 0, "no session"
        assert victim.is_in() is still_in
        neutral(page, *secrets)
        (line,) = seen.lines
        assert line.startswith(f"sign-in refused: {told}"), line
        hidden = [
            *secrets,
            *dict(parse_qsl(urlsplit(page.address).query)).values(),
            *_names(),
            "eyJ",
            "127.0.0.1",
        ]
        assert not [word for word in hidden if len(word) > 2 and word in line], line
        self.others_are_as_well_as_before()

    def others_are_as_well_as_before(self) -> None:
        other = self.visitor()
        page = other.sign_in("gerard")
        assert (page.status, page.address) == (200, "/mon-carnet")
        assert other.is_in()


def neutral(page: Page, *secrets: str) -> None:
    """In French, without blame or words of the trade, without what was sent, and with a way forward."""
    assert page.status in (200, 400, 403, 503), page.status
    assert '<html lang="fr"' in page.html
    assert page.text
    assert not [word for word in TRADE if word.lower() in page.text.lower()], page.text
    assert any(path.startswith("/connexion") for path in page.links.values()), page.links
    shown = [*secrets, *dict(parse_qsl(urlsplit(page.address).query)).values()]
    assert not [word for word in shown if len(word) > 2 and word in page.html]
    assert "eyJ" not in page.html
    assert "no-store" in page.headers["cache-control"]


def _names() -> list[str]:
    names = [one.family_name for one in PEOPLE] + [one.usual_name for one in AGENTS]
    return names + [one.email for one in (*PEOPLE, *AGENTS)]


def with_query(back: str, *dropped: str, **changed: str) -> str:
    """The callback with other members in its query."""
    parts = urlsplit(back)
    query = {name: value for name, value in parse_qsl(parts.query) if name not in dropped} | changed
    return f"{parts.path}?{urlencode(query)}"


def member(back: str, name: str) -> str:
    """One member of the callback's query."""
    return dict(parse_qsl(urlsplit(back).query))[name]


@contextmanager
def stage_in(folder: Path, **settings: str) -> Iterator[Stage]:
    """The application behind the real server, in this process; the provider in its own."""
    port = free_port()
    url, clock = f"http://127.0.0.1:{port}", MovingClock()
    with start_provider(plain_clients(url), module="tests.misbehaving_provider") as provider:
        told = {"CARNET_PUBLIC_URL": url, "CARNET_LIMITS": "off", **settings}
        for name, issuer in provider.issuers.items():
            prefix = f"CARNET_{name.upper()}"
            told |= {f"{prefix}_ISSUER": issuer, f"{prefix}_CLIENT_ID": CLIENT_ID}
            told |= {f"{prefix}_CLIENT_SECRET": SECRET}
        stores = f"sqlite:///{folder}/c.sqlite", f"sqlite:///{folder}/k.sqlite"
        world = World.open(*stores, folder, clock=clock, **told)
        with site_over(world) as site, _served(site.app, port):
            site.app.state.doors = Doors(world.app.settings)
            yield Stage(url, site, provider, clock)
            site.app.state.doors.close()
        world.close()


@contextmanager
def _served(app: Any, port: int) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join()
