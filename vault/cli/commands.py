"""How a command is declared, and what it gives back.

A topic (keys.py, audit.py…) calls ``Commands.add`` for each of its commands. What a command does is a
function from its parsed arguments to an ``Answer``, printed by main.py as lines or, with ``--json``, as one
JSON document. A command that serves prints by itself and answers its exit code.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

WIDTH = 110  # of every help text, whatever the terminal: the README holds the same lines

DONE, FAILED, USAGE, CONFIGURATION = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Answer:
    """``document`` for programs, ``lines`` for people; ``code`` is DONE, or FAILED when a check failed."""

    document: Mapping[str, Any]
    lines: Sequence[str] = ()
    code: int = DONE


Run = Callable[[argparse.Namespace], Answer | int]
Declare = Callable[[argparse.ArgumentParser], object]


class UsageError(Exception):
    """The arguments are well formed and cannot be used: a file that is not there, for instance."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Parser(argparse.ArgumentParser):
    """Refuses with a hint, never guesses an abbreviation."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", _fixed_width)
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}\nhint: {self.prog} --help\n")


def _fixed_width(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, width=WIDTH, max_help_position=34)


@dataclass(frozen=True, slots=True)
class _Listed:
    usage: str
    what: str


@dataclass(slots=True)
class Commands:
    """The tree of commands, and the list that ``carnet --help`` shows."""

    parser: Parser
    listed: list[_Listed] = field(default_factory=list)
    _groups: dict[str, Any] = field(default_factory=dict)
    _parents: list[argparse.ArgumentParser] = field(default_factory=list)

    @classmethod
    def under(cls, parser: Parser) -> "Commands":
        commands = cls(parser)
        # Both `carnet --json keys status` and `carnet keys status --json` are understood.
        json = argparse.ArgumentParser(add_help=False)
        json.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="one JSON document on stdout"
        )
        commands._parents = [json]
        commands._groups[""] = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
        return commands

    def add(self, name: str, what: str, run: Run, declare: Declare | None = None) -> None:
        """``name`` as it is typed, ``audit verify``; ``what`` it does, in one line."""
        topic, _, verb = name.rpartition(" ")
        parser = self._group(topic).add_parser(verb, help=what, description=what, parents=self._parents)
        if declare is not None:
            declare(parser)
        parser.set_defaults(run=run)
        usage = " ".join(parser.format_usage().split()).removeprefix("usage: ")
        self.listed.append(_Listed(usage.replace(" [-h]", "").replace(" [--json]", ""), what))

    def overview(self) -> str:
        """Every command with its arguments: the middle of ``carnet --help``, and of the README."""
        return "\n".join(f"  {one.usage}\n      {one.what}" for one in self.listed)

    def _group(self, topic: str) -> Any:
        if topic not in self._groups:
            what = f"{topic}: commands of this topic"
            above, _, word = topic.rpartition(" ")
            parser = self._group(above).add_parser(word, description=what, help=what)
            self._groups[topic] = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
        return self._groups[topic]
