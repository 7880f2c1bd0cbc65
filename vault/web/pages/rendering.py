"""Turns a view into a page: one Jinja environment, closed by default.

Rules
- Everything is escaped; an undefined name stops the page instead of leaving a hole.
- Templates get `view` and `common`, nothing else: no request, no session, no service.
- French typography is applied to the words of the templates themselves, never to values: spaces that do
  not break before « : ; ? ! » and typographic apostrophes.
- For whoever acts for a person the same templates are compiled with the words that speak of her.
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
from vault.web.pages.pronouns import of_her, said_of_her
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
            yield Token(token.lineno, token.type, self.said(token.value)) if words else token

    def said(self, words: str) -> str:
        return typeset(words)


class OfHer(Typography):
    """The same for whoever acts for a person: « vous » is not him."""

    def said(self, words: str) -> str:
        return of_her(typeset, typeset(words))


def render(view: PageView, common: Common) -> str:
    """The whole HTML document of a view. Raises jinja2 errors for a faulty template only."""
    acting = common.visitor.acting is not None
    return _environment(acting=acting).get_template(view.template).render(view=view, common=common)


@lru_cache(maxsize=2)
def _environment(*, acting: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        lstrip_blocks=True,
        extensions=[OfHer if acting else Typography],
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
        her=said_of_her if acting else str,
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
