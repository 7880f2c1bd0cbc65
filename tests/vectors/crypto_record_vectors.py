"""Vectors of docs/formats/record.md: sealed records and the shred tree."""

from typing import Any

import independent_crypto as ic
from crypto_vector_parts import BODY, CONTEXT, OTHER_ID, Vector, Vectors, case, flipped, made_up, padded
from independent_crypto import gcm, hkdf, lp, mac, sha256

RECORD = b"carnet/record/1/1"
F, SALT = made_up("field key"), made_up("slot salt")


def record_context(context: dict[str, Any]) -> bytes:
    return lp(RECORD, *context.values())


def record_keys(f: bytes, salt: bytes, n: bytes, context: dict[str, Any]) -> tuple[bytes, bytes]:
    out = hkdf(salt, f, RECORD + n + sha256(record_context(context)), 64)
    return out[:32], out[32:]


def record(padded_body: bytes, n: bytes, context: dict[str, Any], f: bytes = F, salt: bytes = SALT) -> bytes:
    commit, key = record_keys(f, salt, n, context)
    header = bytes([1, 1]) + context["epoch"].to_bytes(4, "big") + n + commit
    return header + gcm(key, bytes(12), record_context(context), padded_body)


def opening_case(sealed: bytes, body: bytes | None, **changed: Any) -> Vector:
    inputs = {"record": sealed, "key": F, "salt": SALT, "context": CONTEXT, **changed}
    return case("open_record", inputs, body, None if body is not None else "OpenError")


def record_vectors() -> Vectors:
    n = made_up("record N", 24)
    good = record(padded(BODY), n, CONTEXT)
    out: Vectors = {}
    for name, body in (
        ("empty-body", b""),
        ("body-of-255-bytes", made_up("body", 255)),
        ("body-of-256-bytes", made_up("body", 256)),
        ("body-of-4095-bytes", made_up("body", 4095)),
        ("body-of-4096-bytes", made_up("body", 4096)),
        ("body-ending-in-padding-bytes", b"value\x80\0\0"),
    ):
        out[name] = opening_case(record(padded(body), n, CONTEXT), body)
    sealing = {"body": BODY, "key": F, "salt": SALT, "context": CONTEXT, "random": n}
    out["sealed"] = case("seal_record", sealing, good)
    out["opened"] = opening_case(good, BODY)
    spoiled = {"epoch": 5, "n": 6, "commitment": 30, "ciphertext": 62, "tag": len(good) - 1}
    for name, index in spoiled.items():
        out[f"changed-{name}"] = opening_case(flipped(good, index), None)
    for name, value in (("version", 0), ("suite", 1)):
        out[f"unknown-{name}"] = {**opening_case(flipped(good, value, 1), None), "error": "UnknownSuiteError"}
    for name, value in CONTEXT.items():
        wrong = value + 1 if isinstance(value, int) else OTHER_ID
        out[f"other-{name.replace('_', '-')}"] = opening_case(good, None, context={**CONTEXT, name: wrong})
    out["other-field-key"] = opening_case(good, None, key=made_up("another field key"))
    out["other-slot-salt"] = opening_case(good, None, salt=made_up("another salt"))
    out["cut-by-one-byte"] = opening_case(good[:-1], None)
    out["one-byte-more"] = opening_case(good + b"\0", None)
    out["header-only"] = opening_case(good[:78], None)
    out["nothing-at-all"] = opening_case(b"", None)
    out["padding-without-mark"] = opening_case(record(bytes(256), n, CONTEXT), None)
    out["padding-too-long"] = opening_case(record(padded(BODY) + bytes(256), n, CONTEXT), None)
    out |= two_key_vectors()
    return out


def two_key_vectors() -> Vectors:
    """A record that opens under the first field key, whose ciphertext and tag bare AES-GCM accepts under the
    key derived from the second too. N is chosen so that the padding is right under both: only the commitment
    refuses."""
    other, aad, size, tries = made_up("the other field key"), record_context(CONTEXT), 512, 0
    while True:
        n = made_up(f"two keys, N number {tries}", 24)
        (commit, key1), (_, key2) = (record_keys(f, SALT, n, CONTEXT) for f in (F, other))
        streams = [gcm(key, bytes(12), aad, bytes(size))[:size] for key in (key1, key2)]
        if streams[0][-1] == streams[1][-1]:  # so both plaintexts can end in the padding's mark
            break
        tries += 1
    first = gcm(key1, bytes(12), aad, padded(made_up("a body", size - 1)))[:size]
    both = ic.two_key_ciphertext(key1, key2, aad, first, 9)
    sealed = bytes([1, 1]) + CONTEXT["epoch"].to_bytes(4, "big") + n + commit + both
    keys = {"gcm_keys": [key1, key2], "aad": aad, "keys": [F, other], "salt": SALT, "context": CONTEXT}
    opens = [True, False]
    return {"two-keys-one-ciphertext": case("two_keys", {"record": sealed, **keys}, {"opens": opens})}


# --- the shred tree ---
def child(secret: bytes, i: int) -> bytes:
    return mac(secret, b"carnet/shred/1" + bytes([i]))


def node(root: bytes, path: list[int]) -> bytes:
    for i in path:
        root = child(root, i)
    return root


def nibbles(slot: int) -> list[int]:
    return [slot >> 12, slot >> 8 & 15, slot >> 4 & 15, slot & 15]


def tree_bytes(nodes: list[tuple[list[int], bytes]]) -> bytes:
    def first(path: list[int]) -> int:
        return sum(i << 12 - 4 * at for at, i in enumerate(path))

    ordered = sorted(nodes, key=lambda item: first(item[0]))
    return b"\1" + b"".join(bytes([len(p)]) + first(p).to_bytes(2, "big") + secret for p, secret in ordered)


def punctured(root: bytes, slots: list[int]) -> list[tuple[list[int], bytes]]:
    """What is left of the whole tree: the highest nodes with no punctured slot under them."""
    gone = [nibbles(slot) for slot in slots]

    def keep(path: list[int]) -> list[tuple[list[int], bytes]]:
        if not any(g[: len(path)] == path for g in gone):
            return [(path, node(root, path))]
        return [] if len(path) == 4 else [kept for i in range(16) for kept in keep([*path, i])]

    return keep([])


def shred_vectors() -> Vectors:
    root = made_up("shred root")
    whole, once = tree_bytes([([], root)]), tree_bytes(punctured(root, [0x1234]))
    twice = tree_bytes(punctured(root, [0x1234, 0x1235, 0xFFFF]))
    slots = [0, 1, 0x0FFF, 0x1233, 0x1234, 0xFFFF]
    salts = {str(slot): node(root, nibbles(slot)) for slot in slots}
    left = {slot: salt for slot, salt in salts.items() if slot not in (str(0x1234), str(0xFFFF))}

    def asks(tree: bytes, slots: list[int], output: Any = None, error: str | None = None) -> Vector:
        return case("salts", {"tree": tree, "slots": slots}, output, error)

    nodes = punctured(root, [0x1234])
    swapped = b"\1" + once[1 + 35 : 1 + 70] + once[1:36] + once[71:]
    overlapping = tree_bytes([([], root), ([1], node(root, [1]))])
    return {
        "leaves-of-a-whole-tree": asks(whole, slots, salts),
        "leaves-left-after-two-punctures": asks(twice, [int(slot) for slot in left], left),
        "punctured-slot": asks(once, [0x1233, 0x1234], error="PuncturedError"),
        "slot-beyond-the-tree": asks(whole, [0x10000], error="OpenError"),
        "puncture-once": case("puncture", {"tree": whole, "slots": [0x1234]}, once),
        "puncture-again": case("puncture", {"tree": once, "slots": [0x1235, 0xFFFF]}, twice),
        "puncture-what-is-punctured": case("puncture", {"tree": once, "slots": [0x1234]}, once),
        "nodes-out-of-order": asks(swapped, [0], error="OpenError"),
        "nodes-overlapping": asks(overlapping, [0], error="OpenError"),
        "node-not-aligned": asks(b"\1\1\0\1" + root, [0], error="OpenError"),
        "node-too-deep": asks(b"\1\5\0\0" + root, [0], error="OpenError"),
        "tree-cut": asks(tree_bytes(nodes)[:-1], [0], error="OpenError"),
        "tree-version-unknown": asks(b"\2" + whole[1:], [0], error="UnknownSuiteError"),
        "tree-of-nothing": asks(b"", [0], error="OpenError"),
        "tree-empty": asks(b"\1", [7], error="PuncturedError"),
    }
