"""``carnet keys``: the keyring, the key store and the keys every instance has."""

import argparse

from vault import bootstrap
from vault.cli.commands import Answer, Commands
from vault.cli.opening import settings_here, unchecked


def declare(commands: Commands) -> None:
    commands.add("keys init", "make the keyring (0600), the key store and its keys; repeatable", _init)
    commands.add("keys status", "what the keys are and the line outsiders verify the log with", _status)


def _init(_: argparse.Namespace) -> Answer:
    settings = settings_here()
    made = bootstrap.make_keys(settings)
    keyring = str(settings.kms.path)
    line = f"the keyring is made: {keyring}" if made else f"nothing to do: {keyring} is there"
    advice = ["Copy it where backups of the key store never go.", "Next: carnet database upgrade"]
    return Answer({"keyring": keyring, "made": made}, [line, *(advice if made else ())])


def _status(_: argparse.Namespace) -> Answer:
    with unchecked(data=False) as application:
        settings, kept = application.settings, application.keystore.last_checkpoint()
        document = {
            "keyring": str(settings.kms.path),
            "instance": application.parts.instance,
            "log_origin": settings.log_origin,
            "vkey": application.vkey,
            "last_checkpoint": kept.size if kept else None,
        }
    return Answer(document, [f"{name.replace('_', ' ')}: {value}" for name, value in document.items()])
