"""The privacy notice: written from the instance, the catalogue and the frame, and each version kept.

The first time a version is shown it is written as a page of its own under DATA_DIR/notices, named by its day
and its version (the hash that carnets and grants record). Nothing of a person is in it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from schemas.purposes import Frame, Retention
from vault.services.parts import Parts
from vault.services.sessions import Session
from vault.web import guard
from vault.web.pages import french, views
from vault.web.pages.answering import page
from vault.web.problems import NotFoundError
from vault.web.state import state_of

ADDRESS = "/donnees-personnelles"
_NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})_([0-9a-f]{12})\.html")
_COUNTED = {
    "last_contact": "après votre dernière visite",
    "archive": "après l’arrêt des partages",
    "carnet_end": "avec votre carnet",
    "entry": "après l’écriture",
    "grant_end": "après la fin du partage",
    "access_end": "après la fin du partage",
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """A version of the notice that was shown here since a day."""

    version: str
    since: date
    file: Path


@router.get(ADDRESS)
def show_notice(request: Request, session: Annotated[Session | None, Depends(guard.visitor)]) -> Response:
    state = state_of(request)
    folder, version = state.settings.data_dir / "notices", state.parts.notice_version
    kept = kept_versions(folder)
    since = next((one.since for one in kept if one.version == version), None)
    if since is None:
        since = french.in_paris(state.parts.now()).date()
        alone = page(request, notice_view(state.parts, since, kept))
        _keep(folder, f"{since.isoformat()}_{version}.html", bytes(alone.body))
    return page(request, notice_view(state.parts, since, kept), session)


@router.get(ADDRESS + "/{version}", dependencies=[Depends(guard.anyone)])
def show_older_notice(request: Request, version: str) -> Response:
    """An earlier version, as it was."""
    for one in kept_versions(state_of(request).settings.data_dir / "notices"):
        if one.version == version:
            return HTMLResponse(one.file.read_bytes())
    raise NotFoundError("no such version")


def kept_versions(folder: Path) -> list[Kept]:
    """Newest first."""
    names = [(path, found) for path in folder.glob("*.html") if (found := _NAME.fullmatch(path.name))]
    kept = [Kept(found[2], date.fromisoformat(found[1]), path) for path, found in names]
    return sorted(kept, key=lambda one: one.since, reverse=True)


def _keep(folder: Path, name: str, page_bytes: bytes) -> None:
    """Whole or not at all; another process may keep the same one meanwhile."""
    folder.mkdir(mode=0o700, exist_ok=True)
    partial = folder / f".{name}"
    partial.write_bytes(page_bytes)
    partial.replace(folder / name)


def notice_view(parts: Parts, since: date, kept: Sequence[Kept]) -> views.PersonalDataView:
    return views.PersonalDataView(
        version=parts.notice_version,
        in_force_on=since,
        purposes=_purposes(parts.frame),
        themes=_themes(parts),
        retentions=tuple(_retention(one) for one in parts.frame.retention.values()),
        older=tuple(
            views.Link(f"Version du {french.day(one.since)}", f"{ADDRESS}/{one.version}")
            for one in kept
            if one.version != parts.notice_version
        ),
    )


def _purposes(frame: Frame) -> tuple[views.NoticePurpose, ...]:
    return tuple(
        views.NoticePurpose(
            label=one.label,
            sentence=f"Pour {one.sentence}. {one.refusal}",
            basis=one.legal_basis,
            who=tuple(kind.label for kind in one.structure_kinds),
            max_days=one.max_days,
            reference=one.legal_text or "",
        )
        for one in frame.purposes
    )


def _themes(parts: Parts) -> tuple[views.NoticeTheme, ...]:
    return tuple(
        views.NoticeTheme(
            theme.id,
            theme.label,
            tuple(
                views.NoticeField(field.label, any(one.special for one in field.compartments()))
                for field in parts.catalogue.in_theme(theme.id)
            ),
        )
        for theme in parts.catalogue.themes
    )


def _retention(one: Retention) -> views.Retention:
    counted = _COUNTED.get(one.counted_from, "")
    if one.months is None:
        return views.Retention(one.label, f"aussi longtemps que le carnet. {one.source}.")
    years, months = divmod(one.months, 12)
    length = french.plural(years, "an") if years and not months else f"{one.months} mois"
    return views.Retention(one.label, f"{length} {counted}. {one.source}.")
