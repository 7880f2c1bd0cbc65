"""A professional comes in by ProConnect: with an invitation once, then with the habilitation it gave.

An invitation is bound to the account, the pair (issuer, subject), that uses it first; neither an e-mail nor a
SIRET lets anybody in. A habilitation is believed while the root vouches for its account, structure, role and
end (``bindings``).
"""

from collections.abc import Sequence

from consent.grants import Grantee
from schemas.ids import AccountId, InvitationId, ProfessionalId, SessionId, new_id
from schemas.names import Outcome, Role
from vault.audit.events import AboutContent, ActorKind, Op
from vault.crypto import GranteeKeyPair, digest
from vault.services.accounts import (
    COLUMN,
    Identity,
    find_account,
    refresh_account,
    seal_identity,
    secret_name,
    tag_of,
)
from vault.services.bindings import HABILITATION, binding_row, habilitation_facts, in_force
from vault.services.coming_in import ComingIn, NotInvited, note_sign_in, private_part
from vault.services.habilitations import leaving_row
from vault.services.invitations import INVITATION, as_invited, no_longer_vouched
from vault.services.journal import Actor, draft
from vault.services.key_sources import Journals, agent_name, seed_name
from vault.services.parts import Parts
from vault.services.ports import AccountRow, Draft, HabilitationRow, SecretRow
from vault.services.sessions import DPO, PROFESSIONAL, NewSession, Session, SessionRules, open_session


def professional_signs_in(
    parts: Parts, coming: ComingIn, *, invitation: str | None, rules: SessionRules
) -> NewSession | NotInvited:
    """A session for a habilitation in force. ``invitation`` is the secret of a one-time link, used up here.

    With several habilitations the session acts for none until one is chosen (``choose_habilitation``).
    """
    identity = Identity(coming.issuer, coming.subject, coming.claims, coming.provider, parts.now())
    account = find_account(parts, coming.issuer, coming.subject)
    if account:  # what her provider says of her today; it changes no right
        refresh_account(parts, account, identity)
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
        private=private_part(coming),
        replaces=coming.former_cookie,
        device=coming.device,
        proved_at=coming.proved_at,
    )
    if chosen:
        note_sign_in(parts, _professional(chosen, session.session.session_id, coming.address), None)
    return session


def live_habilitations(parts: Parts, account_id: AccountId | None) -> Sequence[HabilitationRow]:
    if account_id is None:
        return []
    return [row for row in parts.data.habilitations_of(account_id) if in_force(parts, row)]


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
                goes_on=session,
            )
            note_sign_in(parts, _professional(row, chosen.session.session_id, address), None)
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
    if invited is None or not invited.open(parts.now()) or not as_invited(parts, invitation, invited):
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
        row = HabilitationRow(
            professional_id,
            account_id,
            invited.structure_id,
            invited.role,
            work.now,
            invited.habilitation_ends_at,
            invited.invitation_id,
        )
        vouched = [binding_row(parts.rows, HABILITATION, professional_id, habilitation_facts(row))]
        if row.ends_at is not None:
            vouched.append(leaving_row(parts.rows, row, due=row.ends_at))
        parts.keystore.add_secrets(vouched)
        work.add_habilitation(row)
        if not work.use_invitation(invited.invitation_id, professional_id):
            return None
        work.drop_mail(invited.invitation_id)  # nobody needs to be told any more
        work.append(_joined(parts, actor, journals))
        work.commit()
    parts.keystore.take_link(digest(invitation))  # used: the row of the invitation already says so
    parts.keystore.delete_secrets(no_longer_vouched(invited.invitation_id))
    return account_id


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
