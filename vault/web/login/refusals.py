"""Why a sign-in was refused: a closed list, safe to log and to choose a page by.

Nothing that came from outside (a token, a name, a description, a query string) is ever part of a refusal:
``check`` names the check that failed in words of this program.
"""

from enum import StrEnum


class Refusal(StrEnum):
    """One reason per page the person may be shown; ``SignInRefused.check`` says more to the log."""

    MALFORMED = "malformed"  # a parameter twice, too long, or with control characters: answer 400
    STATE = "state"  # unknown, already used, other browser, other provider
    EXPIRED = "expired"  # the pending sign-in is too old
    ISSUER = "issuer"  # the answer does not come from the provider that was asked
    DENIED_BY_PERSON = "denied_by_person"  # normal: she pressed "back" or could not be recognised
    SECOND_FACTOR = "second_factor"  # the provider could not reach the level asked
    PROVIDER_BUSY = "provider_busy"  # the provider says: later
    PROVIDER_ERROR = "provider_error"  # the provider refuses our request: our configuration is wrong
    PROVIDER_DOWN = "provider_down"  # no usable answer in time, or too many wait for one
    METADATA = "metadata"  # the discovery document or the keys are not acceptable
    TOKEN = "token"  # noqa: S105 - the token endpoint's answer is not acceptable
    ID_TOKEN = "id_token"  # noqa: S105 - the proof of identity does not hold
    LEVEL = "level"  # signed in, but at a level that was not asked for
    NOT_FRESH = "not_fresh"  # asked to prove again who she is, and the provider did not have her do it
    USERINFO = "userinfo"  # the identity answer is not signed, not ours or of somebody else
    IDENTITY = "identity"  # the identity itself is incomplete or malformed


class SignInRefused(Exception):
    """The sign-in stops here; no session may be opened. Raised for every failed check and for every breakage
    on the provider's side, so that a caller has one thing to catch."""

    def __init__(self, reason: Refusal, check: str) -> None:
        super().__init__(f"{reason.value}: {check}")
        self.reason = reason
        self.check = check
