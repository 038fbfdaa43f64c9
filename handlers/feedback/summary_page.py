"""The last page of a form: all answers in short, each to be changed with one tap, and Finish. And what follows it."""

from collections.abc import Iterator

from markupsafe import Markup

from handlers.feedback.header import Rows, about, closing_text, introduction, page_screen
from handlers.feedback.question_page import in_rows
from handlers.forms.labels import asked, options
from handlers.layout import TEXT_LENGTH, cut, shown_length
from handlers.routes import Context, data
from handlers.screen import Button, Screen
from models.feedback.feedback import Sheet
from models.forms.forms import Question
from models.forms.items import Kind

BESIDES = 1_900
"""Characters that the page needs besides the list of answers, at most: the open answer is the longest of it."""
LEAST, MOST = 25, 120
"""Characters of a question or an answer in the list."""
SHORTEST = 12
"""Characters of each of several choices in the list, where not all of them fit."""
SIGNS = 8
"""Characters around them."""


def summary(context: Context, page: Sheet, *, waits: bool = False) -> Screen:
    """Everything said so far. The open question at the end of the form is asked here, by the way."""
    t = context.t
    listed = [*page.pages, *page.told]
    room = (TEXT_LENGTH - BESIDES) // max(1, len(listed))
    limit = max(LEAST, min(MOST, (room - SIGNS) // 2))
    lines = [_line(context, page, question, number, limit) for number, question in enumerate(listed, 1)]
    asked_here, told = lines[: len(page.pages)], lines[len(page.pages) :]
    top = introduction(context, page) if page.meeting is None and not page.pages else []
    blocks = [*top, t("feedback-summary-heading", meeting=about(context, page)), Markup("\n").join(asked_here)]
    if told:
        blocks.append(Markup("\n").join([t("feedback-told-named" if page.run.named else "feedback-told"), *told]))
    if page.closing is not None:
        blocks.append(Markup("\n").join(_closing(context, page, page.closing, waits)))
    blocks.append(_standing(context, page))
    return page_screen(context, page, blocks, _buttons(context, page, listed, waits))


def _standing(context: Context, page: Sheet) -> Markup:
    """What counts as it is, and what sending adds: of a named form only what was sent counts."""
    if page.finished:
        return context.t("feedback-sent-already")
    return context.t("feedback-unsent-named" if page.run.named else "feedback-unsent")


def _line(context: Context, page: Sheet, question: Question, number: int, limit: int) -> Markup:
    words = cut(asked(context.t, question), limit)
    parts = _answer(context, page, question)
    fits = sum(map(shown_length, parts)) + 2 * len(parts) <= limit
    answer = ", ".join(parts if fits else [cut(part, max(SHORTEST, limit // len(parts) - 2)) for part in parts])
    return context.t("feedback-line", number=number, question=words, answer=cut(answer, limit))


def _answer(context: Context, page: Sheet, question: Question) -> list[str]:
    """An answer in words; of several choices each."""
    t, given = context.t, page.answer(question)
    value = page.prefilled(question)
    if value is not None:
        return [options(t, question)[value]]
    if given is None or (given.is_empty and not given.settled):
        return [t("feedback-no-answer").unescape()]
    if given.is_empty:
        return [t("feedback-not-told" if question.background else "feedback-skipped").unescape()]
    if question.kind is Kind.OPEN:
        return [given.text]
    words = options(t, question)
    chosen = [words[value] for value in given.ticked]
    return [*chosen[:-1], f"{chosen[-1]}: {given.text}" if given.text else chosen[-1]]


def _closing(context: Context, page: Sheet, question: Question, waits: bool) -> Iterator[Markup]:
    t, given = context.t, page.answer(question)
    yield t("feedback-question", question=asked(t, question))
    if given is not None and given.text:
        yield t("feedback-written", text=given.text)
    else:
        yield t("feedback-type-closing" if waits else "feedback-type-later")


def _buttons(context: Context, page: Sheet, listed: list[Question], waits: bool) -> Rows:
    t, run_id, closing = context.t, page.run.id, page.closing
    changes = [
        Button(t("feedback-change-one", number=number), data("page", run_id, question.id))
        for number, question in enumerate(listed, 1)
    ]
    rows = [*in_rows(changes, 4)]
    if closing is not None and not waits:
        rows.append((Button(t("feedback-write"), data("write", run_id, closing.id)),))
    if closing is not None and (given := page.answer(closing)) and given.text:
        rows.append((Button(t("feedback-unwrite"), data("rate", run_id, closing.id, "skip")),))
    ready = "feedback-done" if page.finished else "feedback-finish"
    return (*rows, (Button(t(ready), data("done", run_id)),))


def thanks(context: Context, page: Sheet) -> Screen:
    """Done; still changeable until the form closes."""
    t = context.t
    change = Button(t("feedback-change"), data("summary", page.run.id))
    if page.is_preview:
        back = Button(t("feedback-to-form"), data("form", page.form.id))
        return page_screen(context, page, [t("feedback-tried")], ((change,), (back,)))
    text = t("feedback-thanks", meeting=about(context, page), closes=closing_text(context, page))
    return page_screen(context, page, [text], ((change,),))
