"""One notion of a telephone number, with numbers as people write them in their countries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.notions import phone

# country, as written, E.164, whether a text can arrive, as people there write it
NUMBERS = [
    ("US", "(212) 555-0123", "+12125550123", True, "(212) 555-0123"),
    ("US", "1-212-555-0123", "+12125550123", True, "(212) 555-0123"),
    ("US", "212.555.0123 x5", "+12125550123", False, "(212) 555-0123 ext. 5"),
    ("US", "(212) 555-0123, ext. 5", "+12125550123", False, "(212) 555-0123 ext. 5"),
    ("US", "011 44 20 7946 0018", "+442079460018", False, "+44 20 7946 0018"),
    ("US", "0044 20 7946 0018", "+442079460018", False, "+44 20 7946 0018"),
    ("US", "1-800-356-9377", "+18003569377", False, "(800) 356-9377"),
    ("US", "tel:+1-212-555-0123", "+12125550123", True, "(212) 555-0123"),
    ("US", "+１ ２１２ ５５５ ０１２３", "+12125550123", True, "(212) 555-0123"),
    ("US", "\u202a+1 212 555 0123\u202c", "+12125550123", True, "(212) 555-0123"),
    ("US", "2125550123 (cell)", "+12125550123", True, "(212) 555-0123"),
    ("US", "+1 212 555 0123, Mobile.", "+12125550123", True, "(212) 555-0123"),
    ("ES", "612 34 56 78 móvil", "+34612345678", True, "612 34 56 78"),
    ("CA", "416-555-0123", "+14165550123", True, "(416) 555-0123"),
    ("GB", "07400 123456", "+447400123456", True, "07400 123456"),
    ("GB", "+44 (0)20 7946 0018", "+442079460018", False, "020 7946 0018"),
    ("DE", "0151 23456789", "+4915123456789", True, "01512 3456789"),
    ("DE", "030/123456-78", "+493012345678", False, "030 12345678"),
    ("DE", "+49 (0)30 123456", "+4930123456", False, "030 123456"),
    ("FR", "06.12.34.56.78", "+33612345678", True, "06 12 34 56 78"),
    ("ES", "612 34 56 78", "+34612345678", True, "612 34 56 78"),
    ("IT", "02 1234 5678", "+390212345678", False, "02 1234 5678"),
    ("MX", "55 1234 5678", "+525512345678", True, "55 1234 5678"),
    ("BR", "(11) 96123-4567", "+5511961234567", True, "(11) 96123-4567"),
    ("IN", "098765 43210", "+919876543210", True, "098765 43210"),
    ("JP", "090-1234-5678", "+819012345678", True, "090-1234-5678"),
    ("AU", "0011 44 7400 123456", "+447400123456", True, "+44 7400 123456"),
    ("AE", "٠٥٠ ١٢٣ ٤٥٦٧", "+971501234567", True, "050 123 4567"),
    ("EG", "٠١٠٠ ١٢٣ ٤٥٦٧", "+201001234567", True, "010 01234567"),
    ("IR", "۰۹۱۲ ۳۴۵ ۶۷۸۹", "+989123456789", True, "0912 345 6789"),
    *(
        (country, written, "+525512345678", True, shown)
        for country, shown in (("MX", "55 1234 5678"), ("US", "+52 55 1234 5678"))
        for written in (
            "+52 55 1234 5678",
            "+52 1 55 1234 5678",
            "+5215512345678",
            "+52 (1) 55-1234-5678 cel",
        )
    ),
    ("US", "011 52 1 55 1234 5678", "+525512345678", True, "+52 55 1234 5678"),
    ("ES", "0052 1 55 1234 5678", "+525512345678", True, "+52 55 1234 5678"),
    ("MX", "044 55 1234 5678", "+525512345678", True, "55 1234 5678"),
    ("MX", "045 55 1234 5678", "+525512345678", True, "55 1234 5678"),
    ("MX", "01 55 1234 5678", "+525512345678", True, "55 1234 5678"),
    ("MX", "1 55 1234 5678", "+525512345678", True, "55 1234 5678"),
    ("MX", "+1 212 555 0123", "+12125550123", True, "+1 212-555-0123"),
    ("AR", "+54 9 11 2345-6789", "+5491123456789", True, "011 15-2345-6789"),
    ("AR", "+54 11 15 2345-6789", "+5491123456789", True, "011 15-2345-6789"),
    ("AR", "11 15-2345-6789", "+5491123456789", True, "011 15-2345-6789"),
    ("AR", "011 15 2345 6789", "+5491123456789", True, "011 15-2345-6789"),
    ("US", "011 54 9 11 2345 6789", "+5491123456789", True, "+54 9 11 2345-6789"),
    # Long enough for a number, and nobody's: shown, searched for, never texted.
    ("US", "+1 555 010 0199", "+15550100199", False, "(555) 010-0199"),
]
NONE = [
    "",
    "call me",
    "555-0123",
    "911",
    "12",
    "0" * 40,
    "+",
    "+999 123",
    "ask@bo.example",
    "\0",
    "٣٤٥٦٧٨٩٠",
    "212 555 0123 (no texts)",
    "212 555 0123 (Mum)",
    "555-0123 cell",
]


@pytest.mark.parametrize(("country", "written", "number", "texts", "there"), NUMBERS)
def test_a_number_is_understood_as_people_write_it(
    country: str, written: str, number: str, texts: bool, there: str
) -> None:
    assert phone.e164(written, country) == number
    assert phone.for_texts(written, country) == (number if texts else None)
    assert phone.shown(written, country) == there
    assert phone.e164(there, country) == number


@pytest.mark.parametrize("written", NONE)
def test_what_is_no_whole_number_is_none_and_stays_as_it_is_written(written: str) -> None:
    assert phone.e164(written, "US") is None
    assert phone.for_texts(written, "US") is None
    assert phone.shown(written, "US") == written


LIKE_NUMBERS = st.from_regex(r"\A(\+|00?|011)?[0-9 ()./-]{4,16}(x[0-9]{1,3})?\Z")


@given(st.text(max_size=40) | LIKE_NUMBERS, st.sampled_from(sorted(phone.COUNTRIES)))
def test_whatever_somebody_types_has_an_answer_and_it_stands(written: str, country: str) -> None:
    number = phone.e164(written, country)
    assert phone.for_texts(written, country) in (number, None)
    assert phone.link(written, country).isascii()
    assert all(each.isascii() and each.isdigit() for each in phone.spellings(written, country))
    if number:
        assert phone.e164(number, country) == phone.e164(number, "") == number


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("(212) 555-0123", "tel:+12125550123"),
        ("(212) 555-0123 x5", "tel:+12125550123;ext=5"),
        ("911", "tel:911"),
        ('"><script>', "tel:"),
    ],
)
def test_a_link_dials_the_number(written: str, dialled: str) -> None:
    assert phone.link(written, "US") == dialled


@pytest.mark.parametrize(
    ("number", "nearby", "country"),
    [
        ("(212) 555-0123", "US", "US"),
        ("+1 555 010 0199", "US", "US"),
        ("+1 416 555 0123", "CA", "CA"),
        ("+49 30 123456", "US", "DE"),
        ("+7 701 234 5678", "US", "KZ"),
        ("+1 555 010 0199", "DE", "US"),
        ("", "DE", "DE"),
    ],
)
def test_the_country_is_the_one_that_the_number_names_or_the_nearby_one(
    number: str, nearby: str, country: str
) -> None:
    assert phone.country_of(number, nearby) == country
