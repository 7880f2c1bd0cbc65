"""Every setting of the program: read once from the environment, typed, complete or refused.

- ``load_settings(os.environ)`` gives a ``Settings`` or raises ConfigError naming the setting at fault.
- An unknown ``CARNET_`` variable stops the start: a misspelt setting is never a silent default.
- The defaults are those of production; what is laxer (http) is accepted on loopback only.
- Secrets may come from a file (``NAME_FILE``) and never appear in ``repr``.
- Nothing is created, opened or contacted here. docs/settings.md documents each setting; a test compares.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from vault.errors import ConfigError
from vault.instance import Instance, load_instance
from vault.settings_read import (
    SessionLimits,
    Texts,
    as_file,
    as_limits,
    as_mail_address,
    as_networks,
    as_smtp_url,
    as_store_url,
    as_switch,
    as_web_url,
    as_words,
    malformed,
    sqlite_url,
    store_place,
)

__all__ = ["SETTING_NAMES", "Instance", "Kms", "Provider", "SessionLimits", "Settings", "load_settings"]

T = TypeVar("T")

LONGEST_COPIES = 90  # days a copy of the key store may be kept

_PROVIDER_PARTS = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "ACR_VALUES", "SCOPES", "PKCE")
_DOORS = ("CARNET_FRANCECONNECT", "CARNET_PROCONNECT")
_SECRETS = frozenset(
    {"CARNET_DATABASE_URL", "CARNET_KEYSTORE_URL", "CARNET_DATABASE_ADMIN_URL", "CARNET_SMTP_URL"}
    | {f"{door}_CLIENT_SECRET" for door in _DOORS}
)
SETTING_NAMES = frozenset(
    {
        "CARNET_DATA_DIR",
        "CARNET_KMS",
        "CARNET_PUBLIC_URL",
        "CARNET_LOG_ORIGIN",
        "CARNET_MAIL_FROM",
        "CARNET_LOG_ARCHIVE",
        "CARNET_FRAME",
        "CARNET_CATALOGUE",
        "CARNET_INSTANCE",
        "CARNET_SESSION_PERSON",
        "CARNET_SESSION_PROFESSIONAL",
        "CARNET_LIMITS",
        "CARNET_RETENTION",
        "CARNET_FORWARDED_ALLOW_IPS",
        "CARNET_KEY_COPIES",
    }
    | _SECRETS
    | {f"{name}_FILE" for name in _SECRETS}
    | {f"{door}_{part}" for door in _DOORS for part in _PROVIDER_PARTS}
)


@dataclass(frozen=True, slots=True)
class Kms:
    """Where the root key lives. ``kind`` is ``file`` in this version; ``path`` its keyring."""

    kind: str
    path: Path


@dataclass(frozen=True, slots=True)
class Provider:
    """One OpenID Connect provider as this instance is registered there.

    ``issuer`` is compared byte for byte. ``acr_values`` are the levels accepted, in order of preference.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    acr_values: tuple[str, ...]
    scopes: tuple[str, ...]
    pkce: bool

    @property
    def origin(self) -> str:
        """scheme://host[:port], for the form-action of the content security policy."""
        url = urlsplit(self.issuer)
        return f"{url.scheme}://{url.netloc}"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked together. ``None`` means: not set, the part is closed and says so."""

    data_dir: Path
    database_url: str = field(repr=False)
    keystore_url: str = field(repr=False)
    database_admin_url: str | None = field(repr=False)
    kms: Kms
    public_url: str
    log_origin: str
    log_archive: Path
    frame: Path | None
    catalogue: Path | None
    smtp_url: str | None = field(repr=False)
    mail_from: str  # the address mail comes from
    instance: Instance
    session_person: SessionLimits
    session_professional: SessionLimits
    limits: bool
    retention: bool  # what is kept no longer ends by itself, each day
    forwarded_allow_ips: tuple[str, ...]
    key_copies: timedelta  # how long a copy of the key store may be kept
    franceconnect: Provider | None
    proconnect: Provider | None

    @property
    def secure(self) -> bool:
        """True on https: the cookie is then ``__Host-carnet`` and Secure."""
        return self.public_url.startswith("https://")


def load_settings(
    environ: Mapping[str, str], *, default_public_url: str = "http://127.0.0.1:8000"
) -> Settings:
    """Read and check every setting. Raises ConfigError; touches no file but those that settings name.

    ``default_public_url`` lets ``serve --port`` move the loopback address nobody has set.
    """
    texts = Texts(environ, _SECRETS)
    _refuse_unknown(texts)
    read = _Reader(texts)
    data_dir = Path(texts.get("CARNET_DATA_DIR") or "var").absolute()
    public_url = read("CARNET_PUBLIC_URL", _public_url, _public_url("CARNET_PUBLIC_URL", default_public_url))
    origin = urlsplit(public_url).hostname or ""
    data, keys = sqlite_url(data_dir / "carnet.sqlite"), sqlite_url(data_dir / "keys.sqlite")
    settings = Settings(
        data_dir=data_dir,
        database_url=read("CARNET_DATABASE_URL", as_store_url, data),
        keystore_url=read("CARNET_KEYSTORE_URL", as_store_url, keys),
        database_admin_url=read("CARNET_DATABASE_ADMIN_URL", as_store_url, None),
        kms=read("CARNET_KMS", _kms, Kms("file", data_dir / "keyring")),
        public_url=public_url,
        log_origin=read("CARNET_LOG_ORIGIN", _log_origin, origin),
        log_archive=read("CARNET_LOG_ARCHIVE", _folder, data_dir / "archive"),
        frame=read("CARNET_FRAME", as_file, None),
        catalogue=read("CARNET_CATALOGUE", as_file, None),
        smtp_url=read("CARNET_SMTP_URL", as_smtp_url, None),
        mail_from=read("CARNET_MAIL_FROM", as_mail_address, _mail_from(origin)),
        instance=read("CARNET_INSTANCE", _instance, Instance()),
        session_person=read("CARNET_SESSION_PERSON", as_limits, as_limits("", "20m/8h")),
        session_professional=read("CARNET_SESSION_PROFESSIONAL", as_limits, as_limits("", "30m/10h")),
        limits=read("CARNET_LIMITS", as_switch, True),
        retention=read("CARNET_RETENTION", as_switch, False),
        forwarded_allow_ips=read("CARNET_FORWARDED_ALLOW_IPS", as_networks, ()),
        key_copies=read("CARNET_KEY_COPIES", _days, timedelta(days=14)),
        franceconnect=_franceconnect(read),
        proconnect=_proconnect(read),
    )
    _check_together(settings)
    return settings


class _Reader:
    """``read(name, parse, default)``: the parsed setting, or the default when it is unset."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts

    def __call__(self, name: str, parse: Callable[[str, str], T], default: T) -> T:
        text = self.texts.get(name)
        return default if text is None else parse(name, text)


def _refuse_unknown(texts: Texts) -> None:
    unknown = sorted(texts.names() - SETTING_NAMES)
    if unknown:
        raise ConfigError("is not a setting", setting=unknown[0], hint="docs/settings.md lists them all")


def _check_together(settings: Settings) -> None:
    keys = store_place(settings.keystore_url)
    if store_place(settings.database_url) == keys:
        raise malformed("CARNET_KEYSTORE_URL", "another store than CARNET_DATABASE_URL")
    if settings.database_admin_url is not None and store_place(settings.database_admin_url) == keys:
        raise malformed("CARNET_DATABASE_ADMIN_URL", "another store than CARNET_KEYSTORE_URL")
    if settings.secure and not settings.limits:
        raise malformed("CARNET_LIMITS", "on when CARNET_PUBLIC_URL is https")


def _days(setting: str, text: str) -> timedelta:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LONGEST_COPIES:
        raise malformed(setting, f"a whole number of days, from 1 to {LONGEST_COPIES}")
    return timedelta(days=int(text))


def _public_url(setting: str, text: str) -> str:
    return as_web_url(setting, text, path=False)


def _folder(setting: str, text: str) -> Path:
    path = Path(text).absolute()
    if path.exists() and not path.is_dir():
        raise malformed(setting, "the path of a folder")
    return path


def _instance(setting: str, text: str) -> Instance:
    return load_instance(as_file(setting, text))


def _kms(setting: str, text: str) -> Kms:
    kind, _, rest = text.partition(":")
    if kind in {"pkcs11", "transit"}:
        raise ConfigError(f"{kind}: is not available in this version", setting=setting, hint="use file:PATH")
    if kind != "file" or not rest:
        raise malformed(setting, "file:PATH")
    return Kms("file", Path(rest).absolute())


def _mail_from(host: str) -> str:
    """carnet@ and the host of the public URL; an address in figures is no mail domain."""
    named = "." in host and not host.replace(".", "").isdigit() and ":" not in host
    return f"carnet@{host if named else 'localhost.localdomain'}"


def _log_origin(setting: str, text: str) -> str:
    """C2SP signed notes: a key name holds no space and no plus sign; by convention it has no scheme."""
    if not text.isprintable() or any(mark in text for mark in (" ", "+", "://")) or len(text) > 255:
        raise malformed(setting, "a name such as carnet.example.fr, without scheme, space or plus sign")
    return text


def _franceconnect(read: _Reader) -> Provider | None:
    return _provider(
        read,
        "franceconnect",
        acr_values="eidas1",
        scopes="openid identite_pivot preferred_username email",
        pkce=False,  # FranceConnect refuses every parameter it does not list
    )


def _proconnect(read: _Reader) -> Provider | None:
    return _provider(
        read,
        "proconnect",
        acr_values="eidas1-mfa eidas2 eidas3",
        scopes="openid given_name usual_name email siret organization_label",
        pkce=True,
    )


def _provider(read: _Reader, name: str, *, acr_values: str, scopes: str, pkce: bool) -> Provider | None:
    """All of issuer, client id and secret, or nothing at all: half a door is a mistake."""
    prefix = f"CARNET_{name.upper()}"
    if not any(read.texts.get(f"{prefix}_{part}") for part in _PROVIDER_PARTS):
        return None
    for part in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"):
        if read.texts.get(f"{prefix}_{part}") is None:
            raise ConfigError(f"is missing beside the other {prefix}_ settings", setting=f"{prefix}_{part}")
    return Provider(
        name=name,
        issuer=read(f"{prefix}_ISSUER", _issuer, ""),
        client_id=read(f"{prefix}_CLIENT_ID", _one_word, ""),
        client_secret=read(f"{prefix}_CLIENT_SECRET", _one_word, ""),
        acr_values=read(f"{prefix}_ACR_VALUES", as_words, tuple(acr_values.split())),
        scopes=read(f"{prefix}_SCOPES", _scopes, tuple(scopes.split())),
        pkce=read(f"{prefix}_PKCE", as_switch, pkce),
    )


def _issuer(setting: str, text: str) -> str:
    return as_web_url(setting, text, path=True)


def _one_word(setting: str, text: str) -> str:
    if len(text.split()) != 1 or not text.isprintable() or text != text.strip():
        raise malformed(setting, "one word without spaces")
    return text


def _scopes(setting: str, text: str) -> tuple[str, ...]:
    scopes = as_words(setting, text)
    if "openid" not in scopes:
        raise malformed(setting, "a list of scopes that holds openid")
    return scopes
