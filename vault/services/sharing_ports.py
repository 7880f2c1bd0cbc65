"""What the services need from D about what the person decides: one pair of protocols a topic.

``Work`` and ``DataStore`` (``ports``) hold them all. Rows: ``sharing_rows``.
"""

from typing import Protocol

# --- what somebody asked a person to share, and when nobody may ask ---


class RequestWork(Protocol):
    """Inside one locked transaction."""


class RequestStore(Protocol):
    """Beside it."""


# --- who follows a person, with dates; one at a time ---


class ReferentWork(Protocol):
    """Inside one locked transaction."""


class ReferentStore(Protocol):
    """Beside it."""


# --- who acts for a person ---


class MandateWork(Protocol):
    """Inside one locked transaction."""


class MandateStore(Protocol):
    """Beside it."""


# --- the signed proofs a person was given ---


class ReceiptWork(Protocol):
    """Inside one locked transaction."""


class ReceiptStore(Protocol):
    """Beside it."""


# --- what a person wants to be told of ---


class NoticeWork(Protocol):
    """Inside one locked transaction."""


class NoticeStore(Protocol):
    """Beside it."""


# --- accesses that two professionals open together ---


class EmergencyWork(Protocol):
    """Inside one locked transaction."""


class EmergencyStore(Protocol):
    """Beside it."""


# --- the catalogues and frames that grants were given under ---


class RuleWork(Protocol):
    """Inside one locked transaction."""


class RuleStore(Protocol):
    """Beside it."""
