"""Coming in: the person by FranceConnect, the professional by ProConnect and an invitation.

The first sign-in of a person opens her carnet (K first, then D with its entry) and writes her name in it,
marked "FranceConnect" with its date; later ones refresh it. A professional needs an invitation once; it is
bound to the account that uses it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consent.grants import Grantee
from schemas.ids import (
    AccountId,
    CarnetId,
    CompartmentId,
    FieldId,
    InvitationId,
    ProfessionalId,
    SessionId,
    new_id,
)
from schemas.names import Outcome, Role
from vault.audit.events import AboutContent, ActorKind, Op
from vault.carnet.references import new_reference
from vault.crypto import (
    GranteeKeyPair,
    JournalSecret,
    OwnerSecret,
    ShredTree,
    box_seed,
    carnet_index_tag,
    digest,
)
from vault.services.accounts import (
    COLUMN,
    Account,
    Identity,
    find_account,
    seal_identity,
    secret_name,
    tag_of,
)
from vault.services.bindings import HABILITATION, binding_name, binding_row, holds
from vault.services.journal import Actor, draft
from vault.services.key_sources import Journals, OwnerAccess, agent_name, seed_name
from vault.services.parts import Parts
from vault.services.ports import AccountRow, CarnetRow, Draft, HabilitationRow, InvitationRow, SecretRow
from vault.services.sessions import DPO, PERSON, PROFESSIONAL, NewSession, Session, SessionRules, open_session
from vault.services.writing import Answer, write_answers

IDENTITY_FIELD = FieldId("identite_nom")
CARNET_TAG_COLUMN = "carnet"
INVITATION = "invitation"
SOURCE = "FranceConnect"


@dataclass(frozen=True, slots=True)
class ComingIn:
    """A sign-in that the relying party has fully verified, and the browser it came from."""

    issuer: str
    subject: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    id_token: str = field(repr=False)
    provider: str
    display_name: str = field(repr=False)
    address: str | None = field(repr=False)
    former_cookie: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotInvited:
    """Signed in at the provider, but no invitation or habilitation stands here."""


# --- the person ------------------------------------------------------------------------------------------


def person_signs_in(parts: Parts, coming: ComingIn, *, rules: SessionRules) -> NewSession:
    """Her session; opens her carnet the first time. ``claims["name"]`` is the value of ``identite_nom``."""
    identity = Identity(coming.issuer, coming.subject, coming.claims)
    known = find_account(parts, coming.issuer, coming.subject)
    carnet_id = known.row.carnet_id if known else None
    if carnet_id is None:
        carnet_id = _open_carnet(parts, identity)
    session = open_session(
        parts,
        kind=PERSON,
        subject=carnet_id,
        account_id=carnet_id,
        rules=rules,
        private=_private(coming),
        replaces=coming.former_cookie,
    )
    actor = Actor(kind=ActorKind.PERSON, session=session.session.row.session_id, address=coming.address)
    owner = OwnerAccess(carnet_id, session.session.session_id)
    _note_sign_in(parts, actor, carnet_id)
    _refresh_identity(parts, owner, identity, known, actor)
    return session


def _open_carnet(parts: Parts, identity: Identity) -> CarnetId:
    carnet_id = CarnetId(new_id())
    own, shred, journal = (
        OwnerSecret(parts.random(32)),
        ShredTree.fresh(parts.random),
        JournalSecret(parts.random(32)),
    )
    box = GranteeKeyPair.from_seed(box_seed(own))
    rows = [
        parts.rows.make("own", carnet_id, own),
        parts.rows.make("shred", carnet_id, shred.to_bytes()),
        parts.rows.make("journal", carnet_id, journal, public=None),
        SecretRow("box", carnet_id, 1, b"", box.public),
    ]
    with parts.data.change() as work:
        known = find_account(parts, identity.issuer, identity.subject)
        if known and known.row.carnet_id:  # another tab was faster, before the lock
            return known.row.carnet_id
        parts.keystore.add_secrets(rows)
        parts.keystore.add_tag(COLUMN, tag_of(parts, identity.issuer, identity.subject), carnet_id)
        parts.keystore.add_tag(CARNET_TAG_COLUMN, carnet_index_tag(journal), carnet_id)
        work.add_carnet(
            CarnetRow(carnet_id, new_reference(parts.random), "open", work.now, 0, parts.notice_version)
        )
        account_id = AccountId(carnet_id)
        work.add_account(
            AccountRow(account_id, carnet_id, seal_identity(account_id, identity, own), work.now)
        )
        journals = parts.journal_keys.load(now=work.now, carnets=[carnet_id])
        work.append(
            draft(
                Op.OPEN_CARNET,
                Outcome.GRANTED,
                journals=journals,
                actor=Actor(kind=ActorKind.PERSON),
                carnet_id=carnet_id,
                about=AboutContent(carnet_id=carnet_id, reason=f"notice {parts.notice_version}"),
                random=parts.random,
            )
        )
        work.commit()
    return carnet_id


def _note_sign_in(parts: Parts, actor: Actor, carnet_id: CarnetId | None) -> None:
    name = actor.secret_name
    journals = parts.journal_keys.load(
        now=parts.now(), carnets=[carnet_id] if carnet_id else [], agents=[name] if name else []
    )
    entry = draft(
        Op.SIGN_IN,
        Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=carnet_id,
        about=AboutContent(carnet_id=carnet_id, structure_id=actor.structure_id, role=actor.role),
        random=parts.random,
    )
    with parts.data.change() as work:
        work.append(entry)
        work.commit()


def _refresh_identity(
    parts: Parts, owner: OwnerAccess, identity: Identity, known: Account | None, actor: Actor
) -> None:
    """Keep what the provider says now. Her name is written in the carnet when it is new or changed."""
    account_id = AccountId(owner.carnet_id)
    secrets = parts.owner_keys.load(owner)
    with parts.data.change() as work:
        work.refresh_account(account_id, seal_identity(account_id, identity, secrets.own))
        work.commit()
    name = identity.claims["name"]
    if known and known.identity.claims.get("name") == name and _has_name(parts, owner.carnet_id):
        return
    answer = Answer(IDENTITY_FIELD, dict(name), source=SOURCE, author=SOURCE)
    write_answers(parts, owner, [answer], actor=actor)


def _has_name(parts: Parts, carnet_id: CarnetId) -> bool:
    return any(head.compartment == CompartmentId(IDENTITY_FIELD) for head in parts.data.heads(carnet_id))


# --- the professional ------------------------------------------------------------------------------------


def professional_signs_in(
    parts: Parts, coming: ComingIn, *, invitation: str | None, rules: SessionRules
) -> NewSession | NotInvited:
    """A session for a habilitation in force. ``invitation`` is the secret of a one-time link, used up here.

    With several habilitations the session acts for none until one is chosen (``choose_habilitation``).
    """
    identity = Identity(coming.issuer, coming.subject, coming.claims)
    account = find_account(parts, coming.issuer, coming.subject)
    account_id = account.row.account_id if account else None
    if invitation is not None:
        account_id = _join(parts, identity, account_id, invitation) or account_id
    live = live_habilitations(parts, account_id)
    if account_id is None or not live:
        return NotInvited()
    chosen = live[0] if len(live) == 1 else None
    session = open_session(
        parts,
        kind=kind_of(chosen.role) if chosen else PROFESSIONAL,
        subject=chosen.professional_id if chosen else "",
        account_id=account_id,
        rules=rules,
        private=_private(coming),
        replaces=coming.former_cookie,
    )
    if chosen:
        _note_sign_in(parts, _professional(chosen, session.session.session_id, coming.address), None)
    return session


def live_habilitations(parts: Parts, account_id: AccountId | None) -> Sequence[HabilitationRow]:
    if account_id is None:
        return []
    return [row for row in parts.data.habilitations_of(account_id) if in_force(parts, row)]


def in_force(parts: Parts, row: HabilitationRow) -> bool:
    """Whether the habilitation stands now, as it was given."""
    return row.live(parts.now()) and holds(parts, HABILITATION, row.professional_id, _facts(row))


def _facts(row: HabilitationRow) -> tuple[str, ...]:
    return row.account_id, row.structure_id, row.role


def choose_habilitation(
    parts: Parts,
    session: Session,
    professional_id: ProfessionalId,
    *,
    cookie: str,
    rules: SessionRules,
    address: str | None,
) -> NewSession | None:
    """A new session, in place of this one, that acts for this habilitation of the same account; None when
    the account has no such one."""
    for row in live_habilitations(parts, AccountId(session.row.account_id)):
        if row.professional_id == professional_id:
            chosen = open_session(
                parts,
                kind=kind_of(row.role),
                subject=row.professional_id,
                account_id=row.account_id,
                rules=rules,
                private=session.private,
                replaces=cookie,
            )
            _note_sign_in(parts, _professional(row, chosen.session.session_id, address), None)
            return chosen
    return None


def kind_of(role: Role) -> str:
    return DPO if role is Role.DPO else PROFESSIONAL


def _join(
    parts: Parts, identity: Identity, account_id: AccountId | None, invitation: str
) -> AccountId | None:
    """Bind an invitation to this account. None when the link is unknown, used or over."""
    found = parts.keystore.link(digest(invitation))
    if found is None or found[0] != INVITATION or found[2] <= parts.now():
        return None
    invited = parts.data.invitation(InvitationId(found[1]))
    if invited is None or invited.used_by is not None or not as_invited(parts, invitation, invited):
        return None
    new_account = account_id is None
    account_id = account_id or AccountId(new_id())
    professional_id = ProfessionalId(new_id())
    secret = parts.random(32)
    rows = [
        parts.rows.make(*agent_name(ActorKind.PROFESSIONAL, professional_id), parts.random(32)),
        seed_row(parts, Grantee.professional(professional_id)),
    ]
    if new_account:
        rows.append(parts.rows.make(*secret_name(account_id, None), secret))
    parts.keystore.add_secrets(rows)
    if new_account:  # K first: a tag that leads to no account yet is passed over
        parts.keystore.add_tag(COLUMN, tag_of(parts, identity.issuer, identity.subject), account_id)
    actor = Actor(ActorKind.PROFESSIONAL, professional_id, invited.structure_id, invited.role)
    journals = parts.journal_keys.load(now=parts.now(), agents=[agent_name(actor.kind, actor.id)])
    with parts.data.change() as work:
        known = find_account(parts, identity.issuer, identity.subject) if new_account else None
        if known:  # another invitation was faster, before the lock
            account_id = known.row.account_id
        elif new_account:
            work.add_account(
                AccountRow(account_id, None, seal_identity(account_id, identity, secret), work.now)
            )
        row = HabilitationRow(professional_id, account_id, invited.structure_id, invited.role, work.now, None)
        parts.keystore.add_secrets([binding_row(parts.rows, HABILITATION, professional_id, _facts(row))])
        work.add_habilitation(row)
        if not work.use_invitation(invited.invitation_id, professional_id):
            return None
        work.append(_joined(parts, actor, journals))
        work.commit()
    parts.keystore.take_link(digest(invitation))  # used: the row of the invitation already says so
    parts.keystore.delete_secrets([binding_name(INVITATION, invited.invitation_id)])
    return account_id


def as_invited(parts: Parts, secret: str, row: InvitationRow) -> bool:
    """Whether the link of this secret was made for this structure, this role and this end: else a writer of
    either store could have himself invited as whom he likes."""
    return holds(parts, INVITATION, row.invitation_id, invitation_facts(secret, row))


def invitation_facts(secret: str, row: InvitationRow) -> tuple[str, ...]:
    return digest(secret), row.structure_id, row.role, row.expires_at.isoformat()


def _joined(parts: Parts, actor: Actor, journals: Journals) -> Draft:
    return draft(
        Op.JOIN,
        Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=None,
        about=AboutContent(structure_id=actor.structure_id, role=actor.role),
        random=parts.random,
    )


def _professional(row: HabilitationRow, session_id: SessionId, address: str | None) -> Actor:
    return Actor(ActorKind.PROFESSIONAL, row.professional_id, row.structure_id, row.role, session_id, address)


def seed_row(parts: Parts, grantee: Grantee) -> SecretRow:
    """A fresh key pair for a grantee: the private seed wrapped, the public key beside it."""
    pair = GranteeKeyPair.generate()
    return parts.rows.make(*seed_name(grantee), pair.seed, public=pair.public)


def _private(coming: ComingIn) -> dict[str, str]:
    return {"provider": coming.provider, "id_token": coming.id_token, "name": coming.display_name}
