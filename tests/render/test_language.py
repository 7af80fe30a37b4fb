"""Times, dates, lists and names as people read them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from babel import localedata
from hypothesis import given
from hypothesis import strategies as st

from render.language import readable

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_a_moment_names_day_time_and_zone() -> None:
    text = readable.moment(at(2026, 11, 27, 14), BERLIN)
    assert text == "Friday, November 27 at 3:00 PM (Berlin time)"


def test_one_o_clock_is_singular_in_spanish_and_twelve_says_which() -> None:
    one = readable.moment(at(2026, 11, 25, 18, 5), NEW_YORK, "es")
    noon = readable.moment(at(2026, 11, 25, 17), NEW_YORK, "es")
    assert one == "miércoles 25 de noviembre a la 1:05 p. m. (hora del Este)"
    assert noon == "miércoles 25 de noviembre a las 12 del mediodía (hora del Este)"


def test_a_moment_in_spanish() -> None:
    text = readable.moment(at(2026, 11, 27, 14), BERLIN, "es-MX")  # in Mexico it is "p.m."
    assert text == "viernes 27 de noviembre a las 3:00 p.m. (hora de Berlín)"


@pytest.mark.B16
@pytest.mark.parametrize(
    ("when", "clock"),
    [
        (at(2026, 3, 8, 6, 59), "1:59 AM"),
        (at(2026, 3, 8, 7, 0), "3:00 AM"),
        (at(2026, 7, 1, 16, 0), "12 noon"),
        (at(2026, 12, 1, 5, 5), "12:05 AM"),
    ],
)
def test_the_clock_is_right_on_both_sides_of_a_change(when: datetime, clock: str) -> None:
    assert f" at {clock} (Eastern time)" in readable.moment(when, NEW_YORK)


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first = readable.moment(at(2026, 11, 1, 5, 30), NEW_YORK)
    second = readable.moment(at(2026, 11, 1, 6, 30), NEW_YORK)
    assert first == "Sunday, November 1 at 1:30 AM (Eastern time, UTC-4, before the clocks go back)"
    assert second == "Sunday, November 1 at 1:30 AM (Eastern time, UTC-5, after the clocks go back)"


@pytest.mark.parametrize(
    ("zone", "english", "spanish"),
    [
        ("America/New_York", "Eastern time", "hora del Este"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires time", "hora de Buenos Aires"),
        ("US/Eastern", "Eastern time", "hora del Este"),
        ("UTC", "UTC", "UTC"),
        ("Etc/GMT+5", "UTC-5", "UTC-5"),
        ("EST5EDT", "UTC-4", "UTC-4"),
    ],
)
def test_a_zone_reads_as_people_say_it(zone: str, english: str, spanish: str) -> None:
    when = at(2026, 7, 1, 12)
    assert readable.zone_name(when, ZoneInfo(zone)) == english
    assert readable.zone_name(when, ZoneInfo(zone), "es") == spanish


@pytest.mark.parametrize(("zone", "text"), [("Asia/Kathmandu", "UTC+5:45"), ("America/St_Johns", "UTC-3:30")])
def test_an_offset_shows_minutes_only_where_there_are_some(zone: str, text: str) -> None:
    assert readable.offset(at(2026, 12, 1, 12).astimezone(ZoneInfo(zone))) == text


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    st.sampled_from(["en", "es", "ar"]),
)
def test_two_different_minutes_never_read_the_same(when: datetime, zone: str, language: str) -> None:
    other = when.fromtimestamp(when.timestamp() + 3600, UTC)
    assert readable.moment(when, ZoneInfo(zone), language) != readable.moment(other, ZoneInfo(zone), language)


@pytest.mark.parametrize(
    ("language", "full", "short"),
    [
        ("en", "November 22, 2026", "Nov 22"),
        ("es", "22 de noviembre de 2026", "22 nov"),
        ("ar", "22 نوفمبر 2026", "22 نوفمبر"),
        ("xx", "November 22, 2026", "Nov 22"),
    ],
)
def test_dates_in_each_language(language: str, full: str, short: str) -> None:
    day = date(2026, 11, 22)
    assert (readable.full_date(day, language), readable.short_date(day, language)) == (full, short)


@pytest.mark.parametrize(
    ("language", "zone", "text"),
    [
        ("ar", "Europe/Berlin", "الجمعة، 27 نوفمبر، الساعة 3:00 م (بتوقيت برلين)"),
        ("ar", "America/New_York", "الجمعة، 27 نوفمبر، الساعة 9:00 ص (بتوقيت نيويورك)"),
        ("es", "America/Mexico_City", "viernes 27 de noviembre a las 8:00 a. m. (hora de Ciudad de México)"),
        ("es", "Asia/Kolkata", "viernes 27 de noviembre a las 7:30 p. m. (hora de Kolkata)"),
        ("en", "Asia/Calcutta", "Friday, November 27 at 7:30 PM (Kolkata time)"),
        ("de", "Europe/Berlin", "Freitag, 27. November, 15:00 (Berlin (Ortszeit))"),
        ("fr", "Europe/Zurich", "vendredi 27 novembre, 15:00 (heure : Zurich)"),
        ("uk", "Europe/Warsaw", "пʼятниця, 27 листопада, 15:00 (час: Варшава)"),
        ("zh-Hant", "Asia/Taipei", "11月27日 星期五, 晚上10:00 (台北時間)"),
    ],
)
def test_a_moment_reads_naturally_in_every_language(language: str, zone: str, text: str) -> None:
    assert readable.moment(at(2026, 11, 27, 14), ZoneInfo(zone), language) == text


@given(
    st.sampled_from(sorted(localedata.locale_identifiers())),
    st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"})),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
)
def test_every_language_and_zone_has_words(language: str, zone: str, when: datetime) -> None:
    tag = language.replace("_", "-")
    assert readable.moment(when, ZoneInfo(zone), tag)
    assert readable.full_date(when.date(), tag)
    assert readable.short_date(when.date(), tag)
    assert len(readable.weekdays(tag)) == 7


@given(st.text())
def test_plain_text_is_one_line_without_controls(text: str) -> None:
    line = readable.plain(text, 50)
    assert len(line) <= 50
    assert line.isprintable() or set(line) & set("\u200c\u200d")
    assert line == line.strip()


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Zoë Nuñez", "Zoë Nuñez"),
        ("Dr. Li", "Dr. Li"),
        ("J.R. Smith", "J.R. Smith"),
        ("محمد العلي", "محمد العلي"),
        ("Eve\r\nBcc: all@evil.example", ""),
        ("Win at evil.example", ""),
        ("https://evil.example", ""),
        ("<b>Eve</b>", ""),
        ("Eve\u202egnp", "Eve gnp"),
        ("María del Carmen de la Cruz y García", "María del Carmen de la Cruz y García"),
        ("Maria da Conceição dos Santos", "Maria da Conceição dos Santos"),
        ("Ludwig van der Rohe", "Ludwig van der Rohe"),
        ("O’Brien-Łuć, Zoë", "O’Brien-Łuć, Zoë"),
        ("Nguyễn Thị Minh Khai", "Nguyễn Thị Minh Khai"),
        ("You Win", "You Win"),
        ("山田 太郎", "山田 太郎"),
        ("You have won! Call 555 0100", ""),
        ("URGENT", ""),
        ("Haga clic", ""),
        ("Bitte klicken", ""),
        ("ring the number of the new shop", ""),
        ("x" * 200, ""),
        ("Send 20 € to us", ""),
        ("www。evil。example", ""),
        ("evil․example", ""),
        ("evil．example", ""),
        ("Xn--evil-example", ""),
        ("Anna 💊", ""),
        ("Ваш счёт заблокирован", ""),
        ("hxxp evil dot example", ""),
        ("Анна Петровна Орлова", "Анна Петровна Орлова"),
        ("anna orlova", "anna orlova"),
        ("Abdul Rahman bin Abdul Aziz", "Abdul Rahman bin Abdul Aziz"),
        ("Ηλέκτρα Παπαδοπούλου", "Ηλέκτρα Παπαδοπούλου"),
    ],
)
def test_nobody_is_greeted_by_a_link(name: str, greeted: str) -> None:
    assert readable.greeting_name(name) == greeted


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("12 Main St., Suite 4/5", "12 Main St., Suite 4/5"),
        ("Room 2.50", "Room 2.50"),
        ("https://evil.example/x", "https: evil. example/x"),
        ("pay at Evil.Example now", "pay at Evil. Example now"),
        ("write to eve@evil.example", "write to eve@evil. example"),
    ],
)
def test_no_mail_program_makes_a_link_of_a_place(place: str, shown: str) -> None:
    assert readable.unlinked(place) == shown


def test_machine_times_are_utc() -> None:
    local = datetime(2026, 11, 27, 15, 0, tzinfo=BERLIN)
    assert readable.utc(local) == "2026-11-27T14:00:00Z"
