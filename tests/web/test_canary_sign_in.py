"""Nothing of a sign-in is anywhere it could be copied from: real sign-ins, good and bad, through a provider
whose people bear planted names; then everything written, logged and answered is searched for them, for every
token, code and secret that passed, and for what was typed."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from schemas.ids import StructureId
from schemas.names import Role, StructureKind
from tests.journeys.running import SECRET, plain_clients
from tests.planted import Planted, dump, found_in, listening, said
from tests.planting_provider import AGENT, PERSON
from tests.provider_process import CLIENT_ID, ProviderHandle, plain_http, start_provider, walk_to_callback
from tests.web.plain_browser import Browser, Page
from tests.web.site import BASE, V1, Site, fields_url, site_over
from tests.web.test_api_dpop import Holder
from tests.world import MovingClock, World
from vault.services.administering import invite

FC, PC = "/connexion/franceconnect", "/connexion/proconnect"
FORM = {"content-type": "application/x-www-form-urlencoded"}
FAULTS = (
    "wrong-nonce",
    "tampered",
    "alg-none",
    "unknown-kid",
    "token-500",
    "token-html",
    "odd-token-type",
    "userinfo-bare",
    "userinfo-other-sub",
    "identity-control-name",
    "identity-number-name",
    "callback-wrong-iss",
    "callback-unknown-error",
)
SMTP_PASSWORD = "canarimotdepasse"
BROWSERS = ("person", "agent", "manager", "stranger")
# Where each may be, by who was answered and which part of the answer; anywhere else is a leak.
WHERE: dict[str, set[tuple[str, str]]] = {
    "name": {("person", "body"), ("agent", "body"), ("manager", "body")},
    "email": {("person", "body"), ("agent", "body"), ("manager", "body")},
    "typed": {("person", "body")},
    "csrf": {("person", "body"), ("agent", "body"), ("manager", "body")},
    "cookie": {(who, "set-cookie") for who in BROWSERS},
    "state": {(who, "location") for who in BROWSERS},  # at the provider
    "nonce": {(who, "location") for who in BROWSERS},
    "id_token": {(who, "location") for who in BROWSERS},  # to sign out there
    "invitation": {("agent", "body"), ("manager", "body")},  # the form of the link's own page
    "bearer": {("system", "body")},
    "wanted": {("stranger", "body")},  # the page to come back to is in the links of the sign-in page
}
PROVIDERS_OWN = {"state", "nonce", "id_token"}  # in an address of the provider, never in one of ours


@dataclass
class Heard:
    """One answer, and who got it."""

    who: str
    parts: dict[str, bytes]
    location: str


@dataclass
class Story:
    site: Site
    provider: ProviderHandle
    stack: ExitStack
    clock: MovingClock
    planted: Planted = field(default_factory=Planted)
    heard: list[Heard] = field(default_factory=list)

    def browser(self, who: str) -> Browser:
        client = self.site.client()
        client.event_hooks = {"response": [lambda answer: self.hear(who, answer)]}
        return Browser(client)

    def hear(self, who: str, answer: Any) -> None:
        answer.read()
        parts = {name.lower(): f"{name}: {value}".encode() for name, value in answer.headers.multi_items()}
        parts["set-cookie"] = "\n".join(answer.headers.get_list("set-cookie")).encode()
        self.heard.append(Heard(who, parts | {"body": answer.content}, answer.headers.get("location", "")))

    def plant(self, kind: str, secret: str) -> str:
        return self.planted.keep(f"{kind} {len(self.planted.words)}", secret)

    def leave(self, browser: Browser, door: str) -> str:
        answer = browser.client.get(door)
        address = str(answer.headers["location"])
        asked = parse_qs(urlsplit(address).query)
        for kind in ("state", "nonce"):
            self.plant(kind, asked[kind][0])
        self.plant("cookie", browser.client.cookies["carnet"])
        return address

    def come_back(self, browser: Browser, authorize: str, choice: str) -> Page:
        with plain_http() as there:
            back = walk_to_callback(there, authorize, choice)
        page = browser.get(back.removeprefix(BASE))
        self.plant("cookie", browser.client.cookies["carnet"])
        for form in page.forms:
            for name, value in form.inputs:
                if name == "csrf_token" and value:
                    self.plant("csrf", value)
        return page

    def order(self, **what: Any) -> None:
        with plain_http() as http:
            http.put(f"http://127.0.0.1:{self.provider.port}/misbehave", json=what).raise_for_status()

    def given(self) -> None:
        """What passed between the provider and us."""
        with plain_http() as http:
            told = http.get(f"http://127.0.0.1:{self.provider.port}/given").json()
        assert {"code", "code_verifier", "access_token", "id_token", "refresh_token", "userinfo"} <= set(told)
        for kind, secrets in told.items():
            for secret in secrets:
                self.plant(kind, secret)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("canary")
    with (
        start_provider(plain_clients(BASE), module="tests.planting_provider") as provider,
        ExitStack() as stack,
    ):
        stores = f"sqlite:///{folder}/c.sqlite", f"sqlite:///{folder}/k.sqlite"
        clock = MovingClock()
        world = World.open(*stores, folder, clock=clock, **settings_for(provider))
        with site_over(world) as site:
            told = Story(site, provider, stack, clock)
            with listening(told.planted):
                live(told)
            yield told
        world.close()


def settings_for(provider: ProviderHandle) -> dict[str, str]:
    told = {"CARNET_SMTP_URL": f"smtp://canariposte:{SMTP_PASSWORD}@127.0.0.1:9"}  # nobody listens there
    for name, issuer in provider.issuers.items():
        prefix = f"CARNET_{name.upper()}"
        told |= {
            f"{prefix}_ISSUER": issuer,
            f"{prefix}_CLIENT_ID": CLIENT_ID,
            f"{prefix}_CLIENT_SECRET": SECRET,
        }
    return told


def live(story: Story) -> None:
    """Everybody does everything, well and badly."""
    for who, told in (("name", PERSON), ("name", AGENT)):
        for name, value in told.items():
            if name == "given_name_array":
                continue
            story.plant("email" if name == "email" else who, str(value))
    story.plant("client_secret", SECRET)
    story.plant("smtp", SMTP_PASSWORD)
    a_person(story)
    whoever_is_refused(story)
    agents(story)
    a_system(story)
    a_crash(story)
    whoever_comes_back_too_late(story)
    story.site.world.app.jobs().run_once()
    assert story.site.world.app.mail().run_once().delayed, "a letter was tried and waits"
    story.given()


def a_person(story: Story) -> None:
    browser = story.browser("person")
    page = story.come_back(browser, story.leave(browser, FC), "amina")
    assert "CANARIUSAGE" in page.text
    for address in pages_of(story, browser):
        browser.get(address)
    typed = story.plant("typed", "canarirecit de ma vie")
    form = browser.get("/mon-carnet/emploi").form("/mon-carnet/emploi")
    box = next(name for name, value in sorted(form.offered) if not value and "parcours_recit" in name)
    data = form.filled({box: typed})
    assert browser.post("/mon-carnet/emploi", data).status == 200
    assert typed in browser.get("/mon-carnet/emploi").html
    wrong = story.plant("typed", "canarifaux")
    for sent in (
        data | {box: [wrong], "csrf_token": ["canarijeton"]},
        data | {box: [wrong + "\x00"]},
        data | {box: [wrong * 20_000]},
        data | {box: [wrong], "canaricase": ["canaricase"]},
    ):
        browser.post("/mon-carnet/emploi", sent)
    browser.client.post("/mon-carnet/emploi", content=wrong.encode())
    browser.client.put(f"{V1}/me/fields/permis_conduire", json={"value": wrong})
    browser.client.get(f"{V1}/me/accesses?after={wrong}")
    out = browser.client.post("/deconnexion", data={"csrf_token": data["csrf_token"]})
    assert "id_token_hint" in out.headers["location"]
    late = story.plant("typed", "canaritard")
    browser.post("/mon-carnet/emploi", data | {box: [late]})


def pages_of(story: Story, browser: Browser) -> list[str]:
    """Every address of hers that needs nothing chosen."""
    routes = [
        route for route in story.site.app.router.routes if "GET" in (getattr(route, "methods", None) or ())
    ]
    apart = (FC, PC, "/deconnexion", "/static")
    return [one.path for one in routes if "{" not in one.path and not one.path.startswith(apart)]


def whoever_is_refused(story: Story) -> None:
    for number, fault in enumerate(FAULTS):
        door, choice = ((FC, "kevin"), (PC, "nolwenn"))[number % 2]
        browser = story.browser("stranger")
        address = story.leave(browser, door)
        story.order(mode=fault)
        story.come_back(browser, address, choice)
        story.order(mode=None)
    browser = story.browser("stranger")
    story.come_back(browser, story.leave(browser, FC), "refuse")
    changed = story.browser("stranger")
    page = story.come_back(changed, story.leave(changed, FC), "amina+renewed")
    assert "carnet est le vôtre" in page.text, (
        "her identity leads to a carnet that her identifier does not open"
    )
    state = parse_qs(urlsplit(story.leave(browser, FC)).query)["state"][0]
    said = story.plant("sent", "canarienvoye")
    for query in (
        f"error={said}&error_description={said}&state={state}",
        f"code={said}&state={state}&iss={said}",
        f"code={said}&code={said}",
        f"state={said}",
        f"{said}={said}",
    ):
        for door in (FC, PC):
            browser.get(f"{door}/retour?{query}")
    for path in (f"/{said}", f"/invitation/{said}", f"/connexion/{said}/autre-compte?suite={said}"):
        browser.get(path)
    browser.get(f"/connexion?retour=/{story.plant('wanted', 'canarivoulu')}")


def agents(story: Story) -> None:
    """One who follows people, then one who manages the team and sees whom it holds."""
    structure = story.site.world.structure("Une structure", StructureKind.CCAS)
    stranger = story.browser("stranger")
    story.come_back(stranger, story.leave(stranger, PC), "karim")  # not invited: told so
    an_agent(story, structure, "agent", Role.REFERENT, "karim")
    manager = an_agent(story, structure, "manager", Role.MANAGER, "nolwenn")
    form = manager.get("/equipe/inviter").form("/equipe/inviter")
    sent = {"email": story.plant("email", "canarinouvelle@exemple.example"), "role": "member"}
    manager.post(form.action, form.filled(sent))
    manager.post(form.action, form.filled(sent | {"email": story.plant("email", "canari\u2028faux@exemple")}))
    manager.get("/equipe")


def an_agent(story: Story, structure: StructureId, who: str, role: Role, key: str) -> Browser:
    world = story.site.world
    address = story.plant("email", f"canariinvite{key}@exemple.example")
    made = invite(world.parts, structure_id=structure, email=address, role=role)
    story.plant("invitation", made.secret)
    browser = story.browser(who)
    link = f"/invitation/{made.secret}"
    form = browser.get(link).form(link)
    answer = browser.client.post(link, data=form.filled({}))
    story.come_back(browser, str(answer.headers["location"]), key)
    asked = parse_qs(urlsplit(str(answer.headers["location"])).query)
    for kind in ("state", "nonce"):
        story.plant(kind, asked[kind][0])
    assert "CANARIBUREAU" in browser.get("/mon-compte").text
    for path in pages_of(story, browser):
        browser.get(path)
    return browser


def a_system(story: Story) -> None:
    machine, browser = story.site.machine(), story.browser("system")
    good, bad = machine.assertion(), machine.assertion(aud="https://canari.example")
    for assertion in (good, bad):
        story.plant("assertion", assertion)
        story.plant("assertion", assertion.rpartition(".")[2])
    token = browser.client.post("/oauth/token", data=machine.form(good)).json()["access_token"]
    story.plant("bearer", token)
    for form in (machine.form(bad), machine.form(good), machine.form(bad, canari="canari")):
        assert browser.client.post("/oauth/token", data=form).status_code in (400, 401)
    url = fields_url("a" * 26)
    for headers in ({"Authorization": f"Bearer {token}"}, {"Authorization": f"Basic {token}"}, {}):
        browser.client.get(url, headers=headers)
    browser.client.get(f"{V1}/grants?access_token={token}")
    browser.client.get(f"{V1}/me/carnet", headers={"Authorization": f"Bearer {token}"})
    browser.client.post("/oauth/token", content=token.encode(), headers=FORM)
    holder = Holder.new()
    proofs = [holder.proof("/oauth/token", "POST"), holder.proof("/oauth/token", "POST", htm="canari")]
    for proof in proofs:
        story.plant("proof", proof)
        told = browser.client.post("/oauth/token", data=machine.form(), headers={"DPoP": proof}).json()
        if "access_token" in told:
            token = story.plant("bearer", told["access_token"])
    for bad in (True, False):
        proof = story.plant("proof", holder.proof(url.partition("?")[0], token="canari" if bad else token))
        browser.client.get(url, headers={"Authorization": f"DPoP {token}", "DPoP": proof})
    browser.client.post("/oauth/revoke", data=machine.form(token=token, grant_type="canari"))


def whoever_comes_back_too_late(story: Story) -> None:
    """A session ends while she writes: what she wrote is kept for her, sealed. Then time is up for all."""
    browser = story.browser("person")
    story.come_back(browser, story.leave(browser, FC), "eleonore")
    form = browser.get("/mon-carnet/emploi").form("/mon-carnet/emploi")
    late = story.plant("typed", "canarigarde le temps de revenir")
    story.clock.forward(minutes=21)
    page = browser.post("/mon-carnet/emploi", form.filled({}) | {"parcours_recit": [late]})
    assert page.address.startswith("/connexion?"), page.address
    assert "gardé" in page.text, "it waits for her"


def a_crash(story: Story) -> None:
    """A fault of ours, in the middle of a sign-in, whose message holds everything."""

    def breaks(_request: Any, name: str, signed: Any, *_: Any, **__: Any) -> Any:
        raise RuntimeError(f"{name} {signed.claims!r} {vars_of(signed)}")

    browser = story.browser("stranger")
    address = story.leave(browser, FC)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("vault.web.pages.sign_in._open", breaks)
        assert story.come_back(browser, address, "fatoumata").status == 500


def vars_of(one: Any) -> str:
    return " ".join(str(getattr(one, name)) for name in one.__dataclass_fields__)


# --- where it is searched --------------------------------------------------------------------------------


def kinds(found: list[str]) -> set[str]:
    return {what.split(" ")[0] for what in found}


def test_what_was_planted_did_pass(story: Story) -> None:
    assert kinds(list(story.planted.words)) >= {
        *WHERE,
        "code",
        "code_verifier",
        "access_token",
        "userinfo",
        "sub",
    }
    everything = b"\n".join(part for one in story.heard for part in one.parts.values())
    assert kinds(found_in(story.planted, everything)) == set(WHERE), "where each may be, it is found"
    assert len(story.heard) > 100
    assert len(story.planted.logged) > 100


@pytest.mark.parametrize("part", ["data", "keys"])
def test_nothing_of_a_sign_in_is_in_the_files_of(story: Story, part: str) -> None:
    assert found_in(story.planted, dump(story.site.world, part)) == []


def test_nothing_of_a_sign_in_is_in_any_other_file(story: Story) -> None:
    folder = story.site.world.app.settings.data_dir.parent
    files = [path for path in folder.rglob("*") if path.is_file() and ".sqlite" not in path.name]
    for path in files:
        assert found_in(story.planted, path.read_bytes() + path.name.encode()) == [], path.name


def test_nothing_of_a_sign_in_is_logged_by_anybody(story: Story) -> None:
    ours = [record for record in story.planted.logged if not by_the_test(record)]
    assert {"carnet.security", "carnet.web"} <= {record.name for record in ours}
    for library in ("sqlalchemy", "httpx2", "httpcore2"):
        assert any(record.name.startswith(library) for record in ours), library
    for name in {record.name for record in ours}:
        all_of_it = b"\n".join({said(record) for record in ours if record.name == name})
        assert found_in(story.planted, all_of_it) == [], name


def by_the_test(record: logging.LogRecord) -> bool:
    """Said by the browsers of this page: what the server asks, it asks in threads of its own."""
    return record.name.startswith(("httpx", "httpcore")) and record.threadName == "MainThread"


def test_every_answer_holds_only_what_is_meant_for_whoever_got_it(story: Story) -> None:
    for one in story.heard:
        for part, content in one.parts.items():
            for kind in kinds(found_in(story.planted, content)):
                assert (one.who, part) in WHERE.get(kind, set()), (one.who, part, kind, content[:200])
                if kind in PROVIDERS_OWN:
                    assert urlsplit(one.location).port == story.provider.port, kind


def test_no_repr_of_what_a_sign_in_leaves_holds_any(story: Story) -> None:
    world = story.site.world
    for one in (
        world.app,
        world.parts,
        world.app.settings,
        story.site.app.state.carnet,
        story.site.app.state.doors,
    ):
        assert found_in(story.planted, repr(one).encode()) == [], type(one).__name__
