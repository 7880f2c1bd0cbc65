"""What the builders of the crypto vectors share: the made-up values and the shape of a vector."""

from typing import Any

from independent_crypto import sha256

Vector = dict[str, Any]
Vectors = dict[str, Vector]

INSTANCE, CARNET = "carnet.example/1", "qk3v5zqk3v5zqk3v5zqk3v5zqa"
ENTRY, GRANT = "aaaabbbbccccddddeeeeffffgg", "gggghhhhiiiijjjjkkkkllllmm"
COMPARTMENT, OTHER_ID = "sante_retentissement", "zzzzyyyyxxxxwwwwvvvvuuuutt"
CONTEXT: dict[str, Any] = {
    "instance": INSTANCE,
    "carnet_id": CARNET,
    "compartment": COMPARTMENT,
    "entry_id": ENTRY,
    "slot": 0x1234,
    "version": 3,
    "epoch": 2,
    "schema_version": 1,
    "media_type": "application/json",
}
BODY = (
    '{"agreement":"agreed","answer":"answered","author":"person","collected_at":"2026-07-01",'
    '"source":"person","value":"légèrement"}'
).encode()


def made_up(label: str, length: int = 32) -> bytes:
    blocks = (sha256(f"carnet vectors|{label}|{i}".encode()) for i in range(length // 32 + 1))
    return b"".join(blocks)[:length]


def flipped(data: bytes, index: int, bit: int = 0) -> bytes:
    return data[:index] + bytes([data[index] ^ 1 << bit]) + data[index + 1 :]


def case(call: str, inputs: dict[str, Any], output: Any = None, error: str | None = None) -> Vector:
    def plain(value: Any) -> Any:
        if isinstance(value, bytes):
            return value.hex()
        if isinstance(value, dict):
            return {str(key): plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, list) else value

    outcome = {"error": error} if error else {"output": plain(output)}
    return {"call": call, "inputs": plain(inputs), **outcome}


def padded_length(body: int) -> int:
    m, step = body + 1, 256
    if m > 4096:
        step = (1 << (m - 1).bit_length()) // 8
    return -(-m // step) * step


def padded(body: bytes) -> bytes:
    return (body + b"\x80").ljust(padded_length(len(body)), b"\0")
