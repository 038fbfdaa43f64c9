"""The digest's words: they fit one caption whatever there is to tell, and no word or tag is cut."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from handlers.digest_details import FITS, group_line, pages
from handlers.digest_text import AIM, at_words, digest_text
from handlers.result_text import shown_size
from handlers.screen import CAPTION_LENGTH
from handlers.texts import LANGUAGES, texts
from models.attention import Attention, Reason
from models.funnel import Flow, Funnel
from models.possible import Mean, Rate
from models.statistics import Coming, GroupFlow, MonthFigures, Statement
from tests.handlers.test_charts import FIGURES, NOTHING

LONG = (
    "Epäjärjestelmällistyttämättömyydelläänkö",
    "Йододиметилсульфоксидотетрагидрофурановая",
    "Ακτινοχρυσοφαιδροβροντολαμπροφεγγοφωτοφα",
)
"""Words of 40 characters in three alphabets."""
NAMES = [f"{word} {number:03}" for number in range(67) for word in LONG]
STATEMENTS = tuple(Statement(f"t-{at}", Mean(90 - at, 30, 1, 5), text=f"{LONG[at % 3]} {LONG[0]}") for at in range(12))


def organisation(groups: int) -> MonthFigures:
    """A busy month of so many groups, all of which need attention, with titles of endless words."""
    flow = Flow(2 * groups, groups, 40 * groups, 30 * groups, 11 * groups, 14 * groups, 20 * groups, 25 * groups)
    flow = replace(flow, answered=15 * groups, waiting=groups)
    funnel = Funnel(**vars(flow), groups=groups, roster=20 * groups, reachable=18 * groups)
    needs = tuple(
        Attention(name, reason, date(2027, 1, 31), Rate(3, 40), Rate(38, 40), fewer_than=5)
        for name in sorted(NAMES[:groups])
        for reason in Reason
    )
    return MonthFigures(
        "2027-09",
        funnel,
        funnel,
        STATEMENTS,
        2 * groups,
        (f"{LONG[0]} <b>& {LONG[1]} sanoi tämän \U0001f600. " * 9, "Hyvä"),
        funnel,
        attention=needs,
        meetings=tuple(Coming(date(2027, 10, 13), name, name) for name in NAMES[:3]),
        groups=tuple(GroupFlow(name, flow) for name in NAMES[:groups]),
    )


def words_of(figures: MonthFigures) -> Iterator[str]:
    """Every word that somebody wrote, in what is told."""
    told = [one.group for one in (*figures.attention, *figures.meetings, *(figures.groups or ()))]
    for text in (*told, *(one.text or "" for one in figures.statements), *figures.highlights):
        yield from text.split()


def check_whole(shown: str, figures: MonthFigures) -> None:
    """No word of theirs is cut, no tag is open, no entity is half."""
    known = set(words_of(figures))
    for word in re.sub(r"<[^<>]*>", " ", shown).split():
        bare = word.strip("…:”“,.;")
        assert bare in known or not any(one.startswith(bare) for one in LONG) or len(bare) < 3
    for tag in ("b", "i"):
        assert len(re.findall(f"<{tag}>", shown)) == len(re.findall(f"</{tag}>", shown))
    assert not re.search(r"&(?!(amp|lt|gt|#34|#39);)", shown)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("groups", [1, 10, 200])
def test_a_digest_fits_its_caption(language: str, groups: int) -> None:
    figures = organisation(groups)
    told = digest_text(texts(language), figures, is_ongoing=True)
    assert shown_size(told) <= CAPTION_LENGTH
    check_whole(told, figures)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_typical_digest_fits_one_screen(language: str) -> None:
    typical = replace(
        FIGURES,
        funnel=replace(FIGURES.funnel, cancelled=0, waiting=0),
        attention=FIGURES.attention[:2],
        highlights=("Kiitos hyvästä keskustelusta.",),
    )
    for figures in (typical, NOTHING, replace(FIGURES, statements=())):
        assert shown_size(digest_text(texts(language), figures)) <= AIM


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("groups", [1, 10, 200])
def test_pages_of_groups_fit_and_have_each_group_once(language: str, groups: int) -> None:
    figures = organisation(groups)
    found = pages([group_line(texts(language), one) for one in figures.groups or ()])
    assert sum(len(page) for page in found) == groups
    for page in found:
        assert sum(shown_size(line) + 1 for line in page) <= FITS + 1
        check_whole("\n".join(page), figures)


def test_what_gives_way_is_said_to_be_behind_the_button() -> None:
    told = digest_text(texts("fi"), organisation(200))
    hidden = re.search(r"ja (\d+) muuta ryhmää", told) or re.search(r"(\d+) ryhmää kaipaa", told)
    assert hidden is not None
    assert int(hidden[1]) >= 197


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("Hyvä", 10, "Hyvä"),
        ("Hyvä keskustelu oli", 16, "Hyvä keskustelu…"),
        ("Hyvä, keskustelu", 8, "Hyvä…"),
        (LONG[0], 10, LONG[0] + "…"),
        ("\U0001f600 \U0001f600 \U0001f600", 6, "\U0001f600 \U0001f600…"),
    ],
)
def test_texts_end_at_a_word(text: str, most: int, kept: str) -> None:
    assert at_words(text, most) == kept


def test_a_month_like_the_last_is_said_to_be() -> None:
    t = texts("fi")
    assert "Määrät samat kuin edellisessä" in digest_text(t, replace(FIGURES, before=FIGURES.funnel))
    assert "Määrät samat kuin edellisessä" not in digest_text(t, FIGURES)


def test_before_the_first_group_nothing_is_compared() -> None:
    nobody = Funnel()
    told = digest_text(texts("fi"), replace(FIGURES, before=nobody, year_before=None))
    assert "edellinen" not in told
    assert "vuosi sitten" not in told


def test_one_meeting_and_no_answers() -> None:
    funnel = Funnel(meetings=1, invited=3, yes=2, on_site=1, people=1, asked=3, groups=1, roster=3, reachable=3)
    told = digest_text(texts("fi"), replace(NOTHING, funnel=funnel))
    assert "Palautetta <b>0</b> / 3 (0\N{NO-BREAK SPACE}% pyydetyistä)" in told
    assert "1 eri ihminen" in told
    assert "Palautteen tuloksia ei valmistunut." in told


def test_head_counts_are_no_known_people() -> None:
    funnel = replace(FIGURES.funnel, people=0, invited=500, yes=400)
    told = digest_text(texts("fi"), replace(FIGURES, funnel=funnel, attention=(), statements=()))
    assert "eri ihmistä" not in told
    assert "178\N{NO-BREAK SPACE}% kutsuista" in told
