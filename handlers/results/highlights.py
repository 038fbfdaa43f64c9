"""The open answers in random order. Coordinators mark those worth quoting."""

from markupsafe import Markup

from handlers.forms.labels import asked
from handlers.layout import PAGE_LENGTH, fill_pages, shown_length
from handlers.paging import page_number, turns
from handlers.results.result_text import view_name
from handlers.results.results import access_view, question_of
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from models.errors import NotFound
from models.results import highlights
from models.results.aggregates import Comment, Result
from models.results.result_views import View

MOST_ON_PAGE = 8


@tap("result-texts")
async def on_texts(context: Context, tap: Tap) -> Screen:
    view = await access_view(context, tap)
    return texts_screen(context, view, question_of(view, tap), page_number(tap, 2))


def texts_screen(context: Context, view: View, result: Result, page: int) -> Screen:
    """A page of numbered answers to one question, each with a button that marks it or removes the mark."""
    t, pages = context.t, _pages(result.texts)
    if not pages:
        raise NotFound
    page = min(page, len(pages) - 1)
    first = sum(len(comments) for comments in pages[:page]) + 1
    numbered = list(enumerate(pages[page], first))
    heading = t("texts-heading", name=view_name(t, view), question=asked(t, result.words), n=len(result.texts))
    lines = [
        t("texts-highlighted" if comment.highlighted else "texts-line", number=number, text=comment.text)
        for number, comment in numbered
    ]
    marks = [
        Button(
            t("highlight-off", number=number) if comment.highlighted else t("highlight-on", number=number),
            data(
                "mark",
                f"{comment.id:x}",
                "off" if comment.highlighted else "on",
                view.address,
                result.question_id,
                page,
            ),
        )
        for number, comment in numbered
    ]
    rows = [tuple(marks[at : at + 2]) for at in range(0, len(marks), 2)]
    rows.append(turns(t, "result-texts", view.address, result.question_id, number=page, has_more=page < len(pages) - 1))
    themes = Button(t("themes-open"), data("themes", view.address, result.question_id))
    rows.append((themes, Button(t("back"), data("result", view.address))))
    return Screen(Markup("\n\n").join([heading, *lines, t("texts-note")]), tuple(rows))


def _pages(texts: tuple[Comment, ...]) -> list[list[Comment]]:
    """The texts in pages that fit a message and a keyboard."""
    return fill_pages(texts, lambda comment: shown_length(comment.text) + 40, PAGE_LENGTH - 500, most=MOST_ON_PAGE)


def text_id(tap: Tap, at: int) -> int:
    """The random id of an answer, which buttons have in hexadecimal. Raises NotFound for anything else."""
    word = tap.word(at)
    if not (word.isascii() and word.isalnum() and word == word.lower() and 0 < len(word) <= 16):
        raise NotFound
    try:
        number = int(word, 16)
    except ValueError:
        raise NotFound from None
    if number >= 1 << 62:
        raise NotFound
    return number


def switched_on(tap: Tap, at: int) -> bool:
    """Whether a toggle's button says on. It says the new state, so that a repeated tap changes nothing."""
    word = tap.word(at)
    if word not in ("on", "off"):
        raise NotFound
    return word == "on"


@tap("mark")
async def on_mark(context: Context, tap: Tap) -> Screen:
    """Marks an answer as worth quoting in digests, or removes the mark."""
    view = await access_view(context, tap, 2)
    result, answer_id, on = question_of(view, tap, 3), text_id(tap, 0), switched_on(tap, 1)
    if answer_id not in {comment.id for comment in result.texts}:
        raise NotFound
    await highlights.mark(context.session, context.person, answer_id, on=on)
    view = await access_view(context, tap, 2)
    screen = texts_screen(context, view, question_of(view, tap, 3), tap.number(4))
    return screen.toasting(context.t("toast-highlighted" if on else "toast-not-highlighted"))
