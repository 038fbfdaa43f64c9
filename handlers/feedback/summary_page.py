"""The last page of a form: all answers in short, each with a button to change it, and Finish; then the thanks."""

from collections.abc import Iterator
from typing import assert_never

from markupsafe import Markup

from handlers.feedback.header import Rows, about, closing_date_text, introduction, page_screen
from handlers.feedback.question_page import in_rows
from handlers.forms.labels import asked, options
from handlers.layout import TEXT_LENGTH, cut, shown_length
from handlers.routes import Context, data
from handlers.screen import Button, Screen
from models.feedback.submissions import Submission
from models.forms.forms import Question
from models.forms.items import QuestionKind

BESIDES = 1_900
"""The most characters that the page needs besides the list of answers; the open answer is the longest part."""
LEAST, MOST = 25, 120
"""The fewest and most characters of a question or an answer in the list."""
SHORTEST = 12
"""The fewest characters of each of several choices in the list, if not all of them fit."""
SIGNS = 8
"""Characters around a question and its answer in the list."""


def summary(context: Context, submission: Submission, *, waits: bool = False) -> Screen:
    """All answers so far. The last open question, if it is optional, is asked here."""
    t = context.t
    listed = [*submission.pages, *submission.from_settings]
    line_length = (TEXT_LENGTH - BESIDES) // max(1, len(listed))
    limit = max(LEAST, min(MOST, (line_length - SIGNS) // 2))
    lines = [_answer_line(context, submission, question, number, limit) for number, question in enumerate(listed, 1)]
    asked_here, from_settings = lines[: len(submission.pages)], lines[len(submission.pages) :]
    top = introduction(context, submission) if submission.meeting is None and not submission.pages else []
    blocks = [*top, t("feedback-summary-heading", meeting=about(context, submission)), Markup("\n").join(asked_here)]
    if from_settings:
        heading = t("feedback-told-named" if submission.run.named else "feedback-told")
        blocks.append(Markup("\n").join([heading, *from_settings]))
    if submission.last_open_question is not None:
        blocks.append(Markup("\n").join(_last_open_question(context, submission, submission.last_open_question, waits)))
    blocks.append(_standing(context, submission))
    rows = _buttons(context, submission, listed, waits)
    return page_screen(context, submission, blocks, rows, holds_answers=True)


def _standing(context: Context, submission: Submission) -> Markup:
    """Whether the answers count before Finish: those of a named form do not."""
    if submission.finished:
        return context.t("feedback-sent-already")
    return context.t("feedback-unsent-named" if submission.run.named else "feedback-unsent")


def _answer_line(context: Context, submission: Submission, question: Question, number: int, limit: int) -> Markup:
    words = cut(asked(context.t, question), limit)
    parts = _answer(context, submission, question)
    fits = sum(map(shown_length, parts)) + 2 * len(parts) <= limit
    answer = ", ".join(parts if fits else [cut(part, max(SHORTEST, limit // len(parts) - 2)) for part in parts])
    return context.t("feedback-line", number=number, question=words, answer=cut(answer, limit))


def _answer(context: Context, submission: Submission, question: Question) -> list[str]:
    """The answer as text; several choices one by one."""
    t, given = context.t, submission.answer(question)
    value = submission.prefilled(question)
    if value is not None:
        return [options(t, question)[value]]
    if given is None or (given.is_empty and not given.settled):
        return [t("feedback-no-answer").unescape()]
    if given.is_empty:
        return [t("feedback-not-told" if question.background else "feedback-skipped").unescape()]
    match question.kind:
        case QuestionKind.OPEN:
            return [given.text]
        case QuestionKind.SCALE | QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
            words = options(t, question)
            chosen = [words[value] for value in given.ticked]
            return [*chosen[:-1], f"{chosen[-1]}: {given.text}" if given.text else chosen[-1]]
        case _:
            assert_never(question.kind)


def _last_open_question(context: Context, submission: Submission, question: Question, waits: bool) -> Iterator[Markup]:
    t, given = context.t, submission.answer(question)
    yield t("feedback-question", question=asked(t, question))
    if given is not None and given.text:
        yield t("feedback-written", text=given.text)
    else:
        yield t("feedback-type-closing" if waits else "feedback-type-later")


def _buttons(context: Context, submission: Submission, listed: list[Question], waits: bool) -> Rows:
    t, run_id, last = context.t, submission.run.id, submission.last_open_question
    changes = [
        Button(t("feedback-change-one", number=number), data("page", run_id, question.id))
        for number, question in enumerate(listed, 1)
    ]
    rows = [*in_rows(changes, 4)]
    if last is not None and not waits:
        rows.append((Button(t("feedback-write"), data("write", run_id, last.id)),))
    if last is not None and (given := submission.answer(last)) and given.text:
        rows.append((Button(t("feedback-unwrite"), data("rate", run_id, last.id, "skip")),))
    ready = "feedback-done" if submission.finished else "feedback-finish"
    return (*rows, (Button(t(ready), data("done", run_id)),))


def thanks(context: Context, submission: Submission) -> Screen:
    """The screen after Finish. The answers can be changed until the form closes."""
    t = context.t
    change = Button(t("feedback-change"), data("summary", submission.run.id))
    if submission.is_preview:
        back = Button(t("feedback-to-form"), data("form", submission.form.id))
        return page_screen(context, submission, [t("feedback-tried")], ((change,), (back,)))
    text = t("feedback-thanks", meeting=about(context, submission), closes=closing_date_text(context, submission))
    return page_screen(context, submission, [text], ((change,),))
