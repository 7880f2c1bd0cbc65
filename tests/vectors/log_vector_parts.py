"""What the builders of the log's vectors share: how a vector is written, and made-up values."""

from typing import Any

from independent_log import sha256

Vector = dict[str, Any]
Vectors = dict[str, Vector]


def made_up(label: str, size: int = 32) -> bytes:
    return sha256(label.encode())[:size]


def as_text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    return [as_text(item) for item in value] if isinstance(value, list) else value


def case(call: str, inputs: dict[str, Any], output: Any = None, *, error: str = "") -> Vector:
    result = {"error": error} if error else {"output": as_text(output)}
    return {"call": call, "inputs": as_text(inputs), **result}
