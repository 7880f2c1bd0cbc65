"""Writing an entry of the log: what it says, sealed for those who may read it, hidden from all others.

``draft`` turns an ``AboutContent`` (the person's register of disclosures) and an ``ActorContent`` (who
acted; dies with its month) into a ``Draft``: two salted commitments for the leaf, two sealed openings for
the store, and the tags by which the person, the structure and the agent find it. An entry about nobody
(unknown carnet, keys, settings) uses the instance's journal secret and a random tag: same size, same work.
"""

from dataclasses import dataclass, field, replace

from schemas.ids import CarnetId, ClientId, MandateId, ProfessionalId, SessionId, StructureId
from schemas.names import Outcome, Role
from vault.audit.events import AboutContent, ActorContent, ActorKind, Op
from vault.audit.leaf import commitment
from vault.crypto import (
    AgentSecret,
    about_key,
    actor_key,
    agent_index_tag,
    carnet_index_tag,
    leaf_tag,
    person_agent,
    seal_opening,
    structure_index_tag,
    tag_key,
)
from vault.services.key_sources import Journals, KeyGoneError, Random, agent_name
from vault.services.ports import Draft, SecretName

WITH_SECRETS = (ActorKind.PROFESSIONAL, ActorKind.CLIENT)
MANDATE_TAG = "mandate"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the door knows it. ``id`` is a professional id, a client id, or empty."""

    kind: ActorKind
    id: str = ""
    structure_id: StructureId | None = None
    role: Role | None = None
    session: SessionId | None = None
    address: str | None = field(default=None, repr=False)  # network address
    mandate_id: MandateId | None = None  # acts for the person, under this mandate of hers

    @property
    def secret_name(self) -> SecretName | None:
        """Its row of K; the person and the operator have none of their own, nor has who acts for a person:
        what he does in her name is sealed as hers is."""
        return agent_name(self.kind, self.id) if self.kind in WITH_SECRETS and not self.mandate_id else None

    @property
    def professional_id(self) -> ProfessionalId | None:
        return ProfessionalId(self.id) if self.kind is ActorKind.PROFESSIONAL else None

    @property
    def client_id(self) -> ClientId | None:
        return ClientId(self.id) if self.kind is ActorKind.CLIENT else None


OPERATOR = Actor(kind=ActorKind.OPERATOR)


def agents_of(actor: Actor) -> list[SecretName]:
    """Which secrets of agents an entry by this actor needs."""
    return [actor.secret_name] if actor.secret_name else []


def draft(
    op: Op,
    out: Outcome,
    *,
    journals: Journals,
    actor: Actor,
    carnet_id: CarnetId | None,
    about: AboutContent,
    random: Random,
    field_count: int = 0,
) -> Draft:
    """One entry, ready to be numbered. Raises KeyGoneError when the actor's secret is gone."""
    journal = journals.journal(carnet_id)
    agent = _agent(journals, actor, carnet_id)
    n, r_about, r_actor = random(16), random(32), random(32)
    if actor.mandate_id is not None:
        about = replace(about, mandate_id=actor.mandate_id)
    about_bytes = about.to_bytes()
    actor_bytes = ActorContent(
        kind=actor.kind,
        id=actor.id,
        structure_id=actor.structure_id,
        role=actor.role,
        session=actor.session,
        address=actor.address,
        field_count=field_count,
    ).to_bytes()
    secret = journal or journals.instance
    about_under = about_key(secret, n)
    actor_under = actor_key(journals.month_secret, agent, n)
    return Draft(
        op=op,
        out=out,
        month=journals.month,
        n=n,
        tag=leaf_tag(tag_key(journal, journals.month), n) if journal else random(16),
        about=commitment("about", n, r_about, about_bytes),
        actor=commitment("actor", n, r_actor, actor_bytes),
        about_sealed=seal_opening(r_about, about_bytes, key=about_under, kind="about", n=n),
        actor_sealed=seal_opening(r_actor, actor_bytes, key=actor_under, kind="actor", n=n),
        carnet_tag=carnet_index_tag(journal) if journal else random(16),
        structure_tag=_structure_tag(journals, actor, about, random),
        agent_tag=agent_tag(journals, actor, carnet_id),
    )


def agent_tag(journals: Journals, actor: Actor, carnet_id: CarnetId | None) -> bytes:
    """By which the DPO finds who acted, within the month's retention; of one mandate, all that was done."""
    if actor.mandate_id is not None:
        return agent_index_tag(journals.month_secret, MANDATE_TAG, actor.mandate_id)
    id_ = actor.id or (carnet_id or "")
    return agent_index_tag(journals.month_secret, actor.kind, id_)


def _structure_tag(journals: Journals, actor: Actor, about: AboutContent, random: Random) -> bytes:
    structure_id = actor.structure_id or about.structure_id
    return structure_index_tag(journals.month_secret, structure_id) if structure_id else random(16)


def _agent(journals: Journals, actor: Actor, carnet_id: CarnetId | None) -> AgentSecret:
    name = actor.secret_name
    if name is None:
        return person_agent(journals.journal(carnet_id) or journals.instance)
    if name not in journals.agents:
        raise KeyGoneError("agent")
    return journals.agents[name]
