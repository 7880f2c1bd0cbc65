"""What is done once the answer has left, in the person's own session.

She stopped a share: it is over before she is answered. The new keys of its fields come after, and she waits
for none of it; what is not done then is done at her next session.
"""

from typing import TypeVar

from fastapi.responses import Response
from starlette.background import BackgroundTask

from vault.services.parts import Parts
from vault.services.rotating import rotate_due
from vault.web.guard import Person

Answer = TypeVar("Answer", bound=Response)


def then_new_keys(answer: Answer, parts: Parts, me: Person) -> Answer:
    """The same answer; what waits for new keys in her carnet gets them once it has left."""
    answer.background = BackgroundTask(rotate_due, parts, me.owner, me.actor)
    return answer
