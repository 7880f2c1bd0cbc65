"""Builds the vectors of docs/formats/{record,keys,grant-keys,openings}.md, byte for byte the same each time.

    python tests/vectors/build_crypto_vectors.py [DIRECTORY]      default: this one

One JSON file a vector: `call` (what to do), `inputs` (bytes in hexadecimal), then `output` or `error`.
The file name says what was spoiled. The right bytes come from `independent_crypto.py`,
never from the code under test. Every "random" value is SHA-256 of a label.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import independent_crypto as ic
from crypto_record_vectors import record_vectors, shred_vectors
from crypto_vector_parts import (
    CARNET,
    COMPARTMENT,
    ENTRY,
    GRANT,
    INSTANCE,
    OTHER_ID,
    Vector,
    Vectors,
    case,
    flipped,
    made_up,
    padded,
)
from independent_crypto import gcm, hkdf, lp, mac, sha256

HERE = Path(__file__).parent


# --- wraps, rows, derivations ---
def place(kind: str, *parts: str | int) -> bytes:
    return lp(f"carnet/wrap/1/{kind}", INSTANCE, CARNET, *parts)


def wrap_vectors() -> Vectors:
    key, under, nonce = made_up("wrapped key"), made_up("wrapping key"), made_up("wrap nonce", 12)
    places = {
        "owner-field": (1, place("owner-field", COMPARTMENT, 2), [INSTANCE, CARNET, COMPARTMENT, 2]),
        "grant-field": (
            2,
            place("grant-field", GRANT, COMPARTMENT, 2),
            [INSTANCE, CARNET, GRANT, COMPARTMENT, 2],
        ),
        "owner-grant": (1, place("owner-grant", GRANT), [INSTANCE, CARNET, GRANT]),
    }
    out: Vectors = {}
    for name, (kind, where, parts) in places.items():
        wrapped = bytes([1, kind]) + nonce + gcm(under, nonce, where, key)
        inputs = {"wrapped": wrapped, "under": under, "place": name, "parts": parts}
        out[f"{name}-wrap"] = case("wrap_key", {**inputs, "key": key, "random": nonce}, wrapped)
        out[f"{name}-unwrap"] = case("unwrap_key", inputs, key)
        for at in range(len(parts)):
            moved = [*parts[:at], parts[at] + 1 if isinstance(parts[at], int) else OTHER_ID, *parts[at + 1 :]]
            out[f"{name}-moved-{at}"] = case("unwrap_key", {**inputs, "parts": moved}, error="OpenError")
        for what, index in (("nonce", 2), ("key", 14), ("tag", 61)):
            spoiled = {**inputs, "wrapped": flipped(wrapped, index)}
            out[f"{name}-changed-{what}"] = case("unwrap_key", spoiled, error="OpenError")
        for what, index in (("version", 0), ("kind", 1)):
            spoiled = {**inputs, "wrapped": flipped(wrapped, index, 4)}
            out[f"{name}-unknown-{what}"] = case("unwrap_key", spoiled, error="UnknownSuiteError")
        out[f"{name}-cut"] = case("unwrap_key", {**inputs, "wrapped": wrapped[:-1]}, error="OpenError")
    return out | row_vectors() | derivation_vectors() | small_vectors()


def row_vectors() -> Vectors:
    roots, nonce, secret = (
        {"1": made_up("root 1"), "3": made_up("root 3")},
        made_up("row nonce", 12),
        made_up("O_p"),
    )
    where = {"kind": "own", "id": CARNET, "version": 1}

    def row(root: str, at: dict[str, Any]) -> bytes:
        aad = lp("carnet/row/1", INSTANCE, *at.values())
        return b"\1" + int(root).to_bytes(4, "big") + nonce + gcm(roots[root], nonce, aad, secret)

    texts = {version: base64.b64encode(root).decode() for version, root in roots.items()}
    keyring = json.dumps(
        {"format": "carnet-keyring/1", "roots": texts}, separators=(",", ":"), sort_keys=True
    )
    old, new = row("1", where), row("3", where)
    inputs = {"keyring": keyring, "instance": INSTANCE, **where}

    def refused(wrapped: bytes, error: str = "OpenError", **changed: Any) -> Vector:
        return case("unwrap_row", {**inputs, "wrapped": wrapped, **changed}, error=error)

    return {
        "row-wrap": case("wrap_row", {**inputs, "secret": secret, "random": nonce}, new),
        "row-under-the-last-root": case("unwrap_row", {**inputs, "wrapped": new}, secret),
        "row-under-an-older-root": case("unwrap_row", {**inputs, "wrapped": old}, secret),
        "row-of-another-kind": refused(new, kind="shred"),
        "row-of-another-id": refused(new, id=OTHER_ID),
        "row-of-another-version": refused(new, version=2),
        "row-of-another-instance": refused(new, instance="elsewhere.example"),
        "row-changed": refused(flipped(new, 20)),
        "row-under-a-destroyed-root": refused(flipped(new, 4), "UnknownRootError"),
        "row-of-an-unknown-version": refused(flipped(new, 0, 3), "UnknownSuiteError"),
        "row-cut": refused(new[:20]),
    }


def derivation_vectors() -> Vectors:
    o_p, j_p, e_m, a_a = (made_up(name) for name in ("O_p", "J_p", "E_m", "A_a"))
    q_g, g_g, n = made_up("Q_g"), made_up("G_g"), made_up("leaf n", 16)
    month, tag_key, index_key = "202607", hkdf(b"", j_p, b"tag202607"), hkdf(b"", e_m, b"index")
    rows: dict[str, tuple[list[Any], bytes]] = {
        "owner_wrapping_key": ([o_p], hkdf(b"", o_p, b"own")),
        "box_seed": ([o_p], hkdf(b"", o_p, b"box", 96)),
        "grant_wrapping_key": ([q_g, g_g], hkdf(q_g, g_g, b"fields")),
        "about_key": ([j_p, n], hkdf(b"", j_p, b"about" + n)),
        "actor_key": ([e_m, a_a, n], hkdf(e_m, a_a, b"actor" + n)),
        "tag_key": ([j_p, f"text:{month}"], tag_key),
        "leaf_tag": ([tag_key, n], mac(tag_key, n)[:16]),
        "carnet_index_tag": ([j_p], hkdf(b"", j_p, b"index", 16)),
        "agent_index_tag": (
            [e_m, "text:professional", f"text:{OTHER_ID}"],
            mac(index_key, f"professional{OTHER_ID}".encode())[:16],
        ),
        "structure_index_tag": (
            [e_m, f"text:{OTHER_ID}"],
            mac(index_key, f"structure{OTHER_ID}".encode())[:16],
        ),
        "person_agent": ([j_p], hkdf(b"", j_p, b"agent")),
        "held_tag": ([j_p, f"text:{ENTRY}", 3], mac(hkdf(b"", j_p, b"held"), lp(ENTRY, 3))[:8]),
        "blind_tag": ([j_p, b"normalised value"], mac(j_p, b"normalised value")[:8]),
    }
    return {
        f"derive-{name.replace('_', '-')}": case("derive", {"name": name, "arguments": arguments}, output)
        for name, (arguments, output) in rows.items()
    }


def small_vectors() -> Vectors:
    secret, nonce, where, content = (
        made_up("sessions row"),
        made_up("small nonce", 12),
        b"session/abc",
        b'{"a":1}',
    )
    key = hkdf(b"", secret, b"small" + sha256(where))
    sealed = b"\1" + nonce + gcm(key, nonce, where, content)
    inputs = {"sealed": sealed, "secret": secret, "place": where}
    return {
        "small-opened": case("open_small", inputs, content),
        "small-moved": case("open_small", {**inputs, "place": b"session/abd"}, error="OpenError"),
        "small-changed": case("open_small", {**inputs, "sealed": flipped(sealed, 14)}, error="OpenError"),
        "small-unknown-version": case(
            "open_small", {**inputs, "sealed": b"\2" + sealed[1:]}, error="UnknownSuiteError"
        ),
    }


# --- grants and the box ---
def hpke(public: bytes, info: bytes, plaintext: bytes) -> bytes:
    if len(public) == 32:
        return ic.hpke_x25519(public, made_up("ephemeral"), info, plaintext)
    return ic.hpke_hybrid(public, made_up("encapsulation"), made_up("ephemeral"), info, plaintext)


def grant_vectors() -> Vectors:
    terms = f'{{"carnet":"{CARNET}","grant":"{GRANT}","until":"2026-08-01"}}'.encode()
    longer = terms.replace(b"2026-08", b"2036-08")
    key, out = made_up("G_g"), {}
    for suite, name, size in ((1, "x25519", 32), (2, "hybrid", 96)):
        seed, other = made_up(f"{name} seed", size), made_up(f"{name} other seed", size)
        public = ic.public_of_seed(seed)
        sealed = bytes([suite]) + hpke(public, sha256(terms), key)
        inputs = {"sealed": sealed, "seed": seed, "terms": terms}

        def refused(error: str = "OpenError", inputs: dict[str, Any] = inputs, **changed: Any) -> Vector:
            return case("open_grant_key", {**inputs, **changed}, error=error)

        out |= {
            f"{name}-opened": case("open_grant_key", inputs, key),
            f"{name}-key-id": case(
                "key_pair", {"seed": seed}, {"public": public, "key_id": sha256(public)[:8]}
            ),
            f"{name}-terms-edited": refused(terms=longer),
            f"{name}-another-grantee": refused(seed=other),
            f"{name}-changed-encapsulation": refused(sealed=flipped(sealed, 5)),
            f"{name}-changed-key": refused(sealed=flipped(sealed, len(sealed) - 20)),
            f"{name}-changed-tag": refused(sealed=flipped(sealed, len(sealed) - 1)),
            f"{name}-cut": refused(sealed=sealed[:-1]),
            f"{name}-read-as-the-other-suite": refused(sealed=bytes([3 - suite]) + sealed[1:]),
            f"{name}-suite-unknown": refused("UnknownSuiteError", sealed=b"\x09" + sealed[1:]),
        }
    return out | box_vectors()


def box_vectors() -> Vectors:
    owner = made_up("O_p")
    seed, key = hkdf(b"", owner, b"box", 96), made_up("F_e")
    sealed = b"\1\3\2" + hpke(ic.public_of_seed(seed), sha256(place("box", ENTRY)), key)
    inputs = {"sealed": sealed, "seed": seed, "parts": [INSTANCE, CARNET, ENTRY]}
    moved = {**inputs, "parts": [INSTANCE, CARNET, OTHER_ID]}
    return {
        "box-opened": case("open_box", inputs, key),
        "box-of-another-entry": case("open_box", moved, error="OpenError"),
        "box-changed": case("open_box", {**inputs, "sealed": flipped(sealed, 1200 - 60)}, error="OpenError"),
        "box-of-another-kind": case("open_box", {**inputs, "sealed": flipped(sealed, 1)}, error="OpenError"),
        "box-suite-unknown": case(
            "open_box", {**inputs, "sealed": flipped(sealed, 2)}, error="UnknownSuiteError"
        ),
    }


# --- openings ---
def opening_vectors() -> Vectors:
    n, r, nonce = made_up("leaf n", 16), made_up("r"), made_up("opening nonce", 12)
    content = f'{{"carnet":"{CARNET}","fields":["logement_statut"],"purpose":"accompagnement"}}'.encode()
    key, out = made_up("opening key"), {}
    for kind in ("about", "actor"):
        aad = lp("carnet/opening/1/1", kind, n)
        sealed = b"\1\1" + nonce + gcm(key, nonce, aad, padded(r + content))
        inputs = {"sealed": sealed, "key": key, "kind": kind, "n": n}

        def refused(error: str = "OpenError", inputs: dict[str, Any] = inputs, **changed: Any) -> Vector:
            return case("open_opening", {**inputs, **changed}, error=error)

        whole = {"r": r, "content": content}
        without_r = b"\1\1" + nonce + gcm(key, nonce, aad, padded(r[:31]))
        out |= {
            f"{kind}-sealed": case("seal_opening", {**inputs, **whole, "random": nonce}, sealed),
            f"{kind}-opened": case("open_opening", inputs, whole),
            f"{kind}-beside-another-leaf": refused(n=made_up("another n", 16)),
            f"{kind}-taken-for-the-other": refused(kind="actor" if kind == "about" else "about"),
            f"{kind}-under-another-key": refused(key=made_up("another key")),
            f"{kind}-changed-nonce": refused(sealed=flipped(sealed, 2)),
            f"{kind}-changed-content": refused(sealed=flipped(sealed, 60)),
            f"{kind}-changed-tag": refused(sealed=flipped(sealed, len(sealed) - 1)),
            f"{kind}-cut": refused(sealed=sealed[:-1]),
            f"{kind}-too-short-for-r": refused(sealed=without_r),
            f"{kind}-version-unknown": refused("UnknownSuiteError", sealed=flipped(sealed, 0, 1)),
            f"{kind}-suite-unknown": refused("UnknownSuiteError", sealed=flipped(sealed, 1, 1)),
        }
    return out


FOLDERS = {
    "record": record_vectors,
    "shred": shred_vectors,
    "wrap": wrap_vectors,
    "grant": grant_vectors,
    "opening": opening_vectors,
}


def build(directory: Path) -> None:
    """Writes every vector under `directory`, removing what no longer belongs there."""
    for folder, vectors in FOLDERS.items():
        target = directory / folder
        target.mkdir(parents=True, exist_ok=True)
        for old in target.glob("*.json"):
            old.unlink()
        for name, vector in vectors().items():
            text = json.dumps({"name": name, **vector}, indent=1, ensure_ascii=False) + "\n"
            (target / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
