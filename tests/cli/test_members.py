"""``carnet member`` and ``carnet mail``: what the operator sees of a team, and ends."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.ids import ProfessionalId, StructureId
from schemas.names import Role, StructureKind
from tests.cli.typing_commands import Operator
from tests.mail_server import mail_server
from tests.world import World
from vault.audit.events import Op
from vault.audit.leaf import Leaf


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator.in_folder(tmp_path).set_up()


@pytest.fixture
def there(operator: Operator) -> StructureId:
    made = operator.answer("structure", "add", "--name", "CCAS", "--kind", "ccas", "--siret", "1" * 14)
    return StructureId(made["structure_id"])


def nadia(operator: Operator, there: StructureId) -> ProfessionalId:
    world = World.reopen(operator.environ)
    try:
        return world.member(there, "nadia", Role.REFERENT, kind=StructureKind.CCAS).professional_id
    finally:
        world.close()


def last_op(operator: Operator) -> Op:
    world = World.reopen(operator.environ)
    try:
        (row,) = world.parts.data.log_rows([world.parts.data.log_size() - 1])
        return Leaf.parse(row.leaf).op
    finally:
        world.close()


def test_members_are_listed_with_what_is_to_be_checked_and_the_look_is_an_entry(
    operator: Operator, there: StructureId
) -> None:
    who = nadia(operator, there)
    (member,) = operator.answer("member", "list", "--structure", there)["members"]
    assert (member["professional_id"], member["role"], member["until"]) == (who, "referent", None)
    assert [one["what"] for one in member["to_check"]] == ["email", "siret"]
    assert last_op(operator) is Op.TEAM_READ
    typed = operator.type("member", "list", "--structure", there)
    assert who in typed.out
    assert "to check: siret" in typed.out


def test_a_habilitation_ends_on_a_day_then_at_once(operator: Operator, there: StructureId) -> None:
    who = nadia(operator, there)
    day = (datetime.now(UTC) + timedelta(days=30)).date()
    ended = operator.answer("member", "end", "--professional", who, "--on", day.isoformat())
    assert ended["over"] is False
    assert ended["ends_at"][:10] in (day.isoformat(), (day + timedelta(days=1)).isoformat())
    later = (day + timedelta(days=9)).isoformat()
    typed = operator.type("member", "end", "--professional", who, "--on", later)
    assert typed.code == 1
    assert "only comes nearer" in typed.err
    assert operator.answer("member", "end", "--professional", who)["over"] is True
    assert operator.answer("member", "list", "--structure", there) == {"members": []}


def test_what_is_unknown_or_malformed_is_refused_with_a_hint(operator: Operator, there: StructureId) -> None:
    refused = operator.type("member", "end", "--professional", "nobody")
    assert (refused.code, "carnet member list" in refused.err) == (1, True)
    assert operator.type("member", "end", "--professional", "x", "--on", "31/12").code == 2
    assert operator.type("member", "list", "--structure", "nowhere").code == 1
    words = ("invite", "--structure", there, "--role", "member", "--email")
    assert operator.type(*words, "not an address").code == 2


def test_mail_that_waits_is_listed_without_address_or_link(operator: Operator, there: StructureId) -> None:
    assert operator.answer("mail", "list") == {"sending": False, "mails": []}
    made = operator.answer(
        "invite", "--structure", there, "--role", "manager", "--email", "omar@ccas.example"
    )
    listed = operator.answer("mail", "list")
    (mail,) = listed["mails"]
    assert (mail["invitation_id"], mail["state"], mail["tries"]) == (made["invitation_id"], "waiting", 0)
    shown = operator.type("mail", "list").out + str(listed)
    assert "CARNET_SMTP_URL is not set" in shown
    for secret in ("omar", made["url"].rpartition("/")[2]):
        assert secret not in shown


def test_the_jobs_run_once_tell_of_the_mail(operator: Operator, there: StructureId) -> None:
    operator.answer("invite", "--structure", there, "--role", "manager", "--email", "omar@ccas.example")
    done = operator.answer("jobs", "run", "--once")
    assert {name: done[name] for name in done if name.startswith("mails_")} == {
        "mails_sent": 0,
        "mails_delayed": 0,
        "mails_failed": 0,
        "mails_dropped": 0,
    }


def test_with_a_mail_server_the_invitation_leaves_from_the_command_line_too(tmp_path: Path) -> None:
    with mail_server() as server:
        operator = Operator.in_folder(tmp_path, CARNET_SMTP_URL=f"smtp://127.0.0.1:{server.port}").set_up()
        made = operator.answer("structure", "add", "--name", "CCAS", "--kind", "ccas")
        words = ("--structure", made["structure_id"], "--role", "manager", "--email", "omar@ccas.example")
        link = operator.answer("invite", *words)["url"]
        assert operator.answer("jobs", "run", "--once")["mails_sent"] == 1
        assert operator.answer("mail", "list") == {"sending": True, "mails": []}
        assert link in str(server.taken[0].get_content())
