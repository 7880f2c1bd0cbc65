"""What her first page and her shares say of her référent: who is proposed, what waits since he changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from consent.grants import Grant
from schemas.ids import GrantId
from vault.services.designating import proposed
from vault.services.handing_over import standing_still
from vault.services.parts import Parts
from vault.services.referents import current_referent
from vault.web.guard import Person
from vault.web.pages import french, views

HERE = "/mon-referent"


def read_by_somebody(parts: Parts, me: Person, grants: Sequence[Grant]) -> list[Grant]:
    """Her live shares, without those that stand still since her référent changed."""
    now = parts.now()
    live = [grant for grant in grants if grant.live(now)]
    if all(grant.terms.function is None for grant in live):
        return live
    still = standing_still(parts, me.owner.carnet_id)
    return [grant for grant in live if grant.id not in still]


def referent_todos(parts: Parts, me: Person, grants: Sequence[Grant]) -> tuple[views.Todo, ...]:
    """``grants``: all of hers. Names nobody: nothing of it is written in the log."""
    found = []
    now, carnet_id = parts.now(), me.owner.carnet_id
    if any(proposed(parts, row, now) for row in parts.data.referents_of(carnet_id)):
        found.append(views.Todo("On vous propose un référent", HERE, "Vous choisissez : oui ou non."))
    given = [grant for grant in grants if grant.live(now) and grant.terms.function is not None]
    row = current_referent(parts, carnet_id) if given else None
    still = standing_still(parts, carnet_id) if row else frozenset()
    if still:
        shares = french.plural(len(still), "partage attend", "partages attendent")
        found.append(views.Todo("Votre référent a changé", HERE, f"{shares} votre réponse."))
    return tuple(found)


def with_referent(
    parts: Parts, me: Person, grants: Sequence[Grant], cards: Mapping[GrantId, views.GrantCard]
) -> dict[GrantId, views.GrantCard]:
    """The cards of ``grants``; one given to her référent says so, and that it waits when he changed."""
    if all(grant.terms.function is None for grant in grants):
        return dict(cards)
    still = standing_still(parts, me.owner.carnet_id)
    return {grant.id: _with_referent(grant, cards[grant.id], grant.id in still) for grant in grants}


def _with_referent(grant: Grant, card: views.GrantCard, waits: bool) -> views.GrantCard:
    if grant.terms.function is None:
        return card
    if not waits:
        return replace(card, professional="votre référent")
    return replace(
        card,
        professional="votre ancien référent",
        still=True,
        state_why="Votre référent a changé : vous choisissez si ce partage passe au nouveau.",
        pause_action=None,
        links=(views.Link("Mon référent", HERE),),
    )
