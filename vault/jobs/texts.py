"""Short messages to telephones: the door a sender would fill. None is shipped, so no page asks for a number.

Whoever adds one implements ``Texts`` and has a number proven (a code that is sent there) before it is kept.
"""

import logging
from typing import Protocol

from vault.services.letters import Short

log = logging.getLogger("carnet.jobs")


class Texts(Protocol):
    def send(self, short: Short, /) -> None:
        """Hand one message over. Raises MailRefusedError, MailDelayedError."""
        ...


class LogOnlyTexts:
    """Sends nothing, and says that there was something to send: neither to whom nor what."""

    def send(self, _: Short) -> None:
        log.info("a short message was not sent: no sender is set up")
