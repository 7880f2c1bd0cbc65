"""Structures' systems: registered by the operator, their keys changed, ended.

What the root vouches for about a system changes in three steps: a second binding that states the new facts
(K), the row with its entry (D), then the new binding in place of the old one (K). Killed anywhere, what D
says is one of the two states that were decided, and the next pass settles which. Ending goes entry and row
(D), then the tokens, then the bindings (K): from then on no row of D brings the system back. A token that is
being given meanwhile is taken back by who gives it, who looks again at the row of D.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from schemas.ids import ClientId, StructureId, new_id
from vault.audit.events import AboutContent, ActorKind, Op
from vault.crypto import equal
from vault.errors import CallerError
from vault.services.bindings import CLIENT, binding_name, binding_row, digest_of
from vault.services.key_sources import agent_name
from vault.services.noting import about_nobody
from vault.services.parts import Parts
from vault.services.ports import ClientRow
from vault.services.structures import NoSuchStructureError
from vault.services.tokens import client_facts, client_of, next_name

MOST_KEYS = 10  # of one system
BATCH = 200
LONGEST_ADDRESS = 500
FINISHED_AFTER = timedelta(days=2)  # an end older than that was finished long ago
NO_KEYS = '{"keys":[]}'


class BadKeyError(CallerError):
    """The file is not a public key we can check signatures with (EC P-256 or Ed25519, as a JWK)."""


class BadAddressError(CallerError):
    """Keys are fetched by https, or by http from this very machine."""


class NoSuchClientError(CallerError):
    """There is no such system in force, or what is said of it is not what was registered."""


class ClientKeyError(CallerError):
    """The list of keys cannot be changed so."""


@dataclass(frozen=True, slots=True)
class ListedKey:
    """``name`` is its ``kid``, or made from its thumbprint (RFC 7638) when it has none."""

    name: str
    thumbprint: str
    kind: str


# --- registering and ending ------------------------------------------------------------------------------


def add_client(
    parts: Parts,
    *,
    structure_id: StructureId,
    name: str,
    public_jwk: str | None = None,
    jwks_uri: str | None = None,
    dpop: bool = False,
) -> ClientId:
    """A system of a structure, known by its public key or by the address where it publishes its keys; with
    ``dpop`` each of its calls must prove that it holds a key. Raises NoSuchStructureError, BadKeyError,
    BadAddressError."""
    if parts.data.structure(structure_id) is None:
        raise NoSuchStructureError("no such structure")
    if (public_jwk is None) == (jwks_uri is None):
        raise BadKeyError("either a public key or an address of keys is needed")
    keys = NO_KEYS if public_jwk is None else _listed([json.loads(check_jwk(public_jwk))])
    address = None if jwks_uri is None else check_address(jwks_uri)
    row = ClientRow(ClientId(new_id()), structure_id, name, keys, None, address, dpop)
    parts.keystore.add_secrets(
        [
            parts.rows.make(*agent_name(ActorKind.CLIENT, row.client_id), parts.random(32)),
            binding_row(parts.rows, CLIENT, row.client_id, client_facts(row)),
        ]
    )
    with parts.data.change() as work:
        work.add_client(row)
        work.append(about_nobody(parts, Op.CLIENT_CHANGE, _about(row)))
        work.commit()
    return row.client_id


def end_client(parts: Parts, client_id: ClientId) -> None:
    """Let a system end, at once: no token of its opens anything, and it gets no other. Ending what has ended
    changes nothing. Raises NoSuchClientError."""
    with parts.data.change() as work:
        row = parts.data.client(client_id)
        if row is None:
            raise NoSuchClientError("no such system")
        if row.ends_at is None or row.ends_at > work.now:
            work.end_client(client_id, work.now)
            work.append(about_nobody(parts, Op.CLIENT_CHANGE, _about(row)))
            work.commit()
    _cut(parts, client_id)


def finish_clients(parts: Parts) -> int:
    """Changes that were interrupted, and systems that ended while K still vouches for them. How many."""
    now, done = parts.now(), 0
    for client_id in map(ClientId, parts.keystore.secret_ids(next_name("")[0], after=None, limit=BATCH)):
        with parts.data.change():  # whoever was changing it is done, or never will be
            _settle(parts, client_id)
        done += 1
    for client_id in parts.data.ended_clients(since=now - FINISHED_AFTER, now=now):
        if parts.rows.rows([binding_name(CLIENT, client_id), next_name(client_id)]):
            _cut(parts, client_id)
            done += 1
    return done


def _cut(parts: Parts, client_id: ClientId) -> None:
    parts.keystore.end_tokens(client_id)
    parts.keystore.delete_secrets([binding_name(CLIENT, client_id), next_name(client_id)])


# --- keys ------------------------------------------------------------------------------------------------


def keys_of(parts: Parts, client_id: ClientId) -> tuple[Sequence[ListedKey], str | None]:
    """Its registered keys, and the address they are fetched from instead. Raises NoSuchClientError."""
    row = _known(parts, client_id)
    return [_told(jwk) for jwk in _jwks(row)], row.jwks_uri


def add_key(parts: Parts, client_id: ClientId, public_jwk: str) -> ListedKey:
    """One key more, beside those it has. Raises NoSuchClientError, BadKeyError, ClientKeyError."""
    jwk = json.loads(check_jwk(public_jwk))
    new = _told(jwk)

    def alter(row: ClientRow) -> ClientRow:
        keys = _jwks(row)
        if row.jwks_uri is not None:
            raise ClientKeyError("its keys are fetched from its own address")
        if len(keys) >= MOST_KEYS:
            raise ClientKeyError(f"a system has {MOST_KEYS} keys at most")
        names = {name for one in map(_told, keys) for name in (one.name, one.thumbprint)}
        if {new.name, new.thumbprint} & names:
            raise ClientKeyError("this key, or another of this name, is registered already")
        return replace(row, public_jwks=_listed([*keys, jwk]))

    _change(parts, client_id, alter, keep_tokens=True)
    return new


def remove_key(parts: Parts, client_id: ClientId, name: str) -> None:
    """What this key signed is believed no more, and tokens it was given end. ``name``: its kid or its
    thumbprint. Raises NoSuchClientError, ClientKeyError."""

    def alter(row: ClientRow) -> ClientRow:
        keys = _jwks(row)
        kept = [jwk for jwk in keys if name not in (_told(jwk).name, _told(jwk).thumbprint)]
        if len(kept) == len(keys):
            raise ClientKeyError("it has no key of this name")
        if not kept:
            raise ClientKeyError("the last key is not removed: add another first, or end the system")
        return replace(row, public_jwks=_listed(kept))

    _change(parts, client_id, alter)


def _change(
    parts: Parts,
    client_id: ClientId,
    alter: Callable[[ClientRow], ClientRow],
    *,
    keep_tokens: bool = False,
) -> None:
    with parts.data.change() as work:
        _settle(parts, client_id)
        row = _known(parts, client_id)
        new = alter(row)
        facts = digest_of(CLIENT, client_id, client_facts(new))
        parts.keystore.add_secrets([parts.rows.make(*next_name(client_id), facts)])
        work.change_client(new)
        work.append(about_nobody(parts, Op.CLIENT_CHANGE, _about(new)))
        work.commit()
    with parts.data.change():  # nothing changes: nobody else may while we look
        _settle(parts, client_id, keep_tokens=keep_tokens)


def _settle(parts: Parts, client_id: ClientId, *, keep_tokens: bool = False) -> None:
    """One binding again, after a change that ended or was interrupted. Under the log's lock."""
    standing, following = binding_name(CLIENT, client_id), next_name(client_id)
    rows = parts.rows.rows([standing, following])
    row = parts.data.client(client_id)
    if following not in rows:
        return
    if not keep_tokens:
        parts.keystore.end_tokens(client_id)
    if row is not None and standing in rows:
        facts = client_facts(row)
        decided = parts.rows.load([following]).get(following)
        if decided is not None and equal(decided, digest_of(CLIENT, client_id, facts)):
            version = rows[standing].version + 1
            parts.keystore.replace_secret(binding_row(parts.rows, CLIENT, client_id, facts, version=version))
    parts.keystore.delete_secrets([following])


def _known(parts: Parts, client_id: ClientId) -> ClientRow:
    row = client_of(parts, client_id)
    if row is None:
        raise NoSuchClientError("no such system in force")
    return row


def _about(row: ClientRow) -> AboutContent:
    return AboutContent(structure_id=row.structure_id)


def _jwks(row: ClientRow) -> list[dict[str, Any]]:
    return list(json.loads(row.public_jwks)["keys"])


def _listed(keys: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"keys": list(keys)}, sort_keys=True)


def _told(jwk: dict[str, Any]) -> ListedKey:
    members = {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    thumbprint = urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
    return ListedKey(jwk.get("kid") or f"sha-256:{thumbprint}", thumbprint, f"{jwk['kty']} {jwk['crv']}")


def check_jwk(text: str) -> str:
    """The public JWK, compact, without anything private. Raises BadKeyError."""
    try:
        jwk = json.loads(text)
        kind = (jwk["kty"], jwk["crv"])
    except (ValueError, KeyError, TypeError):
        raise BadKeyError("not a JWK") from None
    members = {("EC", "P-256"): ("kty", "crv", "x", "y"), ("OKP", "Ed25519"): ("kty", "crv", "x")}.get(kind)
    if members is None or "d" in jwk or not all(isinstance(jwk.get(name), str) for name in members):
        raise BadKeyError("an EC P-256 or Ed25519 public key is needed, without its private part")
    kid = jwk.get("kid", "x")
    if not isinstance(kid, str) or not 0 < len(kid) <= 200 or not kid.isprintable():
        raise BadKeyError("kid must be a text of 1 to 200 characters")
    kept = {name: jwk[name] for name in (*members, "kid") if name in jwk}
    return json.dumps(kept, sort_keys=True)


def check_address(text: str) -> str:
    """An address keys may be fetched from. Raises BadAddressError. What its name leads to is looked at each
    time it is fetched."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise BadAddressError("not an address") from None
    plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= LONGEST_ADDRESS
    if not plain or not host or "@" in parts.netloc or "#" in text:
        raise BadAddressError("not an address of keys")
    if parts.scheme == "http" and _is_loopback(host):
        return text
    if parts.scheme != "https" or _is_private(host):
        raise BadAddressError("keys are fetched by https, or by http from this machine")
    return text


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    """Whether it is an address, written in figures, that is not public."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost"
