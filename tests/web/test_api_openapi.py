"""The OpenAPI document: sound, complete, and derived from the catalogue and the frame."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas import fields as schemas_fields
from tests.web.site import V1, Site, site_over
from tests.world import World

SHIPPED = Path(schemas_fields.__file__).parent / "catalogue" / "v2.json"
ISSUE_ROUTES = {
    ("get", f"{V1}/session"),
    ("get", f"{V1}/catalogue"),
    ("get", f"{V1}/purposes"),
    ("get", f"{V1}/me/carnet"),
    ("put", f"{V1}/me/fields/{{field_id}}"),
    ("post", f"{V1}/me/fields/{{field_id}}/entries"),
    ("get", f"{V1}/me/entries/{{entry_id}}"),
    ("put", f"{V1}/me/entries/{{entry_id}}"),
    ("post", f"{V1}/me/entries/{{entry_id}}/agreement"),
    ("get", f"{V1}/me/grantees"),
    ("post", f"{V1}/me/grants"),
    ("get", f"{V1}/me/grants"),
    ("post", f"{V1}/me/grants/{{grant_id}}/withdraw"),
    ("get", f"{V1}/me/grants/{{grant_id}}/view"),
    ("post", f"{V1}/me/grants/view"),
    ("post", f"{V1}/me/grants/{{grant_id}}/slip"),
    ("get", f"{V1}/me/grants/{{grant_id}}/notices"),
    ("put", f"{V1}/me/grants/{{grant_id}}/notices"),
    ("get", f"{V1}/me/notices"),
    ("put", f"{V1}/me/notices"),
    ("post", f"{V1}/me/notices/confirm"),
    ("get", f"{V1}/me/receipts"),
    ("get", f"{V1}/me/receipts/{{receipt_id}}"),
    ("get", f"{V1}/me/receipts/{{receipt_id}}/kantara"),
    ("get", "/.well-known/carnet-receipts"),
    ("post", f"{V1}/grant-requests"),
    ("get", f"{V1}/me/requests"),
    ("post", f"{V1}/me/requests/{{request_id}}/accept"),
    ("post", f"{V1}/me/requests/{{request_id}}/refuse"),
    ("post", f"{V1}/me/requests/{{request_id}}/defer"),
    ("post", f"{V1}/me/grants/{{grant_id}}/suspend"),
    ("post", f"{V1}/me/grants/{{grant_id}}/resume"),
    ("get", f"{V1}/me/referent"),
    ("post", f"{V1}/me/referent/confirm"),
    ("put", f"{V1}/me/referent/wish"),
    ("post", f"{V1}/me/referent/proposals/{{assignment_id}}/accept"),
    ("post", f"{V1}/me/referent/proposals/{{assignment_id}}/refuse"),
    ("post", f"{V1}/me/entries/{{entry_id}}/observations"),
    ("post", f"{V1}/me/entries/{{entry_id}}/forget-requests"),
    ("get", f"{V1}/me/forget-requests"),
    ("post", f"{V1}/me/forget-requests/{{demand_id}}/escalate"),
    ("post", f"{V1}/me/forget-requests/{{demand_id}}/keep-last"),
    ("get", f"{V1}/me/forget-requests/{{demand_id}}/certificate"),
    *(
        (method, f"{V1}{office}/forget-requests{path}")
        for office in ("", "/dpo")
        for method, path in (
            ("get", ""),
            ("get", "/{demand_id}"),
            ("post", "/{demand_id}/answer"),
            ("post", "/{demand_id}/extend"),
        )
    ),
    ("get", f"{V1}/recipient-notices"),
    ("post", f"{V1}/recipient-notices/{{notice_id}}/acknowledge"),
    ("post", f"{V1}/me/observations/{{observation_id}}/maintain"),
    ("post", f"{V1}/me/observations/{{observation_id}}/retract"),
    ("post", f"{V1}/carnets/{{carnet_id}}/observations/{{observation_id}}/replies"),
    ("get", f"{V1}/me/volets"),
    ("post", f"{V1}/me/volets/{{volet}}/understood"),
    ("get", f"{V1}/carnets/{{carnet_id}}/volets"),
    ("post", f"{V1}/carnets/{{carnet_id}}/volets"),
    ("get", f"{V1}/me/accesses"),
    ("get", f"{V1}/me/carnet.pdf"),
    ("get", f"{V1}/me/everything.zip"),
    ("get", f"{V1}/me/path"),
    ("post", f"{V1}/me/close"),
    ("get", f"{V1}/grants"),
    ("get", f"{V1}/carnets/{{carnet_id}}/fields"),
    ("post", f"{V1}/carnets/{{carnet_id}}/fields/{{field_id}}/entries"),
    ("get", f"{V1}/carnets/{{carnet_id}}/proposals"),
    ("get", f"{V1}/me/proposals"),
    ("post", f"{V1}/me/proposals/agree"),
    ("post", f"{V1}/me/proposals/{{proposal_id}}/answer"),
    ("get", f"{V1}/dpo/accesses"),
    ("get", f"{V1}/dpo/log"),
    ("get", f"{V1}/indicators"),
    *(
        ("post", f"{V1}/dpo/grants/{{grant_id}}/{move}")
        for move in ("suspend", "resume", "revoke", "invalidate")
    ),
    ("post", f"{V1}/dpo/pauses"),
    *((method, f"{V1}/acting") for method in ("get", "post", "delete")),
    ("get", f"{V1}/me/mandates"),
    ("post", f"{V1}/me/mandates"),
    ("post", f"{V1}/me/mandates/helper"),
    ("post", f"{V1}/me/mandates/{{mandate_id}}/end"),
    ("get", f"{V1}/dpo/mandates"),
    ("post", f"{V1}/dpo/mandates"),
    ("post", f"{V1}/dpo/mandates/{{mandate_id}}/end"),
    ("get", f"{V1}/emergencies"),
    ("post", f"{V1}/emergencies"),
    ("get", f"{V1}/emergencies/{{emergency_id}}"),
    ("post", f"{V1}/emergencies/{{emergency_id}}/confirm"),
    ("get", f"{V1}/emergencies/{{emergency_id}}/fields"),
    ("get", f"{V1}/me/emergency"),
    ("put", f"{V1}/me/emergency"),
    ("get", f"{V1}/me/emergencies"),
    ("get", f"{V1}/dpo/emergencies"),
    ("get", f"{V1}/dpo/emergencies/{{emergency_id}}"),
    ("post", f"{V1}/dpo/emergencies/{{emergency_id}}/review"),
    ("get", f"{V1}/openapi.json"),
    ("post", "/oauth/token"),
    ("post", "/oauth/revoke"),
    ("get", "/log/checkpoint"),
    ("get", "/log/vkey"),
    ("get", "/sante"),
}


@pytest.fixture(scope="module")
def document(lone_site: Site) -> Any:
    answer = lone_site.client().get(f"{V1}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def nodes(value: Any) -> Iterator[Any]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inner)


def test_it_describes_exactly_what_can_be_called(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert described == ISSUE_ROUTES


def test_every_reference_leads_somewhere_and_every_shape_is_used(document: Any) -> None:
    named = {node["$ref"] for node in nodes(document) if isinstance(node, dict) and "$ref" in node}
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert named == known


def test_every_schema_is_a_json_schema(document: Any) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_path_parameter_is_described_and_every_answer_has_words(document: Any) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            names = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
            assert names == {piece[1:-1] for piece in path.split("/") if piece.startswith("{")}, path
            assert all(answer["description"] for answer in operation["responses"].values()), path
    ids = [told["operationId"] for methods in document["paths"].values() for told in methods.values()]
    assert len(set(ids)) == len(ids)


def test_every_value_of_every_field_is_in_what_one_may_write(document: Any, lone_site: Site) -> None:
    schemas = document["components"]["schemas"]
    values = schemas["WriteField"]["properties"]["value"]["anyOf"]
    several = schemas["NewEntry"]["properties"]["value"]["anyOf"]
    for field in lone_site.world.parts.catalogue.fields:
        assert (f"Field.{field.id}" in schemas) is not field.read_only
        if not field.read_only:
            assert schemas[f"Field.{field.id}"] == field.schema
            here = {"$ref": f"#/components/schemas/Field.{field.id}"}
            assert (here in values, here in several) == (not field.collection, field.collection)
            listed = schemas["CollectionField" if field.collection else "WritableField"]
            assert field.id in listed["enum"]


def test_a_field_added_to_the_catalogue_is_described_listed_written_shared_and_read(tmp_path: Path) -> None:
    shipped = json.loads(SHIPPED.read_text("utf-8"))
    shipped["properties"]["velo_electrique"] = shipped["properties"]["vehicule_disponible"]
    catalogue, frame = tmp_path / "catalogue.json", tmp_path / "frame.json"
    catalogue.write_text(json.dumps(shipped), "utf-8")
    told = json.loads((SHIPPED.parents[1] / "frame" / "consentement-v1.json").read_text("utf-8"))
    purpose = next(one for one in told["purposes"] if one["purpose_id"] == "proposer_poste")
    purpose["fields"].append("velo_electrique")
    frame.write_text(json.dumps(told), "utf-8")
    world = World.open(
        f"sqlite:///{tmp_path}/carnet.sqlite",
        f"sqlite:///{tmp_path}/keys.sqlite",
        tmp_path,
        CARNET_CATALOGUE=str(catalogue),
        CARNET_FRAME=str(frame),
    )
    with site_over(world) as site:
        ana, me = site.person()
        alpha = site.machine()
        described = site.client().get(f"{V1}/openapi.json").json()["components"]["schemas"]
        assert "velo_electrique" in described["WritableField"]["enum"]
        listed = me.get(f"{V1}/catalogue").json()
        more = me.get(f"{V1}/catalogue?after={listed['next']}").json()
        assert "velo_electrique" in {item["field_id"] for item in listed["items"] + more["items"]}
        url = f"{V1}/me/fields/velo_electrique"
        assert me.put(url, json={"value": "trottinette volante"}).status_code == 422
        assert me.put(url, json={"value": "velo"}).status_code == 200
        wish = {
            "grantee": {"structure_id": alpha.structure_id},
            "purpose_id": "proposer_poste",
            "fields": ["velo_electrique"],
            "days": 3,
        }
        assert me.post(f"{V1}/me/grants", json=wish).status_code == 201
        read = site.system(alpha).get(
            f"{V1}/carnets/{ana.carnet_id}/fields?purpose=proposer_poste&fields=velo_electrique"
        )
        assert [one["value"] for one in read.json()["fields"]["velo_electrique"]] == ["velo"]
    world.close()
