"""The carnet made ready to leave: one ``ExportDocument``, in the words of the catalogue and of its order.

Nothing here names a field: what the catalogue adds is printed. What she left empty is left out without a
blank; an answer that is not one ("ne souhaite pas répondre") is hers to keep and is left out too.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from consent.grants import Terms
from exporters.document import ExportDocument, Issuer, Item, Part, ShareLine, Theme
from exporters.words import day_in_paris, day_in_words
from schemas.fields import Catalogue, Field
from schemas.ids import FieldId, PurposeId, StructureId
from schemas.names import Agreement
from schemas.purposes import UnknownPurposeError
from vault.audit.events import Op
from vault.carnet.entries import Body, Entry
from vault.carnet.references import shown
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.own_carnet import OwnCarnet, list_own_grants, read_own_carnet
from vault.services.parts import Parts
from vault.services.structures import structure_of
from vault.services.writing import BY_PERSON

TITLE = "Mon carnet"


def export_own_carnet(parts: Parts, owner: OwnerAccess, *, issuer: Issuer, actor: Actor) -> ExportDocument:
    """Her whole carnet as she holds it now. Appends the entry "export" first."""
    carnet = read_own_carnet(parts, owner, actor=actor, op=Op.EXPORT)
    return document(parts, carnet, share_lines(parts, owner), issuer=issuer, now=parts.now())


def document(
    parts: Parts, carnet: OwnCarnet, shares: Sequence[ShareLine], *, issuer: Issuer, now: datetime
) -> ExportDocument:
    entries = carnet.by_field()
    return ExportDocument(
        title=TITLE,
        reference=shown(carnet.carnet.reference),
        printed_at=now,
        parts=_parts(parts.catalogue, entries),
        issuer=issuer,
        person_name=own_name(parts.catalogue, entries),
        shares=tuple(shares),
    )


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


def _parts(catalogue: Catalogue, entries: Mapping[FieldId, Entry]) -> tuple[Part, ...]:
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


def _items(catalogue: Catalogue, entries: Mapping[FieldId, Entry], part: str, theme: str) -> tuple[Item, ...]:
    return tuple(
        _item(catalogue, field, entries[field.id])
        for field in catalogue.in_theme(theme)
        if field.part == part and field.id in entries and entries[field.id].body.holds
    )


def _item(catalogue: Catalogue, field: Field, entry: Entry) -> Item:
    disagreed = entry.body.agreement is Agreement.DISAGREED
    return Item(
        label=field.label,
        question=field.prompt,
        lines=tuple(catalogue.describe(field.id, entry.body.value)),
        note=note_of(entry.body),
        state_words="vous n’êtes pas d’accord" if disagreed else "",
        sensitive=any(compartment.special for compartment in field.compartments()),
        observations=tuple(one.body.text for one in entry.observations),
    )


def _name_of(parts: Parts, found: tuple[StructureId, object] | None) -> str:
    structure = parts.data.structure(found[0]) if found else None
    return structure.name if structure else "un organisme qui n’est plus inscrit"
