"""/check: whether figures that somebody has printed can be true."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.layout import TEXT_LENGTH
from handlers.results.check import answer
from handlers.results.check_line import read
from handlers.texts import LANGUAGES, texts
from models.errors import Refused
from tests.talk import Actor, Talk


def told(line: str, language: str = "en") -> str:
    return answer(texts(language), read(line)).striptags().replace("\N{NO-BREAK SPACE}", " ")


async def test_impossible_figures_are_said_to_be(talk: Talk, bo: Actor) -> None:
    await bo.starts()
    text = (await bo.says("/check 69 % 31 % n=33")).replace("\N{NO-BREAK SPACE}", " ")
    assert text == (
        "Ei voi pitää paikkaansa, kun vastaajia on 33.\n\n69 %: ei mahdollinen\n31 %: ei mahdollinen\n\n"
        "Kaikki luvut ovat mahdollisia yhtä aikaa esimerkiksi, kun vastaajia on 32 tai 35. "
        "Pienin mahdollinen määrä on 13."
    )
    assert bo.labels() == ["Ohje"]


async def test_without_figures_it_tells_what_it_does(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    assert "/check 69 % 31 % n=33" in await anna.says("/check")
    assert "keskiarvoja asteikolla 1–5" in await anna.says("/check n=33")
    await anna.taps("Ohje")
    assert "/check – Tarkista lukuja" in anna.text
    assert [one.command for one in anna.user.commands].index("check") > 0
    assert "check" not in [one.command for one in bo.user.commands]


async def test_it_speaks_the_reader_s_language(talk: Talk) -> None:
    ulla = talk.person("Ulla", language="sv")
    await ulla.starts()
    assert "Kan stämma när 33 har svarat." in await ulla.says("/check 82 % 30 % n=33")


async def test_a_refusal_shows_a_way_on(talk: Talk, bo: Actor) -> None:
    await bo.starts()
    assert "En ymmärtänyt kohtaa ”hölynpölyä”" in await bo.says("/check hölynpölyä")
    await bo.taps("Ohje")


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("82 % 30 % n=33", ["Can be true when 33 have answered.", "82%: 27 of 33 people", "30%: 10 of 33 people"]),
        ("94 % n=33", ["94%: 31 of 33 people"]),
        ("27+15+9+6+27 % n=33", ["6%: 2 of 33 people", "one answer, 16% is left unsaid: 5 of 33 people."]),
        ("27+15+9+6+27 n=33", ["6%: 2 of 33 people", "one answer, 16% is left unsaid: 5 of 33 people."]),
        ("70+9+9+3+9 % n=33", ["the figures cover everyone"]),
        ("53+34+13 % n=33", ["Cannot be true", "the number of people is 32 or 38"]),
        ("53+34+13 % n=32", ["Can be true", "the figures cover everyone"]),
        ("100 % 82 % 30 % n=33", ["more choices than 33", "only in a question in which people could choose several"]),
        ("50 % 25 % 25 % n=1000", ["At most 15 of 1,000 people are left unsaid", "50%: 495–504 of 1,000 people"]),
        ("69 % 31 %", ["The smallest number of people at which this is possible is 13:", "69%: 9 of 13 people"]),
        ("4,8 n=33", ["4.8 (scale 1–5): the answers add up to 157–160"]),
        ("3,65 1-4 n=20", ["3.65 (scale 1–4): the answers add up to 73"]),
        ("3,66 1-4 n=20", ["Cannot be true", "3.66 (scale 1–4): not possible"]),
        ("69 % 4,8 n=32", ["69%: 22 of 32 people", "4.8 (scale 1–5)"]),
        ("4,8 1-5 69 % n=32", ["69%: 22 of 32 people", "4.8 (scale 1–5)"]),
        ("400 % n=33", ["Cannot be true, however many", "400% cannot be a share"]),
        ("69 n=33", ["69 is not on the scale 1–5. If you meant a percentage, add % after it."]),
        ("12 % n=8", ["Can be true when 8", "12%: 1 / 8 is exactly halfway between 12% and 13%"]),
        ("13 % n=8", ["13%: 1 of 8 people"]),
        ("4,2 n=20", ["4.2 (scale 1–5): the answers add up to 83–84"]),
        ("2,12 n=8", ["2.12: 17 / 8 is exactly halfway between 2.12 and 2.13"]),
        ("14 % n=8", ["Cannot be true"]),
        ("93/367", ["93 of 367 is 25%."]),
        ("93/367 = 25 %", ["25% is right: 93 of 367 people."]),
        ("93 of 367 = 26 %", ["26% is not right: 93 of 367 is 25%."]),
        ("12 % (1/8)", ["12%: 1 / 8 is exactly halfway between 12% and 13%"]),
        ("50 %: 495–504 of 1,000 people", ["50% is right: 495–504 of 1,000 people."]),
        ("400/367", ["400 of 367 cannot be true: the part is larger than the whole."]),
        ("6/11 (55 %)", ["55% is right: 6 of 11 people."]),
        ("69 % n=32, 4,8 n=33", ["when 32 have answered.", "when 33 have answered.", "4.8 (scale 1–5)"]),
        ("n=32: 69 %; n=33: 94 %", ["69%: 22 of 32 people", "94%: 31 of 33 people"]),
        ("Vuonna 2024 tyytyväisiä oli 94 % (n=33).", ["94%: 31 of 33 people", "I did not check these: 2024."]),
    ],
)
def test_the_answer_in_words(line: str, lines: list[str]) -> None:
    for one in lines:
        assert one in told(line)


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("25 % n = 1 240", "25 % n=1240"),
        ("25 % (n = 1\N{NO-BREAK SPACE}240)", "25 % n=1240"),
        ("25 % n=1,240", "25 % n=1240"),
        ("94 %, 33 vastaajaa", "94 % n=33"),
        ("Vastaajia oli 33, ja heistä 94 % suosittelee meitä!", "n=33 94 %"),
        ("33 svarande: 94 procent", "n=33 94 %"),
        ("94% of 33 respondents agree", "94 % n=33"),
        ("Keskiarvo 4,8 asteikolla 1–5, vastauksia 33 kpl", "4,8 1-5 n=33"),
        ("4,8/5 (33 answers)", "4,8 1-5 n=33"),
        ("Kysely: 93/367 (25 %)", "25 % 93/367"),
        ("vastasi 93 av 367, eli 25 prosenttia", "93/367 25 %"),
    ],
)
def test_a_line_is_read_with_words_around(line: str, same: str) -> None:
    assert read(line) == read(same)


@pytest.mark.parametrize(
    "line",
    [
        "27+15+9+6+27 % n=33",
        "27 15 9 6 27 % n=33",
        "27 %, 15 %, 9 %, 6 % ja 27 % (N = 33).",
        "27% + 15% + 9% + 6% + 27%; n 33",
        "n=33: 27 prosenttia 15 9 6 27 procent",
        "27\N{NO-BREAK SPACE}% 15% 9 percent 6 per cent 27\N{FULLWIDTH PERCENT SIGN} n33",
        "\N{RIGHT-TO-LEFT MARK}27\x00 15 9\n6 27 \N{LEFT-TO-RIGHT MARK}% n=33\N{ZERO WIDTH SPACE}",
    ],
)
def test_one_question_in_many_hands(line: str) -> None:
    assert read(line) == read("27 % 15 % 9 % 6 % 27 % n=33")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("-5 % n=33", "check-unread"),
        ("% n=33", "check-unread"),
        ("69 % % n=33", "check-unread"),
        ("12,345 % n=33", "check-unread"),
        ("9999999 % n=33", "check-unread"),
        ("69 % n=33 n=32", "check-unread"),
        ("4 1-5 3 1-4", "check-unread"),
        ("4 5-1", "check-unread"),
        ("4 1-999", "check-unread"),
        ("69 % n=-1", "check-unread"),
        ("\N{GRINNING FACE}", "check-unread"),
        ("٦٩ % n=33", "check-unread"),
        ("69 % n=0", "check-size"),
        ("69 % n=100001", "check-size"),
        (f"69 % n={10**30}", "check-size"),
        ("1 " * 21 + "%", "check-many"),
        ("69 % " * 1000, "line-too-long"),
        ("9" * 4000, "line-too-long"),
    ],
)
def test_what_is_not_understood_is_refused_in_words(line: str, key: str) -> None:
    with pytest.raises(Refused) as refusal:
        told(line)
    assert refusal.value.key == key
    assert len(texts("fi")(key, **refusal.value.values)) < 200


FIGURES = ["69", "31", "4,8", "12,5", "0,01", "33,33", "99999"]
WORDS = [*FIGURES, "%", "n=33", "n", "=", "1-4", "+", ";", "n=100000", "ja", "-"]
LINES = st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join)


@given(line=LINES, language=st.sampled_from(LANGUAGES))
def test_every_line_is_answered_or_refused(line: str, language: str) -> None:
    try:
        asked = read(line)
    except Refused:
        return
    assert not asked.asked or len(answer(texts(language), asked)) < TEXT_LENGTH


def test_the_longest_searches_end() -> None:
    assert "is 6,667:" in told("0,01 " * 19 + "33,33 %")
    assert "are possible is 6,667." in told("0,01 " * 19 + "33,33 % n=1")
    assert "Can be true when 100,000" in told("0,01 " * 19 + "33,33 % n=100000")
