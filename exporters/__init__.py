"""How data leaves: one immutable document in, bytes out. No storage, no keys, no say in who may read."""

from exporters.document import (
    ExportDocument,
    Issuer,
    Item,
    Part,
    Proof,
    Said,
    ShareLine,
    Theme,
    Variant,
    Volet,
)
from exporters.to_json import to_json
from exporters.to_pdf import PaperUnavailableError, to_pdf
from exporters.words import day_in_paris, day_in_words, instant_in_words

__all__ = [
    "ExportDocument",
    "Issuer",
    "Item",
    "PaperUnavailableError",
    "Part",
    "Proof",
    "Said",
    "ShareLine",
    "Theme",
    "Variant",
    "Volet",
    "day_in_paris",
    "day_in_words",
    "instant_in_words",
    "to_json",
    "to_pdf",
]
