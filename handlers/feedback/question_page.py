"""One question of a form as a page: its words, the answer so far, and buttons for all that can be answered."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from handlers.feedback.header import Rows, about, introduction, page_screen
from handlers.forms.labels import asked, ends, options
from handlers.layout import cut, shown_length
from handlers.routes import Context, data
from handlers.screen import Button, Screen
from models.feedback.answers import Answer
from models.feedback.feedback import Sheet
from models.forms.forms import DONT_KNOW, OTHER, Question
from models.forms.items import Kind

BUTTON_LENGTH = 30
"""Characters that a button as wide as the message shows on a phone."""
HALF_LENGTH = 14
"""Characters that one of two buttons in a row shows."""
MOST_POINTS = 6
"""Values of a scale that stand in one row."""


def ask(context: Context, page: Sheet, question: Question, *, waits: bool = False) -> Screen:
    """A question. One that takes words either ``waits`` for the next typed line or has a button that makes it wait."""
    blocks = [
        *_top(context, page, question),
        context.t("feedback-question", question=asked(context.t, question)),
        *_below(context, page, question, waits),
    ]
    rows = (*_answers(context, page, question), *_writing(context, page, question, waits))
    return page_screen(context, page, blocks, (*rows, *_ways(context, page, question)))


def _top(context: Context, page: Sheet, question: Question) -> Iterator[Markup]:
    if question in page.told:
        yield context.t("feedback-from-settings", form=about(context, page))
        return
    if page.meeting is None and question is page.pages[0] and page.unanswered is not None:
        yield from introduction(context, page)
        yield escape(progress(page, question))
    else:
        yield context.t("feedback-progress", position=progress(page, question), meeting=about(context, page))


def progress(page: Sheet, question: Question) -> str:
    """Which of how many."""
    order = [*page.pages, *([page.closing] if page.closing else [])]
    return f"{order.index(question) + 1}/{len(order)}"


def _below(context: Context, page: Sheet, question: Question, waits: bool) -> Iterator[Markup]:
    """What stands under the question: what the buttons mean, and what has been typed."""
    t, given = context.t, page.answer(question) or Answer()
    if question.kind is Kind.SCALE:
        yield Markup("\n").join(ends(t, question))
    if question.has_options and _is_long(context, question):
        yield Markup("\n").join(_numbered(context, question))
    if question.kind is Kind.SEVERAL:
        yield t("feedback-several")
    if question.kind is Kind.OPEN:
        yield t("feedback-type" if waits else "feedback-type-later")
    elif OTHER in given.ticked and question.other:
        yield t("feedback-type-other" if waits else "feedback-type-other-later")
    if given.text:
        yield t("feedback-written", text=given.text)
    if question.background is not None and question not in page.told and not page.run.named:
        yield t("feedback-background")
    if question.required:
        yield t("question-required")


def _answers(context: Context, page: Sheet, question: Question) -> Rows:
    """A button for each value; of several choices with what it turns to, so that a double tap turns nothing back."""
    ticked = page.ticked(question)
    words = options(context.t, question)
    buttons = []
    for value, label in _labels(context, question, words).items():
        if question.kind is Kind.SEVERAL:
            to = "off" if value in ticked else "on"
            pressed = data("tick", page.run.id, question.id, value, to)
        else:
            pressed = data("rate", page.run.id, question.id, "unsure" if value == DONT_KNOW else value)
        buttons.append(Button(f"✓ {label}" if value in ticked else label, pressed))
    if question.kind is Kind.SCALE:
        return _scale_rows(buttons, has_unsure=question.dont_know)
    rows = in_rows(buttons, 2 if all(len(label) <= HALF_LENGTH for label in words.values()) else 1)
    if question.kind is Kind.SEVERAL:
        return (*rows, (Button(context.t("feedback-done"), data("settle", page.run.id, question.id)),))
    return rows


def _scale_rows(buttons: list[Button], *, has_unsure: bool) -> Rows:
    """The values in as few rows of like length as fit; "I cannot say" has one of its own."""
    points = buttons[:-1] if has_unsure else buttons
    rows = -(-len(points) // MOST_POINTS)
    return (*in_rows(points, -(-len(points) // max(1, rows))), *([(buttons[-1],)] if has_unsure else []))


def in_rows(buttons: Sequence[Button], width: int) -> Rows:
    """Buttons so many to a row."""
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))


def _is_long(context: Context, question: Question) -> bool:
    """Whether some option does not fit a button, so that the text above has them all in full."""
    return any(shown_length(words) > BUTTON_LENGTH for words in options(context.t, question).values())


def _numbered(context: Context, question: Question) -> list[Markup]:
    return [escape(f"{number}. {words}") for number, words in enumerate(options(context.t, question).values(), 1)]


def _labels(context: Context, question: Question, words: dict[int, str]) -> dict[int, str]:
    if not question.has_options or not _is_long(context, question):
        return words
    return {value: cut(f"{number} {label}", BUTTON_LENGTH) for number, (value, label) in enumerate(words.items(), 1)}


def _writing(context: Context, page: Sheet, question: Question, waits: bool) -> Rows:
    """The button that makes the next typed line an answer, where it is not one already."""
    given = page.answer(question) or Answer()
    wants = question.kind is Kind.OPEN or (question.other and OTHER in given.ticked)
    if waits or not wants:
        return ()
    return ((Button(context.t("feedback-write"), data("write", page.run.id, question.id)),),)


def _ways(context: Context, page: Sheet, question: Question) -> Rows:
    """Back; without an answer; on, unless Done does that."""
    t, run_id, given, row = context.t, page.run.id, page.answer(question), []
    if before := page.before(question):
        row.append(Button(t("previous"), data("page", run_id, before.id)))
    onward = page.onward(question)
    is_settled = given is not None and given.settled
    is_ticked = question.kind is Kind.SEVERAL and page.ticked(question)
    if not (question.required or is_ticked or (is_settled and onward) or (given and given.is_skip)):
        words = t("feedback-not-telling" if question.background else "skip")
        row.append(Button(words, data("rate", run_id, question.id, "skip")))
    if question.kind is Kind.SEVERAL:
        return (tuple(row),)
    if onward is None:
        row.append(Button(t("feedback-summary"), data("summary", run_id)))
    elif is_settled:
        row.append(Button(t("next"), data("page", run_id, onward.id)))
    return (tuple(row),)
