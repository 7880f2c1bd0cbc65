"""Who runs this instance: what the legal, privacy and accessibility pages say about it.

Read from the JSON file that CARNET_INSTANCE names. Every member is optional and has a neutral default, so
that a fresh install shows a complete page that says plainly what is still to be written. Unknown members
are refused: a mistyped ``"dpo_email"`` would otherwise publish the default in silence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from schemas.canonical import CanonicalError, parse_strict
from vault.errors import ConfigError

SETTING = "CARNET_INSTANCE"
_TO_WRITE = "à compléter par l’organisme qui ouvre ce service"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LOGO_KINDS = frozenset({".svg", ".png"})
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody one can write to. An empty member is simply not printed."""

    name: str = _TO_WRITE
    address: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Colours:
    """``#rrggbb`` each, or None to keep the colour of the style sheet."""

    accent: str | None = None
    warm: str | None = None
    stop: str | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """``logo`` is an existing .svg or .png file; ``leave_quickly_url`` is where "Quitter vite" leads
    (an https page about the weather, for instance), None hides the link."""

    name: str = "Carnet"
    controller: Contact = Contact()
    dpo: Contact = Contact()
    host: Contact = Contact()
    accessibility: Contact = Contact()
    colours: Colours = Colours()
    logo: Path | None = None
    leave_quickly_url: str | None = None


def load_instance(path: Path) -> Instance:
    """Read the file at ``path``. Raises ConfigError naming the JSON pointer of the first fault."""
    try:
        document = parse_strict(path.read_bytes())
    except OSError as error:
        raise ConfigError("the file cannot be read", setting=SETTING) from error
    except CanonicalError as error:
        raise ConfigError("the file is not strict JSON", setting=SETTING) from error
    members = _members(document, "", Instance)
    read: dict[str, Any] = {}
    for name, value in members.items():
        pointer = f"/{name}"
        if name in {"controller", "dpo", "host", "accessibility"}:
            read[name] = Contact(**_texts(_members(value, pointer, Contact), pointer))
        elif name == "colours":
            read[name] = _colours(value, pointer)
        elif name == "logo":
            read[name] = _logo(_text(value, pointer), path.parent, pointer)
        elif name == "leave_quickly_url":
            read[name] = _https(_text(value, pointer), pointer)
        else:
            read[name] = _text(value, pointer)
    return Instance(**read)


def _fault(pointer: str, expected: str) -> ConfigError:
    return ConfigError(f"{pointer or 'the document'} must be {expected}", setting=SETTING)


def _members(value: object, pointer: str, shape: type[Any]) -> Mapping[str, object]:
    known = [field.name for field in fields(shape)]
    if not isinstance(value, dict):
        raise _fault(pointer, "an object")
    for name in value:
        if name not in known:
            raise _fault(f"{pointer}/{name}", f"absent; known members are {', '.join(known)}")
    return value


def _text(value: object, pointer: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST or not _printable(value):
        raise _fault(pointer, f"a text of 1 to {_LONGEST} printable characters")
    return value.strip()


def _printable(value: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in value)


def _texts(members: Mapping[str, object], pointer: str) -> dict[str, str]:
    return {name: _text(value, f"{pointer}/{name}") for name, value in members.items()}


def _colours(value: object, pointer: str) -> Colours:
    texts = _texts(_members(value, pointer, Colours), pointer)
    for name, text in texts.items():
        if not _COLOUR.fullmatch(text):
            raise _fault(f"{pointer}/{name}", "a colour like #0b5563")
    return Colours(**texts)


def _logo(value: str, folder: Path, pointer: str) -> Path:
    logo = (folder / value).resolve()
    if logo.suffix not in _LOGO_KINDS or not logo.is_file():
        raise _fault(pointer, "an existing .svg or .png file, relative to this one")
    return logo


def _https(value: str, pointer: str) -> str:
    if not re.fullmatch(r"https://[^\s\"'<>]+", value):
        raise _fault(pointer, "an https address")
    return value
