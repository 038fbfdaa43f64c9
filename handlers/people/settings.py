"""/settings: language, background questions, and which messages to get. All on one message, by buttons."""

import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from markupsafe import Markup

from handlers import menus
from handlers.dates import hours_text
from handlers.routes import Context, Tap, command, command_button, data, tap
from handlers.screen import Button, Screen
from handlers.texts import LANGUAGES, texts
from models.errors import NotFound
from models.people import groups, organisations, settings
from models.people.people import Person
from models.people.settings import Field, Organisation
from models.reports import subscriptions

BackgroundValue = TypeVar("BackgroundValue", bound=enum.StrEnum)


@command("settings")
async def on_settings(context: Context, line: str) -> Screen:
    return await settings_screen(context)


@tap("settings")
async def on_back(context: Context, tap: Tap) -> Screen:
    return await settings_screen(context)


async def settings_screen(context: Context) -> Screen:
    """The person's settings, with a button for each."""
    t, person = context.t, context.person
    mine = await groups.of_person(context.session, person)
    lines = [
        t("settings-heading"),
        t("settings-name", value=person.name),
        t("settings-language", value=t("language-name")),
        t("settings-organisation", value=await _organisation(context)),
        t("settings-field", value=_field(context)),
        t("settings-quiet", value=quiet_text(context)),
        t("settings-reminders", value=t("yes" if person.wants_reminders else "no")),
        t("settings-feedback", value=t("yes" if person.wants_feedback else "no")),
        t("settings-groups", value=", ".join(group.name for group in mine) or "–"),
    ]
    reads_digests = await subscriptions.readable_group_ids(context.session, person) != []
    if reads_digests:
        rhythm = await subscriptions.rhythm(context.session, person)
        lines.append(t("digest-in-settings", value=t(f"digest-rhythm-{rhythm}")))
    rows: list[tuple[Button, ...]] = [
        (_button(context, "s-name"), _button(context, "s-language")),
        (_button(context, "s-organisation"), _button(context, "s-field")),
        (_button(context, "s-quiet"),),
        (
            _switch(context, "s-reminders", person.wants_reminders),
            _switch(context, "s-feedback", person.wants_feedback),
        ),
        ((_button(context, "digest-settings"),) if reads_digests else ()),
        ((_button(context, "leave"),) if mine else ()),
        (command_button(context, "privacy"), command_button(context, "help")),
    ]
    return Screen(Markup("\n").join(lines), tuple(rows))


def _button(context: Context, name: str, *args: object) -> Button:
    return Button(str(context.t(f"button-{name}")), data(name, *args))


def _switch(context: Context, name: str, on: bool) -> Button:
    """A button that carries the new value, so that a double tap changes nothing back."""
    to = "off" if on else "on"
    return Button(str(context.t(f"button-{name}-{to}")), data(name, to))


def back(context: Context) -> tuple[Button, ...]:
    return (Button(str(context.t("back")), data("settings")),)


def _field(context: Context) -> str:
    """The field of work that the person chose, or the text of their roster."""
    field = context.person.field
    return str(context.t(f"option-field-{field}")) if field in set(Field) else field or "–"


async def _organisation(context: Context) -> Markup | str:
    """The organisation that the person chose, else that of the name on their roster."""
    t, person = context.t, context.person
    known, name = await organisations.background(context.session, person), person.organisation_name
    if known is None:
        return name if name and person.organisation is None else "–"
    kind = t(f"option-organisation-{known}")
    return t("settings-organisation-named", kind=kind, name=name) if name and person.organisation is None else kind


def _choices(context: Context, heading: Markup, options: Iterable[tuple[str, str]], chosen: str | None) -> Screen:
    """Buttons of options (data, label) in two columns, the chosen one ticked, and the button back."""
    buttons = [Button(f"✓ {label}" if key == chosen else label, key) for key, label in options]
    rows = [tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2)]
    return Screen(heading, (*rows, back(context)))


async def saved(context: Context) -> Screen:
    return (await settings_screen(context)).toasting(context.t("settings-saved"))


@tap("s-language")
async def on_language(context: Context, tap: Tap) -> Screen:
    """Without an argument asks for a language; with one sets it. Texts and command menu change at once."""
    if not tap.args:
        options = [(data("s-language", code), str(texts(code)("language-name"))) for code in LANGUAGES]
        return _choices(context, context.t("ask-language"), options, data("s-language", context.language))
    if tap.word(0) not in LANGUAGES:
        raise NotFound
    settings.speak(context.person, tap.word(0))
    context.t = texts(tap.word(0))
    shown = await saved(context)
    return Screen(shown.text, shown.buttons, toast=shown.toast, menu=await menus.of(context))


@tap("s-organisation")
async def on_organisation(context: Context, tap: Tap) -> Screen:
    labels = {organisation: context.t(f"option-organisation-{organisation}") for organisation in Organisation}
    known = await organisations.background(context.session, context.person)
    return await _background(context, tap, context.t("ask-organisation"), labels, known=known, keep=settings.belong)


@tap("s-field")
async def on_field(context: Context, tap: Tap) -> Screen:
    labels = {field: context.t(f"option-field-{field}") for field in Field}
    return await _background(
        context, tap, context.t("ask-field"), labels, known=context.person.field, keep=settings.work_in
    )


async def _background(
    context: Context,
    tap: Tap,
    heading: Markup,
    labels: Mapping[BackgroundValue, Markup],
    *,
    known: str | None,
    keep: Callable[[Person, BackgroundValue | None], None],
) -> Screen:
    """Without an argument asks; with a key of ``labels`` sets it, with "none" removes it."""
    if not tap.args:
        return _ask(context, tap.name, heading, labels, known)
    keys: dict[str, BackgroundValue | None] = {"none": None, **{str(choice): choice for choice in labels}}
    if tap.word(0) not in keys:
        raise NotFound
    keep(context.person, keys[tap.word(0)])
    return await saved(context)


@tap("s-reminders")
async def on_reminders(context: Context, tap: Tap) -> Screen:
    settings.be_reminded(context.person, _switched_on(tap))
    return await saved(context)


@tap("s-feedback")
async def on_feedback(context: Context, tap: Tap) -> Screen:
    settings.be_asked(context.person, _switched_on(tap))
    return await saved(context)


def _switched_on(tap: Tap) -> bool:
    if tap.word(0) not in {"on", "off"}:
        raise NotFound
    return tap.word(0) == "on"


def _ask(context: Context, name: str, heading: Markup, labels: Mapping[Any, Markup], chosen: str | None) -> Screen:
    options = [(data(name, choice), str(label)) for choice, label in labels.items()]
    options.append((data(name, "none"), str(context.t("rather-not-say"))))
    return _choices(context, heading, options, data(name, chosen or "none"))


def quiet_text(context: Context) -> str:
    """The person's quiet hours in words."""
    t, person, usual = context.t, context.person, context.policy.quiet
    if person.quiet_start is None or person.quiet_end is None:
        return str(t("quiet-usual", hours=hours_text(usual.start, usual.end, t.language)))
    if person.quiet_start == person.quiet_end:
        return str(t("quiet-none"))
    return hours_text(person.quiet_start, person.quiet_end, t.language)
