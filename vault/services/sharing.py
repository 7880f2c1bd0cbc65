"""The person gives, looks at and withdraws her grants.

Giving: K first (Q_g), then D with its entry (terms, sealed G_g, one wrap of each granted field's key).
Withdrawing: entry and state (D), then Q_g (K), then the wraps (D). Killed between two steps, the finishing
pass of ``upkeep`` ends what was begun; a reader without Q_g opens nothing meanwhile.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.decisions import READING_ROLES
from consent.grants import Grant, Grantee, GranteeKind, Terms, end_of_day_after, ended, replaced_by
from schemas.ids import CompartmentId, GrantId, ProfessionalId, PurposeId, StructureId, new_id
from schemas.names import GrantState, Outcome, Right, StructureKind
from vault.audit.events import AboutContent, Op
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
from vault.services.journal import Actor, draft
from vault.services.key_sources import (
    Journals,
    OwnerAccess,
    OwnerSecrets,
    grant_name,
    newest_public,
)
from vault.services.parts import Parts
from vault.services.ports import Draft, FieldKeyRow, GrantKeyRow, GrantRow, SecretRow, Work
from vault.services.writing import (
    ATTEMPTS,
    CarnetClosedError,
    RacedError,
    new_field_key,
    owner_secrets,
)

ONCE_HELD = timedelta(days=183)  # how long a former grantee is told "ended" rather than "not shared"


class GrantRefusedError(CallerError):
    """The frame does not allow this grant. ``pointer`` names the part at fault, ``sentence`` says why."""

    def __init__(self, pointer: str, sentence: str) -> None:
        super().__init__(pointer)
        self.pointer, self.sentence = pointer, sentence


class NoSuchGrantError(CallerError):
    """This carnet has no such grant."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person chose on the share screens, or a client of hers over the API."""

    grantee: Grantee
    purpose_id: PurposeId
    compartments: tuple[CompartmentId, ...]
    days: int
    rights: tuple[Right, ...] = (Right.READ,)
    consent_record: str = ""


@dataclass(frozen=True, slots=True)
class _Made:
    row: GrantRow
    keys: tuple[GrantKeyRow, ...]
    new_field_keys: tuple[FieldKeyRow, ...]
    secret: SecretRow


def structure_of(
    parts: Parts, grantee: Grantee, *, now: datetime | None = None
) -> tuple[StructureId, StructureKind] | None:
    """The structure behind a grantee, when both are in force ``now`` (None: by the clock)."""
    structure_id = StructureId(grantee.id)
    if grantee.kind is GranteeKind.PROFESSIONAL:
        habilitation = parts.data.habilitation(ProfessionalId(grantee.id))
        if habilitation is None or not habilitation.live(now or parts.now()):
            return None
        if habilitation.role not in READING_ROLES:
            return None
        structure_id = habilitation.structure_id
    structure = parts.data.structure(structure_id)
    return (structure.structure_id, structure.kind) if structure else None


def structure_behind(parts: Parts, grantee: Grantee) -> StructureId | None:
    """With whom she shared, to tell her: in force or not. None when nothing says it any more."""
    if grantee.kind is GranteeKind.STRUCTURE:
        return StructureId(grantee.id)
    habilitation = parts.data.habilitation(ProfessionalId(grantee.id))
    return habilitation.structure_id if habilitation else None


def check_wish(parts: Parts, wish: Wish) -> StructureId:
    """The structure of the grantee, when the frame allows the wish. Raises GrantRefusedError otherwise."""
    found = structure_of(parts, wish.grantee)
    if found is None:
        raise GrantRefusedError("/grantee", "Nous ne connaissons pas cet organisme.")
    structure_id, kind = found
    row = parts.data.structure(structure_id)
    if row is None or not holds(parts, STRUCTURE, structure_id, structure_facts(row)):
        raise GrantRefusedError("/grantee", "Nous ne connaissons pas cet organisme.")
    purpose = parts.frame.purpose(wish.purpose_id)
    if kind not in purpose.structure_kinds:
        raise GrantRefusedError("/purpose_id", "Cet organisme ne peut pas recevoir d’informations pour cela.")
    if not wish.compartments:
        raise GrantRefusedError("/fields", "Choisissez au moins une information à partager.")
    allowed = set(purpose.compartments)
    for place, compartment in enumerate(wish.compartments):
        if compartment not in allowed:
            raise GrantRefusedError(f"/fields/{place}", "Cette information n’est pas prévue pour cela.")
    if not 1 <= wish.days <= purpose.max_days:
        raise GrantRefusedError("/days", f"La durée doit être entre 1 et {purpose.max_days} jours.")
    if wish.rights != (Right.READ,):
        raise GrantRefusedError("/rights", "Seul le droit « read » peut être donné.")
    return structure_id


def give_grant(parts: Parts, owner: OwnerAccess, wish: Wish, *, actor: Actor) -> Grant:
    """Share. A live grant to the same grantee for the same purpose is replaced. Raises GrantRefusedError,
    CarnetClosedError."""
    structure_id = check_wish(parts, wish)
    now = parts.now()
    secrets = owner_secrets(parts, owner)
    journals = parts.journal_keys.load(now=now, carnets=[owner.carnet_id])
    for _ in range(ATTEMPTS):
        made = _make(parts, owner, wish, secrets, now)
        parts.keystore.add_secrets([made.secret])
        try:
            with parts.data.change() as work:
                replaced = _store(work, parts, owner, made, structure_id, journals, actor)
                work.commit()
        except RacedError:  # she answered one of these fields for the first time, in another tab
            parts.keystore.delete_secrets([grant_name(made.row.grant.id)])
            continue
        cut(parts, [grant.id for grant in replaced])
        return made.row.grant
    raise RuntimeError("this carnet keeps changing")


def _make(parts: Parts, owner: OwnerAccess, wish: Wish, secrets: OwnerSecrets, now: datetime) -> _Made:
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
    return _Made(row, wraps, tuple(new_rows), parts.rows.make("grant", terms.grant_id, grant_secret))


def _terms(parts: Parts, owner: OwnerAccess, wish: Wish, public: bytes, now: datetime) -> Terms:
    purpose = parts.frame.purpose(wish.purpose_id)
    starts_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
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
        ends_at=end_of_day_after(now, wish.days).astimezone(now.tzinfo),
        catalogue_version=parts.catalogue.version,
        frame_version=parts.frame.version,
        consent_record=wish.consent_record or f"notice {parts.notice_version}",
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
    owner: OwnerAccess,
    made: _Made,
    structure_id: StructureId,
    journals: Journals,
    actor: Actor,
) -> list[Grant]:
    carnet = work.carnet(owner.carnet_id)
    if carnet is None or not carnet.open:
        raise CarnetClosedError("this carnet is closed")
    _check_still_so(parts, made, work.now)
    terms = made.row.grant.terms
    replaced = replaced_by(terms, [row.grant for row in work.grants_of(owner.carnet_id)])
    for old in replaced:
        work.end_grant(
            ended(old, GrantState.REPLACED, now=work.now), once_held_until=terms.ends_at + ONCE_HELD
        )
        work.append(grant_entry(parts, Op.REPLACE, old, structure_id, journals, actor))
    for key in made.new_field_keys:
        work.add_field_key(key)
    work.add_grant(made.row, once_held_until=terms.ends_at + ONCE_HELD)
    work.add_grant_keys(owner.carnet_id, made.keys)
    work.append(grant_entry(parts, Op.GRANT, made.row.grant, structure_id, journals, actor))
    return replaced


def _check_still_so(parts: Parts, made: _Made, now: datetime) -> None:
    """Under the lock: raises RacedError when keys changed since the grant was made, GrantRefusedError when
    the grantee left meanwhile."""
    terms = made.row.grant.terms
    if structure_of(parts, terms.grantee, now=now) is None:
        raise GrantRefusedError("/grantee", "Nous ne connaissons pas cet organisme.")
    if key_id(newest_public(parts.rows, terms.grantee)).hex() != terms.key_id:
        raise RacedError
    new = {(key.compartment, key.epoch) for key in made.new_field_keys}
    used = {(key.compartment, key.epoch) for key in made.keys} - new
    known = {(row.compartment, row.epoch) for row in parts.data.field_keys(terms.carnet_id)}
    if used != {place for place in known if place[0] in terms.compartments}:
        raise RacedError


def withdraw_grant(parts: Parts, owner: OwnerAccess, grant_id: GrantId, *, actor: Actor) -> Grant:
    """Stop a share, at once. Withdrawing what already ended changes nothing and is no error. Raises
    NoSuchGrantError."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=[owner.carnet_id])
    with parts.data.change() as work:
        grant = _find(work.grants_of(owner.carnet_id), grant_id)
        if grant.state is not GrantState.GRANTED:
            return grant
        structure = structure_of(parts, grant.terms.grantee)
        stopped = ended(grant, GrantState.WITHDRAWN, now=work.now)
        work.end_grant(stopped, once_held_until=work.now + ONCE_HELD)
        work.append(
            grant_entry(parts, Op.WITHDRAW, grant, structure[0] if structure else None, journals, actor)
        )
        work.commit()
    cut(parts, [grant_id])
    return stopped


def expire_grant(parts: Parts, row: GrantRow, *, actor: Actor) -> bool:
    """Note that a grant ended by itself, and cut its keys. Its readers were refused since ``ends_at``."""
    carnet_id = row.grant.terms.carnet_id
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id])
    structure = structure_of(parts, row.grant.terms.grantee)
    with parts.data.change() as work:
        try:
            grant = _find(work.grants_of(carnet_id), row.grant.id)
        except NoSuchGrantError:  # a row that says it is another grant: nobody reads through it
            return False
        if grant.state is not GrantState.GRANTED or work.now < grant.terms.ends_at:
            return False
        work.end_grant(
            ended(grant, GrantState.EXPIRED, now=work.now), once_held_until=grant.terms.ends_at + ONCE_HELD
        )
        structure_id = structure[0] if structure else None
        work.append(grant_entry(parts, Op.EXPIRE, grant, structure_id, journals, actor))
        work.commit()
    cut(parts, [grant.id])
    return True


def cut(parts: Parts, grant_ids: Sequence[GrantId]) -> None:
    """Destroy the keys of ended grants: Q_g, then the wraps. Repeatable."""
    if not grant_ids:
        return
    parts.keystore.delete_secrets([grant_name(grant_id) for grant_id in grant_ids])
    if not parts.keystore.compact(whole=False):
        return  # the wraps that stay behind bring the finishing pass back; without Q_g they open nothing
    with parts.data.change() as work:
        for grant_id in grant_ids:
            work.delete_grant_keys(grant_id)
        work.commit()


def _find(rows: Sequence[GrantRow], grant_id: GrantId) -> Grant:
    for row in rows:
        if row.grant.id == grant_id:
            return row.grant
    raise NoSuchGrantError("no such grant in this carnet")


def grant_entry(
    parts: Parts,
    op: Op,
    grant: Grant,
    structure_id: StructureId | None,
    journals: Journals,
    actor: Actor,
    *,
    reason: str | None = None,
) -> Draft:
    """The entry of what becomes of a grant."""
    terms = grant.terms
    about = AboutContent(
        carnet_id=terms.carnet_id,
        structure_id=structure_id,
        purpose_id=terms.purpose_id,
        legal_basis=terms.legal_basis,
        grant_id=terms.grant_id,
        fields=terms.compartments,
        reason=reason,
    )
    return draft(
        op,
        Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=terms.carnet_id,
        about=about,
        random=parts.random,
        field_count=len(terms.compartments),
    )
