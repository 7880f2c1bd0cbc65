"""What a browser posts from one of our forms: urlencoded UTF-8, bounded, read once.

Depended on before the guard, so that the guard finds the CSRF token of a hidden input where it looks for it.
Anything but an urlencoded form is refused: our pages send nothing else, and other sites' scripts could.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from vault.web.guard import CSRF_FIELD, SAFE_METHODS
from vault.web.problems import BadRequestError, ContentTypeError, TooLargeError

MOST_BYTES = 256 * 1024
MOST_INPUTS = 2_000
TYPE = "application/x-www-form-urlencoded"


class Form:
    """The inputs of a posted form, in order."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs = tuple(pairs)
        values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            values.setdefault(name, []).append(value)
        self._values: Mapping[str, Sequence[str]] = values

    def one(self, name: str) -> str:
        """The first value of an input; empty when it was not sent."""
        return self._values.get(name, [""])[0]

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(self._values.get(name, ()))

    def __contains__(self, name: str) -> bool:
        return name in self._values


def read_form(body: bytes) -> Form:
    """Raises BadRequestError for bytes that are not an urlencoded UTF-8 form of reasonable size."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_INPUTS
        )
    except ValueError:
        raise BadRequestError from None
    return Form(pairs)


async def posted(request: Request) -> Form:
    """The form of this request; an empty one when nothing is posted. Raises ContentTypeError,
    TooLargeError, BadRequestError."""
    if request.method in SAFE_METHODS:
        return Form()
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if media != TYPE and (body or media):
        raise ContentTypeError("a form is expected")
    if len(body) > MOST_BYTES:
        raise TooLargeError("the form is too large")
    form = read_form(body)
    request.state.csrf, request.state.form = form.one(CSRF_FIELD), form
    return form


Posted = Annotated[Form, Depends(posted)]
