"""The catalogues that grants were given under, and the walk along those that stand when rules change."""

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import bindparam, delete, insert, select

from schemas.ids import GrantId
from vault.services.rows import GrantRow
from vault.services.sharing_rows import RuleVersionRow
from vault.storage.doors import Changes, Looks
from vault.storage.grants import CARNET_OPEN, GRANT, STANDING, TermsError, grant_of
from vault.storage.sharing_tables import rule_versions
from vault.storage.tables import grants

_OF_KIND = (
    select(rule_versions.c.kind, rule_versions.c.version, rule_versions.c.told)
    .where(rule_versions.c.kind == bindparam("kind"))
    .order_by(rule_versions.c.version)
)
_STANDING_AFTER = (
    select(*GRANT, grants.c.grant_id, grants.c.carnet_id)
    .where(grants.c.grant_id > bindparam("after"), STANDING, CARNET_OPEN)
    .order_by(grants.c.grant_id)
    .limit(bindparam("most"))
)


class RuleChanges(Changes):
    """Inside one locked transaction."""

    def set_rule_version(self, row: RuleVersionRow) -> None:
        """In place of what was remembered of this version."""
        same = (rule_versions.c.kind == row.kind, rule_versions.c.version == row.version)
        self._connection.execute(delete(rule_versions).where(*same))
        told = {"kind": row.kind, "version": row.version, "told": row.told}
        self._connection.execute(insert(rule_versions), told)


class RuleLooks(Looks):
    """Beside it."""

    def rule_versions(self, kind: str) -> Sequence[RuleVersionRow]:
        with self._database.read() as connection:
            return [RuleVersionRow(*row) for row in connection.execute(_OF_KIND, {"kind": kind})]

    def standing_after(
        self, after: GrantId | None, *, limit: int
    ) -> tuple[Sequence[GrantRow], GrantId | None]:
        """Those still said to be granted, or suspended, on open carnets, by grant id, exclusive; and where to
        go on, None at the end. A row that is not what it says it is left out: nobody reads by it."""
        with self._database.read() as connection:
            rows = connection.execute(_STANDING_AFTER, {"after": after or "", "most": limit}).all()
        readable = []
        for row in rows:
            with suppress(TermsError):
                found = grant_of(row[:5])
                if (found.grant.id, found.grant.terms.carnet_id) == (row[5], row[6]):
                    readable.append(found)
        return readable, GrantId(rows[-1][5]) if len(rows) == limit else None
