"""Which module may import which, read from the source with ``ast``.

``faults(root)`` lists every wrong arrow under ``root`` as a sentence. Imports inside functions and under
TYPE_CHECKING count like any other: an arrow is an arrow.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("schemas", "consent", "exporters", "vault")
LANGUAGE = {"schemas", "consent", "exporters"}
ROOMS = {"vault.carnet", "vault.identity", "vault.audit", "vault.crypto"}
GROUND = {"vault.errors", "vault.config"}
EDGE = LANGUAGE | ROOMS - {"vault.crypto"} | GROUND | {"vault.services"}
EDGES = {"vault.storage", "vault.web", "vault.jobs"}

MAY_IMPORT: dict[str, set[str]] = {
    "schemas": {"schemas"},
    "consent": {"schemas", "consent"},
    "exporters": LANGUAGE,
    "vault.errors": set(),
    "vault.config": {"schemas", "vault.errors", "vault.config"},
    "vault.services": LANGUAGE | ROOMS | GROUND | {"vault.services"},
    "vault.bootstrap": LANGUAGE | ROOMS | GROUND | EDGES | {"vault.services", "vault.bootstrap"},
    "vault.cli": EDGE | {"vault.cli", "vault.bootstrap"},
    "vault.demo": EDGE | {"vault.demo", "vault.bootstrap"},
    **{room: LANGUAGE | {room, "vault.errors"} for room in ROOMS},
    **{edge: EDGE | {edge} for edge in EDGES},
}
# Files of vault/ that share a subject, hence a place.
SAME_PLACE = {"vault.instance": "vault.config", "vault.settings_read": "vault.config"}
# The sign-in provider for demonstrations is a program of its own: one command may start it.
EXTRA = {"vault.cli.demo": {"vault.demo"}}

# One library, one door: past it, the library's types and errors have become ours.
DOORS: dict[str, tuple[str, ...]] = {
    "alembic": ("vault.storage",),
    "psycopg": ("vault.storage",),
    "sqlalchemy": ("vault.storage",),
    "sqlite3": ("vault.storage",),
    "smtplib": ("vault.jobs.mail",),
    "cryptography": ("vault.crypto",),
    "fastapi": ("vault.web", "vault.demo"),
    "starlette": ("vault.web", "vault.demo"),
    "anyio": ("vault.web",),  # comes with starlette, whose threads it counts
    "python_multipart": ("vault.web",),
    "authlib": ("vault.web.login",),
    "httpcore2": ("vault.web.login",),  # the layer under httpx2: only it can bound a whole exchange
    "httpx2": ("vault.web.login", "vault.web.api.client_keys", "vault.demo"),
    "joserfc": ("vault.web.login", "vault.web.api", "vault.demo"),
    "segno": ("exporters",),
    "jinja2": ("vault.web", "vault.demo", "exporters"),
    "markupsafe": ("vault.web", "vault.demo", "exporters"),
    "weasyprint": ("exporters.to_pdf",),
    "pikepdf": ("exporters.to_pdf",),
    "jsonschema": ("schemas",),
    "rfc8785": ("schemas",),
    "uvicorn": ("vault.cli", "vault.demo", "vault.bootstrap"),
    "uvloop": ("vault.cli", "vault.demo", "vault.bootstrap"),
}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "tools"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
CLOCKS |= {("time", "time"), ("time", "time_ns")}
CLOCKLESS = LANGUAGE | ROOMS


def faults(root: Path) -> list[str]:
    """Every broken rule under ``root``, sorted; empty when the tree is sound."""
    modules = {_name(path, root): path for package in PACKAGES for path in (root / package).rglob("*.py")}
    found: set[str] = set()
    for module, path in modules.items():
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        found.update(_name_faults(module))
        is_package = path.name == "__init__.py"
        for imported in _imports(tree, module if is_package else module.rpartition(".")[0], set(modules)):
            found.update(_arrow_faults(module, imported))
        if place_of(module) in CLOCKLESS and _reads_a_clock(tree):
            found.add(f"{module} reads a clock: time comes in as an argument")
    return sorted(found)


def place_of(module: str) -> str | None:
    """The room, edge or package a module belongs to; None when it has none."""
    parts = module.split(".")
    if parts[0] != "vault":
        return parts[0] if parts[0] in LANGUAGE else None
    place = ".".join(parts[:2])
    place = SAME_PLACE.get(place, place)
    return place if place in MAY_IMPORT else None


def _name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _name_faults(module: str) -> Iterator[str]:
    if place_of(module) is None and module != "vault":
        yield f"{module} has no place: add it to a room, or give it one in tests/rules/arrows.py"
    for part in set(module.split(".")) & VAGUE_NAMES:
        yield f"{module}: a module is named after its subject, not {part}"


def _imports(tree: ast.Module, package: str, modules: set[str]) -> Iterator[str]:
    """Absolute names of what is imported; for ``from a import b``, ``a.b`` when that is a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                base = package.split(".")
                kept = base[: len(base) - node.level + 1]
                source = ".".join([*kept, *([node.module] if node.module else [])])
            inner = [f"{source}.{alias.name}" for alias in node.names]
            submodules = [name for name in inner if name in modules or place_of(name) == name]
            yield from submodules
            if len(submodules) < len(inner):
                yield source
        elif isinstance(node, ast.Call) and node.args and _called(node) in {"import_module", "__import__"}:
            target = node.args[0]
            yield str(target.value) if isinstance(target, ast.Constant) else "a computed name"


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _arrow_faults(module: str, imported: str) -> Iterator[str]:
    library = imported.partition(".")[0]
    if library in PACKAGES:
        if imported in PACKAGES and imported == module.partition(".")[0]:
            return
        place = place_of(module)
        allowed = MAY_IMPORT.get(place or "", set()) | EXTRA.get(module, set())
        if place_of(imported) not in allowed:
            yield f"{module} may not import {imported}"
    elif library in DOORS:
        if not any(module == door or module.startswith(f"{door}.") for door in DOORS[library]):
            doors = " or ".join(DOORS[library])
            yield f"{module} may not import {imported}: the door of {library} is {doors}"
    elif library not in sys.stdlib_module_names:
        yield f"{module} imports {imported}, which has no door"


def _reads_a_clock(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name | ast.Attribute)
        and (_last_name(node.value), node.attr) in CLOCKS
        for node in ast.walk(tree)
    )


def _last_name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr
