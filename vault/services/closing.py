"""The person closes her carnet for good: erased in both stores, and every session of hers is over.

From the one entry of the log on nobody reads it, nor does she. What a crash or a busy store leaves standing,
the finishing pass removes.
"""

from datetime import date

from consent.clocks import day_of
from vault.errors import UnavailableError
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.leaving import NoSuchCarnetError, erase_carnet
from vault.services.parts import Parts


def close_own(parts: Parts, owner: OwnerAccess, *, account_id: str, actor: Actor) -> None:
    """Raises what erasing raises before the carnet is closed; afterwards it is done, whatever is slow."""
    try:
        erase_carnet(parts, owner.carnet_id, for_real=True, actor=actor)
    except NoSuchCarnetError:  # another tab was faster
        pass
    except UnavailableError:
        carnet = parts.data.carnet(owner.carnet_id)
        if carnet is not None and carnet.open:
            raise
    parts.keystore.end_sessions(account_id=account_id)


def blind_from(parts: Parts) -> date:
    """From when on no copy of the key store opens what is erased now, a day of Paris."""
    return day_of(parts.now() + parts.key_copies)
