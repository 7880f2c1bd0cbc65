"""Nothing of a machine, a registry, a real person or a reserved design reaches the repository.

The forbidden words are put together here from halves, so that this file may be read like any other.
"""

import re

import pytest

from tests.rules.tracked import relative, text_of, tracked_files

FORBIDDEN = {
    "a registry's host": r"py" + r"pi\.org|python" + r"hosted|npm" + r"js\.(org|com)|deb\.debian" + r"\.org",
    "a path of one machine": r"/wor" + r"k/|/far" + r"m/|/ro" + r"ot/|/home" + r"/\w+/|/tmp" + r"/h/",
    "what only its author has": r"\.\./sha" + r"red|shared/(facts|design|contract|style|look|keys-and-log)",
}
# A French social security number: sex, year, month, département, commune, order, then perhaps a key.
NIR = re.compile(
    r"(?<![0-9A-Za-z])[12] ?\d\d ?(0[1-9]|1[0-2]) ?(\d\d|2[AB]) ?\d{3} ?\d{3}( ?\d\d)?(?![0-9A-Za-z])"
)
RESERVED = re.compile(
    "ds" + "fr|mari" + "anne|fr-" + r"(btn|connect|header|footer)|#000" + "091", re.IGNORECASE
)
PAGES = {".html", ".css", ".svg", ".js", ".ico", ".png", ".woff", ".woff2", ".ttf", ".jinja"}
MACHINE_MADE = {".lock"}


def found(pattern: str | re.Pattern[str], *, inside: set[str] | None = None) -> list[str]:
    """``path:line`` of each match in tracked text files (only those with a suffix of ``inside``)."""
    return [
        f"{relative(path)}:{number}"
        for path in tracked_files()
        if path.suffix not in MACHINE_MADE and (inside is None or path.suffix in inside)
        for number, line in enumerate((text_of(path) or "").split("\n"), start=1)
        if re.search(pattern, line)
    ]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    assert found(FORBIDDEN[what]) == []


def test_no_file_holds_a_number_that_could_be_a_persons() -> None:
    assert found(NIR) == []


def test_no_page_uses_the_design_reserved_to_the_state() -> None:
    assert found(RESERVED, inside=PAGES) == []
    assert [relative(path) for path in tracked_files() if RESERVED.search(path.name)] == []


def test_the_number_pattern_sees_what_it_must_see() -> None:
    year, rest = "2 85", "05 78 006 084"
    assert NIR.search(f"{year} {rest}")
    assert NIR.search(f"{year} {rest} 91".replace(" ", ""))
    assert not NIR.search("123 456 789 00012")  # a SIRET
    assert not NIR.search("1a" + f"{year}{rest}".replace(" ", ""))  # inside a digest


def test_no_file_is_kept_by_mistake() -> None:
    kinds = {".sqlite", ".db", ".pem", ".key", ".env", ".pyc", ".log"}
    assert [relative(path) for path in tracked_files() if path.suffix in kinds] == []
