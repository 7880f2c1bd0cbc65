"""Rules every page keeps, read from the gallery's HTML and from the files, without a browser."""

import gzip
import re
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from html.parser import HTMLParser
from itertools import pairwise, product
from typing import Any

import pytest

from tests.web.gallery import samples
from vault.web.pages import views
from vault.web.pages.rendering import STATIC, TEMPLATES, render

SAMPLES = samples()
PAGES = {name: render(sample.view, sample.common) for name, sample in SAMPLES.items()}
CSS = (STATIC / "carnet.css").read_text()
HOSTILE = "<script>alert(1)</script>\"'{{ 7*7 }}{% raw %}&"


class Outline(HTMLParser):
    """What the tests ask of a page: its tags with their attributes, its headings, the ids, the names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


OUTLINES = {name: Outline(page) for name, page in PAGES.items()}
every_page = pytest.mark.parametrize("outline", OUTLINES.values(), ids=OUTLINES)


def test_every_view_is_shown_in_the_gallery_and_every_template_is_used() -> None:
    declared = {
        view.template for view in vars(views).values() if isinstance(getattr(view, "template", None), str)
    }
    pages = {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.glob("*/*.html")
        if path.parent.name != "macros"
    }
    assert {sample.view.template for sample in SAMPLES.values()} == declared == pages


# Those of a menu, and those one comes to from outside.
FIRST_PAGES = {
    "office": {"avis", "carnets", "dpo", "held", "team"},
    "person": {"accesses", "account", "downloads", "grants", "home", "requests"},
    "public": {"choose_structure", "closed", "error", "invitation", "signed_out", "welcome"},
}


def test_every_inner_page_leads_back() -> None:
    for folder, first in FIRST_PAGES.items():
        every = {path.stem: path.read_text() for path in (TEMPLATES / folder).glob("*.html")}
        assert {name for name, text in every.items() if "{% block trail %}" not in text} == first


def test_every_macro_file_is_used() -> None:
    sources = "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    for path in TEMPLATES.glob("macros/*.html"):
        assert f'"macros/{path.name}"' in sources


@every_page
def test_the_language_is_french_and_there_is_one_first_heading(outline: Outline) -> None:
    assert [one["lang"] for one in outline.all("html")] == ["fr"]
    assert len(outline.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


@every_page
def test_nothing_needs_a_script_or_an_inline_style(outline: Outline) -> None:
    assert not outline.all("script")
    assert not outline.all("style")
    for _, attributes in outline.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]


@every_page
def test_nothing_is_fetched_from_elsewhere(outline: Outline) -> None:
    fetched = [one.get("src") or "" for one in outline.all("img")] + [
        one.get("href") or "" for one in outline.all("link")
    ]
    assert all(address.startswith("/") and not address.startswith("//") for address in fetched)


@every_page
def test_ids_are_unique_and_what_is_pointed_at_exists(outline: Outline) -> None:
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in outline.tags:
        pointed = " ".join(
            attributes.get(name) or "" for name in ("aria-describedby", "aria-labelledby", "for")
        )
        assert set(pointed.split()) <= set(ids)
        target = attributes.get("href") or ""
        assert not target.startswith("#") or target[1:] in ids


@every_page
def test_every_form_that_changes_something_carries_the_token_of_the_session(outline: Outline) -> None:
    posts = [one for one in outline.all("form") if one.get("method") == "post"]
    signed_in = [one for one in posts if one.get("action") == "/deconnexion"]
    tokens = [one for one in outline.all("input") if one.get("name") == "csrf_token"]
    assert not signed_in or len(tokens) == len(posts)


@every_page
def test_no_link_saves_unseen_what_may_be_a_page_that_asks_who_she_is(outline: Outline) -> None:
    assert not any("download" in one for one in outline.all("a"))  # a file says by itself that it is one


@every_page
def test_the_foot_says_that_accessibility_is_not_compliant(outline: Outline) -> None:
    links = [one.get("href") for one in outline.all("a")]
    for address in (
        "/accessibilite",
        "/plan-du-site",
        "/mentions-legales",
        "/donnees-personnelles",
        "/aide",
        "/contact",
    ):
        assert address in links


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_words_are_typeset_and_say_the_state_of_accessibility(page: str) -> None:
    assert "Accessibilité\u00a0: non conforme" in page
    assert not re.search(r"[a-zà-ÿ]'[a-zà-ÿ]", page)
    assert not re.search(r"[a-zà-ÿ] [?!;:»]", page)


@pytest.mark.parametrize("name", SAMPLES)
def test_markup_in_any_text_of_a_view_stays_text(name: str) -> None:
    sample = SAMPLES[name]
    page = render(poisoned(sample.view), sample.common)
    assert "<script" not in page


def poisoned(value: Any) -> Any:
    """The same view with hostile text wherever a person's words may stand."""
    if isinstance(value, Enum) or not (is_dataclass(value) or isinstance(value, str | tuple)):
        return value
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, tuple):
        return tuple(poisoned(one) for one in value)
    keep = {"theme_id", "part_id", "why" if isinstance(value, views.SignInRefusedView) else ""}
    changed = {f.name: poisoned(getattr(value, f.name)) for f in fields(value) if f.name not in keep}
    return replace(value, **changed)


def test_the_whole_sheet_stays_under_15_kilobytes_zipped() -> None:
    assert len(gzip.compress(CSS.encode(), mtime=0)) <= 15_000


def test_the_sheet_uses_logical_properties_only() -> None:
    sides = "left|right|top|bottom"
    assert not re.search(rf"(?<![-\w])(?:margin|padding|border)-(?:{sides})", CSS)
    assert not re.search(rf"(?<![-\w])(?:{sides})\s*:|(?:text-align|float):\s*(?:{sides})", CSS)


def test_every_property_used_is_defined() -> None:
    assert set(re.findall(r"var\((--[\w-]+)", CSS)) <= set(re.findall(r"(--[\w-]+):", CSS))


def colours(dark: bool) -> dict[str, str]:
    light, _, after = CSS.partition("prefers-color-scheme: dark")
    return dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6})", after.partition("/* Ground")[0] if dark else light))


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_contrasts_at_least_seven_to_one_and_shapes_three(dark: bool) -> None:
    named = colours(dark)
    grounds = ("--paper", "--surface", "--accent-soft", "--warm-soft", "--stop-soft")
    for text, ground in product(("--ink", "--quiet"), grounds):
        assert contrast(named[text], named[ground]) >= 7, (text, ground)
    for text, ground in product(("--accent", "--warm", "--stop"), ("--paper", "--surface")):
        assert contrast(named[text], named[ground]) >= 7, (text, ground)
    assert contrast(named["--on-accent"], named["--accent"]) >= 7
    for ground in grounds:
        assert contrast(named["--edge"], named[ground]) >= 3, ground
