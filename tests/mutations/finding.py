"""Every check of a source file, and the file without it: found with ``ast``, so that a new one is tried too.

Taken out, one at a time:
- an ``if`` that refuses (its body raises, or returns) is never entered; each part of its condition goes;
- each part of a condition that a function returns;
- a statement that only calls a ``check_…`` function;
- each word of a list of words (levels, headers, characters), and each limit, which becomes a thousand times
  as long.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOREVER = 1000


@dataclass(frozen=True)
class Mutant:
    """``sources``: what stands in each file instead."""

    name: str
    sources: dict[Path, str]


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of one file, in the order of its lines."""
    tree = ast.parse(path.read_text())
    for index, node in enumerate(ast.walk(tree)):
        for what, number in _ways(node):
            changed = copy.deepcopy(tree)
            _apply(list(ast.walk(changed))[index], what, number)
            ast.fix_missing_locations(changed)
            yield Mutant(
                f"{path.name}:{getattr(node, 'lineno', 0)} {_told(node, what, number)}",
                {path: ast.unparse(changed)},
            )


def _ways(node: ast.AST) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise | ast.Return | ast.Continue):
        yield "never", 0
        if isinstance(node.test, ast.BoolOp):
            yield from (("part", number) for number in range(len(node.test.values)))
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.BoolOp):
        yield from (("returned", number) for number in range(len(node.value.values)))
    elif isinstance(node, ast.Expr) and _checks(node.value):
        yield "uncalled", 0
    elif isinstance(node, ast.Assign | ast.AnnAssign) and _is_limit(node):
        yield "limit", 0
    elif (
        isinstance(node, ast.Set | ast.List | ast.Tuple)
        and len(node.elts) > 1
        and all(map(_is_word, node.elts))
    ):
        yield from (("word", number) for number in range(len(node.elts)))


def _checks(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and "check" in value.func.id


def _is_word(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_limit(node: ast.Assign | ast.AnnAssign) -> bool:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    named = isinstance(target, ast.Name) and target.id.lstrip("_").isupper()
    return named and bool(list(_numbers(node)))


def _numbers(node: ast.AST) -> Iterator[ast.Constant]:
    for inner in ast.walk(node):
        if (
            isinstance(inner, ast.Constant)
            and isinstance(inner.value, int | float)
            and not isinstance(inner.value, bool)
        ):
            yield inner


def _apply(node: ast.AST, what: str, number: int) -> None:
    if isinstance(node, ast.If) and what == "never":
        node.test = ast.Constant(False)
    elif isinstance(node, ast.If) and isinstance(node.test, ast.BoolOp):
        del node.test.values[number]
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.BoolOp):
        del node.value.values[number]
    elif isinstance(node, ast.Expr):
        node.value = ast.Constant(None)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        for constant in _numbers(node):
            constant.value *= FOREVER  # type: ignore[operator]  # a number, by ``_numbers``
    elif isinstance(node, ast.Set | ast.List | ast.Tuple):
        del node.elts[number]


def _told(node: ast.AST, what: str, number: int) -> str:
    if isinstance(node, ast.If) and what == "never":
        return f"never: if {ast.unparse(node.test)}"
    if isinstance(node, ast.If) and isinstance(node.test, ast.BoolOp):
        return f"without: {ast.unparse(node.test.values[number])}"
    if isinstance(node, ast.Return) and isinstance(node.value, ast.BoolOp):
        return f"returned without: {ast.unparse(node.value.values[number])}"
    if isinstance(node, ast.Set | ast.List | ast.Tuple):
        return f"without the word {ast.unparse(node.elts[number])}"
    return f"{what}: {ast.unparse(node).splitlines()[0]}"
