"""A template or a static file that nothing names is dead: remove it."""

from pathlib import Path

from tests.rules.tracked import ROOT, relative, text_of, tracked_files

FOLDERS = ("vault/web/templates", "vault/web/static", "vault/demo/templates", "exporters/pdf")


def named_nowhere(files: list[Path], readers: list[Path]) -> list[str]:
    """Files whose name is written in no reader but themselves."""
    texts = {path: text_of(path) or "" for path in readers}
    return [
        relative(file)
        for file in files
        if not any(file.name in text for path, text in texts.items() if path != file)
    ]


def test_every_template_and_static_file_is_named_somewhere() -> None:
    files = [path for path in tracked_files() if relative(path).startswith(FOLDERS) and path.suffix != ".py"]
    readers = [
        path
        for path in tracked_files()
        if not relative(path).startswith("tests/") and path.suffix in {".py", ".html", ".css", ".svg"}
    ]
    assert named_nowhere(files, readers) == []


def test_a_file_that_nothing_names_is_seen() -> None:
    alone = ROOT / "vault/web/templates/personne.html"
    assert named_nowhere([alone], [ROOT / "vault/config.py"]) == [relative(alone)]
