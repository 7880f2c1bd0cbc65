"""The forms of a carnet: what is kept, what is refused beside its question; nothing typed is ever lost."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from schemas.names import AnswerKind
from tests.web.plain_browser import Browser, Page
from tests.web.site import Site
from tests.world import RULES, Someone, coming_in
from vault.services.own_carnet import read_own_carnet
from vault.services.sessions import NewSession
from vault.services.signing_in import person_signs_in

WORK, MOVES, NEEDS = "/mon-carnet/emploi", "/mon-carnet/mobilite", "/mon-carnet/autre"
SAVE = "Garder mes réponses"


@pytest.fixture
def her(lone_site: Site) -> Iterator[tuple[Someone, Browser]]:
    someone = lone_site.world.newcomer()
    return someone, Browser(lone_site.signed_in(someone.session))


def written(site: Site, who: Someone) -> dict[str, object]:
    carnet = read_own_carnet(site.world.parts, who.owner, actor=who.actor)
    return {
        entry.field_id: entry.body.value for entry in carnet.entries if entry.body.author != "FranceConnect"
    }


def kinds(site: Site, who: Someone) -> dict[str, AnswerKind]:
    carnet = read_own_carnet(site.world.parts, who.owner, actor=who.actor)
    return {entry.field_id: entry.body.answer for entry in carnet.entries}


def save(browser: Browser, address: str, **inputs: object) -> Page:
    return browser.press(browser.get(address), SAVE, action=address, inputs=inputs)


def test_every_field_of_the_catalogue_is_on_the_form_of_its_theme(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    catalogue = lone_site.world.parts.catalogue
    for theme in catalogue.themes:
        asked = [field for field in catalogue.in_theme(theme.id) if not (field.read_only or field.collection)]
        page = her[1].get(f"/mon-carnet/{theme.id}")
        assert page.status == (200 if asked else 404)
        for field in asked:
            assert f'name="{field.id}.version"' in page.html
            assert field.label is not None


def test_a_form_sent_as_it_came_writes_nothing(lone_site: Site, her: tuple[Someone, Browser]) -> None:
    someone, browser = her
    for theme in lone_site.world.parts.catalogue.themes:
        address = f"/mon-carnet/{theme.id}"
        if browser.get(address).status == 200:
            page = save(browser, address)
            assert page.status == 200
            assert "Rien n’a changé" in page.text
    assert written(lone_site, someone) == {}


def test_each_kind_of_answer_is_kept_and_shown_again(lone_site: Site, her: tuple[Someone, Browser]) -> None:
    someone, browser = her
    page = save(
        browser,
        WORK,
        **{
            "activite_actuelle": first(browser, WORK, "activite_actuelle"),
            "parcours_recit": "Six ans en cuisine.\r\nPuis ma mère.",
            "temps_travail_souhaite": "24,5",
            "disponibilite_le.jour": "1", "disponibilite_le.mois": "3", "disponibilite_le.annee": "2027",
            "secteurs_souhaites": [first(browser, WORK, "secteurs_souhaites")],
            "emplois_souhaites.0.libelle": "Commis de cuisine",
        },
    )  # fmt: skip
    assert page.address.startswith("/mon-carnet?fait=garde")
    assert "Vos réponses sont gardées." in page.text
    kept = written(lone_site, someone)
    assert kept["temps_travail_souhaite"] == 24.5
    assert kept["disponibilite_le"] == "2027-03-01"
    assert kept["parcours_recit"] == "Six ans en cuisine.\nPuis ma mère."
    assert kept["emplois_souhaites"] == [{"libelle": "Commis de cuisine"}]
    again = save(browser, WORK)
    assert "Rien n’a changé" in again.text, "a form full of answers comes back as it went"
    assert written(lone_site, someone) == kept


def offered(browser: Browser, address: str) -> set[tuple[str, str]]:
    return browser.get(address).form(address).offered


def first(browser: Browser, address: str, name: str) -> str:
    return sorted(
        value for one, value in offered(browser, address) if one == name and value[:1] not in ("", "~")
    )[0]


def day(day: str, month: str, year: str) -> dict[str, str]:
    parts = {"jour": day, "mois": month, "annee": year}
    return {f"disponibilite_le.{name}": text for name, text in parts.items()}


REFUSED = [
    (WORK, {"temps_travail_souhaite": "200"}, "Le nombre d’heures doit être entre 0 et 48.", "200"),
    (WORK, {"temps_travail_souhaite": "beaucoup"}, "doit être un nombre", "beaucoup"),
    (WORK, {"temps_travail_souhaite": "9" * 400}, "doit être un nombre", "9" * 400),
    (WORK, day("31", "2", "2027"), "une date", 'value="31"'),
    (WORK, day("²", "x", "20277"), "une date", 'value="20277"'),
    (WORK, {"parcours_recit": "un\x00deux"}, "caractère invisible", "un\N{REPLACEMENT CHARACTER}deux"),
    (WORK, {"parcours_recit": "a" * 5000}, "trop long", "a" * 5000),
    (WORK, {"emplois_souhaites.0.code_rome": "G1602"}, "Il manque une partie", "G1602"),
    (NEEDS, {"priorites.rank.emploi": "1", "priorites.rank.logement": "1"}, "une place différente", "1re"),
    (MOVES, {"permis_conduire": ["aucun", "b"]}, "ne va pas avec une autre réponse", 'value="b" checked'),
    (
        WORK,
        {"temps_travail_souhaite": "20", "temps_travail_souhaite.answer": "does_not_know"},
        "Gardez l’une ou l’autre",
        "20",
    ),
]


@pytest.mark.parametrize(("address", "inputs", "sentence", "typed"), REFUSED)
def test_what_cannot_be_kept_is_said_beside_its_question_and_stays_typed(
    lone_site: Site,
    her: tuple[Someone, Browser],
    address: str,
    inputs: dict[str, object],
    sentence: str,
    typed: str,
) -> None:
    someone, browser = her
    form = browser.get(address).form(address)
    extra = (
        {"parcours_recit": "Gardé avec le reste."}
        if address == WORK and "parcours_recit" not in inputs
        else {}
    )
    page = browser.post(address, {**form.filled({}), **extra, **inputs})
    assert page.status == 422
    assert sentence.replace("\u00a0", " ") in page.text.replace("\u00a0", " ")
    assert typed in page.html
    assert all(text in page.html for text in extra.values()), "the rest of the form is still there"
    assert written(lone_site, someone) == {}, "nothing is half-written"


def test_a_choice_nobody_offered_is_refused(her: tuple[Someone, Browser]) -> None:
    _, browser = her
    form = browser.get(MOVES).form(MOVES)
    page = browser.post(MOVES, {**form.filled({}), "permis_conduire": ["fusée"]})
    assert page.status == 422
    assert "Choisissez une réponse" in page.text


def test_not_answering_is_an_answer_and_can_be_taken_back(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    someone, browser = her
    save(
        browser,
        WORK,
        **{"temps_travail_souhaite.answer": "prefers_not_to_say", "activite_actuelle": "~does_not_know"},
    )
    told = kinds(lone_site, someone)
    assert told["temps_travail_souhaite"] is AnswerKind.PREFERS_NOT_TO_SAY
    assert told["activite_actuelle"] is AnswerKind.DOES_NOT_KNOW
    save(browser, WORK, temps_travail_souhaite="20")
    assert kinds(lone_site, someone)["temps_travail_souhaite"] is AnswerKind.ANSWERED, "typing takes it back"
    save(browser, WORK, **{"temps_travail_souhaite.answer": "does_not_know"})
    assert kinds(lone_site, someone)["temps_travail_souhaite"] is AnswerKind.DOES_NOT_KNOW


def test_a_question_emptied_holds_no_value_any_more(lone_site: Site, her: tuple[Someone, Browser]) -> None:
    someone, browser = her
    save(browser, WORK, temps_travail_souhaite="20")
    save(browser, WORK, temps_travail_souhaite="")
    assert kinds(lone_site, someone)["temps_travail_souhaite"] is AnswerKind.NOT_DISCUSSED


def test_an_answer_changed_elsewhere_is_never_overwritten_unseen(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    someone, browser = her
    save(browser, WORK, temps_travail_souhaite="20", parcours_recit="Mon histoire.")
    here = browser.get(WORK)
    save(browser, WORK, temps_travail_souhaite="30")  # another tab
    page = browser.press(
        here, SAVE, action=WORK, temps_travail_souhaite="35", parcours_recit="Mon histoire, suite."
    )
    assert page.status == 409
    assert "changée ailleurs" in page.text
    assert "30 heures" in page.text.replace("\u00a0", " "), "what stands is shown"
    assert 'value="35"' in page.html, "what she typed is still there"
    assert "Mon histoire, suite." in page.html
    assert written(lone_site, someone)["temps_travail_souhaite"] == 30
    done = browser.press(page, SAVE, action=WORK)
    assert done.status == 200
    assert written(lone_site, someone)["temps_travail_souhaite"] == 35, "then it is her choice"
    assert written(lone_site, someone)["parcours_recit"] == "Mon histoire, suite."


def test_what_the_form_did_not_ask_is_left_alone(lone_site: Site, her: tuple[Someone, Browser]) -> None:
    someone, browser = her
    save(browser, WORK, temps_travail_souhaite="20")
    token = dict(browser.get(WORK).form(WORK).inputs)["csrf_token"]
    page = browser.post(
        WORK, {"csrf_token": token, "identite_nom": "X", "identite_nom.version": "1", "inconnu": "x"}
    )
    assert page.status == 200
    assert written(lone_site, someone) == {"temps_travail_souhaite": 20}


def test_free_text_that_says_much_gets_a_plain_word_on_her_screen_only(her: tuple[Someone, Browser]) -> None:
    _, browser = her
    page = save(browser, WORK, parcours_recit="J’ai été malade, puis en prison.")
    assert page.address.startswith(WORK)
    assert "parle peut-être de santé et de justice" in page.text
    assert "parle peut-être" not in browser.get(WORK).text, "once, after saving"


def test_names_and_texts_are_shown_as_text(lone_site: Site) -> None:
    hostile = "<script>alert(1)</script>{{7*7}}\"'><img src=x>"
    coming = coming_in("mallory", claims={"name": {"nom": hostile, "prenoms": hostile}}, display_name=hostile)
    session = person_signs_in(lone_site.world.parts, coming, rules=RULES)
    assert isinstance(session, NewSession)
    lone_site.world.structure(hostile)
    browser = Browser(lone_site.signed_in(session))
    browser.post(WORK, {**browser.get(WORK).form(WORK).filled({}), "parcours_recit": hostile})
    for address in (
        "/mon-carnet",
        WORK,
        "/mes-partages/nouveau?" + urlencode({"q": hostile}),
        "/qui-a-vu?own=1",
    ):
        page = browser.get(address)
        assert page.status == 200
        assert "<script" not in page.html
        assert "<img src=x" not in page.html
    assert hostile in browser.get("/mon-carnet").text


def test_one_look_and_one_save_leave_one_entry_each(lone_site: Site, her: tuple[Someone, Browser]) -> None:
    _, browser = her
    before = lone_site.log_size()
    browser.client.get(WORK)
    assert lone_site.log_size() == before + 1
    assert str(lone_site.last_entries(1)[0].op) == "read_own"
    form = browser.get(WORK).form(WORK)
    before = lone_site.log_size()
    answer = browser.client.post(WORK, data={**form.filled({}), "temps_travail_souhaite": "20"})
    assert answer.status_code == 303
    assert [str(leaf.op) for leaf in lone_site.last_entries(2)] == ["read_own", "write"]
    assert lone_site.log_size() == before + 2


def test_home_suggests_where_to_begin_and_what_to_read_again(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    someone, browser = her
    assert "Commencer votre carnet" in browser.get("/mon-carnet").text
    old = lone_site.world.parts.now() - timedelta(days=100)
    lone_site.world.write(someone, "logement_fixe", True, collected_at=old)
    page = browser.get("/mon-carnet")
    assert "Commencer votre carnet" not in page.text
    assert "Relire : Logement" in page.text.replace("\u00a0", " ")
    assert "1 réponse ancienne. Est-ce encore vrai" in page.text.replace("\u00a0", " ")
    assert "à confirmer" in page.text
    save(browser, "/mon-carnet/logement")
    again = browser.get("/mon-carnet").text
    assert "à confirmer" not in again, "saving what is still right confirms it"
    assert "Relire" not in again
