"""The locale table agrees with CLDR (through Babel) where we follow it, and every language is complete."""

import gettext
import re
from pathlib import Path

import babel
import pytest

from bot.demo import cast, script
from bot.sandbox.page import actions
from handlers.locale_table import LOCALE_TABLE
from handlers.texts import LANGUAGES, LOCALES

CLDR = {"fi": babel.Locale("fi", "FI"), "sv": babel.Locale("sv", "FI"), "en": babel.Locale("en", "GB")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_are_those_of_cldr(language: str) -> None:
    ours, cldr = LOCALE_TABLE[language], babel.Locale(language)
    weekdays, months = cldr.days["stand-alone"], cldr.months["stand-alone"]["wide"]
    assert list(ours.weekdays) == [weekdays["wide"][index] for index in range(7)]
    assert list(ours.short_weekdays) == [weekdays["abbreviated"][index] for index in range(7)]
    assert list(ours.months) == [months[number] for number in range(1, 13)]


def test_short_months_are_printed_in_english_alone_and_are_those_of_cldr() -> None:
    assert [language for language in LANGUAGES if "short_month" in LOCALE_TABLE[language].date] == ["en"]
    short = babel.Locale("en").months["stand-alone"]["abbreviated"]
    assert list(LOCALE_TABLE["en"].short_months) == [short[number] for number in range(1, 13)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_are_printed_as_cldr_prints_them(language: str) -> None:
    ours, cldr = LOCALE_TABLE[language], CLDR[language]
    symbols = cldr.number_symbols["latn"]
    assert (ours.decimal_point, ours.thousands_separator) == (symbols["decimal"], symbols["group"])
    assert ours.percent == cldr.percent_formats[None].pattern.replace("#,##0", "{}")


def test_dates_are_printed_as_cldr_prints_them_but_swedish_as_finland_does() -> None:
    patterns = {
        language: locale.date.translate({ord("{"): None, ord("}"): None})
        .replace("short_month", "MMM")
        .replace("month", "M")
        .replace("day", "d")
        .replace("year", "y")
        for language, locale in LOCALE_TABLE.items()
    }
    assert patterns["fi"] == patterns["sv"] == CLDR["fi"].date_formats["medium"].pattern
    assert patterns["en"] == CLDR["en"].date_formats["medium"].pattern
    separators = {language: re.sub(r"\w", "", CLDR[language].time_formats["short"].pattern) for language in LANGUAGES}
    assert {language: locale.time_separator for language, locale in LOCALE_TABLE.items()} == separators | {"sv": "."}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plural_rule_is_that_of_cldr_and_of_the_catalogues(language: str) -> None:
    locale = LOCALE_TABLE[language]
    for path in (LOCALES / language).rglob("*.po"):
        header = re.search(r"Plural-Forms: nplurals=(\d+); plural=(.*);", path.read_text(encoding="utf-8"))
        assert header, path
        rule = gettext.c2py(header[2])  # type: ignore[attr-defined]
        assert int(header[1]) == locale.plural_forms
        assert [locale.plural_form(count) for count in range(200)] == [rule(count) for count in range(200)], path
    cldr = CLDR[language].plural_form
    by_form = {(locale.plural_form(count), cldr(count)) for count in range(200)}
    assert len(by_form) == locale.plural_forms, by_form


@pytest.mark.parametrize(
    ("file", "languages"),
    {
        "handlers/locales/": {path.name for path in LOCALES.iterdir()},
        "tests/handlers/test_locale_table.py: CLDR": set(CLDR),
        "bot/sandbox/page/words.json": set(actions.LANGUAGES),
        "bot/sandbox/page/index.html": set(
            re.findall(r'<option value="(\w+)"', Path(actions.__file__).with_name("index.html").read_text("utf-8"))
        ),
        "bot/demo/cast.py: GROUPS": set(cast.GROUPS),
        "bot/demo/script.py: GROUPS": set(script.GROUPS),
        "bot/demo/script.py: LINES": set(script.LINES),
    }.items(),
)
def test_every_language_has_its_place(file: str, languages: set[str]) -> None:
    assert languages == set(LANGUAGES), f"{file}: not the languages of LOCALE_TABLE"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_complete(language: str) -> None:
    locale = LOCALE_TABLE[language]
    assert (len(locale.weekdays), len(locale.short_weekdays), len(locale.more_typed_weekdays)) == (7, 7, 7)
    assert (len(locale.months), len(locale.short_months), len(locale.days_ahead)) == (12, 12, 3)


@pytest.mark.parametrize("file", ["README.md", "config.example.toml"])
def test_the_choices_of_the_setting_are_the_languages(file: str) -> None:
    text = (LOCALES.parent.parent / file).read_text(encoding="utf-8")
    choices = ", ".join(LANGUAGES[:-1]) + f" or {LANGUAGES[-1]}"
    assert f"has not chosen one: {choices}." in text, f"{file}: the setting `language` is {choices}"
