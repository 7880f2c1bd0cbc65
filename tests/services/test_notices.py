"""People are told by mail of what they chose, once, with no word about anybody, and nothing by default."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from consent.grants import Grant
from schemas.ids import CarnetId, new_id
from schemas.names import StructureKind
from tests.mail_server import HOST, MailServer, mail_server
from tests.world import RULES, SIAE_FIELDS, MovingClock, Someone, System, World, coming_in
from vault.audit.events import ActorKind, Op
from vault.audit.leaf import Leaf
from vault.errors import LogUnavailableError
from vault.jobs.mail import Mail, Post
from vault.services import leaving, mailing, notices, signing_in
from vault.services.journal import OPERATOR, Actor
from vault.services.key_sources import OwnerAccess
from vault.services.letters import Short
from vault.services.mailing import BadMailAddressError, MailReport
from vault.services.notices import BadNumberError, NoticeMode, TooManyLinksError, WrongLinkError
from vault.services.notifying import morning_after, notify
from vault.services.rows import SecretRow
from vault.services.sessions import NewSession
from vault.services.stopping import NoSuchGrantError

HER_ADDRESS = "ana.perez@courriel.example"
OTHER = "ana@autre.example"
SPECIAL = "sante_retentissement"

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def office() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def server(office: MailServer) -> MailServer:
    office.taken.clear()
    office.envelopes.clear()
    return office


@pytest.fixture(autouse=True)
def nothing_waits(village: World) -> None:
    notify(village.parts)
    for row in mailing.list_mails(village.parts):
        village.parts.data.drop_mail(row.mail_id)


@pytest.fixture
def ana(village: World) -> Someone:
    """Somebody with three answers and an address that FranceConnect told."""
    someone = a_person(village)
    village.fill(someone)
    notices.use_told_address(village.parts, someone.owner, actor=someone.actor)
    return someone


@pytest.fixture
def alpha(village: World) -> System:
    return village.system()


@pytest.fixture
def grant(village: World, ana: Someone, alpha: System) -> Grant:
    return village.share(ana, alpha.structure_id)


def a_person(village: World) -> Someone:
    """A newcomer whose address FranceConnect told."""
    claims = {"name": {"nom": "PEREZ", "prenoms": ["Ana"]}, "email": HER_ADDRESS}
    coming = coming_in("ana", subject=new_id(), claims=claims)
    session = signing_in.person_signs_in(village.parts, coming, rules=RULES)
    assert isinstance(session, NewSession)
    row = session.session.row
    carnet_id = CarnetId(row.subject)
    actor = Actor(ActorKind.PERSON, session=row.session_id)
    return Someone(carnet_id, OwnerAccess(carnet_id, row.session_id), actor, session)


def clock_of(village: World) -> MovingClock:
    clock = village.parts.clock
    assert isinstance(clock, MovingClock)
    return clock


def choose(village: World, who: Someone, grant: Grant, mode: NoticeMode) -> None:
    notices.choose_mode(village.parts, who.owner, grant.id, mode, actor=who.actor)


def waiting(village: World) -> list[str]:
    """The kinds of the mails that wait."""
    rows = mailing.list_mails(village.parts)
    mails = [mailing.open_mail(village.parts, row) for row in rows]
    return [mail.notice.kind for mail in mails if mail and mail.notice]


def outbox_of(village: World, port: int) -> Mail:
    return replace(village.app.mail(), post=Post.at(f"smtp://{HOST}:{port}", "carnet@exemple.invalid"))


# --- nothing by default ----------------------------------------------------------------------------------


def test_nobody_is_told_anything_unless_she_says_so(
    village: World, ana: Someone, alpha: System, grant: Grant
) -> None:
    village.read(alpha, ana.carnet_id)
    assert notify(village.parts) == 0
    assert waiting(village) == []


def test_what_happened_before_she_chose_is_not_told(
    village: World, ana: Someone, alpha: System, grant: Grant
) -> None:
    village.read(alpha, ana.carnet_id)
    notify(village.parts)
    choose(village, ana, grant, NoticeMode.EACH)
    assert notify(village.parts) == 0


def test_a_choice_is_an_entry_about_her_that_does_not_say_where_to_write(
    village: World, ana: Someone, grant: Grant
) -> None:
    choose(village, ana, grant, NoticeMode.EACH)
    size = village.parts.data.log_size()
    (row,) = village.parts.data.log_rows([size - 1])
    assert Leaf.parse(row.leaf).op == Op.NOTICE


def test_one_chooses_about_ones_own_shares_only(village: World, grant: Grant) -> None:
    stranger = village.newcomer("bea")
    with pytest.raises(NoSuchGrantError):
        choose(village, stranger, grant, NoticeMode.EACH)


# --- each access -----------------------------------------------------------------------------------------


def test_a_read_is_told_once_by_real_mail_without_a_word_about_anybody(
    village: World, ana: Someone, alpha: System, grant: Grant, server: MailServer
) -> None:
    choose(village, ana, grant, NoticeMode.EACH)
    village.read(alpha, ana.carnet_id)
    assert notify(village.parts) == 1
    mail = outbox_of(village, server.port)
    assert mail.run_once() == MailReport(sent=1)
    assert mail.run_once() == MailReport()
    (message,), (envelope,) = server.taken, server.envelopes
    assert envelope.rcpt_tos == [HER_ADDRESS]
    whole = message.as_string() + str(message.get_content())
    assert "Quelqu’un a consulté une information de votre carnet." in str(message.get_content())
    assert f"{village.app.settings.public_url}/qui-a-vu" in str(message.get_content())
    for told in ("PEREZ", "Ana ", "SIAE", "permis", "poste", ana.carnet_id, grant.id, alpha.structure_id):
        assert told not in whole


def test_one_hour_has_one_mail_at_most_about_a_share_and_the_next_says_what_came_meanwhile(
    village: World, ana: Someone, alpha: System, grant: Grant
) -> None:
    choose(village, ana, grant, NoticeMode.EACH)
    village.read(alpha, ana.carnet_id)
    assert notify(village.parts) == 1
    for _ in range(3):
        village.read(alpha, ana.carnet_id)
        assert notify(village.parts) == 0
    clock_of(village).forward(minutes=59)
    assert notify(village.parts) == 0
    clock_of(village).forward(minutes=2)
    assert notify(village.parts) == 1
    clock_of(village).forward(hours=2)
    assert notify(village.parts) == 0
    assert waiting(village) == ["read", "read"]


def test_a_refused_read_and_one_that_found_nothing_are_not_told(village: World, alpha: System) -> None:
    someone = a_person(village)
    notices.use_told_address(village.parts, someone.owner, actor=someone.actor)
    given = village.share(someone, alpha.structure_id)
    choose(village, someone, given, NoticeMode.EACH)
    village.read(alpha, someone.carnet_id)  # nothing was written yet
    village.read(alpha, someone.carnet_id, purpose="formation")
    assert notify(village.parts) == 0


def test_a_share_given_again_keeps_what_was_chosen_for_it(
    village: World, ana: Someone, alpha: System, grant: Grant
) -> None:
    choose(village, ana, grant, NoticeMode.EACH)
    village.share(ana, alpha.structure_id, ["permis_conduire"])
    village.read(alpha, ana.carnet_id, ["permis_conduire"])
    assert notify(village.parts) == 1


# --- only what is sensitive; a digest --------------------------------------------------------------------


def test_only_sensitive_means_only_sensitive(village: World, ana: Someone) -> None:
    village.write(ana, SPECIAL, "limite_certains_metiers")
    there = village.system("CCAS", StructureKind.CCAS)
    given = village.share(ana, there.structure_id, [*SIAE_FIELDS, SPECIAL], purpose="accompagnement")
    choose(village, ana, given, NoticeMode.SENSITIVE)
    village.read(there, ana.carnet_id, SIAE_FIELDS, purpose="accompagnement")
    assert notify(village.parts) == 0
    village.read(there, ana.carnet_id, [SPECIAL], purpose="accompagnement")
    assert notify(village.parts) == 1


def test_a_digest_is_one_mail_at_eight_in_the_morning_for_all_shares(
    village: World, ana: Someone, alpha: System, grant: Grant, server: MailServer
) -> None:
    beta = village.system("SIAE Beta")
    other = village.share(ana, beta.structure_id)
    for given in (grant, other):
        choose(village, ana, given, NoticeMode.DIGEST)
    for reader in (alpha, beta, alpha):
        village.read(reader, ana.carnet_id)
    assert notify(village.parts) == 0
    clock_of(village).go_on_from(morning_after(village.parts.now()) - timedelta(minutes=1))
    assert notify(village.parts) == 0
    clock_of(village).forward(minutes=2)
    assert notify(village.parts) == 1
    assert waiting(village) == ["digest"]
    outbox_of(village, server.port).run_once()
    assert "Depuis le dernier résumé, votre carnet a été consulté." in str(server.taken[0].get_content())


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (datetime(2026, 1, 10, 6, 59, tzinfo=UTC), datetime(2026, 1, 10, 7, tzinfo=UTC)),
        (datetime(2026, 1, 10, 7, 0, tzinfo=UTC), datetime(2026, 1, 11, 7, tzinfo=UTC)),
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 6, tzinfo=UTC)),  # summer time begins
    ],
)
def test_eight_o_clock_is_that_of_paris(now: datetime, then: datetime) -> None:
    assert morning_after(now) == then


# --- what changes between the read and the mail ----------------------------------------------------------


def test_nothing_leaves_once_she_stopped_wishing_it(
    village: World, ana: Someone, alpha: System, grant: Grant, server: MailServer
) -> None:
    choose(village, ana, grant, NoticeMode.EACH)
    village.read(alpha, ana.carnet_id)
    assert notify(village.parts) == 1
    choose(village, ana, grant, NoticeMode.NONE)
    assert outbox_of(village, server.port).run_once() == MailReport(dropped=1)
    assert server.taken == []


def test_without_an_address_nothing_is_queued_and_nothing_comes_late(
    village: World, ana: Someone, alpha: System, grant: Grant
) -> None:
    choose(village, ana, grant, NoticeMode.EACH)
    notices.forget_address(village.parts, ana.owner, actor=ana.actor)
    village.read(alpha, ana.carnet_id)
    assert notify(village.parts) == 0
    notices.use_told_address(village.parts, ana.owner, actor=ana.actor)
    clock_of(village).forward(hours=2)
    assert notify(village.parts) == 0


def test_an_erased_carnet_leaves_no_address_and_no_mail(
    village: World, ana: Someone, alpha: System, grant: Grant, server: MailServer
) -> None:
    choose(village, ana, grant, NoticeMode.EACH)
    village.read(alpha, ana.carnet_id)
    assert notify(village.parts) == 1
    leaving.erase_carnet(village.parts, ana.carnet_id, for_real=True, actor=OPERATOR)
    assert notices.own_wishes(village.parts, ana.owner) == notices.Wishes()
    assert outbox_of(village, server.port).run_once() == MailReport(dropped=1)
    assert server.taken == []


def test_a_row_that_somebody_spoiled_costs_the_others_nothing(
    village: World, ana: Someone, alpha: System, grant: Grant
) -> None:
    other = a_person(village)
    choose(village, ana, grant, NoticeMode.EACH)
    name = notices.notice_name(other.carnet_id)
    village.parts.keystore.add_secrets([SecretRow(*name, 1, b"spoiled")])
    village.write(other, "permis_conduire", ["b"])
    village.share(other, alpha.structure_id)
    for who in (ana, other):
        village.read(alpha, who.carnet_id)
    assert notify(village.parts) == 1


# --- never twice -----------------------------------------------------------------------------------------


def test_two_processes_that_look_at_once_queue_one_mail(
    village: World, ana: Someone, alpha: System, grant: Grant
) -> None:
    choose(village, ana, grant, NoticeMode.EACH)
    village.read(alpha, ana.carnet_id)
    other = village.reopened()
    start = threading.Barrier(2)

    def look(world: World) -> None:
        start.wait()
        notify(world.parts)

    threads = [threading.Thread(target=look, args=(world,)) for world in (village, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert waiting(village) == ["read"]


class Slow:
    """A data store in which something happens between a look at the log and what follows from it."""

    def __init__(self, data: Any, meanwhile: Callable[[], object]) -> None:
        self._data, self._meanwhile = data, meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._data, name)

    def log_between(self, *asked: Any, **told: Any) -> Any:
        rows = self._data.log_between(*asked, **told)
        self._meanwhile()
        return rows


def test_a_process_that_was_slower_counts_nothing_again(
    village: World, ana: Someone, alpha: System, grant: Grant
) -> None:
    choose(village, ana, grant, NoticeMode.EACH)
    village.read(alpha, ana.carnet_id)
    slow = village.with_parts(data=Slow(village.parts.data, lambda: notify(village.parts)))
    notify(slow.parts)
    clock_of(village).forward(hours=2)
    assert notify(village.parts) == 0
    assert waiting(village) == ["read"]


def test_a_process_that_dies_before_the_commit_has_told_nothing_and_the_next_one_tells(
    village: World, ana: Someone, alpha: System, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(village, ana, grant, NoticeMode.EACH)
    village.read(alpha, ana.carnet_id)
    with monkeypatch.context() as patched:
        patched.setattr(type(village.parts.data), "change", _no_change)
        with pytest.raises(LogUnavailableError):
            notify(village.parts)
    assert waiting(village) == []
    assert notify(village.parts) == 1


def _no_change(_: object) -> None:
    raise LogUnavailableError("dies")


# --- where -----------------------------------------------------------------------------------------------


def the_link(server: MailServer) -> str:
    text = str(server.taken[-1].get_content())
    line = next(line for line in text.splitlines() if "/mes-alertes/adresse/" in line)
    return line.strip().rpartition("/")[2]


def test_a_typed_address_gets_nothing_before_its_link_was_followed(
    village: World, ana: Someone, alpha: System, grant: Grant, server: MailServer
) -> None:
    choose(village, ana, grant, NoticeMode.EACH)
    notices.ask_address(village.parts, ana.owner, OTHER, actor=ana.actor)
    village.read(alpha, ana.carnet_id)
    notify(village.parts)
    mail = outbox_of(village, server.port)
    assert mail.run_once() == MailReport(sent=2)
    assert sorted(one.rcpt_tos[0] for one in server.envelopes) == sorted([HER_ADDRESS, OTHER])
    link = next(one for one in server.taken if one["To"] == OTHER)
    server.taken[:] = [link]
    notices.confirm_address(village.parts, ana.owner, the_link(server), actor=ana.actor)
    assert notices.own_wishes(village.parts, ana.owner).to == OTHER


def test_a_link_confirms_the_address_it_was_sent_to_and_no_other(
    village: World, ana: Someone, server: MailServer
) -> None:
    notices.ask_address(village.parts, ana.owner, OTHER, actor=ana.actor)
    outbox_of(village, server.port).run_once()
    link = the_link(server)
    notices.ask_address(village.parts, ana.owner, "bea@autre.example", actor=ana.actor)
    with pytest.raises(WrongLinkError):
        notices.confirm_address(village.parts, ana.owner, link, actor=ana.actor)
    assert notices.own_wishes(village.parts, ana.owner).to == HER_ADDRESS


def test_a_link_is_no_use_in_another_carnet_nor_after_a_day_nor_twice(
    village: World, ana: Someone, server: MailServer
) -> None:
    notices.ask_address(village.parts, ana.owner, OTHER, actor=ana.actor)
    outbox_of(village, server.port).run_once()
    link = the_link(server)
    other = village.newcomer("bea")
    with pytest.raises(WrongLinkError):
        notices.confirm_address(village.parts, other.owner, link, actor=other.actor)
    notices.confirm_address(village.parts, ana.owner, link, actor=ana.actor)
    with pytest.raises(WrongLinkError):
        notices.confirm_address(village.parts, ana.owner, link, actor=ana.actor)
    notices.ask_address(village.parts, ana.owner, "bea@autre.example", actor=ana.actor)
    outbox_of(village, server.port).run_once()
    clock_of(village).forward(hours=25)
    with pytest.raises(WrongLinkError):
        notices.confirm_address(village.parts, ana.owner, the_link(server), actor=ana.actor)


def test_a_day_has_five_links_at_most(village: World, ana: Someone) -> None:
    for _ in range(notices.MOST_LINKS):
        notices.ask_address(village.parts, ana.owner, OTHER, actor=ana.actor)
    with pytest.raises(TooManyLinksError):
        notices.ask_address(village.parts, ana.owner, OTHER, actor=ana.actor)


def test_what_is_no_address_is_refused(village: World, ana: Someone) -> None:
    for text in ("", "ana", "ana@x", "a\r\nBcc: b@c.example"):
        with pytest.raises(BadMailAddressError):
            notices.ask_address(village.parts, ana.owner, text, actor=ana.actor)


def test_short_messages_have_a_door_that_by_default_only_says_that_something_waits(
    village: World, ana: Someone, alpha: System, grant: Grant, server: MailServer, caplog: Any
) -> None:
    caplog.set_level(logging.INFO)
    number = "+33600000000"
    notices.use_phone(village.parts, ana.owner, number, actor=ana.actor)
    choose(village, ana, grant, NoticeMode.EACH)
    village.read(alpha, ana.carnet_id)
    notify(village.parts)
    outbox_of(village, server.port).run_once()
    assert "a short message was not sent" in caplog.text
    assert number not in caplog.text
    assert len(server.taken) == 1


def test_a_sender_of_short_messages_is_given_one_line_without_a_word_about_anybody(
    village: World, ana: Someone, alpha: System, grant: Grant, server: MailServer
) -> None:
    sent: list[Short] = []

    class Kept:
        def send(self, short: Short, /) -> None:
            sent.append(short)

    notices.use_phone(village.parts, ana.owner, "+33600000000", actor=ana.actor)
    notices.forget_address(village.parts, ana.owner, actor=ana.actor)
    choose(village, ana, grant, NoticeMode.EACH)
    village.read(alpha, ana.carnet_id)
    assert notify(village.parts) == 1
    mail = replace(outbox_of(village, server.port), texts=Kept())
    assert mail.run_once() == MailReport(sent=1)
    (short,) = sent
    assert short.number == "+33600000000"
    assert short.text.startswith("Quelqu’un a consulté une information de votre carnet.")
    assert "SIAE" not in short.text
    assert short.number not in repr(short)
    assert server.taken == []
    with pytest.raises(BadNumberError):
        notices.use_phone(village.parts, ana.owner, "0600000000", actor=ana.actor)


def test_no_store_and_no_process_log_holds_an_address_in_clear(
    small_town: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    someone = a_person(small_town)
    small_town.fill(someone)
    system = small_town.system()
    notices.use_told_address(small_town.parts, someone.owner, actor=someone.actor)
    given = small_town.share(someone, system.structure_id)
    choose(small_town, someone, given, NoticeMode.EACH)
    small_town.read(system, someone.carnet_id)
    notices.ask_address(small_town.parts, someone.owner, OTHER, actor=someone.actor)
    assert notify(small_town.parts) == 1
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for address in (HER_ADDRESS, OTHER):
        assert address.encode() not in kept
        assert address not in caplog.text
        assert address not in repr(notices.own_wishes(small_town.parts, someone.owner))
