"""Pages of what stands beside an information: her words, the answers to them."""

from dataclasses import dataclass
from typing import ClassVar

from vault.web.pages.views.pieces import Information

__all__ = ["ObservationView", "ObserveView", "ReplyView"]


@dataclass(frozen=True)
class ObserveView:
    """`/mon-carnet/info/{entry_id}/observation`: she writes beside an information. `readers`: who reads it
    now, and will read her words; `text`: what she typed, when it could not be kept."""

    template: ClassVar[str] = "person/observe.html"

    information: Information
    action: str
    version: int
    longest: int
    readers: tuple[str, ...] = ()
    text: str = ""
    fault: str = ""
    kept: bool = False
    back_href: str = "/mon-carnet"


@dataclass(frozen=True)
class ObservationView:
    """`/mon-carnet/observations/{id}`: one of hers, with its answers. `answered`: somebody answered since she
    last spoke, so that she may maintain it."""

    template: ClassVar[str] = "person/observation.html"

    information: Information  # with this observation alone
    action: str
    longest: int
    answered: bool = False
    text: str = ""
    fault: str = ""
    back_href: str = "/mon-carnet"


@dataclass(frozen=True)
class ReplyView:
    """`/carnets/{carnet_id}/observations/{id}`: a professional answers."""

    template: ClassVar[str] = "office/reply.html"

    information: Information  # with this observation alone
    action: str
    longest: int
    back_href: str
    text: str = ""
    fault: str = ""
