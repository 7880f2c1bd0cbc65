"""``python -m tests.mutations attacks|checks [WORD]``: WORD keeps the mutants whose name holds it."""

import sys
from collections.abc import Iterable, Iterator, Sequence

from tests.mutations.attacks import ATTACKS
from tests.mutations.finding import Mutant, mutants_of
from tests.mutations.trying import ROOT, Trial, load_before

AT_ONCE = 2
LOGIN = ROOT / "vault/web/login"
ROOM = sorted(path for path in LOGIN.glob("*.py") if path.name != "__init__.py")
FILES = [*ROOM, ROOT / "vault/identity/claims.py", ROOT / "vault/web/pages/sign_in.py"]
UNITS = tuple(
    f"tests/web/test_relying_party{part}.py" for part in ("_inputs", "_plus", "_fresh", "", "_faults")
)
ATTACK_TESTS = tuple(f"tests/web/test_attacks_{part}.py" for part in ("callback", "tokens", "outages"))
PAGES = ("tests/web/test_pages_sign_in.py",)
FIRST: dict[str, Sequence[str]] = {"sign_in.py": (*ATTACK_TESTS, *PAGES), "doors.py": (ATTACK_TESTS[2],)}


def main() -> int:
    kind, word = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    load_before()
    tries = _attacks() if kind == "attacks" else _checks()
    tried, alive = 0, []
    for mutant, failed in _run((mutant, tests) for mutant, tests in tries if word in mutant.name):
        tried += 1
        if not failed:
            alive.append(mutant.name)
        _say(f"{'missed by ' + failed[0] if failed else 'ALIVE':60.60} {mutant.name}")
    _say(f"\n{tried} mutants, {len(alive)} alive", *alive)
    return 1 if alive else 0


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _attacks() -> Iterator[tuple[Mutant, Sequence[str]]]:
    for attack in ATTACKS:
        yield attack.mutant(ROOT), [*ATTACK_TESTS, "-k", attack.tests]


def _checks() -> Iterator[tuple[Mutant, Sequence[str]]]:
    for path in FILES:
        tests = FIRST.get(path.name, (*UNITS, *ATTACK_TESTS, *PAGES))
        yield from ((mutant, tests) for mutant in mutants_of(path))


def _run(tries: Iterable[tuple[Mutant, Sequence[str]]]) -> Iterator[tuple[Mutant, list[str]]]:
    under_way: list[Trial] = []
    for mutant, tests in tries:
        under_way.append(Trial(mutant, tests))
        if len(under_way) == AT_ONCE:
            trial = under_way.pop(0)
            yield trial.mutant, trial.wait()
    for trial in under_way:
        yield trial.mutant, trial.wait()


if __name__ == "__main__":
    sys.exit(main())
