"""The whole story by the API: write, share, be read, see who looked, withdraw, be read no more."""

from tests.web.site import V1, Site, fields_url


def test_a_person_shares_is_read_sees_who_looked_and_withdraws(site: Site) -> None:
    ana, me = site.person()
    alpha = site.machine()
    for field_id, value in {"permis_conduire": ["b"], "temps_travail_souhaite": 24.5}.items():
        written = me.put(f"{V1}/me/fields/{field_id}", json={"value": value})
        assert written.status_code == 200, written.text
        assert written.json()["value"] == value
    carnet = me.get(f"{V1}/me/carnet").json()
    assert carnet["carnet_id"] == ana.carnet_id
    assert {entry["field_id"] for entry in carnet["entries"]} == {
        "identite_nom",
        "permis_conduire",
        "temps_travail_souhaite",
    }
    given = me.post(
        f"{V1}/me/grants",
        json={
            "grantee": {"structure_id": alpha.structure_id},
            "purpose_id": "proposer_poste",
            "fields": ["permis_conduire", "temps_travail_souhaite", "vehicule_disponible"],
            "rights": ["read"],
            "days": 31,
        },
    )
    assert given.status_code == 201, given.text
    grant = given.json()
    assert grant["state"] == "granted"

    system = site.system(alpha)
    received = system.get(f"{V1}/grants").json()
    assert [one["grant_id"] for one in received["items"]] == [grant["grant_id"]]
    read = system.get(fields_url(ana.carnet_id))
    assert read.status_code == 200, read.text
    assert {name: [one["value"] for one in found] for name, found in read.json()["fields"].items()} == {
        "permis_conduire": [["b"]],
        "temps_travail_souhaite": [24.5],
    }
    (access,) = me.get(f"{V1}/me/accesses").json()["items"]
    assert (access["access_id"], access["structure"], access["outcome"], access["grant_id"]) == (
        read.json()["access_id"],
        "SIAE Alpha",
        "granted",
        grant["grant_id"],
    )
    assert set(access["fields"]) == {"permis_conduire", "temps_travail_souhaite"}

    stopped = me.post(f"{V1}/me/grants/{grant['grant_id']}/withdraw")
    assert (stopped.status_code, stopped.json()["state"]) == (200, "withdrawn")
    assert system.get(fields_url(ana.carnet_id)).status_code == 403
    assert system.get(f"{V1}/grants").json() == {"items": [], "next": None}

    officer = site.dpo()
    seen = officer.get(f"{V1}/dpo/accesses").json()["items"]
    assert [one["op"] for one in seen if one["carnet_id"] == ana.carnet_id][:3] == [
        "read",
        "withdraw",
        "log_read",
    ]
    assert officer.get(f"{V1}/dpo/log").json()["size"] == site.log_size()
