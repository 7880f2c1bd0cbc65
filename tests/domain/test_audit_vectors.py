"""Every frozen vector of the log's formats, and the builder that made them.

The right answers come from a second implementation (tests/vectors/independent_log.py), so an agreement here
is one between two programs. A vector never changes once a version of the program was released: what was
logged must stay verifiable.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.audit_builders import check_signature
from vault import audit
from vault.audit import merkle, tiles

VECTORS = Path(__file__).parent.parent / "vectors"
FOLDERS = ("log", "merkle", "note")
BYTES = {
    "n",
    "tag",
    "about",
    "actor",
    "root",
    "root1",
    "root2",
    "leaf",
    "r",
    "content",
    "bytes",
    "note_bytes",
}
Inputs = dict[str, Any]


def vectors() -> Iterator[Any]:
    for folder in FOLDERS:
        for path in sorted((VECTORS / folder).glob("*.json")):
            yield pytest.param(path, id=f"{folder}/{path.stem}")


def as_bytes(inputs: Inputs) -> Inputs:
    """The inputs with hexadecimal turned into bytes where the name says so."""
    turned = {key: bytes.fromhex(value) if key in BYTES else value for key, value in inputs.items()}
    if "proof" in inputs:
        turned["proof"] = [bytes.fromhex(step) for step in inputs["proof"]]
    return turned


def leaf(i: Inputs) -> bytes:
    return audit.Leaf(**i).encode()


def parse_leaf(i: Inputs) -> Inputs:
    found = audit.Leaf.parse(i["bytes"])
    assert found.encode() == i["bytes"]
    return {name: getattr(found, name) for name in ("t", "op", "out", "m", "n", "tag", "about", "actor")}


def commitment(i: Inputs) -> bytes:
    return audit.commitment(**i)


def content(i: Inputs) -> Inputs:
    kind = audit.AboutContent if i["kind"] == "about" else audit.ActorContent
    found = kind.from_bytes(i["bytes"])
    assert found.to_bytes() == i["bytes"]
    members = {name: getattr(found, name) for name in found._names}
    return {name: list(v) if type(v) is tuple else v for name, v in members.items() if v not in (None, ())}


def hashes(size: int) -> list[bytes]:
    return [merkle.leaf_hash(f"leaf {i}".encode()) for i in range(size)]


def root(i: Inputs) -> bytes:
    leaves = [merkle.leaf_hash(bytes.fromhex(one)) for one in i.get("leaves", ())]
    return merkle.root_of(leaves if "leaves" in i else hashes(i["size"]))


def range_of(i: Inputs) -> bytes:
    growing = merkle.CompactRange()
    growing.extend(hashes(i["size"]))
    return growing.to_bytes()


def tile(i: Inputs) -> bytes:
    made = tiles.Tiles()
    known = {(one.level, one.no): one.hashes for one in made.extend(hashes(i["size"])) + made.partial()}
    return known[i["level"], i["no"]]


def verify_inclusion(i: Inputs) -> bool:
    return merkle.verify_inclusion(i["leaf"], i["index"], i["size"], i["proof"], i["root"])


def verify_consistency(i: Inputs) -> bool:
    return merkle.verify_consistency(i["first"], i["second"], i["root1"], i["root2"], i["proof"])


def tile_path(i: Inputs) -> str:
    return tiles.tile_path(i["level"], i["no"], i["width"])


def open_note(i: Inputs) -> Inputs:
    keys = [audit.parse_vkey(line, check_signature) for line in i["vkeys"]]
    given = i["note"] if "note" in i else i["note_bytes"]
    found = audit.open_note(given, keys)
    assert audit.open_note(given.encode(), keys) == found
    assert given.startswith(found.text)
    return {"origin": found.origin, "size": found.size, "root": found.root, "extensions": [*found.extensions]}


def parse_vkey(i: Inputs) -> Inputs:
    found = audit.parse_vkey(i["vkey"], check_signature)
    assert found.vkey == i["vkey"]
    return {"name": found.name, "public": found.public}


CALLS = {
    call.__name__: call
    for call in (
        *(leaf, parse_leaf, commitment, content, root, tile, verify_inclusion, verify_consistency),
        *(tile_path, open_note, parse_vkey),
    )
} | {"range": range_of}


def as_written(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_written(item) for key, item in value.items()}
    return value.hex() if isinstance(value, bytes) else value


@pytest.mark.parametrize("path", list(vectors()))
def test_each_vector_gives_what_it_says(path: Path) -> None:
    vector = json.loads(path.read_text())
    call, inputs = CALLS[vector["call"]], as_bytes(vector["inputs"])
    if "output" in vector:
        assert as_written(call(inputs)) == vector["output"]
        return
    with pytest.raises(audit.AuditError) as refused:
        call(inputs)
    assert type(refused.value).__name__ == vector["error"]


def test_the_builder_gives_the_same_bytes_again(tmp_path: Path) -> None:
    script = VECTORS / "build_log_vectors.py"
    subprocess.run([sys.executable, "-B", str(script), str(tmp_path)], check=True, timeout=60)
    for folder in FOLDERS:
        built = {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        assert built == {path.name: path.read_bytes() for path in (VECTORS / folder).glob("*.json")}
