"""A file above 400 lines, or a function above 60, has a second subject: find it and give it a name."""

import ast
from pathlib import Path

from tests.rules.tracked import relative, tracked_files

LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def program_files() -> list[Path]:
    return [
        path
        for path in tracked_files()
        if path.suffix == ".py" and not relative(path).startswith("tests/") and "versions" not in path.parts
    ]


def test_no_file_is_longer_than_one_subject() -> None:
    lengths = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in program_files()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_one_thought() -> None:
    long = [
        f"{relative(path)}:{node.lineno} {node.name}"
        for path in program_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []
