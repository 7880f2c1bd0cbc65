"""A field added to a copy of the catalogue is on the form, checked, on the share screen, on paper and in the
API, with no other change."""

from collections.abc import Iterator

import pytest

from exporters.to_pdf import page_of
from schemas.catalogue_file import SHIPPED
from schemas.names import StructureKind
from tests.domain.test_catalogue_growth import NEW
from tests.services.test_growth import spoiled
from tests.web.plain_browser import Browser
from tests.web.site import Site, fields_url, site_over
from tests.world import Someone, World
from vault.services import exporting

FIELD = "equipement"
LABEL = NEW["carnet"]["label"]  # type: ignore[index] # the annotation of a field
CHOICES = NEW["items"]["enum"]  # type: ignore[index] # a list of choices
WORDS = NEW["carnet"]["enum_labels"]  # type: ignore[index]
THEME = NEW["carnet"]["theme"]  # type: ignore[index]
AIM = "accompagnement"
SHARE = "/mes-partages/nouveau"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("growth")
    catalogue = spoiled(
        SHIPPED, folder / "catalogue.json", lambda told: told["properties"].update({FIELD: NEW})
    )
    urls = f"sqlite:///{folder}/d.sqlite", f"sqlite:///{folder}/k.sqlite"
    world = World.open(*urls, folder, CARNET_CATALOGUE=catalogue)
    with site_over(world) as running:
        yield running
    world.close()


@pytest.fixture
def her(site: Site) -> Someone:
    return site.world.newcomer()


@pytest.fixture
def browser(site: Site, her: Someone) -> Browser:
    return Browser(site.signed_in(her.session))


def test_it_is_on_the_form_of_its_theme_and_what_is_written_there_is_kept(browser: Browser) -> None:
    page = browser.get(f"/mon-carnet/{THEME}")
    assert WORDS[CHOICES[0]] in page.text
    saved = browser.press(page, "Garder mes réponses", action=f"/mon-carnet/{THEME}", **{FIELD: [CHOICES[0]]})
    assert LABEL in saved.text
    assert WORDS[CHOICES[0]] in browser.get("/mon-carnet").text


def test_it_is_validated_with_its_place(site: Site, her: Someone) -> None:
    answer = site.signed_in(her.session).put(f"/api/v1/me/fields/{FIELD}", json={"value": ["autre chose"]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/value/0"


def test_it_is_on_the_share_screen(site: Site, her: Someone, browser: Browser) -> None:
    site.world.write(her, FIELD, [CHOICES[0]])
    ccas = site.world.structure("CCAS de Brest", StructureKind.CCAS)
    form = browser.get(f"{SHARE}?q=brest").form(f"{SHARE}/pourquoi")
    why = browser.post(form.action, form.filled({}) | {"structure_id": [ccas]})
    what = browser.press(why, "Continuer", action=f"{SHARE}/quoi", purpose_id=AIM)
    assert LABEL in what.text
    much = browser.press(what, "Continuer", action=f"{SHARE}/duree", fields=[FIELD])
    assert much.status == 200
    preview = browser.press(much, "Continuer", action=f"{SHARE}/verifier", days="31")
    assert WORDS[CHOICES[0]] in preview.text


def test_it_is_on_paper_and_in_the_api(site: Site, her: Someone) -> None:
    world = site.world
    world.write(her, FIELD, [CHOICES[0]])
    document = exporting.export_own_carnet(world.parts, her.owner, issuer=world.app.issuer, actor=her.actor)
    assert WORDS[CHOICES[0]] in page_of(document)
    first = site.client().get("/api/v1/catalogue").json()
    rest = site.client().get(f"/api/v1/catalogue?after={first['next']}").json()
    assert FIELD in [field["field_id"] for field in first["items"] + rest["items"]]
    machine = site.machine(kind=StructureKind.CCAS)
    world.share(her, machine.structure_id, [FIELD], purpose=AIM)
    read = site.system(machine).get(fields_url(her.carnet_id, (FIELD,), AIM))
    assert read.json()["fields"][FIELD][0]["value"] == [CHOICES[0]]
