"""What leaves is what the document says, word for word, and nothing in a word can act."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters import (
    ExportDocument,
    Issuer,
    Part,
    Theme,
    day_in_paris,
    day_in_words,
    instant_in_words,
    to_json,
)
from exporters.to_pdf import page_of, showable
from schemas.canonical import CanonicalError, parse_canonical
from tests.domain.carnet_on_paper import (
    HOSTILE,
    NOTE,
    Seen,
    a_document,
    a_full_carnet,
    a_share,
    an_empty_carnet,
    an_item,
    an_observation,
)

ANY_WORDS = st.text(max_size=60)


# The document


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        a_document(printed_at=datetime(2026, 3, 3))  # noqa: DTZ001 - the fault under test


def test_a_document_never_shows_its_contents_in_a_repr() -> None:
    document = a_full_carnet()
    shown = repr([document, *document.parts, *document.items(), *document.shares, document.issuer])
    for word in ("Amina", "Réponse", "SIAE", "K7M4", "essai"):
        assert word not in shown


def test_the_items_come_in_printing_order() -> None:
    labels = [item.label for item in a_full_carnet().items()]
    assert labels[:2] == ["Sujet 1-1", "Sujet 1-2"]
    assert labels[-1] == "Sources de revenu"


# Days and instants


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (datetime(2026, 3, 3, 13, 5, tzinfo=UTC), "mardi 3 mars 2026 à 14 h 05"),
        (datetime(2026, 7, 31, 22, 30, tzinfo=UTC), "samedi 1er août 2026 à 0 h 30"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "dimanche 29 mars 2026 à 1 h 59"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "dimanche 29 mars 2026 à 3 h 00"),
    ],
)
def test_an_instant_is_said_in_words_at_the_time_of_paris(instant: datetime, words: str) -> None:
    assert instant_in_words(instant) == words


def test_a_day_may_leave_its_weekday_out() -> None:
    assert day_in_words(date(2026, 2, 1), weekday=False) == "1er février 2026"


def test_a_day_of_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        day_in_paris(datetime(2026, 3, 3))  # noqa: DTZ001 - the fault under test


# JSON


def test_the_json_holds_every_word_of_the_document() -> None:
    document = a_full_carnet()
    told = parse_canonical(to_json(document))
    assert told["printed_at"] == "2026-03-03T13:05:00Z"
    assert told["reference"] == document.reference
    items = [item for part in told["parts"] for theme in part["themes"] for item in theme["items"]]
    assert [tuple(item["lines"]) for item in items] == [item.lines for item in document.items()]
    said = items[-1]["observations"]
    assert [one["text"] for one in said] == [one.text for one in list(document.items())[-1].observations]
    assert [one["text"] for one in said[0]["replies"]] == ["Nous le demandons à la CAF."]
    assert [share["who"] for share in told["shares"]] == ["SIAE Alpha", "CCAS de Brest"]


def test_the_json_of_a_document_is_one_byte_string() -> None:
    assert to_json(a_full_carnet()) == to_json(a_full_carnet())
    assert json.loads(to_json(a_document(an_item("Nom", HOSTILE))))["parts"][0]["themes"][0]["items"][0][
        "lines"
    ] == [HOSTILE]


def test_text_that_is_not_unicode_does_not_become_json() -> None:
    with pytest.raises(CanonicalError):
        to_json(a_document(an_item("Nom", "\ud800")))


# The page that is printed


def test_every_word_of_the_document_is_on_the_page() -> None:
    document = a_full_carnet()
    text = Seen(page_of(document)).text
    for item in document.items():
        for words in (
            item.label,
            item.question,
            *item.lines,
            item.note,
            item.state_words,
            *(said.text for said in item.observations),
            *(reply.text for said in item.observations for reply in said.replies),
        ):
            assert " ".join(words.split()) in text
    for share in document.shares:
        assert all(words in text for words in (share.who, share.what_for, *share.what, share.until))
    assert document.accesses_summary[0] in text
    assert "Ce carnet vous appartient." in text
    assert document.issuer.controller in text


def test_a_hostile_text_is_printed_as_it_was_typed() -> None:
    plain = Seen(page_of(hostile_everywhere("Nom")))
    hostile = Seen(page_of(hostile_everywhere(HOSTILE)))
    assert hostile.tags == plain.tags
    assert hostile.addresses == plain.addresses
    assert hostile.text.count(HOSTILE) == plain.text.count("Nom")
    assert "49" not in hostile.text


def hostile_everywhere(words: str) -> ExportDocument:
    item = an_item(
        words,
        words,
        words,
        question=words,
        note=words,
        state_words=words,
        observations=(an_observation(words, words),),
        sensitive=True,
    )
    return a_document(
        title=words,
        reference=words,
        person_name=words,
        parts=(Part(words, (Theme(words, (item,)),)), Part(words, ())),
        issuer=Issuer(name=words, controller=words, contact=words, site=words),
        shares=(a_share(words),),
        accesses_summary=(words,),
    )


@given(ANY_WORDS, ANY_WORDS, ANY_WORDS)
def test_no_text_changes_the_shape_of_the_page(first: str, second: str, third: str) -> None:
    usual = Seen(page_of(a_document(an_item("a", "b", "c"), person_name="d")))
    drawn = Seen(page_of(a_document(an_item(first, second, third), person_name=f"d{first}")))
    assert (drawn.tags, drawn.addresses) == (usual.tags, usual.addresses)


@pytest.mark.parametrize("document", [a_full_carnet(), an_empty_carnet(), hostile_everywhere(HOSTILE)])
def test_the_page_names_no_address_but_its_own_headings(document: ExportDocument) -> None:
    assert all(address.startswith("#") for address in Seen(page_of(document)).addresses)


def test_what_was_left_empty_leaves_no_blank() -> None:
    page = Seen(page_of(a_document(an_item(), shares=(a_share(),))))
    empty = Seen(page_of(a_document(an_item(), parts=(Part("Mon histoire", (Theme("Vide", ()),)),))))
    assert page.text.count("Ma stratégie") == 1  # announced as not written yet, no page of its own
    assert "Rien n’est encore écrit dans : Ma stratégie." in page.text
    assert "Vide" not in empty.text


def test_an_empty_carnet_says_what_will_be_here_and_what_to_do() -> None:
    text = Seen(page_of(an_empty_carnet())).text
    assert "Votre carnet est encore vide" in text
    assert "Le carnet a 2 parties : Mon histoire Ma stratégie" in text
    assert "Ouvrez « Mon carnet » sur carnet.exemple.fr." in text
    assert "Personne, à part vous. Rien n’est partagé." in text


def test_an_observation_stands_beside_the_line_it_contests() -> None:
    item = an_item(
        "Revenu", "RSA", state_words="vous n’êtes pas d’accord", observations=(an_observation("C’est faux."),)
    )
    text = Seen(page_of(a_document(item, an_item("Véhicule", "Aucun")))).text
    assert (
        f"RSA {NOTE} ● vous n’êtes pas d’accord Vous dites : C’est faux. le mardi 3 mars 2026 Véhicule"
        in text
    )


def test_the_first_page_counts_and_agrees_in_number() -> None:
    one = Seen(page_of(a_document(an_item(), shares=(a_share(labels=1),)))).text
    assert "1 information écrite" in one
    assert "1 partage ouvert" in one
    assert "Peut lire 1 information -" not in one
    assert "observation" not in one
    many = Seen(page_of(a_full_carnet())).text
    assert "37 informations écrites" in many
    assert "2 partages ouverts" in many
    assert "2 observations de vous" in many


def test_a_sensitive_information_is_marked_and_the_mark_explained() -> None:
    marked = Seen(page_of(a_document(an_item(sensitive=True)))).text
    assert marked.count("◆ sensible") == 2
    assert "sensible" not in Seen(page_of(a_document(an_item()))).text


def test_the_last_page_says_how_to_correct_forget_stop_and_complain() -> None:
    text = Seen(page_of(a_full_carnet())).text
    for words in (
        "Corriger une information",
        "Faire oublier",
        "Arrêter un partage",
        "À qui vous adresser",
        "CNIL",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a\x00b\x1b\x7f", "a�b��"),
        ("\ud800 seul", "� seul"),
        ("Ève\u202egnp", "Ève�gnp"),
        ("\u2066isolé\u2069", "�isolé�"),
        ("une\r\nligne\tet", "une\nligne\tet"),
        ("e\u0301te\u0301", "été"),
        ("مُحَمَّد 🙂", "مُحَمَّد 🙂"),
    ],
)
def test_what_no_paper_can_show_is_replaced_and_the_rest_kept(typed: str, shown: str) -> None:
    assert showable(typed) == shown


def test_a_character_no_font_can_draw_is_replaced_and_the_sign_explained() -> None:
    document = a_document(an_item("Langue", "中文 et 日本"))
    text = Seen(page_of(document, missing=frozenset("中文日本"))).text
    assert "�� et ��" in text
    assert "Le signe � remplace un caractère" in text
    assert "�" not in Seen(page_of(document)).text
