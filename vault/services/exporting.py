"""The carnet made ready to leave: one ``ExportDocument``, in the words of the catalogue and of its order.

Nothing here names a field: what the catalogue adds is printed. What she left empty is left out without a
blank; an answer that is not one ("ne souhaite pas répondre") is hers to keep and is left out too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from consent.grants import Terms
from exporters.document import ExportDocument, Issuer, Item, Part, Said, ShareLine, Theme, Variant, Volet
from exporters.words import day_in_paris, day_in_words
from schemas.canonical import canonical
from schemas.fields import Catalogue, Field
from schemas.ids import CarnetId, EntryId, FieldId, PurposeId, StructureId
from schemas.names import Agreement, EntryState
from schemas.purposes import UnknownPurposeError
from vault.audit.events import Op
from vault.carnet.entries import Body, Entry
from vault.carnet.references import shown
from vault.carnet.remarks import RemarkBody
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.own_carnet import OwnCarnet, list_own_grants, read_own_carnet
from vault.services.paper_proofs import prove
from vault.services.parts import Parts
from vault.services.structures import structure_of
from vault.services.volets import VoletState, volets_of
from vault.services.writing import BY_PERSON

TITLE = "Mon carnet"
ANNEX_TITLE = "Annexe au contrat"
HISTORY = "historique"  # the part that no annex holds


@dataclass(frozen=True, slots=True)
class Printing:
    """How she wants it. ``left_out``: entries she keeps out of this paper; nothing on it says so."""

    variant: Variant = Variant.ORDINARY
    left_out: frozenset[EntryId] = frozenset()


def export_own_carnet(
    parts: Parts, owner: OwnerAccess, *, issuer: Issuer, actor: Actor, printing: Printing | None = None
) -> ExportDocument:
    """Her carnet as she holds it now, proof included. Appends the entry "export" first."""
    carnet = read_own_carnet(parts, owner, actor=actor, op=Op.EXPORT)
    return printed_document(parts, owner, carnet, issuer=issuer, printing=printing or Printing())


def printed_document(
    parts: Parts, owner: OwnerAccess, carnet: OwnCarnet, *, issuer: Issuer, printing: Printing
) -> ExportDocument:
    """The same of a carnet that is already read, with what was logged for it."""
    annex, now = printing.variant is Variant.ANNEX, parts.now()
    kept = [entry for entry in carnet.entries if entry.entry_id not in printing.left_out]
    if annex:
        kept = [entry for entry in kept if _part_of(parts.catalogue, entry) != HISTORY]
    chosen = replace(carnet, entries=kept)
    volets = _volets(parts, carnet.carnet.carnet_id)
    copy = machine_copy(parts, chosen, volets, now=now)
    return ExportDocument(
        title=ANNEX_TITLE if annex else TITLE,
        reference=shown(carnet.carnet.reference),
        printed_at=now,
        parts=_parts(parts.catalogue, chosen),
        issuer=issuer,
        person_name=own_name(parts.catalogue, carnet.by_field()),
        shares=() if annex else tuple(share_lines(parts, owner)),
        volets=tuple(volet_line(volet) for volet in volets),
        variant=printing.variant,
        proof=prove(parts, copy, at=now, index=carnet.access_no, site=issuer.site),
    )


def machine_copy(parts: Parts, carnet: OwnCarnet, volets: Sequence[VoletState], *, now: datetime) -> bytes:
    """The same carnet for programs: canonical JSON (RFC 8785), described in docs/formats/paper.md."""
    return canonical(
        {
            "format": "carnet/copy/1",
            "printed_at": now.isoformat(timespec="seconds"),
            "reference": carnet.carnet.reference,
            "salt": parts.random(16).hex(),
            "catalogue": parts.catalogue.version,
            "entries": [
                copied_entry(entry)
                for field in parts.catalogue.fields
                for entry in carnet.in_fields().get(field.id, ())
                if entry.body.holds
            ],
            "volets": [_copied_volet(volet) for volet in volets],
        }
    )


def _volets(parts: Parts, carnet_id: CarnetId) -> list[VoletState]:
    """Those that were validated."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id])
    heads = parts.data.heads(carnet_id)
    states = volets_of(parts, journals.journals[carnet_id], carnet_id, heads)
    return [state for state in states if state.validation is not None]


def volet_line(state: VoletState) -> Volet:
    """« Validé le mardi 3 mars 2026, par Mme Roux (CCAS de Brest). », and whether something changed since."""
    told = []
    if state.validation is not None:
        by = f", par {state.validation.by}" if state.validation.by else ""
        told.append(f"Validé le {_day(state.validation.at)}{by}.")
    if state.understood is not None:
        told.append(f"Vous avez dit l’avoir compris le {_day(state.understood.at)}.")
    if not state.validated:
        told.append("À revoir ensemble : quelque chose a changé depuis.")
    version = state.validation.row.version_hash if state.validation is not None else ""
    return Volet(title=state.volet.label, words=" ".join(told), version=version)


def _copied_volet(state: VoletState) -> dict[str, object]:
    validation = state.validation
    return {
        "volet": state.volet.id,
        "validated_at": validation.at.isoformat() if validation else None,
        "by": validation.by if validation else None,
        "version_hash": validation.row.version_hash if validation else None,
        "changed_since": not state.validated,
    }


def _day(at: datetime) -> str:
    return day_in_words(day_in_paris(at))


def copied_entry(entry: Entry) -> dict[str, object]:
    """An entry as every copy for programs holds it."""
    body = entry.body
    return {
        "entry_id": entry.entry_id,
        "field_id": entry.compartment,
        "version": entry.version,
        "state": str(entry.state),
        "value": body.value,
        "answer": str(body.answer),
        "source": body.source,
        "collected_at": body.collected_at.isoformat(),
        "agreement": str(body.agreement),
        "contested": entry.contested,
        "observations": [
            {
                **_copied_remark(one.observation_id, one.body),
                "replies": [_copied_remark(reply.remark_id, reply.body) for reply in one.replies],
            }
            for one in entry.observations
        ],
    }


def _copied_remark(remark_id: EntryId, body: RemarkBody) -> dict[str, object]:
    return {
        "observation_id": remark_id,
        "on_version": body.on_version,
        "text": body.text,
        "source": body.source,
        "said_at": body.said_at.isoformat(),
    }


def own_name(catalogue: Catalogue, entries: Mapping[FieldId, Entry]) -> str | None:
    """The name she is greeted with: the field that the catalogue marks as identifying."""
    for field in catalogue.fields:
        entry = entries.get(field.id)
        if field.identifying and entry is not None and entry.body.holds:
            return " ".join(catalogue.describe(field.id, entry.body.value))
    return None


def share_lines(parts: Parts, owner: OwnerAccess) -> list[ShareLine]:
    """Her live shares, in words."""
    lines = []
    for grant in list_own_grants(parts, owner):
        if not grant.live(parts.now()):
            continue
        terms = grant.terms
        labels = [
            parts.catalogue.compartment(one).label for one in parts.catalogue.in_order(terms.compartments)
        ]
        lines.append(
            ShareLine(
                who=_name_of(parts, structure_of(parts, terms.grantee)),
                what_for=_purpose_sentence(parts, terms.purpose_id),
                what=tuple(labels),
                until=day_in_words(day_in_paris(terms.ends_at - timedelta(seconds=1))),
                rests_on=_rests_on(parts, terms),
            )
        )
    return lines


def _rests_on(parts: Parts, terms: Terms) -> str:
    """The basis frozen in the share, with its text while the frame still gives it."""
    try:
        purpose = parts.frame.purpose(terms.purpose_id)
    except UnknownPurposeError:
        return terms.legal_basis.label
    cited = purpose.legal_text if purpose.legal_basis is terms.legal_basis else None
    return f"{terms.legal_basis.label} ({cited})" if cited else terms.legal_basis.label


def _purpose_sentence(parts: Parts, purpose_id: PurposeId) -> str:
    """A deployer may have taken the purpose out of its frame: nobody reads for it any more."""
    try:
        return parts.frame.purpose(purpose_id).sentence
    except UnknownPurposeError:
        return "un usage qui n’est plus proposé"


def note_of(body: Body) -> str:
    """Where an information comes from: "dit par vous, le mardi 3 mars 2026"."""
    by = "dit par vous" if body.author == BY_PERSON else f"donné par {body.source}"
    return f"{by}, le {day_in_words(day_in_paris(body.collected_at))}"


def _part_of(catalogue: Catalogue, entry: Entry) -> str:
    return catalogue.field(entry.field_id).part


def _parts(catalogue: Catalogue, carnet: OwnCarnet) -> tuple[Part, ...]:
    entries = carnet.in_fields()
    return tuple(
        Part(
            part.label,
            tuple(
                Theme(theme.label, items)
                for theme in catalogue.themes
                if (items := _items(catalogue, entries, part.id, theme.id))
            ),
        )
        for part in catalogue.parts
    )


def _items(
    catalogue: Catalogue, entries: Mapping[FieldId, Sequence[Entry]], part: str, theme: str
) -> tuple[Item, ...]:
    return tuple(
        _item(catalogue, field, entry)
        for field in catalogue.in_theme(theme)
        if field.part == part
        for entry in entries.get(field.id, ())
        if entry.body.holds
    )


def state_words(entry: Entry) -> str:
    """What is not simply agreed is said; what is agreed needs no word."""
    told = []
    if entry.body.agreement is Agreement.DISAGREED:
        told.append("vous n’êtes pas d’accord")
    elif entry.body.agreement is Agreement.NOT_COLLECTED:
        told.append("vous n’avez pas encore dit si vous êtes d’accord")
    if entry.state is EntryState.FROZEN:
        told.append("gelé : personne d’autre ne le lit")
    return ", ".join(told)


def _said(entry: Entry) -> tuple[Said, ...]:
    return tuple(
        Said(
            who="Vous dites",
            text=one.body.text,
            note=_said_when(one.body, entry),
            replies=tuple(
                Said(who=_who_replies(each.body), text=each.body.text, note=_said_when(each.body, None))
                for each in one.replies
                if each.body.text
            ),
        )
        for one in entry.observations
    )


def _who_replies(body: RemarkBody) -> str:
    return "Vous dites" if body.author == BY_PERSON else f"{body.source} répond"


def _said_when(body: RemarkBody, entry: Entry | None) -> str:
    when = f"le {day_in_words(day_in_paris(body.said_at))}"
    if entry is None or body.on_version == entry.version:
        return when
    return f"{when}, à propos de la version du {day_in_words(day_in_paris(body.version_at))}"


def _item(catalogue: Catalogue, field: Field, entry: Entry) -> Item:
    return Item(
        label=field.label,
        question=field.prompt,
        lines=tuple(catalogue.describe(field.id, entry.body.value)),
        note=note_of(entry.body),
        state_words=state_words(entry),
        sensitive=any(compartment.special for compartment in field.compartments()),
        observations=_said(entry),
    )


def _name_of(parts: Parts, found: tuple[StructureId, object] | None) -> str:
    structure = parts.data.structure(found[0]) if found else None
    return structure.name if structure else "un organisme qui n’est plus inscrit"
