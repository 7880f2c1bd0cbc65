"""Lock files name packages, versions and digests, never a machine to fetch them from."""

import re
from pathlib import Path

import pytest

from tests.rules.tracked import ROOT, direct_dependencies

LISTS = sorted(ROOT.glob("requirements*.in")) + sorted(ROOT.glob("requirements*.lock"))
FORBIDDEN = ["://", "--index-url", "--extra-index-url", "--find-links", "--trusted-host"]


def locked(name: str) -> dict[str, str]:
    """Package → version, as a lock file pins them."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_a_list_names_no_place(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [word for word in FORBIDDEN if word in text] == []


@pytest.mark.parametrize("kind", ["requirements", "requirements-test"])
def test_every_direct_dependency_is_locked(kind: str) -> None:
    assert direct_dependencies(f"{kind}.in") <= set(locked(f"{kind}.lock"))


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_every_locked_package_has_a_digest(name: str) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / name).read_text(encoding="utf-8").strip())
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_tests_run_on_the_versions_that_are_served() -> None:
    tested = locked("requirements-test.lock")
    assert {name: tested.get(name) for name in locked("requirements.lock")} == locked("requirements.lock")
    assert len(tested) > len(locked("requirements.lock")) > 10


def test_no_other_kind_of_lock_file_is_kept() -> None:
    assert [name for name in ("uv.lock", "pylock.toml", "poetry.lock") if (ROOT / name).exists()] == []


def test_every_direct_dependency_has_its_reason() -> None:
    reasons = (ROOT / "docs/decisions/dependencies.md").read_text(encoding="utf-8")
    given = set(re.findall(r"^\| `([^`]+)`", reasons, flags=re.MULTILINE))
    assert given == direct_dependencies("requirements.in") | direct_dependencies("requirements-test.in")
