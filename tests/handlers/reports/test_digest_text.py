"""The digest's words: they fit one caption whatever there is to tell, and no word or tag is cut."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from handlers.layout import CAPTION_LENGTH, pages_of_blocks, shown_length
from handlers.reports.digest.attendance_text import people
from handlers.reports.digest.attention import needing, reasons
from handlers.reports.digest.charts import digest_inputs
from handlers.reports.digest.details import COUNT, group_line, meeting_line, trend_line
from handlers.reports.digest.length_budget import FULL, SHORTER, SHORTEST, SOFT_LIMIT
from handlers.reports.digest.text import (
    digest_text,
    fitting,
    has_all_attention,
    has_all_coming,
    has_all_statements,
    is_unchanged,
)
from handlers.responses import few
from handlers.texts import LANGUAGES, texts
from models.feedback.response import Response
from models.reports.attention import Attention, Reason
from models.reports.funnel import Flow, Funnel
from models.reports.pooled import PooledAnswers
from models.reports.statements import Statement
from models.reports.statistics import Coming, DigestFigures, GroupFlow, MeetingFlow
from models.valid_figures import Mean, Rate
from tests.handlers.test_charts import COMING, FIGURES, NOTHING, plain

LONG = (
    "Epäjärjestelmällistyttämättömyydelläänkö",
    "Йододиметилсульфоксидотетрагидрофурановая",
    "Ακτινοχρυσοφαιδροβροντολαμπροφεγγοφωτοφα",
)
"""Words of 40 characters in three alphabets."""
NAMES = [f"{word} {number:03}" for number in range(67) for word in LONG]
COUNTED_FORMS = replace(FIGURES.funnel.response, few=0, few_asked=0, below=0)
"""Without forms that have too few answers."""
STATEMENTS = tuple(Statement(f"t-{at}", Mean(90 - at, 30, 1, 5), text=f"{LONG[at % 3]} {LONG[0]}") for at in range(12))


def organisation(groups: int) -> DigestFigures:
    """A busy month of so many groups, all of which need attention, with titles of endless words."""
    flow = Flow(2 * groups, groups, 40 * groups, 30 * groups, 11 * groups, 14 * groups, 20 * groups)
    counts = 15 * groups, 20 * groups, 15 * groups
    response = Response(*counts, *counts[1:], few=groups, few_asked=4 * groups, below=5)
    flow = replace(flow, response=response, unsent=groups)
    funnel = Funnel(**vars(flow), groups=groups, roster=20 * groups, reachable=18 * groups)
    needs = tuple(
        Attention(name, reason, date(2027, 1, 31), Rate(3, 40), Rate(38, 40), coming=date(2028, 5, 31))
        for name in sorted(NAMES[:groups])
        for reason in Reason
    )
    return DigestFigures(
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
        pooled=PooledAnswers(1_240, 1_130, is_exact=False),
    )


def words_of(figures: DigestFigures) -> Iterator[str]:
    """Every word that somebody wrote, in what is told."""
    held = figures.held or ()
    names = [row.group for row in (*figures.attention, *figures.meetings, *(figures.groups or ()), *held)]
    names += [row.title or "" for row in (*figures.meetings, *held)]
    for text in (*names, *(statement.text or "" for statement in figures.statements), *figures.highlights):
        yield from text.split()


def check_whole(shown: str, figures: DigestFigures) -> None:
    """Where a word of theirs is cut, an ellipsis says so; no tag is open, no entity is half."""
    known = set(words_of(figures))
    for word in re.sub(r"<[^<>]*>", " ", shown).split():
        bare = word.strip("…:”“,.;")
        assert (
            bare in known or "…" in word or not any(long_word.startswith(bare) for long_word in LONG) or len(bare) < 3
        )
    for tag in ("b", "i"):
        assert len(re.findall(f"<{tag}>", shown)) == len(re.findall(f"</{tag}>", shown))
    assert not re.search(r"&(?!(amp|lt|gt|#34|#39);)", shown)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("groups", [1, 10, 200])
def test_a_digest_fits_its_caption(language: str, groups: int) -> None:
    figures = organisation(groups)
    text = digest_text(texts(language), figures, is_ongoing=True)
    print(f"{groups} busy groups, {language}: {shown_length(text)} units")
    assert shown_length(text) <= CAPTION_LENGTH
    check_whole(text, figures)


FITS = 900
NAME = "å" * 60
"""A group's name of one endless word, as long as they may be."""
ENDLESS = ("x" * 200, "я" * 200, f"{'x' * 150} {'y' * 49}", "lyhyt väittämä tästä asiasta")


def endless(groups: int, count: int) -> DigestFigures:
    """Large counts, names as long as they may be, and so many statements of endless words among those told."""
    busy = organisation(groups)
    names = ("invited", "yes", "on_site", "remote", "people", "unnamed", "roster", "reachable", "unsent")
    response = Response(*[98_765] * 5, few=1_234, few_asked=12_345, below=10)
    funnel = replace(busy.funnel, response=response, **dict.fromkeys(names, 98_765))
    shown = [0, len(STATEMENTS) - 1, 1, len(STATEMENTS) - 2, *range(2, len(STATEMENTS) - 2)][:count]
    texts_of = [ENDLESS[at % 3] if at in shown else ENDLESS[3] for at in range(len(STATEMENTS))]
    about = {"low_name": "ö" * 60, "high_name": "ä" * 60, "earlier_month": "2025-11"}
    return replace(
        busy,
        funnel=funnel,
        before=funnel,
        year_before=funnel,
        statements=tuple(
            replace(statement, text=text, earlier=statement.mean, **about)
            for statement, text in zip(STATEMENTS, texts_of, strict=True)
        ),
        attention=tuple(replace(entry, group=NAME) for entry in busy.attention[:3]),
        meetings=tuple(replace(meeting, group=NAME, title="z" * 120) for meeting in busy.meetings),
        of=(NAME,) * groups,
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("groups", [1, 10, 200])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 12])
def test_a_digest_of_endless_words_fits_its_caption(language: str, groups: int, count: int) -> None:
    figures = endless(groups, count)
    for month in ("2027-09", "2027-q3"):
        text = digest_text(texts(language), replace(figures, period=month), is_ongoing=True)
        print(f"{groups} groups, {count} endless statements, {language}, {month}: {shown_length(text)} units")
        assert shown_length(text) <= CAPTION_LENGTH
        words = re.findall(r"([xyzåöäя])(\1{9,})(…?)", text)
        assert all(rest or len(word) == 48 for _, word, rest in words)


def test_where_there_is_no_room_the_strongest_and_the_weakest_statement_are_told() -> None:
    text, budget = fitting(texts("fi"), endless(200, 12), is_ongoing=True)
    assert budget == SHORTEST
    assert "Vahvimmat väittämät" in text
    assert text.count("n = 30") == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_typical_digest_fits_one_screen(language: str) -> None:
    typical = replace(
        FIGURES,
        funnel=replace(FIGURES.funnel, cancelled=0, response=COUNTED_FORMS),
        attention=FIGURES.attention[:2],
        highlights=("Kiitos hyvästä keskustelusta.",),
    )
    months = {"typical": typical, "nothing happened": NOTHING, "no statements": replace(FIGURES, statements=())}
    for name, figures in months.items():
        text, budget = fitting(texts(language), figures)
        print(f"{name}, {language}: {shown_length(text)} units")
        assert budget in (FULL, SHORTER)
        assert shown_length(text) <= SOFT_LIMIT * 1.02


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("groups", [1, 10, 200])
def test_pages_of_groups_fit_and_have_each_group_once(language: str, groups: int) -> None:
    figures = organisation(groups)
    pages = pages_of_blocks([group_line(texts(language), group) for group in figures.groups or ()], FITS, gap=1)
    assert sum(len(page) for page in pages) == groups
    for page in pages:
        assert sum(shown_length(line) + 1 for line in page) <= FITS + 1
        check_whole("\n".join(page), figures)


def test_what_gives_way_is_said_to_be_behind_the_button() -> None:
    text = digest_text(texts("fi"), organisation(200))
    hidden = re.search(r"ja (\d+) muuta ryhmää", text) or re.search(r"(\d+) ryhmää kaipaa", text)
    assert hidden is not None
    assert int(hidden[1]) >= 197


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("groups", [1, 10, 200])
def test_pages_of_meetings_fit_and_have_each_once(language: str, groups: int) -> None:
    figures = organisation(groups)
    pages = pages_of_blocks([meeting_line(texts(language), meeting) for meeting in figures.held or ()], FITS, gap=1)
    assert sum(len(page) for page in pages) == groups
    for page in pages:
        assert sum(shown_length(line) + 1 for line in page) <= FITS + 1
        check_whole("\n".join(page), figures)


def test_a_month_like_the_last_is_said_to_be() -> None:
    t, words = texts("fi"), "Kaikki määrät yllä ovat samat kuin edellisessä"
    assert words in digest_text(t, replace(FIGURES, before=FIGURES.funnel))
    assert words not in digest_text(t, FIGURES)


@pytest.mark.parametrize("name", [name for name in Funnel.__dataclass_fields__ if name != "groups"])
def test_a_month_that_differs_in_any_count_told_is_not_like_the_last(name: str) -> None:
    count = getattr(FIGURES.funnel, name)
    before = replace(FIGURES.funnel, **{name: COUNTED_FORMS if isinstance(count, Response) else count - 1})
    assert not is_unchanged(replace(FIGURES, before=before))
    assert is_unchanged(replace(FIGURES, before=replace(FIGURES.funnel, groups=1)))


def test_groups_are_in_one_order_whatever_their_capitals() -> None:
    attention = tuple(Attention(name, Reason.QUIET) for name in ("Zeta", "aikuiset", "Lapset"))
    assert [name for name, _ in needing(replace(FIGURES, attention=attention))] == ["aikuiset", "Lapset", "Zeta"]


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
    text = digest_text(texts("fi"), replace(FIGURES, before=nobody, year_before=None))
    assert "edellinen" not in text
    assert "vuosi sitten" not in text


def test_one_meeting_and_no_answers() -> None:
    funnel = Funnel(meetings=1, invited=3, yes=2, on_site=1, people=1, groups=1, roster=3, reachable=3)
    funnel = replace(funnel, response=Response(few=1, few_asked=3, below=5))
    text = digest_text(texts("fi"), replace(NOTHING, funnel=funnel))
    assert "Palautetta: 1 kyselyssä alle 5 vastausta (pyydettiin 3)" in text
    assert "1 eri ihminen" in text
    assert "tuloksia" not in text  # whether any came, is not known
    alone = replace(funnel, response=Response())
    assert "Uusia palautetuloksia ei tullut." in digest_text(texts("fi"), replace(NOTHING, funnel=alone, releases=0))


def test_whoever_comes_uninvited_is_said_to_have_come() -> None:
    funnel = replace(FIGURES.funnel, people=0, invited=500, yes=400)
    text = digest_text(texts("fi"), replace(FIGURES, funnel=funnel, attention=(), statements=()))
    assert "eri ihmistä" not in text
    assert "178\N{NO-BREAK SPACE}% kutsutuista, mukana muitakin kuin kutsuttuja" in text


COUNTED = Flow(1, 0, 14, 9, 12, 3, 10, Response(8, 12, 8), unnamed=5, heads=5)
"""Fifteen were there, five of them counted without a name."""


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("fi", "15, joista 5 ilman nimeä; nimellä 10 (71\N{NO-BREAK SPACE}% kutsutuista), 10 eri ihmistä"),
        ("sv", "15, varav 5 utan namn; med namn 10 (71\N{NO-BREAK SPACE}% av de inbjudna), 10 olika personer"),
        ("en", "15, of which 5 without a name; by name 10 (71% of those invited), 10 different people"),
    ],
)
def test_whoever_is_counted_without_a_name_is_no_part_of_the_invitations(language: str, wanted: str) -> None:
    t, funnel = texts(language), replace(FIGURES.funnel, **vars(COUNTED))
    alone = replace(NOTHING, funnel=funnel)
    whole = plain(digest_text(t, alone))
    assert wanted.partition(" (")[0].partition("; ")[2] in whole
    assert wanted.partition("; ")[2] in whole
    assert wanted in group_line(t, GroupFlow("Lastensuojelu", COUNTED))
    assert wanted.rpartition(", ")[0] in meeting_line(t, MeetingFlow(date(2027, 9, 1), "Lastensuojelu", None, COUNTED))
    for line in (whole, group_line(t, GroupFlow("L", COUNTED)), digest_inputs(alone, language)["steps"][2]["rate"]):
        assert "107" not in line


def test_who_was_erased_was_there_by_name() -> None:
    flow = replace(COUNTED, unnamed=6, people=9)
    line = group_line(texts("fi"), GroupFlow("Lastensuojelu", flow))
    assert "nimellä 10 (71\N{NO-BREAK SPACE}% kutsutuista), 9 eri ihmistä nimellä" in line
    assert people(texts("sv"), flow) == "9 olika personer med namn"


def test_only_counted_heads_have_no_rate() -> None:
    flow = Flow(1, 0, 14, 9, 12, 3, 0, unnamed=15, heads=15)
    assert group_line(texts("fi"), GroupFlow("L", flow)).endswith("osallistumisia 15, kaikki ilman nimeä")
    text = plain(digest_text(texts("en"), replace(NOTHING, funnel=replace(FIGURES.funnel, **vars(flow)))))
    assert "Attendances 15, all without a name, on site 12, remotely 3\n" in text


@pytest.mark.parametrize(
    ("language", "singular", "plural"),
    [
        ("fi", "Osallistumisia ei kirjattu 1 kokouksesta.", "Osallistumisia ei kirjattu 2 kokouksesta."),
        ("sv", "För 1 möte antecknades inga deltagare.", "För 2 möten antecknades inga deltagare."),
        ("en", "Attendance of 1 meeting was not recorded.", "Attendance of 2 meetings was not recorded."),
    ],
)
def test_a_meeting_of_which_nobody_told_who_came(language: str, singular: str, plural: str) -> None:
    t, flow = texts(language), Flow(1, 0, 14, 9, unrecorded=1)
    text = digest_text(t, replace(NOTHING, funnel=replace(FIGURES.funnel, **vars(flow))))
    assert singular in text
    assert "(0" not in text.partition(singular)[0].splitlines()[-1]
    line = group_line(t, GroupFlow("Lastensuojelu", flow))
    assert line.endswith(singular[0].lower() + singular[1:-1])
    both = replace(FIGURES.funnel, unrecorded=2)
    assert plural in digest_text(t, replace(FIGURES, funnel=both))
    assert "888" in digest_text(t, replace(FIGURES, funnel=both))


WITHHELD = {
    "fi": "Väittämien keskiarvoja ei näytetä, jotta kenenkään vastaus ei paljastu.",
    "sv": "Påståendenas medelvärden visas inte, så att ingens svar röjs.",
    "en": "The means of statements are not shown, so that nobody's answer is revealed.",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_withheld_is_not_said_to_be_missing(language: str) -> None:
    t, none = texts(language), {"fi": "Uusia palautetuloksia ei tullut.", "sv": "Inga nya", "en": "No new feedback"}
    funnel = replace(FIGURES.funnel, response=COUNTED_FORMS)
    known = {
        "withheld": replace(FIGURES, statements=(), funnel=funnel, releases=1, withheld=4),
        "words alone": replace(FIGURES, statements=(), funnel=funnel, releases=1),
        "too few": replace(FIGURES, statements=(), releases=0),
        "nothing": replace(FIGURES, statements=(), funnel=funnel, releases=0),
    }
    for name, figures in known.items():
        text = digest_text(t, figures).unescape()
        assert (WITHHELD[language] in text) == (name == "withheld")
        assert (none[language] in text) == (name == "nothing")
        assert (
            digest_inputs(figures, language)["notes"]
            == {"withheld": [WITHHELD[language]], "too few": [few(t, FIGURES.funnel.response).unescape()]}.get(name, [])
            or name == "nothing"
        )


def test_what_comes_is_told_with_how_much_more_there_is() -> None:
    seven = tuple(Coming(date(2027, 10, day), f"Ryhmä {day}", "Aihe") for day in range(1, 8))
    text, budget = fitting(texts("fi"), replace(NOTHING, coming=7, meetings=seven))
    assert text.endswith("su 3.10. Ryhmä 3: Aihe\nja 4 muuta")
    assert not has_all_coming(replace(NOTHING, coming=7, meetings=seven), budget)
    assert has_all_coming(replace(NOTHING, coming=3, meetings=seven[:3]), budget)
    assert has_all_coming(replace(NOTHING, coming=7, meetings=seven[:3]), budget)  # an earlier program kept three
    four = digest_text(texts("sv"), replace(NOTHING, coming=4, meetings=seven[:4]))
    assert four.endswith("och 1 till")


def test_the_rest_of_a_period_comes_before_the_next() -> None:
    rest = (Coming(date(2027, 7, 20), "Perhetyö", "Kesä"),)
    text = digest_text(texts("fi"), replace(NOTHING, rest=rest, coming=3, meetings=COMING), is_ongoing=True)
    lines = text.splitlines()
    at = lines.index("<b>Tulossa: heinäkuu 2027</b>, 1 kokous")
    assert lines[at + 1 : at + 3] == ["ti 20.7. Perhetyö: Kesä", "<b>Tulossa: elokuu 2027</b>, 3 kokousta"]
    for groups in (1, 10, 200):
        busy = replace(endless(groups, 4), rest=tuple(replace(meeting, group=NAME) for meeting in COMING))
        for language in LANGUAGES:
            assert shown_length(digest_text(texts(language), busy, is_ongoing=True)) <= CAPTION_LENGTH


def test_what_is_told_whole_needs_no_button() -> None:
    budget, t = FULL, texts("fi")
    assert has_all_statements(t, FIGURES, budget)
    more = (*STATEMENTS, *FIGURES.statements)
    for statements in (more, (replace(FIGURES.statements[0], text="sana " * 30), *FIGURES.statements[1:])):
        assert not has_all_statements(t, replace(FIGURES, statements=statements), budget)
    assert has_all_attention(replace(FIGURES, attention=FIGURES.attention[:3]), budget)
    assert not has_all_attention(FIGURES, budget)


@pytest.mark.parametrize("language", LANGUAGES)
def test_twelve_months_fit_a_page(language: str) -> None:
    t, flow = texts(language), Flow(16, 2, 240, 200, 100, 80, 102, Response(121, 198, 121), unnamed=45, heads=45)
    lines = [trend_line(t, f"2027-{month:02}", flow) for month in range(1, 13)]
    above = shown_length(t("digest-trend", month="syyskuu 2027")) + shown_length(t("trend-legend")) + 1
    assert len(pages_of_blocks(lines, CAPTION_LENGTH - COUNT - above, gap=1)) == 1


def test_attention_says_of_which_meetings_and_forms() -> None:
    fell = Attention("L", Reason.FALLING, now=Rate(21, 42), before=Rate(33, 40), latest=3)
    low = [Attention("L", Reason.FEW_ANSWERS, now=Rate(4, 41), latest=latest) for latest in (1, 2)]
    space = "\N{NO-BREAK SPACE}"
    assert reasons(texts("fi"), [fell]) == (f"3 viime kokousta 50{space}% kutsutuista, 3 edellistä 83{space}%")
    assert reasons(texts("sv"), [fell]) == (f"3 senaste mötena 50{space}% av de inbjudna, 3 före dem 83{space}%")
    assert reasons(texts("en"), [fell]) == "last 3 meetings 50% of those invited, 3 before 83%"
    assert [reasons(texts("en"), [entry]) for entry in low] == [
        "feedback from only 10% of those asked in the last form (4 / 41)",
        "feedback from only 10% of those asked in the last 2 forms (4 / 41)",
    ]


def test_answers_of_several_meetings_are_said_with_their_people() -> None:
    t = texts("fi")
    assert "usean kokouksen" not in digest_text(t, FIGURES)
    one = replace(FIGURES, pooled=PooledAnswers(9, 6, is_exact=True))
    assert "usean kokouksen yhteisiä tuloksia: 9 vastausta, 6 ihmistä." in digest_text(t, one)
    two = replace(FIGURES, pooled=PooledAnswers(18, 13, is_exact=False))
    assert "18 vastausta, enintään 13 ihmistä." in digest_text(t, two)
