"""To whoever acts for a person, pages speak of her; to herself they say « vous »; her own words stay hers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.names import StructureKind
from tests.web.site import Site, site_over
from tests.web.test_mandates import Aid
from tests.world import World
from vault.web.pages.pronouns import PARTS, SENTENCES, WHOLE
from vault.web.pages.rendering import TEMPLATES

PAGES = ("/mon-carnet", "/qui-a-vu?own=1", "/mes-partages", "/mes-partages/nouveau", "/mes-demandes")
HERS = (
    "dit par vous",
    "Votre référence",
    "Vous l’aviez permis",
    "Votre carnet",
    "votre carnet",
    "à part vous",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("pronouns")
    world = World.open(f"sqlite:///{folder}/c.sqlite", f"sqlite:///{folder}/k.sqlite", folder)
    with site_over(world) as running:
        yield running
    world.close()


def test_whoever_acts_is_never_taken_for_her_and_she_is_still_told_vous(site: Site) -> None:
    aid, world = Aid(site, "hanna"), site.world
    world.fill(aid.someone)
    there = world.structure("CCAS du Port", StructureKind.CCAS)
    grant = world.share(aid.someone, there, ["permis_conduire"], purpose="accompagnement")
    reader = world.member(there, "lectrice", kind=StructureKind.CCAS)
    world.read(reader, aid.someone.carnet_id, ["permis_conduire"], purpose="accompagnement")
    assert grant
    aid.gives("write", "share")
    aid.acts()
    hers, theirs = ({path: browser.get(path) for path in PAGES} for browser in (aid.person, aid.helper))
    for path in PAGES:
        assert (hers[path].status, theirs[path].status) == (200, 200), path
        assert not [words for words in HERS if words in theirs[path].text], path
        for link in set(theirs[path].links.values()):
            if link.startswith("/m"):
                assert aid.helper.client.get(link).status_code == 200, (path, link)
    assert "dit par vous" in hers["/mon-carnet"].text
    assert "Votre référence" in hers["/mon-carnet"].text
    assert "dit par la personne" in theirs["/mon-carnet"].text
    assert "Numéro du carnet" in theirs["/mon-carnet"].text
    assert "Vous l’aviez permis le" in hers["/qui-a-vu?own=1"].text
    assert "La personne l’avait permis le" in theirs["/qui-a-vu?own=1"].text


def test_what_she_wrote_is_shown_as_she_wrote_it(site: Site) -> None:
    aid = Aid(site, "jade")
    words = "Votre carnet et dit par vous"
    site.world.write(aid.someone, "souhait_referent", words)
    aid.gives()
    aid.acts()
    assert words in aid.helper.get("/mon-carnet").text


def test_each_word_of_the_table_is_a_word_of_some_page() -> None:
    """What no page says any more leaves the table."""
    written = "\n".join(file.read_text("utf-8") for file in TEMPLATES.rglob("*.html"))
    python = "\n".join(file.read_text("utf-8") for file in TEMPLATES.parent.joinpath("pages").glob("*.py"))
    table = TEMPLATES.parent.joinpath("pages", "pronouns.py").read_text("utf-8")
    gone = [words for words in WHOLE if f'"{words}"' not in written]
    gone += [words for words, _ in PARTS if words not in written]
    gone += [words for words, _ in SENTENCES if python.count(words) <= table.count(words)]
    assert not gone
