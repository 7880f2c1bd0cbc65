"""Her receipts, page by page, and the public page that knows a receipt and tells nothing of its person."""

import re
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import page
import pytest

from exporters import PaperUnavailableError
from exporters.to_receipt import to_receipt
from tests.web.site import V1, Site
from tests.world import Someone
from vault.services import stopping
from vault.services.receipt_checking import check_receipt, keys_of
from vault.services.receipts_kept import jwks, list_receipts
from vault.web.pages.receipts import on_paper


@pytest.fixture(scope="module")
def sharing(lone_site: Site) -> tuple[Site, Someone, Any, str]:
    """Somebody who shared, then stopped, with her browser and the grant's id."""
    ana, me = lone_site.person("ana")
    lone_site.world.fill(ana)
    grant = lone_site.world.share(ana, lone_site.machine("SIAE Alpha").structure_id)
    stopping.withdraw_grant(lone_site.world.parts, ana.owner, grant.id, actor=ana.actor)
    return lone_site, ana, me, grant.id


def test_she_finds_one_receipt_for_each_move_and_the_file_she_takes_holds(
    sharing: tuple[Site, Someone, Any, str],
) -> None:
    site, _, me, grant_id = sharing
    for path in ("/mes-recus", f"/mes-partages/{grant_id}/recus"):
        told = me.get(path).text
        found = re.findall(r'href="(/mes-recus/[a-z2-7]{26})"', told)
        assert len(found) == 2
        assert told.index("arrêté par vous") < told.index("est ouvert")
        assert "SIAE Alpha" in told
    one = me.get(found[0])
    assert "Votre accord" in one.text
    assert "SIAE Alpha" in one.text
    file = me.get(f"{found[0]}/recu.jws")
    assert file.headers["content-type"] == "application/jose"
    assert "attachment" in file.headers["content-disposition"]
    keys = keys_of(site.client().get("/.well-known/carnet-receipts").content)
    assert check_receipt(file.content, keys=keys).faults == ()
    assert me.get(f"{V1}{found[0].replace('/mes-recus', '/me/receipts')}").content == file.content
    assert me.get(f"{found[0]}/kantara.json").json()["version"] == "KI-CR-v1.1.0"


def test_nobody_else_gets_her_receipts(sharing: tuple[Site, Someone, Any, str]) -> None:
    site, _, me, _ = sharing
    (path,) = set(re.findall(r'href="(/mes-recus/[a-z2-7]{26})"', me.get("/mes-recus").text)[:1])
    _, other = site.person("bea")
    for suffix in ("", "/recu.jws", "/kantara.json"):
        assert other.get(path + suffix).status_code == 404
    assert "/mes-recus/" not in other.get("/mes-recus").text


def test_anybody_learns_that_a_receipt_is_ours_and_nothing_of_whom_or_what_it_is_about(
    sharing: tuple[Site, Someone, Any, str],
) -> None:
    site, ana, _, _ = sharing
    found, _ = list_receipts(site.world.parts, ana.owner, actor=ana.actor)
    receipt, visitor = found[0], site.client()
    digest = receipt.row.digest.hex()
    size = site.world.parts.data.log_size()
    answers = [
        visitor.get(f"/recu?e={digest}"),
        visitor.post("/recu", data={"recu": f" {digest[:32]} {digest[32:]}"}),
        visitor.post("/recu", data={"recu": receipt.jws.decode()}),
        visitor.post("/recu", files={"fichier": ("recu.jws", receipt.jws, "application/jose")}),
        visitor.post("/recu", files={"fichier": ("a.txt", b"\xef\xbb\xbf" + receipt.jws + b"\r\n")}),
        visitor.post("/recu", files={"fichier": ("numero.txt", digest.upper().encode())}),
    ]
    assert len({answer.text for answer in answers}) == 1, "the same answer, however it was asked"
    for answer in answers:
        assert "Ce reçu vient d’ici." in answer.text
        for word in ("SIAE Alpha", "Permis", "arrêté par vous", receipt.record.pii_principal_id):
            assert word not in answer.text
    assert site.world.parts.data.log_size() == size


@pytest.mark.parametrize("spoiled", ["digest", "signature", "payload", "cut", "é", "stranger"])
def test_a_receipt_that_was_changed_or_is_not_ours_is_not_known(
    sharing: tuple[Site, Someone, Any, str], spoiled: str
) -> None:
    site, ana, _, _ = sharing
    found, _ = list_receipts(site.world.parts, ana.owner, actor=ana.actor)
    jws, digest = found[0].jws.decode(), found[0].row.digest.hex()
    asked = {
        "digest": ("0" if digest[0] != "0" else "1") + digest[1:],
        "signature": jws[:-1] + ("A" if jws[-1] != "A" else "Q"),
        "payload": jws.replace(jws.split(".")[1][40:44], "AAAA", 1),
        "cut": jws[:-9],
        "é": "é" * 64,
        "stranger": signed_by_a_stranger(found[0].jws),
    }[spoiled]
    pasted = site.client().post("/recu", data={"recu": asked})
    sent = site.client().post("/recu", files={"fichier": ("recu.jws", asked.encode())})
    for answer in (pasted, sent):
        assert "Nous ne connaissons pas ce reçu." in answer.text
    assert asked not in sent.text


PART = 'Content-Disposition: form-data; name="fichier"; filename="recu.jws"'
MULTIPART = "multipart/form-data; boundary="


def a_body(*parts: str, boundary: str = "x", end: str = "--") -> bytes:
    told = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f"{told}--{boundary}{end}\r\n".encode()


@pytest.mark.parametrize(
    ("media", "body", "status"),
    [
        (MULTIPART + "x", a_body(f"{PART}\r\n\r\nabc"), 200),
        (MULTIPART + '"x"', a_body(f"{PART}\r\n\r\n%PDF-1.7"), 200),
        (MULTIPART + "x", a_body(f"{PART}\r\n\r\n" + "a" * 64 * 1024), 200),
        (MULTIPART + "x", a_body(f"{PART}\r\n\r\n" + "a" * (64 * 1024 + 1)), 413),
        (MULTIPART + "x", a_body(f"{PART}\r\n\r\n" + "a" * 200_000), 413),
        (MULTIPART + "x", a_body(f"{PART}\r\n\r\n" + "a" * 300_000), 413),
        (MULTIPART + "x", a_body(f"{PART}\r\n\r\n"), 303),
        (MULTIPART + "x", a_body(f"{PART}\r\n\r\nabc", end=""), 400),
        (MULTIPART + "x", a_body(f"{PART.replace('fichier', 'autre')}\r\n\r\nabc"), 303),
        (MULTIPART + "x", a_body(*[f"{PART}\r\n\r\nabc"] * 2), 400),
        (MULTIPART + "x", a_body(*['Content-Disposition: form-data; name="a"\r\n\r\nabc'] * 3), 400),
        (MULTIPART + "x", a_body("Content-Type: text/plain\r\n\r\nabc"), 400),
        (MULTIPART + "x", a_body("\r\n".join([PART] * 40) + "\r\n\r\nabc"), 400),
        (MULTIPART + "x", a_body(f"{PART}{'a' * 9000}\r\n\r\nabc"), 400),
        (MULTIPART + "x", f"--x\r\n{PART}\r\n\r\nabc--x--".encode(), 400),
        (MULTIPART + "x", b"--x--", 400),
        (MULTIPART + "x", b"", 400),
        (MULTIPART + "x", b"no form", 400),
        (MULTIPART + "x; charset=idna", a_body(f"{PART}\r\n\r\nabc"), 400),
        (MULTIPART + "y" * 71, a_body(f"{PART}\r\n\r\nabc", boundary="y" * 71), 400),
        ("multipart/form-data", a_body(f"{PART}\r\n\r\nabc"), 400),
        ("multipart/mixed; boundary=x", a_body(f"{PART}\r\n\r\nabc"), 415),
        ("text/plain", b"recu=abc", 415),
    ],
)
def test_a_file_is_small_and_alone_and_what_is_no_form_is_refused(
    lone_site: Site, media: str, body: bytes, status: int
) -> None:
    size = lone_site.world.parts.data.log_size()
    answer = lone_site.client().post(
        "/recu", content=body, headers={"content-type": media}, follow_redirects=False
    )
    assert answer.status_code == status
    assert "abc" not in answer.text
    assert lone_site.world.parts.data.log_size() == size


def test_no_other_page_takes_a_file(lone_site: Site) -> None:
    for path in ("/arreter-un-partage", "/deconnexion"):
        answer = lone_site.client().post(path, files={"fichier": ("a", b"abc")}, follow_redirects=False)
        assert answer.status_code == 415


def signed_by_a_stranger(jws: bytes) -> str:
    from vault.crypto import sign_receipt

    payload = jws.split(b".")[1]
    return sign_receipt(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)), seed=b"s" * 32).decode()


def test_a_receipt_of_an_erased_carnet_is_still_signed_and_no_longer_kept(lone_site: Site) -> None:
    from vault.services import leaving

    ana, _ = lone_site.person("zoe")
    lone_site.world.fill(ana)
    lone_site.world.share(ana, lone_site.machine("SIAE Oméga").structure_id)
    found, _ = list_receipts(lone_site.world.parts, ana.owner, actor=ana.actor)
    leaving.erase_carnet(lone_site.world.parts, ana.carnet_id, for_real=True, actor=ana.actor)
    visitor = lone_site.client()
    assert "Nous ne connaissons pas" in visitor.get(f"/recu?e={found[0].row.digest.hex()}").text
    told = visitor.post("/recu", data={"recu": found[0].jws.decode()}).text
    assert "Nous n’en gardons pas, ou plus, de copie" in told


def streams(paper: bytes) -> Iterator[bytes]:
    """What a PDF holds, inflated."""
    for one in re.findall(rb"stream\n(.*?)\nendstream", paper, re.DOTALL):
        with suppress(zlib.error):
            yield zlib.decompress(one)


# WeasyPrint leaves the file of its colour profile open.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_paper_holds_the_very_file_and_a_code_that_leads_to_its_check(
    sharing: tuple[Site, Someone, Any, str],
) -> None:
    site, ana, _, _ = sharing
    found, _ = list_receipts(site.world.parts, ana.owner, actor=ana.actor)
    state = site.app.state.carnet
    document = on_paper(state, found[0])
    assert document.check == f"{state.settings.public_url}/recu?e={found[0].row.digest.hex()}"
    try:
        paper = to_receipt(document)
    except PaperUnavailableError:
        pytest.skip("no system libraries to print with")
    assert paper == to_receipt(document)
    assert found[0].jws in list(streams(paper))
    assert b'pdfaid:part="3"' in paper
    assert b'pdfuaid:part="1"' in paper
    for profile in (page.ValidationProfile.PDF_A_3A, page.ValidationProfile.PDF_UA_1):
        assert page.validate_pdf_bytes(paper, profile=profile).failures == []
    assert len(jwks(site.world.parts)["keys"]) == 1
