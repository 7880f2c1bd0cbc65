"""Who somebody is here, according to the one who said so."""

from dataclasses import dataclass

__all__ = ["IdentityLine", "IdentityTold"]


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
