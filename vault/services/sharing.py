"""The person gives: a grant, with the keys that make it one.

K first (Q_g), then D with its entry (terms, sealed G_g, one wrap of each granted field's key). What became
of a grant later is ``stopping``.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from consent.grants import Grant, Grantee, GranteeKind, Terms, end_of_day_after, ended, replaced_by
from consent.lifecycle import By
from schemas.ids import CompartmentId, GrantId, ProfessionalId, PurposeId, RequestId, StructureId, new_id
from schemas.names import GrantState, Right
from schemas.purposes import EMERGENCY_PURPOSE, Purpose
from vault.audit.events import Op
from vault.crypto import (
    FieldKey,
    GrantKey,
    GrantSecret,
    grant_field_place,
    grant_wrapping_key,
    key_id,
    owner_grant_place,
    owner_wrapping_key,
    seal_grant_key,
    wrap_key,
)
from vault.errors import CallerError
from vault.services.bindings import STRUCTURE, holds, structure_facts
from vault.services.entries import own_field_keys
from vault.services.grant_moves import ONCE_HELD, note_move
from vault.services.job_phase import limited
from vault.services.journal import Actor
from vault.services.key_sources import (
    Journals,
    OwnerAccess,
    OwnerSecrets,
    grant_name,
    grant_secret_row,
    newest_public,
)
from vault.services.parts import Parts
from vault.services.ports import FieldKeyRow, GrantKeyRow, GrantRow, SecretRow, Work
from vault.services.referents import holds_function
from vault.services.stopping import cut
from vault.services.structures import structure_of
from vault.services.suspending import holds_of
from vault.services.writing import (
    ATTEMPTS,
    CarnetClosedError,
    RacedError,
    new_field_key,
    owner_secrets,
)

NOT_THE_REFERENT = "Votre référent a changé. Vérifiez à qui vous partagez, puis recommencez."

HELD_BY_OFFICER = (
    "Le délégué à la protection des données a suspendu ce partage. "
    "Vous pouvez l’arrêter, ou attendre qu’il le remette en route."
)
HELD_BY_HER = "La personne a suspendu ce partage elle-même. Elle seule peut le redonner."

PHASE_OVER = (
    "Vous avez commencé un emploi il y a plus de six mois. "
    "Ce partage n’est plus possible : il sert au début de l’emploi."
)

# In the order of their words, as terms say them. To propose alone opens nothing at all.
READ_ONLY, READ_AND_PROPOSE = (Right.READ,), (Right.PROPOSE, Right.READ)
RIGHTS = (READ_ONLY, READ_AND_PROPOSE, (Right.PROPOSE,))

# What else becomes true with a grant, in its very transaction.
Also = Callable[[Work, Grant], None]


class GrantRefusedError(CallerError):
    """The frame does not allow this grant. ``pointer`` names the part at fault, ``sentence`` says why."""

    def __init__(self, pointer: str, sentence: str) -> None:
        super().__init__(pointer)
        self.pointer, self.sentence = pointer, sentence


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person chose on the share screens, or a client of hers over the API."""

    grantee: Grantee
    purpose_id: PurposeId
    compartments: tuple[CompartmentId, ...]
    days: int
    rights: tuple[Right, ...] = READ_ONLY
    consent_record: str = ""
    function: str | None = None  # given to whoever is her référent ("referent"), not to a name
    request_id: RequestId | None = None  # what she answers by giving
    ends_at: datetime | None = None  # the very instant, in place of ``days``: it ends when another would have


@dataclass(frozen=True, slots=True)
class Made:
    row: GrantRow
    keys: tuple[GrantKeyRow, ...]
    new_field_keys: tuple[FieldKeyRow, ...]
    secret: SecretRow
    opened: GrantSecret = field(repr=False)  # what ``secret`` wraps


def check_wish(parts: Parts, wish: Wish) -> StructureId | None:
    """The structure of the grantee, when the frame allows the wish; None for those who would act in an
    emergency. Raises GrantRefusedError otherwise."""
    purpose = parts.frame.purpose(wish.purpose_id)
    structure_id = _checked_grantee(parts, wish, purpose)
    if not wish.compartments:
        raise GrantRefusedError("/fields", "Choisissez au moins une information à partager.")
    allowed = set(purpose.compartments)
    for place, compartment in enumerate(wish.compartments):
        if compartment not in allowed:
            raise GrantRefusedError(f"/fields/{place}", "Cette information n’est pas prévue pour cela.")
    if wish.ends_at is None and not 1 <= wish.days <= purpose.max_days:
        raise GrantRefusedError("/days", f"La durée doit être entre 1 et {purpose.max_days} jours.")
    if wish.rights not in RIGHTS or (Right.PROPOSE in wish.rights and structure_id is None):
        raise GrantRefusedError("/rights", "Ces droits ne peuvent pas être donnés.")
    return structure_id


def _checked_grantee(parts: Parts, wish: Wish, purpose: Purpose) -> StructureId | None:
    """An emergency is a purpose and a grantee of its own: neither goes without the other."""
    emergency = purpose.purpose_id == EMERGENCY_PURPOSE
    if wish.grantee.kind is GranteeKind.EMERGENCY:
        if not emergency:
            raise GrantRefusedError("/grantee", "Ce partage n’est pas prévu pour cela.")
        return None
    found = structure_of(parts, wish.grantee)
    if found is None:
        raise GrantRefusedError("/grantee", "Nous ne connaissons pas cet organisme.")
    structure_id, kind = found
    row = parts.data.structure(structure_id)
    if row is None or not holds(parts, STRUCTURE, structure_id, structure_facts(row)):
        raise GrantRefusedError("/grantee", "Nous ne connaissons pas cet organisme.")
    if emergency or kind not in purpose.structure_kinds:
        raise GrantRefusedError("/purpose_id", "Cet organisme ne peut pas recevoir d’informations pour cela.")
    return structure_id


def _works_there(parts: Parts, actor: Actor, structure_id: StructureId | None) -> bool:
    """Whether who acts for her works in this structure, under this habilitation or another of his."""
    mine = parts.data.habilitation(ProfessionalId(actor.id)) if actor.id else None
    others = parts.data.habilitations_of(mine.account_id) if mine is not None else []
    now = parts.now()
    return structure_id in {actor.structure_id, *(row.structure_id for row in others if row.live(now))}


def give_grant(
    parts: Parts, owner: OwnerAccess, wish: Wish, *, actor: Actor, also: Also | None = None
) -> Grant:
    """Share. A live grant to the same grantee for the same purpose is replaced. ``also`` is done in the same
    transaction, under the head lock, just before the commit; what it raises undoes everything. Raises
    GrantRefusedError, CarnetClosedError."""
    structure_id = check_wish(parts, wish)
    if actor.mandate_id is not None and _works_there(parts, actor, structure_id):  # code civil, art. 1161
        raise GrantRefusedError("/grantee", "Un aidant ne partage pas avec sa propre structure.")
    now = parts.now()
    secrets = owner_secrets(parts, owner)
    journals = parts.journal_keys.load(now=now, carnets=[owner.carnet_id])
    for _ in range(ATTEMPTS):
        made = make_grant(parts, owner, wish, secrets, now)
        parts.keystore.add_secrets([made.secret])
        try:
            with parts.data.change() as work:
                gone = _store(work, parts, made, wish, structure_id, journals, actor)
                if also is not None:
                    also(work, made.row.grant)
                work.commit()
        except RacedError:  # she answered one of these fields for the first time, in another tab
            parts.keystore.delete_secrets([grant_name(made.row.grant.id)])
            continue
        except CallerError:  # it may not be given after all
            parts.keystore.delete_secrets([grant_name(made.row.grant.id)])
            raise
        cut(parts, gone)
        return made.row.grant
    raise RuntimeError("this carnet keeps changing")


def make_grant(parts: Parts, owner: OwnerAccess, wish: Wish, secrets: OwnerSecrets, now: datetime) -> Made:
    public = newest_public(parts.rows, wish.grantee)
    terms = _terms(parts, owner, wish, public, now)
    grant_key = GrantKey(parts.random(32))
    grant_secret = GrantSecret(parts.random(32))
    field_keys, new_rows = _field_keys(parts, owner, terms.compartments, secrets)
    under = grant_wrapping_key(grant_secret, grant_key)
    wraps = tuple(
        GrantKeyRow(
            terms.grant_id,
            compartment,
            epoch,
            wrap_key(
                key,
                under=under,
                place=grant_field_place(parts.instance, owner.carnet_id, terms.grant_id, compartment, epoch),
            ),
        )
        for (compartment, epoch), key in field_keys.items()
        if compartment in terms.reads
    )
    exact = terms.to_bytes()
    row = GrantRow(
        grant=Grant(terms, GrantState.GRANTED),
        terms=exact,
        sealed_key=seal_grant_key(grant_key, public_key=public, terms=exact),
        owner_wrap=wrap_key(
            grant_key,
            under=owner_wrapping_key(secrets.own),
            place=owner_grant_place(parts.instance, owner.carnet_id, terms.grant_id),
        ),
    )
    secret = grant_secret_row(parts.rows, terms, grant_secret)
    return Made(row, wraps, tuple(new_rows), secret, grant_secret)


def _terms(parts: Parts, owner: OwnerAccess, wish: Wish, public: bytes, now: datetime) -> Terms:
    purpose = parts.frame.purpose(wish.purpose_id)
    starts_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    wished = wish.ends_at or end_of_day_after(now, wish.days).astimezone(now.tzinfo)
    ends_at = limited(parts, owner.carnet_id, wish.purpose_id, wished)
    if ends_at != wished and ends_at <= starts_at:
        raise GrantRefusedError("/days", PHASE_OVER)
    return Terms(
        grant_id=GrantId(new_id()),
        carnet_id=owner.carnet_id,
        grantee=wish.grantee,
        key_id=key_id(public).hex(),
        compartments=tuple(sorted(set(wish.compartments))),
        rights=wish.rights,
        purpose_id=wish.purpose_id,
        legal_basis=purpose.legal_basis,
        starts_at=starts_at,
        ends_at=ends_at,
        catalogue_version=parts.catalogue.version,
        frame_version=parts.frame.version,
        consent_record=wish.consent_record or f"notice {parts.notice_version}",
        function=wish.function,
    )


def _field_keys(
    parts: Parts, owner: OwnerAccess, compartments: Collection[CompartmentId], secrets: OwnerSecrets
) -> tuple[dict[tuple[CompartmentId, int], FieldKey], list[FieldKeyRow]]:
    """Every key of the granted compartments; a compartment never written gets its key now, so that what is
    granted empty cannot be told from what is granted full."""
    known = own_field_keys(parts.data.field_keys(owner.carnet_id), secrets, parts.instance)
    keys = {place: key for place, key in known.items() if place[0] in set(compartments)}
    new_rows: list[FieldKeyRow] = []
    for compartment in compartments:
        if not any(place[0] == compartment for place in keys):
            key, row = new_field_key(parts, owner.carnet_id, compartment, secrets)
            keys[compartment, row.epoch] = key
            new_rows.append(row)
    return keys, new_rows


def _store(
    work: Work,
    parts: Parts,
    made: Made,
    wish: Wish,
    structure_id: StructureId | None,
    journals: Journals,
    actor: Actor,
) -> list[GrantId]:
    """The grants it took the place of."""
    terms = made.row.grant.terms
    carnet = work.carnet(terms.carnet_id)
    if carnet is None or not carnet.open:
        raise CarnetClosedError("this carnet is closed")
    _check_still_so(parts, made, work.now)
    replaced = replaced_by(terms, [row.grant for row in work.grants_of(terms.carnet_id)])
    _check_holds(parts, replaced, actor)
    for old in replaced:
        moved = ended(old, GrantState.REPLACED, now=work.now)
        work.end_grant(moved, once_held_until=terms.ends_at + ONCE_HELD)
        about = (moved, structure_id, journals, actor)
        same, new = terms.reads, terms.grant_id
        note_move(work, parts, Op.REPLACE, *about, still_read=same, replaced_by=new)
    spoiled = work.make_room(terms)
    if spoiled:  # nobody read through them
        parts.keystore.delete_secrets([grant_name(one) for one in spoiled])
    for key in made.new_field_keys:
        work.add_field_key(key)
    work.add_grant(made.row, once_held_until=terms.ends_at + ONCE_HELD)
    work.add_grant_keys(terms.carnet_id, made.keys)
    told = (made.row.grant, structure_id, journals, actor)
    note_move(work, parts, Op.GRANT, *told, request_id=wish.request_id, replaces=replaced)
    return [*(old.id for old in replaced), *spoiled]


def _check_holds(parts: Parts, replaced: Collection[Grant], actor: Actor) -> None:
    """A new share takes the place of one that stands still, and not of one that she, or whoever acts for her,
    may not take up again: the officer suspended it, or she did and another acts for her. Raises
    GrantRefusedError."""
    by = By.PERSON if actor.mandate_id is None else By.REPRESENTATIVE
    for hold in holds_of(parts, [old.id for old in replaced]).values():
        if hold.by is By.DPO:
            raise GrantRefusedError("/grantee", HELD_BY_OFFICER)
        if hold.by is By.PERSON and by is By.REPRESENTATIVE:
            raise GrantRefusedError("/grantee", HELD_BY_HER)


def _check_still_so(parts: Parts, made: Made, now: datetime) -> None:
    """Under the lock: raises RacedError when keys changed since the grant was made, GrantRefusedError when
    the grantee left meanwhile."""
    terms = made.row.grant.terms
    to_somebody = terms.grantee.kind is not GranteeKind.EMERGENCY
    if to_somebody and structure_of(parts, terms.grantee, now=now) is None:
        raise GrantRefusedError("/grantee", "Nous ne connaissons pas cet organisme.")
    if terms.function is not None and not holds_function(parts, terms):
        raise GrantRefusedError("/grantee", NOT_THE_REFERENT)
    if not terms.starts_at < terms.ends_at:
        raise GrantRefusedError("/days", "Ce partage serait déjà terminé.")
    if key_id(newest_public(parts.rows, terms.grantee)).hex() != terms.key_id:
        raise RacedError
    new = {(key.compartment, key.epoch) for key in made.new_field_keys}
    used = {(key.compartment, key.epoch) for key in made.keys} - new
    known = {(row.compartment, row.epoch) for row in parts.data.field_keys(terms.carnet_id)}
    if used != {place for place in known if place[0] in terms.reads}:
        raise RacedError
