"""Whatever is sent, the answer is 4xx with the place of each fault, and nothing is half-written."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from schemas.asking import FormKind
from schemas.ids import new_id
from schemas.names import StructureKind
from tests.web.site import V1, Site
from tests.world import Someone

FIELD = f"{V1}/me/fields/permis_conduire"


@pytest.fixture(scope="module")
def me(lone_site: Site) -> tuple[Someone, TestClient]:
    return lone_site.person("ana")


def sent(client: TestClient, body: bytes, content_type: str = "application/json", url: str = FIELD) -> Any:
    return client.put(url, content=body, headers={"Content-Type": content_type})


def pointers(answer: Any) -> list[str]:
    return sorted(fault["pointer"] for fault in answer.json().get("errors", ()))


UNREADABLE = {
    "nothing": b"",
    "not JSON": b"{",
    "a name twice": b'{"value": ["b"], "value": ["am"]}',
    "a name twice, deep": b'{"value": {"a": 1, "a": 2}}',
    "a lone surrogate": b'{"value": "\\ud800"}',
    "a lone surrogate as a name": b'{"\\ud800": 1}',
    "NaN": b'{"value": NaN}',
    "infinity": b'{"value": -Infinity}',
    "beyond infinity": b'{"value": 1e400}',
    "a huge number": b'{"value": 123456789012345678901234567890}',
    "a huge fraction": b'{"value": 1e300}',
    "a number of ten thousand digits": b'{"value": ' + b"9" * 10_000 + b"}",
    "not UTF-8": b'{"value": "\xff"}',
    "UTF-16": '{"value": ["b"]}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"value": ["b"]}',
    "very deep": b'{"value":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "two documents": b'{"value": ["b"]} {}',
}


@pytest.mark.parametrize("why", UNREADABLE)
def test_a_body_that_is_not_strict_json_is_400(me: tuple[Someone, TestClient], why: str) -> None:
    answer = sent(me[1], UNREADABLE[why])
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("problems/bad-request")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "",
        "json",
        "multipart/form-data",
    ],
)
def test_a_body_of_another_type_is_415(me: tuple[Someone, TestClient], content_type: str) -> None:
    assert sent(me[1], b'{"value": ["b"]}', content_type).status_code == 415


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=UTF-8"])
def test_json_in_utf_8_is_taken_however_its_type_is_spelt(
    me: tuple[Someone, TestClient], content_type: str
) -> None:
    assert sent(me[1], b'{"value": ["b"]}', content_type).status_code == 200


WRONG: dict[str, tuple[Any, list[str]]] = {
    "an unknown choice": ({"value": ["zz"]}, ["/value/0"]),
    "two faults": ({"value": ["zz", "b", 3]}, ["/value/0", "/value/2"]),
    "another type": ({"value": 3}, ["/value"]),
    "no value at all": ({"value": None}, ["/value"]),
    "neither value nor answer": ({}, [""]),
    "both value and answer": ({"value": ["b"], "answer": "does_not_know"}, [""]),
    "an unknown answer": ({"answer": "perhaps"}, ["/answer"]),
    "answered without a value": ({"answer": "answered"}, ["/answer"]),
    "unknown members": ({"value": ["b"], "x": 1, "y": 2}, ["/x", "/y"]),
    "a member to escape": ({"value": ["b"], "a/b~c": 1}, ["/a~1b~0c"]),
    "a version that is true": ({"value": ["b"], "version": True}, ["/version"]),
    "a version that is a text": ({"value": ["b"], "version": "1"}, ["/version"]),
    "a version below zero": ({"value": ["b"], "version": -1}, ["/version"]),
    "a fractional version": ({"value": ["b"], "version": 1.5}, ["/version"]),
    "a list": (["b"], [""]),
    "a text": ("b", [""]),
    "null": (None, [""]),
    "a control character": ({"value": ["b\u0000"]}, ["/value/0"]),
}


@pytest.mark.parametrize("why", WRONG)
def test_what_the_schema_refuses_is_422_with_the_place_of_each_fault(
    me: tuple[Someone, TestClient], lone_site: Site, why: str
) -> None:
    body, places = WRONG[why]
    before = lone_site.log_size()
    answer = sent(me[1], json.dumps(body).encode())
    assert (answer.status_code, pointers(answer)) == (422, places), answer.text
    assert lone_site.log_size() == before
    assert all(fault["sentence"].strip() for fault in answer.json()["errors"])


@pytest.mark.parametrize(
    "field_id",
    ["inconnu", "permis_conduire:precis", "identite_nom", "revenus_sources:precis", "%00", "a" * 300, "é"],
)
def test_a_field_that_cannot_be_written_is_422(me: tuple[Someone, TestClient], field_id: str) -> None:
    answer = me[1].put(f"{V1}/me/fields/{field_id}", json={"value": ["b"]})
    assert (answer.status_code, pointers(answer)) == (422, ["/field_id"]), answer.text
    assert field_id not in answer.text


def test_every_field_refuses_a_value_of_no_type_and_takes_none_of_it(
    me: tuple[Someone, TestClient], lone_site: Site
) -> None:
    wrong = [{"nobody": {"expects": "this"}}, "\u202e\u0001", "2026-02-30", -(2**40)]
    before, written = lone_site.log_size(), 0
    for field in lone_site.world.parts.catalogue.fields:
        for value in wrong:
            answer = me[1].put(f"{V1}/me/fields/{field.id}", json={"value": value})
            plain_text = field.kind in (FormKind.SHORT_TEXT, FormKind.LONG_TEXT) and value == "2026-02-30"
            assert answer.status_code == (200 if plain_text else 422), (field.id, value)
            written += plain_text
    assert lone_site.log_size() - before == written


def grant_body(site: Site, **changes: Any) -> dict[str, Any]:
    told = {
        "grantee": {"structure_id": site.machine(f"SIAE {new_id()}").structure_id},
        "purpose_id": "proposer_poste",
        "fields": ["permis_conduire"],
        "rights": ["read"],
        "days": 31,
    } | changes
    return {name: value for name, value in told.items() if value is not ...}


WRONG_GRANTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no grantee": ({"grantee": ...}, ["/grantee"]),
    "a grantee that is a text": ({"grantee": "alpha"}, ["/grantee"]),
    "nobody": ({"grantee": {}}, ["/grantee"]),
    "an unknown structure": ({"grantee": {"structure_id": "a" * 26}}, ["/grantee"]),
    "an unknown professional": ({"grantee": {"professional_id": "a" * 26}}, ["/grantee"]),
    "an id of another shape": ({"grantee": {"structure_id": "\u0000"}}, ["/grantee/structure_id"]),
    "a function": ({"grantee": {"function": "referent"}}, ["/grantee/function"]),
    "two grantees": ({"grantee": {"structure_id": "a" * 26, "professional_id": "a" * 26}}, ["/grantee"]),
    "an unknown purpose": ({"purpose_id": "inconnu"}, ["/purpose_id"]),
    "unknown fields": ({"fields": ["permis_conduire", "x", "y"]}, ["/fields/1", "/fields/2"]),
    "a field the purpose does not have": ({"fields": ["sante_retentissement"]}, ["/fields/0"]),
    "no field": ({"fields": []}, ["/fields"]),
    "a field twice": ({"fields": ["permis_conduire", "permis_conduire"]}, ["/fields"]),
    "a right that does not exist": ({"rights": ["read", "write"]}, ["/rights/1"]),
    "no right": ({"rights": []}, ["/rights"]),
    "no days": ({"days": ...}, ["/days"]),
    "days that are not whole": ({"days": 1.5}, ["/days"]),
    "days as a text": ({"days": "31"}, ["/days"]),
    "days that are true": ({"days": True}, ["/days"]),
    "no day": ({"days": 0}, ["/days"]),
    "a thousand days": ({"days": 1000}, ["/days"]),
    "more days than the purpose allows": ({"days": 365}, ["/days"]),
    "unknown members": ({"receipt": True}, ["/receipt"]),
    "several faults": (
        {"purpose_id": "inconnu", "fields": ["x", "permis_conduire"]},
        ["/fields/0", "/purpose_id"],
    ),
}


@pytest.mark.parametrize("why", WRONG_GRANTS)
def test_a_grant_the_frame_does_not_allow_is_422_and_gives_nothing(
    me: tuple[Someone, TestClient], lone_site: Site, why: str
) -> None:
    changes, places = WRONG_GRANTS[why]
    body = grant_body(lone_site, **changes)
    before = lone_site.log_size()
    answer = me[1].post(f"{V1}/me/grants", json=body)
    assert (answer.status_code, pointers(answer)) == (422, places), answer.text
    assert lone_site.log_size() == before
    assert me[1].get(f"{V1}/me/grants").json()["items"] == []


def test_a_grant_outside_its_purposes_kinds_of_structure_is_422(
    me: tuple[Someone, TestClient], lone_site: Site
) -> None:
    employer = lone_site.world.structure("Employeur", StructureKind.EMPLOYEUR)
    frame = lone_site.world.parts.frame
    other = next(one for one in frame.purposes if StructureKind.EMPLOYEUR not in one.structure_kinds)
    body = grant_body(
        lone_site,
        grantee={"structure_id": employer},
        purpose_id=other.purpose_id,
        fields=list(other.compartments[:1]),
        days=1,
    )
    answer = me[1].post(f"{V1}/me/grants", json=body)
    assert (answer.status_code, pointers(answer)) == (422, ["/purpose_id"])


@pytest.mark.parametrize("grant_id", ["a" * 26, "x", "%00", "a%2Fb", "é"])
def test_withdrawing_what_one_does_not_have_is_404(me: tuple[Someone, TestClient], grant_id: str) -> None:
    assert me[1].post(f"{V1}/me/grants/{grant_id}/withdraw").status_code == 404


def test_one_may_not_withdraw_the_grant_of_another(me: tuple[Someone, TestClient], lone_site: Site) -> None:
    bob = lone_site.world.person("bob")
    grant = lone_site.world.share(bob, lone_site.machine().structure_id)
    assert me[1].post(f"{V1}/me/grants/{grant.id}/withdraw").status_code == 404
    assert [one.state for one in (lone_site.world.parts.data.grants_of(bob.carnet_id)[0].grant,)] == [
        "granted"
    ]


@pytest.mark.parametrize("body", [b'{"days": 3}', b"[]", b'"x"', b"null"])
def test_withdrawing_takes_no_content(me: tuple[Someone, TestClient], body: bytes) -> None:
    url = f"{V1}/me/grants/{'a' * 26}/withdraw"
    headers = {"Content-Type": "application/json"}
    assert me[1].post(url, content=body, headers=headers).status_code == 422


QUERIES = [
    ("/me/accesses?after=x", 422),
    ("/me/accesses?after=-1", 422),
    ("/me/accesses?after=01", 422),
    ("/me/accesses?after=99999999999999999999999", 422),
    ("/me/accesses?after=%D9%A1", 422),
    ("/me/accesses?own=yes", 422),
    ("/me/accesses?own=1&own=1", 400),
    ("/me/accesses?limit=5", 400),
    ("/me/carnet?x=1", 400),
    ("/me/grants?after=x", 422),
    ("/me/grantees?after=x", 422),
    ("/me/grantees?q=%00", 422),
    ("/me/grantees?q=" + "a" * 200, 422),
    ("/me/grantees?q=%25", 200),
    ("/me/grantees?q=_", 200),
    ("/me/grantees?q=&after=", 200),
    ("/me/accesses?after=&own=", 200),
    ("/me/accesses?after=0", 200),
    ("/catalogue?after=inconnu", 422),
    ("/purposes?after=inconnu", 422),
]


@pytest.mark.parametrize(("query", "status"), QUERIES)
def test_a_parameter_is_understood_or_refused(
    me: tuple[Someone, TestClient], query: str, status: int
) -> None:
    assert me[1].get(V1 + query).status_code == status


LATER = [
    "/me/export.json",
    "/dpo/breach-scope",
    "/docs",
    "/redoc",
]


@pytest.mark.parametrize("path", LATER)
def test_nothing_of_a_later_version_can_be_reached(me: tuple[Someone, TestClient], path: str) -> None:
    assert me[1].get(V1 + path).status_code == 404
    assert me[1].post(V1 + path, json={}).status_code == 404


@pytest.mark.parametrize("path", ["/log/proof/inclusion", "/docs", "/redoc", "/openapi.json", "/api/v1/"])
def test_no_address_is_open_that_is_not_promised(lone_site: Site, path: str) -> None:
    assert lone_site.client().get(path).status_code == 404


@pytest.mark.parametrize("name", ["from", "to", "structure_id", "professional_id", "carnet_id", "outcome"])
def test_a_filter_that_is_not_there_yet_is_named_not_ignored(lone_site: Site, name: str) -> None:
    officer = lone_site.dpo(f"dpo-{name}")
    answer = officer.get(f"{V1}/dpo/accesses?{name}=secret-value")
    assert (answer.status_code, pointers(answer)) == (400, [f"/{name}"])
    assert "secret-value" not in answer.text
    assert officer.get(f"{V1}/dpo/accesses?{name}=").status_code == 200


def test_a_version_that_is_no_longer_the_last_is_409_and_writes_nothing(lone_site: Site) -> None:
    _, me = lone_site.person("versions")
    url = f"{V1}/me/fields/vehicule_disponible"
    first = me.put(url, json={"value": "velo", "version": 0})
    assert (first.status_code, first.json()["version"]) == (200, 1)
    assert me.put(url, json={"value": "velo", "version": 1}).json()["version"] == 2
    before = lone_site.log_size()
    late = me.put(url, json={"value": "velo", "version": 1})
    assert (late.status_code, late.json()["current_version"]) == (409, 2)
    assert me.put(url, json={"value": "velo", "version": 0}).status_code == 409
    assert lone_site.log_size() == before
    assert me.put(url, json={"value": "velo", "version": 2.0}).json()["version"] == 3


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(value=anything, name=st.sampled_from(["value", "answer", "version", "x"]))
def test_no_body_breaks_a_write(me: tuple[Someone, TestClient], value: Any, name: str) -> None:
    body = json.dumps({name: value, "version": 7_000_000}).encode("utf-8", "replace")
    assert 400 <= sent(me[1], body).status_code < 500


@settings(max_examples=40)
@given(body=st.binary(max_size=60))
def test_no_bytes_break_a_write(me: tuple[Someone, TestClient], body: bytes) -> None:
    assert 400 <= sent(me[1], body).status_code < 500
