"""What an operator does from day to day, each command with its answer and its refusals."""

import json
from pathlib import Path

import pytest

from tests.cli.typing_commands import Operator
from tests.conftest import StoreUrls
from tests.world import World, a_public_jwk


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator.in_folder(tmp_path).set_up()


def test_a_structure_its_people_and_its_systems_come_in(store_urls: StoreUrls, tmp_path: Path) -> None:
    operator = Operator.of(store_urls, tmp_path, CARNET_PUBLIC_URL="https://carnet.example").set_up()
    structure = operator.answer(
        "structure", "add", "--name", "Atelier", "--kind", "siae", "--siret", "990 000 309 00015"
    )["structure_id"]
    invited = operator.answer(
        "invite", "--structure", structure, "--email", "a@b.example", "--role", "referent"
    )
    assert set(invited) == {"invitation_id", "url", "expires_at"}
    assert invited["url"].startswith("https://carnet.example/invitation/")
    assert invited["expires_at"].endswith("Z")
    key = tmp_path / "key.json"
    key.write_text(a_public_jwk())
    client = operator.answer(
        "client", "add", "--structure", structure, "--name", "logiciel", "--public-jwk", str(key)
    )
    assert set(client) == {"client_id"}
    assert operator.answer("audit", "verify")["size"] == 4


def test_words_before_or_after_json_are_the_same(operator: Operator) -> None:
    assert operator.type("--json", "keys", "status").document == operator.answer("keys", "status")


def test_without_json_people_read_lines(operator: Operator) -> None:
    typed = operator.type("structure", "add", "--name", "Atelier", "--kind", "siae")
    assert typed.code == 0
    assert len(typed.out.split()) == 1  # the id alone, for a shell variable


@pytest.mark.parametrize(
    ("content", "code"), [("no key", 1), ('{"kty":"EC","crv":"P-256","x":"a","y":"b","d":"c"}', 1), (None, 2)]
)
def test_only_a_public_key_is_taken(
    operator: Operator, tmp_path: Path, content: str | None, code: int
) -> None:
    structure = operator.answer("structure", "add", "--name", "A", "--kind", "siae")["structure_id"]
    key = tmp_path / "key.json"
    if content is not None:
        key.write_text(content)
    typed = operator.type("client", "add", "--structure", structure, "--name", "x", "--public-jwk", str(key))
    assert (typed.code, typed.out) == (code, "")
    assert "hint: " in typed.err
    assert (content or "\0") not in typed.err


def test_an_unknown_structure_is_refused(operator: Operator) -> None:
    typed = operator.type("invite", "--structure", "x", "--email", "a@b.example", "--role", "dpo", "--json")
    assert (typed.code, typed.out) == (1, "")
    assert "no such structure" in typed.err


def test_erasing_counts_first_and_erases_when_asked(tmp_path: Path) -> None:
    urls = StoreUrls(f"sqlite:///{tmp_path}/var/carnet.sqlite", f"sqlite:///{tmp_path}/var/keys.sqlite")
    operator = Operator.in_folder(tmp_path).set_up()
    world = World.open(urls.data, urls.keys, tmp_path)
    person = world.person()
    world.fill(person)
    dry = operator.answer("erase", "--carnet", person.carnet_id)
    assert dry["for_real"] is False
    assert dry["counts"]["records"] == 4
    assert world.parts.data.own_records(person.carnet_id)
    done = operator.answer("erase", "--carnet", person.carnet_id, "--for-real")
    assert done["for_real"] is True
    assert not world.parts.data.own_records(person.carnet_id)
    assert operator.type("erase", "--carnet", person.carnet_id, "--for-real").code == 1
    assert operator.answer("audit", "verify")["ok"] is True
    world.close()


def test_one_pass_of_the_jobs_signs_the_log(operator: Operator) -> None:
    assert operator.answer("keys", "status")["last_checkpoint"] is None
    done = operator.answer("jobs", "run", "--once")
    assert set(done) >= {"cut", "expired", "forgotten", "erased", "swept", "orphans", "requests", "rekeyed"}
    assert operator.answer("keys", "status")["last_checkpoint"] == 1


def test_a_broken_log_fails_the_check_and_the_start(operator: Operator, tmp_path: Path) -> None:
    operator.answer("jobs", "run", "--once")
    keys = tmp_path / "var" / "keys.sqlite"
    kept = keys.read_bytes()
    operator.answer("structure", "add", "--name", "A", "--kind", "siae")
    operator.answer("jobs", "run", "--once")
    keys.write_bytes(kept)  # K rolled back is no fault of the log
    assert operator.answer("database", "check")["ok"] is True
    assert json.loads(operator.type("database", "check", "--json").out)["findings"] == []


def test_what_is_kept_no_longer_is_counted_before_it_ends(operator: Operator) -> None:
    told = operator.answer("retention")
    assert told["for_real"] is False
    assert set(told["counts"].values()) == {0}
    assert operator.answer("retention", "--for-real")["for_real"] is True
    lines = operator.type("retention").out.splitlines()
    assert lines[0] == "nothing was done; would be:"
    assert all(line.strip()[0].isdigit() for line in lines[1:-1])
