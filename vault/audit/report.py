"""What a verification found, in values for programs and in sentences for people."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

MOST_FINDINGS = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold. ``index``: the leaf it is about, when it is about one."""

    index: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """``interval`` [a, b): leaves among which something was rewritten together with its hashes."""

    ok: bool
    size: int
    root: bytes | None  # None: a leaf is missing, so that there is no tree
    first_bad_index: int | None
    interval: tuple[int, int] | None
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]
    checkpoints: int  # how many were read and hold
    openings: int  # how many were compared with their leaf
    proofs: int = 0

    @property
    def sentences(self) -> tuple[str, ...]:
        return (*(finding.sentence for finding in self.findings), *self.remarks)

    def as_document(self) -> dict[str, Any]:
        """The same as one JSON document."""
        return {
            "ok": self.ok,
            "size": self.size,
            "root": b64encode(self.root).decode() if self.root is not None else None,
            "first_bad_index": self.first_bad_index,
            "interval": list(self.interval) if self.interval else None,
            "findings": [{"index": f.index, "sentence": f.sentence} for f in self.findings],
            "remarks": list(self.remarks),
            "checkpoints": self.checkpoints,
            "openings": self.openings,
            "proofs": self.proofs,
        }


@dataclass(slots=True)
class Findings:
    """Collects while a log is walked; keeps the first ones, counts the others."""

    most: int = MOST_FINDINGS
    kept: list[Finding] = field(default_factory=list)
    more: int = 0
    first_bad_index: int | None = None
    interval: tuple[int, int] | None = None
    remarks: list[str] = field(default_factory=list)

    def add(self, sentence: str, index: int | None = None) -> None:
        if index is not None and (self.first_bad_index is None or index < self.first_bad_index):
            self.first_bad_index = index
        if len(self.kept) < self.most:
            self.kept.append(Finding(index, sentence))
        else:
            self.more += 1

    def narrow(self, low: int, high: int) -> None:
        """Something was rewritten within leaves [low, high); the narrowest such interval is kept."""
        if self.interval is None or high - low < self.interval[1] - self.interval[0]:
            self.interval = (low, high)

    def report(self, size: int, root: bytes | None, checkpoints: int, openings: int) -> VerificationReport:
        more = [f"{self.more} more findings are not listed"] if self.more else []
        return VerificationReport(
            ok=not self.kept,
            size=size,
            root=root,
            first_bad_index=self.first_bad_index,
            interval=self.interval,
            findings=tuple(self.kept),
            remarks=(*more, *self.remarks),
            checkpoints=checkpoints,
            openings=openings,
        )
