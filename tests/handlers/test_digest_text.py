"""The digest's words: they fit one caption whatever there is to tell, and no word or tag is cut."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from handlers.digest_charts import digest_inputs
from handlers.digest_details import FITS, group_line, meeting_line, pages
from handlers.digest_rooms import AIM, at_words
from handlers.digest_text import digest_text, is_unchanged, needing, people
from handlers.result_text import shown_size
from handlers.screen import CAPTION_LENGTH
from handlers.texts import LANGUAGES, texts
from models.attention import Attention, Reason
from models.funnel import Flow, Funnel
from models.possible import Mean, Rate
from models.statistics import Coming, GroupFlow, MeetingFlow, MonthFigures, Statement
from tests.handlers.test_charts import COMING, FIGURES, NOTHING

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
        Attention(name, reason, date(2027, 1, 31), Rate(3, 40), Rate(38, 40), coming=date(2028, 5, 31))
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
        held=tuple(MeetingFlow(date(2027, 9, 13), name, f"{name} {LONG[1]}", flow) for name in NAMES[:groups]),
    )


def words_of(figures: MonthFigures) -> Iterator[str]:
    """Every word that somebody wrote, in what is told."""
    held = figures.held or ()
    told = [one.group for one in (*figures.attention, *figures.meetings, *(figures.groups or ()), *held)]
    told += [one.title or "" for one in (*figures.meetings, *held)]
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


NAME = "å" * 60
"""A group's name of one endless word, as long as they may be."""
ENDLESS = ("x" * 200, "я" * 200, f"{'x' * 150} {'y' * 49}", "lyhyt väittämä tästä asiasta")


def endless(groups: int, count: int) -> MonthFigures:
    """Large counts, names as long as they may be, and so many statements of endless words among those told."""
    busy = organisation(groups)
    names = ("invited", "yes", "on_site", "remote", "asked", "answered", "people", "unnamed", "roster", "reachable")
    funnel = replace(busy.funnel, waiting=1_234, **dict.fromkeys(names, 98_765))
    told = [0, len(STATEMENTS) - 1, 1, len(STATEMENTS) - 2, *range(2, len(STATEMENTS) - 2)][:count]
    texts_of = [ENDLESS[at % 3] if at in told else ENDLESS[3] for at in range(len(STATEMENTS))]
    about = {"low_name": "ö" * 60, "high_name": "ä" * 60, "earlier_month": "2025-11"}
    return replace(
        busy,
        funnel=funnel,
        before=funnel,
        year_before=funnel,
        statements=tuple(
            replace(one, text=text, earlier=one.mean, **about) for one, text in zip(STATEMENTS, texts_of, strict=True)
        ),
        attention=tuple(replace(one, group=NAME) for one in busy.attention[:3]),
        meetings=tuple(replace(one, group=NAME, title="z" * 120) for one in busy.meetings),
        of=(NAME,) * groups,
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("groups", [1, 10, 200])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 12])
def test_a_digest_of_endless_words_fits_its_caption(language: str, groups: int, count: int) -> None:
    figures = endless(groups, count)
    for month in ("2027-09", "2027-q3"):
        told = digest_text(texts(language), replace(figures, month=month), is_ongoing=True)
        assert shown_size(told) <= CAPTION_LENGTH
        for word in re.findall(r"([xyzåöäя])\1{9,}", told):
            assert len(re.findall(f"{word}{{10,}}", told)[0]) in (49, 60, 120, 150, 200)  # whole


def test_statements_without_room_are_fewer_or_said_to_be_in_the_picture() -> None:
    two = digest_text(texts("fi"), replace(endless(10, 12), funnel=organisation(10).funnel, of=None))
    assert "Vahvimmat väittämät" in two
    assert two.count("n = 30") == 2
    none = digest_text(texts("sv"), endless(200, 12), is_ongoing=True)
    assert "Resultaten av påståendena finns på bilden." in none
    assert "Starkaste" not in none


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


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("groups", [1, 10, 200])
def test_pages_of_meetings_fit_and_have_each_once(language: str, groups: int) -> None:
    figures = organisation(groups)
    found = pages([meeting_line(texts(language), one) for one in figures.held or ()])
    assert sum(len(page) for page in found) == groups
    for page in found:
        assert sum(shown_size(line) + 1 for line in page) <= FITS + 1
        check_whole("\n".join(page), figures)


def test_a_month_like_the_last_is_said_to_be() -> None:
    t, words = texts("fi"), "Kaikki määrät yllä ovat samat kuin edellisessä"
    assert words in digest_text(t, replace(FIGURES, before=FIGURES.funnel))
    assert words not in digest_text(t, FIGURES)


@pytest.mark.parametrize("name", [name for name in Funnel.__dataclass_fields__ if name != "groups"])
def test_a_month_that_differs_in_any_count_told_is_not_like_the_last(name: str) -> None:
    before = replace(FIGURES.funnel, **{name: getattr(FIGURES.funnel, name) - 1})
    assert not is_unchanged(replace(FIGURES, before=before))
    assert is_unchanged(replace(FIGURES, before=replace(FIGURES.funnel, groups=1)))


def test_groups_are_in_one_order_whatever_their_capitals() -> None:
    some = tuple(Attention(name, Reason.QUIET) for name in ("Zeta", "aikuiset", "Lapset"))
    assert [name for name, _ in needing(replace(FIGURES, attention=some))] == ["aikuiset", "Lapset", "Zeta"]


def test_titles_of_what_comes_are_told_where_there_is_room() -> None:
    short = replace(NOTHING, coming=3, meetings=COMING)
    assert "ma 4.10. Lastensuojelu: Aihe\n" in digest_text(texts("fi"), short)
    assert "ma 4.10. Lastensuojelu\n" in digest_text(
        texts("fi"), replace(short, meetings=(Coming(COMING[0].day, "Lastensuojelu"), *COMING))
    )
    assert "Aihe" not in digest_text(texts("fi"), organisation(10))


def test_what_earlier_programs_hid_is_told_without_a_count() -> None:
    figures = replace(FIGURES, attention=(Attention("Vammaispalvelut", Reason.FEW_ANSWERS),))
    assert "Vammaispalvelut: vähän palautetta\n" in digest_text(texts("fi"), figures)
    figures = replace(FIGURES, attention=(Attention("Vammaispalvelut", Reason.QUIET),))
    assert "Vammaispalvelut: ei kokousta 90 päivään\n" in digest_text(texts("fi"), figures)


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


@pytest.mark.parametrize(
    ("language", "named", "all_named"),
    [
        ("fi", "12 eri ihmistä nimellä", "12 eri ihmistä"),
        ("sv", "12 olika personer med namn", "12 olika personer"),
        ("en", "12 different people by name", "12 different people"),
    ],
)
def test_people_are_said_to_be_those_with_a_name(language: str, named: str, all_named: str) -> None:
    t, flow = texts(language), Flow(1, 0, 600, 400, 480, 20, 12, 40, 30, unnamed=488)
    funnel = replace(FIGURES.funnel, **vars(flow))
    for told in (
        digest_text(t, replace(FIGURES, funnel=funnel)),
        group_line(t, GroupFlow("Lastensuojelu", flow)),
        meeting_line(t, MeetingFlow(date(2027, 9, 1), "Lastensuojelu", None, flow)),
        digest_inputs(replace(FIGURES, funnel=funnel), language)["steps"][4]["note"],
    ):
        assert named in told
    assert people(t, replace(flow, unnamed=0)) == all_named
    none_named = replace(flow, people=0, unnamed=500)
    assert people(t, none_named) == ""
    assert group_line(t, GroupFlow("Lastensuojelu", none_named)).count(", ") == 2
