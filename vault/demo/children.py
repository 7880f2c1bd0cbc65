"""The processes the demo starts, and that end with it: each in a session of its own, so that Ctrl-C reaches
the demo alone, and with our end of its input open, so that it leaves even if we are killed."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

GRACE = 15.0  # seconds to leave before being killed


class Child:
    """One running process. ``stop`` ends it; repeatable."""

    def __init__(self, module: str, arguments: Sequence[str], environ: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(environ),
            start_new_session=True,
        )

    def first_line(self) -> str:
        """The line it says when it serves; empty when it died before."""
        assert self.process.stdout is not None  # noqa: S101 - we asked for the pipe
        return self.process.stdout.readline()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()
        if self.alive:
            self.process.terminate()

    def stop(self) -> int:
        """Its exit code, once it is gone."""
        self.ask_to_stop()
        try:
            return self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()
