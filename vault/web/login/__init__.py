"""The sign-in room: OpenID Connect towards FranceConnect and ProConnect.

Others use what is listed here. Everything a provider sends is hostile until checked; the rest of the
program only ever sees ``SignedIn`` or ``SignInRefused``.
"""

from vault.web.login.callback import Callback, read_callback
from vault.web.login.provider_metadata import Metadata, Provider
from vault.web.login.refusals import Refusal, SignInRefused
from vault.web.login.relying_party import (
    PENDING_LIFETIME,
    PendingSignIn,
    SignedIn,
    finish,
    logout_url,
    start,
)
from vault.web.login.return_path import safe_return_path
from vault.web.login.settings import ProviderName, ProviderSettings, ProviderSettingsError

__all__ = [
    "PENDING_LIFETIME",
    "Callback",
    "Metadata",
    "PendingSignIn",
    "Provider",
    "ProviderName",
    "ProviderSettings",
    "ProviderSettingsError",
    "Refusal",
    "SignInRefused",
    "SignedIn",
    "finish",
    "logout_url",
    "read_callback",
    "safe_return_path",
    "start",
]
