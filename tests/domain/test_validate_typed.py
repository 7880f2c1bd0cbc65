"""What a person types in a form, read leniently; what is not understood is left for validation to refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.asking import FormKind
from schemas.fields import Catalogue
from schemas.typed import typed_list, typed_value

CATALOGUE = Catalogue.load()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (FormKind.NUMBER, "24,5", 24.5),
        (FormKind.NUMBER, " 35 ", 35),
        (FormKind.NUMBER, "beaucoup", "beaucoup"),
        (FormKind.WHOLE_NUMBER, "1\u202f000", 1000),
        (FormKind.WHOLE_NUMBER, "deux", "deux"),
        (FormKind.WHOLE_NUMBER, "9" * 400, "9" * 400),
        (FormKind.NUMBER, "1e9", "1e9"),
        (FormKind.NUMBER, "٣", "٣"),
        (FormKind.YES_NO, "true", True),
        (FormKind.YES_NO, "Non", False),
        (FormKind.YES_NO, "peut-être", "peut-être"),
        (FormKind.DATE, "3/3/2026", "2026-03-03"),
        (FormKind.DATE, "2026-03-03", "2026-03-03"),
        (FormKind.DATE, "31.02.2026", "2026-02-31"),
        (FormKind.MONTH_OR_DAY, "03/2019", "2019-03"),
        (FormKind.MONTH_OR_DAY, "2019", "2019"),
        (FormKind.SHORT_TEXT, "  CAP cuisine ", "CAP cuisine"),
        (FormKind.LONG_TEXT, "une\r\ndeux\rtrois", "une\ndeux\ntrois"),
        (FormKind.LONG_TEXT, " \r\n ", None),
    ],
)
def test_what_is_typed_becomes_a_value(kind: FormKind, text: str, value: object) -> None:
    read = typed_value(kind, text)
    assert read == value
    assert type(read) is type(value)


def test_a_list_may_be_typed_one_a_line() -> None:
    assert typed_list(["chant\r\n\r\n marche ", "", "chant"]) == ["chant", "marche"]


def test_a_day_that_does_not_exist_is_refused_by_validation() -> None:
    value = typed_value(FormKind.DATE, "31/02/2026")
    assert [fault.keyword for fault in CATALOGUE.validate_value("disponibilite_le", value)] == ["format"]


@given(kind=st.sampled_from(list(FormKind)), text=st.text(st.characters(), max_size=40))
def test_nothing_typed_makes_reading_raise(kind: FormKind, text: str) -> None:
    typed_value(kind, text)
    assert all(isinstance(item, str) for item in typed_list([text]))
