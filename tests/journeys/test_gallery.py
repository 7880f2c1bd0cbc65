"""Every page of the gallery in a real browser: what axe sees, the keyboard, narrow screens, no script.

axe sees a part of accessibility only: an empty report is no claim of conformity.
"""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.gallery import gallery_server, samples

playwright_api = pytest.importorskip(
    "playwright.sync_api", reason="sans Playwright : essais de navigateur sautés"
)
Axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="sans axe").Axe

CHROMIUM = shutil.which("chromium")
TAGS = ["RGAAv4", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NAMES = tuple(samples())
ONE_EACH = tuple({sample.view.template: name for name, sample in samples().items()}.values())
RICH = (
    "mon-carnet",
    "theme-fautes",
    "partager-quoi",
    "partager-verifier",
    "mes-partages",
    "qui-a-vu",
    "dpo-acces",
)
SKIP = "Aller au contenu"
NARROWEST = 320  # 1280 px at 400 %, WCAG 2.2, 1.4.10

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="sans chromium : essais de navigateur sautés"),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with gallery_server() as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def phone(browser: Any) -> Iterator[Any]:
    """A page on a small phone that keeps what the console said in `said`."""
    page = browser.new_context(locale="fr-FR", viewport={"width": 360, "height": 740}).new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    yield page
    page.context.close()


def violations(page: Any) -> list[str]:
    report = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in report["violations"]]


def sideways(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def test_a_faulty_page_is_found_so_that_an_empty_report_means_something(phone: Any) -> None:
    phone.set_content(
        "<html><title>x</title><img src='/x'><input><p style='color:#ccc;background:#fff'>pâle</p>"
    )
    found = {one.partition(":")[0] for one in violations(phone)}
    assert {"html-has-lang", "image-alt", "label", "color-contrast"} <= found


@pytest.mark.parametrize("name", dict.fromkeys((*ONE_EACH, *RICH)))
def test_a_page_holds_on_a_phone_and_axe_finds_nothing(name: str, phone: Any, address: str) -> None:
    phone.said.clear()
    phone.goto(f"{address}/{name}")
    assert not sideways(phone)
    assert violations(phone) == []
    assert phone.said == []


@pytest.mark.parametrize("name", RICH)
def test_a_page_in_the_dark_has_nothing_for_axe_either(name: str, browser: Any, address: str) -> None:
    page = browser.new_context(color_scheme="dark", viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{address}/{name}")
    assert violations(page) == []
    page.context.close()


def test_no_page_scrolls_sideways_at_four_times_its_size(browser: Any, address: str) -> None:
    page = browser.new_context(viewport={"width": NARROWEST, "height": 256}).new_page()
    wide = []
    for name in NAMES:
        page.goto(f"{address}/{name}")
        wide += [name] if sideways(page) else []
    page.context.close()
    assert wide == []


TARGETS = """() => {
  const touched = "a[href], button, summary, select, label.choice, textarea, [type=text], [type=search]";
  const apart = ".menu li, .foot li, .index li";
  const inSentence = e => e.matches("a") && getComputedStyle(e).display === "inline" && !e.closest(apart);
  return [...document.querySelectorAll(touched)]
    .filter(e => e.checkVisibility() && !e.closest(".skip, .unseen") && !inSentence(e))
    .map(e => [Math.round(e.getBoundingClientRect().height), e.outerHTML.slice(0, 80)])
    .filter(([height]) => height < 44);
}"""


@pytest.mark.parametrize("name", [*RICH, "aide", "plan-du-site", "demander", "un-recu"])
def test_what_one_touches_is_44_pixels_high_but_links_inside_a_sentence(
    name: str, phone: Any, address: str
) -> None:
    phone.goto(f"{address}/{name}")
    assert phone.evaluate(TARGETS) == []


FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  return {tag: e.tagName, text: e.innerText,
          width: parseFloat(style.outlineWidth) || 0, line: style.outlineStyle,
          seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight};
}"""
STOPS = """() => {
  const all = "a[href], button, summary, select, textarea, input:not([type=hidden]), [tabindex='0']";
  const shown = e => {  // what a closed line holds is reached once it is open
    const line = e.tagName === "SUMMARY" ? e.parentElement.parentElement : e;
    return !line.closest("details:not([open])");
  };
  const found = [...document.querySelectorAll(all)].filter(e => e.tabIndex >= 0 && shown(e));
  const radios = found.filter(e => e.type === "radio");
  return found.length - radios.length + new Set(radios.map(e => e.name)).size;
}"""


@pytest.mark.parametrize("name", RICH)
def test_the_keyboard_reaches_everything_and_one_sees_where_it_is(
    name: str, phone: Any, address: str
) -> None:
    phone.goto(f"{address}/{name}")
    phone.keyboard.press("Tab")
    focused, stops = phone.evaluate(FOCUSED), 0
    assert focused["text"] == SKIP
    while focused["tag"] != "BODY" and (stops == 0 or focused["text"] != SKIP):  # the browser may go round
        assert focused["width"] >= 3, focused
        assert focused["line"] == "solid", focused
        assert focused["seen"], focused
        stops += 1
        phone.keyboard.press("Tab")
        focused = phone.evaluate(FOCUSED)
    assert stops == phone.evaluate(STOPS)


def test_the_skip_link_leads_to_the_content(phone: Any, address: str) -> None:
    phone.goto(f"{address}/mon-carnet")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    assert phone.evaluate("document.activeElement.id") == "contenu"


def test_an_error_of_the_summary_leads_to_its_field(phone: Any, address: str) -> None:
    phone.goto(f"{address}/theme-fautes")
    links = phone.locator(".fault a")
    assert links.count() == 3
    for link in links.all():
        target = phone.locator(link.get_attribute("href"))
        assert target.count() == 1
        assert target.evaluate("e => e.matches('input, select, textarea')")


def test_everything_is_there_without_scripts(browser: Any, address: str) -> None:
    page = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740}).new_page()
    page.goto(f"{address}/partager-quoi")
    assert page.locator("input[type=checkbox]").count() == 5
    assert page.get_by_role("button", name="Continuer").is_visible()
    page.goto(f"{address}/mon-carnet")
    readers = page.get_by_text("CCAS de Brest et Mission locale du Pays de Brest.").first
    assert not readers.is_visible()
    closed = readers.locator("xpath=ancestor::details[not(@open)]")
    while closed.count():  # the theme, then who reads
        closed.first.locator("> summary").click()
    assert readers.is_visible()
    page.context.close()


def test_enter_in_the_share_form_goes_on_and_applies_no_preset(phone: Any, address: str) -> None:
    phone.goto(f"{address}/partager-quoi")
    first = phone.evaluate("document.querySelector('main form button').getAttribute('formaction')")
    assert first is None
