"""Every word of the wire has a French label a person can read."""

import importlib
import pkgutil
import re

import consent
import exporters
import schemas
import vault
from schemas.names import Word


def every_module() -> list[str]:
    """Names of all modules of the four packages, migrations apart (they run, they are not imported)."""
    packages = [schemas, consent, exporters, vault]
    names = [
        found.name
        for package in packages
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return [name for name in names if "migrations" not in name and not name.endswith("__main__")]


def every_vocabulary() -> list[type[Word]]:
    for name in every_module():
        importlib.import_module(name)
    waiting, found = [Word], []
    while waiting:
        children = waiting.pop().__subclasses__()
        waiting += children
        found += children
    return sorted(found, key=lambda vocabulary: vocabulary.__name__)


def test_every_word_is_an_ascii_name_with_a_french_label() -> None:
    for vocabulary in every_vocabulary():
        for word in vocabulary:
            assert re.fullmatch(r"[a-z][a-z0-9_-]*", word.value), repr(word)
            assert word.label.strip(), repr(word)
            assert word.label == word.label.strip(), repr(word)
            assert not re.search(r"[_'\"<>&]", word.label), f"typographic French, please: {word!r}"


def test_two_words_of_one_vocabulary_never_share_a_label() -> None:
    for vocabulary in every_vocabulary():
        labels = [word.label for word in vocabulary]
        assert len(set(labels)) == len(labels), vocabulary.__name__
