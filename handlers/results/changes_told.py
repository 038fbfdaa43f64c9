"""Changes told: coordinators write one line for each statement of a release about what was changed because of it."""

from dataclasses import dataclass, replace

from markupsafe import Markup

from handlers.dates.printing import bare_day_text
from handlers.figures import decimal
from handlers.forms.labels import asked
from handlers.layout import cut
from handlers.meetings.changes_told_lines import full_text
from handlers.paging import page_number, page_of
from handlers.results.result_text import listed_name
from handlers.routes import Context, Tap, data, tap, text_input
from handlers.screen import Button, ButtonRow, Screen
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.errors import Stale
from models.results import changes_told
from models.results.changes_told import Board, BoardStatement, ChangeLine, WrittenChange

ON_PAGE = 5
LABEL = 50


@dataclass(frozen=True, kw_only=True)
class ChangeToldDraft(DraftState, subject=DraftKind.CHANGE_TOLD):
    """A line about a statement of a release, while it is written."""

    release: int
    question: int
    was: str | None = None
    """The line that was there when the dialogue began."""
    line: str = ""
    turn: int = 0
    """Counts the previews: the button of an older one is refused."""


async def access_board(context: Context, release_id: int) -> Board:
    """The board of a release. Raises NotFound unless the person coordinates its group."""
    return await changes_told.access_board(context.session, context.person, release_id)


@tap("replies")
async def on_list(context: Context, tap: Tap) -> Screen:
    return list_screen(context, await access_board(context, tap.id), page_number(tap, 1))


def list_screen(context: Context, board: Board, number: int = 0) -> Screen:
    """The statements of a release, weakest first, each with its line or the button to write one."""
    t, release_id = context.t, board.listed.release_id
    page = page_of(board.statements, number, ON_PAGE)
    shown = list(enumerate(page.items, page.first + 1))
    is_living = board.group.archived_at is None
    lines = [
        t("replies-heading", name=listed_name(t, board.listed)),
        *(_entry(context, number, statement) for number, statement in shown),
    ]
    lines += [] if board.statements else [t("replies-none")]
    lines += [] if is_living else [t("replies-archived")]
    choose = [
        (_choose(context, board, number, statement),)
        for number, statement in shown
        if is_living and not statement.is_told
    ]
    row = page.turns(t, "replies", release_id)
    return Screen(Markup("\n\n").join(lines), (*choose, row, (Button(t("back"), data("result", release_id)),)))


def _choose(context: Context, board: Board, number: int, statement: BoardStatement) -> Button:
    label = f"{number}. {cut(asked(context.t, statement.words), LABEL)}"
    return Button(label, data("reply", board.listed.release_id, statement.question_id))


def _entry(context: Context, number: int, statement: BoardStatement) -> Markup:
    """A statement with its figures, its line, and whether that has been told."""
    text = Markup("{}. {}").format(number, _figures(context, statement))
    return text if statement.change is None else Markup("\n").join([text, _standing(context, statement.change)])


def _figures(context: Context, statement: BoardStatement) -> Markup:
    t, mean = context.t, statement.mean
    key = "reply-statement-weakest" if statement.is_weakest else "reply-statement"
    figures = {"mean": decimal(mean, t.language), "low": mean.low, "high": mean.high, "count": mean.n}
    return t(key, statement=asked(t, statement.words), **figures)


def _standing(context: Context, change: WrittenChange) -> Markup:
    if change.told_at is None:
        return context.t("reply-waits", line=change.text)
    day = bare_day_text(change.told_at.astimezone(context.zone).date(), context.language)
    return context.t("reply-heard", line=change.text, day=day)


async def show_list(context: Context, tap: Tap) -> Screen:
    """The statements of the release as they are now."""
    return list_screen(context, await access_board(context, tap.id))


@tap("reply", on_refusal=show_list)
async def on_reply(context: Context, tap: Tap) -> Screen:
    """Asks for a statement's line, or shows the line that waits, with buttons to change and to remove it."""
    board = await access_board(context, tap.id)
    statement = board.statement(tap.number(1))
    statement.ensure_waiting()
    board.ensure_not_archived()
    if statement.change is None:
        return await _begin(context, board, statement)
    t, at = context.t, (tap.id, statement.question_id)
    text = Markup("\n\n").join(
        [_figures(context, statement), t("reply-waiting"), _as_heard(context, statement, statement.change.text)]
    )
    change = Button(t("reply-change"), data("reply-write", *at)), Button(t("reply-remove"), data("reply-drop", *at))
    return Screen(text, (change, (Button(t("back"), data("replies", tap.id)),)))


@tap("reply-write", on_refusal=show_list)
async def on_write(context: Context, tap: Tap) -> Screen:
    board = await access_board(context, tap.id)
    return await _begin(context, board, board.statement(tap.number(1)))


async def _begin(context: Context, board: Board, statement: BoardStatement) -> Screen:
    """Begins a dialogue. It stores the line that was there, so that another's change is noticed."""
    statement.ensure_waiting()
    board.ensure_not_archived()
    release_id, was = board.listed.release_id, statement.change.text if statement.change else None
    assert release_id is not None
    draft = await context.begin(ChangeToldDraft(release=release_id, question=statement.question_id, was=was))
    return _ask(context, draft, statement)


def _ask(context: Context, draft: Draft[ChangeToldDraft], statement: BoardStatement) -> Screen:
    t = context.t
    parts = [_figures(context, statement), t("reply-ask", most=changes_told.LENGTH)]
    if draft.state.was:
        parts.insert(1, t("reply-now", line=draft.state.was))
    return Screen(Markup("\n\n").join(parts), (_stop(context, draft),))


def _stop(context: Context, draft: Draft[ChangeToldDraft]) -> ButtonRow:
    return (Button(context.t("cancel"), data("reply-stop", draft.number, draft.state.release)),)


def _as_heard(context: Context, statement: BoardStatement, text: str) -> Markup:
    return full_text(context.t, [ChangeLine(statement.words, statement.mean, text)])


def _preview(context: Context, draft: Draft[ChangeToldDraft], board: Board, statement: BoardStatement) -> Screen:
    """The line as people will see it, and how many will."""
    t, at = context.t, (draft.number, draft.state.release)
    shown = _as_heard(context, statement, draft.state.line)
    text = Markup("\n\n").join([t("reply-preview"), shown, t("reply-hearers", count=board.recipients)])
    save = Button(t("reply-save"), data("reply-save", *at, draft.state.turn))
    again = Button(t("reply-rewrite"), data("reply-again", *at))
    return Screen(text, ((save,), (again,), _stop(context, draft)))


async def current_screen(context: Context, draft: Draft[ChangeToldDraft]) -> Screen:
    """The dialogue's current screen."""
    board = await access_board(context, draft.state.release)
    statement = board.statement(draft.state.question)
    return _preview(context, draft, board, statement) if draft.state.line else _ask(context, draft, statement)


@text_input(ChangeToldDraft, on_refusal=current_screen, yields_to_codes=True)
async def on_line(context: Context, draft: Draft[ChangeToldDraft], text: str) -> Screen:
    """A typed line; another one replaces it."""
    known = draft.state
    await access_board(context, known.release)  # first: whoever has lost the role leaves the dialogue
    context.update_draft(draft, replace(known, line=changes_told.parse_line(text), turn=known.turn + 1))
    return await current_screen(context, draft)


async def show_current(context: Context, tap: Tap) -> Screen:
    """The dialogue's current screen, or the list if it is over."""
    draft = await context.find_draft(ChangeToldDraft)
    if draft is not None and draft.number == tap.id:
        return await current_screen(context, draft)
    return list_screen(context, await access_board(context, tap.number(1)))


@tap("reply-again", on_refusal=show_current)
async def on_again(context: Context, tap: Tap) -> Screen:
    """Asks for another line instead of the one in the preview."""
    draft = await context.access_draft(ChangeToldDraft, tap.id)
    context.update_draft(draft, replace(draft.state, line=""))
    return await current_screen(context, draft)


@tap("reply-stop", on_refusal=show_current)
async def on_stop(context: Context, tap: Tap) -> Screen:
    draft = await context.access_draft(ChangeToldDraft, tap.id)
    board = await access_board(context, draft.state.release)
    await context.end_draft()
    return list_screen(context, board).toasting(context.t("toast-nothing-changed"))


@tap("reply-save", on_refusal=show_current)
async def on_save(context: Context, tap: Tap) -> Screen:
    """Saves the line of the card. Refused if another line was typed since."""
    known = (await context.access_draft(ChangeToldDraft, tap.id)).state
    if not known.line or known.turn != tap.number(2):
        raise Stale("reply-card-is-old")
    about = known.release, known.question, known.line
    await changes_told.write(context.session, context.person, *about, was=known.was, now=context.now)
    await context.end_draft()
    board = await access_board(context, known.release)
    return list_screen(context, board).toasting(context.t("toast-reply-saved"))


@tap("reply-drop", on_refusal=show_list)
async def on_drop(context: Context, tap: Tap) -> Screen:
    """Asks for confirmation: the line would be lost."""
    t, board = context.t, await access_board(context, tap.id)
    statement = board.statement(tap.number(1))
    statement.ensure_waiting()
    if statement.change is None:
        raise Stale("already-done")
    yes = Button(t("reply-drop-yes"), data("reply-drop-yes", tap.id, statement.question_id))
    back = Button(t("back"), data("reply", tap.id, statement.question_id))
    return Screen(t("reply-drop-sure", line=statement.change.text), ((yes,), (back,)))


@tap("reply-drop-yes", on_refusal=show_list)
async def on_drop_yes(context: Context, tap: Tap) -> Screen:
    await changes_told.remove(context.session, context.person, tap.id, tap.number(1), now=context.now)
    return list_screen(context, await access_board(context, tap.id)).toasting(context.t("toast-reply-removed"))
