"""Pictures are of the right size, run nobody's text, and carry the figures that the words carry."""

import html
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from bot.sandbox.files import picture_size
from handlers.drawing import draw, printable_picture
from handlers.reports.digest.charts import digest_inputs, digest_picture, trend_inputs, trend_picture
from handlers.reports.digest.text import digest_text, strongest_and_weakest
from handlers.results.result_charts import pages_of, results_inputs, results_picture
from handlers.results.result_text import blocks, head
from handlers.texts import LANGUAGES, texts
from models.feedback.releases import Withheld
from models.feedback.response import Response
from models.forms.builtin_forms import ANNUAL_FORM, MEETING_FORM
from models.forms.forms import Form
from models.forms.items import Background, QuestionKind
from models.reports.attention import Attention, Reason
from models.reports.funnel import Funnel
from models.reports.statements import Statement
from models.reports.statistics import Coming, DigestFigures
from models.results.aggregates import Aggregate, Comment, Earlier, Label, OptionTotal, Result, Segment
from models.results.changes_told import weakest_first
from models.results.result_views import View
from models.results.results import ListedResult
from models.valid_figures import Mean, Rate

ZERO = Funnel()
FUNNEL = replace(
    ZERO, groups=9, roster=1042, reachable=931, meetings=13, cancelled=2, invited=1268, yes=960, on_site=301, remote=587
)
FUNNEL = replace(FUNNEL, people=401, response=Response(521, 803, 521, 760, 521, few=3, few_asked=21, below=5))
IDENTITIES = MEETING_FORM.statements
EARLIER = (Mean(1500, 401, 1, 5), Mean(1700, 401, 1, 5), Mean(1461, 401, 1, 5), None)
STATEMENTS = tuple(
    Statement(identity, Mean(total, 521, 1, 5), earlier, "2027-08" if earlier else None)
    for identity, total, earlier in zip(IDENTITIES, (2188, 2084, 1927, 1601), EARLIER, strict=True)
)
BEFORE_THAT = replace(FUNNEL, meetings=11, on_site=250, remote=511, response=Response(420, 700, 420))
YEAR_BEFORE = replace(FUNNEL, meetings=9, on_site=200, remote=432, response=Response(333, 650, 333))
ATTENTION = (
    Attention("Aikuissosiaalityö", Reason.FEW_ANSWERS, now=Rate(4, 41)),
    Attention("Lastensuojelu", Reason.FALLING, now=Rate(21, 42), before=Rate(33, 40)),
    Attention("Perhetyö", Reason.QUIET, since=date(2027, 5, 12)),
    Attention("Päihdetyö", Reason.QUIET, founded=date(2027, 2, 1), coming=date(2028, 1, 12)),
    Attention("Vammaispalvelut", Reason.FEW_ANSWERS, now=Rate(3, 28)),
)
COMING = tuple(Coming(date(2027, 10, day), "Lastensuojelu", "Aihe") for day in (4, 12, 20))
FIGURES = DigestFigures(
    "2027-09", FUNNEL, BEFORE_THAT, STATEMENTS, 12, (), YEAR_BEFORE, attention=ATTENTION, meetings=COMING
)
NOTHING = DigestFigures("2027-07", replace(ZERO, roster=40, reachable=30, groups=3), ZERO, (), 0)


def result(identity: str, mean: Mean | None, n: int | None, withheld: Withheld | None, *counts: int) -> Result:
    spread = tuple(OptionTotal(value, None, people) for value, people in enumerate(counts, 1))
    label = Label(identity)
    return Result(
        label, QuestionKind.SCALE, 1, 5, mean=mean, n=n, withheld=withheld, spread=spread, spread_n=sum(counts)
    )


def chosen(kind: QuestionKind, identity: str, n: int, **people: int | None) -> Result:
    spread = tuple(
        OptionTotal(at, Label(name.replace("_", "-")), count) for at, (name, count) in enumerate(people.items(), 1)
    )
    return Result(Label(identity), kind, n=n, spread=spread, spread_n=n)


def view(*results: Result, asked: int = 20, answered: int = 14, name: str | None = "Johdatus") -> View:
    response = Response(answered, asked, answered)
    aggregate = Aggregate(response, threshold=5, results=results)
    form = Form(key="meeting", name=name)
    listed = ListedResult("Lastensuojelu", form, None, False, False, DAY, 7, response, 5)
    return View("7", 1, "Lastensuojelu", form, aggregate, listed=listed)


DAY = datetime(2027, 3, 12, 12, tzinfo=UTC)
HELSINKI = ZoneInfo("Europe/Helsinki")
BEFORE = Earlier(Mean(50, 14, 1, 5), DAY)
SHORT = (
    replace(result(IDENTITIES[0], Mean(58, 14, 1, 5), 14, None, 0, 0, 3, 6, 5), earlier=BEFORE),
    result(IDENTITIES[1], Mean(52, 13, 1, 5), 13, None),
    result(IDENTITIES[2], None, None, Withheld.FEW),
    result(IDENTITIES[3], None, 14, Withheld.AGREE),
)
GROUPS = (
    Segment((Label("organisation-municipality"),), untold=False, n=23),
    Segment((Label("organisation-ngo"), Label("organisation-company"), Label("organisation-school")), True, 10),
)
ANNUAL = (
    *(
        result(identity, Mean(20 * n, 33, 1, 5), 33, None, 1, 2, 3, n, 27 - n)
        for n, identity in enumerate(ANNUAL_FORM.statements, 2)
    ),
    replace(
        result("own", Mean(80, 30, 1, 4), 30, None, 5, 5, 5, 15), high=4, low_name="ei ollenkaan", high_name="täysin"
    ),
    chosen(QuestionKind.SINGLE, "coordinator-role", 33, very_well=22, well=10, satisfactorily=1, poorly=0),
    chosen(
        QuestionKind.SEVERAL,
        "most-important-yield",
        33,
        sharing_information=None,
        regional_development=27,
        networking=10,
    ),
    chosen(QuestionKind.YES_NO, "group-should-continue", 33, yes=31, no=2),
    replace(chosen(QuestionKind.SINGLE, "preferred-mode", 7), withheld=Withheld.SPREAD),
    Result(Label("organisation"), QuestionKind.SINGLE, background=Background.ORGANISATION, n=33, groups=GROUPS),
    Result(Label("field"), QuestionKind.SINGLE, background=Background.FIELD),
    Result(Label("open-feedback"), QuestionKind.OPEN, texts=(Comment(1, "Hyvä"),)),
)
ANNUAL = tuple(
    replace(result, words=Label("own", "Oma väittämä")) if result.words.identity == "own" else result
    for result in ANNUAL
)
VIEWS = {
    "short": view(*SHORT),
    "annual": view(*ANNUAL, asked=500, answered=33),
}
HOSTILE = '#panic("ran") $x$ `raw` *b* _i_ <label> @ref \\u{0} // /* "quote" ] } ) \u202eabc \U0001f600 ' * 3


def size(png: bytes) -> tuple[int, int]:
    dimensions = picture_size(png)
    assert dimensions is not None
    return dimensions


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("figures", [FIGURES, NOTHING, replace(FIGURES, statements=())])
def test_a_digest_picture_fits_a_phone(language: str, figures: DigestFigures) -> None:
    file = digest_picture(figures, language)
    wide, high = size(file.content)
    assert file.is_picture
    assert file.name.endswith(f"{figures.period}.png")
    assert wide == 1080
    assert high < 2 * wide


def pictures(of: View, language: str = "fi") -> list[bytes]:
    pages = pages_of(texts(language), of.aggregate)
    return [results_picture(of, page, language, HELSINKI).content for page in range(len(pages))]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["Johdatus", HOSTILE, "x" * 200, ""])
def test_a_results_picture_shows_any_title_and_runs_none(language: str, name: str) -> None:
    assert {size(png)[0] for png in pictures(view(*SHORT, name=name), language)} == {1080}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_results_picture_is_too_high_to_read(language: str) -> None:
    images = pictures(VIEWS["annual"], language)
    assert 2 <= len(images) <= 5
    assert all(size(png)[1] < 2.3 * 1080 for png in images)


LONG_TEXT = "Pitkä vaihtoehto, jossa on monta sanaa ja joka ei mahdu yhdelle riville, vaan tarvitsee useamman. " * 2


def test_long_and_hostile_options_have_room() -> None:
    several = chosen(QuestionKind.SEVERAL, "most-important-yield", 33, **{f"o{at}": 12 for at in range(12)})
    own = [
        replace(option, words=Label("own", text))
        for option, text in zip(several.spread, [LONG_TEXT, HOSTILE] * 6, strict=True)
    ]
    results = [replace(several, words=Label("own", LONG_TEXT), spread=tuple(own))] * 3
    images = pictures(view(*results))
    assert len(images) == 3
    assert all(size(png)[0] == 1080 and size(png)[1] < 4 * 1080 for png in images)


def test_hostile_text_anywhere_is_only_shown() -> None:
    inputs = digest_inputs(FIGURES, "fi")
    shown = {key: HOSTILE if key in ("title", "under") else inputs[key] for key in inputs}
    statements = [{**statement, "statement": HOSTILE} for statement in inputs["statements"][0]["statements"]]
    shown |= {"ends": [HOSTILE, HOSTILE], "statements": [{"heading": HOSTILE, "statements": statements}]}
    shown["steps"] = [{**step, "label": HOSTILE, "rate": HOSTILE} for step in inputs["steps"]]
    assert size(draw("digest", shown))[0] == 1080


def test_a_character_that_no_font_has_is_said_to_be_left_out() -> None:
    statement = replace(STATEMENTS[0], text="Kiitos \U0001f600\U0001f44d ja \u4f60", identity="own")
    odd = replace(FIGURES, statements=(statement, *STATEMENTS[1:]), of=("Ryhmä \U0001f600",), months=())
    inputs = printable_picture(digest_inputs(odd, "fi"))
    assert inputs["statements"][0]["statements"][0]["statement"] == "Kiitos □ ja □"
    note = "□ = merkki, jota kuvaan ei saada. Se näkyy viestissä."
    trend = printable_picture(trend_inputs(odd, "fi"))
    assert trend["under"].startswith("Työryhmä: Ryhmä □")
    assert inputs["notes"][-1] == trend["notes"][-1] == note
    assert note not in printable_picture(digest_inputs(FIGURES, "fi"))["notes"]
    assert size(digest_picture(odd, "fi").content)[0] == size(trend_picture(odd, "fi").content)[0] == 1080


def numbers(text: str) -> set[str]:
    return set(re.findall(r"[+−±]?\d+(?:[.,\N{NO-BREAK SPACE}]\d+)*(?:\N{NO-BREAK SPACE}?%)?", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_the_picture_is_in_the_words(language: str) -> None:
    inputs = digest_inputs(FIGURES, language)
    words = re.sub(r"<[^>]+>", "", digest_text(texts(language), FIGURES))
    drawn = [f"{step['figure']} | {step['rate']}" for step in inputs["steps"]]
    drawn += [statement["mean"] for section in inputs["statements"] for statement in section["statements"]]
    assert len(drawn) == 6 + 4
    assert numbers(" | ".join([*drawn, inputs["under"], inputs["title"], *inputs["notes"]])) <= numbers(words)


def plain(*parts: Markup) -> str:
    return "\n".join(html.unescape(re.sub(r"<[^>]+>", "", part)) for part in parts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_means_of_other_scales_are_no_stronger_nor_weaker(language: str) -> None:
    own = Statement("t-1", Mean(80, 30, 1, 4), text="Oma väittämä", low_name="ei lainkaan", high_name="erittäin")
    figures = replace(FIGURES, statements=(*STATEMENTS, own))
    extremes = [statement for statements in strongest_and_weakest(figures) for statement in statements]
    assert [statement.identity for statement in extremes] == [IDENTITIES[at] for at in (0, 1, 3, 2)]
    assert "Oma väittämä" not in plain(digest_text(texts(language), figures))
    assert size(digest_picture(figures, language).content)[0] == 1080


@pytest.mark.parametrize(
    ("count", "strong", "weak"), [(0, 0, 0), (1, 1, 0), (2, 1, 1), (3, 2, 1), (4, 2, 2), (9, 2, 2)]
)
def test_no_statement_is_both_strong_and_weak(count: int, strong: int, weak: int) -> None:
    statements = tuple(Statement(f"t-{at}", Mean(90 - at, 30, 1, 5), text=f"Väittämä {at}") for at in range(count))
    best, worst = strongest_and_weakest(replace(FIGURES, statements=statements))
    assert list(best) == list(statements[:strong])
    assert list(worst) == list(statements[::-1][:weak])


@pytest.mark.parametrize(
    "totals", [(90,), (90, 80), (90, 80, 70), (80, 80, 80), (90, 80, 80, 80, 60), (70, 80, 90, 60)]
)
def test_the_digest_and_the_replies_call_the_same_statements_weak(totals: tuple[int, ...]) -> None:
    means = [Mean(total, 30, 1, 5) for total in totals]
    results = tuple(result(f"t-{at}", mean, 30, None) for at, mean in enumerate(means))
    aggregate = Aggregate(Response(30), 5, results)
    marked = {statement.words.identity for statement in weakest_first(aggregate) if statement.is_weakest}
    statements = [Statement(f"t-{at}", mean) for at, mean in enumerate(means)]
    statements.sort(key=lambda item: (-item.mean.value, item.identity))
    _, weak = strongest_and_weakest(replace(FIGURES, statements=tuple(statements)))
    assert {item.identity for item in weak} == marked


def test_a_bar_is_as_long_as_its_figure_says() -> None:
    inputs = digest_inputs(FIGURES, "en")
    shares = [step["share"] for step in inputs["steps"]]
    assert shares == [1, 960 / 1268, 888 / 1268, 1, 521 / 803, 521 / 760]
    assert inputs["statements"][0]["statements"][1] == {
        "statement": "I can make use of the content in my work",
        "mean": "4.0",
        "share": 0.75,
        "points": 5,
        "earlier": pytest.approx((1700 / 401 - 1) / 4),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_digest_picture_is_about_as_high_as_it_is_wide(language: str) -> None:
    typical = replace(FIGURES, of=("Lastensuojelu",))
    assert size(digest_picture(typical, language).content)[1] <= 1.15 * 1080


def test_the_picture_has_no_rate_where_nobody_told_who_came_or_all_came_without_a_name() -> None:
    unrecorded = replace(FUNNEL, on_site=0, remote=0, people=0, unrecorded=FUNNEL.meetings)
    counted = replace(FUNNEL, on_site=40, remote=0, people=0, unnamed=40, heads=40)
    for funnel in (unrecorded, counted):
        labels = [step["label"] for step in digest_inputs(replace(FIGURES, funnel=funnel), "en")["steps"]]
        assert labels == [
            "Invitations",
            "Said yes",
            "Asked for feedback",
            "Answered",
            "Answered",
        ]
    step = digest_inputs(replace(FIGURES, funnel=replace(FUNNEL, unnamed=400, heads=400)), "en")["steps"][2]
    assert (step["label"], step["figure"], step["rate"]) == ("Attendances by name", "488", "38% of those invited")


def test_the_sizes_of_means_stand_once_under_them() -> None:
    different = tuple(
        replace(statement, mean=Mean(statement.mean.total, 521 + at, 1, 5)) for at, statement in enumerate(STATEMENTS)
    )
    notes = [
        digest_inputs(replace(FIGURES, statements=statements), "fi")["notes"] for statements in (STATEMENTS, different)
    ]
    few = "3 kyselyssä alle 5 vastausta (pyydettiin 21)"
    assert notes == [[f"{few}. n = {n}. Vinoneliö = edellinen keskiarvo"] for n in ("521", "521–524")]


def test_what_is_withheld_is_not_handed_to_the_drawing() -> None:
    shown = results_inputs(VIEWS["short"], 0, "fi", HELSINKI)["questions"]
    assert [question.get("mean") for question in shown] == ["4,1", "4,0", None, None]
    assert shown[2]["figures"] == "Alle 5 vastausta, joten lukua ei näytetä."
    assert "n = 14" in shown[3]["figures"]
    assert [len(question.get("counts", [])) for question in shown] == [5, 0, 0, 0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("of", VIEWS)
def test_every_figure_of_a_results_picture_is_in_the_words(language: str, of: str) -> None:
    t, shown = texts(language), VIEWS[of]
    written = [head(t, shown), *blocks(t, shown, HELSINKI)]
    words = plain(*written)
    for page in range(len(pages_of(t, shown.aggregate))):
        inputs = results_inputs(shown, page, language, HELSINKI)
        drawn = [inputs["title"]]
        for question in inputs["questions"]:
            drawn += [
                question["question"],
                question["figures"],
                question.get("mean", ""),
                *question["ends"],
                question.get("of", ""),
            ]
            drawn += [str(each["chosen"]) for each in question.get("counts", [])]
            drawn += [f"{each['label']}: {each['figure']}" for each in question.get("bars", [])]
        assert numbers(" | ".join(drawn)) <= numbers(words)
        assert all(label in words for label in drawn if ":" in label)
    under = results_inputs(shown, 0, language, HELSINKI)["under"].partition(" 1/")[0]
    assert under in words


def test_an_option_that_everybody_chose_is_said_not_to_be_shown() -> None:
    t = texts("fi")
    words = plain(*blocks(t, VIEWS["annual"], HELSINKI))
    assert "Tiedon jakaminen ajankohtaisista aiheista: ei näytetä" in words
    assert "100" not in words
    assert "Kyllä: 31 (94\N{NO-BREAK SPACE}%)" in words
    assert "tai ei kerrottu, yhteensä: 10 (30\N{NO-BREAK SPACE}%)" in words
    assert "Valintojen määrät näytetään, kun vastauksia on vähintään 10 (n = 7)." in words
    assert words.count("= täysin eri mieltä") == 1
    assert words.count("1 = ei ollenkaan\n4 = täysin") == 1
    assert "muutos" not in words


def test_a_change_is_that_of_the_printed_figures_with_its_day() -> None:
    words = plain(*blocks(texts("fi"), VIEWS["short"], HELSINKI))
    assert "4,1, n = 14, muutos +0,5 (vrt. 12.3.2027)" in words  # 58/14 = 4.14, 50/14 = 3.57
