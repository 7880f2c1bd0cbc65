"""Sending what waits in the outbox, over SMTP (RFC 5321): the one door of mail.

- ``smtps://`` speaks TLS from the start. ``smtp://`` turns to TLS (STARTTLS) and, but for a server of this
  very machine, sends nothing without it. Certificates are checked; a password never travels in clear.
- One exchange lasts a minute at most, whatever the server does: a timer hangs up.
- Nothing of a mail, of the password or of what the server said reaches a log or an error: the kind alone.
- A header cannot be made of what somebody typed: addresses are checked, and a line break is refused.
"""

import logging
import smtplib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from urllib.parse import unquote, urlsplit

from vault.errors import CarnetError
from vault.jobs.texts import LogOnlyTexts, Texts
from vault.services.letters import Letter, Sender, Short, letter_of, short_message
from vault.services.mailing import (
    MailDelayedError,
    MailRefusedError,
    MailReport,
    Waiting,
    send_waiting,
)
from vault.services.parts import Parts
from vault.settings_read import is_loopback

MAIL_EVERY = 5.0  # seconds between two looks at the outbox
LONGEST_ANSWER = 20.0  # seconds the server may take for one answer
LONGEST_EXCHANGE = 60.0
_PORTS = {"smtp": 25, "smtps": 465}
_NEVER = range(500, 600)

log = logging.getLogger("carnet.jobs")


@dataclass(frozen=True, slots=True)
class Post:
    """The server that takes our mail, and in whose name we write."""

    host: str
    port: int
    tls: bool  # from the start
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    author: str  # the address mail comes from
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)
    longest_answer: float = LONGEST_ANSWER
    longest_exchange: float = LONGEST_EXCHANGE

    @classmethod
    def at(cls, url: str, author: str) -> "Post":
        """From the setting, which was checked when it was read."""
        told = urlsplit(url)
        user, password = (unquote(part) if part else None for part in (told.username, told.password))
        return cls(
            host=told.hostname or "",
            port=told.port or _PORTS[told.scheme],
            tls=told.scheme == "smtps",
            user=user,
            password=password,
            author=author,
        )

    def send(self, letter: Letter, name: str) -> None:
        """Hand one letter over. Raises MailRefusedError when it never will be taken, MailDelayedError when it
        may be later."""
        message = as_message(letter, author=self.author, name=name)
        try:
            with self._connected() as server:
                server.send_message(message, from_addr=self.author, to_addrs=[letter.to])
        except smtplib.SMTPRecipientsRefused as refused:
            codes = [code for code, _ in refused.recipients.values()]
            raise _refusal(codes[0] if codes else 450) from None
        except smtplib.SMTPDataError as refused:
            raise _refusal(refused.smtp_code) from None
        except (smtplib.SMTPException, OSError, ValueError):  # ValueError: a server that speaks no SMTP
            raise MailDelayedError("the mail server did not take it") from None

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A server that agreed to encryption and knows us; hung up at the end, or when time is over."""
        told: Any = {"local_hostname": self.author.rpartition("@")[2], "timeout": self.longest_answer}
        server = smtplib.SMTP_SSL(context=self.context, **told) if self.tls else smtplib.SMTP(**told)
        timer = threading.Timer(self.longest_exchange, lambda: _hang_up(server))
        timer.daemon = True
        timer.start()
        try:
            _greet(server, self.host, self.port)
            if not self.tls:
                self._turn_to_tls(server)
            if self.user is not None:
                server.login(self.user, self.password or "")
            yield server
            _say_goodbye(server)
        finally:
            timer.cancel()
            server.close()

    def _turn_to_tls(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if server.has_extn("starttls"):
            server.starttls(context=self.context)
        elif not is_loopback(self.host):
            raise MailDelayedError("the mail server offers no encryption")


@dataclass(frozen=True, slots=True)
class Mail:
    """The outbox and where it goes. ``post`` None: nowhere yet, everything waits."""

    parts: Parts
    sender: Sender
    post: Post | None
    texts: Texts = field(default_factory=LogOnlyTexts)

    def run_once(self, going_on: Callable[[], bool] = lambda: True) -> MailReport:
        """Send what is due. Raises UnavailableError."""
        report = send_waiting(
            self.parts, self._send if self.post else None, wanted=self._wanted, going_on=going_on
        )
        if report.failed or report.delayed:
            log.warning("mail: %d sent, %d delayed, %d failed", report.sent, report.delayed, report.failed)
        return report

    def _wanted(self, mail: Waiting) -> bool:
        letter = letter_of(self.parts, mail, self.sender)
        return letter is not None or short_message(self.parts, mail) is not None

    def _send(self, mail: Waiting) -> None:
        letter = letter_of(self.parts, mail, self.sender)
        if letter is not None and self.post is not None:
            self.post.send(letter, self.sender.name)
        short = short_message(self.parts, mail)
        if short is not None:
            self._text(short)

    def _text(self, short: Short) -> None:
        """Beside the mail, and tried once: what fails here must not send the mail again."""
        try:
            self.texts.send(short)
        except (MailDelayedError, MailRefusedError) as error:
            log.warning("a short message did not leave: %s", type(error).__name__)


class MailThread:
    """Looks at the outbox until ``close``. Apart from the other jobs: a slow mail server holds up no seal."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mail", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """No further mail. The one under way is given a moment; what was not taken is tried again later."""
        self._over.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._over.wait(MAIL_EVERY):
            try:
                self._mail.run_once(lambda: not self._over.is_set())
            except CarnetError as error:
                log.warning("mail could not be looked at: %s", type(error).__name__)
            except BaseException as error:
                log.error("sending failed unexpectedly: %s", type(error).__name__)


def as_message(letter: Letter, *, author: str, name: str) -> EmailMessage:
    """The mail as it travels. Raises MailRefusedError for what no header can hold."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(_as_written(name), addr_spec=author)
        message["To"] = Address(addr_spec=letter.to)
        message["Subject"] = _as_written(letter.subject)
        message["Date"] = letter.written_at
        message["Message-ID"] = f"<{letter.letter_id}@{author.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers
        message.set_content(letter.text, cte="quoted-printable")
    except (ValueError, MessageError):
        raise MailRefusedError("not a mail") from None
    return message


def _as_written(text: str) -> str:
    """What looks like an encoded word (RFC 2047) would be decoded, line breaks included: it is broken up."""
    return text.replace("=?", "= ?")


def _refusal(code: int) -> Exception:
    kind = MailRefusedError if code in _NEVER else MailDelayedError
    return kind(f"the mail server answered {code}")


def _greet(server: smtplib.SMTP, host: str, port: int) -> None:
    server._host = host  # type: ignore[attr-defined] # certificates are checked against it; only __init__ sets it
    code, _ = server.connect(host, port)
    if code != 220:
        raise MailDelayedError(f"the mail server answered {code}")


def _say_goodbye(server: smtplib.SMTP) -> None:
    """The mail was taken: a server that hangs up without a word changes nothing."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        return


def _hang_up(server: smtplib.SMTP) -> None:
    sock = server.sock
    if sock is not None:
        try:
            sock.shutdown(2)
        except OSError:
            return
