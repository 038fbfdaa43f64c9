"""The top of a form's pages: what the form is about, who will see the answers, whether it is a trial."""

from math import ceil

from markupsafe import Markup

from handlers.dates import moment_text
from handlers.forms.labels import form_name
from handlers.meetings.invitations import meeting_name
from handlers.routes import Context, data
from handlers.screen import Button, Screen
from models.delivery.cards import Card
from models.delivery.kinds import CardKind
from models.feedback.runs import RunSubject
from models.feedback.submissions import Submission

Rows = tuple[tuple[Button, ...], ...]

TAPPING, WRITING = 8, 40
"""Seconds to answer a question, for the duration that people are told; writing is always optional."""


def page_screen(
    context: Context, submission: Submission, blocks: list[Markup], buttons: Rows, *, holds_answers: bool = False
) -> Screen:
    """One page of the form's message, which is a card."""
    context.standing_card = submission.card_id
    if submission.is_preview:
        blocks = [context.t("feedback-trial"), *blocks]
    card = Card(CardKind.FEEDBACK, submission.run.id)
    first = doorway(context, submission) if holds_answers else None
    return Screen(Markup("\n\n").join(blocks), buttons, card=card, first=first)


def doorway(context: Context, submission: Submission) -> Screen:
    """A page without answers, with a button that leads on to them."""
    button = Button(context.t("feedback-go-on"), data("summary", submission.run.id))
    return page_screen(context, submission, [context.t("feedback-kept", form=about(context, submission))], ((button,),))


def about(context: Context, subject: Submission | RunSubject) -> Markup:
    """What the form is about: the meeting; without a meeting the names of the form and the group."""
    if subject.meeting is not None:
        return meeting_name(context.t, subject.meeting)
    return context.t("feedback-on-its-own", form=form_name(context.t, subject.form), group=subject.group.name)


def closing_date_text(context: Context, submission: Submission) -> str:
    return moment_text(submission.run.closes_at, context.zone, context.language)


def promise(context: Context, submission: Submission) -> Markup:
    """Who will see the answers, as fixed when the form was sent, and what does not stay in the chat."""
    closes = closing_date_text(context, submission)
    if submission.run.named:
        promises = [context.t("feedback-named", group=submission.group.name, closes=closes)]
    else:
        promises = [context.t("feedback-anonymous", threshold=submission.run.threshold, closes=closes)]
    if any(question.takes_text for question in submission.questions):
        promises.append(context.t("feedback-deletes-lines"))
    return Markup("\n").join(promises)


def introduction(context: Context, submission: Submission) -> list[Markup]:
    """The top of the first question of a form without a meeting: what it is, how long it takes, who sees it."""
    kinds = [question.kind for question in (*submission.pages, submission.last_open_question) if question is not None]
    seconds = sum(WRITING if kind.is_typed else TAPPING for kind in kinds)
    taps = len(submission.pages) + sum(kind.takes_several for kind in kinds) + 1
    return [
        context.t(
            "feedback-introduction",
            form=form_name(context.t, submission.form),
            group=submission.group.name,
            questions=context.t("feedback-questions", n=len(kinds)),
            taps=taps,
            minutes=ceil(seconds / 60),
        ),
        promise(context, submission),
    ]
