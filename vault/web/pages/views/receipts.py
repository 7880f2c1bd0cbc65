"""Pages of receipts: the person's own, and the public one that says whether a receipt is ours."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from vault.web.pages.views.pieces import Body

__all__ = ["ReceiptCheckView", "ReceiptEvent", "ReceiptLine", "ReceiptView", "ReceiptsView"]


@dataclass(frozen=True)
class ReceiptLine:
    """One receipt in the list: what happened, with whom, when."""

    href: str
    what: str
    body: Body
    at: datetime


@dataclass(frozen=True)
class ReceiptsView:
    """`/mes-recus`, or those of one share when `of` names it."""

    template: ClassVar[str] = "person/receipts.html"

    lines: tuple[ReceiptLine, ...]
    older_href: str | None = None
    of: str = ""


@dataclass(frozen=True)
class ReceiptEvent:
    what: str
    at: datetime


@dataclass(frozen=True)
class ReceiptView:
    """`/mes-recus/{id}`: a receipt in plain words, and how to take it away. `ends_at`: of a share that was
    given; `digest`: SHA-256 of the file, in groups one can read aloud."""

    template: ClassVar[str] = "person/receipt.html"

    what: str
    at: datetime
    body: Body
    purpose: str
    fields: tuple[str, ...]
    ground: str
    events: tuple[ReceiptEvent, ...]
    rights: tuple[str, ...]
    ends_at: datetime | None
    entry: int
    digest: str
    file_href: str
    check_href: str
    paper_href: str | None = None
    kantara_href: str | None = None
    legal_text: str = ""


@dataclass(frozen=True)
class ReceiptCheckView:
    """`/recu`: `asked` once somebody gave a receipt or its number; `at` when it is ours, None when it is not
    known. `kept`: it is among those kept here now."""

    template: ClassVar[str] = "public/receipt.html"

    asked: bool = False
    at: datetime | None = None
    kept: bool = False
    typed: str = field(default="", repr=False)
