"""Every frozen vector of format 1, and the builder that made them.

The right bytes come from a second implementation (tests/vectors/independent_crypto.py), so an agreement here
is one between two programs. A vector never changes once a version of the program was released: what was
sealed must stay readable.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault import crypto
from vault.crypto import FileKms, GranteeKeyPair, SealContext, ShredTree, keys
from vault.crypto.padding import unpad

VECTORS = Path(__file__).parent.parent / "vectors"
FOLDERS = ("record", "shred", "wrap", "grant", "opening")
PLACES: dict[str, Callable[..., bytes]] = {
    "owner-field": crypto.owner_field_place,
    "grant-field": crypto.grant_field_place,
    "owner-grant": crypto.owner_grant_place,
}
Inputs = dict[str, Any]


def vectors() -> Iterator[Any]:
    for folder in FOLDERS:
        for path in sorted((VECTORS / folder).glob("*.json")):
            yield pytest.param(path, id=f"{folder}/{path.stem}")


def raw(inputs: Inputs, *names: str) -> dict[str, bytes]:
    return {name: bytes.fromhex(inputs[name]) for name in names}


def fixed(inputs: Inputs) -> Callable[[int], bytes]:
    """A source of randomness that gives the vector's bytes, and only as many as they are."""

    def random(length: int) -> bytes:
        value = bytes.fromhex(inputs["random"])
        assert len(value) == length
        return value

    return random


def seal_record(inputs: Inputs) -> bytes:
    context = SealContext(**inputs["context"])
    return crypto.seal_record(**raw(inputs, "body", "key", "salt"), context=context, random=fixed(inputs))


def open_record(inputs: Inputs) -> bytes:
    return crypto.open_record(
        **raw(inputs, "record", "key", "salt"), context=SealContext(**inputs["context"])
    )


def two_keys(inputs: Inputs) -> dict[str, list[bool]]:
    record = bytes.fromhex(inputs["record"])
    for key in inputs["gcm_keys"]:  # without the commitment, both would open
        unpad(AESGCM(bytes.fromhex(key)).decrypt(bytes(12), record[62:], bytes.fromhex(inputs["aad"])))
    return {"opens": [opens(inputs, bytes.fromhex(key)) for key in inputs["keys"]]}


def opens(inputs: Inputs, key: bytes) -> bool:
    try:
        open_record({**inputs, "key": key.hex()})
    except crypto.OpenError:
        return False
    return True


def salts(inputs: Inputs) -> dict[str, bytes]:
    tree = ShredTree.from_bytes(bytes.fromhex(inputs["tree"]))
    return {str(slot): salt for slot, salt in tree.salts(inputs["slots"]).items()}


def puncture(inputs: Inputs) -> bytes:
    return ShredTree.from_bytes(bytes.fromhex(inputs["tree"])).puncture(inputs["slots"]).to_bytes()


def wrap_key(inputs: Inputs) -> bytes:
    place = PLACES[inputs["place"]](*inputs["parts"])
    return crypto.wrap_key(**raw(inputs, "key", "under"), place=place, random=fixed(inputs))


def unwrap_key(inputs: Inputs) -> bytes:
    place = PLACES[inputs["place"]](*inputs["parts"])
    alone = crypto.unwrap_key(**raw(inputs, "wrapped", "under"), place=place)
    pair = (bytes.fromhex(inputs["wrapped"]), place)
    assert crypto.unwrap_keys([pair, pair], **raw(inputs, "under")) == [alone, alone]
    return alone


def keyring(inputs: Inputs, path: Path) -> FileKms:
    path.write_text(inputs["keyring"])
    path.chmod(0o600)
    random = fixed(inputs) if "random" in inputs else (lambda length: b"")
    return FileKms.open(path, instance=inputs["instance"], random=random)


def wrap_row(inputs: Inputs, path: Path) -> bytes:
    kms = keyring(inputs, path)
    return kms.wrap_row(inputs["kind"], inputs["id"], inputs["version"], bytes.fromhex(inputs["secret"]))


def unwrap_row(inputs: Inputs, path: Path) -> bytes:
    kms = keyring(inputs, path)
    return kms.unwrap_row(inputs["kind"], inputs["id"], inputs["version"], bytes.fromhex(inputs["wrapped"]))


def derive(inputs: Inputs) -> bytes:
    def plain(argument: Any) -> Any:
        if not isinstance(argument, str):
            return argument
        return argument.removeprefix("text:") if argument.startswith("text:") else bytes.fromhex(argument)

    derived: bytes = getattr(keys, inputs["name"])(*(plain(argument) for argument in inputs["arguments"]))
    return derived


def open_small(inputs: Inputs) -> bytes:
    return crypto.open_small(**raw(inputs, "sealed", "secret", "place"))


def key_pair(inputs: Inputs) -> dict[str, bytes]:
    pair = GranteeKeyPair.from_seed(bytes.fromhex(inputs["seed"]))
    assert pair.key_id == crypto.key_id(pair.public)
    return {"public": pair.public, "key_id": pair.key_id}


def open_grant_key(inputs: Inputs) -> bytes:
    return crypto.open_grant_key(**raw(inputs, "sealed", "seed", "terms"))


def open_box(inputs: Inputs) -> bytes:
    return crypto.open_box(**raw(inputs, "sealed", "seed"), place=crypto.box_place(*inputs["parts"]))


def seal_opening(inputs: Inputs) -> bytes:
    parts = raw(inputs, "r", "content", "key", "n")
    return crypto.seal_opening(**parts, kind=inputs["kind"], random=fixed(inputs))


def open_opening(inputs: Inputs) -> dict[str, bytes]:
    r, content = crypto.open_opening(**raw(inputs, "sealed", "key", "n"), kind=inputs["kind"])
    return {"r": r, "content": content}


NEEDS_FILE = (wrap_row, unwrap_row)
CALLS: dict[str, Callable[..., Any]] = {
    call.__name__: call
    for call in (
        *(seal_record, open_record, two_keys, salts, puncture, wrap_key, unwrap_key, wrap_row, unwrap_row),
        *(derive, open_small, key_pair, open_grant_key, open_box, seal_opening, open_opening),
    )
}


def as_written(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return {key: as_written(item) for key, item in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("path", list(vectors()))
def test_each_vector_gives_what_it_says(path: Path, tmp_path: Path) -> None:
    vector = json.loads(path.read_text())
    call = CALLS[vector["call"]]
    arguments = (vector["inputs"], tmp_path / "keyring") if call in NEEDS_FILE else (vector["inputs"],)
    if "output" in vector:
        assert as_written(call(*arguments)) == vector["output"]
        return
    with pytest.raises(crypto.CryptoError) as refused:
        call(*arguments)
    assert type(refused.value).__name__ == vector["error"]


def test_the_builder_gives_the_same_bytes_again(tmp_path: Path) -> None:
    script = VECTORS / "build_crypto_vectors.py"
    subprocess.run([sys.executable, "-B", str(script), str(tmp_path)], check=True, timeout=60)
    for folder in FOLDERS:
        built = {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        assert built == {path.name: path.read_bytes() for path in (VECTORS / folder).glob("*.json")}
