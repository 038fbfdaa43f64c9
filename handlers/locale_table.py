"""What differs between languages outside the catalogues: plural rule, figures, dates, and the typed words for days.

A new language is one entry here, the folder of its catalogues under ``locales/``, and what people type in it around a
date (``dates/day_grammar.py``, ``dates/clock_grammar.py``) and in a form (``forms/notation/words.py``).
"""

from collections.abc import Callable
from dataclasses import dataclass

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, kw_only=True)
class Locale:
    """One language. Weekdays begin with Monday, months with January; typed words are in lower case."""

    plural_forms: int
    """Number of ``msgstr[n]`` in an entry with plurals."""
    plural_form: Callable[[int], int]
    """The index of the form for a count."""

    letters_after_z: str = ""
    """The last letters of the alphabet, in their order; other letters with marks stand with those without."""
    decimal_point: str
    thousands_separator: str
    percent: str
    """A percentage in a text; ``{}`` is the number."""
    percent_cell: str
    """The number format of a percentage in a workbook."""
    list_separator: str
    """Between the cells of a CSV file, as spreadsheets of this language expect it."""

    weekdays: tuple[str, ...]
    short_weekdays: tuple[str, ...]
    typed_weekday_endings: tuple[str, ...] = ("",)
    """Inflections of a long weekday that are understood: "keskiviikkona", "onsdagen"."""
    more_typed_weekdays: tuple[tuple[str, ...], ...] = ((),) * 7
    """Short forms of each weekday that are understood beside the printed ones."""
    ambiguous_weekdays: frozenset[str] = frozenset()
    """Weekdays (of any language) that are also common words of this one. Before a date such a word is skipped where it
    contradicts the date; elsewhere in a line it is no weekday."""
    days_ahead: tuple[tuple[str, ...], ...]
    """Words for today, tomorrow and the day after tomorrow."""
    at_once: tuple[str, ...]
    """Words for now, where a moment is asked for."""

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    shared_month_ending: str = ""
    """An ending that a span of months has once: "tammi–maaliskuu"."""
    typed_month_endings: tuple[str, ...] = ("",)
    """Inflections of a long month that are understood: "huhtikuuta"."""
    more_typed_months: tuple[tuple[str, int], ...] = ()
    month_before_day: bool = False
    """Whether "April 7" is understood."""

    date: str
    """A date in print, of ``{day}``, ``{month}``, ``{short_month}`` and ``{year}``."""
    date_without_year: str
    time_separator: str
    before_time: str
    """Between a date and a time in print."""
    example_hours: str
    """The end of the example of what to type, after its weekday and date."""


def _one_or_other(count: int) -> int:
    return 0 if count == 1 else 1


_FINNISH_MONTHS = (
    *("tammi", "helmi", "maalis", "huhti", "touko", "kesä"),
    *("heinä", "elo", "syys", "loka", "marras", "joulu"),
)
_SWEDISH_MONTHS = (
    *("januari", "februari", "mars", "april", "maj", "juni"),
    *("juli", "augusti", "september", "oktober", "november", "december"),
)
_ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

FINNISH = Locale(
    plural_forms=2,
    plural_form=_one_or_other,
    letters_after_z="åäö",
    decimal_point=",",
    thousands_separator=NO_BREAK_SPACE,
    percent="{}" + NO_BREAK_SPACE + "%",
    percent_cell="0\\ %",
    list_separator=";",
    weekdays=("maanantai", "tiistai", "keskiviikko", "torstai", "perjantai", "lauantai", "sunnuntai"),
    short_weekdays=("ma", "ti", "ke", "to", "pe", "la", "su"),
    typed_weekday_endings=("", "na"),
    # "On" is a Swedish Wednesday, but the Finnish "is".
    ambiguous_weekdays=frozenset({"on"}),
    days_ahead=(("tänään", "tanaan"), ("huomenna",), ("ylihuomenna",)),
    at_once=("heti", "nyt"),
    months=tuple(f"{month}kuu" for month in _FINNISH_MONTHS),
    short_months=_FINNISH_MONTHS,
    shared_month_ending="kuu",
    typed_month_endings=("", "ta", "n"),
    date="{day}.{month}.{year}",
    date_without_year="{day}.{month}.",
    time_separator=".",
    before_time=" klo ",
    example_hours=" klo 9–12",
)

SWEDISH = Locale(
    plural_forms=2,
    plural_form=_one_or_other,
    letters_after_z="åäö",
    decimal_point=",",
    thousands_separator=NO_BREAK_SPACE,
    percent="{}" + NO_BREAK_SPACE + "%",
    percent_cell="0\\ %",
    list_separator=";",
    weekdays=("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"),
    short_weekdays=("mån", "tis", "ons", "tors", "fre", "lör", "sön"),
    typed_weekday_endings=("", "en"),
    # Finland's Swedish wall calendars say "må ti on to fr lö sö".
    more_typed_weekdays=(("må",), ("ti",), ("on",), ("to", "tor"), ("fr",), ("lö",), ("sö",)),
    days_ahead=(
        ("idag", "i dag"),
        ("imorgon", "i morgon", "imorron", "i morron"),
        ("iövermorgon", "i övermorgon", "övermorgon", "i overmorgon"),
    ),
    at_once=("nu", "genast"),
    months=_SWEDISH_MONTHS,
    short_months=tuple(month[:3] for month in _SWEDISH_MONTHS),
    date="{day}.{month}.{year}",
    date_without_year="{day}.{month}.",
    time_separator=".",
    before_time=" kl. ",
    example_hours=" kl. 9–12",
)

ENGLISH = Locale(
    plural_forms=2,
    plural_form=_one_or_other,
    decimal_point=".",
    thousands_separator=",",
    percent="{}%",
    percent_cell="0%",
    list_separator=",",
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    short_weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    more_typed_weekdays=((), ("tues",), ("weds",), ("thur", "thurs"), (), (), ()),
    # "On" is a Swedish Wednesday and "to" a Thursday, but both are English prepositions.
    ambiguous_weekdays=frozenset({"on", "to"}),
    days_ahead=(("today",), ("tomorrow",), ("the day after tomorrow", "day after tomorrow")),
    at_once=("now", "at once"),
    months=_ENGLISH_MONTHS,
    short_months=tuple(month[:3] for month in _ENGLISH_MONTHS),
    more_typed_months=(("sept", 9),),
    month_before_day=True,
    date="{day} {short_month} {year}",
    date_without_year="{day} {short_month}",
    time_separator=":",
    before_time=", ",
    example_hours=" 9–12",
)

LOCALE_TABLE: dict[str, Locale] = {"fi": FINNISH, "sv": SWEDISH, "en": ENGLISH}
"""By ISO 639-1 code. The first is read by whoever speaks none of them."""
