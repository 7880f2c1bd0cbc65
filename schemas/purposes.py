"""The frame: what sharing is for, with whom, how much at most and for how long at most.

A frame is a JSON document chosen by the deployer (schemas/frame/consentement-v1.json is shipped). It can
never name a purpose of control, sanction or fraud, a field that does not exist, or more than 365 days: such a
file is refused at start with the reason. Fields are resolved to compartments against the catalogue when it is
loaded; a grant keeps the list it was given, so it never widens when the catalogue grows.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from schemas.catalogue_file import read_checked
from schemas.fields import PRECIS, Catalogue, Preset
from schemas.ids import CompartmentId, PurposeId
from schemas.names import LegalBasis, StructureKind

__all__ = [
    "EMERGENCY_PURPOSE",
    "Emergency",
    "Frame",
    "FrameError",
    "Purpose",
    "Retention",
    "UnknownPurposeError",
]

SHIPPED = Path(__file__).parent / "frame" / "consentement-v1.json"
FORMAT = Path(__file__).parent / "frame" / "format-v1.json"
_FORBIDDEN = re.compile(r"control|sanction|fraud|radiation")
EMERGENCY_PURPOSE = "urgence_vitale"
_RANGE = re.compile(r"Q([0-9]{2})(?:-Q([0-9]{2}))?")


class FrameError(ValueError):
    """The frame file cannot be used; the message names the place and the reason."""


class UnknownPurposeError(KeyError):
    """The frame has no such purpose. The id came from outside and is not repeated."""

    def __init__(self) -> None:
        super().__init__("no such purpose in the frame")


@dataclass(frozen=True, slots=True)
class Purpose:
    """One reason to share. ``sentence`` completes « pour … ». ``refusal`` says what happens without sharing.

    ``compartments``: everything a grant for this purpose may name, in the order of the catalogue.
    ``special``: those among them that need an act of their own, one by one.
    """

    purpose_id: PurposeId
    label: str
    sentence: str
    refusal: str
    legal_basis: LegalBasis
    legal_text: str | None
    objection: bool
    structure_kinds: tuple[StructureKind, ...]
    compartments: tuple[CompartmentId, ...]
    special: tuple[CompartmentId, ...]
    max_days: int
    days_offered: tuple[int, ...]
    phase: str | None = None  # of the path it belongs to, and ends with: "emploi"

    @property
    def ordinary(self) -> tuple[CompartmentId, ...]:
        """What may be chosen in a list: all but the special ones."""
        return tuple(each for each in self.compartments if each not in self.special)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long something is kept: ``months`` after ``counted_from``, or (None) as long as the carnet."""

    id: str
    label: str
    months: int | None
    counted_from: str
    then: str
    source: str


@dataclass(frozen=True, slots=True)
class Emergency:
    """What two professionals may open together, for ``minutes``, to protect a life, once the person chose it.
    ``purpose`` is offered to nobody else: it is not among those of the frame."""

    purpose: Purpose
    minutes: int


class Frame:
    """The purposes in the order of the file. Immutable, safe to share. ``emergency``: None unless the file
    says otherwise."""

    def __init__(self, document: Mapping[str, Any], catalogue: Catalogue) -> None:
        """Raises FrameError. ``document`` already has the right shape."""
        self.version: str = document["version"]
        self.label: str = document["label"]
        self.forbidden_usages: tuple[str, ...] = tuple(document["forbidden_usages"])
        self._catalogue = catalogue
        self._presets: list[Mapping[str, str]] = document["presets"]
        offered = document["days_offered"]
        self.purposes: tuple[Purpose, ...] = tuple(
            _purpose(raw, catalogue, offered) for raw in document["purposes"]
        )
        self._purposes: dict[str, Purpose] = {purpose.purpose_id: purpose for purpose in self.purposes}
        self.retention: Mapping[str, Retention] = {
            raw["id"]: Retention(**raw) for raw in document["retention"]
        }
        if len(self._purposes) < len(self.purposes):
            raise FrameError("two purposes have the same purpose_id")
        self.emergency: Emergency | None = _emergency(document.get("emergency"), catalogue)
        if self.emergency is not None:
            if EMERGENCY_PURPOSE in self._purposes:
                raise FrameError(f"{EMERGENCY_PURPOSE} is the purpose of an emergency, and of nothing else")
            self._purposes[EMERGENCY_PURPOSE] = self.emergency.purpose
        for raw in self._presets:
            if raw["purpose_id"] not in self._purposes:
                raise FrameError(f"the preset {raw['id']} names a purpose that is not in the frame")

    @classmethod
    def load(cls, path: Path | None, catalogue: Catalogue) -> "Frame":
        """The shipped frame, or the one in ``path``. Raises FrameError."""
        path = path or SHIPPED
        document = read_checked(path, FORMAT, FrameError)
        try:
            return cls(document, catalogue)
        except FrameError as error:
            raise FrameError(f"{path}: {error}") from None

    def purpose(self, purpose_id: str) -> Purpose:
        """Raises UnknownPurposeError."""
        try:
            return self._purposes[purpose_id]
        except (KeyError, TypeError):
            raise UnknownPurposeError from None

    def for_kind(self, kind: StructureKind) -> tuple[Purpose, ...]:
        """What one may share for with a structure of this kind."""
        return tuple(purpose for purpose in self.purposes if kind in purpose.structure_kinds)

    def presets(self) -> tuple[Preset, ...]:
        """The suggestions of the catalogue, then those of the frame. No special category in any."""
        own = tuple(
            Preset(raw["id"], raw["label"], raw["sentence"], self._purposes[raw["purpose_id"]].ordinary)
            for raw in self._presets
        )
        return self._catalogue.presets() + own

    def presets_for(self, purpose_id: str) -> tuple[Preset, ...]:
        """Each suggestion narrowed to what the purpose allows. One that has nothing left but a name, or holds
        the same as an earlier one, is not offered."""
        allowed = self.purpose(purpose_id).ordinary
        offered: dict[tuple[CompartmentId, ...], Preset] = {}
        for preset in self.presets():
            kept = tuple(each for each in preset.compartments if each in allowed)
            if any(not self._catalogue.field(each).identifying for each in kept):
                offered.setdefault(kept, replace(preset, compartments=kept))
        return tuple(offered.values())


def _purpose(raw: Mapping[str, Any], catalogue: Catalogue, offered: list[int]) -> Purpose:
    name = raw["purpose_id"]
    for words in (name, raw["label"], raw["sentence"]):
        if _FORBIDDEN.search(_bare(words)):
            raise FrameError(f"purpose {name}: control, sanction and fraud are forbidden purposes")
    compartments = catalogue.in_order(
        found for pattern in raw["fields"] for found in _resolved(name, pattern, catalogue)
    )
    return Purpose(
        purpose_id=PurposeId(name),
        label=raw["label"],
        sentence=raw["sentence"],
        refusal=raw["refusal"],
        legal_basis=LegalBasis(raw["legal_basis"]),
        legal_text=raw.get("legal_text"),
        objection=raw["objection"],
        structure_kinds=tuple(_kind(name, kind) for kind in raw["structure_kinds"]),
        compartments=compartments,
        special=tuple(each for each in compartments if catalogue.compartment(each).special),
        max_days=raw["max_days"],
        days_offered=tuple(sorted(days for days in offered if days <= raw["max_days"])),
        phase=raw.get("phase"),
    )


def _emergency(raw: Mapping[str, Any] | None, catalogue: Catalogue) -> Emergency | None:
    """Always the same words: a deployer chooses who, what and how long, never how it is told."""
    if raw is None:
        return None
    told = {
        "purpose_id": EMERGENCY_PURPOSE,
        "label": "Une urgence vitale",
        "sentence": "protéger votre vie",
        "refusal": "Si vous ne choisissez rien, rien ne change pour vos droits. En danger, appelez le 112.",
        "legal_basis": LegalBasis.VITAL_INTERESTS,
        "objection": False,
    }
    members = {name: raw[name] for name in ("structure_kinds", "fields", "max_days")}
    return Emergency(_purpose(told | members, catalogue, [raw["max_days"]]), raw["minutes"])


def _bare(words: str) -> str:
    """Without accents, case or anything between letters, so that no spelling hides a forbidden word."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z]", "", plain)


def _kind(purpose: str, kind: str) -> StructureKind:
    try:
        return StructureKind(kind)
    except ValueError:
        raise FrameError(f"purpose {purpose}: {kind!r} is not a kind of structure") from None


def _resolved(purpose: str, pattern: str, catalogue: Catalogue) -> list[CompartmentId]:
    """The compartments a pattern names; it must name at least one.

    ``Q05``, ``Q15-Q18``: questions · ``preset:ID``: a preset of the catalogue · ``diplome_*``, ``*``: names ·
    ``revenus_sources``: one field. A precise compartment only comes when the pattern ends with ``:precis``.
    """
    found = list(_matching(pattern, catalogue))
    if not found:
        raise FrameError(f"purpose {purpose}: {pattern!r} names nothing in the catalogue")
    return found


def _matching(pattern: str, catalogue: Catalogue) -> Iterator[CompartmentId]:
    body, precis = pattern.removesuffix(PRECIS), pattern.endswith(PRECIS)
    if body.startswith("preset:"):
        chosen = [preset.compartments for preset in catalogue.presets() if f"preset:{preset.id}" == pattern]
        yield from (each for compartments in chosen for each in compartments)
        return
    asked = _RANGE.fullmatch(body)
    for compartment in catalogue.compartments():
        question = catalogue.field(compartment.field_id).question_id
        if asked:
            first, last = asked[1], asked[2] or asked[1]
            hit = question is not None and first <= question[1:] <= last
        else:
            hit = fnmatchcase(compartment.field_id, body)
        if hit and compartment.precis is precis:
            yield compartment.id
