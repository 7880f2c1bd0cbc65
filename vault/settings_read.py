"""Reading one setting: the text of an environment variable in, a typed value or a ConfigError out.

An error names the setting and says what is expected; it never repeats the text, which may be a secret.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from vault.errors import ConfigError

_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LOCAL_POSTGRES = frozenset({"", "localhost", "/run/postgresql", "/var/run/postgresql"})
_SECRET_FILE_LIMIT = 65_536


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """A session ends ``idle`` after its last request and ``absolute`` after its start."""

    idle: timedelta
    absolute: timedelta


class Texts:
    """The environment's settings as texts, secrets already fetched from their ``_FILE``."""

    def __init__(self, environ: Mapping[str, str], secrets: frozenset[str]) -> None:
        self._texts = {name: value for name, value in environ.items() if name.startswith("CARNET_")}
        for name, value in self._texts.items():
            if not value.strip():
                raise malformed(name, "not empty (unset it to get the default)")
        for name in secrets:
            if f"{name}_FILE" in self._texts:
                self._texts[name] = self._from_file(name)

    def _from_file(self, name: str) -> str:
        setting = f"{name}_FILE"
        if name in self._texts:
            raise ConfigError(f"{name} is set too; keep only one of the two", setting=setting)
        try:
            with Path(self._texts[setting]).open("rb") as file:
                text = file.read(_SECRET_FILE_LIMIT + 1).decode().strip()
        except (OSError, ValueError) as error:
            raise malformed(setting, "the path of a readable UTF-8 file") from error
        if not text or "\n" in text or len(text) > _SECRET_FILE_LIMIT:
            raise malformed(setting, "the path of a file that holds one line")
        return text

    def get(self, name: str) -> str | None:
        return self._texts.get(name)

    def names(self) -> frozenset[str]:
        return frozenset(self._texts)


def malformed(setting: str, expected: str) -> ConfigError:
    return ConfigError(f"must be {expected}", setting=setting, hint="see docs/settings.md")


def as_limits(setting: str, text: str) -> SessionLimits:
    """``20m/8h`` → idle and absolute durations; idle may not exceed absolute."""
    parts = [_DURATION.fullmatch(part) for part in text.split("/")]
    if len(parts) == 2 and parts[0] and parts[1]:
        idle, absolute = (timedelta(**{_UNITS[part[2]]: int(part[1])}) for part in parts if part)
        if idle <= absolute <= timedelta(days=365):
            return SessionLimits(idle, absolute)
    raise malformed(setting, "idle/absolute durations such as 20m/8h (units s, m, h, d; at most a year)")


def as_switch(setting: str, text: str) -> bool:
    if text not in {"on", "off"}:
        raise malformed(setting, "on or off")
    return text == "on"


def as_words(setting: str, text: str) -> tuple[str, ...]:
    """Space-separated words, each at most once, order kept."""
    words = tuple(text.split())
    if len(set(words)) != len(words) or not all(re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", w) for w in words):
        raise malformed(setting, "different words of printable ASCII, separated by spaces")
    return words


def as_networks(setting: str, text: str) -> tuple[str, ...]:
    """Comma-separated addresses or networks. ``*`` is refused: it would let anyone choose her address."""
    networks = tuple(part.strip() for part in text.split(","))
    try:
        for network in networks:
            ipaddress.ip_network(network)
    except ValueError as error:
        raise malformed(setting, "IP addresses or networks separated by commas") from error
    return networks


def as_file(setting: str, text: str) -> Path:
    path = Path(text).absolute()
    if not path.is_file():
        raise malformed(setting, "the path of an existing file")
    return path


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def split_url(setting: str, text: str, expected: str) -> SplitResult:
    """Parse a URL and touch every part that urllib only checks on access."""
    try:
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("not a URL")
        url = urlsplit(text)
        _ = url.port, url.hostname
    except ValueError:
        raise malformed(setting, expected) from None  # urllib's message repeats what it could not read
    return url


def as_web_url(setting: str, text: str, *, path: bool) -> str:
    """An https URL, or http on loopback; without user, query or fragment. ``path``: may it have one?"""
    expected = "an https URL" + ("" if path else " without path") + ", or http on loopback"
    url = split_url(setting, text, expected)
    secure = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname or ""))
    bare = not (url.query or url.fragment or url.username or url.password or "?" in text or "#" in text)
    if not (secure and bare and url.hostname) or (not path and url.path not in {"", "/"}):
        raise malformed(setting, expected)
    return text if path else text.removesuffix("/")


def as_smtp_url(setting: str, text: str) -> str:
    expected = "smtp://HOST:PORT or smtps://USER:PASSWORD@HOST:PORT"
    url = split_url(setting, text, expected)
    if url.scheme not in {"smtp", "smtps"} or not url.hostname or url.path not in {"", "/"} or url.query:
        raise malformed(setting, expected)
    if not unquote(f"{url.username}{url.password}").isascii():
        raise malformed(setting, "a user and a password in ASCII: SMTP carries no other reliably")
    return text


def as_mail_address(setting: str, text: str) -> str:
    """One address, in ASCII: it is written in a header of every mail."""
    if not _MAIL_ADDRESS.fullmatch(text) or len(text) > 254:
        raise malformed(setting, "an e-mail address such as carnet@departement.example")
    return text


def as_store_url(setting: str, text: str) -> str:
    """The URL of a SQLite file or of a PostgreSQL database, as the storage driver wants it.

    SQLite paths become absolute, so that the current directory is read once.
    """
    if text.startswith("sqlite:"):
        file = unquote(text.removeprefix("sqlite:///"))
        if not file or "?" in text or "\0" in file or file.startswith((":", "file:", "sqlite:")):
            raise malformed(setting, "sqlite:///PATH: a file, without options")
        return sqlite_url(Path(file))
    expected = "sqlite:///PATH or postgresql://USER@HOST/DATABASE"
    url = split_url(setting, text, expected)
    if url.scheme not in {"postgres", "postgresql", "postgresql+psycopg"} or len(url.path) < 2:
        raise malformed(setting, expected)
    return "postgresql+psycopg" + text[len(url.scheme) :]


def sqlite_url(file: Path) -> str:
    """The URL of ``file``, made absolute; what a URL would misread in its name is percent-encoded."""
    return "sqlite:///" + str(file.absolute()).replace("%", "%25").replace("?", "%3F")


def store_place(url: str) -> tuple[str, ...]:
    """Where a store really is, so that two spellings of one place compare equal.

    For SQLite the resolved path; for PostgreSQL host (all local spellings are one), port and database.
    """
    if url.startswith("sqlite:///"):
        return ("sqlite", str(Path(unquote(url.removeprefix("sqlite:///"))).resolve()))
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    host = options.get("host", [parts.hostname or ""])[0].lower().rstrip("/.")
    if host in _LOCAL_POSTGRES or is_loopback(host):
        host = "localhost"
    port = options.get("port", [str(parts.port or 5432)])[0]
    return ("postgresql", host, port, options.get("dbname", [unquote(parts.path[1:])])[0])
