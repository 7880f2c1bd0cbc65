"""``carnet jobs``: what must happen even if nobody asks, apart from any server."""

import argparse
from dataclasses import asdict

from vault.bootstrap import Application
from vault.cli.commands import Answer, Commands
from vault.cli.opening import checked
from vault.cli.stopping import Stopping


def declare(commands: Commands) -> None:
    commands.add(
        "jobs run",
        "finish what was interrupted, note what expired, sign the log: each minute until stopped, or once",
        _run,
        lambda parser: parser.add_argument("--once", action="store_true"),
    )


def _run(told: argparse.Namespace) -> Answer:
    with checked() as application:
        if told.once:
            done = asdict(application.jobs().run_once())
            done |= {f"mails_{what}": count for what, count in asdict(application.mail().run_once()).items()}
            return Answer(done, [", ".join(f"{count} {what}" for what, count in done.items())])
        _until_stopped(application)
    return Answer({"stopped": True})


def _until_stopped(application: Application) -> None:
    thread = application.job_thread()
    with Stopping() as stopping:
        thread.start()
        stopping.wait()
    thread.close()
