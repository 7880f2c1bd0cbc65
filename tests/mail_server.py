"""A real mail server for tests: takes mail, or behaves as badly as it is told to."""

import asyncio
import datetime
import gc
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
USER, PASSWORD = "carnet", "un mot: 100% @/#?"


@dataclass
class MailServer:
    """``answers``: what it says to RCPT or DATA instead of taking the mail, one after the other."""

    taken: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    to_rcpt: list[str] = field(default_factory=list)
    to_data: list[str] = field(default_factory=list)
    silent: threading.Event = field(default_factory=threading.Event)  # set: never answers DATA
    port: int = 0

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.to_rcpt:
            return self.to_rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        while self.silent.is_set():
            await asyncio.sleep(0.05)
        if self.to_data:
            return self.to_data.pop(0)
        self.envelopes.append(envelope)
        self.encrypted.append(session.ssl is not None)
        told = message_from_bytes(cast("bytes", envelope.content), policy=policy.SMTP)
        self.taken.append(told)
        return "250 OK"


@contextmanager
def mail_server(*, starttls: bool = False, tls: bool = False, auth: bool = False) -> Iterator[MailServer]:
    """Listens on a free port of loopback until left."""
    server = MailServer()
    context = server_context() if starttls or tls else None
    controller = Controller(
        server,
        hostname=HOST,
        port=free_port(),
        ssl_context=context if tls else None,
        tls_context=context if starttls else None,
        require_starttls=starttls,
        auth_required=auth,
        auth_require_tls=starttls,
        authenticator=_authenticate if auth else None,
    )
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        server.silent.clear()
        controller.stop()
        _bury()


def _bury() -> None:
    """The server under test forgets to close what failed to be encrypted; so does smtplib. Not our tests'
    matter, and not to be found by a later one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, told: Any) -> AuthResult:
    known = isinstance(told, LoginPassword) and (told.login, told.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=known, handled=False)


def free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


@lru_cache(maxsize=1)
def _certificate() -> Path:
    """Of this machine, signed by itself, good for a day; key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.exemple.invalid")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = Path(mkdtemp()) / "mail.txt"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate())
    return context


def trusting_context() -> ssl.SSLContext:
    """Of a client that knows this server's certificate."""
    return ssl.create_default_context(cafile=str(_certificate()))
