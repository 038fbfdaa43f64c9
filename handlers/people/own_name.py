"""The name that others see, from /settings: one typed line."""

from dataclasses import dataclass, replace

from markupsafe import Markup

from handlers.people.settings import settings_screen
from handlers.routes import Context, Tap, data, tap, text_input
from handlers.screen import Button, Screen
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.membership import joining
from models.people import settings


@dataclass(frozen=True, kw_only=True)
class OwnNameDraft(DraftState, subject=DraftKind.OWN_NAME):
    """Nothing is known before the name is typed, and then it is set."""


@tap("s-name")
async def on_name(context: Context, tap: Tap) -> Screen:
    return await ask(context, await context.begin(OwnNameDraft()))


async def ask(context: Context, draft: Draft[OwnNameDraft]) -> Screen:
    cancel = Button(str(context.t("cancel")), data("s-name-stop"))
    return Screen(context.t("ask-name", name=context.person.name), ((cancel,),))


@tap("s-name-stop")
async def on_stop(context: Context, tap: Tap) -> Screen:
    await context.end_draft(DraftKind.OWN_NAME)
    return (await settings_screen(context)).toasting(context.t("toast-nothing-changed"))


@text_input(OwnNameDraft, on_refusal=ask, yields_to_codes=True)
async def on_typed(context: Context, draft: Draft[OwnNameDraft], text: str) -> Screen:
    if settings.call_oneself(context.session, context.person, text, now=context.now):
        await joining.renamed(context.session, context.person, policy=context.policy, now=context.now)
    await context.end_draft()
    shown = await settings_screen(context)
    return replace(shown, text=Markup("\n\n").join([context.t("name-saved", name=context.person.name), shown.text]))
