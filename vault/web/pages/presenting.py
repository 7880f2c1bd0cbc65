"""From rows and values to what a page shows, once for every page: the person's own, the preview of a share,
the professional's. What she is shown before sharing is made by the very functions that make his screen.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.fields import PRECIS, Catalogue, Field
from schemas.ids import CompartmentId, FieldId
from schemas.names import Agreement, AnswerKind, EntryState
from vault.carnet.entries import Body, Entry, fresh_until
from vault.carnet.remarks import Observation
from vault.services.signing_in import SOURCE
from vault.services.writing import BY_PERSON
from vault.web.pages import french, views

Shared = Mapping[CompartmentId, Sequence[Entry]]
BesideLinks = Callable[[Observation], Sequence[views.Link]]


def no_links(_: Observation) -> Sequence[views.Link]:
    return ()


def own_links(said: Observation) -> Sequence[views.Link]:
    """What she may do with an observation of hers."""
    return (views.Link("Maintenir ou retirer", f"/mon-carnet/observations/{said.observation_id}"),)


# --- one information -------------------------------------------------------------------------------------


def information(
    catalogue: Catalogue,
    entry: Entry,
    *,
    now: datetime,
    visible_to: Sequence[str] = (),
    actions: Sequence[views.Link] = (),
    beside: BesideLinks = no_links,
    without: Collection[str] = (),
    hers: bool = False,
) -> views.Information:
    """An entry as every page shows it, with what stands beside it; ``beside``: what this reader may do with
    an observation; ``without``: parts of the value said elsewhere on the page; ``hers``: said to herself."""
    field, body = catalogue.field(entry.field_id), entry.body
    return views.Information(
        field_id=entry.compartment,
        label=field.label,
        lines=tuple(told_lines(catalogue, entry, without, hers=hers)),
        provenance=provenance(body),
        answer=body.answer,
        sensitive=is_sensitive(field),
        pills=_pills(field, entry, now),
        visible_to=tuple(visible_to),
        actions=tuple(actions),
        observations=tuple(observation(entry, one, beside) for one in entry.observations),
        entry_id=entry.entry_id if field.collection else "",
    )


# To herself, what the catalogue says of « la personne ».
HERS = {"qui": {"personne": "Vous"}, "partie": {"personne": "Vous vous engagez"}}


def told_lines(
    catalogue: Catalogue, entry: Entry, without: Collection[str] = (), *, hers: bool = False
) -> list[str]:
    """Its value in words, less these parts of it; ``hers``: said to herself."""
    value = entry.body.value
    if not entry.body.holds:
        return []
    if hers and isinstance(value, dict):
        value = {name: HERS.get(name, {}).get(str(one), one) for name, one in value.items()}
    if without and isinstance(value, dict):
        value = {name: one for name, one in value.items() if name not in without}
    told = catalogue.describe(entry.field_id, value)
    return [line.lstrip(" ,.:") for line in told] if without else told


def observation(entry: Entry, said: Observation, beside: BesideLinks = no_links) -> views.Observation:
    """Her words beside an entry, and all that was answered."""
    body = said.body
    return views.Observation(
        body.text,
        french.in_paris(body.said_at).date(),
        tuple(
            views.Reply(
                "" if one.body.author == BY_PERSON else one.body.source,
                one.body.text,
                french.in_paris(one.body.said_at).date(),
            )
            for one in said.replies
        ),
        french.in_paris(body.version_at).date() if body.on_version != entry.version else None,
        tuple(beside(said)),
    )


def is_sensitive(field: Field) -> bool:
    """Whether the mark « sensible » stands beside it: whatever exposes more than an ordinary answer."""
    return bool({"S", "T", "9", "9i"} & set(field.sensitivity))


def stale(field: Field, body: Body, now: datetime) -> bool:
    """Whether a value asks to be confirmed."""
    until = fresh_until(body.collected_at, field.fresh_days)
    return body.holds and until is not None and until <= now


def provenance(body: Body) -> views.Provenance:
    by = None if body.author == BY_PERSON else body.source
    told = None if body.source == SOURCE else body.agreement  # nobody is asked to agree with her own name
    verb = "donné" if body.source == SOURCE else "noté"
    return views.Provenance(french.in_paris(body.collected_at).date(), by, told, verb)


def unagreed(entry: Entry) -> bool:
    """Whether she was never heard on it: shown in words, so that nothing unagreed looks agreed."""
    body = entry.body
    return body.holds and body.agreement is Agreement.NOT_COLLECTED and body.source != SOURCE


def _pills(field: Field, entry: Entry, now: datetime) -> tuple[views.Pill, ...]:
    shown = (
        (entry.contested, views.Pill.CONTESTED),
        (unagreed(entry), views.Pill.UNAGREED),
        (stale(field, entry.body, now), views.Pill.TO_CONFIRM),
        (entry.state is EntryState.FROZEN, views.Pill.FROZEN),
    )
    return tuple(pill for stands, pill in shown if stands)


# --- the person's carnet ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seer:
    """Somebody who may see some compartments now."""

    name: str
    compartments: Collection[CompartmentId]


@dataclass(frozen=True, slots=True)
class OwnPages:
    """What her pages show every entry with."""

    catalogue: Catalogue
    seers: Sequence[Seer]
    now: datetime
    hers: bool = True  # she reads it herself; else whoever acts for her

    def information(self, entry: Entry, *, without: Collection[str] = ()) -> views.Information:
        """An entry of hers, with all she may do with it."""
        return information(
            self.catalogue,
            entry,
            now=self.now,
            visible_to=seen_by(self.catalogue, entry, self.seers),
            actions=own_actions(self.catalogue.field(entry.field_id), entry),
            beside=own_links,
            without=without,
            hers=self.hers,
        )


def entry_address(entry_id: str) -> str:
    """The page of one entry."""
    return f"/mon-carnet/info/{entry_id}"


def correction_address(field: Field, entry: Entry) -> str:
    """Where she corrects it: its own form, or its question in the form of its theme."""
    if field.collection:
        return f"{entry_address(entry.entry_id)}/corriger"
    return f"/mon-carnet/{field.theme}#champ-{field.id}"


def own_actions(field: Field, entry: Entry) -> list[views.Link]:
    """Under an entry of hers: correct it, say whether she agrees, and all there is to know of it."""
    links = []
    if not field.read_only and entry.state is not EntryState.FROZEN:
        links.append(views.Link("Corriger", correction_address(field, entry)))
    if entry.body.holds:
        links.append(views.Link("Accord et détail", entry_address(entry.entry_id)))
    return links


def own_parts(pages: OwnPages, entries: Mapping[FieldId, Sequence[Entry]]) -> tuple[views.Part, ...]:
    """Her whole carnet, by part and theme."""
    catalogue = pages.catalogue
    return tuple(
        views.Part(
            part.id,
            part.label,
            tuple(
                _own_theme(pages, theme.id, theme.label, fields, entries)
                for theme in catalogue.themes
                if (fields := [each for each in catalogue.in_theme(theme.id) if each.part == part.id])
            ),
        )
        for part in catalogue.parts
    )


def _own_theme(
    pages: OwnPages,
    theme_id: str,
    label: str,
    fields: Sequence[Field],
    entries: Mapping[FieldId, Sequence[Entry]],
) -> views.Theme:
    asked = [field for field in fields if not (field.read_only or field.collection)]
    shown = [
        pages.information(entry)
        for field in fields
        for entry in entries.get(field.id, ())
        if entry.body.answer is not AnswerKind.NOT_DISCUSSED
    ]
    told = {info.field_id.removesuffix(PRECIS) for info in shown}
    return views.Theme(
        theme_id,
        label,
        tuple(shown),
        sum(field.id not in told for field in asked),
        f"/mon-carnet/{theme_id}" if asked else None,
        tuple(add_link(field) for field in fields if field.collection),
    )


def add_link(field: Field) -> views.Link:
    """To write one more entry of a field that holds several."""
    return views.Link(
        f"Ajouter\u202f: {field.label[:1].lower()}{field.label[1:]}", f"/mon-carnet/{field.id}/nouveau"
    )


def seen_by(catalogue: Catalogue, entry: Entry, seers: Sequence[Seer]) -> list[str]:
    """Who may see this value now. Somebody who only has its coarse form is told so."""
    if not entry.body.holds or entry.state is EntryState.FROZEN:
        return []
    field = catalogue.field(entry.field_id)
    coarse = catalogue.coarse(field.id, entry.body.value)
    names: dict[str, bool] = {}  # whether whole
    for seer in seers:
        if field.compartments()[-1].id in seer.compartments:
            names[seer.name] = True
        elif CompartmentId(field.id) in seer.compartments and coarse is not None:
            names[seer.name] = names.get(seer.name, False) or coarse == entry.body.value
    return [name if whole else f"{name} (sans le détail)" for name, whole in names.items()]


# --- what somebody else sees -----------------------------------------------------------------------------


def reduced(
    catalogue: Catalogue, entries: Mapping[FieldId, Sequence[Entry]], compartments: Iterable[CompartmentId]
) -> Shared:
    """Her own entries as a reader of these compartments gets them: same rules as the sealed records."""
    found: dict[CompartmentId, list[Entry]] = {}
    for compartment_id in compartments:
        compartment = catalogue.compartment(compartment_id)
        exact = catalogue.field(compartment.field_id).compartments()[-1].id
        for entry in entries.get(compartment.field_id, ()):
            if not entry.body.holds or entry.state is not EntryState.CURRENT:
                continue
            value = entry.body.value
            if compartment.id != exact:
                value = catalogue.coarse(compartment.field_id, value)
            if value is not None:
                body = entry.body._replace(value=value)
                shown = entry._replace(compartment=compartment.id, body=body)
                found.setdefault(compartment.id, []).append(shown)
    return found


def shared_themes(
    catalogue: Catalogue, shared: Shared, now: datetime, *, beside: BesideLinks = no_links
) -> tuple[views.Theme, ...]:
    """What a reader sees, by theme; of the two forms of an answer, the exact one when he has it."""
    themes = []
    for theme in catalogue.themes:
        shown = [
            information(catalogue, entry, now=now, beside=beside)
            for field in catalogue.in_theme(theme.id)
            for entry in _best(field, shared)
        ]
        if shown:
            themes.append(views.Theme(theme.id, theme.label, tuple(shown)))
    return tuple(themes)


def shared_name(catalogue: Catalogue, shared: Shared) -> str:
    """Her name, when it is among what is shared; else nothing."""
    for field in catalogue.fields:
        if field.identifying:
            for entry in _best(field, shared):
                return " ".join(catalogue.describe(field.id, entry.body.value))
    return ""


def _best(field: Field, shared: Shared) -> Sequence[Entry]:
    for compartment in reversed(field.compartments()):
        if shared.get(compartment.id):
            return shared[compartment.id]
    return ()
