"""A coordinator tries a form: the same screens as for members, and nothing is counted."""

from dataclasses import replace

from handlers.feedback.feedback import where_they_are
from handlers.forms.forms import on_form
from handlers.routes import Context, Tap, tap
from handlers.screen import Screen
from models.feedback import previews, submissions
from models.forms import form_book


@tap("form-try", on_refusal=on_form)
async def on_try(context: Context, tap: Tap) -> Screen:
    """Opens the form for this person alone, as a new message below the form's page."""
    session, person = context.session, context.person
    owned = await form_book.access_usable_form(session, person, tap.id)
    run = await previews.begin(session, person, owned, context.keys, policy=context.policy, now=context.now)
    submission = await submissions.access_submission(session, person, run.id, context.keys, now=context.now)
    return replace(where_they_are(context, submission), new_message=True)
