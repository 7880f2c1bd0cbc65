"""Every page's routes, for the application to include."""

from fastapi import APIRouter

from vault.web.pages import (
    account,
    acting,
    asking,
    closing,
    dpo,
    dpo_emergencies,
    dpo_grants,
    dpo_mandates,
    emergency,
    entries,
    entry_forms,
    joining,
    mandates,
    notice,
    notices,
    observations,
    office,
    person,
    public,
    receipts,
    referent,
    referring,
    requests,
    share_states,
    share_steps,
    shares,
    sign_in,
    sign_out,
    slips,
    strategy,
    team,
    themes,
    urgent,
)
from vault.web.pages.answering import problem_page

__all__ = ["problem_page", "routers"]


def routers() -> list[APIRouter]:
    """In order: a fixed address stands before one that takes an id."""
    return [
        public.router,
        notice.router,
        sign_in.router,
        joining.router,
        sign_out.router,
        account.router,
        closing.router,
        mandates.router,
        acting.router,
        person.router,
        referent.router,
        requests.router,
        observations.router,
        strategy.router,
        entries.router,
        entry_forms.router,  # its "/mon-carnet/{field}/nouveau" after whatever has an address like it
        themes.router,
        share_steps.router,
        emergency.router,
        shares.router,
        share_states.router,
        slips.router,
        notices.router,
        receipts.router,
        office.router,
        asking.router,
        urgent.router,
        team.router,
        referring.router,
        dpo.router,
        dpo_mandates.router,
        dpo_emergencies.router,
        dpo_grants.router,
    ]
