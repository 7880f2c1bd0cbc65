"""docs/settings.md and vault/config.py list the same settings, and nothing reads another one."""

import re

from tests.rules.tracked import ROOT, relative, text_of, tracked_files
from vault.config import SETTING_NAMES

WORD = re.compile(r"CARNET_[A-Z0-9_]*[A-Z0-9]")
QUOTED_WORD = re.compile(r"(?<=[\"'`])CARNET_[A-Z0-9_]*[A-Z0-9]")  # in code, an identifier is not a setting
PAGE = ROOT / "docs/settings.md"


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    rows = re.findall(r"^\| `(CARNET_[A-Z0-9_]+)`", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(rows) == sorted(SETTING_NAMES)


def test_no_page_and_no_module_speaks_of_a_setting_that_does_not_exist() -> None:
    prefixes = {"CARNET_FRANCECONNECT", "CARNET_PROCONNECT"}
    strangers = {
        (relative(path), word)
        for path in tracked_files()
        if path.suffix in {".py", ".md", ".html"} and not relative(path).startswith("tests/")
        for word in (QUOTED_WORD if path.suffix == ".py" else WORD).findall(text_of(path) or "")
        if word not in SETTING_NAMES | prefixes
    }
    assert strangers == set()


def test_only_the_configuration_reads_the_environment() -> None:
    """One exception: the command line hands the environment over, and starts children with one."""
    readers = {
        relative(path)
        for package in ("schemas", "consent", "exporters", "vault")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"os\.(environ|getenv)", path.read_text(encoding="utf-8"))
    }
    assert {path for path in readers if not path.startswith(("vault/cli/", "vault/demo/"))} <= {
        "vault/config.py",
        "vault/bootstrap.py",
    }
