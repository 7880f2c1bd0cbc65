"""An entry of the log about no carnet: what the operator, a manager or a professional did here."""

from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.services.journal import OPERATOR, Actor, draft
from vault.services.parts import Parts
from vault.services.ports import Draft


def about_nobody(
    parts: Parts,
    op: Op,
    about: AboutContent,
    *,
    actor: Actor = OPERATOR,
    out: Outcome = Outcome.GRANTED,
) -> Draft:
    """Ready to append. Raises KeyGoneError when the actor's secret is gone."""
    name = actor.secret_name
    journals = parts.journal_keys.load(now=parts.now(), agents=[name] if name else [])
    return draft(
        op,
        out,
        journals=journals,
        actor=actor,
        carnet_id=None,
        about=about,
        random=parts.random,
    )
