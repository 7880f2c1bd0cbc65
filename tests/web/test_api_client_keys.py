"""Which keys a system may sign with: those registered, by name, or those it publishes at its own address."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from joserfc.jwk import ECKey, OKPKey

from schemas.ids import ClientId
from tests.web.key_server import KeyServer, key_server
from tests.web.site import Machine, Site, site_over
from tests.world import World
from vault.services import clients
from vault.web.api import client_keys, signatures
from vault.web.api.client_keys import ClientKeys, KeysUnavailableError, fetch_keys

URL = "/oauth/token"


def public(key: ECKey | OKPKey, **more: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


def status(site: Site, machine: Machine, **header: Any) -> int:
    return int(site.client().post(URL, data=machine.form(machine.assertion(header=header))).status_code)


def with_key(machine: Machine) -> Machine:
    """The same system, signing with another key."""
    return replace(machine, key=ECKey.generate_key("P-256"))


# --- several keys ----------------------------------------------------------------------------------------


def test_a_system_signs_with_any_of_its_keys_and_not_with_a_removed_one(lone_site: Site) -> None:
    first = lone_site.machine()
    second = with_key(first)
    parts = lone_site.world.parts
    assert status(lone_site, second) == 401
    clients.add_key(parts, first.client_id, json.dumps(public(second.key, kid="2027")))
    assert [status(lone_site, one) for one in (first, second)] == [200, 200]
    assert status(lone_site, second, kid="2027") == 200
    assert status(lone_site, first, kid="2027") == 401, "that name is another key's"
    assert status(lone_site, first, kid="its own name") == 200, "its key was registered without a name"
    clients.remove_key(parts, first.client_id, clients.keys_of(parts, first.client_id)[0][0].name)
    assert [status(lone_site, one) for one in (first, second)] == [401, 200]


def test_beyond_three_keys_of_a_kind_one_must_say_which(lone_site: Site) -> None:
    machine, parts = lone_site.machine(), lone_site.world.parts
    others = [with_key(machine) for _ in range(3)]
    for number, other in enumerate(others):
        clients.add_key(parts, machine.client_id, json.dumps(public(other.key, kid=f"k{number}")))
    assert [status(lone_site, other) for other in others] == [401] * 3
    assert [status(lone_site, other, kid=f"k{number}") for number, other in enumerate(others)] == [200] * 3


def test_keys_of_two_kinds_stand_side_by_side(lone_site: Site) -> None:
    machine = lone_site.machine()
    edwards = replace(machine, key=OKPKey.generate_key("Ed25519"), algorithm="EdDSA")
    clients.add_key(lone_site.world.parts, machine.client_id, json.dumps(public(edwards.key)))
    assert [status(lone_site, one) for one in (machine, edwards)] == [200, 200]


def test_as_many_signatures_are_checked_whatever_is_known_of_the_caller(
    lone_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    honest = signatures.jws.deserialize_compact

    def counted(*args: Any, **told: Any) -> Any:
        checked.append("one")
        return honest(*args, **told)

    monkeypatch.setattr(signatures.jws, "deserialize_compact", counted)
    machine = lone_site.machine()
    three = lone_site.machine()
    for _ in range(2):
        clients.add_key(lone_site.world.parts, three.client_id, json.dumps(public(with_key(three).key)))
    nobody = replace(machine, client_id=ClientId("a" * 26))
    counts = []
    for who in (machine, three, nobody, with_key(machine)):
        for header in ({}, {"kid": "x"}):
            checked.clear()
            status(lone_site, who, **header)
            counts.append(len(checked))
    assert set(counts) == {signatures.TRIED}


# --- an address of keys ----------------------------------------------------------------------------------


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as running:
        yield running


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("keys")
    opened = World.open(f"sqlite:///{folder}/carnet.sqlite", f"sqlite:///{folder}/keys.sqlite", folder)
    yield opened
    opened.close()


@pytest.fixture
def served(world: World, seconds: Seconds) -> Iterator[Site]:
    with site_over(world, clock=seconds) as running:
        yield running


def publishing(site: Site, server: KeyServer, **told: Any) -> Machine:
    """A system that publishes its one key at its address."""
    key = ECKey.generate_key("P-256")
    server.document = {"keys": [public(key, kid="1")]}
    structure_id = site.world.structure()
    client_id = clients.add_client(
        site.world.parts, structure_id=structure_id, name="x", jwks_uri=server.url, **told
    )
    return Machine(structure_id, client_id, key, "ES256")


def test_the_keys_of_an_address_are_fetched_once_for_ten_minutes(
    served: Site, server: KeyServer, seconds: Seconds
) -> None:
    machine = publishing(served, server)
    assert [status(served, machine, kid="1") for _ in range(3)] == [200] * 3
    assert server.asked == 1
    seconds.now += 601
    assert status(served, machine, kid="1") == 200
    assert server.asked == 2


def test_a_new_name_has_the_address_asked_again_and_not_more_than_each_ten_seconds(
    served: Site, server: KeyServer, seconds: Seconds
) -> None:
    machine = publishing(served, server)
    assert status(served, machine, kid="1") == 200
    after = with_key(machine)
    server.document = {"keys": [public(after.key, kid="2")]}
    seconds.now += 11
    assert status(served, after, kid="2") == 200, "a rotation is followed at once"
    assert status(served, machine, kid="1") == 401
    asked = server.asked
    assert [status(served, machine, kid=f"made up {number}") for number in range(5)] == [401] * 5
    assert server.asked == asked
    seconds.now += 11
    assert status(served, machine, kid="made up") == 401
    assert server.asked == asked + 1


def test_an_address_that_is_down_leaves_the_last_keys_for_a_day(
    served: Site, server: KeyServer, seconds: Seconds, caplog: pytest.LogCaptureFixture
) -> None:
    machine = publishing(served, server)
    assert status(served, machine, kid="1") == 200
    server.status = 500
    seconds.now += 3600
    assert status(served, machine, kid="1") == 200
    asked = server.asked
    assert status(served, machine, kid="1") == 200
    assert server.asked == asked, "not asked again at once"
    seconds.now += 24 * 3600
    assert status(served, machine, kid="1") == 401, "then they are no longer believed"
    assert "cannot be fetched" in caplog.text
    server.status = 200
    seconds.now += 31
    assert status(served, machine, kid="1") == 200


HOSTILE: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "a redirect": {"status": 302, "headers": {"Location": "http://127.0.0.1:1/jwks"}},
    "not JSON": {"body": b"<html>"},
    "another type": {"media_type": "text/html"},
    "a list": {"document": []},
    "keys that are no list": {"document": {"keys": "x"}},
    "keys of other kinds": {"document": {"keys": [1, None, {}, {"kty": "RSA"}, {"kty": ["EC"]}]}},
    "no point of the curve": {"document": {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}},
    "very long": {"body": b" " * 70_000},
    "compressed": {"headers": {"Content-Encoding": "gzip"}},
    "names twice": {"body": b'{"keys":[],"keys":[]}'},
}


@pytest.mark.parametrize("why", HOSTILE)
def test_an_address_that_answers_anything_else_gives_no_key_and_no_breakage(
    served: Site, server: KeyServer, why: str
) -> None:
    machine = publishing(served, server)
    for name, value in HOSTILE[why].items():
        setattr(server, name, value)
    assert status(served, machine, kid="1") == 401


def test_one_name_for_two_keys_a_private_key_one_for_other_uses_or_one_among_too_many_is_no_key(
    served: Site, server: KeyServer, seconds: Seconds
) -> None:
    machine = publishing(served, server)
    key = machine.key
    for keys in (
        [public(key, kid="1"), public(ECKey.generate_key("P-256"), kid="1")],
        [key.as_dict(private=True) | {"kid": "1"}],
        [public(key, kid="1", use="enc")],
        [public(key, kid="1", alg="ES384")],
        [public(key, kid="1"), *[{}] * client_keys.MOST_KEYS],
    ):
        server.document = {"keys": keys}
        seconds.now += 700
        assert status(served, machine, kid="1") == 401
    server.document = {"keys": [public(key, kid="1", use="sig", alg="ES256"), {"kty": "oct", "k": "AA"}]}
    seconds.now += 700
    assert status(served, machine, kid="1") == 200


def test_a_silent_address_holds_few_and_not_for_long(world: World, server: KeyServer) -> None:
    keys = ClientKeys(step_seconds=0.3, whole_seconds=0.5)
    server.silence = 1.0
    client = clients_row(world, server)
    taken: list[float] = []

    def ask() -> None:
        begun = time.monotonic()
        assert keys.keys_of(client, "1") == ()
        taken.append(time.monotonic() - begun)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.asked == 1, "one asks for all"
    assert max(taken) < 1.0
    assert sum(one < 0.25 for one in taken) >= 20 - client_keys.PLACES


def clients_row(world: World, server: KeyServer) -> Any:
    client_id = clients.add_client(world.parts, structure_id=world.structure(), name="x", jwks_uri=server.url)
    return world.parts.data.client(client_id)


@pytest.mark.parametrize(
    "address", ["https://localhost:%d/jwks", "https://127.0.0.1:%d/jwks", "http://0.0.0.0:%d/"]
)
def test_nothing_connects_to_an_address_of_this_network(address: str) -> None:
    """Whatever a name leads to is looked at before anything is sent there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        with pytest.raises(KeysUnavailableError, match="not one we connect to"):
            fetch_keys(address % listening.getsockname()[1])
        with pytest.raises(TimeoutError):
            listening.accept()


@pytest.mark.parametrize(
    ("scheme", "addresses", "fit"),
    [
        ("https", ["93.184.215.14"], True),
        ("https", ["93.184.215.14", "10.0.0.1"], False),
        ("https", ["2606:4700::1111"], True),
        ("https", ["::ffff:10.0.0.1"], False),
        ("https", ["64:ff9b::a00:1"], False),
        ("https", ["2002:a00:1::"], False),
        ("https", ["fe80::1%eth0"], False),
        ("https", ["169.254.169.254"], False),
        ("https", ["224.0.0.1"], False),
        ("https", ["100.64.0.1"], False),
        ("http", ["127.0.0.1", "::1"], True),
        ("http", ["127.0.0.1", "93.184.215.14"], False),
        ("ftp", ["93.184.215.14"], False),
    ],
)
def test_https_goes_to_public_addresses_and_http_to_this_machine_alone(
    scheme: str, addresses: list[str], fit: bool
) -> None:
    assert client_keys._fit(scheme, addresses) is fit


def test_a_checked_address_is_asked_under_the_name_that_was_registered() -> None:
    """The connection goes to the address; the certificate must be the name's."""
    heard: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _socket, name, _context: heard.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            with suppress(OSError), listening.accept()[0] as one, context.wrap_socket(one, server_side=True):
                pass

        thread = threading.Thread(target=greet)
        thread.start()
        parts = urlsplit(f"https://siae.example:{listening.getsockname()[1]}/jwks?a=b")
        asked = client_keys.pinned(parts, "127.0.0.1")
        assert (asked.url.partition("/jwks")[2], asked.host) == ("?a=b", parts.netloc)
        with pytest.raises(httpx2.HTTPError):
            client_keys._get(asked, 2.0, 2.0)
        thread.join()
    assert heard == ["siae.example"]
