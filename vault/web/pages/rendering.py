"""Turns a view into a page: one Jinja environment, closed by default.

Rules
- Everything is escaped; an undefined name stops the page instead of leaving a hole.
- Templates get `view` and `common`, nothing else: no request, no session, no service.
- French typography is applied to the words of the templates themselves, never to values: spaces that do
  not break before « : ; ? ! » and typographic apostrophes.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Context
from jinja2.utils import pass_context

from vault.web.pages import french
from vault.web.pages.views.pieces import Common, PageView

WEB = Path(__file__).resolve().parent.parent
TEMPLATES = WEB / "templates"
STATIC = WEB / "static"

_BEFORE_COLON = re.compile(r"(?<=\S) (?=[:»])|^ (?=[:»])")
_BEFORE_MARK = re.compile(r"(?<=\S) (?=[;?!%])|^ (?=[;?!%])")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w|$|[<«])")


def typeset(text: str) -> str:
    """French spacing and apostrophes for words written in a template."""
    text = _BEFORE_COLON.sub(french.NBSP, text)
    text = _BEFORE_MARK.sub(french.THIN, text)
    return _APOSTROPHE.sub("’", text.replace("« ", f"«{french.NBSP}"))


class Typography(Extension):
    """Applies `typeset` to the literal words of templates, once, when they are compiled."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            words = token.type in ("data", "string")
            yield Token(token.lineno, token.type, typeset(token.value)) if words else token


def render(view: PageView, common: Common) -> str:
    """The whole HTML document of a view. Raises jinja2 errors for a faulty template only."""
    return _environment().get_template(view.template).render(view=view, common=common)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        lstrip_blocks=True,
        extensions=[Typography],
    )
    environment.filters.update(
        day=_day,
        short_day=_short_day,
        moment=_moment,
        clock=french.clock,
        last_day=_last_day,
        time_left=_time_left,
        number=french.number,
        plural=french.plural,
        listing=french.listing,
        capital=french.capital,
        of=french.of,
    )
    environment.globals["static"] = static_href
    return environment


@lru_cache(maxsize=32)
def static_href(name: str) -> str:
    """The address of a static file, with a short hash of its content: no cache serves an old one."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


def _now(context: Context) -> datetime:
    common: Common = context["common"]
    return common.now


@pass_context
def _day(context: Context, on: date) -> str:
    return french.day(on, _now(context))


@pass_context
def _short_day(context: Context, on: date) -> str:
    return french.short_day(on, _now(context))


@pass_context
def _moment(context: Context, at: datetime) -> str:
    return french.moment(at, _now(context))


@pass_context
def _last_day(context: Context, ends_at: datetime) -> str:
    return french.day(french.last_day(ends_at), _now(context))


@pass_context
def _time_left(context: Context, ends_at: datetime) -> str:
    return french.time_left(ends_at, _now(context))
