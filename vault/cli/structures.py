"""``carnet structure`` and ``invite``: who may be shared with, and by what door they come in."""

import argparse

from schemas.ids import StructureId
from schemas.names import Role, StructureKind
from vault.cli.commands import Answer, Commands
from vault.cli.opening import checked
from vault.services import administering
from vault.services.mailing import BadMailAddressError, check_address

_LONGEST_NAME = 200


def declare(commands: Commands) -> None:
    commands.add(
        "structure add", "a structure that people may share with", _add_structure, _structure_arguments
    )
    commands.add(
        "invite", "a link by which one professional joins, once, within seven days", _invite, _invited
    )


def _structure_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, type=_name, help="as people read it when they share")
    parser.add_argument(
        "--kind",
        required=True,
        choices=[str(kind) for kind in StructureKind],
        metavar="KIND",
        help=", ".join(StructureKind),
    )
    parser.add_argument("--siret", type=_siret, help="fourteen digits")
    parser.add_argument(
        "--sensitive",
        action="store_true",
        help="its name tells why people are helped there (health, disability, justice): they are warned",
    )


def _invited(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--structure", required=True, metavar="ID")
    parser.add_argument("--email", required=True, type=_email, help="to whom you will send the link")
    parser.add_argument(
        "--role", required=True, choices=[str(role) for role in Role], metavar="ROLE", help=", ".join(Role)
    )


def _add_structure(told: argparse.Namespace) -> Answer:
    with checked() as application:
        structure_id = administering.add_structure(
            application.parts,
            name=told.name,
            kind=StructureKind(told.kind),
            siret=told.siret,
            sensitive=told.sensitive,
        )
    return Answer({"structure_id": structure_id}, [structure_id])


def _invite(told: argparse.Namespace) -> Answer:
    with checked() as application:
        invitation = administering.invite(
            application.parts,
            structure_id=StructureId(told.structure),
            email=told.email,
            role=Role(told.role),
        )
        url = f"{application.settings.public_url}/invitation/{invitation.secret}"
    expires_at = invitation.expires_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    document = {"invitation_id": invitation.invitation_id, "url": url, "expires_at": expires_at}
    return Answer(document, [url, f"It works once, until {expires_at}. Send it to that person alone."])


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise argparse.ArgumentTypeError(f"must be 1 to {_LONGEST_NAME} printable characters")
    return name


def _email(text: str) -> str:
    try:
        return check_address(text)
    except BadMailAddressError:
        raise argparse.ArgumentTypeError("must be an e-mail address, in ASCII") from None


def _siret(text: str) -> str:
    siret = "".join(text.split())
    if len(siret) != 14 or not (siret.isascii() and siret.isdigit()):
        raise argparse.ArgumentTypeError("must be fourteen digits")
    return siret
