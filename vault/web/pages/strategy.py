"""One part of her carnet as it is worked with: commitments side by side, goals with their steps, dates.

Derived from the catalogue: a field that says which side it is of (``partie``) is shown in two columns; a part
that names the entries of another field puts its own under them; ``calendar`` says which date is in the
calendar. A field added there is shown here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.asking import FormKind, Part
from schemas.fields import Catalogue, Field
from schemas.ids import FieldId
from vault.carnet.entries import Entry
from vault.services.own_carnet import OwnCarnet, list_own_grants, read_own_carnet
from vault.services.parts import Parts
from vault.services.path_file import own_duties
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages import french, views
from vault.web.pages.answering import page
from vault.web.pages.form_reading import posted
from vault.web.pages.job_words import phase_words
from vault.web.pages.path_file import HERE as FILE_OF_BOTH
from vault.web.pages.path_file import duty_lines
from vault.web.pages.presenting import OwnPages, Seer, add_link, entry_address, told_lines, unagreed
from vault.web.pages.referent_todos import read_by_somebody
from vault.web.pages.relations import bodies_of
from vault.web.pages.themes import OPENED
from vault.web.problems import NotFoundError
from vault.web.state import state_of

SIDE, STATE, THEME = "partie", "etat", "theme"  # parts of a value that a page puts in its own order
HER_SIDE = "personne"
DONE = {"tenu", "fait", "atteint", "mis_de_cote", "revu"}  # states that wait for nothing more
AGENDA = "/mon-carnet/agenda.ics"
MOST_DATES = 30

_INTROS = {
    "historique": "Ce que vous avez fait, et les étapes de votre accompagnement.",
    "engagements": "Ce que l’administration s’engage à faire pour vous, et ce que vous vous engagez à faire.",
    "strategie": "Votre projet, vos objectifs, et les actions pour y arriver.",
}
_LINKS = {
    "historique": "Voir les étapes du parcours",
    "engagements": "Voir les engagements, côte à côte",
    "strategie": "Voir le projet, les objectifs et le calendrier",
}
_SIDES = {"administration": "L’administration s’engage", HER_SIDE: "Vous vous engagez"}
_NO_SIDE = {
    "administration": "L’administration n’a encore rien écrit ici. Vous pouvez noter ce qu’on vous a promis.",
    HER_SIDE: "Rien pour l’instant.",
}

router = APIRouter(prefix="/mon-carnet", dependencies=[Depends(posted)], include_in_schema=False)
Seen = Annotated[Person, Depends(guard.person_or_helper_see)]
Entries = Mapping[FieldId, Sequence[Entry]]


@router.get("/partie/{part_id}")
def show_part(request: Request, part_id: str, me: Seen) -> Response:
    parts = state_of(request).parts
    label = next((one.label for one in parts.catalogue.parts if one.id == part_id), None)
    fields = fields_of(parts.catalogue, part_id)
    if label is None or not fields:
        raise NotFoundError("no such part")
    carnet = read_own_carnet(parts, me.owner, actor=me.actor, fields=[field.id for field in fields])
    pages = own_pages(parts, me)
    entries = carnet.in_fields()
    dated = any(field.calendar for field in fields)
    sides = any(_part(field, SIDE) for field in fields)
    view = views.PartView(
        part_id=part_id,
        label=label,
        intro=_INTROS.get(part_id, ""),
        blocks=tuple(_blocks(pages, fields, entries)),
        dates=tuple(date_lines(parts, carnet, hers=pages.hers)[:MOST_DATES]),
        agenda_href=AGENDA if dated else None,
        phase=phase_words(parts, carnet),
        duties=_duties(parts, me) if sides else (),
        file_href=FILE_OF_BOTH if sides else None,
        others=tuple(
            views.Link(one.label, part_address(one.id))
            for one in parts.catalogue.parts
            if one.id != part_id and fields_of(parts.catalogue, one.id)
        ),
    )
    return page(request, view, me.session)


def _duties(parts: Parts, me: Person) -> tuple[views.DutyLine, ...]:
    """What the law asks of the administration, beside what it committed to."""
    return duty_lines(own_duties(parts, me.owner), french.in_paris(parts.now()).date())


def part_address(part_id: str) -> str:
    return f"/mon-carnet/partie/{part_id}"


def part_links(catalogue: Catalogue, part_id: str) -> tuple[views.Link, ...]:
    """From her first page to the page of a part that has one."""
    if not fields_of(catalogue, part_id):
        return ()
    return (views.Link(_LINKS.get(part_id, "Voir cette partie"), part_address(part_id)),)


def fields_of(catalogue: Catalogue, part_id: str) -> list[Field]:
    """What the page of a part holds: the themes in which something is written several times."""
    themes = {field.theme for field in catalogue.fields if field.collection and field.part == part_id}
    return [field for field in catalogue.fields if field.part == part_id and field.theme in themes]


def own_pages(parts: Parts, me: Person) -> OwnPages:
    """What her pages show entries with: who may see each now."""
    live = read_by_somebody(parts, me, list_own_grants(parts, me.owner))
    bodies = bodies_of(parts, live)
    seers = [Seer(bodies[grant.id].name, grant.terms.reads) for grant in live]
    return OwnPages(parts.catalogue, seers, parts.now(), hers=me.acting is None)


def agreement_todos(parts: Parts, carnet: OwnCarnet) -> tuple[views.Todo, ...]:
    """What somebody else wrote in her carnet and nobody asked her about yet."""
    waiting = [one for one in carnet.entries if unagreed(one)]
    if not waiting:
        return ()
    field = parts.catalogue.field(waiting[0].field_id)
    count = french.plural(len(waiting), "information attend", "informations attendent")
    href = (
        entry_address(waiting[0].entry_id)
        if len(waiting) == 1
        else f"/mon-carnet?{OPENED}={field.theme}#theme-{field.theme}"
    )
    return (
        views.Todo(
            "Dire si vous êtes d’accord",
            href,
            f"{count} votre avis. Oui, non, ou plus tard\u202f: vous choisissez.",
        ),
    )


# --- blocks ----------------------------------------------------------------------------------------------


def _blocks(pages: OwnPages, fields: Sequence[Field], entries: Entries) -> list[views.Block]:
    under = {part.refers: (field, part) for field in fields for part in field.parts if part.refers}
    folded = {field.id for field, _ in under.values()}
    blocks = []
    for field in fields:
        if field.id in folded:
            continue
        if field.id in under:
            blocks.append(_goals(pages, field, *under[field.id], entries))
        elif field.collection and (side := _part(field, SIDE)):
            blocks.append(_sides(pages, field, side, entries))
        else:
            blocks.append(_plain(pages, field, entries))
    return blocks


def _plain(pages: OwnPages, field: Field, entries: Entries) -> views.Block:
    found = [one for one in entries.get(field.id, ()) if one.body.holds]
    add = add_link(field) if field.collection else None
    if not field.collection and not found and not field.read_only:
        add = views.Link("Répondre", f"/mon-carnet/{field.theme}#champ-{field.id}")
    return views.Block(
        field.id,
        field.several,
        tuple(pages.information(one) for one in _by_date(field, found)),
        add=add,
        empty=field.prompt if not field.collection else "Rien d’écrit pour l’instant.",
    )


def _sides(pages: OwnPages, field: Field, side: Part, entries: Entries) -> views.Block:
    columns = []
    for choice in side.choices:
        found = [one for one in entries.get(field.id, ()) if _member(one, SIDE) == choice.value]
        who = "de l’administration" if choice.value != HER_SIDE else "de ma part"
        add = views.Link(
            f"Ajouter un engagement {who}",
            f"{add_link(field).href}?{urlencode({SIDE: choice.value})}",
        )
        columns.append(
            views.Column(
                _SIDES.get(choice.value, choice.label),
                tuple(pages.information(one, without=(SIDE,)) for one in _by_date(field, found)),
                _NO_SIDE.get(choice.value, "Rien pour l’instant."),
                add,
            )
        )
    return views.Block(field.id, field.several, columns=tuple(columns))


def _goals(pages: OwnPages, field: Field, steps_in: Field, part: Part, entries: Entries) -> views.Block:
    steps = _by_date(steps_in, entries.get(steps_in.id, ()))
    goals = entries.get(field.id, ())
    known = {goal.entry_id for goal in goals}
    theme = _part(field, THEME)
    groups = []
    for label, here in _grouped(field, theme, goals):
        groups.append(
            views.GoalGroup(
                label,
                tuple(
                    views.Goal(
                        pages.information(goal, without=(THEME,)),
                        tuple(
                            pages.information(one)
                            for one in steps
                            if _member(one, part.name) == goal.entry_id
                        ),
                        views.Link(
                            add_link(steps_in).label + " pour cet objectif",
                            f"{add_link(steps_in).href}?{urlencode({part.name: goal.entry_id})}",
                        ),
                    )
                    for goal in _by_date(field, here)
                ),
            )
        )
    return views.Block(
        field.id,
        f"{field.several} et {steps_in.several[:1].lower()}{steps_in.several[1:]}",
        groups=tuple(groups),
        apart=tuple(pages.information(one) for one in steps if _member(one, part.name) not in known),
        apart_label=f"{steps_in.several} sans objectif",
        add=add_link(field),
        add_apart=add_link(steps_in),
        empty="Un objectif, puis les actions pour y arriver : qui fait quoi, et avant quand.",
    )


def _grouped(field: Field, theme: Part | None, goals: Sequence[Entry]) -> list[tuple[str, list[Entry]]]:
    if theme is None:
        return [(field.several, list(goals))] if goals else []
    groups = [
        (choice.label, [one for one in goals if _member(one, THEME) == choice.value])
        for choice in theme.choices
    ]
    return [(label, found) for label, found in groups if found]


def _part(field: Field, name: str) -> Part | None:
    return next((part for part in field.parts if part.name == name and part.choices), None)


def _member(entry: Entry, name: str) -> str | None:
    value = entry.body.value
    return value.get(name) if entry.body.holds and isinstance(value, dict) else None


def _by_date(field: Field, entries: Sequence[Entry]) -> list[Entry]:
    """What waits first, by its date; then what is done."""
    dated = field.calendar or next((part.name for part in field.parts if part.kind is FormKind.DATE), "")
    return sorted(
        (one for one in entries if one.body.holds),
        key=lambda one: (_member(one, STATE) in DONE, _member(one, dated) or "9999", one.entry_id),
    )


# --- dates -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dated:
    """One date of her calendar. ``at``: the hour, « 14:30 », when there is one."""

    field: Field
    entry: Entry
    on: date
    at: str


def dates_in(catalogue: Catalogue, carnet: OwnCarnet) -> list[Dated]:
    """Every date that waits for somebody, soonest first; what is done or set aside is not one."""
    found = []
    for entry in carnet.entries:
        field = catalogue.field(entry.field_id)
        on = _member(entry, field.calendar) if field.calendar else None
        if on is None or _member(entry, STATE) in DONE:
            continue
        hour = next((part.name for part in field.parts if part.kind is FormKind.TIME), "")
        found.append(Dated(field, entry, date.fromisoformat(on), _member(entry, hour) or ""))
    return sorted(found, key=lambda one: (one.on, one.at, one.entry.entry_id))


def date_words(catalogue: Catalogue, one: Dated, *, hers: bool = True) -> str:
    """The rest of the entry in one line, without its date."""
    hour = next((part.name for part in one.field.parts if part.kind is FormKind.TIME), "")
    return " ".join(told_lines(catalogue, one.entry, (one.field.calendar, hour, STATE), hers=hers))


def date_lines(parts: Parts, carnet: OwnCarnet, *, hers: bool = True) -> list[views.DateLine]:
    """Those to come, and those that passed with something still to do."""
    today = french.in_paris(parts.now()).date()
    return [
        views.DateLine(
            on=one.on,
            what=one.field.label,
            words=date_words(parts.catalogue, one, hers=hers),
            href=entry_address(one.entry.entry_id),
            at=_clock(one.at),
            past=one.on < today,
        )
        for one in dates_in(parts.catalogue, carnet)
        if one.on >= today or _member(one.entry, STATE) is not None
    ]


def _clock(at: str) -> str:
    """« 14 h 30 »."""
    if not at:
        return ""
    hours, minutes = at.split(":")
    return f"{int(hours)}{french.NBSP}h{french.NBSP}{minutes}"
