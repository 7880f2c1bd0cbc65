"""The pages of an emergency: she chooses before, two agree, both read, she is told, it is judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.ids import StructureId
from schemas.names import Role, StructureKind
from tests.services.test_break_glass import REASON, SPECIAL, a_frame
from tests.web.plain_browser import Browser
from tests.web.site import V1, Site, site_over
from tests.world import MovingClock, Someone, World
from vault.audit.events import Op
from vault.carnet.references import read_reference
from vault.services import break_glass

ALLOW = "/mes-partages/urgence"


@pytest.fixture(scope="module")
def ready_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("urgence")
    urls = (f"sqlite:///{folder}/carnet.sqlite", f"sqlite:///{folder}/keys.sqlite")
    world = World.open(*urls, folder, clock=MovingClock(), CARNET_FRAME=a_frame(Path(folder)))
    with site_over(world) as running:
        yield running
    world.close()


@dataclass
class Scene:
    site: Site
    ana: Someone
    her: Browser
    there: StructureId
    first: Browser
    second: Browser

    @property
    def number(self) -> str:
        return self.site.world.parts.data.references([self.ana.carnet_id])[self.ana.carnet_id]

    def allowed(self) -> None:
        self.her.press(
            self.her.get(ALLOW), "Permettre en cas", action=ALLOW, fields=["identite_nom", "permis_conduire"]
        )

    def asked(self) -> str:
        """The address at which the second reads the reason."""
        shown = self.first.get("/urgence")
        self.first.press(shown, "Demander", action="/urgence", numero=self.number, raison=REASON)
        rows = self.site.world.parts.data.emergencies_of(self.ana.carnet_id)
        return f"/urgence/{rows[0].emergency_id}"


@pytest.fixture
def scene(ready_site: Site) -> Scene:
    world = ready_site.world
    ana = world.newcomer()
    world.fill(ana)
    there = world.structure("CCAS de Brest", StructureKind.CCAS)
    first, second = (Browser(ready_site.professional(there, f"{name}-{there}")) for name in ("un", "deux"))
    return Scene(ready_site, ana, Browser(ready_site.signed_in(ana.session)), there, first, second)


def test_under_the_shipped_frame_there_is_no_such_page(lone_site: Site) -> None:
    her = lone_site.signed_in(lone_site.world.newcomer().session)
    pro = lone_site.professional(lone_site.world.structure("CCAS", StructureKind.CCAS), "un")
    assert her.get(ALLOW).status_code == 404
    assert her.get(f"{ALLOW}/{SPECIAL}").status_code == 404
    assert pro.get("/urgence").status_code == 404
    assert ALLOW not in her.get("/mes-partages").text
    assert "/urgence" not in pro.get("/carnets").text


def test_the_whole_way_from_her_choice_to_the_verdict(scene: Scene) -> None:
    scene.allowed()
    assert "Deux professionnels ensemble, en urgence" in scene.her.get("/mes-partages").text
    path = scene.asked()
    waiting = scene.first.get("/urgence").text
    assert "Elle attend un collègue" in waiting
    confirm = scene.second.get(path)
    assert REASON in confirm.text
    shown = scene.second.press(confirm, "Confirmer cette urgence", action=path)
    assert "Ouvert pour protéger une vie" in shown.text
    assert "Permis" in scene.first.get(f"{path}/carnet").text
    home = scene.her.get("/mon-carnet").text
    assert "Votre carnet a été ouvert en urgence" in home
    told = scene.her.get("/mes-urgences").text
    assert REASON in told
    assert "CCAS de Brest" in told
    assert "la protection d’une vie" in scene.her.get("/qui-a-vu").text
    dpo = Browser(scene.site.dpo(f"dpo-{scene.there}"))
    desk = f"/dpo/urgences/{path.rpartition('/')[2]}"
    assert desk in dpo.get("/dpo/urgences").links.values() or desk in dpo.get("/dpo/urgences").html
    page = dpo.get(desk)
    assert REASON in page.text
    dpo.press(page, "Accès injustifié", action=desk, mots="Aucun danger ce jour-là.")
    assert "Aucun danger ce jour-là." in scene.her.get("/mes-urgences").text
    assert scene.first.client.get(f"{path}/carnet").status_code == 403
    assert scene.first.client.get("/urgence").status_code == 403


def test_asking_shows_the_same_page_whatever_the_number_leads_to(scene: Scene) -> None:
    def asked(number: str) -> str:
        answer = scene.first.client.post(
            "/urgence",
            data={"numero": number, "raison": REASON, "csrf_token": csrf(scene)},
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert answer.status_code == 303
        return str(answer.headers["location"].partition("#")[0])

    nobody = next(
        one
        for sign in "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
        if (one := f"23456789A{sign}") and read_reference(one)
    )
    assert asked(nobody) == asked(scene.number)


def csrf(scene: Scene) -> str:
    form = scene.first.get("/urgence").form("/urgence")
    return next(value for name, value in form.inputs if name == "csrf_token")


def test_a_sensitive_information_is_let_by_a_page_of_its_own(scene: Scene) -> None:
    shown = scene.her.get(ALLOW)
    assert ("fields", SPECIAL) not in shown.form(ALLOW).offered
    path = f"{ALLOW}/{SPECIAL}"
    scene.her.press(scene.her.get(path), "Permettre cette information", action=path)
    scene.allowed()
    grant = break_glass.allowed_by(scene.site.world.parts, scene.ana.carnet_id)
    assert grant is not None
    assert set(grant.terms.compartments) == {"identite_nom", "permis_conduire", SPECIAL}


def test_a_program_of_hers_lets_the_same_and_reads_it_back(scene: Scene) -> None:
    program = scene.site.signed_in(scene.ana.session)
    wish = {
        "grantee": {"function": "emergency"},
        "purpose_id": "urgence_vitale",
        "fields": ["identite_nom"],
        "days": 365,
    }
    assert program.post(f"{V1}/me/grants", json=wish).status_code == 201
    (given,) = program.get(f"{V1}/me/grants").json()["items"]
    assert given["grantee"] == {"function": "emergency"}
    assert given["legal_basis"] == "vital_interests"
    assert program.post(f"{V1}/me/grants", json=wish | {"purpose_id": "accompagnement"}).status_code == 422
    other = wish | {"grantee": {"structure_id": scene.there}}
    assert program.post(f"{V1}/me/grants", json=other).status_code == 422


def test_a_program_under_the_shipped_frame_lets_nothing(lone_site: Site) -> None:
    program = lone_site.signed_in(lone_site.world.newcomer().session)
    wish = {"grantee": {"function": "emergency"}, "fields": ["identite_nom"], "days": 31}
    for purpose in ("urgence_vitale", "accompagnement"):
        assert program.post(f"{V1}/me/grants", json=wish | {"purpose_id": purpose}).status_code == 422


def test_nothing_ticked_says_so_and_lets_nothing(scene: Scene) -> None:
    shown = scene.her.press(scene.her.get(ALLOW), "Permettre en cas", action=ALLOW)
    assert "Choisissez au moins une information" in shown.text
    assert break_glass.allowed_by(scene.site.world.parts, scene.ana.carnet_id) is None


def test_two_who_agree_about_somebody_who_let_nothing_find_nothing(scene: Scene) -> None:
    path = scene.asked()
    shown = scene.second.press(scene.second.get(path), "Confirmer cette urgence", action=path)
    assert "Rien à lire" in shown.text


def test_a_faulty_ask_keeps_what_was_written(scene: Scene) -> None:
    shown = scene.first.press(
        scene.first.get("/urgence"), "Demander", action="/urgence", numero="zz", raison=REASON
    )
    assert "pas un numéro de carnet" in shown.text
    assert ("numero", "zz") in shown.form("/urgence").inputs


def test_reading_a_reason_is_an_entry_and_only_the_officer_judges(scene: Scene) -> None:
    scene.allowed()
    path = scene.asked()
    size = scene.site.log_size()
    scene.second.get(path)
    assert [leaf.op for leaf in scene.site.last_entries(1)] == [Op.BREAK_GLASS]
    assert scene.site.log_size() == size + 1
    manager = scene.site.professional(scene.there, f"chef-{scene.there}", Role.MANAGER)
    for client in (scene.first.client, manager, scene.her.client):
        assert client.get("/dpo/urgences").status_code in (303, 403)
    assert manager.get("/urgence").status_code in (303, 403)
