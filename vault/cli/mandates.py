"""``carnet mandate``: what rulings say of who acts for a person, recorded from the paper, and ended.

Numbers, kinds and dates: no name is shown, and no key of a carnet is loaded. Each change is in her journal.
"""

import argparse
from datetime import UTC, date, datetime
from typing import Any

from schemas.ids import AccountId, CarnetId, MandateId, ProfessionalId
from schemas.names import MandateKind, MandateScope
from vault.carnet.references import read_reference
from vault.cli.commands import Answer, Commands, UsageError
from vault.cli.opening import checked
from vault.services.journal import OPERATOR
from vault.services.managing import end_of
from vault.services.mandates import Holder, Ruling, end_mandate, record_ruling
from vault.services.parts import Parts
from vault.services.sharing_rows import MandateRow
from vault.services.standing import stands

RULINGS = (MandateKind.CURATORSHIP, MandateKind.GUARDIANSHIP)


def declare(commands: Commands) -> None:
    commands.add("mandate list", "who may act, or could, in a carnet", _list, _carnet_argument)
    commands.add("mandate record", "a curatorship or a guardianship, as its ruling says", _record, _recording)
    commands.add("mandate end", "end a mandate at once, whoever gave it", _end, _ending)


def _carnet_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reference", required=True, metavar="R", help="the carnet's number")


def _recording(parser: argparse.ArgumentParser) -> None:
    _carnet_argument(parser)
    parser.add_argument("--kind", required=True, choices=[str(kind) for kind in RULINGS])
    parser.add_argument("--until", required=True, type=_day, metavar="DATE", help="its last day, in Paris")
    parser.add_argument("--ruling", required=True, metavar="TEXT", help="its number or date; kept sealed")
    parser.add_argument("--scope", action="append", default=[], choices=[str(one) for one in MandateScope])
    holder = parser.add_mutually_exclusive_group(required=True)
    holder.add_argument("--professional", metavar="ID", help="with the role helper")
    holder.add_argument("--relative", metavar="R", help="the number of the relative's own carnet")
    parser.add_argument("--name", default="", metavar="TEXT", help="of the holder, as the ruling says it")


def _ending(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mandate", required=True, metavar="ID", help="as carnet mandate list shows it")


def _list(told: argparse.Namespace) -> Answer:
    with checked() as application:
        parts = application.parts
        found = parts.data.mandates_of(_carnet(parts, told.reference))
        lines = [_line(parts, row) for row in found] or ["nobody"]
        return Answer({"mandates": [_document(parts, row) for row in found]}, lines)


def _record(told: argparse.Namespace) -> Answer:
    if told.relative and not told.name.strip():
        raise UsageError("a relative has a name", "--name TEXT, as the ruling says it: the person reads it")
    with checked() as application:
        parts = application.parts
        relative = AccountId(_carnet(parts, told.relative)) if told.relative else None
        helper = ProfessionalId(told.professional) if told.professional else None
        scopes = tuple(one for one in MandateScope if one is MandateScope.SEE or one in told.scope)
        ruling = Ruling(MandateKind(told.kind), scopes, end_of(told.until), told.ruling)
        holder = Holder(told.name, helper, relative)
        row = record_ruling(parts, _carnet(parts, told.reference), holder, ruling, actor=OPERATOR)
        return Answer(_document(parts, row), [_line(parts, row)])


def _end(told: argparse.Namespace) -> Answer:
    with checked() as application:
        parts = application.parts
        row = parts.data.mandate(MandateId(told.mandate))
        if row is None:
            raise UsageError("no such mandate", "carnet mandate list shows those of a carnet")
        end_mandate(parts, row.carnet_id, row.mandate_id, actor=OPERATOR, by_ruling=True)
        return Answer({"mandate_id": row.mandate_id, "over": True}, ["it is over"])


def _carnet(parts: Parts, typed: str) -> CarnetId:
    reference = read_reference(typed)
    carnet_id = parts.data.carnet_numbered(reference) if reference else None
    if carnet_id is None:
        raise UsageError("no carnet has this number", "ten characters, as the person's own page shows them")
    return carnet_id


def _line(parts: Parts, row: MandateRow) -> str:
    state = "in force" if stands(parts, row) else "over" if row.state != "active" else "not in force"
    who = f"professional {row.professional_id}" if row.professional_id else "a relative"
    return (
        f"{row.mandate_id}  {row.kind}, {who}, {', '.join(row.scopes)}, until {_day_of(row.ends_at)}, {state}"
    )


def _document(parts: Parts, row: MandateRow) -> dict[str, Any]:
    return {
        "mandate_id": row.mandate_id,
        "kind": row.kind,
        "professional_id": row.professional_id,
        "relative": row.account_id is not None,
        "scopes": list(row.scopes),
        "starts_at": _day_of(row.starts_at),
        "ends_at": _day_of(row.ends_at),
        "in_force": stands(parts, row),
    }


def _day_of(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a day such as 2030-12-31") from None
