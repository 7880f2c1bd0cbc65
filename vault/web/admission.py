"""Before a consented read: is this caller within its limits? One rule for programs and for pages."""

from starlette.concurrency import run_in_threadpool

from vault.services.reading import Reader
from vault.services.throttling import note_throttled
from vault.web.limits import TooManyError
from vault.web.state import WebState


def who(reader: Reader) -> str:
    """Under which name its reads and refusals are counted."""
    return f"{reader.actor.kind}:{reader.actor.id}"


async def admit(state: WebState, reader: Reader) -> None:
    """Raises TooManyError. Being denied too often leaves one entry a minute, and costs the log no more."""
    name = who(reader)
    state.limits.read(name)
    try:
        state.limits.before_read(name)
    except TooManyError:
        if state.limits.first_throttled(name):
            await run_in_threadpool(note_throttled, state.parts, reader.actor)
        raise
