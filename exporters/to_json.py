"""The document as JSON: the same words as on paper, in the same order, for programs and for tests."""

from dataclasses import asdict, replace
from datetime import UTC

from exporters.document import ExportDocument
from schemas.canonical import canonical


def to_json(document: ExportDocument) -> bytes:
    """Canonical JSON (RFC 8785) of ``document``; ``printed_at`` is RFC 3339 in UTC, to the second.

    Raises schemas.canonical.CanonicalError for text that is not Unicode (a lone surrogate).
    """
    plain = asdict(replace(document, proof=None))
    del plain["proof"]  # it proves another copy than this one
    printed_at = document.printed_at.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    plain["printed_at"] = f"{printed_at.isoformat()}Z"
    return canonical(plain)
