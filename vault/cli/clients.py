"""``carnet client``: the systems of structures, the keys they prove themselves with, and their end."""

import argparse
from pathlib import Path

from schemas.ids import ClientId, StructureId
from vault.cli.commands import Answer, Commands, UsageError
from vault.cli.opening import checked
from vault.services import clients

_MOST_KEY_BYTES = 10_000
_LONGEST_NAME = 200


def declare(commands: Commands) -> None:
    commands.add("client add", "a system of a structure, known by its public key", _add, _add_arguments)
    commands.add("client key add", "one public key more, beside those it has", _add_key, _add_key_arguments)
    commands.add(
        "client key remove",
        "believe no more what this key signs; tokens end",
        _remove_key,
        _remove_key_arguments,
    )
    commands.add("client key list", "its keys, by name", _list_keys, _client_argument)
    commands.add(
        "client end", "close a system's door at once: its tokens open nothing", _end, _client_argument
    )


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--structure", required=True, metavar="ID")
    parser.add_argument("--name", required=True, type=_name, help="which system, for those who look after it")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--public-jwk", type=Path, metavar="FILE", help=_KEY)
    key.add_argument(
        "--jwks-uri", metavar="URL", help="https address where it publishes its keys, instead of a file"
    )
    parser.add_argument(
        "--dpop", action="store_true", help="each of its calls must prove that it holds a key (RFC 9449)"
    )


_KEY = "its public key: EC P-256 or Ed25519, as a JWK"


def _client_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--client", required=True, metavar="ID")


def _add_key_arguments(parser: argparse.ArgumentParser) -> None:
    _client_argument(parser)
    parser.add_argument("--public-jwk", required=True, type=Path, metavar="FILE", help=_KEY)


def _remove_key_arguments(parser: argparse.ArgumentParser) -> None:
    _client_argument(parser)
    parser.add_argument("--key", required=True, metavar="NAME", help="as `carnet client key list` says it")


def _add(told: argparse.Namespace) -> Answer:
    text = None if told.public_jwk is None else _read_key(told.public_jwk)
    with checked() as application:
        client_id = clients.add_client(
            application.parts,
            structure_id=StructureId(told.structure),
            name=told.name,
            public_jwk=text,
            jwks_uri=told.jwks_uri,
            dpop=told.dpop,
        )
    return Answer({"client_id": client_id}, [client_id])


def _add_key(told: argparse.Namespace) -> Answer:
    text = _read_key(told.public_jwk)
    with checked() as application:
        key = clients.add_key(application.parts, ClientId(told.client), text)
    return Answer(_document(key), [key.name])


def _remove_key(told: argparse.Namespace) -> Answer:
    with checked() as application:
        clients.remove_key(application.parts, ClientId(told.client), told.key)
    return Answer({"removed": told.key}, ["What this key signs is believed no more."])


def _list_keys(told: argparse.Namespace) -> Answer:
    with checked() as application:
        keys, address = clients.keys_of(application.parts, ClientId(told.client))
    lines = [f"{key.name}  {key.kind}" for key in keys]
    if address is not None:
        lines.append(f"fetched from {address}")
    return Answer({"keys": [_document(key) for key in keys], "jwks_uri": address}, lines)


def _end(told: argparse.Namespace) -> Answer:
    with checked() as application:
        clients.end_client(application.parts, ClientId(told.client))
    return Answer({"ended": told.client}, ["Ended. Its tokens open nothing."])


def _document(key: clients.ListedKey) -> dict[str, str]:
    return {"name": key.name, "thumbprint": key.thumbprint, "kind": key.kind}


def _read_key(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_KEY_BYTES).decode()
    except (OSError, ValueError):
        raise UsageError(f"{path} cannot be read", "--public-jwk is the path of a JSON file") from None


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise argparse.ArgumentTypeError(f"must be 1 to {_LONGEST_NAME} printable characters")
    return name
