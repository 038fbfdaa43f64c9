"""What people type and how it is read: a corpus in three languages, the doubts, and the printed forms."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from handlers.dates import (
    Doubt,
    When,
    at_hours,
    choice_text,
    day_text,
    example_text,
    find_when,
    hours_text,
    moment_text,
    month_title,
    read_day,
    read_time,
    read_when,
    span_text,
    time_text,
    weekday_short,
    when_to_utc,
)
from handlers.texts import texts

HELSINKI = ZoneInfo("Europe/Helsinki")
LANGUAGES = ("fi", "sv", "en")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # a Monday, ten o'clock in Helsinki


def shown(when: When) -> str:
    """ "2027-04-07 09:00-12:00", with the end's own day where it has one."""
    text = when.day.isoformat()
    if when.start:
        text += f" {when.start:%H:%M}"
    if when.end is not None:
        text += f"-{f'{when.end_day} ' if when.end_day else ''}{when.end:%H:%M}"
    return text + "+" * when.fold


# Read alike whichever language the reader has.
LINES = {
    "ke 7.4. klo 9-12": "2027-04-07 09:00-12:00",
    "KE 7.4. KLO 9-12": "2027-04-07 09:00-12:00",
    "  ke 7.4. klo 9-12.  ": "2027-04-07 09:00-12:00",
    "7.4.2027 9:00-12:00": "2027-04-07 09:00-12:00",
    "7.4.2027 klo 9.00": "2027-04-07 09:00",
    "07.04.2027 09:00": "2027-04-07 09:00",
    "7.4.27 klo 9": "2027-04-07 09:00",
    "7. 4. 2027 klo 9": "2027-04-07 09:00",
    "7.4.2027": "2027-04-07",
    "7.4.": "2027-04-07",
    "7.4": "2027-04-07",
    "7.4 9.30": "2027-04-07 09:30",
    "7.4 9.30-11": "2027-04-07 09:30-11:00",
    "7.4. klo 9-12:30": "2027-04-07 09:00-12:30",
    "7.4. 9 - 12": "2027-04-07 09:00-12:00",
    "7.4. klo 9 — 12": "2027-04-07 09:00-12:00",
    "7.4.9-12": "2027-04-07 09:00-12:00",
    "7.4.13:30": "2027-04-07 13:30",
    "7.4., klo 9": "2027-04-07 09:00",
    "ke 7.4.2027 klo 9.00–12.00": "2027-04-07 09:00-12:00",
    "ke, 7.4. 9": "2027-04-07 09:00",
    "keskiviikkona 7.4. klo 9": "2027-04-07 09:00",
    "keskiviikko 7. huhtikuuta 2027 klo 9–12": "2027-04-07 09:00-12:00",
    "7. huhtikuuta": "2027-04-07",
    "7.huhtikuuta kello 9": "2027-04-07 09:00",
    "7. huhti klo 9": "2027-04-07 09:00",
    "6. joulukuuta": "2026-12-06",
    "7.4. (ke) klo 9": "2027-04-07 09:00",
    "to 8.4. 13-15.30": "2027-04-08 13:00-15:30",
    "klo 9 to 8.4.": "2027-04-08 09:00",
    "klo 9-12 ke 7.4.": "2027-04-07 09:00-12:00",
    "9.30 10.12.": "2026-12-10 09:30",
    "10.12. 9.30": "2026-12-10 09:30",
    "10.12": "2026-12-10",
    "23.11.": "2026-11-23",
    "23.11. klo 12": "2026-11-23 12:00",
    "23.11. klo 9": "2027-11-23 09:00",
    "22.11.": "2027-11-22",
    "29.2.": "2028-02-29",
    "tänään klo 14": "2026-11-23 14:00",
    "tänään": "2026-11-23",
    "tanaan klo 14": "2026-11-23 14:00",
    "huomenna klo 14": "2026-11-24 14:00",
    "huomenna": "2026-11-24",
    "Huomenna 14-16": "2026-11-24 14:00-16:00",
    "huomenna tiistaina klo 14": "2026-11-24 14:00",
    "klo 14 huomenna": "2026-11-24 14:00",
    "ylihuomenna klo 8.15": "2026-11-25 08:15",
    "huomenna klo 22-24": "2026-11-24 22:00-2026-11-25 00:00",
    "ke": "2026-11-25",
    "ke klo 9": "2026-11-25 09:00",
    "keskiviikkona": "2026-11-25",
    "keskiviikkona klo 9-12": "2026-11-25 09:00-12:00",
    "maanantaina klo 9": "2026-11-30 09:00",
    "maanantaina klo 12": "2026-11-23 12:00",
    "ensi maanantaina klo 12": "2026-11-30 12:00",
    "ensi viikon keskiviikkona klo 9": "2026-12-02 09:00",
    "keskiviikkona ensi viikolla": "2026-12-02",
    "ons 7.4 kl 9-12": "2027-04-07 09:00-12:00",
    "ons 7.4. kl. 9.00–12.00": "2027-04-07 09:00-12:00",
    "ons 7.4.2027 kl. 9.00–12.00": "2027-04-07 09:00-12:00",
    "on 7.4": "2027-04-07",
    "on 7.4 kl 9": "2027-04-07 09:00",
    "ons 7/4 kl 9-12": "2027-04-07 09:00-12:00",
    "7/4/2027 9:00": "2027-04-07 09:00",
    "onsdag 7 april kl. 13": "2027-04-07 13:00",
    "onsdagen den 7 april 2027 kl. 9–12": "2027-04-07 09:00-12:00",
    "den 7 april klockan 9 till 12": "2027-04-07 09:00-12:00",
    "7:e april kl 9": "2027-04-07 09:00",
    "7 apr. kl 9": "2027-04-07 09:00",
    "tors 8.4 kl. 13–15.30": "2027-04-08 13:00-15:30",
    "idag kl 14": "2026-11-23 14:00",
    "i dag kl. 14.30": "2026-11-23 14:30",
    "i morgon": "2026-11-24",
    "imorgon kl 9": "2026-11-24 09:00",
    "i övermorgon kl. 9": "2026-11-25 09:00",
    "på onsdag kl 9": "2026-11-25 09:00",
    "lördag kl 10": "2026-11-28 10:00",
    "lo\u0308rdag kl 10": "2026-11-28 10:00",
    "lordag kl 10": "2026-11-28 10:00",
    "nästa måndag kl 9": "2026-11-30 09:00",
    "onsdag nästa vecka kl 9": "2026-12-02 09:00",
    "Wed 7 Apr 2027, 9:00–12:00": "2027-04-07 09:00-12:00",
    "Wednesday, 7 April 2027 at 9 to 12": "2027-04-07 09:00-12:00",
    "Wednesday the 7th of April at 2 pm": "2027-04-07 14:00",
    "April 7th, 2027, 9:00": "2027-04-07 09:00",
    "Apr 7 9-12": "2027-04-07 09:00-12:00",
    "7 Apr 2027": "2027-04-07",
    "on Wednesday at 9": "2026-11-25 09:00",
    "on Wed 7 Apr from 9 until 12": "2027-04-07 09:00-12:00",
    "today at 2pm": "2026-11-23 14:00",
    "tomorrow 2-4 pm": "2026-11-24 14:00-16:00",
    "tomorrow 10-2 pm": "2026-11-24 10:00-14:00",
    "tomorrow at 12 am": "2026-11-24 00:00",
    "at 2 p.m. tomorrow": "2026-11-24 14:00",
    "the day after tomorrow, 9:30": "2026-11-25 09:30",
    "next Monday at 9": "2026-11-30 09:00",
    "Wednesday next week at 9": "2026-12-02 09:00",
    "2027-04-07 09:00": "2027-04-07 09:00",
    "2027-04-07T09:00": "2027-04-07 09:00",
    "2027-04-07 09:00-12:00": "2027-04-07 09:00-12:00",
    "2027-04-07": "2027-04-07",
    "2027/04/07 9": "2027-04-07 09:00",
    "ke7.4. klo9-12": "2027-04-07 09:00-12:00",
    "7-4-2027 9": "2027-04-07 09:00",
    "ke 7.4.2027 klo 22.00 – to 8.4.2027 klo 2.00": "2027-04-07 22:00-2027-04-08 02:00",
    "Wed 7 Apr 2027, 22:00 – Thu 8 Apr 2027, 2:00": "2027-04-07 22:00-2027-04-08 02:00",
}


@pytest.mark.parametrize("typed", LINES)
def test_a_typed_date_is_read_alike_in_every_language(typed: str) -> None:
    for language in LANGUAGES:
        assert shown(read_when(typed, now=NOW, zone=HELSINKI, language=language)) == LINES[typed], language


@pytest.mark.parametrize(
    ("language", "typed", "reading"),
    [
        ("fi", "on 8.4.", "2027-04-08"),  # "on" is "is": no weekday, no contradiction
        ("en", "on 8.4.", "2027-04-08"),
        ("sv", "on 8.4.", "date-weekday"),  # Wednesday, but it is a Thursday
        ("fi", "to 9.4. 13-15.30", "date-weekday"),  # Thursday, but it is a Friday
        ("sv", "to 9.4. 13-15.30", "date-weekday"),
        ("en", "to 9.4. 13-15.30", "2027-04-09 13:00-15:30"),
    ],
)
def test_small_words_are_read_in_the_reader_s_language(language: str, typed: str, reading: str) -> None:
    try:
        found = shown(read_when(typed, now=NOW, zone=HELSINKI, language=language))
    except Doubt as doubt:
        found = doubt.key
    assert found == reading


FOUND = [
    (
        "Lastensuojelu ke 7.4. klo 9-12 Teams: Johdatus aiheeseen",
        ("Lastensuojelu", "2027-04-07 09:00-12:00", "Teams: Johdatus aiheeseen"),
    ),
    ("Barnskydd ons 7.4 kl. 9–12 distans: Inledning", ("Barnskydd", "2027-04-07 09:00-12:00", "distans: Inledning")),
    ("Child welfare Wed 7 Apr 9-12 Teams: Intro", ("Child welfare", "2027-04-07 09:00-12:00", "Teams: Intro")),
    ("Lastensuojelu, ke 7.4., klo 9-12, Teams", ("Lastensuojelu", "2027-04-07 09:00-12:00", "Teams")),
    ("ke 7.4. klo 9 Lastensuojelu", ("", "2027-04-07 09:00", "Lastensuojelu")),
    ("Lastensuojelu klo 9-12 ke 7.4. Teams", ("Lastensuojelu", "2027-04-07 09:00-12:00", "Teams")),
    ("Ryhmä 3 ke 7.4. klo 9", ("Ryhmä 3", "2027-04-07 09:00", "")),
    ("Versio 2.1 esittely huomenna klo 14", ("Versio 2.1 esittely", "2026-11-24 14:00", "")),
    ("Katsaus 1.1.2027 alkaen ke 7.4. klo 9-12", ("Katsaus 1.1.2027 alkaen", "2027-04-07 09:00-12:00", "")),
    ("Kevät 2027 ke 7.4. klo 9 sali 12", ("Kevät 2027", "2027-04-07 09:00", "sali 12")),
    ("Työpaja 2/6 ke 7.4. klo 9", ("Työpaja 2/6", "2027-04-07 09:00", "")),
    ("Back to school Wed 7 Apr 9-12 room 5", ("Back to school", "2027-04-07 09:00-12:00", "room 5")),
    ("Kokous on ke 7.4. klo 9", ("Kokous", "2027-04-07 09:00", "")),
    ("Meeting on Wed 7 Apr", ("Meeting", "2027-04-07", "")),
    ("Lastensuojelu ke7.4. klo 9", ("Lastensuojelu", "2027-04-07 09:00", "")),
    ("La paella huomenna", ("La paella", "2026-11-24", "")),
    ("Sunday club tomorrow at 3 pm", ("Sunday club", "2026-11-24 15:00", "")),
    ("Lastensuojelu keskiviikkona", ("Lastensuojelu", "2026-11-25", "")),
    ("Lastensuojelu ke 9-12", ("Lastensuojelu", "2026-11-25 09:00-12:00", "")),
    ("Lastensuojelu ke 7.4. 9", ("Lastensuojelu", "2027-04-07 09:00", "")),
    ("Lastensuojelu ke 7.4. 9 kuntaa", ("Lastensuojelu", "2027-04-07", "9 kuntaa")),
    ("Lastensuojelu ke 7.4. https://x.fi/7.5.2027", ("Lastensuojelu", "2027-04-07", "https://x.fi/7.5.2027")),
]


@pytest.mark.parametrize(("line", "parts"), FOUND)
def test_a_date_is_found_in_a_line(line: str, parts: tuple[str, str, str]) -> None:
    for language in LANGUAGES:
        before, when, after = find_when(line, now=NOW, zone=HELSINKI, language=language)
        assert (before, shown(when), after) == parts, language


DOUBTS = [
    ("ke 8.4.2027 klo 9", "date-weekday", ["2027-04-08 09:00", "2027-04-07 09:00", "2027-04-14 09:00"]),
    ("ma 8.4.", "date-weekday", ["2027-04-08", "2027-04-05", "2027-04-12"]),
    ("huomenna keskiviikkona", "date-weekday", ["2026-11-24", "2026-11-25"]),
    ("ti 24.11.2027", "date-weekday", ["2027-11-24", "2027-11-23", "2027-11-30"]),
    ("ensi keskiviikkona klo 9", "date-which-week", ["2026-11-25 09:00", "2026-12-02 09:00"]),
    ("nästa onsdag", "date-which-week", ["2026-11-25", "2026-12-02"]),
    ("next Wednesday", "date-which-week", ["2026-11-25", "2026-12-02"]),
    ("ma", "date-which-week", ["2026-11-23", "2026-11-30"]),
    ("28.3.2027 klo 3.30", "date-skipped-hour", ["2027-03-28 02:30", "2027-03-28 04:30"]),
    ("28.3.2027 klo 1-3.30", "date-skipped-hour", ["2027-03-28 01:00-02:30", "2027-03-28 01:00-04:30"]),
    ("31.10.2027 klo 3.30", "date-doubled-hour", ["2027-10-31 03:30", "2027-10-31 03:30+"]),
    ("31.10.2027 klo 3.30-5", "date-doubled-hour", ["2027-10-31 03:30-05:00", "2027-10-31 03:30-05:00+"]),
    (
        "31.10.2027 klo 3-3.30",
        "date-doubled-hour",
        ["2027-10-31 03:00-03:30", "2027-10-31 03:00-03:30", "2027-10-31 03:00-03:30+"],
    ),
    ("ke 8.4. klo 12-9", "date-end-first", []),
    ("30.2. klo 12-9", "date-impossible", []),
    (
        "huomenna keskiviikkona klo 22-24",
        "date-weekday",
        ["2026-11-24 22:00-2026-11-25 00:00", "2026-11-25 22:00-2026-11-26 00:00"],
    ),
    ("7.4.2020 klo 9", "date-past", ["2027-04-07 09:00"]),
    ("22.11.2026", "date-past", ["2027-11-22"]),
    ("29.2.2024", "date-past", ["2027-02-28"]),
    ("ti 7.4.", "date-weekday", ["2027-04-07", "2027-04-06", "2027-04-13"]),
    ("pe 20.11.", "date-past", ["2027-11-20", "2027-11-19", "2027-11-26"]),
    ("tänään klo 9", "date-past", ["2026-11-24 09:00", "2026-11-30 09:00"]),
    ("23.11.2026 klo 10", "date-past", ["2026-11-24 10:00", "2026-11-30 10:00"]),
    ("7.4.2127", "date-far", ["2027-04-07"]),
    ("7.4.2029 klo 9", "date-far", ["2027-04-07 09:00"]),
    ("7.4.9999", "date-far", ["2027-04-07"]),
    ("2027-02-31", "date-impossible", ["2027-02-28"]),
    ("31.2. klo 9", "date-impossible", ["2027-02-28 09:00"]),
    ("7.13.2027", "date-impossible", []),
    ("0.0.0000", "date-impossible", []),
    ("32.12.2026", "date-impossible", ["2026-12-31"]),
    ("7.4. klo 25:00", "date-no-such-time", []),
    ("7.4. klo 9.75", "date-no-such-time", []),
    ("7.4. klo 24", "date-no-such-time", []),
    ("7.4. klo 12-9", "date-end-first", []),
    ("7.4. klo 9-9", "date-end-first", []),
    ("7.4. klo 0-24", "date-end-first", []),
    ("ke 7.4.2027 klo 22 – ti 6.4.2027 klo 2", "date-end-first", []),
    ("9-12", "date-only-time", ["2026-11-24 09:00-12:00"]),
    ("klo 12.30", "date-only-time", ["2026-11-23 12:30", "2026-11-24 12:30"]),
    ("7.-8.4. klo 9-12", "date-several-days", []),
    ("7.4.–9.4.2027", "date-several-days", []),
    ("moi", "date-not-found", []),
    ("", "date-not-found", []),
    ("7", "date-not-found", []),
    ("ke 7.4. klo 9-12-15", "date-not-found", []),
]


@pytest.mark.parametrize(("typed", "key", "choices"), DOUBTS)
def test_what_is_doubtful_is_asked_about(typed: str, key: str, choices: list[str]) -> None:
    for language in LANGUAGES:
        with pytest.raises(Doubt) as raised:
            read_when(typed, now=NOW, zone=HELSINKI, language=language)
        assert (raised.value.key, [shown(choice) for choice in raised.value.choices]) == (key, choices), language
        assert texts(language)(key, **raised.value.values)


def test_a_contradicted_weekday_names_the_right_one() -> None:
    with pytest.raises(Doubt) as raised:
        read_when("ke 8.4.2027", now=NOW, zone=HELSINKI, language="fi")
    said = texts("fi")(raised.value.key, **raised.value.values)
    assert "8.4.2027 on torstai, ei keskiviikko" in said
    assert choice_text(raised.value.choices[0], HELSINKI, "fi") == "to 8.4.2027"


def test_a_doubt_in_a_line_keeps_the_rest_of_the_line() -> None:
    with pytest.raises(Doubt) as raised:
        find_when("Lastensuojelu ke 8.4. klo 9 Teams: Aihe", now=NOW, zone=HELSINKI, language="fi")
    assert (raised.value.before, raised.value.after) == ("Lastensuojelu", "Teams: Aihe")


@pytest.mark.parametrize(
    "line", ["Lastensuojelu", "Ryhmä 7.-8.4. klo 9", "Aihe klo 9-12", "Welcome to sunny rooms", "💥"]
)
def test_a_line_without_one_date_is_refused(line: str) -> None:
    for language in LANGUAGES:
        with pytest.raises(Doubt):
            find_when(line, now=NOW, zone=HELSINKI, language=language)


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("9-12", time(9), time(12)),
        ("klo 9.00–12.00", time(9), time(12)),
        ("9:00-12:00", time(9), time(12)),
        ("9.30-11", time(9, 30), time(11)),
        ("kl. 13", time(13), None),
        ("klockan 13", time(13), None),
        ("at 2 pm", time(14), None),
        ("2:30pm", time(14, 30), None),
        ("9 to 12", time(9), time(12)),
        ("från 9 till 12", time(9), time(12)),
        ("klo 9 - klo 12", time(9), time(12)),
        ("9", time(9), None),
        ("22-24", time(22), time(0)),
    ],
)
def test_a_time_alone_is_read(typed: str, start: time, end: time | None) -> None:
    assert read_time(typed) == (start, end)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("", "date-time-not-found"),
        ("aamulla", "date-time-not-found"),
        ("7.4. klo 9", "date-time-not-found"),
        ("25", "date-no-such-time"),
        ("9:60", "date-no-such-time"),
        ("12-9", "date-end-first"),
    ],
)
def test_a_time_that_is_none_is_refused(typed: str, key: str) -> None:
    with pytest.raises(Doubt) as raised:
        read_time(typed)
    assert raised.value.key == key
    assert all(texts(language)(key, **raised.value.values) for language in LANGUAGES)


def test_a_day_from_the_calendar_meets_the_same_doubts() -> None:
    near = {"now": NOW, "zone": HELSINKI, "language": "fi"}
    assert shown(at_hours(date(2027, 4, 7), time(9), time(12), **near)) == "2027-04-07 09:00-12:00"  # type: ignore[arg-type]
    for day, start, key in [
        (date(2027, 3, 28), time(3), "date-skipped-hour"),
        (date(2026, 11, 23), time(9), "date-past"),
        (date(2027, 4, 7), time(12), "date-end-first"),
    ]:
        with pytest.raises(Doubt) as raised:
            at_hours(day, start, time(12), **near)  # type: ignore[arg-type]
        assert raised.value.key == key


def test_an_hour_still_unknown_has_no_moment() -> None:
    with pytest.raises(Doubt) as raised:
        when_to_utc(When(read_day("7.4.", now=NOW, zone=HELSINKI, language="fi")), HELSINKI)
    assert raised.value.key == "date-no-time"


def test_dates_are_printed_as_people_here_write_them() -> None:
    start, end = datetime(2027, 4, 7, 6, tzinfo=UTC), datetime(2027, 4, 7, 9, tzinfo=UTC)
    late = datetime(2027, 4, 8, 6, 30, tzinfo=UTC)
    printed = {
        language: (span_text(start, end, HELSINKI, language), span_text(start, late, HELSINKI, language))
        for language in LANGUAGES
    }
    assert printed == {
        "fi": ("ke 7.4.2027 klo 9.00–12.00", "ke 7.4.2027 klo 9.00 – to 8.4.2027 klo 9.30"),
        "sv": ("ons 7.4.2027 kl. 9.00–12.00", "ons 7.4.2027 kl. 9.00 – tors 8.4.2027 kl. 9.30"),
        "en": ("Wed 7 Apr 2027, 9:00–12:00", "Wed 7 Apr 2027, 9:00 – Thu 8 Apr 2027, 9:30"),
    }
    assert moment_text(start, HELSINKI, "fi") == "ke 7.4.2027 klo 9.00"
    assert [day_text(date(2027, 4, 7), language) for language in LANGUAGES] == [
        *("ke 7.4.2027", "ons 7.4.2027", "Wed 7 Apr 2027")
    ]
    assert time_text(time(9), "sv") == "9.00"
    assert [hours_text(time(9), time(12), language) for language in LANGUAGES] == [
        *("klo 9.00–12.00", "kl. 9.00–12.00", "9:00–12:00")
    ]
    assert [month_title(2027, 4, language) for language in LANGUAGES] == ["huhtikuu 2027", "april 2027", "April 2027"]
    assert weekday_short("sv") == ("mån", "tis", "ons", "tors", "fre", "lör", "sön")
    assert [example_text(NOW, HELSINKI, language) for language in LANGUAGES] == [
        *("ke 2.12. klo 9–12", "ons 2.12. kl. 9–12", "Wed 2 Dec 9–12")
    ]


def test_an_hour_that_comes_twice_says_which() -> None:
    twice = When(date(2027, 10, 31), time(3, 30), fold=1)
    assert choice_text(twice, HELSINKI, "fi") == "su 31.10.2027 klo 3.30 (talviaikaa)"
    assert when_to_utc(twice, HELSINKI)[0] == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
