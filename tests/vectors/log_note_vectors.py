"""Vectors of checkpoints, signed notes and verifier keys, good and spoiled."""

from typing import Any

import independent_log as il
from independent_log import b64, note, signature_line, vkey
from log_vector_parts import Vector, Vectors, case, made_up

ORIGIN, STRANGER = "journal.example/carnet", "temoin.example"
SEED, OTHER_SEED = made_up("log key"), made_up("other key")
PUBLIC = il.public_of(SEED)
KEY, KEY_ID = vkey(ORIGIN, PUBLIC), il.key_id(ORIGIN, PUBLIC)
ROOT = made_up("root")
TEXT = f"{ORIGIN}\n8\n{b64(ROOT)}\n"
MINE = signature_line(ORIGIN, SEED, TEXT)
THEIRS = signature_line(STRANGER, OTHER_SEED, TEXT)
RENAMED = signature_line(STRANGER, SEED, TEXT)
BAD = signature_line(ORIGIN, SEED, TEXT + "x")


def note_vectors() -> Vectors:
    return accepted_notes() | refused_notes() | refused_checkpoints() | verifier_keys()


def accepted(whole: str, keys: tuple[str, ...] = (KEY,), **changed: Any) -> Vector:
    found = {"origin": ORIGIN, "size": 8, "root": ROOT, "extensions": [], **changed}
    return case("open_note", {"note": whole, "vkeys": list(keys)}, found)


def refused(whole: str | bytes) -> Vector:
    shown = {"note_bytes": whole} if isinstance(whole, bytes) else {"note": whole}
    return case("open_note", {**shown, "vkeys": [KEY]}, error="NoteError")


def signed(body: str) -> str:
    return note(body, signature_line(ORIGIN, SEED, body))


def accepted_notes() -> Vectors:
    both = (KEY, vkey(STRANGER, il.public_of(OTHER_SEED)))
    same_name = signature_line(ORIGIN, OTHER_SEED, TEXT)
    longer = signed(TEXT + "an extension\nand another\n")
    empty = signed(f"{ORIGIN}\n0\n{b64(made_up('empty root'))}\n")
    return {
        "signed": accepted(note(TEXT, MINE)),
        "signed-also-by-a-stranger": accepted(note(TEXT, THEIRS, MINE)),
        "signed-also-by-a-stranger-of-our-name": accepted(note(TEXT, same_name, MINE)),
        "signed-also-by-our-key-under-another-name": accepted(note(TEXT, RENAMED, MINE)),
        "signed-by-two-known-keys": accepted(note(TEXT, MINE, THEIRS), both),
        "signed-by-sixteen": accepted(note(TEXT, *[THEIRS] * 15, MINE)),
        "with-extensions": accepted(longer, extensions=["an extension", "and another"]),
        "of-an-empty-log": accepted(empty, size=0, root=made_up("empty root")),
    }


def refused_notes() -> Vectors:
    good = note(TEXT, MINE)
    spoiled: dict[str, str | bytes] = {
        "unsigned": note(TEXT),
        "signed-by-strangers-only": note(TEXT, THEIRS),
        "signed-badly": note(TEXT, BAD),
        "signed-well-then-badly": note(TEXT, MINE, BAD),
        "signed-badly-then-well": note(TEXT, BAD, MINE),
        "signed-by-our-key-under-another-name-only": note(TEXT, RENAMED),
        "of-another-size": good.replace("\n8\n", "\n9\n"),
        "of-another-origin": good.replace(ORIGIN, "journal.example/autre"),
        "of-another-root": good.replace(b64(ROOT), b64(made_up("another root"))),
        "with-a-line-added": good.replace("\n\n", "\nmore\n\n"),
        "without-the-blank-line": TEXT + MINE,
        "without-the-last-newline": good[:-1],
        "with-a-line-after-the-signatures": good + "more\n",
        "with-a-hyphen-for-the-dash": good.replace("— ", "- "),
        "with-two-spaces-in-a-signature": note(TEXT, MINE.replace(" ", "  ")),
        "with-base64-unpadded": good.rstrip("=\n") + "\n",
        "with-a-signature-of-four-bytes": note(TEXT, MINE, f"— x {b64(b'1234')}\n"),
        "with-a-signature-cut": note(TEXT, f"— {ORIGIN} {b64(KEY_ID + bytes(63))}\n"),
        "with-a-plus-in-a-name": note(TEXT, MINE, THEIRS.replace("temoin", "te+moin")),
        "with-a-no-break-space-in-a-name": note(TEXT, MINE, THEIRS.replace("temoin", "te\u00a0moin")),
        "with-a-carriage-return": good.replace("\n8\n", "\r\n8\n"),
        "with-a-null-byte": good.replace("journal", "jour\0nal"),
        "with-too-many-signatures": note(TEXT, *[THEIRS] * 100, MINE),
        "not-utf-8": good.encode().replace(b"journal", b"journ\xff"),
        "empty": "",
    }
    return {name: refused(whole) for name, whole in spoiled.items()}


def refused_checkpoints() -> Vectors:
    """Well signed, and yet no checkpoint."""
    spare_bits = b64(ROOT)[:-2] + chr(ord(b64(ROOT)[-2]) + 1) + "="
    bodies = {
        "size-with-a-leading-zero": TEXT.replace("\n8\n", "\n08\n"),
        "size-negative": TEXT.replace("\n8\n", "\n-8\n"),
        "size-with-a-sign": TEXT.replace("\n8\n", "\n+8\n"),
        "size-in-arabic-indic": TEXT.replace("\n8\n", "\n٨\n"),
        "size-of-2-63": TEXT.replace("\n8\n", f"\n{2**63}\n"),
        "size-empty": TEXT.replace("\n8\n", "\n\n"),
        "root-of-31-bytes": f"{ORIGIN}\n8\n{b64(ROOT[:31])}\n",
        "root-with-spare-bits": TEXT.replace(b64(ROOT), spare_bits),
        "origin-empty": "\n" + TEXT.partition("\n")[2],
        "origin-with-a-space": TEXT.replace("journal.", "journal "),
        "two-lines": f"{ORIGIN}\n8\n",
        "extension-empty": TEXT + "\nmore\n",
    }
    return {f"signed-{name}": refused(signed(body)) for name, body in bodies.items()}


def verifier_keys() -> Vectors:
    # A key that every Go installation carries: somebody else's spelling of the same format.
    outside = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    known = bytes.fromhex("ce3372d75ad1ee5ecdaf8727293d4b111d87eb37531d7c86d4d3003f0eb809fc")
    spoiled = {
        "of-another-id": KEY.replace(KEY_ID.hex(), "00000000"),
        "of-an-id-in-capitals": KEY.replace(KEY_ID.hex(), KEY_ID.hex().upper()),
        "of-another-algorithm": vkey(ORIGIN, PUBLIC, 4),
        "of-31-bytes": vkey(ORIGIN, PUBLIC[:31]),
        "without-a-name": vkey("", PUBLIC),
        "with-a-space-in-its-name": vkey("journal example", PUBLIC),
        "cut": KEY[:-1],
        "empty": "",
    }
    return {
        "vkey": case("parse_vkey", {"vkey": KEY}, {"name": ORIGIN, "public": PUBLIC}),
        "vkey-from-outside": case(
            "parse_vkey", {"vkey": outside}, {"name": "sum.golang.org", "public": known}
        ),
        **{
            f"vkey-{name}": case("parse_vkey", {"vkey": line}, error="NoteError")
            for name, line in spoiled.items()
        },
    }
