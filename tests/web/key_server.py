"""A system's own address of keys, over real HTTP on this machine: well behaved, or not."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class KeyServer:
    """What it answers may be changed while it runs; ``asked`` counts."""

    document: Any = field(default_factory=lambda: {"keys": []})
    status: int = 200
    media_type: str = "application/jwk-set+json"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    silence: float = 0.0  # seconds before it answers
    asked: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/jwks"

    def answer(self) -> bytes:
        return json.dumps(self.document).encode() if self.body is None else self.body


@contextmanager
def key_server() -> Iterator[KeyServer]:
    told = KeyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # as the library names it
            told.asked += 1
            time.sleep(told.silence)
            body = told.answer()
            self.send_response(told.status)
            self.send_header("Content-Type", told.media_type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
