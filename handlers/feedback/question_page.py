"""The page of one question: its text, the answer so far, and a button for each possible answer."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from markupsafe import Markup, escape

from handlers.feedback.header import Rows, about, introduction, page_screen
from handlers.forms.labels import asked, ends, options
from handlers.layout import cut, shown_length
from handlers.routes import Context, data
from handlers.screen import Button, Screen
from models.feedback.answers import CurrentAnswer
from models.feedback.submissions import Submission
from models.forms.forms import DONT_KNOW, OTHER, Question
from models.forms.items import QuestionKind

BUTTON_LENGTH = 30
"""Characters that a button as wide as the message shows on a phone."""
HALF_LENGTH = 14
"""Characters that one of two buttons in a row shows."""
MOST_POINTS = 6
"""Values of a scale in one row of buttons."""


def ask(context: Context, submission: Submission, question: Question, *, waits: bool = False) -> Screen:
    """A question's page. If it takes text it either ``waits`` for the next typed line or has a button to begin that."""
    blocks = [
        *_top(context, submission, question),
        context.t("feedback-question", question=asked(context.t, question)),
        *_below(context, submission, question, waits),
    ]
    rows = (
        *_answers(context, submission, question),
        *_writing(context, submission, question, waits),
        *_ways(context, submission, question),
    )
    holds_answers = submission.answer(question) is not None or bool(submission.ticked(question))
    return page_screen(context, submission, blocks, rows, holds_answers=holds_answers)


def _top(context: Context, submission: Submission, question: Question) -> Iterator[Markup]:
    if question in submission.from_settings:
        yield context.t("feedback-from-settings", form=about(context, submission))
        return
    if submission.meeting is None and question is submission.pages[0] and submission.unanswered is not None:
        yield from introduction(context, submission)
        yield escape(progress(submission, question))
    else:
        yield context.t(
            "feedback-progress", position=progress(submission, question), meeting=about(context, submission)
        )


def progress(submission: Submission, question: Question) -> str:
    """Its number and the number of questions: "2/5"."""
    order = [*submission.pages, *([submission.last_open_question] if submission.last_open_question else [])]
    return f"{order.index(question) + 1}/{len(order)}"


def _below(context: Context, submission: Submission, question: Question, waits: bool) -> Iterator[Markup]:
    """The lines under the question: what the buttons mean, and what was typed."""
    t, given = context.t, submission.answer(question) or CurrentAnswer()
    match question.kind:
        case QuestionKind.SCALE:
            yield Markup("\n").join(ends(t, question))
        case QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
            if _is_long(context, question):
                yield Markup("\n").join(_numbered(context, question))
            if question.kind.takes_several:
                yield t("feedback-several")
            if OTHER in given.ticked and question.other:
                yield t("feedback-type-other" if waits else "feedback-type-other-later")
        case QuestionKind.OPEN:
            yield t("feedback-type" if waits else "feedback-type-later")
        case _:
            assert_never(question.kind)
    if given.text:
        yield t("feedback-written", text=given.text)
    if question.background is not None and question not in submission.from_settings and not submission.run.named:
        yield t("feedback-background")
    if question.required:
        yield t("question-required")


def _answers(context: Context, submission: Submission, question: Question) -> Rows:
    """A button for each value. Of several choices it names the new state, so that a double tap does not undo it."""
    ticked = submission.ticked(question)
    words = options(context.t, question)
    buttons = []
    for value, label in _labels(context, question, words).items():
        if question.kind.takes_several:
            to = "off" if value in ticked else "on"
            pressed = data("tick", submission.run.id, question.id, value, to)
        else:
            pressed = data("rate", submission.run.id, question.id, "unsure" if value == DONT_KNOW else value)
        buttons.append(Button(f"✓ {label}" if value in ticked else label, pressed))
    rows = in_rows(buttons, 2 if all(len(label) <= HALF_LENGTH for label in words.values()) else 1)
    match question.kind:
        case QuestionKind.SCALE:
            return _scale_rows(buttons, has_unsure=question.dont_know)
        case QuestionKind.SEVERAL:
            return (*rows, (Button(context.t("feedback-done"), data("settle", submission.run.id, question.id)),))
        case QuestionKind.SINGLE | QuestionKind.YES_NO | QuestionKind.OPEN:
            return rows
        case _:
            assert_never(question.kind)


def _scale_rows(buttons: list[Button], *, has_unsure: bool) -> Rows:
    """The values in as few rows of equal length as fit; "I cannot say" in a row of its own."""
    points = buttons[:-1] if has_unsure else buttons
    rows = -(-len(points) // MOST_POINTS)
    return (*in_rows(points, -(-len(points) // max(1, rows))), *([(buttons[-1],)] if has_unsure else []))


def in_rows(buttons: Sequence[Button], width: int) -> Rows:
    """Buttons in rows of ``width``."""
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))


def _is_long(context: Context, question: Question) -> bool:
    """Whether an option is too long for a button: then the text lists all options in full."""
    return any(shown_length(words) > BUTTON_LENGTH for words in options(context.t, question).values())


def _numbered(context: Context, question: Question) -> list[Markup]:
    return [escape(f"{number}. {words}") for number, words in enumerate(options(context.t, question).values(), 1)]


def _labels(context: Context, question: Question, words: dict[int, str]) -> dict[int, str]:
    if not question.has_options or not _is_long(context, question):
        return words
    return {value: cut(f"{number} {label}", BUTTON_LENGTH) for number, (value, label) in enumerate(words.items(), 1)}


def _writing(context: Context, submission: Submission, question: Question, waits: bool) -> Rows:
    """The button after which the next typed line is the answer; nothing if it is already."""
    given = submission.answer(question) or CurrentAnswer()
    takes_text = question.kind.is_typed or (question.other and OTHER in given.ticked)
    if waits or not takes_text:
        return ()
    return ((Button(context.t("feedback-write"), data("write", submission.run.id, question.id)),),)


def _ways(context: Context, submission: Submission, question: Question) -> Rows:
    """The last row: previous, skip, and next (unless Done is the way on)."""
    t, run_id, given, row = context.t, submission.run.id, submission.answer(question), []
    if before := submission.page_before(question):
        row.append(Button(t("previous"), data("page", run_id, before.id)))
    onward = submission.after(question)
    is_settled = given is not None and given.settled
    is_ticked = question.kind.takes_several and submission.ticked(question)
    if not (question.required or is_ticked or (is_settled and onward) or (given and given.is_skip)):
        words = t("feedback-not-telling" if question.background else "skip")
        row.append(Button(words, data("rate", run_id, question.id, "skip")))
    if question.kind.takes_several:
        return (tuple(row),)
    if onward is None:
        row.append(Button(t("feedback-summary"), data("summary", run_id)))
    elif is_settled:
        row.append(Button(t("next"), data("page", run_id, onward.id)))
    return (tuple(row),)
