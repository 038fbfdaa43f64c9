"""Pictures are of the right size, run nobody's text, and carry the figures that the words carry."""

import re
from dataclasses import replace

import pytest

from bot.sandbox.files import picture_size
from handlers.charts import digest_inputs, digest_picture, draw, results_inputs, results_picture
from handlers.digest import digest_text
from handlers.screen import CAPTION_LENGTH
from handlers.texts import LANGUAGES, texts
from models.builtin_forms import MEETING_FORM
from models.funnel import Funnel
from models.items import Kind
from models.outcome import Chosen, Outcome, Result, Words
from models.possible import Mean
from models.releases import Withheld
from models.statistics import MonthFigures, Statement

ZERO = Funnel(**dict.fromkeys(Funnel.__dataclass_fields__, 0))
FUNNEL = replace(
    ZERO, groups=9, roster=1042, reachable=931, meetings=13, cancelled=2, invited=1268, yes=960, on_site=301, remote=587
)
FUNNEL = replace(FUNNEL, people=401, asked=803, answered=521, waiting=3)
IDENTITIES = MEETING_FORM.statements
EARLIER = (Mean(1500, 401, 1, 5), Mean(1700, 401, 1, 5), Mean(1461, 401, 1, 5), None)
STATEMENTS = tuple(
    Statement(identity, Mean(total, 521, 1, 5), earlier, "2027-08" if earlier else None)
    for identity, total, earlier in zip(IDENTITIES, (2188, 2084, 1927, 1601), EARLIER, strict=True)
)
FIGURES = MonthFigures("2027-09", FUNNEL, FUNNEL, STATEMENTS, 12)
NOTHING = MonthFigures("2027-07", replace(ZERO, roster=40, reachable=30, groups=3), ZERO, (), 0)


def said(identity: str, mean: Mean | None, n: int | None, withheld: Withheld | None, *counts: int) -> Result:
    spread = tuple(Chosen(value, None, people) for value, people in enumerate(counts, 1))
    words = Words(identity)
    return Result(words, Kind.SCALE, 1, 5, mean=mean, n=n, withheld=withheld, spread=spread, spread_n=sum(counts))


RESULTS = Outcome(
    asked=20,
    answered=14,
    threshold=5,
    results=(
        said(IDENTITIES[0], Mean(58, 14, 1, 5), 14, None, 0, 0, 3, 6, 5),
        said(IDENTITIES[1], Mean(52, 13, 1, 5), 13, None),
        said(IDENTITIES[2], None, None, Withheld.FEW),
        said(IDENTITIES[3], None, 14, Withheld.AGREE),
    ),
)
HOSTILE = '#panic("ran") $x$ `raw` *b* _i_ <label> @ref \\u{0} // /* "quote" ] } ) \u202eabc \U0001f600 ' * 3


def size(png: bytes) -> tuple[int, int]:
    found = picture_size(png)
    assert found is not None
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("figures", [FIGURES, NOTHING, replace(FIGURES, statements=())])
def test_a_digest_picture_fits_a_phone(language: str, figures: MonthFigures) -> None:
    file = digest_picture(figures, language)
    wide, high = size(file.content)
    assert file.is_picture
    assert file.name.endswith(f"{figures.month}.png")
    assert wide == 1080
    assert high < 2 * wide


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["Johdatus", HOSTILE, "x" * 200, ""])
def test_a_results_picture_shows_any_title_and_runs_none(language: str, name: str) -> None:
    assert size(results_picture(name, RESULTS, language).content)[0] == 1080


def test_hostile_text_anywhere_is_only_shown() -> None:
    inputs = digest_inputs(FIGURES, "fi")
    shown = {key: HOSTILE if key in ("title", "under", "heading", "low", "high") else inputs[key] for key in inputs}
    shown["statements"] = [{**one, "statement": HOSTILE, "figures": HOSTILE} for one in inputs["statements"]]
    shown["steps"] = [{**one, "label": HOSTILE} for one in inputs["steps"]]
    assert size(draw("digest", shown))[0] == 1080


def numbers(text: str) -> set[str]:
    return set(re.findall(r"[+−±]?\d+(?:[.,\N{NO-BREAK SPACE}]\d+)*(?:\N{NO-BREAK SPACE}?%)?", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_the_picture_is_in_the_words(language: str) -> None:
    inputs = digest_inputs(FIGURES, language)
    words = re.sub(r"<[^>]+>", "", digest_text(texts(language), FIGURES))
    drawn = [f"{step['figure']} | {step['rate']}" for step in inputs["steps"]]
    drawn += [f"{one['mean']} | {one['figures']}" for one in inputs["statements"]]
    assert len(drawn) == 7 + 4
    assert numbers(" | ".join([*drawn, inputs["under"], inputs["title"]])) <= numbers(words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_full_digest_still_fits_a_caption(language: str) -> None:
    assert len(digest_text(texts(language), FIGURES)) <= CAPTION_LENGTH


def test_a_bar_is_as_long_as_its_figure_says() -> None:
    inputs = digest_inputs(FIGURES, "en")
    shares = [step["share"] for step in inputs["steps"]]
    assert shares == [1, 931 / 1042, 1, 960 / 1268, 888 / 1268, 803 / 1268, 521 / 1268]
    assert inputs["statements"][1] == {
        "statement": "I can make use of the content in my work",
        "mean": "4.0",
        "share": 0.75,
        "points": 5,
        "figures": "n = 521, change −0.2 (August 2027)",
        "earlier": pytest.approx((1700 / 401 - 1) / 4),
    }


def test_what_is_withheld_is_not_handed_to_the_drawing() -> None:
    shown = results_inputs("Johdatus", RESULTS, "fi")["statements"]
    assert [one["mean"] for one in shown] == ["4,1", "4,0", "", ""]
    assert shown[2]["why"] == "Alle 5 vastausta, joten lukua ei näytetä."
    assert "n = 14" in shown[3]["why"]
    assert [len(one.get("counts", [])) for one in shown] == [5, 0, 0, 0]
