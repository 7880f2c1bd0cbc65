"""By whom something was said, in the words that stand beside it: « Anne Roux (CCAS de Brest) ».

The name is what the sign-in provider told last of whoever says it, who is here: nobody else's is ever opened.
It is sealed with what he says.
"""

from vault.services.accounts import open_account
from vault.services.journal import Actor
from vault.services.parts import Parts

_PARTS = ("given_name", "usual_name")


def said_by(parts: Parts, actor: Actor) -> str:
    """The structure alone, when a program of it speaks, or when no name was told."""
    structure = parts.data.structure(actor.structure_id) if actor.structure_id else None
    where = structure.name if structure is not None else ""
    row = parts.data.habilitation(actor.professional_id) if actor.professional_id else None
    account = open_account(parts, row.account_id) if row is not None else None
    told = (account.identity.claims.get(part) for part in _PARTS) if account is not None else ()
    name = " ".join(part for part in told if isinstance(part, str) and part)
    return f"{name} ({where})" if name else where
