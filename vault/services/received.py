"""What a professional or a structure's system was given: its own live grants. Ids only, so nothing is opened
and nothing is appended. Columns find the rows; whether a grant is live and whose it is, its terms say."""

from collections.abc import Sequence

from consent.grants import Grant
from schemas.ids import GrantId
from vault.services.parts import Parts
from vault.services.reading import Reader
from vault.services.referents import current_referents, for_this_one


def list_received_grants(
    parts: Parts, reader: Reader, *, after: GrantId | None = None, limit: int = 50
) -> tuple[Sequence[Grant], GrantId | None]:
    """One page, and the id the next one starts after (exclusive), None on the last page."""
    now = parts.now()
    rows = parts.data.grants_to(reader.grantees, now=now, after=after, limit=limit + 1)
    grants = [row.grant for row in rows[:limit]]
    shown = [grant for grant in grants if grant.live(now) and grant.terms.grantee in reader.grantees]
    following = grants[-1].id if len(rows) > limit else None
    return _for_who_is_it(parts, shown), following


def _for_who_is_it(parts: Parts, grants: Sequence[Grant]) -> list[Grant]:
    """Without what was given to a référent, for who is not it any more."""
    carnets = {grant.terms.carnet_id for grant in grants if grant.terms.function is not None}
    standing = current_referents(parts, carnets)
    return [
        grant
        for grant in grants
        if grant.terms.function is None or for_this_one(grant.terms, standing.get(grant.terms.carnet_id))
    ]
