"""What she stops sharing gets its new keys once she has been answered, from the pages and from the API."""

import pytest

from tests.web.site import V1, Site
from vault.audit.events import Op
from vault.services.rotating import rotation_pending


@pytest.mark.parametrize("door", ["page", "API", "API, narrower"])
def test_new_keys_come_right_after_the_answer(site: Site, door: str) -> None:
    world = site.world
    ana, browser = site.person()
    world.fill(ana)
    grant = world.share(ana, world.structure())
    before = site.log_size()
    if door == "page":
        token = {"csrf": ana.session.session.csrf}
        answer = browser.post(f"/mes-partages/{grant.id}/arreter", data=token)
        assert answer.status_code == 303, answer.text
    elif door == "API":
        answer = browser.post(f"{V1}/me/grants/{grant.id}/withdraw")
        assert answer.json()["state"] == "withdrawn"
    else:
        told = {"structure_id": grant.terms.grantee.id}
        wish = {
            "grantee": told,
            "purpose_id": grant.terms.purpose_id,
            "fields": ["permis_conduire"],
            "days": 3,
        }
        assert browser.post(f"{V1}/me/grants", json=wish).status_code == 201
    ops = [leaf.op for leaf in site.last_entries(site.log_size() - before)]
    changed = [op for op in ops if op is Op.KEY_CHANGE]
    assert changed
    assert changed == ops[-len(changed) :], "all of it after the entry that she was answered for"
    assert not rotation_pending(world.parts, ana.carnet_id)
