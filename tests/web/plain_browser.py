"""A browser without script, as small as can be: pages, their forms, their buttons, redirects followed.

What it posts is what the HTML says, so a test that walks through pages tests the templates too.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from starlette.testclient import TestClient

Values = dict[str, str | list[str]]
VOID = {"input", "br", "hr", "img", "meta", "link"}


@dataclass
class Button:
    text: str = ""
    name: str = ""
    value: str = ""
    action: str = ""


@dataclass
class Form:
    action: str
    method: str
    inputs: list[tuple[str, str]] = field(default_factory=list)  # what would be sent, untouched
    offered: set[tuple[str, str]] = field(default_factory=set)  # what may be ticked or typed
    buttons: list[Button] = field(default_factory=list)

    def filled(self, values: Values) -> dict[str, list[str]]:
        """The data to post, with ``values`` in place of what stands. A choice that is not offered fails."""
        sent: dict[str, list[str]] = {}
        for name, value in self.inputs:
            sent.setdefault(name, []).append(value)
        for name, value in values.items():
            chosen = [value] if isinstance(value, str) else list(value)
            for one in chosen:
                assert (name, one) in self.offered or (name, "") in self.offered, (
                    f"{name}={one} is not offered"
                )
            sent[name] = chosen
        return sent

    def button(self, text: str) -> Button:
        found = [one for one in self.buttons if text in one.text and one.text.strip()]
        assert found, f"no button {text!r} among {[one.text for one in self.buttons]}"
        return found[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.links: dict[str, str] = {}
        self._form: Form | None = None
        self._button: Button | None = None
        self._select = self._textarea = self._link = ""
        self._typed: list[str] = []
        self._said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(told.get("action", ""), told.get("method", "get"))
            self.forms.append(self._form)
        elif tag == "a":
            self._link, self._said = told.get("href", ""), []
        elif self._form is not None:
            self._control(tag, told, self._form)

    def _control(self, tag: str, told: dict[str, str], form: Form) -> None:
        name, value = told.get("name", ""), told.get("value", "")
        if tag == "input":
            choice = told.get("type") in ("radio", "checkbox")
            form.offered.add((name, value if choice else ""))
            if not choice or "checked" in told:
                form.inputs.append((name, value))
        elif tag == "button":
            self._button = Button("", name, value, told.get("formaction", ""))
            form.buttons.append(self._button)
        elif tag == "select":
            self._select = name
        elif tag == "option":
            form.offered.add((self._select, value))
            sent = [one for one in form.inputs if one[0] == self._select]
            if "selected" in told and sent:
                form.inputs.remove(sent[0])
            if "selected" in told or not sent:
                form.inputs.append((self._select, value))
        elif tag == "textarea":
            self._textarea, self._typed = name, []

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None
        elif tag == "textarea" and self._form is not None:
            self._form.inputs.append((self._textarea, "".join(self._typed).removeprefix("\n")))
            self._form.offered.add((self._textarea, ""))
            self._textarea = ""
        elif tag == "a" and self._link:
            self.links.setdefault(" ".join("".join(self._said).split()), self._link)
            self._link = ""

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._button is not None:
            self._button.text += data
        if self._textarea:
            self._typed.append(data)
        if self._link:
            self._said.append(data)


@dataclass
class Page:
    status: int
    address: str
    html: str
    headers: Any
    forms: list[Form] = field(default_factory=list)
    text: str = ""
    links: dict[str, str] = field(default_factory=dict)

    def form(self, action: str) -> Form:
        """The first form with a button or an action that leads to ``action``."""
        for form in self.forms:
            if form.action == action:
                return form
        raise AssertionError(f"no form to {action} among {[form.action for form in self.forms]}")


class Browser:
    """One person's browser: ``client`` holds its cookie and nothing else."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        client.headers.pop("X-CSRF-Token", None)

    def get(self, path: str) -> Page:
        return self._follow(self.client.get(path))

    def post(self, path: str, data: Any = None, **options: Any) -> Page:
        return self._follow(self.client.post(path, data=data, **options))

    def press(self, page: Page, button: str, *, action: str, **values: Any) -> Page:
        """Fill the form that leads to ``action`` and press its button; names with dots come in ``values``."""
        form = page.form(action)
        pressed = form.button(button)
        data = form.filled(values.pop("inputs", {}) | values)
        if pressed.name:
            data.setdefault(pressed.name, []).append(pressed.value)
        return self.post(pressed.action or form.action, data)

    def _follow(self, answer: Any) -> Page:
        for _ in range(5):
            if answer.status_code != 303:
                break
            answer = self.client.get(answer.headers["location"])
        reader = _Reader()
        reader.feed(answer.text)
        path = answer.request.url.raw_path.decode()
        words = " ".join("".join(reader.words).replace("\u202f", " ").split())
        return Page(answer.status_code, path, answer.text, answer.headers, reader.forms, words, reader.links)
