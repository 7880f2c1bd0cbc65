"""Who runs the jobs: one row a lease, taken by whoever finds it free, its own, or over."""

from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update

from vault.storage.tables import leases


def take_lease(connection: Connection, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
    """True when ``holder`` has the lease until ``until``. Needs a transaction of its own."""
    free = (
        update(leases)
        .where(leases.c.name == name, or_(leases.c.holder == holder, leases.c.until <= now))
        .values(holder=holder, until=until)
    )
    if connection.execute(free).rowcount == 1:
        return True
    if connection.execute(select(leases.c.name).where(leases.c.name == name)).one_or_none():
        return False
    connection.execute(insert(leases), {"name": name, "holder": holder, "until": until})
    return True
