"""The files of the repository, as a reader of it gets them."""

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BUILT = {
    ".git",
    ".venv",
    ".demo",
    "var",
    "build",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".schemathesis",
    "carnet.egg-info",
}


@cache
def tracked_files() -> tuple[Path, ...]:
    """Absolute paths of what git tracks; without git, of all that is not built."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.split("\0")
        files = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        files = [path for path in ROOT.rglob("*") if not _BUILT & set(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in files if path.is_file()))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str | None:
    """The file's text, or None when it is not UTF-8 text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def direct_dependencies(name: str) -> set[str]:
    """Names in a ``requirements*.in`` file, without extras or included files."""
    lines = (ROOT / name).read_text(encoding="utf-8").split("\n")
    return {re.split(r"[\[=<>;~! ]", line)[0] for line in lines if line and line[0] not in "-#"}
