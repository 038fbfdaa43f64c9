"""/privacy: what is stored, why and how long; one's own data as a file; erasure."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta

from markupsafe import Markup

from handlers.routes import Context, Tap, command, data, tap, text_input
from handlers.screen import Button, Clearance, File, Screen, TypedLines
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.errors import Stale
from models.privacy import erasure, own_data

MONTH = timedelta(days=365.25 / 12)
EXPORT = "koolla-data.json"
PARTS = ("heading", "kept", "why", "how-long", "anonymity", "waiting", "telegram", "rights")


@command("privacy")
async def on_privacy(context: Context, line: str) -> Screen:
    return privacy_screen(context)


@dataclass(frozen=True, kw_only=True)
class ErasureDraft(DraftState, subject=DraftKind.ERASURE):
    """A person who was asked whether they want to be erased."""

    is_sure: bool = False
    """Whether they answered the first question with yes."""


@tap("privacy")
async def on_back(context: Context, tap: Tap) -> Screen:
    await context.end_draft(DraftKind.ERASURE)
    return privacy_screen(context)


def privacy_screen(context: Context) -> Screen:
    t, threshold = context.t, context.policy.threshold
    months = (context.policy.feedback_wait_for + MONTH / 2) // MONTH
    text = Markup("\n\n").join(t(f"privacy-{part}", threshold=threshold, n=months) for part in PARTS)
    rows = (
        (Button(str(t("button-export")), data("export")),),
        (Button(str(t("button-erase")), data("erase")),),
        (Button(str(t("command-settings")), data("settings")), Button(str(t("button-help")), data("help"))),
    )
    return Screen(text, rows)


@tap("export")
async def on_export(context: Context, tap: Tap) -> Screen:
    """A file with all that is stored about the person. If it would hold answers to open forms, which then stand in the
    chat, asks before."""
    choice = tap.args[0] if tap.args else ""
    if not choice and await own_data.has_open_answers(context.session, context.person):
        return _export_choice(context)
    export = await own_data.export(context.session, context.person, context.keys, now=context.now)
    notes = {"all": "export-holds-open", "closed": "export-leaves-out"}
    if choice == "closed":
        export["feedback_still_open"] = own_data.LEFT_OUT
    keys = ["export-here", *([notes[choice]] if choice in notes else [])]
    content = json.dumps(export, ensure_ascii=False, indent=2).encode()
    back = Button(str(context.t("back")), data("privacy"))
    text = Markup("\n\n").join(map(context.t, keys))
    return Screen(text, ((back,),), file=File(EXPORT, content), new_message=True)


def _export_choice(context: Context) -> Screen:
    t = context.t
    rows = (
        (Button(str(t("export-without-open")), data("export", "closed")),),
        (Button(str(t("export-all")), data("export", "all")),),
        (Button(str(t("back")), data("privacy")),),
    )
    return Screen(t("export-open-answers"), rows)


@tap("erase")
async def on_erase(context: Context, tap: Tap) -> Screen:
    """What is erased, what stays as counts, and which groups lose their last coordinator."""
    return await ask_whether_to_erase(context, await context.begin(ErasureDraft()))


@text_input(ErasureDraft)
async def on_text(context: Context, draft: Draft[ErasureDraft], text: str) -> Screen:
    """Only the buttons answer: a line that was meant for something else must erase nobody."""
    return await ask_whether_to_erase(context, draft)


async def ask_whether_to_erase(context: Context, draft: Draft[ErasureDraft]) -> Screen:
    """The first of two questions, or the second."""
    t, is_sure = context.t, draft.state.is_sure
    lines = [t("erase-sure")] if is_sure else [t("erase-goes"), t("erase-stays")]
    yes = Button(
        str(t("erase-yes" if is_sure else "erase-go-on")), data("erase-yes" if is_sure else "erase-sure", draft.number)
    )
    no = Button(str(t("erase-no" if is_sure else "back")), data("privacy"))
    return Screen(Markup("\n\n").join([*lines, *await _warnings(context)]), ((yes,), (no,)))


async def _warnings(context: Context) -> list[Markup]:
    t, gap = context.t, await erasure.gap(context.session, context.person)
    warnings = [t("erase-last-administrator")] if gap.installation else []
    if gap.groups:
        warnings.append(t("erase-last-coordinator", groups=", ".join(gap.groups)))
    return warnings


@tap("erase-sure")
async def on_erase_sure(context: Context, tap: Tap) -> Screen:
    draft = await context.access_draft(ErasureDraft, tap.id)
    context.update_draft(draft, replace(draft.state, is_sure=True))
    return await ask_whether_to_erase(context, draft)


@tap("erase-yes")
async def on_erase_yes(context: Context, tap: Tap) -> Screen:
    """Raises Stale unless both questions were asked: a forged or an old press erases nobody."""
    draft = await context.access_draft(ErasureDraft, tap.id)
    if not draft.state.is_sure:
        raise Stale("dialogue-is-over")
    traces = await erasure.chat_traces(context.session, context.person, context.keys)
    await erasure.erase(context.session, context.person, now=context.now)
    return Screen(
        context.t("erase-done"),
        menu=(),
        erases=TypedLines(None, traces.typed_lines),
        clears=Clearance(traces.form_messages, context.t("erase-form-gone")),
    )
