"""``carnet relink``: yes or no to somebody whose identifier at FranceConnect changed.

Whoever types has met the person: the number she says, an identity paper, and her. Nothing here shows a name,
and no key of a carnet is loaded.
"""

import argparse
from datetime import datetime
from typing import Any

from vault.carnet.references import shown
from vault.cli.commands import Answer, Commands
from vault.cli.opening import checked
from vault.services import relinking
from vault.services.journal import OPERATOR


def declare(commands: Commands) -> None:
    commands.add(
        "relink list", "requests to open a carnet to a new identifier of the same identity: who waits", _list
    )
    commands.add("relink accept", "say yes to one, after having met the person", _accept, _request)
    commands.add("relink refuse", "say no to one: she will have a carnet of her own", _refuse, _request)


def _request(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--request", required=True, metavar="ID", help="its id, or the number that the person says"
    )


def _list(_: argparse.Namespace) -> Answer:
    with checked() as application:
        found = relinking.list_requests(application.parts, relinking.OPEN, relinking.ACCEPTED)
    lines = [_line(one) for one in found] or ["nobody waits"]
    return Answer({"requests": [_document(one) for one in found]}, lines)


def _accept(told: argparse.Namespace) -> Answer:
    return _decide(told.request, accept=True)


def _refuse(told: argparse.Namespace) -> Answer:
    return _decide(told.request, accept=False)


def _decide(told: str, *, accept: bool) -> Answer:
    with checked() as application:
        row = relinking.find_request(application.parts, told)
        row = relinking.decide(application.parts, row.request_id, accept=accept, actor=OPERATOR)
    then = "her carnet opens at her next sign-in" if accept else "her next sign-in opens a carnet of her own"
    document = {"request_id": row.request_id, "reference": row.reference, "state": row.state}
    return Answer(document, [f"{row.state}: {then}"])


def _line(one: relinking.Asked) -> str:
    carnet = shown(one.carnet_reference) if one.carnet_reference else "none any more"
    return f"{shown(one.row.reference)}  {one.row.state}, asked {_day(one.row.opened_at)}, carnet {carnet}"


def _document(one: relinking.Asked) -> dict[str, Any]:
    return {
        "request_id": one.row.request_id,
        "reference": one.row.reference,
        "carnet_reference": one.carnet_reference or None,
        "state": one.row.state,
        "opened_at": _day(one.row.opened_at),
        "ends_at": _day(one.ends_at),
    }


def _day(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
