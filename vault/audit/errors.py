"""Errors of this room: what was read or asked for is not what the formats allow."""

from vault.errors import BrokenError


class AuditError(BrokenError):
    """Root of the room's errors. Messages carry numbers and names of parts, never contents."""


class LeafError(AuditError):
    """The bytes are not a leaf, or the values do not make one."""


class ContentError(AuditError):
    """The bytes are not the content of an opening."""


class NoteError(AuditError):
    """The text is not a signed note, or nobody we know has signed it."""


class ProofError(AuditError):
    """No such proof can exist: an index or a size is out of range."""


class TileError(AuditError):
    """A tile that the tree must have is missing or too short."""


class SourceError(AuditError):
    """A log cannot be read: a line, a file or a row is not in its format."""
