"""Those whose structure has them help people (« aidants »), and how one makes himself known.

Helpers are not listed to anybody. A helper makes a code, tells it to somebody he helps, and she sees his name
and his structure before she gives him anything.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.ids import ProfessionalId
from vault.audit.events import Op
from vault.carnet.references import new_reference, read_reference
from vault.crypto import digest
from vault.errors import CallerError
from vault.services.accounts import open_account
from vault.services.bindings import to_the_millisecond
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.own_carnet import append_own
from vault.services.parts import Parts
from vault.services.ports import StructureRow
from vault.services.standing import helping
from vault.services.structures import NoSuchStructureError, known_structure

HELPER_CODE = "helper"  # the kind of a link of K
CODE_LIFE = timedelta(hours=24)


class NoSuchHelperError(CallerError):
    """This code is unknown or over, or whoever made it helps nobody any more."""


@dataclass(frozen=True, slots=True)
class Helper:
    """Somebody in force whose structure has him help people."""

    professional_id: ProfessionalId
    structure: StructureRow
    name: str = field(repr=False)


def make_code(parts: Parts, professional_id: ProfessionalId) -> tuple[str, datetime]:
    """What he tells somebody he helps, and until when it leads to him; K keeps its digest alone. Raises
    NoSuchHelperError."""
    if helping(parts, professional_id) is None:
        raise NoSuchHelperError("helps nobody")
    code, ends_at = new_reference(parts.random), to_the_millisecond(parts.now() + CODE_LIFE)
    parts.keystore.add_link(_code_id(code), HELPER_CODE, professional_id, ends_at)
    return code, ends_at


def professional_of_code(parts: Parts, typed: str) -> ProfessionalId:
    """Whose code this is. Raises NoSuchHelperError."""
    code = read_reference(typed)
    link = parts.keystore.link(_code_id(code)) if code else None
    if link is None or link[0] != HELPER_CODE or link[2] <= parts.now():
        raise NoSuchHelperError("no such code")
    return ProfessionalId(link[1])


def find_helper(parts: Parts, owner: OwnerAccess, typed: str, *, actor: Actor) -> Helper:
    """Who made this code, told to the person after one entry. Raises NoSuchHelperError, CarnetClosedError."""
    professional_id = professional_of_code(parts, typed)
    if helping(parts, professional_id) is None:
        raise NoSuchHelperError("helps nobody")
    append_own(parts, owner, Op.READ_OWN, actor=actor)
    return helper_of(parts, professional_id)


def helper_of(parts: Parts, professional_id: ProfessionalId) -> Helper:
    """Who he is, as ProConnect told it last. Raises NoSuchHelperError."""
    row = helping(parts, professional_id)
    if row is None:
        raise NoSuchHelperError("helps nobody")
    try:
        structure = known_structure(parts, row.structure_id)
    except NoSuchStructureError:
        raise NoSuchHelperError("of no structure that is known") from None
    account = open_account(parts, row.account_id)
    claims = account.identity.claims if account else {}
    told = (claims.get(part) for part in ("given_name", "usual_name"))
    name = " ".join(part for part in told if isinstance(part, str) and part)
    return Helper(professional_id, structure, name or "Un aidant ou une aidante")


def _code_id(code: str) -> str:
    return digest(f"helper {code}")
