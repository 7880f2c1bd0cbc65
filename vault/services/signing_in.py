"""A person comes in by FranceConnect.

The first sign-in of a person opens her carnet (K first, then D with its entry) and writes her name in it,
marked "FranceConnect" with its date; later ones refresh it. How a professional comes in is in ``joining``,
whose names are given on from here.
"""

from schemas.ids import AccountId, CarnetId, CompartmentId, FieldId, new_id
from schemas.names import Outcome
from vault.audit.events import AboutContent, ActorKind, Op
from vault.carnet.references import new_reference
from vault.crypto import GranteeKeyPair, JournalSecret, OwnerSecret, ShredTree, box_seed, carnet_index_tag
from vault.services.accounts import COLUMN, Account, Identity, find_account, seal_identity, tag_of
from vault.services.bindings import in_force
from vault.services.coming_in import ComingIn, NotInvited, note_sign_in, private_part
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
from vault.services.sessions import PERSON, NewSession, SessionRules, open_session
from vault.services.writing import Answer, write_answers

__all__ = [
    "CARNET_TAG_COLUMN",
    "IDENTITY_FIELD",
    "INVITATION",
    "SOURCE",
    "ComingIn",
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
        private=private_part(coming),
        replaces=coming.former_cookie,
        device=coming.device,
        proved_at=coming.proved_at,
    )
    actor = Actor(kind=ActorKind.PERSON, session=session.session.row.session_id, address=coming.address)
    owner = OwnerAccess(carnet_id, session.session.session_id)
    note_sign_in(parts, actor, carnet_id)
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
