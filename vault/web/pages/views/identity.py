"""Who somebody is here, according to the one who said so."""

from dataclasses import dataclass
from typing import ClassVar

__all__ = ["IdentityLine", "IdentityTold", "RelinkingView"]


@dataclass(frozen=True)
class IdentityLine:
    """One fact: `note` says what is not certain about it ("jour et mois à confirmer")."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class IdentityTold:
    """`told`: "Selon FranceConnect, le 22 novembre 2026". Nothing of it is changed here."""

    told: str
    lines: tuple[IdentityLine, ...]


@dataclass(frozen=True)
class RelinkingView:
    """Signed in at FranceConnect with a new identifier, while a carnet exists with this identity: nothing is
    opened until somebody has met her. `reference` is what she says then.

    `other_account_href` ends the session at FranceConnect, for whoever else uses this computer.
    """

    template: ClassVar[str] = "public/relinking.html"

    reference: str
    other_account_href: str
