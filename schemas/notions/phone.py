"""A telephone number: one notion of it for texts, search, forms, settings and links.

What is a number in which country is libphonenumber's word (https://github.com/google/libphonenumber).
`country` is the clinic's (ISO 3166, two letters): a number without a country code is read as one of there.
"""

import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)
# In North America the number does not say which of the two it is.
TAKES_TEXTS = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_ABROAD = re.compile(r"\A\D*00")
# Until 2019 a Mexican mobile had a 1 behind the country code, and 044, 045 or 01 before it within Mexico.
# Many still write it so; it is the same number without.
_MEXICAN = re.compile(r"\A(\D*(?:\+|00|011)\D*52)\D*1(?=(?:\D*[0-9]){10}\D*\Z)")
_IN_MEXICO = re.compile(r"\A\D*(?:044|045|01|1)(?=(?:\D*[0-9]){10}\D*\Z)")
# That it is a mobile, as people add it: "212 555 0123 (cell)". Any other word may mean "do not text".
_MOBILE = re.compile(
    r"(?<=[0-9])[\s,;:-]*\(?\s?(?:cell(?:ular)?|mob(?:ile)?|handy|m[oó]vil|cel(?:ular)?)\.?\s?\)?\s*\Z",
    re.IGNORECASE,
)


def e164(written: str, country: str) -> str | None:
    """The number as +12125550123, without its extension; None where it cannot be dialled from anywhere.

    >>> e164("(212) 555-0123", "US"), e164("٠٥٠ ١٢٣ ٤٥٦٧", "AE"), e164("555-0123", "US")
    ('+12125550123', '+971501234567', None)
    """
    found = _read(written, country)
    return _as(found, PhoneNumberFormat.E164) if found else None


def for_texts(written: str, country: str) -> str | None:
    """The number in E.164 where a text can arrive: in use, no landline, no extension behind a switchboard.

    >>> for_texts("07400 123456", "GB"), for_texts("020 7946 0018", "GB")
    ('+447400123456', None)
    """
    found = _read(written, country)
    if found is None or found.extension or not phonenumbers.is_valid_number(found):
        return None
    reached = phonenumbers.number_type(found) in TAKES_TEXTS
    return _as(found, PhoneNumberFormat.E164) if reached else None


def has_extension(written: str, country: str) -> bool:
    """True for a number behind a switchboard.

    >>> has_extension("(212) 555-0123 x5", "US"), has_extension("(212) 555-0123", "US")
    (True, False)
    """
    found = _read(written, country)
    return found is not None and bool(found.extension)


def shown(written: str, country: str) -> str:
    """The number as people in the country write it; what is not understood stays as it was written.

    >>> shown("+12125550123 x5", "US"), shown("+12125550123", "DE"), shown("ask Bo", "US")
    ('(212) 555-0123 ext. 5', '+1 212-555-0123', 'ask Bo')
    """
    found = _read(written, country)
    if found is None:
        return written
    near = found.country_code == phonenumbers.country_code_for_region(country)
    return _as(found, PhoneNumberFormat.NATIONAL if near else PhoneNumberFormat.INTERNATIONAL)


def link(written: str, country: str) -> str:
    """What a telephone dials (RFC 3966): `tel:+12125550123;ext=5`; a short number such as 911 as it is."""
    found = _read(written, country)
    if found is None:
        return "tel:" + re.sub(r"[^0-9+*#]", "", digits(written))
    extension = f";ext={found.extension}" if found.extension else ""
    return f"tel:{_as(found, PhoneNumberFormat.E164)}{extension}"


def spellings(written: str, country: str) -> list[str]:
    """The digits of a number in each way that somebody may look for it, those as written first.

    >>> spellings("07400 123456", "GB")
    ['07400123456', '447400123456', '7400123456']
    """
    ways, found = [written], _read(written, country)
    if found is not None:
        found.extension = None
        ways += [_as(found, form) for form in (PhoneNumberFormat.E164, PhoneNumberFormat.NATIONAL)]
        ways.append(phonenumbers.national_significant_number(found))
    bare = (re.sub(r"[^0-9]", "", digits(way)) for way in ways)
    return list(dict.fromkeys(filter(None, bare)))


def digits(text: str) -> str:
    """The text with every decimal digit, of whatever script, as 0 to 9."""
    return "".join(str(int(char)) if char.isdecimal() else char for char in text)


def country_of(written: str, nearby: str) -> str:
    """Whose number this is when it begins with +: the country `nearby` if it fits, else the main one.

    >>> country_of("+49 30 123456", "US"), country_of("+1 416 555 0123", "CA"), country_of("555", "CA")
    ('DE', 'CA', 'CA')
    """
    found = _read(written, "")
    if found is None or found.country_code == phonenumbers.country_code_for_region(nearby):
        return nearby
    exact = phonenumbers.region_code_for_number(found)
    return exact or phonenumbers.region_code_for_country_code(found.country_code or 0)


def _read(written: str, country: str) -> PhoneNumber | None:
    """The number with its country code; None where at most the same town could dial it."""
    for text in _ways(digits(written), country):
        try:
            found = phonenumbers.parse(text, country or None)
        except NumberParseException:
            continue
        if _is_whole(found):
            return found
    return None


def _is_whole(found: PhoneNumber) -> bool:
    """Long enough to be dialled from anywhere, and the same number when read again with its country code."""
    if phonenumbers.is_possible_number_with_reason(found) != ValidationResult.IS_POSSIBLE:
        return False
    number = _as(found, PhoneNumberFormat.E164)
    return _as(phonenumbers.parse(number), PhoneNumberFormat.E164) == number


def _ways(text: str, country: str) -> Iterator[str]:
    """As the country dials, and 00 as the plus that it is in most others; both without "mobile" behind it.

    A Mexican number is also read without the prefixes that it no longer has.
    """
    for each in dict.fromkeys((text, _MOBILE.sub("", text))):
        yield each
        yield _MEXICAN.sub(r"\1", each)
        if country == "MX":
            yield _IN_MEXICO.sub("", each)
        if _ABROAD.match(each):
            yield _ABROAD.sub("+", each)


def _as(found: PhoneNumber, form: int) -> str:
    return phonenumbers.format_number(found, form)
