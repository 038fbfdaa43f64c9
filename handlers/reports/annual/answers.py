"""The report's sections about answers: how many came, from whom, and the figures of each question."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import groupby

from handlers.figures import decimal, number, percent
from handlers.forms.labels import asked, ends
from handlers.reports.annual.method import heading, why_all, why_here, why_hidden
from handlers.reports.annual.rows import of_whole, ranges
from handlers.results.result_text import choices, group_name
from handlers.sections import PrintedFigure, Row, Section, count, head, hidden, with_shared_notes
from handlers.texts import Texts
from models.forms.items import Background, QuestionKind
from models.reports.annual.forms import Part
from models.reports.annual.questions import QuestionResult
from models.valid_figures import Parts, Share

ORDER = {"coordinator-role": 2, "most-important-yield": 3, "group-should-continue": 5, "preferred-mode": 6}
"""Places of the yearly form's questions in the report. Backgrounds are 0 and 1, statements 4, all others `LAST`."""
LAST = 7


def answers(t: Texts, part: Part) -> Iterator[Section]:
    """The sections about the forms of one sort."""
    yield _response(t, part)
    yield from _question_sections(t, part)


def _response(t: Texts, part: Part) -> Section:
    def row(name: str, n: int, whole: Share | None = None, source: str = "runs", of: str = "") -> Row:
        share = (of_whole(t, whole, of),) if whole else ()
        figures = (count(t, "report-column-count", n), *share)
        along = Fraction(whole.part, whole.whole) if whole and whole.whole else None
        return Row(
            f"{part.sort}-{name}", t(f"report-{name}").unescape(), figures, _source(t, source, part), along=along
        )

    response = part.response
    rows = [row("forms", part.forms)]
    if (share := response.of_asked) is not None:
        rows += [row("asked", share.whole), row("answered", share.part, share, of="report-of-asked")]
    if (share := response.of_present) is not None:
        rows += [row("present", share.whole), row("answered-of-present", share.part, share, of="report-of-present")]
    if response.of_asked is None and response.of_present is None and response.answered:
        rows.append(row("answered", response.answered))
    if response.few:
        rows += [row("waiting", response.few), row("waiting-asked", response.few_asked)]
    rows.append(row("released", part.released, source="releases"))
    if part.pooled is not None:
        people = "pooled-people" if part.pooled.is_exact else "pooled-people-most"
        rows += [row("pooled", part.pooled.answers, source="releases")]
        rows += [row(people, part.pooled.people, source="releases")]
    return Section(
        str(part.sort),
        t(f"report-{part.sort}").unescape(),
        head=head(t, "report-column-what", "report-column-count", "report-column-share"),
        intro=(t(f"report-note-{part.sort}").unescape(),),
        rows=tuple(rows),
        notes=tuple(note for note in [why_all(t, part)] if note),
    )


def _source(t: Texts, source: str, part: Part) -> str:
    return t(f"report-source-{source}", releases=ranges(part.releases)).unescape()


def _question_sections(t: Texts, part: Part) -> Iterator[Section]:
    """The questions in order: backgrounds, the yearly form's own, statements by scale, then all others."""
    choices = sorted(
        (result for result in part.questions if result.result.kind.has_options),
        key=_place,
    )
    before = [result for result in choices if _place(result) < ORDER["group-should-continue"]]
    for result in before:
        yield _choice(t, part, result)
    yield from _statements(t, part)
    for result in choices[len(before) :]:
        yield _choice(t, part, result)


def _place(result: QuestionResult) -> int:
    if result.result.background is not None:
        return 0 if result.result.background is Background.ORGANISATION else 1
    return ORDER.get(result.result.words.identity, LAST)


def _choice(t: Texts, part: Part, question_result: QuestionResult) -> Section:
    result, notes = question_result.result, [why_here(t, question_result, part)]
    options = _people(t, question_result) if result.background is not None else _options(t, question_result)
    of = result.n if result.background is not None else result.spread_n
    if result.kind.takes_several and options:
        notes.append(t("paper-several").unescape())
    if any(share is None for _, share in options):
        notes.append(t("paper-not-shown").unescape())
    if any(len(group.backgrounds) + group.untold > 1 for group in result.groups):
        notes.append(t("paper-merged").unescape())
    rows = [
        Row(
            f"{part.sort}-{result.words.identity}-{place}",
            name,
            _chosen(t, share, of or 0),
            t("report-source-question", releases=ranges(question_result.releases)).unescape(),
            along=Fraction(share.part, share.whole) if share and share.whole else None,
            releases=question_result.releases,
        )
        for place, (name, share) in enumerate(options, 1)
    ]
    return Section(
        f"{part.sort}-{result.words.identity}",
        heading(t, question_result),
        level=2,
        head=head(t, "paper-column-option", "report-column-answers", "paper-share"),
        lead=t("chart-n", n=of).unescape() if of and options else "",
        rows=tuple(rows),
        notes=tuple(note for note in notes if note),
    )


def _people(t: Texts, result: QuestionResult) -> list[tuple[str, Share | None]]:
    parts = Parts(tuple(group.n for group in result.result.groups), result.result.n or 0)
    return [(group_name(t, group), share) for group, share in zip(result.result.groups, parts.shares, strict=True)]


def _options(t: Texts, result: QuestionResult) -> list[tuple[str, Share | None]]:
    """Each option with its share. Of a multiple choice the most chosen come first, withheld ones last."""
    options = [(name, share) for name, _, share in choices(t, result.result)] if result.result.spread else []
    if result.result.kind.takes_several:
        options.sort(key=lambda each: -each[1].part if each[1] else 1)
    return options


def _chosen(t: Texts, share: Share | None, n: int) -> tuple[PrintedFigure, PrintedFigure]:
    names = str(t("report-column-answers")), str(t("paper-share"))
    if share is None:
        why = str(t("paper-everybody"))
        return hidden(names[0], why, n), hidden(names[1], why, n)
    return (
        PrintedFigure(names[0], number(share.part, t.language), share.part, n),
        PrintedFigure(names[1], percent(share, t.language), share, n),
    )


def _statements(t: Texts, part: Part) -> Iterator[Section]:
    """A table for each scale: highest means first, withheld ones last."""

    def scale(result: QuestionResult) -> tuple[int, int, str, str]:
        return -result.result.high, result.result.low, *ends(t, result.result)

    def strongest(result: QuestionResult) -> tuple[int, Fraction, str]:
        mean = result.result.mean
        return (
            (0, -mean.value, asked(t, result.result.words)) if mean else (1, Fraction(0), asked(t, result.result.words))
        )

    results = sorted(part.of_kind(QuestionKind.SCALE), key=scale)
    for place, (of, same) in enumerate(groupby(results, key=scale), 1):
        rows, notes = with_shared_notes([_statement(t, part, result) for result in sorted(same, key=strongest)])
        yield Section(
            f"{part.sort}-statements-{place}",
            t("paper-statements", low=of[1], high=-of[0]).unescape(),
            level=2,
            head=(*head(t, "paper-statement", "paper-mean"), "n"),
            lead=" · ".join(of[2:]),
            rows=rows,
            notes=notes,
        )


def _statement(t: Texts, part: Part, question_result: QuestionResult) -> Row:
    result, why = question_result.result, why_hidden(t, question_result, part)
    name, mean = str(t("paper-mean")), result.mean
    n = mean.n if mean else result.n
    return Row(
        f"{part.sort}-{result.words.identity}-{result.low}-{result.high}",
        asked(t, result.words),
        (
            PrintedFigure(name, decimal(mean, t.language), mean, n) if mean else hidden(name, why, n),
            PrintedFigure("n", number(n, t.language), n) if n else hidden("n", why),
        ),
        t("report-source-question", releases=ranges(question_result.releases)).unescape(),
        along=mean.along if mean else None,
        points=result.high - result.low + 1,
        notes=tuple(note for note in [why_here(t, question_result, part)] if note),
        releases=question_result.releases,
    )
