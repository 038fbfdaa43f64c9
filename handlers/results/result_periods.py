"""Results of all of a group's forms in a year, in a quarter or of all time."""

from handlers.forms.labels import form_name
from handlers.layout import cut
from handlers.results import results
from handlers.results.result_text import period_name
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from models.errors import NotFound
from models.periods import Period
from models.results import result_views


@tap("periods")
async def on_periods(context: Context, tap: Tap) -> Screen:
    """Chooses a group if there are several, then a period, then a form if there are several."""
    if not tap.args:
        return await _groups(context)
    if len(tap.args) == 1:
        return await _periods(context, tap.id)
    return await _forms(context, tap.id, Period.parse(tap.word(1)))


async def _groups(context: Context) -> Screen:
    t, mine = context.t, await result_views.groups_with_results(context.session, context.person)
    if not mine:
        raise NotFound
    if len(mine) == 1:
        return await _periods(context, mine[0].id)
    rows = [(Button(cut(group.name, results.LABEL), data("periods", group.id)),) for group in mine[:90]]
    return Screen(t("summary-which-group"), (*rows, (Button(t("back"), data("results")),)))


async def _periods(context: Context, group_id: int) -> Screen:
    t = context.t
    group, periods = await result_views.periods(context.session, context.person, group_id, context.zone)
    if not periods:
        raise NotFound
    rows = [(Button(period_name(t, period), data("periods", group.id, period)),) for period in periods[:90]]
    several = len(await result_views.groups_with_results(context.session, context.person)) > 1
    back = data("periods") if several else data("results")
    return Screen(t("summary-which-period", group=group.name), (*rows, (Button(t("back"), back),)))


async def _forms(context: Context, group_id: int, period: Period) -> Screen:
    t = context.t
    group, forms = await result_views.forms_in(context.session, context.person, group_id, period, context.zone)
    if not forms:
        raise NotFound
    addresses = [f"{group.id}.{form.id}.{period}" for form in forms]
    if len(forms) == 1:
        return await results.result_screen(context, Tap("result", (addresses[0],)))
    rows = [
        (Button(cut(form_name(t, form), results.LABEL), data("result", address)),)
        for form, address in zip(forms, addresses, strict=True)
    ]
    text = t("summary-which-form", group=group.name, period=period_name(t, period))
    return Screen(text, (*rows[:90], (Button(t("back"), data("periods", group.id)),)))
