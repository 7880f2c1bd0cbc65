"""``carnet referent``: who follows a person. What the operator says is so; what she shares goes to nobody by
that alone. The answer of ``assign`` says nothing of the carnet, as for anybody else."""

import argparse

from schemas.ids import ProfessionalId
from vault.carnet.references import read_reference
from vault.cli.commands import Answer, Commands
from vault.cli.opening import checked
from vault.services.designating import designate
from vault.services.journal import OPERATOR


def declare(commands: Commands) -> None:
    commands.add("referent assign", "who follows a person, by the number of her carnet", _assign, _assigning)
    commands.add("referent end", "nobody follows her any more", _end, _reference)


def _reference(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reference", required=True, type=_number, metavar="NUMBER", help="as her first page shows it"
    )


def _assigning(parser: argparse.ArgumentParser) -> None:
    _reference(parser)
    parser.add_argument("--professional", required=True, metavar="ID", help="as carnet member list shows it")


def _assign(told: argparse.Namespace) -> Answer:
    with checked() as application:
        whom = ProfessionalId(told.professional)
        designate(application.parts, told.reference, whom, actor=OPERATOR)
    return Answer({"recorded": True}, ["recorded; if there is such a carnet, its person sees it"])


def _end(told: argparse.Namespace) -> Answer:
    with checked() as application:
        designate(application.parts, told.reference, None, actor=OPERATOR)
    return Answer({"recorded": True}, ["recorded; if there is such a carnet, its person sees it"])


def _number(typed: str) -> str:
    found = read_reference(typed)
    if found is None:
        raise argparse.ArgumentTypeError("ten characters, the last one a check")
    return found
