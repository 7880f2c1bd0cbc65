"""Whatever the order in which people of two identities and one e-mail sign in, are asked about, accepted and
refused: a pair opens exactly the carnet that a small model says, and no other pair opens it."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.ids import new_id
from tests.services.conftest import ONE_ENGINE
from tests.services.test_relinking import comes, identity
from tests.world import World
from vault.services import relinking
from vault.services.journal import OPERATOR
from vault.services.relinking import ACCEPTED, OPEN, REFUSED
from vault.services.sessions import NewSession

PAIRS = 5  # the even ones tell one identity, the odd ones another
STEPS = st.lists(
    st.tuples(st.sampled_from(["comes", "comes", "yes", "no"]), st.integers(0, PAIRS - 1)), max_size=25
)


@dataclass
class Model:
    """Who opens what, as the rules say it."""

    world: World
    subjects: list[str] = field(default_factory=lambda: [new_id() for _ in range(PAIRS)])
    told: list[dict[str, object]] = field(default_factory=lambda: [identity(), identity()])
    opened_by: dict[str, int] = field(default_factory=dict)  # carnet: the pair that opens it
    asked: dict[tuple[int, str], tuple[str, str]] = field(default_factory=dict)  # request id, state

    def comes(self, pair: int) -> None:
        expected = self.expected(pair)
        found = comes(self.world, self.subjects[pair], self.told[pair % 2])
        if isinstance(found, NewSession):
            carnet = found.session.row.subject
            assert carnet in expected or (not expected and carnet not in self.opened_by), (pair, expected)
            self.opened_by[carnet] = pair
            self.asked.pop((pair, carnet), None)
            return
        row = relinking.find_request(self.world.parts, found.reference)
        assert "" in expected, f"{pair} should have come in"
        assert self.opened_by[row.account_id] % 2 == pair % 2, "only about the same identity"
        known = self.asked.setdefault((pair, row.account_id), (row.request_id, OPEN))
        assert known == (row.request_id, OPEN)

    def expected(self, pair: int) -> set[str]:
        """The carnet to be opened; nothing for a new one; the empty name for a request."""
        own = {carnet for carnet, who in self.opened_by.items() if who == pair}
        if own:
            return own
        mine = {carnet: state for (who, carnet), (_, state) in self.asked.items() if who == pair}
        accepted = {carnet for carnet, state in mine.items() if state == ACCEPTED}
        if accepted:
            return accepted
        others = {carnet for carnet, who in self.opened_by.items() if who % 2 == pair % 2}
        return {""} if others - {carnet for carnet, state in mine.items() if state == REFUSED} else set()

    def decides(self, pair: int, *, accept: bool) -> None:
        for key, (request_id, state) in self.asked.items():
            if key[0] == pair and state == OPEN:
                row = relinking.decide(self.world.parts, request_id, accept=accept, actor=OPERATOR)
                self.asked[key] = (request_id, row.state)


@ONE_ENGINE
@settings(max_examples=8, deadline=None)
@given(STEPS)
def test_a_pair_opens_what_the_rules_say_and_nothing_else(town: World, steps: list[tuple[str, int]]) -> None:
    model = Model(town)
    for what, pair in steps:
        if what == "comes":
            model.comes(pair)
        else:
            model.decides(pair, accept=what == "yes")
    for pair in range(PAIRS):
        model.comes(pair)
