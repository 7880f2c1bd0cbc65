"""What a professional or a structure's system was given: its own live grants. Ids only, so nothing is opened
and nothing is appended."""

from collections.abc import Sequence

from consent.grants import Grant
from schemas.ids import GrantId
from vault.services.parts import Parts
from vault.services.reading import Reader


def list_received_grants(
    parts: Parts, reader: Reader, *, after: GrantId | None = None, limit: int = 50
) -> tuple[Sequence[Grant], GrantId | None]:
    """One page, and the id the next one starts after (exclusive), None on the last page."""
    rows = parts.data.grants_to(reader.grantees, now=parts.now(), after=after, limit=limit + 1)
    page = [row.grant for row in rows[:limit]]
    return page, page[-1].id if len(rows) > limit else None
