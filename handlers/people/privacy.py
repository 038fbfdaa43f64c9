"""/privacy: what is stored, why and how long; one's own data as a file; erasure."""

import json

from markupsafe import Markup

from handlers.routes import Context, Tap, command, data, tap
from handlers.screen import Button, File, Screen
from models.privacy import erasure, own_data

EXPORT = "koolla-data.json"
PARTS = ("heading", "kept", "why", "how-long", "anonymity", "telegram", "rights")


@command("privacy")
async def on_privacy(context: Context, line: str) -> Screen:
    return privacy_screen(context)


@tap("privacy")
async def on_back(context: Context, tap: Tap) -> Screen:
    return privacy_screen(context)


def privacy_screen(context: Context) -> Screen:
    t, threshold = context.t, context.policy.threshold
    text = Markup("\n\n").join(t(f"privacy-{part}", threshold=threshold) for part in PARTS)
    rows = (
        (Button(str(t("button-export")), data("export")),),
        (Button(str(t("button-erase")), data("erase")),),
        (Button(str(t("command-settings")), data("settings")), Button(str(t("button-help")), data("help"))),
    )
    return Screen(text, rows)


@tap("export")
async def on_export(context: Context, tap: Tap) -> Screen:
    """A file with all that is stored about the person."""
    export = await own_data.export(context.session, context.person, context.keys, now=context.now)
    content = json.dumps(export, ensure_ascii=False, indent=2).encode()
    back = Button(str(context.t("back")), data("privacy"))
    return Screen(context.t("export-here"), ((back,),), file=File(EXPORT, content), new_message=True)


@tap("erase")
async def on_erase(context: Context, tap: Tap) -> Screen:
    """What is erased, what stays as counts, and which groups lose their last coordinator."""
    t = context.t
    lines = [t("erase-goes"), t("erase-stays"), *await _warnings(context)]
    yes, no = Button(str(t("erase-go-on")), data("erase-sure")), Button(str(t("back")), data("privacy"))
    return Screen(Markup("\n\n").join(lines), ((yes,), (no,)))


async def _warnings(context: Context) -> list[Markup]:
    t, gap = context.t, await erasure.gap(context.session, context.person)
    warnings = [t("erase-last-administrator")] if gap.installation else []
    if gap.groups:
        warnings.append(t("erase-last-coordinator", groups=", ".join(gap.groups)))
    return warnings


@tap("erase-sure")
async def on_erase_sure(context: Context, tap: Tap) -> Screen:
    t = context.t
    lines = [t("erase-sure"), *await _warnings(context)]
    yes, no = Button(str(t("erase-yes")), data("erase-yes")), Button(str(t("erase-no")), data("privacy"))
    return Screen(Markup("\n\n").join(lines), ((yes,), (no,)))


@tap("erase-yes")
async def on_erase_yes(context: Context, tap: Tap) -> Screen:
    await erasure.erase(context.session, context.person, now=context.now)
    return Screen(context.t("erase-done"), menu=())
