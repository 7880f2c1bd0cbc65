"""Her référent by the API: sharing with the function, a change, and her yes for the new one."""

from schemas.framing import lp
from schemas.ids import ProfessionalId
from schemas.names import StructureKind
from tests.web.site import V1, Site, fields_url
from tests.world import Someone
from vault.crypto import seal_small
from vault.services import designating
from vault.services.journal import OPERATOR
from vault.services.writing import owner_secrets

FIELDS = ("permis_conduire",)


def designate(site: Site, ana: Someone, professional_id: str) -> None:
    carnet = site.world.parts.data.carnet(ana.carnet_id)
    assert carnet is not None
    designating.designate(site.world.parts, carnet.reference, ProfessionalId(professional_id), actor=OPERATOR)


def test_a_share_with_the_referent_follows_the_referent_once_she_says_so(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-referent")
    me.put(f"{V1}/me/fields/permis_conduire", json={"value": ["b"]})
    structure_id = site.world.structure("SIAE Bêta", StructureKind.SIAE)
    paul, lea = (site.world.professional(structure_id, name) for name in ("paul-r", "lea-r"))
    wish = {
        "grantee": {"function": "referent"},
        "purpose_id": "proposer_poste",
        "fields": list(FIELDS),
        "days": 31,
    }
    refused = me.post(f"{V1}/me/grants", json=wish)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/grantee/function")
    assert me.get(f"{V1}/me/referent").json()["referent"] is None

    designate(site, ana, paul.session.row.subject)
    given = me.post(f"{V1}/me/grants", json=wish)
    assert given.status_code == 201, given.text
    (listed,) = me.get(f"{V1}/me/grants").json()["items"]
    assert listed["grantee"] == {"professional_id": paul.session.row.subject, "function": "referent"}
    his, hers = site.signed_in(paul), site.signed_in(lea)
    assert his.get(fields_url(ana.carnet_id, FIELDS)).status_code == 200

    designate(site, ana, lea.session.row.subject)  # while his session stays open
    assert his.get(fields_url(ana.carnet_id, FIELDS)).status_code == 403
    assert his.get(f"{V1}/grants").json()["items"] == []
    assert hers.get(fields_url(ana.carnet_id, FIELDS)).status_code == 404
    told = me.get(f"{V1}/me/referent").json()
    assert told["referent"]["structure"] == "SIAE Bêta"
    assert [one["grant_id"] for one in told["waiting"]] == [listed["grant_id"]]
    assert told["confirm_until"] is not None

    wrong = me.post(f"{V1}/me/referent/confirm", json={"assignment_id": "a" * 26})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/assignment_id")
    confirmed = me.post(
        f"{V1}/me/referent/confirm", json={"assignment_id": told["referent"]["assignment_id"]}
    )
    assert confirmed.status_code == 200, confirmed.text
    (new,) = confirmed.json()["items"]
    assert (new["ends_at"], new["fields"]) == (listed["ends_at"], listed["fields"])
    assert hers.get(fields_url(ana.carnet_id, FIELDS)).status_code == 200
    assert me.get(f"{V1}/me/referent").json()["waiting"] == []


def test_what_she_says_of_the_referent_she_would_like_is_hers_alone(lone_site: Site) -> None:
    _, me = lone_site.person("ana-souhait")
    said = me.put(f"{V1}/me/referent/wish", json={"text": "  Quelqu’un   du CCAS "})
    assert said.json() == {"wish": "Quelqu’un du CCAS"}
    assert me.get(f"{V1}/me/referent").json()["wish"] == "Quelqu’un du CCAS"
    me.put(f"{V1}/me/referent/wish", json={"text": " "})
    assert me.get(f"{V1}/me/referent").json()["wish"] == ""
    assert me.put(f"{V1}/me/referent/wish", json={"text": "a" * 1001}).status_code == 422


def test_her_wish_is_one_information_wherever_she_writes_it(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("souhait")
    parts = site.world.parts
    sealed = seal_small(
        b"Avant",
        secret=owner_secrets(parts, ana.owner).own,
        place=lp("referent wish", ana.carnet_id),
    )
    with parts.data.change() as work:
        work.set_referent_wish(ana.carnet_id, sealed)
        work.commit()
    assert me.get(f"{V1}/me/referent").json()["wish"] == "Avant", "kept before there was a field"
    me.put(f"{V1}/me/fields/souhait_referent", json={"value": "Quelqu’un de proche"})
    assert me.get(f"{V1}/me/referent").json()["wish"] == "Quelqu’un de proche"
    me.put(f"{V1}/me/referent/wish", json={"text": "Une femme"})
    assert parts.data.referent_wish(ana.carnet_id) is None
    carnet = {one["field_id"]: one["value"] for one in me.get(f"{V1}/me/carnet").json()["entries"]}
    assert carnet["souhait_referent"] == "Une femme"
