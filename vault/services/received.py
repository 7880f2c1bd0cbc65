"""What a professional or a structure's system was given: its own live grants. Ids only, so nothing is opened
and nothing is appended. Columns find the rows; whether a grant is live and whose it is, its terms say."""

from collections.abc import Sequence

from consent.grants import Grant
from schemas.ids import GrantId
from vault.services.parts import Parts
from vault.services.reading import Reader


def list_received_grants(
    parts: Parts, reader: Reader, *, after: GrantId | None = None, limit: int = 50
) -> tuple[Sequence[Grant], GrantId | None]:
    """One page, and the id the next one starts after (exclusive), None on the last page."""
    now = parts.now()
    rows = parts.data.grants_to(reader.grantees, now=now, after=after, limit=limit + 1)
    grants = [row.grant for row in rows[:limit]]
    shown = [grant for grant in grants if grant.live(now) and grant.terms.grantee in reader.grantees]
    return shown, grants[-1].id if len(rows) > limit else None
