"""The public page that stops a share with a paper."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

__all__ = ["SlipView"]


@dataclass(frozen=True)
class SlipView:
    """`/arreter-un-partage`: asks for the code; then (`given_at`) for a last yes; then (`stopped`) says so.
    `unknown`: the code stops nothing, for whatever reason. `code` is what was typed, to be sent once more."""

    template: ClassVar[str] = "public/slip.html"

    given_at: datetime | None = None
    code: str = ""
    unknown: bool = False
    stopped: bool = False
