"""The words of each lawful basis: honest, and never those of another."""

import re

import pytest

from schemas.names import LegalBasis
from vault.web.pages.basis_words import OBJECT, STOP, BasisWords, basis_words, read_by

TEXT = "code de l’exemple, article 1"
WHO = "CCAS de Brest"


def told(basis: LegalBasis, *, objection: bool = False) -> BasisWords:
    return basis_words(basis, WHO, text=TEXT, objection=objection)


def every(words: BasisWords) -> str:
    return " ".join((words.rests_on, words.before, words.stop, words.stops, words.stopped))


@pytest.mark.parametrize("basis", [one for one in LegalBasis if one is not LegalBasis.CONSENT])
def test_accord_and_consentement_are_said_of_consent_alone(basis: LegalBasis) -> None:
    for objection in (False, True):
        whole = every(told(basis, objection=objection)) + read_by(basis, None)
        assert not re.search(r"accord|consent|permis\b", whole), whole
    assert "accord" in every(told(LegalBasis.CONSENT))


@pytest.mark.parametrize("basis", [LegalBasis.PUBLIC_TASK, LegalBasis.LEGAL_OBLIGATION])
def test_what_the_law_permits_or_imposes_is_said_with_its_text(basis: LegalBasis) -> None:
    words = told(basis)
    assert TEXT in words.before
    assert TEXT in words.rests_on


def test_one_is_told_that_one_may_object_only_where_one_may() -> None:
    may, may_not = told(LegalBasis.PUBLIC_TASK, objection=True), told(LegalBasis.PUBLIC_TASK)
    assert (may.stop, may_not.stop) == (OBJECT, STOP)
    assert "Vous pouvez vous y opposer" in may.before
    assert "ne permet pas de s’y opposer" in may_not.before
    assert "opposition" not in may_not.stopped
    for basis in set(LegalBasis) - {LegalBasis.PUBLIC_TASK}:
        assert "oppos" not in every(told(basis, objection=True)), basis


@pytest.mark.parametrize("basis", LegalBasis)
def test_before_stopping_one_sentence_or_two_say_what_ends_and_what_does_not(basis: LegalBasis) -> None:
    stops = told(basis).stops
    assert 1 <= len(re.findall(r"[.!?](?:\s|$)", stops)) <= 2
    assert told(basis).stop
    if basis is LegalBasis.LEGAL_OBLIGATION:
        assert "Seul ce partage du carnet s’arrête" in stops
        assert TEXT in stops


def test_a_look_says_what_it_rested_on() -> None:
    assert read_by(LegalBasis.CONSENT, None) == ""
    assert "mission d’intérêt public" in read_by(LegalBasis.PUBLIC_TASK, None)
