"""Texts about forms: their questions, their names on buttons, and which form a meeting sends."""

from collections.abc import Iterable, Sequence
from typing import assert_never

from markupsafe import Markup

from handlers.forms.labels import asked, ends, form_name, option
from handlers.routes import Context
from handlers.texts import Texts
from models.feedback import form_choosing
from models.forms.form_book import OwnedForm
from models.forms.items import Choice, Item, QuestionKind
from models.meetings.meetings import Meeting
from models.results.aggregates import Label


def label(t: Texts, owned: OwnedForm, group_id: int | None = None) -> str:
    """A form's name on a button, with the group that owns it unless that is ``group_id``."""
    name = form_name(t, owned.form)
    if owned.group is None or owned.group.id == group_id:
        return name
    return str(t("forms-of", form=name, group=owned.group.name).unescape())


def questions_text(t: Texts, items: Sequence[Item], *, named: bool) -> Markup:
    """Whether the form is anonymous or named, and its questions."""
    parts = [t("forms-named" if named else "forms-anonymous")]
    parts += [Markup("\n").join(_question(t, number, item)) for number, item in enumerate(items, 1)]
    return Markup("\n\n").join(parts)


def words(t: Texts, item: Item) -> str:
    """A question's words in the reader's language."""
    return asked(t, Label(item.identity, item.text))


def _question(t: Texts, number: int, item: Item) -> Iterable[Markup]:
    key = "forms-question-required" if item.required else "forms-question"
    yield t(key, number=number, words=words(t, item))
    if item.background is not None:
        yield t("forms-kind-background", n=len(item.choices))
        return
    match item.kind:
        case QuestionKind.SCALE:
            low, high = ends(t, item)
            yield t("forms-kind-dont-know" if item.dont_know else "forms-kind-scale", low=low, high=high)
        case QuestionKind.SINGLE | QuestionKind.SEVERAL:
            yield t(f"forms-kind-{item.kind}")
            yield from (t("forms-option", words=_option(t, choice)) for choice in item.choices)
            if item.other:
                yield t("forms-option-other")
        case QuestionKind.YES_NO | QuestionKind.OPEN:
            yield t(f"forms-kind-{item.kind}")
        case _:
            assert_never(item.kind)


def _option(t: Texts, choice: Choice) -> str:
    return option(t, Label(choice.identity, choice.text), 1)


async def asks(context: Context, meeting: Meeting) -> tuple[Markup, bool]:
    """The form that a meeting has sent or will send, and whether another can still be chosen."""
    t = context.t
    opened = await form_choosing.opened_form(context.session, meeting)
    if opened is not None:
        return t("forms-of-meeting", form=form_name(t, opened)), False
    will = await form_choosing.of_meeting(context.session, meeting)
    line = t("forms-of-meeting", form=form_name(t, will.form))
    if will.archived is not None:
        line = Markup(" ").join([line, t("forms-chosen-archived", form=form_name(t, will.archived))])
    return line, True
