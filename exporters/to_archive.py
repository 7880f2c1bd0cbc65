"""Everything she takes away in one file: a ZIP, the same bytes for the same files."""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime

from exporters.words import PARIS


def to_archive(files: Mapping[str, bytes], *, made_at: datetime) -> bytes:
    """``files`` by name, in order; names are ours, never hers. ``made_at`` is aware: files bear the time of
    Paris, as a ZIP knows no zone."""
    at = made_at.astimezone(PARIS)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            told = zipfile.ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
            told.external_attr = 0o600 << 16
            told.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(told, data)
    return held.getvalue()
