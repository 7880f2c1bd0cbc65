"""Builds the vectors of docs/formats/{log,checkpoint}.md, byte for byte the same each time.

    python tests/vectors/build_log_vectors.py [DIRECTORY]      default: this one

One JSON file a vector: `call` (what to do), `inputs`, then `output` or `error`; bytes are in hexadecimal.
The file name says what was spoiled. The right answers come from `independent_log.py`, never from the code
under test. Every "random" value is SHA-256 of a label.
"""

import json
import sys
from pathlib import Path
from typing import Any

import independent_log as il
from independent_log import b64
from log_note_vectors import note_vectors
from log_tree_vectors import merkle_vectors
from log_vector_parts import Vectors, case, made_up

HERE = Path(__file__).parent

VALUES: dict[str, Any] = {
    "t": 1784628000123,
    "op": "read",
    "out": "granted",
    "m": "202607",
    "n": made_up("leaf n", 16),
    "tag": made_up("leaf tag", 16),
    "about": made_up("leaf about"),
    "actor": made_up("leaf actor"),
}


def leaf_vectors() -> Vectors:
    good = il.leaf(**VALUES)
    text = good.decode()
    out = {"leaf": case("leaf", VALUES, good), "leaf-read-back": case("parse_leaf", {"bytes": good}, VALUES)}
    for name, changed in {
        "at-the-epoch": {"t": 0, "m": "197001"},
        "at-the-last-instant": {"t": 2**53 - 1},
        "denied": {"op": "write", "out": "denied"},
        "of-zeros": {"n": bytes(16), "tag": bytes(16), "about": bytes(32), "actor": bytes(32)},
        "of-ones": {"n": b"\xff" * 16, "tag": b"\xff" * 16, "about": b"\xff" * 32, "actor": b"\xff" * 32},
    }.items():
        values = {**VALUES, **changed}
        out[f"leaf-{name}"] = case("leaf", values, il.leaf(**values))
    first, *_, last = text[1:-1].split(",")
    n64 = b64(VALUES["n"])
    spoiled: dict[str, bytes | str] = {
        "with-a-space": text.replace(":", ": ", 1),
        "with-a-newline-after": text + "\n",
        "with-a-byte-order-mark": "\ufeff" + text,
        "in-another-order": "{" + ",".join([*text[1:-1].split(",")[1:], first]) + "}",
        "without-its-tag": text.replace(f'"tag":"{b64(VALUES["tag"])}",', ""),
        "with-one-key-more": text.replace(last, last + ',"w":1'),
        "with-a-key-twice": text.replace('"v":1', '"v":1,"v":1'),
        "of-version-2": text.replace('"v":1', '"v":2'),
        "of-version-1-as-text": text.replace('"v":1', '"v":"1"'),
        "of-an-unknown-operation": text.replace('"op":"read"', '"op":"peek"'),
        "of-an-operation-in-capitals": text.replace('"op":"read"', '"op":"READ"'),
        "of-an-escaped-operation": text.replace('"op":"read"', '"op":"\\u0072ead"'),
        "of-an-unknown-outcome": text.replace("granted", "perhaps"),
        "of-a-negative-time": text.replace('"t":', '"t":-'),
        "of-a-time-with-a-leading-zero": text.replace('"t":', '"t":0'),
        "of-a-fractional-time": text.replace(',"tag"', '.0,"tag"'),
        "of-a-time-in-exponents": text.replace(str(VALUES["t"]), "1e12"),
        "of-a-time-as-text": text.replace(str(VALUES["t"]), f'"{VALUES["t"]}"'),
        "of-a-time-beyond-2-53": text.replace(str(VALUES["t"]), str(2**53)),
        "of-the-thirteenth-month": text.replace("202607", "202613"),
        "of-an-arabic-indic-month": text.replace("202607", "20260٧"),
        "with-15-bytes-of-n": text.replace(n64, b64(VALUES["n"][:15])),
        "with-17-bytes-of-n": text.replace(n64, b64(VALUES["n"] + b"\0")),
        "with-base64-unpadded": text.replace(n64, n64.rstrip("=")),
        "with-base64-spare-bits": text.replace(n64, n64[:-3] + chr(ord(n64[-3]) + 1) + "=="),
        "with-base64-for-addresses": text.replace(b64(VALUES["about"]), "-" + b64(VALUES["about"])[1:]),
        "with-null-for-about": text.replace(f'"{b64(VALUES["about"])}"', "null"),
        "not-utf-8": good[:-2] + b"\xff" + good[-1:],
        "in-utf-16": text.encode("utf-16"),
        "cut": good[:-1],
        "in-a-list": f"[{text}]",
        "empty": b"",
    }
    for name, data in spoiled.items():
        raw = data.encode() if isinstance(data, str) else data
        out[f"leaf-{name}"] = case("parse_leaf", {"bytes": raw}, error="LeafError")
    return out | commitment_vectors() | content_vectors()


def commitment_vectors() -> Vectors:
    inputs = {"n": VALUES["n"], "r": made_up("r"), "content": b'{"carnet_id":"abc"}'}
    out = {
        kind: case("commitment", {"kind": kind, **inputs}, il.commitment(kind, **inputs))
        for kind in ("about", "actor")
    }
    empty = {**inputs, "content": b""}
    out["of-nothing"] = case("commitment", {"kind": "about", **empty}, il.commitment("about", **empty))
    long = {**inputs, "content": b"x" * 1000}
    out["of-1000-bytes"] = case("commitment", {"kind": "about", **long}, il.commitment("about", **long))
    short = {"kind": "about", **inputs, "n": VALUES["n"][:15]}
    out["with-15-bytes-of-n"] = case("commitment", short, error="LeafError")
    return {f"commitment-{name}": vector for name, vector in out.items()}


ABOUT = {
    "carnet_id": "qk3v5zqk3v5zqk3v5zqk3v5zqa",
    "digests": ["00" * 32, "ff" * 32],
    "entry_id": "aaaabbbbccccddddeeeeffffgg",
    "fields": ["logement_statut", "revenus_sources:precis"],
    "grant_id": "gggghhhhiiiijjjjkkkkllllmm",
    "legal_basis": "consent",
    "purpose_id": "accompagnement",
    "reason": "À la demande de l’intéressée",
    "role": "referent",
    "structure_id": "ssssttttuuuuvvvvwwwwxxxxyy",
}
ACTOR = {
    "address": "2001:db8::1",
    "field_count": 0,
    "id": "ppppqqqqrrrrssssttttuuuuvv",
    "kind": "professional",
    "role": "adviser",
    "session": "0f" * 32,
    "structure_id": "ssssttttuuuuvvvvwwwwxxxxyy",
}


def content_vectors() -> Vectors:
    def text(value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

    small = {"id": "system", "kind": "system"}
    out: Vectors = {}
    for kind, name, value in (
        ("about", "full", ABOUT),
        ("about", "nobody", {}),
        ("actor", "full", ACTOR),
        ("actor", "least", small),
    ):
        out[f"{kind}-{name}"] = case("content", {"kind": kind, "bytes": text(value)}, value)
    spoiled = {
        "about-with-an-unknown-key": ("about", text({**ABOUT, "name": "x"})),
        "about-with-an-unknown-role": ("about", text({**ABOUT, "role": "king"})),
        "about-with-an-empty-list": ("about", text({**ABOUT, "fields": []})),
        "about-with-a-null": ("about", text({**ABOUT, "reason": None})),
        "about-with-a-number-for-a-field": ("about", text({**ABOUT, "fields": [1]})),
        "about-with-a-space": ("about", text(ABOUT).replace(b",", b", ", 1)),
        "about-with-a-key-twice": ("about", b'{"reason":"a","reason":"a"}'),
        "about-with-a-lone-surrogate": ("about", b'{"reason":"\\ud800"}'),
        "about-as-a-list": ("about", b"[]"),
        "about-not-utf-8": ("about", b'{"reason":"\xff"}'),
        "actor-without-kind": ("actor", text({"id": "system"})),
        "actor-of-an-unknown-kind": ("actor", text({**small, "kind": "robot"})),
        "actor-with-a-true-count": ("actor", text({**ACTOR, "field_count": True})),
        "actor-with-a-negative-count": ("actor", text({**ACTOR, "field_count": -1})),
        "actor-with-a-fractional-count": ("actor", text({**ACTOR, "field_count": 1.5})),
    }
    for name, (kind, data) in spoiled.items():
        out[name] = case("content", {"kind": kind, "bytes": data}, error="ContentError")
    return {f"content-{name}": vector for name, vector in out.items()}


FOLDERS = {"log": leaf_vectors, "merkle": merkle_vectors, "note": note_vectors}


def build(directory: Path) -> None:
    """Writes every vector under `directory`, removing what no longer belongs there."""
    for folder, vectors in FOLDERS.items():
        target = directory / folder
        target.mkdir(parents=True, exist_ok=True)
        for old in target.glob("*.json"):
            old.unlink()
        for name, vector in vectors().items():
            written = json.dumps({"name": name, **vector}, indent=1, ensure_ascii=False) + "\n"
            (target / f"{name}.json").write_text(written, encoding="utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
