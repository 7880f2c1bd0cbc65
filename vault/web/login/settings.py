"""What one sign-in provider is to us: addresses, credentials, and the few rules that differ.

FranceConnect refuses PKCE and takes the level in ``acr_values``; ProConnect takes PKCE and the level in the
``claims`` parameter. FranceConnect+ is reached by other values of the same settings: its issuer, and levels
that FranceConnect never gives.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import SplitResult, urlsplit

_PLUS_LEVELS = frozenset({"eidas2", "eidas3"})

ProviderName = Literal["franceconnect", "proconnect"]


class ProviderSettingsError(ValueError):
    """A setting of a provider is not acceptable; the message names it, never its value."""


@dataclass(frozen=True)
class ProviderSettings:
    """``scopes`` must hold ``openid``; ``acr_values`` is the list of accepted levels, compared by membership.
    ``issuer``, ``redirect_uri`` and ``post_logout_redirect_uri`` are https, or http on loopback."""

    name: ProviderName
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]
    acr_values: tuple[str, ...]
    pkce: bool
    acr_by_claims: bool
    redirect_uri: str
    post_logout_redirect_uri: str

    @property
    def plus(self) -> bool:
        """FranceConnect+: the identity is the identity provider's, not the national register's."""
        return self.name == "franceconnect" and _PLUS_LEVELS.issuperset(self.acr_values)

    def __post_init__(self) -> None:
        for setting in ("issuer", "redirect_uri", "post_logout_redirect_uri"):
            if acceptable_address(getattr(self, setting)) is None:
                raise ProviderSettingsError(f"{self.name}: {setting} is not an acceptable address")
        if "openid" not in self.scopes:
            raise ProviderSettingsError(f"{self.name}: scopes must hold openid")
        if not self.acr_values or not self.client_id or not self.client_secret:
            raise ProviderSettingsError(f"{self.name}: client id, client secret and levels are required")


def acceptable_address(text: object) -> SplitResult | None:
    """The parts of an absolute address we may talk to: https, or http on loopback only; no user name, no
    fragment, printable ASCII. None for anything else."""
    if not isinstance(text, str) or not 0 < len(text) <= 512 or not all("!" <= char <= "~" for char in text):
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "@" in parts.netloc or "#" in text or "\\" in text:
        return None
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return parts
    return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
