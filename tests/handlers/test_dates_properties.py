"""What holds of dates whatever is typed: print and read are each other's mirror, and nothing typed breaks the bot."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.dates import (
    Doubt,
    When,
    choice_text,
    day_text,
    find_when,
    moment_text,
    read_day,
    read_time,
    read_when,
    span_text,
    when_text,
    when_to_utc,
)
from handlers.texts import texts

LANGUAGES = ("fi", "sv", "en")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NIGHTS = [  # hours that are skipped or come twice somewhere
    *(datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC)),
    *(datetime(2026, 12, 31, 22, tzinfo=UTC), datetime(2028, 2, 29, 10, tzinfo=UTC)),
    *(datetime(2027, 11, 7, 6, tzinfo=UTC), datetime(2027, 4, 3, 15, tzinfo=UTC)),
]

languages = st.sampled_from(LANGUAGES)
zones = st.sampled_from(
    ["Europe/Helsinki", "Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
).map(ZoneInfo)
starts = st.one_of(
    st.integers(1, 730 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    st.builds(lambda night, minutes: night + timedelta(minutes=minutes), st.sampled_from(NIGHTS), st.integers(-90, 90)),
)
lengths = st.one_of(st.none(), st.integers(1, 300), st.integers(1, 3 * 24 * 60)).map(
    lambda minutes: None if minutes is None else timedelta(minutes=minutes)
)
names = st.lists(
    st.sampled_from(
        [
            "Lastensuojelu",
            "Ryhmä",
            "Versio",
            "Teams:",
            "school",
            "la",
            "sun",
            "sal",
            "Johdatus",
            "ÄÖ",
            "💥",
            "<b>&",
            "?",
        ]
    ),
    max_size=4,
).map(" ".join)
PIECES = """0 1 7 9 . : - – / , ( ) T 31 2027 99 ke to on klo kl. at pm huomenna next nästa ensi vecka april May the
    7.4. 31.2. 29.2.2027 12.30 9-12 25:00 28.3.2027 31.10.2027 3.30 3.00-3.15 0001-01-01 9999-12-31 tomorrow ſun trılogı
"""
lines = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from("0123456789.:-–/ klotonemaıſİ,()T"), max_size=40),
    st.lists(st.sampled_from(PIECES.split()), max_size=8).map(" ".join),
)


def _same(typed: str, start: datetime, end: datetime | None, zone: ZoneInfo, language: str) -> bool:
    """Read back to the same moments, or asked which passing of the hour, with the same moments among the choices."""
    key = "date-doubled-hour"
    try:
        readings = [read_when(typed, now=NOW, zone=zone, language=language)]
    except Doubt as doubt:
        key, readings = doubt.key, doubt.choices
    assert key == "date-doubled-hour"
    return (start, end) in [when_to_utc(reading, zone) for reading in readings]


@settings(max_examples=300)
@given(starts, lengths, zones, languages, languages)
def test_what_the_bot_prints_it_reads(
    start: datetime, length: timedelta | None, zone: ZoneInfo, printed: str, reader: str
) -> None:
    end = start + length if length else None
    typed = span_text(start, end, zone, printed) if end else moment_text(start, zone, printed)
    assert _same(typed, start, end, zone, reader)
    day = start.astimezone(zone).date()
    assert read_day(day_text(day, printed), now=NOW, zone=zone, language=reader) == day


@settings(max_examples=200)
@given(names, starts, lengths, names, zones, languages, languages)
def test_a_date_in_a_line_leaves_the_rest_alone(  # noqa: PLR0917
    before: str, start: datetime, length: timedelta | None, after: str, zone: ZoneInfo, printed: str, reader: str
) -> None:
    end = start + length if length else None
    typed = span_text(start, end, zone, printed) if end else moment_text(start, zone, printed)
    try:
        left, when, right = find_when(f"{before} {typed} {after}", now=NOW, zone=zone, language=reader)
        readings = [when]
    except Doubt as doubt:
        left, readings, right = doubt.before, doubt.choices, doubt.after
    assert (left, right) == (before, after)
    assert (start, end) in [when_to_utc(reading, zone) for reading in readings]


@settings(max_examples=400)
@given(lines, zones, languages)
def test_nothing_typed_does_more_than_refuse(line: str, zone: ZoneInfo, language: str) -> None:
    for read in (read_when, find_when):
        try:
            read(line, now=NOW, zone=zone, language=language)
        except Doubt as doubt:
            _can_be_said(doubt, zone, language)
    try:
        read_time(line)
    except Doubt as doubt:
        _can_be_said(doubt, zone, language)


def _can_be_said(doubt: Doubt, zone: ZoneInfo, language: str) -> None:
    """In words, with choices that are buttons of different things ahead."""
    assert texts(language)(doubt.key, **doubt.values)
    labels = [choice_text(choice, zone, language) for choice in doubt.choices]
    assert len(set(labels)) == len(labels)
    assert all(_is_ahead(choice, zone) for choice in doubt.choices)
    assert all(when_text(choice, zone, language) in label for choice, label in zip(doubt.choices, labels, strict=True))


def _is_ahead(choice: When, zone: ZoneInfo) -> bool:
    if choice.start is None:
        return choice.day >= NOW.astimezone(zone).date()
    start, end = when_to_utc(choice, zone)
    return start > NOW and (end is None or end > start)
