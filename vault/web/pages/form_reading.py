"""What a browser posts from one of our forms: urlencoded UTF-8, bounded, read once.

Depended on before the guard, so that the guard finds the CSRF token of a hidden input where it looks for it.
Anything but an urlencoded form is refused: our pages send nothing else, and other sites' scripts could. A
page that takes a file says so (``PostedWithFile``): one, small, of text, never written anywhere.
"""

import re
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from vault.web.guard import CSRF_FIELD, SAFE_METHODS
from vault.web.problems import BadRequestError, ContentTypeError, TooLargeError

MOST_BYTES = 256 * 1024
MOST_INPUTS = 2_000
TYPE = "application/x-www-form-urlencoded"
TYPE_WITH_FILE = "multipart/form-data"
MOST_FILE = 64 * 1024
_AROUND_FILE = 4 * 1024  # boundaries, names, the token
# RFC 2046, 5.1.1. No other parameter: a charset of the sender's would choose how its bytes are read.
_BOUNDARY = re.compile(
    TYPE_WITH_FILE + r"""\s*;\s*boundary=("?)([0-9A-Za-z'()+_,./:=?-]{1,70})\1""", re.IGNORECASE | re.ASCII
)


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
    media = _media(request)
    body = await request.body()
    if media != TYPE and (body or media):
        raise ContentTypeError("a form is expected")
    if len(body) > MOST_BYTES:
        raise TooLargeError("the form is too large")
    return _kept(request, read_form(body))


async def posted_with_file(request: Request) -> Form:
    """As ``posted``, or multipart with at most one file (RFC 7578): its text is the value of its input, with
    U+FFFD for what is not UTF-8. It stays in memory, and its name is dropped. Raises as ``posted``."""
    if request.method in SAFE_METHODS or _media(request) != TYPE_WITH_FILE:
        return await posted(request)
    boundary = _BOUNDARY.fullmatch(request.headers["content-type"].strip())
    if boundary is None:
        raise BadRequestError
    body = await request.body()
    if len(body) > MOST_FILE + _AROUND_FILE:
        raise TooLargeError("the file is too large")
    if not body.rstrip(b"\r\n").endswith(f"\r\n--{boundary[2]}--".encode()):
        raise BadRequestError  # cut on its way
    return _kept(request, Form(await _inputs(body, boundary[2])))


async def _inputs(body: bytes, boundary: str) -> list[tuple[str, str]]:
    """Raises BadRequestError, TooLargeError."""

    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    headers = Headers({"content-type": f'{TYPE_WITH_FILE}; boundary="{boundary}"'})
    try:
        parts = await MultiPartParser(headers, once(), max_files=1, max_fields=2, max_part_size=1024).parse()
    except MultiPartException:
        raise BadRequestError from None
    inputs = []
    try:
        for name, value in parts.multi_items():
            data = await value.read() if isinstance(value, UploadFile) else value.encode()
            if len(data) > MOST_FILE:
                raise TooLargeError("the file is too large")
            inputs.append((name, data.decode("utf-8-sig", "replace")))
    finally:
        await parts.close()
    return inputs


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _kept(request: Request, form: Form) -> Form:
    """Where the guard finds it."""
    request.state.csrf, request.state.form = form.one(CSRF_FIELD), form
    return form


Posted = Annotated[Form, Depends(posted)]
PostedWithFile = Annotated[Form, Depends(posted_with_file)]
