"""A receipt in plain words, for its page and for its paper."""

from consent.receipts import Moved
from consent.records27560 import Event, Party, Record
from exporters.receipt_words import WHAT_HAPPENED, ground_in_words
from schemas.names import StructureKind
from vault.services.receipts import Receipt
from vault.web.pages import views

_RIGHTS = {
    "gdpr:A7-3": "retirer votre accord",
    "gdpr:A15": "savoir ce qui est lu",
    "gdpr:A16": "faire corriger",
    "gdpr:A17": "faire effacer",
    "gdpr:A18": "faire geler",
    "gdpr:A20": "emporter vos informations",
    "gdpr:A21": "vous opposer",
    "gdpr:A77": "vous plaindre à la CNIL, qui protège les données de chacun",
}
_KIND = "carnet:structure-"
_KINDS = {kind.value: kind for kind in StructureKind}


def what_happened(receipt: Receipt) -> str:
    return WHAT_HAPPENED[receipt.moved]


def recipient(record: Record) -> Party:
    """With whom it is shared, or who asked."""
    parties = {party.id: party for party in record.parties}
    return parties[record.processing.recipients[0]]


def body_of(record: Record) -> views.Body:
    party = recipient(record)
    return views.Body(party.name, _KINDS.get(party.kind.removeprefix(_KIND), StructureKind.AUTRE))


def event_words(event: Event) -> str:
    """One line of its history."""
    return WHAT_HAPPENED[Moved(event.type.removeprefix("carnet:"))]


def rights_of(record: Record) -> tuple[str, ...]:
    return tuple(_RIGHTS[right] for right in record.processing.privacy_rights if right in _RIGHTS)


def ground_of(record: Record) -> str:
    processing = record.processing
    basis = processing.lawful_bases[0] if processing.lawful_bases else ""
    return ground_in_words(basis, objection="gdpr:A21" in processing.privacy_rights)


def labels_of(record: Record) -> tuple[str, ...]:
    """As the catalogue named them then."""
    return tuple(item.label for item in record.processing.pii)


def grouped(digest: str) -> str:
    """64 characters in groups of eight, to be read aloud or typed."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))
