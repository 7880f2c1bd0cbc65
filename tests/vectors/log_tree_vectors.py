"""Vectors of the Merkle tree: roots, ranges, tiles, proofs and the ways to spoil them."""

from typing import Any

import independent_log as il
from independent_log import mth, path, proof, sha256
from log_vector_parts import Vectors, case

# The eight inputs long used to try Certificate Transparency software, and their roots at each size.
EIGHT = [bytes.fromhex(h) for h in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
EIGHT_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LONGER = [f"leaf {i}".encode() for i in range(300)]


def merkle_vectors() -> Vectors:
    out: Vectors = {}
    for size, root in enumerate(EIGHT_ROOTS):
        if mth(EIGHT[:size]).hex() != root:
            raise SystemExit("the reference does not give the known roots")
        out[f"root-of-{size}"] = case("root", {"leaves": EIGHT[:size]}, bytes.fromhex(root))
    for size in (9, 255, 256, 257, 300):
        out[f"root-of-{size}"] = case(
            "root", {"texts": f"leaf 0…{size - 1}", "size": size}, mth(LONGER[:size])
        )
        out[f"range-of-{size}"] = case("range", {"size": size}, il.compact(LONGER[:size]))
    out["range-of-0"] = case("range", {"size": 0}, il.compact([]))
    for size, level in ((255, 0), (256, 0), (256, 1), (300, 1)):
        tile = il.tile(level, 0, LONGER[:size])
        out[f"tile-{level}-0-of-{size}"] = case("tile", {"size": size, "level": level, "no": 0}, tile)
    return out | inclusion_vectors() | consistency_vectors() | path_vectors()


def inclusion(index: int, leaves: list[bytes]) -> dict[str, Any]:
    leaf = sha256(b"\0" + leaves[index])
    root = mth(leaves)
    return {"index": index, "size": len(leaves), "leaf": leaf, "root": root, "proof": path(index, leaves)}


def inclusion_vectors() -> Vectors:
    out = {}
    for index, size in ((0, 1), (0, 8), (5, 8), (2, 3), (6, 7), (0, 300), (255, 257), (256, 257), (299, 300)):
        right = inclusion(index, LONGER[:size])
        out[f"leaf-{index}-of-{size}"] = case("verify_inclusion", right, True)
    right = inclusion(5, EIGHT)
    steps: list[bytes] = right["proof"]
    spoiled: dict[str, dict[str, Any]] = {
        "of-another-index": {"index": 4},
        "of-an-index-beyond": {"index": 8},
        "of-a-negative-index": {"index": -1},
        "of-another-size": {"size": 6},
        "of-a-size-twice-as-large": {"size": 16},
        "of-size-0": {"size": 0},
        "of-another-leaf": {"leaf": sha256(b"\0other")},
        "of-another-root": {"root": EIGHT_ROOTS[7]},
        "without-its-last-step": {"proof": steps[:-1]},
        "without-any-step": {"proof": []},
        "with-a-step-more": {"proof": [*steps, bytes(32)]},
        "with-the-root-as-a-step-more": {"proof": [*steps, right["root"]]},
        "in-reverse": {"proof": steps[::-1]},
        "with-a-step-changed": {"proof": [steps[0], bytes(32), steps[2]]},
        "with-a-short-step": {"proof": [steps[0][:31], *steps[1:]]},
        "with-two-steps-joined": {"proof": [steps[0] + steps[1], steps[2]]},
        "of-the-node-above-the-leaf": {"leaf": mth(EIGHT[4:6]), "index": 2, "size": 4, "proof": steps[2:]},
    }
    for name, changed in spoiled.items():
        out[name] = case("verify_inclusion", {**right, **changed}, False)
    # The definition hashes no size: 7 and 8 leaves give leaf 5 one shape of path. Sizes come from notes.
    out["of-another-size-of-the-same-shape"] = case("verify_inclusion", {**right, "size": 7}, True)
    return {f"inclusion-{name}": vector for name, vector in out.items()}


def consistency(first: int, leaves: list[bytes]) -> dict[str, Any]:
    roots = {"root1": mth(leaves[:first]), "root2": mth(leaves)}
    return {"first": first, "second": len(leaves), **roots, "proof": proof(first, leaves)}


def consistency_vectors() -> Vectors:
    out = {}
    for first, second in ((1, 1), (1, 8), (2, 5), (6, 8), (4, 8), (8, 8), (7, 300), (256, 300), (299, 300)):
        right = consistency(first, LONGER[:second])
        out[f"{first}-to-{second}"] = case("verify_consistency", right, True)
    right = consistency(6, EIGHT)
    steps: list[bytes] = right["proof"]
    spoiled: dict[str, dict[str, Any]] = {
        "from-another-size": {"first": 5},
        "from-size-0": {"first": 0, "root1": EIGHT_ROOTS[0], "proof": []},
        "from-a-larger-size": {"first": 9},
        "to-another-size": {"second": 16},
        "from-another-root": {"root1": EIGHT_ROOTS[5]},
        "to-another-root": {"root2": EIGHT_ROOTS[7]},
        "with-roots-swapped": {"root1": right["root2"], "root2": right["root1"]},
        "without-its-last-step": {"proof": steps[:-1]},
        "without-its-first-step": {"proof": steps[1:]},
        "without-any-step": {"proof": []},
        "with-a-step-more": {"proof": [*steps, bytes(32)]},
        "in-reverse": {"proof": steps[::-1]},
        "with-a-step-changed": {"proof": [bytes(32), *steps[1:]]},
        "with-a-short-step": {"proof": [steps[0][:31], *steps[1:]]},
        "between-equal-sizes-with-a-step": {"first": 8, "root1": right["root2"], "proof": [bytes(32)]},
        "between-equal-sizes-of-two-roots": {"first": 8, "proof": []},
    }
    for name, changed in spoiled.items():
        out[name] = case("verify_consistency", {**right, **changed}, False)
    return {f"consistency-{name}": vector for name, vector in out.items()}


def path_vectors() -> Vectors:
    out = {}
    for level, number, width, text in (
        (0, 0, 256, "0/000"),
        (0, 273, 112, "0/273.p/112"),
        (1, 1000, 256, "1/x001/000"),
        (2, 1234067, 255, "2/x001/x234/067.p/255"),
        (63, 999, 1, "63/999.p/1"),
    ):
        inputs = {"level": level, "no": number, "width": width}
        out[text.replace("/", "_")] = case("tile_path", inputs, text)
    return {f"path-{name}": vector for name, vector in out.items()}
