"""A person comes in by FranceConnect.

The first sign-in of a person opens her carnet (K first, then D with its entry) and writes her name in it,
marked "FranceConnect" with its date; later ones refresh it. A pair that is new while its identity is known
opens nothing (``relinking``). How a professional comes in is in ``joining``, whose names are given on from
here.
"""

from contextlib import suppress

from schemas.ids import AccountId, CarnetId, CompartmentId, FieldId, new_id
from schemas.names import Outcome
from vault.audit.events import AboutContent, ActorKind, Op
from vault.carnet.references import new_reference
from vault.crypto import GranteeKeyPair, JournalSecret, OwnerSecret, ShredTree, box_seed, carnet_index_tag
from vault.errors import StoreUnavailableError
from vault.services.accounts import (
    Account,
    Identity,
    find_account,
    index_account,
    open_account,
    refresh_account,
    reseal,
    seal_identity,
)
from vault.services.bindings import in_force
from vault.services.coming_in import ComingIn, NotInvited, private_part, sign_in_entry
from vault.services.invitations import INVITATION, as_invited, invitation_facts
from vault.services.joining import (
    choose_habilitation,
    kind_of,
    live_habilitations,
    professional_signs_in,
    seed_row,
)
from vault.services.journal import Actor, draft
from vault.services.key_sources import OwnerAccess
from vault.services.parts import Parts
from vault.services.ports import AccountRow, CarnetRow, SecretRow
from vault.services.relinking import NeedsRelinking, meet, must_ask, tidy
from vault.services.rotating import rotate_due
from vault.services.sessions import PERSON, NewSession, Session, SessionRules, end_session, open_session
from vault.services.tombstones import ForgottenHereError
from vault.services.writing import Answer, write_answers

__all__ = [
    "IDENTITY_FIELD",
    "INVITATION",
    "SOURCE",
    "ComingIn",
    "NeedsRelinking",
    "NotInvited",
    "as_invited",
    "choose_habilitation",
    "in_force",
    "invitation_facts",
    "kind_of",
    "live_habilitations",
    "person_signs_in",
    "professional_signs_in",
    "seed_row",
]

IDENTITY_FIELD = FieldId("identite_nom")
CARNET_TAG_COLUMN = "carnet"
SOURCE = "FranceConnect"
ATTEMPTS = 5


def person_signs_in(parts: Parts, coming: ComingIn, *, rules: SessionRules) -> NewSession | NeedsRelinking:
    """Her session; opens her carnet the first time. ``claims["name"]`` is the value of ``identite_nom``.

    No session and no carnet when a carnet with this identity is another account's: a human looks first.
    """
    identity = Identity(coming.issuer, coming.subject, coming.claims, coming.provider, parts.now())
    for _ in range(ATTEMPTS):
        known = find_account(parts, *identity.pair) or meet(parts, identity, address=coming.address)
        if isinstance(known, NeedsRelinking):
            return known
        carnet_id = known.row.carnet_id if known else None
        carnet_id = carnet_id or _open_carnet(parts, identity)
        if carnet_id is None:
            continue
        session = _session(parts, coming, carnet_id, rules)
        if _comes_in(parts, session.session, coming.address, identity, known):
            _rotate(parts, session.session, coming.address)
            return session
        end_session(parts, session.cookie)
    raise StoreUnavailableError("data", "this account keeps changing hands")


def _session(parts: Parts, coming: ComingIn, carnet_id: CarnetId, rules: SessionRules) -> NewSession:
    return open_session(
        parts,
        kind=PERSON,
        subject=carnet_id,
        account_id=carnet_id,
        rules=rules,
        private=private_part(coming),
        replaces=coming.former_cookie,
        device=coming.device,
        proved_at=coming.proved_at,
    )


def _comes_in(
    parts: Parts, session: Session, address: str | None, identity: Identity, known: Account | None
) -> bool:
    """The entry of her sign-in, with what the provider says now. Her name is written in the carnet when it is
    new or changed, and only then is the new one kept beside the account: begun again, it is written again.

    False, and nothing done, when the account was linked to another pair since it was found.
    """
    carnet_id = CarnetId(session.row.subject)
    actor = Actor(kind=ActorKind.PERSON, session=session.session_id, address=address)
    entry = sign_in_entry(parts, actor, carnet_id)
    name = identity.claims["name"]
    same_name = known is not None and known.identity.claims.get("name") == name
    with parts.data.change() as work:
        account = open_account(parts, AccountId(carnet_id))
        if account is None or account.identity.pair != identity.pair:
            return False
        if same_name:
            index_account(parts, account.row.account_id, identity)
            work.refresh_account(account.row.account_id, reseal(parts, account, identity))
        work.append(entry)
        work.commit()
    tidy(parts, identity)
    if not (same_name and _has_name(parts, carnet_id)):
        answer = Answer(IDENTITY_FIELD, dict(name), source=SOURCE, author=SOURCE)
        with suppress(ForgottenHereError):  # she had her name forgotten: no sign-in brings it back
            write_answers(parts, OwnerAccess(carnet_id, session.session_id), [answer], actor=actor)
    return same_name or known is None or refresh_account(parts, account, identity)


def _rotate(parts: Parts, session: Session, address: str | None) -> None:
    """Her session alone may change the keys of her fields: what is due since somebody left is done now."""
    owner = OwnerAccess(CarnetId(session.row.subject), session.session_id)
    rotate_due(parts, owner, Actor(kind=ActorKind.PERSON, session=session.session_id, address=address))


def _open_carnet(parts: Parts, identity: Identity) -> CarnetId | None:
    """None when it turned out, under the lock, that a human must look first."""
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
        if must_ask(parts, identity):
            return None
        parts.keystore.add_secrets(rows)
        index_account(parts, AccountId(carnet_id), identity)
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


def _has_name(parts: Parts, carnet_id: CarnetId) -> bool:
    return any(head.compartment == CompartmentId(IDENTITY_FIELD) for head in parts.data.heads(carnet_id))
