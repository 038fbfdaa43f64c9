"""Every figure recounted: people fill in a form of all kinds on their phones, and what is printed of it in the chat,
on paper and in the workbook is found again in their presses, counted here by other means. Nothing else is printed.
"""

import io
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from typing import Any

import openpyxl
import pytest

from models.forms.builtin_forms import ORGANISATION, YES_OR_NO
from models.forms.forms import DONT_KNOW, OTHER, Question
from models.forms.items import Choice, Item, QuestionKind
from tests.answering import (
    Said,
    Sheet,
    Sitting,
    chat,
    everything_seen,
    file,
    mean,
    pdf_text,
    percent,
    sent,
    sheet_lines,
    sheets,
    written,
)
from tests.talk import Actor, Talk


def choices(*names: str) -> tuple[Choice, ...]:
    return tuple(map(Choice, names))


ITEMS = (
    Item(QuestionKind.SCALE, "Tila oli sopiva", low=1, high=5),
    Item(QuestionKind.SCALE, "Kahvi maistui", low=1, high=4, low_name="pahalta", high_name="hyvältä", dont_know=True),
    Item(QuestionKind.SCALE, "Suosittelen muille", low=1, high=10),
    Item(
        QuestionKind.SINGLE,
        "Mistä kuulit tästä?",
        choices=tuple(map(Choice, ("Postista", "Kaverilta", "Botilta"))),
        other=True,
    ),
    Item(QuestionKind.SEVERAL, "Mitä teit?", choices=choices("Kuuntelin", "Puhuin", "Kirjoitin"), other=True),
    Item(QuestionKind.YES_NO, "Tuletko uudelleen?", choices=YES_OR_NO),
    ORGANISATION,
    Item(QuestionKind.OPEN, "Mitä jäi mieleen?"),
)
NAMES = [*(item.text for item in ITEMS[:6]), "Taustaorganisaatiosi", ITEMS[7].text]
OPTIONS = {
    "Mistä kuulit tästä?": ["Postista", "Kaverilta", "Botilta", "Muu"],
    "Mitä teit?": ["Kuuntelin", "Puhuin", "Kirjoitin", "Muu"],
    "Tuletko uudelleen?": ["Kyllä", "Ei"],
    "Taustaorganisaatiosi": ["Kunta", "Hyvinvointialue", "Järjestö", "Yritys", "Oppilaitos", "Muu organisaatio"],
}
CASES = [(size, threshold, 1) for size in (3, 5, 9, 12, 33) for threshold in (5, 3)]
CASES += [(size, threshold, seed) for size, threshold in ((9, 3), (12, 5)) for seed in (2, 3, 4)]
QUICK = ((3, 5, 1), (5, 5, 1), (9, 3, 1), (12, 5, 1))


# What people say, by chance


def invented(questions: Sequence[Question], size: int, chance: random.Random) -> list[Said]:
    """Answers of so many people, with skips; to some questions they all answer alike."""
    people: list[dict[int, Any]] = [{} for _ in range(size)]
    for question in questions:
        alike, skips = chance.random() < 0.25, chance.choice((0, 0, 0.2, 0.5))
        same = _answer(question, chance)
        for number, answers in enumerate(people):
            if chance.random() < skips:
                continue
            answers[question.id] = (
                same if alike and question.kind is not QuestionKind.OPEN else _answer(question, chance)
            )
            if question.kind is QuestionKind.OPEN:
                answers[question.id] = (
                    f"Mieleen jäi {chance.choice(('sali', 'puhe', 'kahvi'))} xyzzy-{_letters(number)}"
                )
            elif question.other and OTHER in _ticked(answers[question.id]):
                answers[-question.id] = f"Muuten plugh-{_letters(number)}"
    return people


def _answer(question: Question, chance: random.Random) -> Any:
    if question.kind is QuestionKind.OPEN:
        return ""
    if question.kind is QuestionKind.SEVERAL:
        return sorted(chance.sample(question.values, chance.randint(1, len(question.values))), reverse=True)
    return chance.choice(question.values)


def _letters(number: int) -> str:
    """A name for a number without digits, so that it is none of the figures."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:02}")


def _ticked(value: Any) -> list[int]:
    return value if isinstance(value, list) else [value]


# What may be printed of it, by the rules of delivery.md and no code of ours


@dataclass
class Expected:
    """The figures of one question, in the order in which they are printed."""

    why: str = ""
    n: int | None = None
    mean: str = ""
    exact: Fraction | None = None
    spread: tuple[tuple[str, int | None], ...] = ()
    dont_know: int | None = None
    texts: tuple[str, ...] = ()


def expected(question: Question, people: Sequence[Sheet], k: int) -> Expected:
    texts = tuple(sheet.texts[question.id] for sheet in people if sheet.texts.get(question.id))
    texts = texts if len(people) >= 2 * k else ()
    if question.kind is QuestionKind.OPEN:
        return Expected(texts=texts)
    if question.kind is QuestionKind.SCALE:
        return _of_scale(question, [v for sheet in people if (v := sheet.chosen.get(question.id)) is not None], k)
    return replace(_of_options(question, [_options_of(sheet, question) for sheet in people], k), texts=texts)


def _options_of(sheet: Sheet, question: Question) -> frozenset[int]:
    if question.kind is QuestionKind.SEVERAL:
        typed = {OTHER} if question.id in sheet.texts and question.id in sheet.ticked else set()
        return frozenset(sheet.ticked.get(question.id, set()) | typed)
    value = sheet.chosen.get(question.id)
    return frozenset() if value is None else frozenset([value])


def _of_scale(question: Question, chosen: Sequence[int], k: int) -> Expected:
    values = [value for value in chosen if value != DONT_KNOW]
    assert question.low is not None
    assert question.high is not None
    if len(values) < k:
        return Expected(why="few")
    alike = len(set(values)) == 1
    if alike and (values[0] in (question.low, question.high) or len(values) >= 2 * k):
        return Expected(why="agree", n=len(values))
    result = Expected(n=len(values), mean=mean(values), exact=Fraction(sum(values), len(values)))
    if len(values) < 2 * k:
        return result
    counted = Counter(chosen)
    spread = tuple((str(value), counted[value]) for value in range(question.low, question.high + 1))
    return replace(result, spread=spread, dont_know=counted[DONT_KNOW] if question.dont_know else None)


def _of_options(question: Question, chosen: Sequence[frozenset[int]], k: int) -> Expected:
    answered = [options for options in chosen if options]
    n, names = len(answered), OPTIONS[NAMES[question.position - 1]]
    if n < k:
        return Expected(why="few")
    if n < 2 * k:
        return Expected(why="spread", n=n)
    if len(set(answered)) == 1:
        return Expected(why="agree", n=n)
    counted = Counter(chain.from_iterable(answered))
    counts = [counted[option] for option in question.values]
    spread = [(name, None if count == n else count) for name, count in zip(names, counts, strict=True)]
    return Expected(n=n, spread=tuple(spread))


# Reading it back


def figures(text: str) -> list[str]:
    return re.findall(r"\d+(?:,\d+)?(?: %)?|–", text)


def parts(text: str, names: Sequence[str]) -> dict[str, str]:
    """What stands from each question's words to the next one's."""
    starts = sorted((text.index(name), name) for name in names)
    ends = [*(start for start, _ in starts[1:]), len(text)]
    return {name: text[start + len(name) : end] for (start, name), end in zip(starts, ends, strict=True)}


def why_not(wanted: Expected, k: int) -> list[str]:
    """The figures of the sentence that says why there is none."""
    return {"few": [f"{k}"], "spread": [f"{2 * k}", f"{wanted.n}"], "agree": [f"{wanted.n}"], "": []}[wanted.why]


def in_chat(question: Question, wanted: Expected, k: int) -> list[str]:
    texts = [f"{len(wanted.texts)}"] if wanted.texts else []
    if wanted.why:
        return [*why_not(wanted, k), *texts]
    lines = [wanted.mean] if wanted.mean else []
    if wanted.mean or wanted.spread:
        lines.append(f"{wanted.n}")
    for name, people in wanted.spread:
        if question.kind is QuestionKind.SCALE:
            lines += [name, f"{people}"]
        elif people is not None:
            lines += [f"{people}", percent(people, wanted.n or 0)]
    lines += [f"{wanted.dont_know}"] if wanted.dont_know is not None else []
    return lines + texts


def on_paper(question: Question, wanted: Expected, k: int, columns: int) -> list[str]:
    """A statement's row; or a question's table, which is there only where it may be."""
    if question.kind is QuestionKind.SCALE:
        counts = [f"{people}" for _, people in wanted.spread] or ["–"] * columns
        unsure = [f"{wanted.dont_know}"] if wanted.dont_know is not None else []
        return [*why_not(wanted, k), *unsure, wanted.mean or "–", "–" if wanted.n is None else f"{wanted.n}", *counts]
    if wanted.why:
        n = [] if wanted.n is None else [f"{wanted.n}"]
        return [*n, *why_not(wanted, k)]
    lines = [f"{wanted.n}"] if wanted.spread else []
    for _, people in wanted.spread:
        lines += ["–", "–"] if people is None else [f"{people}", percent(people, wanted.n or 0)]
    return lines


async def answered(talk: Talk, anna: Actor, size: int, chance: random.Random) -> Sitting:
    members = [talk.person(f"Jäsen {number}") for number in range(size)]
    group = await talk.group(members=members, coordinator=anna)
    sitting = await sent(talk, anna, await written(talk, group, "Kaikki lajit", ITEMS))
    for member, answers in zip(members, invented(sitting.questions, size, chance), strict=True):
        scales = [
            question
            for question in sitting.questions[:3]
            if answers.get(question.id) is not None and chance.random() < 0.2
        ]
        regrets = {question.id: chance.choice(question.values[: question.high]) for question in scales}
        await sitting.answer(member, answers, regrets=regrets)
    await talk.time_passes(days=8)
    return sitting


@pytest.mark.parametrize(
    ("size", "k", "seed"),
    [pytest.param(*case, marks=[pytest.mark.slow] if case not in QUICK else []) for case in CASES],
)
async def test_every_figure_is_found_again_in_the_presses(
    talk: Talk, anna: Actor, size: int, k: int, seed: int
) -> None:
    talk.app.policy = replace(talk.app.policy, threshold=k)
    sitting = await answered(talk, anna, size, random.Random(f"{size} {k} {seed}"))
    people = sheets(sitting)
    typed = [text for sheet in people for text in sheet.texts.values()]
    if len(people) < k:
        await anna.says("/results")
        assert not any(button.data.startswith("result:") for row in anna.last.buttons for button in row if button.data)
        assert not re.search("xyzzy|plugh", everything_seen(anna))
        return
    wanted = {question.position: expected(question, people, k) for question in sitting.questions}
    await recount_chat(anna, sitting, wanted, k, len(people))
    paper = pdf_text(await file(anna, 1, "pdf"))
    recount_paper(paper, sitting, wanted, k)
    book = await file(anna, 1, "xlsx")
    recount_sheet(sheet_lines(book), sitting, wanted)
    recount_groups(sheet_lines(book), sitting, people, k)
    table = (await file(anna, 1, "csv")).decode("utf-8-sig")
    sheet = [row[1].value for row in openpyxl.load_workbook(io.BytesIO(book))["Avovastaukset"].iter_rows(min_row=2)]
    shown = sorted(text for result in wanted.values() for text in result.texts)
    assert sorted(filter(None, sheet)) == shown == (sorted(typed) if len(people) >= 2 * k else [])
    for text in typed:
        assert (text in paper) == (text in table) == (text in shown)


async def recount_chat(anna: Actor, sitting: Sitting, results: dict[int, Expected], k: int, answered: int) -> None:
    text = await chat(anna, "result:1")
    assert f"Vastasi {answered} / " in text
    sections = parts(text, NAMES)
    for question in sitting.questions:
        if question.background is None and question.kind is not QuestionKind.OPEN:
            here = re.sub(r"(?m)^\d+ = .*$", "", sections[NAMES[question.position - 1]])  # the ends of the next scale
            assert figures(here) == in_chat(question, results[question.position], k), question.text
    for question in sitting.questions:
        if results[question.position].texts:
            behind = await chat(anna, f"result-texts:1:{question.id}")
            assert all(text in behind for text in results[question.position].texts)
    if answered < 2 * k:
        assert not re.search("xyzzy|plugh", everything_seen(anna))


AFTER = r"Väittämät, asteikko|Muu, mikä\?|\d+ viimeistä saraketta|Vastaaja sai"
"""What stands after a question's figures."""


def recount_paper(paper: str, sitting: Sitting, results: dict[int, Expected], k: int) -> None:
    sections = parts(paper.partition("Näin luvut on laskettu")[0], NAMES)
    for question in sitting.questions:
        if question.background is not None or question.kind is QuestionKind.OPEN:
            continue
        here = re.split(AFTER, sections[NAMES[question.position - 1]])[0]
        result, high = results[question.position], question.high or 0
        columns = high if any(results[q.position].spread for q in sitting.questions if q.high == high) else 0
        assert figures(here) == on_paper(question, result, k, columns), question.text


def rounded(value: Fraction | float | None) -> float | None:
    """A workbook keeps 16 digits."""
    return None if value is None else round(float(value), 12)


def recount_sheet(lines: list[dict[str, Any]], sitting: Sitting, results: dict[int, Expected]) -> None:
    wanted = []
    for question in sitting.questions:
        result, name = results[question.position], NAMES[question.position - 1]
        if question.background is not None or question.kind is QuestionKind.OPEN:
            continue
        if question.kind is QuestionKind.SCALE or result.why:
            wanted.append((name, None, None, result.n, None, rounded(result.exact)))
        for option, people in result.spread:
            share = None if people is None else rounded(Fraction(people, result.n or 0))
            wanted.append((name, option, people, result.n, share, None))
        if result.dont_know is not None:
            wanted.append((name, "En osaa sanoa", result.dont_know, None, None, None))
    columns = ("Kysymys", "Vaihtoehto", "Vastaajia", "n (vastasi kysymykseen)", "Osuus, %", "Keskiarvo")
    lines = [{**line, **{name: rounded(line[name]) for name in columns[-2:]}} for line in lines]
    theirs = [line for line in lines if line["Kysymys"] != "Taustaorganisaatiosi" and line["Tausta"] is None]
    assert [tuple(line[column] for column in columns) for line in theirs] == wanted
    assert all(line["Miksi ei näytetä"] for line in theirs if not (line["Keskiarvo"] or line["Vastaajia"] is not None))


def recount_groups(lines: list[dict[str, Any]], sitting: Sitting, people: Sequence[Sheet], k: int) -> None:
    """Each background stands in one group of at least k; each mean is that of the people in its group."""
    asked = next(question for question in sitting.questions if question.background)
    names = dict(zip(asked.values, OPTIONS["Taustaorganisaatiosi"], strict=True))
    background = [names.get(sheet.chosen.get(asked.id) or 0, "ei kerrottu") for sheet in people]
    groups = [line for line in lines if line["Kysymys"] == "Taustaorganisaatiosi" and line["Vaihtoehto"]]
    members = {
        line["Vaihtoehto"]: set(re.split(", | tai ", line["Vaihtoehto"].removesuffix(", yhteensä"))) for line in groups
    }
    together = [name for group in members.values() for name in group]
    assert sorted(together) == (sorted([*names.values(), "ei kerrottu"]) if groups else [])
    for line in groups:
        inside = sum(option in members[line["Vaihtoehto"]] for option in background)
        assert line["Vastaajia"] == inside >= k
        assert line["Osuus, %"] == pytest.approx(inside / len(people))
    scales = {
        NAMES[question.position - 1]: question for question in sitting.questions if question.kind is QuestionKind.SCALE
    }
    for line in (line for line in lines if line["Tausta"]):
        question = scales[line["Kysymys"]]
        inside = [s for s, option in zip(people, background, strict=True) if option in members[line["Tausta"]]]
        values = [v for s in inside if (v := s.chosen.get(question.id)) is not None and v != DONT_KNOW]
        assert line["n (vastasi kysymykseen)"] == len(values) >= k
        assert line["Keskiarvo"] == pytest.approx(sum(values) / len(values))
