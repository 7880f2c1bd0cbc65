"""What may be shared, line by line, with her own words beside each: only what the reader would really get."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from schemas.fields import Catalogue, Compartment
from schemas.ids import FieldId
from schemas.purposes import Purpose
from vault.carnet.entries import Entry
from vault.services.parts import Parts
from vault.web.pages import views
from vault.web.pages.presenting import is_sensitive, reduced
from vault.web.pages.relations import body_of
from vault.web.pages.share_draft import Draft, Sealer, carried, yes

_HEALTH = "Cette réponse parle de votre santé. La loi la protège plus que les autres."
_OTHERS = (
    "Cette réponse peut dire quelque chose de votre santé, de vos origines, de vos idées ou de vos proches. "
    "La loi la protège plus que les autres."
)
_EXACT = (
    "Le partage ordinaire ne montre qu’une forme simplifiée de cette réponse. Ici, vous pouvez montrer la "
    "réponse précise, qui peut en dire plus sur votre santé, vos origines ou votre passé."
)


def share_themes(
    catalogue: Catalogue, draft: Draft, entries: Mapping[FieldId, Sequence[Entry]]
) -> tuple[views.ShareTheme, ...]:
    """The ordinary fields of the purpose by theme. Nothing is ticked but what she ticked."""
    ordinary, chosen = set(draft.aim.ordinary), set(draft.fields)
    themes = []
    for theme in catalogue.themes:
        compartments = [
            compartment
            for field in catalogue.in_theme(theme.id)
            for compartment in field.compartments()
            if compartment.id in ordinary
        ]
        lines = tuple(_line(catalogue, one, entries, chosen=one.id in chosen) for one in compartments)
        if lines:
            themes.append(views.ShareTheme(theme.id, theme.label, lines))
    return tuple(themes)


def special_lines(catalogue: Catalogue, draft: Draft) -> tuple[views.ShareLine, ...]:
    """The special ones, without their values: each has its own page."""
    return asked_specials(catalogue, draft.aim, set(draft.specials))


def asked_themes(catalogue: Catalogue, purpose: Purpose, chosen: Set[str]) -> tuple[views.ShareTheme, ...]:
    """What may be asked for a purpose, told as it is told to her: same themes, same marks, no value."""
    ordinary, themes = set(purpose.ordinary), []
    for theme in catalogue.themes:
        lines = tuple(
            views.ShareLine(one.id, one.label, (), is_sensitive(field), one.id in chosen)
            for field in catalogue.in_theme(theme.id)
            for one in field.compartments()
            if one.id in ordinary
        )
        if lines:
            themes.append(views.ShareTheme(theme.id, theme.label, lines))
    return tuple(themes)


def asked_specials(catalogue: Catalogue, purpose: Purpose, chosen: Set[str]) -> tuple[views.ShareLine, ...]:
    """Those she answers one by one."""
    return tuple(
        views.ShareLine(one, catalogue.compartment(one).label, (), sensitive=True, chosen=one in chosen)
        for one in purpose.special
    )


def body_with(draft: Draft) -> views.Body:
    """With whom, as her pages say it; her référent without a name, which nothing needs to open here."""
    body = body_of(draft.structure)
    return replace(body, name=f"Votre référent, {body.name}") if draft.referent else body


def special_view(
    parts: Parts,
    draft: Draft,
    compartment: Compartment,
    entries: Mapping[FieldId, Sequence[Entry]],
    sealer: Sealer,
) -> views.ShareSpecialView:
    """One special compartment alone; its two buttons carry the seal of this page."""
    line = _line(parts.catalogue, compartment, entries, chosen=False)
    sealed = views.ShareLine(yes(draft, compartment.id, sealer), line.label, line.lines, sensitive=True)
    return views.ShareSpecialView(
        body_with(draft),
        draft.aim.sentence,
        sealed,
        _why(compartment),
        carried(draft, sealer),
        draft.aim.refusal,
    )


def _line(
    catalogue: Catalogue,
    compartment: Compartment,
    entries: Mapping[FieldId, Sequence[Entry]],
    *,
    chosen: bool,
) -> views.ShareLine:
    field = catalogue.field(compartment.field_id)
    lines = [
        line
        for entry in reduced(catalogue, entries, [compartment.id]).get(compartment.id, ())
        for line in catalogue.describe(field.id, entry.body.value)
    ]
    return views.ShareLine(compartment.id, compartment.label, tuple(lines), is_sensitive(field), chosen)


def _why(compartment: Compartment) -> str:
    if compartment.precis:
        return _EXACT
    return _HEALTH if "9" in compartment.sensitivity else _OTHERS
