"""A browser, the whole program served, and what every page must keep: no fault that axe sees, no sideways
scroll on a small phone, a silent console, no script."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.running import Running, running

CHROMIUM = "/usr/bin/chromium"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
TAGS = ["RGAAv4", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass
class Walker:
    """Somebody with a browser of their own."""

    url: str
    page: Any
    said: list[str] = field(default_factory=list)  # by the console
    checked: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.url + path)
        self.check()

    def press(self, name: str, *, within: str = "main") -> None:
        """Press a button or follow a link by its words, then check where it leads."""
        self.follow(name, within=within)
        self.check()

    def follow(self, name: str, *, within: str = "main") -> None:
        """The same, on the way to what is looked at: the page is checked elsewhere."""
        found = self.page.locator(within).get_by_role("button", name=name)
        found = found if found.count() else self.page.locator(within).get_by_role("link", name=name)
        found.first.click()

    @contextmanager
    def expecting(self, status: int) -> Iterator[None]:
        """What is done inside leads to a page of this status. Chromium says so in its console, at its own
        time: what it says must not be taken for a fault of the next page."""
        with self.page.expect_console_message(lambda message: str(status) in message.text) as said:
            yield
        self.said.remove(said.value.text)

    def choose_at_provider(self, key: str) -> None:
        self.page.locator(f"button[value={key}]").click()
        self.check()

    def sees(self, *words: str) -> None:
        told = self.text
        for one in words:
            assert one in told, f"{one!r} is not on {self.page.url}: {told}"

    @property
    def text(self) -> str:
        told = self.page.locator("main").inner_text()
        return " ".join(told.replace("\u00a0", " ").replace("\u202f", " ").split())

    def check(self) -> None:
        """What must hold on each of our pages."""
        if not self.page.url.startswith(self.url):
            return  # the provider's own
        from axe_playwright_python.sync_playwright import Axe

        report = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": TAGS}}).response
        assert [(one["id"], one["nodes"][0]["html"]) for one in report["violations"]] == [], self.page.url
        width = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1], f"{self.page.url} scrolls sideways"
        assert self.page.locator("script").count() == 0
        assert self.page.locator("h1").count() == 1
        assert self.said == [], self.page.url
        self.checked.append(self.page.url)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    if not Path(CHROMIUM).exists() or shutil.which("chromium") is None:
        pytest.skip("sans Chromium : apt-get install chromium libatomic1")
    with running(tmp_path_factory.mktemp("served")) as instance:
        yield instance


@pytest.fixture(scope="session")
def association(served: Running) -> str:
    """A structure anybody may share with: « Association du Port »."""
    return served.structure("Association du Port", "association")


@pytest.fixture(scope="session")
def chromium(served: Running) -> Iterator[Any]:
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM)
            yield browser
            browser.close()
    except (Error, OSError) as reason:
        pytest.skip(f"Chromium ne démarre pas ici : {type(reason).__name__}")


@pytest.fixture
def walkers(chromium: Any, served: Running) -> Iterator[Any]:
    """``walkers()`` gives somebody a browser; ``desk=True`` a large one, ``script=False`` one without."""
    contexts = []

    def somebody(*, desk: bool = False, script: bool = True) -> Walker:
        context = chromium.new_context(
            viewport=DESK if desk else PHONE, locale="fr-FR", java_script_enabled=script
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        walker = Walker(served.url, context.new_page())
        walker.page.on("console", lambda message: walker.said.append(message.text))
        walker.page.on("pageerror", lambda error: walker.said.append(str(error)))
        return walker

    yield somebody
    for context in contexts:
        context.close()
