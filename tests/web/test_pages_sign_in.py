"""Coming in and going out through the pages, against a true provider over HTTP, well and badly behaved."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from _pytest.logging import LogCaptureFixture

from schemas.names import Role, StructureKind
from tests.journeys.running import SECRET, plain_clients
from tests.provider_process import CLIENT_ID, ProviderHandle, plain_http, start_provider, walk_to_callback
from tests.web.plain_browser import Browser, Page
from tests.web.site import BASE, Site, site_over
from tests.world import World
from vault.services.administering import invite

FC, PC = "/connexion/franceconnect", "/connexion/proconnect"


@dataclass
class Visitor:
    """A browser that also walks through the provider, which has cookies of its own."""

    site: Site
    stack: ExitStack

    def __post_init__(self) -> None:
        self.browser = Browser(self.site.client())
        self.forget_provider()

    def forget_provider(self) -> None:
        """As if the provider had never seen this browser."""
        self.provider: httpx2.Client = self.stack.enter_context(plain_http())

    def leave(self, address: str = FC) -> str:
        """Where our page sends the browser."""
        answer = self.browser.client.get(address)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def walk(self, authorize: str, choice: str) -> str:
        """The path of our callback, not yet asked."""
        back = walk_to_callback(self.provider, authorize, choice)
        assert back.startswith(BASE)
        return back.removeprefix(BASE)

    def sign_in(self, choice: str, address: str = FC) -> Page:
        return self.browser.get(self.walk(self.leave(address), choice))

    @property
    def cookie(self) -> str | None:
        return self.browser.client.cookies.get("carnet")


@dataclass
class Doors:
    site: Site
    provider: ProviderHandle
    stack: ExitStack = field(default_factory=ExitStack)

    def visitor(self) -> Visitor:
        return Visitor(self.site, self.stack)

    @contextmanager
    def misbehaving(self, mode: str) -> Iterator[None]:
        with plain_http() as http:
            address = f"http://127.0.0.1:{self.provider.port}/misbehave"
            http.put(address, json={"mode": mode}).raise_for_status()
            try:
                yield
            finally:
                http.put(address, json={"mode": None}).raise_for_status()

    def invitation(self, role: Role = Role.REFERENT, name: str = "Une structure") -> str:
        structure = self.site.world.structure(name, StructureKind.CCAS)
        made = invite(self.site.world.parts, structure_id=structure, email="x@exemple.invalid", role=role)
        return f"/invitation/{made.secret}"


@pytest.fixture(autouse=True)
def _browsers_closed(doors: Doors) -> Iterator[None]:
    yield
    doors.stack.close()


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("doors")
    with start_provider(plain_clients(BASE), module="tests.misbehaving_provider") as provider:
        told = {}
        for name, issuer in provider.issuers.items():
            prefix = f"CARNET_{name.upper()}"
            told |= {
                f"{prefix}_ISSUER": issuer,
                f"{prefix}_CLIENT_ID": CLIENT_ID,
                f"{prefix}_CLIENT_SECRET": SECRET,
            }
        world = World.open(f"sqlite:///{folder}/c.sqlite", f"sqlite:///{folder}/k.sqlite", folder, **told)
        with site_over(world) as site:
            yield Doors(site, provider)
        world.close()


# --- the person ------------------------------------------------------------------------------------------


def test_a_person_comes_in_and_finds_her_name(doors: Doors) -> None:
    visitor = doors.visitor()
    authorize = visitor.leave()
    before = visitor.cookie
    page = visitor.browser.get(visitor.walk(authorize, "amina"))
    assert page.address == "/mon-carnet"
    assert "Bonjour Amina BENSAÏD" in page.text
    assert "Amina Leïla BENSAÏD" in page.text
    assert "donné par FranceConnect" in page.text
    assert before is not None
    assert visitor.cookie not in (None, before), "a sign-in gives a new session"


def test_the_same_person_finds_the_same_carnet(doors: Doors) -> None:
    first = doors.visitor().sign_in("gerard")
    again = doors.visitor().sign_in("gerard")
    assert first.html.split("Votre référence")[1][:80] == again.html.split("Votre référence")[1][:80]


@pytest.mark.parametrize("key", ["fatoumata", "yusuf", "eleonore", "marie-lou"])
def test_every_kind_of_name_comes_in(doors: Doors, key: str) -> None:
    assert doors.visitor().sign_in(key).address == "/mon-carnet"


def test_signing_in_leads_where_she_wanted_to_go_when_it_is_hers(doors: Doors) -> None:
    asked = doors.visitor().browser.get("/qui-a-vu?own=1")
    address = asked.links["S’identifier avec FranceConnect"]
    assert doors.visitor().sign_in("amina", address).address == "/qui-a-vu?own=1"
    for elsewhere in (
        "//evil.example",
        "/dpo",
        "https://evil.example/",
        "/connexion",
        "/mon-carnet/../dpo",
        "/\\evil",
    ):
        page = doors.visitor().sign_in("amina", f"{FC}?retour={elsewhere}")
        assert page.address == "/mon-carnet", elsewhere


def test_refusing_is_normal_and_touches_no_session(doors: Doors) -> None:
    visitor = doors.visitor()
    visitor.sign_in("amina")
    kept = visitor.cookie
    visitor.forget_provider()
    page = visitor.sign_in("refuse")
    assert page.status == 200
    assert "Réessayer avec FranceConnect" in page.text
    assert visitor.cookie == kept
    assert visitor.browser.get("/mon-carnet").status == 200


# --- what must not work ----------------------------------------------------------------------------------


def test_an_answer_works_once_in_the_browser_that_asked_for_it(doors: Doors) -> None:
    visitor, other = doors.visitor(), doors.visitor()
    back = visitor.walk(visitor.leave(), "amina")
    other.leave()
    stolen = other.browser.get(back)
    assert stolen.status == 400
    assert other.browser.get("/mon-carnet").address.startswith("/connexion")
    assert visitor.browser.get(back).status == 400, "taken by the first that tried"
    back = visitor.walk(visitor.leave(), "continue")
    assert visitor.browser.get(back).address == "/mon-carnet"
    assert visitor.browser.get(back).status == 400


@pytest.mark.parametrize(
    "query",
    ["", "?state=undefined&error=access_denied", "?state=x&code=y&iss=z", "?code=y", "?state=" + "x" * 500],
)
def test_an_answer_nobody_waits_for_is_a_neutral_page(doors: Doors, query: str) -> None:
    for door in (FC, PC):
        page = doors.visitor().browser.get(f"{door}/retour{query}")
        assert page.status == 400
        assert "n’est plus valable" in page.text
        assert "Se déconnecter" not in page.text


def test_a_parameter_given_twice_is_refused_as_a_whole(doors: Doors) -> None:
    visitor = doors.visitor()
    back = visitor.walk(visitor.leave(), "kevin")
    assert visitor.browser.get(back + "&state=autre").status == 400
    assert visitor.browser.get("/mon-carnet").address.startswith("/connexion")


def test_an_answer_of_one_provider_is_worth_nothing_at_the_others_address(doors: Doors) -> None:
    visitor = doors.visitor()
    back = visitor.walk(visitor.leave(), "kevin")
    page = visitor.browser.get(back.replace(FC, PC))
    assert page.status == 400
    assert visitor.browser.get("/mon-carnet").address.startswith("/connexion")


@pytest.mark.parametrize(
    ("mode", "status"),
    [("wrong-nonce", 403), ("token-500", 503), ("userinfo-bare", 403), ("userinfo-html", 403)],
)
def test_a_provider_that_misbehaves_opens_nothing(
    doors: Doors, mode: str, status: int, caplog: LogCaptureFixture
) -> None:
    visitor = doors.visitor()
    back = visitor.walk(visitor.leave(), "kevin")
    with doors.misbehaving(mode):
        page = visitor.browser.get(back)
    assert page.status == status
    assert visitor.browser.get("/mon-carnet").address.startswith("/connexion")
    (record,) = [record for record in caplog.records if record.name == "carnet.security"]
    told = record.getMessage()
    assert told.startswith("sign-in refused: provider=franceconnect reason=")
    query = dict(parse_qsl(urlsplit(back).query))
    assert not any(secret in told for secret in (query["state"], query["code"], "MOREAU", "127.0.0.1"))


def test_a_slow_provider_holds_up_nobody_else(doors: Doors) -> None:
    visitor = doors.visitor()
    back = visitor.walk(visitor.leave(), "kevin")
    with doors.misbehaving("token-silence"):
        waiting = threading.Thread(target=lambda: visitor.browser.get(back))
        started = time.monotonic()
        waiting.start()
        time.sleep(0.3)
        other = doors.visitor()
        assert other.browser.get("/aide").status == 200
        assert time.monotonic() - started < 3
        assert waiting.is_alive()
        waiting.join(20)
    assert not waiting.is_alive()


def test_while_the_log_is_away_nobody_signs_in_and_the_page_stays_up(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vault.errors import LogUnavailableError
    from vault.storage.data_store import SqlDataStore

    def away(*_: object) -> None:
        raise LogUnavailableError("stopped on purpose")

    visitor = doors.visitor()
    back = visitor.walk(visitor.leave(), "amina")
    monkeypatch.setattr(SqlDataStore, "change", away)
    page = visitor.browser.get(back)
    assert page.status == 503
    assert "Réessayez" in page.text
    assert page.headers["retry-after"]
    assert visitor.browser.get("/connexion").status == 200
    assert visitor.browser.get("/mon-carnet").address.startswith("/connexion")


# --- professionals ---------------------------------------------------------------------------------------


def test_without_an_invitation_a_professional_is_told_so(doors: Doors) -> None:
    page = doors.visitor().sign_in("nolwenn", PC)
    assert page.status == 403
    assert "invitation" in page.text


def test_an_invitation_works_once_and_its_secret_never_travels_again(doors: Doors) -> None:
    address = doors.invitation(name="CCAS de l’invitation")
    visitor = doors.visitor()
    page = visitor.browser.get(address)
    assert "CCAS de l’invitation" in page.text
    form = page.form(address)
    answer = visitor.browser.client.post(form.action, data=form.filled({}))
    assert answer.status_code == 303
    secret = address.rpartition("/")[2]
    assert secret not in answer.headers["location"]
    back = visitor.walk(answer.headers["location"], "karim")
    assert secret not in back
    carnets = visitor.browser.get(back)
    assert carnets.address == "/carnets"
    assert "CCAS de l’invitation" in carnets.text
    used = doors.visitor().browser.get(address)
    assert used.status == 404
    assert "n’est plus valable" in used.text
    assert doors.visitor().sign_in("karim", PC).address == "/carnets", "bound to the account from then on"


@pytest.mark.parametrize("secret", ["inconnu", "x" * 5000, "%00", "é"])
def test_an_unknown_invitation_tells_nothing(doors: Doors, secret: str) -> None:
    page = doors.visitor().browser.get(f"/invitation/{secret}")
    assert page.status == 404
    posted = doors.visitor().browser.post(f"/invitation/{secret}", {"x": "y"})
    assert posted.status == 404


def test_another_site_cannot_post_an_invitation(doors: Doors) -> None:
    address = doors.invitation()
    page = doors.visitor().browser.post(address, {"x": "y"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status == 403


@pytest.mark.parametrize("door", [FC, PC])
def test_another_site_signs_nobody_in_unless_she_follows_its_link(doors: Doors, door: str) -> None:
    visitor = doors.visitor()
    asked = f"{door}?retour=/qui-a-vu"
    answer = visitor.browser.client.get(asked, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion?retour=%2Fqui-a-vu")
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-User": "?1"}
    for told in (followed, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}):
        answer = visitor.browser.client.get(asked, headers=told)
        assert str(answer.headers["location"]).startswith(f"http://127.0.0.1:{doors.provider.port}/")


def test_somebody_of_two_structures_chooses_and_may_change(doors: Doors) -> None:
    visitor = doors.visitor()
    for name in ("CCAS Un", "CCAS Deux"):
        address = doors.invitation(name=name)
        form = visitor.browser.get(address).form(address)
        answer = visitor.browser.client.post(form.action, data=form.filled({}))
        choice = "claire" if name == "CCAS Un" else "continue"
        page = visitor.browser.get(visitor.walk(answer.headers["location"], choice))
    assert page.address == "/choisir-structure"
    assert visitor.browser.get("/carnets").address == "/choisir-structure", "nothing opens before the choice"
    for name in ("CCAS Un", "CCAS Deux"):
        chosen = visitor.browser.press(
            visitor.browser.get("/choisir-structure"), name, action="/choisir-structure"
        )
        assert chosen.address == "/carnets"
        assert f"Claire ROUSSEAU, {name}" in chosen.text
    form = visitor.browser.get("/choisir-structure").form("/choisir-structure").filled({})
    forged = visitor.browser.post("/choisir-structure", form | {"habilitation_id": ["a" * 26]})
    assert forged.address == "/choisir-structure"


def test_a_dpo_comes_to_the_desk(doors: Doors) -> None:
    address = doors.invitation(Role.DPO)
    visitor = doors.visitor()
    form = visitor.browser.get(address).form(address)
    answer = visitor.browser.client.post(form.action, data=form.filled({}))
    assert visitor.browser.get(visitor.walk(answer.headers["location"], "helene")).address == "/dpo"


def test_without_a_second_factor_a_professional_is_told_how(doors: Doors) -> None:
    page = doors.visitor().sign_in("thomas", PC)
    assert page.status == 403
    assert "deuxième vérification" in page.text


# --- going out -------------------------------------------------------------------------------------------


def test_signing_out_ends_our_session_then_the_providers(doors: Doors) -> None:
    visitor = doors.visitor()
    home = visitor.sign_in("gerard")
    form = home.form("/deconnexion")
    answer = visitor.browser.client.post("/deconnexion", data=form.filled({}))
    target = answer.headers["location"]
    assert target.startswith(doors.provider.issuer_fc + "/session/end?")
    assert "id_token_hint=" in target
    assert visitor.cookie is None
    ended = visitor.provider.get(target)
    assert ended.headers["location"].startswith(f"{BASE}/deconnexion/retour?state=")
    page = visitor.browser.get(ended.headers["location"].removeprefix(BASE))
    assert page.status == 200
    assert "Se déconnecter" not in page.text
    asked = visitor.provider.get(visitor.leave(), follow_redirects=True)
    assert 'name="identity"' in asked.text, "the provider asks again who it is"


def test_signing_out_works_though_the_provider_is_down_and_says_what_may_stay_open(doors: Doors) -> None:
    visitor = doors.visitor()
    home = visitor.sign_in("gerard")
    with doors.misbehaving("discovery-500"), fresh_doors(doors.site):
        page = visitor.browser.post("/deconnexion", home.form("/deconnexion").filled({}))
    assert page.status == 200
    assert page.address.startswith("/deconnexion/retour")
    assert "encore" in page.text
    assert visitor.browser.get("/mon-carnet").address.startswith("/connexion")


def test_signing_out_twice_is_no_error(doors: Doors) -> None:
    visitor = doors.visitor()
    page = visitor.browser.post("/deconnexion", {"csrf_token": "perime"})
    assert page.status == 200
    assert page.address == "/deconnexion/retour"


@contextmanager
def fresh_doors(site: Site) -> Iterator[None]:
    """Doors that remember nothing of their providers, for a while."""
    kept = site.app.state.doors
    del site.app.state.doors
    yield
    site.app.state.doors.close()
    site.app.state.doors = kept


def test_somebody_not_invited_may_leave_the_account_that_was_used(doors: Doors) -> None:
    visitor = doors.visitor()
    page = visitor.sign_in("nolwenn", PC)
    assert page.status == 403
    answer = visitor.browser.client.get(page.links["Quitter ce compte ProConnect"])
    assert answer.headers["location"].startswith(doors.provider.issuer_pc + "/session/end?")
    again = visitor.browser.get(page.links["Quitter ce compte ProConnect"])
    assert again.address == "/connexion", "once"


def test_on_https_the_one_cookie_is_locked_to_the_host(doors: Doors, tmp_path: Path) -> None:
    told = {name: value for name, value in doors.site.world.environ.items() if "CONNECT" in name}
    world = World.open(
        f"sqlite:///{tmp_path}/c.sqlite",
        f"sqlite:///{tmp_path}/k.sqlite",
        tmp_path,
        **told,
        CARNET_PUBLIC_URL="https://carnet.example",
    )
    with site_over(world) as site:
        cookie = site.client().get(FC).headers["set-cookie"]
        site.app.state.doors.close()
    world.close()
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-carnet=.")
    assert set(attributes) == {"HttpOnly", "Path=/", "SameSite=lax", "Secure"}


def test_the_cookie_goes_with_the_browsers_window(doors: Doors) -> None:
    cookie = doors.visitor().browser.client.get(FC).headers["set-cookie"]
    assert cookie.startswith("carnet=.")
    assert "Max-Age" not in cookie
    assert "expires" not in cookie.lower()


def test_another_site_s_form_does_not_sign_her_out(lone_site: Site) -> None:
    """Her cookie is SameSite=Lax: it is not sent with such a form, but an answer could delete it."""
    answer = lone_site.client().post("/deconnexion", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 303
    assert "set-cookie" not in answer.headers
    stale = lone_site.client()
    stale.cookies.set("carnet", "a session that ended")
    assert 'carnet=""' in stale.post("/deconnexion").headers["set-cookie"]
