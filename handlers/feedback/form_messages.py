"""The messages that bring a form and remind of it, and the edits that take answers out of them."""

from dataclasses import replace

from markupsafe import Markup

from handlers.feedback.feedback import closed_form, where_they_are, without_answers
from handlers.feedback.header import about, closing_date_text
from handlers.routes import Context, renders
from handlers.screen import Screen
from models.delivery.kinds import Clearing, DeliveryKind
from models.delivery.outbox import Delivery, Superseded
from models.errors import Refused
from models.feedback import feedback, runs, submissions
from models.feedback.submissions import Submission


@renders(DeliveryKind.FEEDBACK)
async def render_feedback(context: Context, delivery: Delivery) -> Screen:
    """The form; with a slot "again..." the reminder; with a revision the form once more, after answers were lost."""
    again, person = delivery.slot.startswith("again"), context.person
    if not person.wants_feedback or (again and not person.wants_reminders):
        raise Superseded
    if not await feedback.is_waited_for(context.session, person.id, delivery.subject):
        raise Superseded
    if not await runs.is_still_wanted(context.session, delivery, person, now=context.now):
        raise Superseded
    submission = await _submission(context, delivery)
    screen = without_answers(where_they_are(context, submission))
    if not again and not delivery.revision:
        return screen
    heading = _reminder(context, submission) if again else context.t("feedback-anew")
    return replace(screen, text=Markup("\n\n").join([heading, screen.text]))


async def _submission(context: Context, delivery: Delivery) -> Submission:
    return await submissions.access_submission(
        context.session, context.person, delivery.subject, context.keys, now=context.now
    )


def _reminder(context: Context, submission: Submission) -> Markup:
    if submission.meeting is not None:
        return context.t("feedback-reminder")
    return context.t(
        "feedback-reminder-own", form=about(context, submission), closes=closing_date_text(context, submission)
    )


@renders(DeliveryKind.FEEDBACK_CLEARED)
async def render_cleared(context: Context, delivery: Delivery) -> Screen:
    """What a message about a form shows instead of answers."""
    match Clearing(delivery.revision):
        case Clearing.RESTING:
            return await _resting(context, delivery)
        case Clearing.CLOSED:
            return await closed_form(context, delivery.subject)
        case Clearing.TRIAL_OVER:
            return Screen(context.t("feedback-trial-over"))


async def _resting(context: Context, delivery: Delivery) -> Screen:
    """Of the form's card the current page without answers; of another message, that there is a newer one."""
    try:
        submission = await _submission(context, delivery)
    except Refused as refusal:
        return Screen(context.t(refusal.key, **refusal.values))
    if submission.card_id != delivery.message_id:
        return Screen(context.t("outdated"))
    return without_answers(where_they_are(context, submission))
