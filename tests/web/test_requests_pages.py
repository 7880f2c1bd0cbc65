"""« Demandes » on her pages: nothing ticked, special apart, the preview before the yes, one answer."""

import re

from starlette.testclient import TestClient

from tests.web.site import V1, Site, fields_url
from tests.world import Someone

WHY = "Pour vous proposer un poste près de chez vous."
FIELDS = ("permis_conduire", "vehicule_disponible")


def asked(site: Site, ana: Someone, me: TestClient, **told: object) -> tuple[str, TestClient]:
    """The address of a request made to her, and whoever made it."""
    kind = site.world.parts.frame.purpose(str(told.get("purpose_id", "proposer_poste"))).structure_kinds[0]
    siae = site.system(site.machine("SIAE Demande", kind))
    usual = {"purpose_id": "proposer_poste", "fields": list(FIELDS), "days": 31, "reason": WHY}
    answer = siae.post(f"{V1}/grant-requests", json=usual | {"carnet_id": ana.carnet_id} | told)
    assert answer.status_code == 202, answer.text
    request_id = me.get(f"{V1}/me/requests").json()["items"][0]["request_id"]
    return f"/mes-demandes/{request_id}", siae


def hidden(text: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', text)


def posting(me: TestClient, path: str, **told: object):  # type: ignore[no-untyped-def]
    data = {"csrf_token": me.headers["X-CSRF-Token"], **told}
    return me.post(path, data=data)


def test_she_looks_chooses_less_sees_it_and_says_yes_once(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-page-demande")
    site.world.fill(ana)
    here, siae = asked(site, ana, me)
    assert "SIAE Demande vous demande des informations" in me.get("/mon-carnet").text
    assert "le logiciel de SIAE Demande" in me.get("/mes-demandes").text
    before = site.log_size()
    text = me.get(here).text
    assert site.log_size() == before + 1
    assert WHY in text
    assert "checked" not in text, "nothing is ticked for her"
    nothing = posting(me, f"{here}/verifier", days="1")
    assert nothing.status_code == 422
    more = posting(me, f"{here}/verifier", days="1", fields=["permis_conduire", "temps_travail_souhaite"])
    assert hidden(more.text, "fields") == ["permis_conduire"], "what was not asked is not even looked at"
    seal = hidden(more.text, "apercu")[0]
    unseen = posting(me, f"{here}/accepter", days="31", fields="permis_conduire", apercu=seal)
    assert unseen.status_code == 422, "a yes holds for what she saw"
    done = posting(me, f"{here}/accepter", days="1", fields="permis_conduire", apercu=seal)
    assert done.status_code == 303, done.text
    assert me.get(done.headers["location"]).status_code == 200
    read = siae.get(fields_url(ana.carnet_id, ("permis_conduire",)))
    assert set(read.json()["fields"]) == {"permis_conduire"}
    for late in ("accepter", "refuser", "plus-tard"):
        answer = posting(me, f"{here}/{late}", days="1", fields="permis_conduire", apercu=seal)
        assert answer.status_code == 409
        assert "déjà une réponse" in answer.text
    assert "vous demande des informations" not in me.get("/mon-carnet").text


def test_she_puts_off_then_says_no_and_nobody_else_sees_it(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-non")
    _, other = site.person("quelqu’un d’autre")
    here, _ = asked(site, ana, me)
    assert other.get(here).status_code == 404
    assert posting(other, f"{here}/refuser").status_code == 404
    assert posting(me, f"{here}/plus-tard").headers["location"] == "/mes-demandes?fait=demande-plus-tard"
    assert "vous demande des informations" not in me.get("/mon-carnet").text
    assert posting(me, f"{here}/refuser").headers["location"] == "/mes-demandes?fait=demande-non"
    assert "vous avez dit non" in me.get("/mes-demandes").text


def test_a_special_information_is_said_yes_to_on_its_own_page(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-special")
    purpose = next(one for one in site.world.parts.frame.purposes if one.special)
    special = purpose.special[0]
    here, _ = asked(site, ana, me, purpose_id=purpose.purpose_id, fields=[special, purpose.ordinary[0]])
    forged = posting(me, f"{here}/verifier", days="1", fields=[special], special_fields=[f"{special}~00"])
    assert forged.status_code == 422
    apart = posting(me, f"{here}/a-part", special=special)
    assert apart.status_code == 200, apart.text
    (sealed,) = set(hidden(apart.text, "special_yes"))
    chosen = posting(me, f"{here}/choisir", special_yes=sealed)
    assert "vous avez choisi de la partager" in chosen.text
    carried = hidden(chosen.text, "special_fields")
    seen = posting(me, f"{here}/verifier", days="1", special_fields=carried)
    assert seen.status_code == 200, seen.text
    seal = hidden(seen.text, "apercu")[0]
    done = posting(me, f"{here}/accepter", days="1", special_fields=carried, apercu=seal)
    assert done.status_code == 303
    (grant,) = me.get(f"{V1}/me/grants").json()["items"]
    assert grant["fields"] == [special]
