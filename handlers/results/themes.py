"""Coding open answers with themes: buttons put themes on each answer; a table counts them."""

from dataclasses import dataclass

from markupsafe import Markup

from handlers.figures import percent
from handlers.forms.labels import asked
from handlers.layout import cut, headed_pages
from handlers.results.highlights import switched_on, text_id
from handlers.results.result_text import view_name
from handlers.results.results import access_view, question_of
from handlers.routes import Context, Tap, data, tap, text_input
from handlers.screen import Button, Screen
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.errors import NotFound
from models.results import result_views, themes
from models.results.aggregates import Result
from models.results.result_views import View
from models.results.themes import Theme, ThemeCount
from models.valid_figures import Share


@dataclass(frozen=True, kw_only=True)
class ThemeDraft(DraftState, subject=DraftKind.THEME):
    """The question whose theme is named, in the view that it is seen in."""

    address: str
    question: int
    text: int | None = None
    """The open answer that a new theme will be put on."""
    theme: int | None = None
    """The theme that is renamed; None while a new one is named."""


@tap("themes")
async def on_themes(context: Context, tap: Tap) -> Screen:
    view = await access_view(context, tap)
    await context.end_draft(DraftKind.THEME)
    return await table_screen(context, view, question_of(view, tap))


async def table_screen(context: Context, view: View, result: Result) -> Screen:
    """The themes of a question with their counts and ranks, and the number of answers."""
    t, ids = context.t, [comment.id for comment in result.texts]
    if not ids:
        raise NotFound
    table = await themes.table(context.session, view.group_id, result.words.identity, ids)
    heading = t("themes-heading", name=view_name(t, view), question=asked(t, result.words))
    counts = t("themes-counts", n=table.texts, coded=table.coded)
    lines = [_row(context, row, table.texts) for row in table.rows] or [t("themes-none")]
    (text, *_) = headed_pages(Markup("\n").join([heading, counts]), heading, [Markup("\n").join(lines)])
    at = view.address, result.question_id
    names = [Button(cut(row.theme.name, 30), data("theme", row.theme.id, *at)) for row in table.rows]
    known = await themes.mentioned(context.session, ids)
    first_uncoded = next((answer_id for answer_id in ids if not known.get(answer_id)), ids[0])
    rows: list[tuple[Button, ...]] = [(Button(t("themes-code"), data("code", f"{first_uncoded:x}", *at)),)]
    rows += [tuple(names[start : start + 2]) for start in range(0, len(names), 2)]
    rows.append((Button(t("theme-new"), data("theme-new", *at)), Button(t("back"), data("result-texts", *at))))
    return Screen(text, tuple(rows))


def _row(context: Context, row: ThemeCount, n: int) -> Markup:
    t = context.t
    if row.rank is None:
        return t("themes-row-none", theme=row.theme.name)
    rate = percent(Share(row.mentions, n), t.language)
    return t("themes-row", rank=row.rank, theme=row.theme.name, n=row.mentions, rate=rate)


@tap("code")
async def on_code(context: Context, tap: Tap) -> Screen:
    view = await access_view(context, tap, 1)
    await context.end_draft(DraftKind.THEME)
    return await code_screen(context, view, question_of(view, tap, 2), text_id(tap, 0))


async def code_screen(context: Context, view: View, result: Result, answer_id: int) -> Screen:
    """One answer with a button for each theme, and buttons to the answers before and after it."""
    t, ids = context.t, [comment.id for comment in result.texts]
    if answer_id not in ids:
        raise NotFound
    at, where = ids.index(answer_id), (view.address, result.question_id)
    known = await themes.of_question(context.session, view.group_id, result.words.identity)
    mine = (await themes.mentioned(context.session, [answer_id])).get(answer_id, set())
    toggles = [
        Button(
            f"✓ {theme.name}" if theme.id in mine else theme.name,
            data("coded", f"{answer_id:x}", theme.id, "off" if theme.id in mine else "on", *where),
        )
        for theme in known
    ]
    rows = [tuple(toggles[start : start + 2]) for start in range(0, len(toggles), 2)]
    rows.append((Button(t("theme-new"), data("theme-new", *where, f"{answer_id:x}")),))
    before = [Button(t("previous"), data("code", f"{ids[at - 1]:x}", *where))] if at else []
    after = [Button(t("next"), data("code", f"{ids[at + 1]:x}", *where))] if at + 1 < len(ids) else []
    rows.append((*before, *after))
    rows.append((Button(t("themes-table"), data("themes", *where)),))
    chosen = ", ".join(theme.name for theme in known if theme.id in mine) or t("themes-none-chosen")
    question = asked(t, result.words)
    text = t("themes-text", at=at + 1, count=len(ids), question=question, text=result.texts[at].text, themes=chosen)
    return Screen(text, tuple(rows))


@tap("coded")
async def on_coded(context: Context, tap: Tap) -> Screen:
    """Puts a theme on an answer or removes it, as the button says."""
    view = await access_view(context, tap, 3)
    result, answer_id = question_of(view, tap, 4), text_id(tap, 0)
    if answer_id not in {comment.id for comment in result.texts}:
        raise NotFound
    await themes.put(context.session, context.person, tap.number(1), answer_id, on=switched_on(tap, 2))
    return await code_screen(context, view, result, answer_id)


@tap("theme-new")
async def on_new(context: Context, tap: Tap) -> Screen:
    """Asks for a new theme's name. If begun from an answer, the theme will be put on it."""
    view = await access_view(context, tap)
    result = question_of(view, tap)
    text = text_id(tap, 2) if len(tap.args) > 2 else None
    known = ThemeDraft(address=view.address, question=result.question_id, text=text)
    return await ask_name(context, await context.begin(known))


async def ask_name(context: Context, draft: Draft[ThemeDraft]) -> Screen:
    known = draft.state
    where = known.address, known.question
    back = data("themes", *where) if known.text is None else data("code", f"{known.text:x}", *where)
    key = "theme-ask-name" if known.theme is None else "theme-ask-rename"
    return Screen(context.t(key, most=themes.NAME_LENGTH), ((Button(context.t("cancel"), back),),))


@text_input(ThemeDraft, on_refusal=ask_name, yields_to_codes=True)
async def on_name(context: Context, draft: Draft[ThemeDraft], text: str) -> Screen:
    """Stores a typed name, of a new theme or of the one that is renamed."""
    session, person, known = context.session, context.person, draft.state
    view = await result_views.access_view(session, person, known.address, context.zone)
    result = view.result(known.question)
    if known.theme is not None:
        await themes.rename(session, person, known.theme, text)
    else:
        theme = await themes.add(session, view.group_id, result.words.identity, text)
        if known.text is not None:
            await themes.put(session, person, theme.id, known.text, on=True)
    await context.end_draft()
    if known.text is not None:
        return await code_screen(context, view, result, known.text)
    return await table_screen(context, view, result)


async def _theme(context: Context, tap: Tap) -> tuple[Theme, View, Result]:
    """The theme of a button, with the view and the question that it is seen in. Raises NotFound."""
    view = await access_view(context, tap, 1)
    result = question_of(view, tap, 2)
    theme = await themes.access_theme(context.session, context.person, tap.id)
    if (theme.workgroup_id, theme.identity) != (view.group_id, result.words.identity):
        raise NotFound
    return theme, view, result


async def show_table(context: Context, tap: Tap) -> Screen:
    """The table of themes as it is now."""
    view = await access_view(context, tap, 1)
    return await table_screen(context, view, question_of(view, tap, 2))


@tap("theme", on_refusal=show_table)
async def on_theme(context: Context, tap: Tap) -> Screen:
    """A theme with buttons to rename and to remove it."""
    t, (theme, view, result) = context.t, await _theme(context, tap)
    at = view.address, result.question_id
    n = await themes.mentions(context.session, theme)
    change = (
        Button(t("theme-rename"), data("theme-rename", theme.id, *at)),
        Button(t("theme-drop"), data("theme-drop", theme.id, *at)),
    )
    return Screen(t("theme-heading", theme=theme.name, n=n), (change, (Button(t("back"), data("themes", *at)),)))


@tap("theme-rename", on_refusal=show_table)
async def on_rename(context: Context, tap: Tap) -> Screen:
    theme, view, result = await _theme(context, tap)
    known = ThemeDraft(address=view.address, question=result.question_id, theme=theme.id)
    return await ask_name(context, await context.begin(known))


@tap("theme-drop", on_refusal=show_table)
async def on_drop(context: Context, tap: Tap) -> Screen:
    """Asks for confirmation: the theme would be removed from all answers."""
    t, (theme, view, result) = context.t, await _theme(context, tap)
    at = theme.id, view.address, result.question_id
    n = await themes.mentions(context.session, theme)
    row = Button(t("theme-drop-yes"), data("theme-drop-yes", *at)), Button(t("back"), data("theme", *at))
    return Screen(t("theme-drop-sure", theme=theme.name, n=n), (row,))


@tap("theme-drop-yes", on_refusal=show_table)
async def on_drop_yes(context: Context, tap: Tap) -> Screen:
    theme, view, result = await _theme(context, tap)
    await themes.remove(context.session, context.person, theme.id)
    return (await table_screen(context, view, result)).toasting(context.t("toast-theme-dropped"))
