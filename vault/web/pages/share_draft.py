"""A share under way, carried from step to step by hidden ids, and checked whole at each step.

- Nothing is believed because an earlier page allowed it: structure, purpose, fields and days are looked up
  again in the frame each time.
- A special information counts only with the seal that its own page put on her yes; the last button counts
  only with the seal of the preview of exactly this share. A seal is an HMAC under the session's cookie: no
  page holds it, another session's is worthless.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256

from fastapi import Request

from consent.grants import Grantee
from schemas.framing import lp
from schemas.ids import CompartmentId, ProfessionalId, PurposeId, StructureId
from schemas.purposes import Purpose, UnknownPurposeError
from vault.services.parts import Parts
from vault.services.ports import StructureRow
from vault.services.referents import REFERENT, reading_habilitation
from vault.web import guard
from vault.web.pages.form_reading import Form
from vault.web.pages.views import Hidden

SEAL_MARK = "~"  # between a compartment and the seal of its yes
PREVIEW = "apercu"
PROPOSES = "proposer"
UNKNOWN_BODY = "Nous ne connaissons pas cet organisme. Choisissez-en un dans la liste."
REFERENT_GONE = "Votre référent a changé. Regardez qui c’est, puis recommencez."
NO_PURPOSE = "Choisissez une raison pour continuer."
NO_FIELD = "Choisissez au moins une information à partager."
FOREIGN_FIELD = "Une de ces informations n’est pas prévue pour cette raison. Vérifiez vos choix."
APART = "Une de ces informations se décide sur une page à part. Ouvrez-la ci-dessous."
NO_DAYS = "Choisissez jusqu’à quand."


class MisstepError(Exception):
    """A step cannot be taken as asked: ``step`` is the one to show again, with ``sentence``."""

    def __init__(self, step: int, sentence: str, draft: "Draft | None" = None) -> None:
        super().__init__(f"step {step}")
        self.step, self.sentence, self.draft = step, sentence, draft


@dataclass(frozen=True, slots=True)
class Draft:
    """What is chosen so far. ``fields`` and ``specials`` are in the order of the catalogue."""

    structure: StructureRow
    purpose: Purpose | None = None
    referent: ProfessionalId | None = None  # for whoever is her référent: this one, when she chose
    fields: tuple[CompartmentId, ...] = ()
    specials: tuple[CompartmentId, ...] = ()
    days: int | None = None
    proposes: bool = False  # may also propose what to write; never chosen for her

    @property
    def compartments(self) -> tuple[CompartmentId, ...]:
        return (*self.fields, *self.specials)

    @property
    def grantee(self) -> Grantee:
        if self.referent is not None:
            return Grantee.professional(self.referent)
        return Grantee.structure(self.structure.structure_id)

    @property
    def function(self) -> str | None:
        return REFERENT if self.referent is not None else None

    @property
    def aim(self) -> Purpose:
        """The purpose, at a step that has one."""
        if self.purpose is None:
            raise MisstepError(2, NO_PURPOSE, self)
        return self.purpose


class Sealer:
    """Seals of one session."""

    def __init__(self, request: Request) -> None:
        self._key = sha256(lp("share steps", guard.cookie_of(request) or "")).digest()

    def yes(self, draft: Draft, compartment: str) -> str:
        """Put by the page of a special information on the button that says yes."""
        return self._seal("special", draft.grantee.id, draft.aim.purpose_id, compartment)

    def preview(self, draft: Draft) -> str:
        """Put by the preview on the button that shares."""
        chosen = sorted(draft.compartments)
        told = (draft.grantee.id, draft.aim.purpose_id, str(draft.days), str(draft.proposes))
        return self._seal("preview", *told, *chosen)

    def holds(self, seal: str, told: str) -> bool:
        return hmac.compare_digest(seal.encode(), told.encode())

    def _seal(self, *parts: str) -> str:
        return hmac.new(self._key, lp(*parts), sha256).hexdigest()[:32]


# --- reading, step after step ----------------------------------------------------------------------------


def with_body(parts: Parts, form: Form) -> Draft:
    """Step 1 is done. Raises MisstepError."""
    structure_id = form.one("structure_id")
    structure = parts.data.structure(StructureId(structure_id)) if structure_id.isalnum() else None
    if structure is None or not parts.frame.for_kind(structure.kind):
        raise MisstepError(1, UNKNOWN_BODY)
    if not (referent := form.one("referent")):
        return Draft(structure)
    working = reading_habilitation(parts, ProfessionalId(referent)) if referent.isalnum() else None
    if working is None or working.structure_id != structure.structure_id:
        raise MisstepError(1, REFERENT_GONE)
    return Draft(structure, referent=working.professional_id)


def with_purpose(parts: Parts, form: Form) -> Draft:
    """Steps 1 and 2 are done. Raises MisstepError."""
    draft = with_body(parts, form)
    try:
        purpose = parts.frame.purpose(PurposeId(form.one("purpose_id")))
    except UnknownPurposeError:
        raise MisstepError(2, NO_PURPOSE, draft) from None
    if draft.structure.kind not in purpose.structure_kinds:
        raise MisstepError(2, NO_PURPOSE, draft)
    return replace(draft, purpose=purpose)


def with_choices(parts: Parts, form: Form, sealer: Sealer) -> Draft:
    """What is ticked so far, and the special ones she said yes to. Raises MisstepError."""
    draft = with_purpose(parts, form)
    draft = replace(draft, specials=_specials(parts, form.all("special_fields"), draft, sealer))
    ticked = set(form.all("fields"))
    ordinary = ticked & set(draft.aim.ordinary)
    draft = replace(draft, fields=parts.catalogue.in_order(ordinary))
    if ticked - ordinary:
        sentence = APART if ticked & set(draft.aim.special) else FOREIGN_FIELD
        raise MisstepError(3, sentence, draft)
    return draft


def with_fields(parts: Parts, form: Form, sealer: Sealer) -> Draft:
    """Steps 1 to 3 are done. Raises MisstepError."""
    draft = with_choices(parts, form, sealer)
    if not draft.compartments:
        raise MisstepError(3, NO_FIELD, draft)
    return draft


def with_days(parts: Parts, form: Form, sealer: Sealer) -> Draft:
    """All four steps are done. Raises MisstepError."""
    draft = with_fields(parts, form, sealer)
    offered = {str(days): days for days in draft.aim.days_offered}
    if form.one("days") not in offered:
        raise MisstepError(4, NO_DAYS, draft)
    return replace(draft, days=offered[form.one("days")], proposes=form.one(PROPOSES) == "1")


def _specials(parts: Parts, told: Iterable[str], draft: Draft, sealer: Sealer) -> tuple[CompartmentId, ...]:
    return parts.catalogue.in_order(name for one in told if (name := sealed_yes(one, draft, sealer)))


def sealed_yes(told: str, draft: Draft, sealer: Sealer) -> CompartmentId | None:
    """The special compartment a sealed yes is about; None when the seal or the purpose does not hold."""
    name, _, seal = told.partition(SEAL_MARK)
    if CompartmentId(name) not in draft.aim.special or not sealer.holds(seal, sealer.yes(draft, name)):
        return None
    return CompartmentId(name)


# --- carrying --------------------------------------------------------------------------------------------


def carried(draft: Draft, sealer: Sealer, *, ticks: bool = True) -> tuple[Hidden, ...]:
    """The hidden inputs of the next step; without ``ticks`` where the page itself asks for them."""
    told = list(whom(draft))
    if draft.purpose is not None:
        told.append(Hidden("purpose_id", draft.purpose.purpose_id))
        told += [Hidden("special_fields", yes(draft, one, sealer)) for one in draft.specials]
    if ticks:
        told += [Hidden("fields", one) for one in draft.fields]
    if draft.days is not None:
        told.append(Hidden("days", str(draft.days)))
    if draft.proposes:
        told.append(Hidden(PROPOSES, "1"))
    return tuple(told)


def whom(draft: Draft) -> tuple[Hidden, ...]:
    """Step 1, carried. Whether it still is her référent is asked again when she shares, under the lock."""
    told = Hidden("structure_id", draft.structure.structure_id)
    return (told, Hidden("referent", draft.referent)) if draft.referent else (told,)


def yes(draft: Draft, compartment: str, sealer: Sealer) -> str:
    return f"{compartment}{SEAL_MARK}{sealer.yes(draft, compartment)}"
