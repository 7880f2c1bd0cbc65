"""Invitations by mail: queued with what causes them, sealed, sent once, never for nothing."""

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote

import pytest

from schemas.ids import StructureId, new_id
from schemas.names import Role
from tests.mail_server import HOST, PASSWORD, USER, MailServer, free_port, mail_server, trusting_context
from tests.world import RULES, MovingClock, World, coming_in_pro
from vault.errors import LogUnavailableError
from vault.jobs.mail import Mail, Post, as_message
from vault.services import administering, invitations, mailing, signing_in
from vault.services.invitations import Invitation
from vault.services.journal import OPERATOR
from vault.services.letters import Letter
from vault.services.mailing import AFTER_TRY, MOST_TRIES, MailDelayedError, MailRefusedError, MailReport
from vault.services.sessions import NewSession
from vault.services.upkeep import run_upkeep

AUTHOR = "carnet@exemple.invalid"
pytestmark = [  # of the server under test, when encryption fails
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
TO = "nadia.prevost@ccas.exemple.fr"


@pytest.fixture(scope="module")
def office() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def server(office: MailServer) -> MailServer:
    for kept in (office.taken, office.envelopes, office.encrypted, office.to_rcpt, office.to_data):
        kept.clear()
    return office


@pytest.fixture(autouse=True)
def empty_outbox(village: World) -> None:
    for row in mailing.list_mails(village.parts):
        village.parts.data.drop_mail(row.mail_id)


@pytest.fixture
def there(village: World) -> StructureId:
    return village.structure("CCAS de l’Île-d’Aix")


def clock_of(village: World) -> MovingClock:
    clock = village.parts.clock
    assert isinstance(clock, MovingClock)
    return clock


def mail_of(village: World, port: int, *, user: str = "", scheme: str = "smtp") -> Mail:
    post = Post.at(f"{scheme}://{user}{HOST}:{port}", AUTHOR)
    return replace(village.app.mail(), post=replace(post, context=trusting_context()))


def invite(village: World, there: StructureId, to: str = TO) -> Invitation:
    return administering.invite(village.parts, structure_id=there, email=to, role=Role.REFERENT)


def words(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


# --- what is sent ----------------------------------------------------------------------------------------


def test_an_invitation_is_sent_once_in_plain_french_and_leaves_the_outbox(
    village: World, there: StructureId, server: MailServer
) -> None:
    invited = invite(village, there)
    mail = mail_of(village, server.port)
    assert mail.run_once() == MailReport(sent=1)
    assert mail.run_once() == MailReport()
    (message,), (envelope,) = server.taken, server.envelopes
    assert mailing.list_mails(village.parts) == []
    assert (envelope.mail_from, envelope.rcpt_tos) == (AUTHOR, [TO])
    assert message["To"] == TO
    assert message["From"].addresses[0].addr_spec == AUTHOR
    assert message["Subject"].endswith("votre invitation pour CCAS de l’Île-d’Aix")
    assert message["Message-ID"] == f"<{invited.invitation_id}@exemple.invalid>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    text = words(message)
    assert f"{village.app.settings.public_url}/invitation/{invited.secret}\n" in text
    assert "CCAS de l’Île-d’Aix vous invite" in text
    assert "référent" in text
    assert "Le lien sert une seule fois" in text


def test_the_link_of_the_mail_lets_in(village: World, there: StructureId, server: MailServer) -> None:
    invite(village, there)
    mail_of(village, server.port).run_once()
    link = next(line for line in words(server.taken[0]).splitlines() if "/invitation/" in line)
    name = new_id()
    session = signing_in.professional_signs_in(
        village.parts, coming_in_pro(name), invitation=link.rpartition("/")[2], rules=RULES
    )
    assert isinstance(session, NewSession)


def test_no_store_holds_the_address_or_the_link_in_clear(
    small_town: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    invited = invite(small_town, small_town.structure())
    mail_of(small_town, free_port()).run_once()  # nobody answers
    folder = small_town.app.data.database.path.parent
    raw = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for secret in (TO, TO.partition("@")[0], invited.secret):
        assert secret.encode() not in raw
        assert secret not in caplog.text
    assert "delayed" in caplog.text
    (row,) = mailing.list_mails(small_town.parts)
    waiting = mailing.open_mail(small_town.parts, row)
    assert waiting is not None
    assert TO not in repr((row, waiting, invited))
    assert invited.secret not in repr((row, waiting, invited))


def test_the_mail_of_one_invitation_cannot_be_put_in_the_place_of_another(
    village: World, there: StructureId, server: MailServer
) -> None:
    mine, theirs = invite(village, there, "a@exemple.fr"), invite(village, there, "b@exemple.fr")
    sealed = {row.mail_id: row.sealed for row in mailing.list_mails(village.parts)}
    with village.parts.data.change() as work:
        (row,) = [one for one in mailing.list_mails(village.parts) if one.mail_id == theirs.invitation_id]
        work.drop_mail(theirs.invitation_id)
        work.add_mail(replace(row, sealed=sealed[mine.invitation_id]))
        work.commit()
    assert mail_of(village, server.port).run_once() == MailReport(sent=1, dropped=1)
    assert [message["To"] for message in server.taken] == ["a@exemple.fr"]


# --- when ------------------------------------------------------------------------------------------------


def test_without_a_server_mail_waits_and_goes_with_its_invitation(
    village: World, there: StructureId, server: MailServer
) -> None:
    invite(village, there)
    nowhere = replace(village.app.mail(), post=None)
    assert nowhere.run_once() == MailReport()
    assert len(mailing.list_mails(village.parts)) == 1
    clock_of(village).forward(days=7, seconds=1)
    assert nowhere.run_once() == MailReport(dropped=1)
    assert mailing.list_mails(village.parts) == []


@pytest.mark.parametrize("why", ["used", "cancelled", "over", "altered"])
def test_nothing_is_sent_for_an_invitation_that_stands_no_more(
    village: World, there: StructureId, server: MailServer, why: str
) -> None:
    invited = invite(village, there)
    if why == "used":
        coming = coming_in_pro(new_id())
        signing_in.professional_signs_in(village.parts, coming, invitation=invited.secret, rules=RULES)
    elif why == "cancelled":
        invitations.cancel(village.parts, invited.invitation_id, structure_id=there, actor=OPERATOR)
        assert mailing.list_mails(village.parts) == [], "its mail goes at once"
    elif why == "over":
        clock_of(village).forward(days=7, seconds=1)
    else:
        village.parts.keystore.delete_secrets([("binding", f"invitation:{invited.invitation_id}")])
    report = mail_of(village, server.port).run_once()
    assert report.sent == 0
    assert server.taken == []
    assert mailing.list_mails(village.parts) == []


def test_a_server_that_is_down_is_tried_eight_times_over_two_days_then_it_has_failed(
    village: World, there: StructureId
) -> None:
    invite(village, there)
    mail, clock = mail_of(village, free_port()), clock_of(village)
    start = clock()
    for wait in AFTER_TRY:
        assert mail.run_once() == MailReport(delayed=1)
        assert mail.run_once() == MailReport(), "not before its time"
        clock.forward(seconds=wait.total_seconds() + 1)
    assert mail.run_once() == MailReport(failed=1)
    assert 1.9 < (clock() - start).total_seconds() / 86400 < 2.1
    (row,) = mailing.list_mails(village.parts)
    assert (row.state, row.tries) == (mailing.FAILED, MOST_TRIES)
    clock.forward(days=1)
    assert mail.run_once() == MailReport(), "and it stays for somebody to see"


def test_a_server_that_comes_back_gets_the_mail(
    village: World, there: StructureId, server: MailServer
) -> None:
    invite(village, there)
    server.to_rcpt.append("451 come back later")
    mail = mail_of(village, server.port)
    assert mail.run_once() == MailReport(delayed=1)
    clock_of(village).forward(minutes=2)
    assert mail.run_once() == MailReport(sent=1)
    assert len(server.taken) == 1


@pytest.mark.parametrize("stage", ["to_rcpt", "to_data"])
def test_a_mail_refused_for_good_is_not_tried_again(
    village: World, there: StructureId, server: MailServer, stage: str
) -> None:
    invite(village, there)
    getattr(server, stage).append("550 no such user")
    mail = mail_of(village, server.port)
    assert mail.run_once() == MailReport(failed=1)
    clock_of(village).forward(days=1)
    assert mail.run_once() == MailReport()
    assert [row.state for row in mailing.list_mails(village.parts)] == [mailing.FAILED]


def test_dying_between_sending_and_deleting_sends_at_most_twice(
    village: World, there: StructureId, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(village, there)
    mail = mail_of(village, server.port)

    def die(_mail_id: str) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(village.parts.data, "drop_mail", die)
        with pytest.raises(KeyboardInterrupt):
            mail.run_once()
    assert mail.run_once() == MailReport(), "not at once: another process may still be at it"
    clock_of(village).forward(minutes=2)
    assert mail.run_once() == MailReport(sent=1)
    ids = [message["Message-ID"] for message in server.taken]
    assert len(ids) == 2
    assert len(set(ids)) == 1, "whoever receives both can tell they are one"


def test_two_processes_make_one_try(village: World, there: StructureId) -> None:
    invited = invite(village, there)
    soon = village.parts.now()
    (row,) = village.parts.data.mails_due(soon, limit=9)
    assert village.parts.data.claim_mail(invited.invitation_id, tries=row.tries, next_try_at=soon)
    assert not village.parts.data.claim_mail(invited.invitation_id, tries=row.tries, next_try_at=soon)


def test_no_entry_no_mail(village: World, there: StructureId, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail is in the transaction of its invitation and of its entry."""

    def cannot(*_: object, **__: object) -> None:
        raise LogUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(invitations, "about_nobody", cannot)
        with pytest.raises(LogUnavailableError):
            invite(village, there)
    assert mailing.list_mails(village.parts) == []


# --- encryption and passwords ----------------------------------------------------------------------------


@pytest.fixture
def letter(village: World) -> Letter:
    return Letter("a" * 26, village.parts.now(), TO, "Sujet", "Texte é")


def test_starttls_is_used_where_it_is_offered_and_a_password_is_told(village: World) -> None:
    with mail_server(starttls=True, auth=True) as server:
        user = f"{USER}:{quote(PASSWORD, safe='')}@"
        invite(village, village.structure())
        assert mail_of(village, server.port, user=user).run_once() == MailReport(sent=1)
        assert server.encrypted == [True]


def test_tls_from_the_start(village: World) -> None:
    with mail_server(tls=True) as server:
        invite(village, village.structure())
        assert mail_of(village, server.port, scheme="smtps").run_once() == MailReport(sent=1)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_nobody_vouches_for_gets_nothing(letter: Letter, scheme: str) -> None:
    with mail_server(starttls=scheme == "smtp", tls=scheme == "smtps") as server:
        post = Post.at(f"{scheme}://{HOST}:{server.port}", AUTHOR)
        with pytest.raises(MailDelayedError):
            post.send(letter, "Carnet")
        assert server.taken == []


def test_a_wrong_password_delays_and_says_nothing_of_it(
    village: World, letter: Letter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with mail_server(starttls=True, auth=True) as server:
        invite(village, village.structure())
        mail = mail_of(village, server.port, user=f"{USER}:un-secret@")
        assert mail.run_once() == MailReport(delayed=1)
        assert server.taken == []
        assert mail.post is not None
        with pytest.raises(MailDelayedError) as refused:
            mail.post.send(letter, "Carnet")
    assert refused.value.__cause__ is None
    assert "un-secret" not in caplog.text + repr(mail) + str(refused.value)


def test_nothing_is_sent_in_clear_to_another_machine(
    letter: Letter, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vault.jobs.mail.is_loopback", lambda _host: False)
    with pytest.raises(MailDelayedError, match="no encryption"):
        Post.at(f"smtp://{HOST}:{server.port}", AUTHOR).send(letter, "Carnet")
    assert server.taken == []


def test_a_server_that_falls_silent_is_left_in_time(letter: Letter, server: MailServer) -> None:
    server.silent.set()
    post = replace(Post.at(f"smtp://{HOST}:{server.port}", AUTHOR), longest_exchange=0.5)
    began = time.monotonic()
    try:
        with pytest.raises(MailDelayedError):
            post.send(letter, "Carnet")
    finally:
        server.silent.clear()
    assert time.monotonic() - began < 3


# --- what nobody can write in it -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nadia",
        "a@b",
        "a@b.fr\r\nBcc: x@y.fr",
        "a@b.fr\nx",
        "a b@c.fr",
        "<a@b.fr>",
        "a@b.fr,c@d.fr",
        '"a"@b.fr',
        "é@b.fr",
        "a@é.fr",
        "a@@b.fr",
        "a..b@c.fr",
        "a@" + "b" * 250 + ".fr",
        "a@b.fr\x00",
        "-" * 65 + "@b.fr",
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_written(
    village: World, there: StructureId, address: str
) -> None:
    size = village.parts.data.log_size()
    with pytest.raises(mailing.BadMailAddressError) as refused:
        invite(village, there, address)
    assert address not in str(refused.value) or not address
    assert village.parts.data.log_size() == size
    assert mailing.list_mails(village.parts) == []


@pytest.mark.parametrize("part", ["to", "subject", "letter_id"])
def test_no_header_can_be_added_by_a_line_break(letter: Letter, part: str) -> None:
    hostile: dict[str, Any] = {part: "x@y.fr\r\nBcc: z@y.fr"}
    with pytest.raises(MailRefusedError):
        as_message(replace(letter, **hostile), author=AUTHOR, name="Carnet")
    with pytest.raises(MailRefusedError):
        as_message(letter, author=AUTHOR, name="Carnet\r\nBcc: z@y.fr")


def test_a_name_of_a_structure_is_words_and_nothing_else(village: World, server: MailServer) -> None:
    name = "{link} <b>«CCAS» % $x</b> =?utf-8?q?x=0D=0ABcc:_z@y.fr?="
    invite(village, village.structure(name))
    assert mail_of(village, server.port).run_once() == MailReport(sent=1)
    assert f"{name} vous invite" in words(server.taken[0])
    assert server.taken[0]["Subject"].endswith(name.replace("=?", "= ?"))
    assert server.taken[0]["Bcc"] is None


def test_the_upkeep_of_a_process_sends_no_mail_itself(village: World, there: StructureId) -> None:
    """A mail server that is slow holds up no seal: mail has its own thread."""
    invite(village, there)
    run_upkeep(village.parts)
    assert len(mailing.list_mails(village.parts)) == 1
    thread = village.app.job_thread()
    thread.start()
    thread.close()
