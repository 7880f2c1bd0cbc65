"""The pages for maintainers speak of what exists: links, paths, packages, tests."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.rules.tracked import ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
ARCHITECTURE, THREATS, LIFE = (
    DOCS / name for name in ("architecture.md", "threat-model.md", "life-of-an-entry.md")
)
DECISIONS = DOCS / "decisions"

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"(?:schemas|consent|exporters|vault|tests|bench|docs)(?:/[\w.-]+)*/?")
TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def headings(page: Path) -> set[str]:
    """The anchors of its titles, as a reader of Markdown makes them."""
    titles = re.findall(r"^#+ +(.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(page: Path) -> Iterator[str]:
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path) if path else page
        if not found.exists() or (anchor and anchor not in headings(found)):
            yield target


def paths_named(page: Path) -> set[str]:
    return {word for word in QUOTED.findall(prose(page)) if PATH.fullmatch(word)}


def exists(word: str) -> bool:
    """A file or folder, or a module named without its ending."""
    return (ROOT / word).exists() or (ROOT / f"{word}.py").is_file()


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert sorted(broken_links(page)) == []


@pytest.mark.parametrize("page", [ARCHITECTURE, LIFE, THREATS, *sorted(DECISIONS.glob("*.md"))], ids=name_of)
def test_every_module_a_page_names_exists(page: Path) -> None:
    assert sorted(word for word in paths_named(page) if not exists(word)) == []


def test_every_test_the_threat_model_names_exists() -> None:
    named = TEST.findall(THREATS.read_text(encoding="utf-8"))
    assert len(named) > 10
    missing = [
        f"{path}::{test}"
        for path, test in named
        if not (ROOT / path).is_file() or test not in functions_of(ROOT / path)
    ]
    assert missing == []


def test_every_promise_has_a_test_that_tries_to_break_it() -> None:
    rows = re.findall(r"^\| (P[1-5]) .*$", THREATS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(rows) == {"P1", "P2", "P3", "P4", "P5"}
    for line in THREATS.read_text(encoding="utf-8").split("\n"):
        if re.match(r"\| P[1-5] ", line):
            assert TEST.search(line), line


def test_every_package_and_every_room_is_described() -> None:
    described = ARCHITECTURE.read_text(encoding="utf-8")
    packages = {f"{path.parent.name}/" for path in ROOT.glob("*/__init__.py")}
    rooms = {f"vault/{path.parent.name}/" for path in (ROOT / "vault").glob("*/__init__.py")}
    assert sorted(one for one in packages | rooms if f"`{one}" not in described) == []


def test_every_decision_is_in_the_index() -> None:
    index = set(LINK.findall((DECISIONS / "README.md").read_text(encoding="utf-8")))
    pages = {page.name for page in DECISIONS.glob("*.md")} - {"README.md"}
    assert sorted(pages - index) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n[a](page.md#one) [b](page.md#two) [c](other.md) [d](https://example.org)\n")
    assert list(broken_links(page)) == ["page.md#two", "other.md"]
