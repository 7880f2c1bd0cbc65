"""Who is on the other side of a share or of a look, as the person reads it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from consent.grants import Grant, GranteeKind
from schemas.ids import GrantId, PurposeId, StructureId
from schemas.names import GrantState, LegalBasis, Outcome, Right, Role, StructureKind
from schemas.purposes import Frame, UnknownPurposeError
from vault.audit.events import Op
from vault.services.own_carnet import Access, append_own, last_accesses
from vault.services.parts import Parts
from vault.services.ports import StructureRow
from vault.services.structures import structure_behind
from vault.web.guard import Person
from vault.web.pages import french, views
from vault.web.pages.basis_words import read_by, words_of
from vault.web.pages.naming import SHORTEST, WHOLE, labels, short_labels

GONE = "Un organisme qui n’est plus inscrit"
TWO = views.Body("Deux professionnels ensemble, en urgence", StructureKind.AUTRE)
FIRST_LOOKS, MOST_LOOKS = 500, 20_000
READS_ON_CARD = 10
_ROLES = {
    Role.REFERENT: "un référent ou une référente",
    Role.ADVISER: "un conseiller ou une conseillère",
    Role.MEMBER: "un membre de l’équipe",
    Role.MANAGER: "un responsable",
    Role.DPO: "le délégué à la protection des données",
}
_SYSTEM = "son logiciel"

Structures = Mapping[StructureId, StructureRow]
Bodies = Mapping[GrantId, views.Body]


def body_of(structure: StructureRow | None) -> views.Body:
    if structure is None:
        return views.Body(GONE, StructureKind.AUTRE)
    return views.Body(structure.name, structure.kind, structure.structure_id)


def bodies_of(parts: Parts, grants: Iterable[Grant]) -> Bodies:
    """The structure behind each grant."""
    grantees = {grant.terms.grantee for grant in grants}
    found = {grantee: structure_behind(parts, grantee) for grantee in grantees}
    rows = parts.data.structures({told for told in found.values() if told})
    bodies = {grantee: body_of(rows.get(told) if told else None) for grantee, told in found.items()}
    bodies |= {grantee: TWO for grantee in grantees if grantee.kind is GranteeKind.EMERGENCY}
    return {grant.id: bodies[grant.terms.grantee] for grant in grants}


def sentence_of(frame: Frame, purpose_id: PurposeId | None) -> str:
    """What completes « pour … »; nothing for a purpose the frame no longer names."""
    try:
        return frame.purpose(purpose_id or "").sentence
    except UnknownPurposeError:
        return ""


def grant_card(parts: Parts, grant: Grant, body: views.Body, looks: "Looks | None" = None) -> views.GrantCard:
    """One share. Only a live one can be stopped."""
    terms, now = grant.terms, parts.now()
    live = grant.live(now)
    still = grant.state is GrantState.SUSPENDED and now < terms.ends_at
    words, base = words_of(parts.frame, terms, body.name), f"/mes-partages/{grant.id}"
    reads = len(looks.reads.get(grant.id, ())) if looks else 0
    return views.GrantCard(
        grant_id=grant.id,
        body=body,
        purpose=sentence_of(parts.frame, terms.purpose_id) or "une raison qui n’existe plus",
        fields=labels(parts.catalogue, terms.compartments),
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        state=grant.state,
        last_look=looks.of(grant) if looks else None,
        looked_long_ago=looks is not None and not looks.complete,
        ended_at=grant.ended_at or terms.ends_at,
        stop_action=f"{base}/arreter" if live or still else None,
        stop=words.stop,
        stops=words.stops,
        rests_on=words.rests_on,
        reads=read_lines(parts, looks, grant),
        more_reads=max(0, reads - READS_ON_CARD),
        still=still,
        links=(views.Link("Voir ce qu’il voit", f"{base}/vu"),) if live else (),
        may=_may(terms.rights, body.name),
    )


def _may(rights: Collection[Right], name: str) -> str:
    """What else than reading this share lets him do."""
    if Right.PROPOSE not in rights:
        return ""
    if Right.READ not in rights:
        return f"{name} peut vous proposer d’écrire, et ne lit rien."
    return f"{name} peut aussi vous proposer d’écrire. C’est vous qui dites ce qui est gardé."


def read_lines(parts: Parts, looks: "Looks | None", grant: Grant) -> tuple[views.ReadLine, ...]:
    """What was read by a share, newest first, as far as a card lists it."""
    reads = looks.reads.get(grant.id, ()) if looks else ()
    return tuple(
        views.ReadLine(one.at, short_labels(parts.catalogue, one.fields)) for one in reads[:READS_ON_CARD]
    )


def access_line(
    parts: Parts, access: Access, structures: Structures, grants: Mapping[GrantId, Grant], most: int
) -> views.AccessLine:
    """One look, to be said as one sentence."""
    structure = structures.get(access.structure_id) if access.structure_id else None
    grant = grants.get(access.grant_id) if access.grant_id else None
    return views.AccessLine(
        access_id=str(access.no),
        at=access.at,
        who=structure.name if structure else GONE,
        fields=short_labels(parts.catalogue, access.fields, most),
        for_what=sentence_of(parts.frame, access.purpose_id),
        kind=structure.kind if structure else None,
        by=_ROLES.get(access.role, "") if access.role else _SYSTEM,
        why=read_by(
            access.legal_basis or LegalBasis.CONSENT,
            french.in_paris(grant.terms.starts_at).date() if grant else None,
        ),
        basis=access.legal_basis or LegalBasis.CONSENT,
        outcome=access.outcome,
        own=access.op is not Op.READ,
        readable=access.readable,
    )


def access_lines(
    parts: Parts, accesses: Sequence[Access], grants: Iterable[Grant], *, short: bool = False
) -> tuple[views.AccessLine, ...]:
    """What was read is named whole, unless ``short``; what was only asked may be much, and is cut."""
    structures = parts.data.structures({one.structure_id for one in accesses if one.structure_id})
    by_id = {grant.id: grant for grant in grants}
    whole = SHORTEST if short else WHOLE
    return tuple(
        access_line(parts, one, structures, by_id, whole if one.outcome is Outcome.GRANTED else SHORTEST)
        for one in accesses
    )


@dataclass(frozen=True, slots=True)
class Looks:
    """What was read by each grant, newest first. ``complete`` False: there are older ones, left aside."""

    reads: Mapping[GrantId, Sequence[Access]]
    complete: bool

    def of(self, grant: Grant) -> datetime | None:
        """When it was last used to look."""
        reads = self.reads.get(grant.id)
        return reads[0].at if reads else None


def last_looks(parts: Parts, person: Person, grants: Sequence[Grant]) -> Looks:
    """Appends the entry "she consulted the journal", unless there is nothing to look for."""
    if not grants:
        return Looks({}, complete=True)
    _, journals = append_own(parts, person.owner, Op.LOG_READ, actor=person.actor)
    journal = journals.journals[person.owner.carnet_id]
    oldest = min(grant.terms.starts_at for grant in grants)
    for limit in (FIRST_LOOKS, MOST_LOOKS):
        accesses = last_accesses(parts, journal, limit=limit)
        complete = len(accesses) < limit or accesses[-1].at < oldest
        if complete:
            break
    looks: dict[GrantId, list[Access]] = {}
    for access in accesses:
        if access.grant_id and access.op is Op.READ and access.outcome is Outcome.GRANTED:
            looks.setdefault(access.grant_id, []).append(access)
    return Looks(looks, complete)
