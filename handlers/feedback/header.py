"""What stands at the top of a form's pages: what it is about, who will see the answers, whether it is a trial."""

from math import ceil

from markupsafe import Markup

from handlers.dates import moment_text
from handlers.forms.labels import form_name
from handlers.meetings.invitations import meeting_name
from handlers.routes import Context
from handlers.screen import Button, Screen
from models.delivery.cards import Card
from models.delivery.kinds import CardKind
from models.feedback.feedback import Sheet
from models.forms.items import Kind

Rows = tuple[tuple[Button, ...], ...]

TAPPING, WRITING = 8, 40
"""Seconds that people are told a question takes; nobody has to write."""


def page_screen(context: Context, page: Sheet, blocks: list[Markup], buttons: Rows) -> Screen:
    """One page of the form's living message."""
    if page.is_preview:
        blocks = [context.t("feedback-trial"), *blocks]
    return Screen(Markup("\n\n").join(blocks), buttons, card=Card(CardKind.FEEDBACK, page.run.id))


def about(context: Context, page: Sheet) -> Markup:
    """What the form is about: the meeting, or of one sent on its own its name and the group's."""
    if page.meeting is not None:
        return meeting_name(context.t, page.meeting)
    return context.t("feedback-on-its-own", form=form_name(context.t, page.form), group=page.group.name)


def closing_text(context: Context, page: Sheet) -> str:
    return moment_text(page.run.closes_at, context.zone, context.language)


def promise(context: Context, page: Sheet) -> Markup:
    """Who will see the answers: fixed before anybody was asked."""
    closes = closing_text(context, page)
    if page.run.named:
        return context.t("feedback-named", group=page.group.name, closes=closes)
    return context.t("feedback-anonymous", threshold=page.run.threshold, closes=closes)


def introduction(context: Context, page: Sheet) -> list[Markup]:
    """Above the first question of a form that no meeting introduces: what it is, how long it takes, who sees it."""
    kinds = [question.kind for question in (*page.pages, page.closing) if question is not None]
    seconds = sum(WRITING if kind is Kind.OPEN else TAPPING for kind in kinds)
    taps = len(page.pages) + sum(kind is Kind.SEVERAL for kind in kinds) + 1
    return [
        context.t(
            "feedback-introduction",
            form=form_name(context.t, page.form),
            group=page.group.name,
            questions=context.t("feedback-questions", n=len(kinds)),
            taps=taps,
            minutes=ceil(seconds / 60),
        ),
        promise(context, page),
    ]
