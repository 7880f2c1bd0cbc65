"""``carnet member`` and ``mail``: who works for a structure, ending that, and the mail that waits.

Listing members shows names: it is an entry of the log, like a look at the page of the team. No key of content
is loaded.
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from schemas.ids import ProfessionalId, StructureId
from vault.cli.commands import Answer, Commands
from vault.cli.opening import checked
from vault.services import mailing, team
from vault.services.habilitations import end_habilitation
from vault.services.journal import OPERATOR
from vault.services.managing import end_of
from vault.services.ports import MailRow


def declare(commands: Commands) -> None:
    commands.add(
        "member list", "who works for a structure, and what is to be checked about them", _list, _structure
    )
    commands.add(
        "member end", "end a habilitation: now, or at the end of a last day", _end, _ending_arguments
    )
    commands.add("mail list", "mail that waits to be sent, and mail that could not be", _mails)


def _structure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--structure", required=True, metavar="ID")


def _ending_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--professional", required=True, metavar="ID", help="as carnet member list shows it")
    parser.add_argument("--on", type=_day, metavar="DATE", help="the last day, as 2026-12-31, in Paris")


def _list(told: argparse.Namespace) -> Answer:
    with checked() as application:
        found = team.look_at_team(application.parts, StructureId(told.structure), actor=OPERATOR)
    lines = [line for one in found.members for line in _lines(one)] or ["nobody"]
    return Answer({"members": [_document(one) for one in found.members]}, lines)


def _end(told: argparse.Namespace) -> Answer:
    with checked() as application:
        at = end_of(told.on) if told.on else None
        row = end_habilitation(application.parts, ProfessionalId(told.professional), at=at, actor=OPERATOR)
        over = not row.live(application.parts.now())
    ends_at = _instant(row.ends_at)
    document = {"professional_id": row.professional_id, "ends_at": ends_at, "over": over}
    return Answer(document, ["it is over" if over else f"it ends {ends_at}"])


def _mails(_: argparse.Namespace) -> Answer:
    with checked() as application:
        found = mailing.list_mails(application.parts)
        sending = application.settings.smtp_url is not None
    lines = [_mail_line(one) for one in found] or ["no mail waits"]
    if found and not sending:
        lines.append("CARNET_SMTP_URL is not set: nothing is sent")
    return Answer({"sending": sending, "mails": [_mail(one) for one in found]}, lines)


def _lines(one: team.Member) -> Sequence[str]:
    until = f", until {_instant(one.until)}" if one.until else ""
    first = f"{one.professional_id}  {one.role}, {one.name} <{one.email}>, since {_instant(one.since)}{until}"
    doubts = [f"  to check: {told.doubt}: {told.told} instead of {told.expected}" for told in one.doubts]
    return [first, *doubts]


def _document(one: team.Member) -> dict[str, Any]:
    return {
        "professional_id": one.professional_id,
        "role": one.role,
        "name": one.name,
        "email": one.email,
        "since": _instant(one.since),
        "until": _instant(one.until),
        "to_check": [
            {"what": told.doubt, "told": told.told, "expected": told.expected} for told in one.doubts
        ],
    }


def _mail_line(row: MailRow) -> str:
    next_try = f", next {_instant(row.next_try_at)}" if row.state == mailing.WAITING else ""
    return f"{row.mail_id}  {row.state}, {row.tries} tries, since {_instant(row.created_at)}{next_try}"


def _mail(row: MailRow) -> dict[str, Any]:
    """Without its address and its words: they are sealed, and nobody needs them to see what is wrong."""
    return {
        "invitation_id": row.mail_id,
        "state": row.state,
        "tries": row.tries,
        "created_at": _instant(row.created_at),
        "next_try_at": _instant(row.next_try_at) if row.state == mailing.WAITING else None,
    }


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a day such as 2026-12-31") from None
