"""When the rules changed, each share that they leave nothing of is suspended, and the person is told why.

Its readers are refused already, by the decision (``consent.decisions.overtaken``): this only writes it down.
One walk along all standing shares, those she suspended herself among them, for each state of the rules; D
remembers how far it went. Nothing depends on what it remembers: whoever spoils that delays what is written,
and lets nobody read.
"""

from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256

from consent.decisions import Overtaken, overtaken
from consent.lifecycle import By
from schemas.canonical import CanonicalError, canonical, parse_canonical
from schemas.ids import GrantId
from schemas.names import GrantState
from vault.errors import UnavailableError
from vault.services.journal import OPERATOR
from vault.services.parts import Parts
from vault.services.ports import GrantRow
from vault.services.rule_changes import kind_of, rules_for
from vault.services.sharing_rows import RuleVersionRow
from vault.services.stopping import NoSuchGrantError
from vault.services.suspending import HERS, CannotMoveError, Why, holds_of, suspend_grant

WALK, LAST = "walk", "last"
BATCH, BATCHES = 200, 100  # a pass looks at 20 000 shares at most
_WHY = {Overtaken.RULES: Why.RULES_CHANGED, Overtaken.SPECIAL: Why.NOW_SPECIAL}


def suspend_overtaken(parts: Parts) -> int:
    """One pass of the walk: how many shares were suspended. Raises what kept one share from it, once the
    others are done."""
    rules = _digest(parts)
    over, after = _how_far(parts, rules)
    if over:
        return 0
    suspended, broken = 0, list[Exception]()
    for _ in range(BATCHES):
        rows, after = parts.data.standing_after(after, limit=BATCH)
        suspended += _suspend(parts, rows, broken)
        if after is None:
            break
    told = canonical({"after": after, "rules": rules}).decode()
    with parts.data.change() as work:
        work.set_rule_version(RuleVersionRow(WALK, LAST, told))
        work.commit()
    if broken:
        raise broken[0]
    return suspended


def _suspend(parts: Parts, rows: Sequence[GrantRow], broken: list[Exception]) -> int:
    kinds = {grantee: kind_of(parts, grantee) for grantee in {row.grant.terms.grantee for row in rows}}
    held = holds_of(parts, [row.grant.id for row in rows if row.grant.state is GrantState.SUSPENDED])
    done = 0
    for terms in (row.grant.terms for row in rows):
        why = overtaken(terms, rules_for(parts, terms.purpose_id, kinds[terms.grantee]))
        if why is None or (terms.grant_id in held and held[terms.grant_id].by not in HERS):
            continue
        try:
            with suppress(CannotMoveError, NoSuchGrantError):  # it ended meanwhile
                suspend_grant(
                    parts, terms.carnet_id, terms.grant_id, by=By.SYSTEM, why=_WHY[why], actor=OPERATOR
                )
                done += 1
        except UnavailableError:
            raise
        except Exception as error:  # whatever is wrong with this one, the others are written down
            broken.append(error)
    return done


def _digest(parts: Parts) -> str:
    """Names all that ``overtaken`` looks at."""
    purposes = list(parts.frame.purposes)
    if parts.frame.emergency is not None:
        purposes.append(parts.frame.emergency.purpose)
    told = {
        "catalogue": parts.catalogue.version,
        "purposes": {
            one.purpose_id: [
                str(one.legal_basis),
                sorted(str(kind) for kind in one.structure_kinds),
                sorted(one.special),
            ]
            for one in purposes
        },
    }
    return sha256(canonical(told)).hexdigest()


def _how_far(parts: Parts, rules: str) -> tuple[bool, GrantId | None]:
    """Whether the walk under these rules is over, and else after which share it goes on."""
    for row in parts.data.rule_versions(WALK):
        with suppress(CanonicalError, KeyError, TypeError):
            said = parse_canonical(row.told.encode())
            if said["rules"] == rules:
                return said["after"] is None, said["after"] and GrantId(str(said["after"]))
    return False, None
