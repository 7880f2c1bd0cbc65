"""``carnet``: reads the arguments, runs one command, says what happened and leaves with the right code.

- 0 done; 1 a check failed, or it was refused; 2 usage; 3 configuration (a setting, a command to run first).
- ``--json``: one JSON document on stdout and nothing else there. Errors go to stderr and end with a hint.
- Files it makes are their owner's alone, and no core is ever dumped: a process holds keys.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Sequence

from vault.cli import (
    archives,
    audit,
    carnets,
    clients,
    database,
    demo,
    indicators,
    jobs,
    keys,
    mandates,
    members,
    receipts,
    referents,
    relinkings,
    retention,
    serve,
    structures,
)
from vault.cli.commands import CONFIGURATION, DONE, FAILED, USAGE, Answer, Commands, Parser, UsageError
from vault.errors import CallerError, CarnetError, ConfigError, UnavailableError

TOPICS = (
    serve,
    demo,
    keys,
    database,
    structures,
    members,
    referents,
    mandates,
    clients,
    audit,
    carnets,
    relinkings,
    receipts,
    archives,
    retention,
    indicators,
    jobs,
)
_HEAD = "usage: carnet COMMAND [--json]\n\n"
_TAIL = """

Every command takes --json (one JSON document on stdout) and --help. Settings come from the environment:
docs/settings.md. Exit codes: 0 done, 1 check failed or refused, 2 usage, 3 configuration.
"""
_HINTS = {
    "NoSuchStructureError": "carnet structure add makes one and prints its id",
    "NoSuchHabilitationError": "carnet member list shows who has one in force, with its id",
    "LaterEndError": "carnet member list shows the end that stands; it only comes nearer",
    "NoSuchCarnetError": "the id is the one the person's export and the DPO's pages show",
    "BadAddressError": "an https address, or http on this very machine",
    "NoSuchClientError": "carnet client add makes one and prints its id",
    "ClientKeyError": "carnet client key list shows what there is",
    "NoSuchRequestError": "carnet relink list shows those that wait; one without news for 90 days is dropped",
    "AlreadyDecidedError": "carnet relink list shows those that wait; what was decided is in the log",
    "NoSuchProfessionalError": "carnet member list shows who may follow people, with its id",
    "NoSuchHelperError": "carnet member list shows who has the role helper, with its id",
    "MandateRefusedError": "scopes, end and holder must be ones that such a ruling can have",
    "BadKeyError": "give the public half alone: kty, crv, x (and y)",
}


class Overview(Parser):
    """``carnet --help`` is one list of everything, the same as the README's."""

    commands: Commands

    def format_help(self) -> str:
        return _HEAD + self.commands.overview() + _TAIL


def parser() -> Overview:
    """The whole command line."""
    whole = Overview(prog="carnet")
    whole.add_argument("--json", action="store_true", default=False)
    whole.commands = Commands.under(whole)
    for topic in TOPICS:
        topic.declare(whole.commands)
    return whole


def main() -> int:
    """The program: one command, from the arguments of this process. Its exit code."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return run(sys.argv[1:])


def run(arguments: Sequence[str]) -> int:
    """Run one command. Its exit code; usage errors leave by SystemExit, like every argparse program."""
    told = parser().parse_args(arguments)
    try:
        answer: Answer | int = told.run(told)
        if isinstance(answer, int):
            return answer
        _print(answer, as_json=told.json)
        return answer.code
    except UsageError as error:
        return _refused(str(error), error.hint, USAGE)
    except ConfigError as error:
        return _refused(str(error), _config_hint(error), CONFIGURATION)
    except CarnetError as error:
        return _refused(str(error) or type(error).__name__, _hint(error), FAILED)
    except BrokenPipeError:  # whoever read us stopped: not our failure to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        return _refused(error.strerror or type(error).__name__, "check the path and its permissions", FAILED)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _print(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer.document, ensure_ascii=False))
    else:
        for line in answer.lines:
            print(line)
    sys.stdout.flush()


def _refused(message: str, hint: str, code: int) -> int:
    print(f"carnet: {message}\nhint: {hint}", file=sys.stderr)
    return code


def _config_hint(error: ConfigError) -> str:
    hint = error.hint or "docs/settings.md lists every setting"
    return f"run `{hint}` first" if hint.startswith("carnet ") else hint


def _hint(error: CarnetError) -> str:
    if isinstance(error, UnavailableError):
        return "a store does not answer: is it locked, full or stopped? The same command may work later"
    if isinstance(error, CallerError):
        return _HINTS.get(type(error).__name__, "carnet --help says what each command expects")
    return "stored bytes are not what they must be: run `carnet audit verify`, and keep everything as it is"


if __name__ == "__main__":
    sys.exit(main())
