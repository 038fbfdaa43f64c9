"""/audit: who did what to what, newest first."""

from markupsafe import Markup

from handlers.dates import moment_text
from handlers.paging import turns
from handlers.routes import Context, Tap, command, command_button, tap
from handlers.screen import Screen
from handlers.texts import Texts
from models.forms.builtin_forms import BUILT_IN
from models.people import audit
from models.people.access import RoleKind
from models.people.audit import AuditEntry
from models.people.settings import Organisation

PAGE = 10


@command("audit", role=RoleKind.ADMINISTRATOR)
async def on_audit(context: Context, line: str) -> Screen:
    return await _audit_screen(context, 0)


@tap("audit")
async def on_page(context: Context, tap: Tap) -> Screen:
    return await _audit_screen(context, tap.id)


async def _audit_screen(context: Context, number: int) -> Screen:
    t = context.t
    lines, older = await audit.page(context.session, context.person, number, PAGE)
    words = [t("audit-heading"), *(_words(context, line) for line in lines)]
    if not lines:
        words.append(t("audit-none"))
    row = turns(t, "audit", number=number, has_more=older, keys=("audit-newer", "audit-older"))
    return Screen(
        Markup("\n\n").join(words), (row, (command_button(context, "roles"), command_button(context, "help")))
    )


def _words(context: Context, line: AuditEntry) -> Markup:
    """A line in the reader's language. An action without a text shows its key."""
    t = context.t
    key = f"audit-{line.action}"
    values = {
        "when": moment_text(line.at, context.zone, t.language),
        "actor": line.actor or t("audit-nobody"),
        "person": line.person or t("audit-somebody"),
        "place": t("audit-in-group", group=line.group) if line.group else "",
        "detail": _detail(t, line.detail),
    }
    return t(key, **values) if key in t else t("audit-other", action=line.action, **values)


def _detail(t: Texts, detail: str) -> Markup | str:
    """A role, an organisation or a built-in form in the reader's language; anything else as it was stored."""
    if detail in set(RoleKind):
        return t(f"role-{detail}")
    if detail in set(Organisation):
        return t(f"option-organisation-{detail}")
    return t(f"form-{detail}") if detail in BUILT_IN else detail
