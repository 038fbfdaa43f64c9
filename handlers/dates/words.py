"""The typed words for days and months of all languages, from the locale table."""

from collections.abc import Iterator

from handlers.locale_table import LOCALE_TABLE, Locale

# As typed on keyboards without ä and ö.
_WITHOUT_ACCENTS = str.maketrans("äöå", "aoa")

Words = Iterator[tuple[str, int]]


def _weekday_words(locale: Locale) -> Words:
    """0 is Monday."""
    for index, weekday in enumerate(locale.weekdays):
        for ending in locale.typed_weekday_endings:
            word = weekday.lower() + ending
            yield from ((word, index), (word.translate(_WITHOUT_ACCENTS), index))
        for word in (locale.short_weekdays[index].lower(), *locale.more_typed_weekdays[index]):
            yield word, index


def _month_words(locale: Locale) -> Words:
    """1 is January."""
    for number, month in enumerate(locale.months, 1):
        long = [month.lower() + ending for ending in locale.typed_month_endings]
        for word in (*long, locale.short_months[number - 1].lower()):
            yield from ((word, number), (word.translate(_WITHOUT_ACCENTS), number))
    yield from locale.more_typed_months


def _ahead_words(locale: Locale) -> Words:
    """Days from today."""
    for days, words in enumerate(locale.days_ahead):
        for word in words:
            yield word, days


def _of_all(words: Iterator[Words]) -> dict[str, int]:
    """Raises ValueError if a word means two numbers."""
    numbers: dict[str, int] = {}
    for of_one_language in words:
        for word, number in of_one_language:
            if numbers.setdefault(word, number) != number:
                raise ValueError(f"{word!r} has two meanings: {numbers[word]} and {number}")
    return numbers


WEEKDAY_WORDS = _of_all(_weekday_words(locale) for locale in LOCALE_TABLE.values())
LONG_WEEKDAYS = frozenset(word for word in WEEKDAY_WORDS if len(word) > 5)
MONTH_WORDS = _of_all(_month_words(locale) for locale in LOCALE_TABLE.values())
MONTHS_BEFORE_DAY = frozenset(
    word for locale in LOCALE_TABLE.values() if locale.month_before_day for word, _ in _month_words(locale)
)
"""Months that may stand before their day: "April 7"."""
AHEAD_WORDS = _of_all(_ahead_words(locale) for locale in LOCALE_TABLE.values())

# Patterns that ignore case also match these letters as s and i.
_CASE_VARIANTS = str.maketrans("ſıİ", "sii")


def word_key(typed: str) -> str:
    """The key of a typed word in these tables: lower case, single spaces."""
    return " ".join(typed.translate(_CASE_VARIANTS).lower().split())
