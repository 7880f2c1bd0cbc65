"""What the server makes of bytes no honest program sends: where one request ends, nobody may disagree."""

import re
import socket
from collections.abc import Iterator

import pytest

from tests.cli.typing_commands import Operator, Server

ASKS = b"GET /sante HTTP/1.1\r\nHost: a\r\n"
HIDDEN = ASKS + b"Connection: close\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Operator.in_folder(tmp_path_factory.mktemp("raw")).set_up().serving() as running:
        yield running


def answers(server: Server, sent: bytes) -> list[bytes]:
    """The status lines of all that comes back on one connection."""
    with socket.create_connection(("127.0.0.1", server.announced["port"]), 10) as connection:
        connection.sendall(sent)
        connection.settimeout(1.0)
        got = b""
        try:
            while piece := connection.recv(65_536):
                got += piece
        except TimeoutError:
            pass
    return re.findall(rb"HTTP/1\.1 (\d{3}) ", got)


@pytest.mark.parametrize(
    "heads",
    [
        b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 0\r\nContent-Length: 31\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Content-Length: +0\r\n",
        b"Content-Length : 0\r\n",
        b"Content-Length: 0\rX-A: b\r\n",
        b"X-A: b\n c: d\r\nContent-Length: 0\r\n\x00",
    ],
)
def test_a_request_whose_end_is_ambiguous_hides_no_second_one(server: Server, heads: bytes) -> None:
    body = b"0\r\n\r\n" if b"chunked" in heads else b""
    statuses = answers(server, b"POST /oauth/token HTTP/1.1\r\nHost: a\r\n" + heads + b"\r\n" + body + HIDDEN)
    assert b"200" not in statuses, "the hidden request was served"
    assert statuses, "refused, not left hanging"


def test_two_honest_requests_on_one_connection_are_two(server: Server) -> None:
    assert answers(server, ASKS + b"\r\n" + HIDDEN) == [b"200", b"200"]
