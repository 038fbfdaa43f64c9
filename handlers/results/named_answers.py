"""The answers of a form with names, person by person, for the group's coordinators."""

from dataclasses import replace
from typing import Any, assert_never

from markupsafe import Markup

from handlers.alphabet import sorted_by_name
from handlers.figures import number
from handlers.forms.labels import asked, form_name, options
from handlers.layout import headed_pages
from handlers.paging import page_number, page_of
from handlers.results.results import page_screen
from handlers.routes import Context, Tap, data, renders, tap
from handlers.screen import Button, Screen
from handlers.sections import DASH
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, Superseded
from models.feedback import named_answers
from models.feedback.named_answers import NamedSubmissions
from models.forms.forms import OTHER, Question
from models.forms.items import QuestionKind

PAGE = 10


@tap("named")
async def on_named(context: Context, tap: Tap) -> Screen:
    """The list of those who answered."""
    submissions = await named_answers.access_named_answers(context.session, context.person, tap.id)
    return _people(context, submissions, page_number(tap, 1))


def _people(context: Context, submissions: NamedSubmissions, number: int = 0) -> Screen:
    t = context.t
    page = page_of(sorted_by_name(t, submissions.ballots, lambda row: row[0].name), number, PAGE)
    rows: list[tuple[Button, ...]] = [
        (Button(person.name, data("named-of", submissions.run.id, person.id)),) for person, _ in page.items
    ]
    back = data("result", submissions.release_id) if submissions.release_id else data("results")
    rows.append(page.turns(t, "named", submissions.run.id))
    text = t("named-heading", form=_form(context, submissions), n=len(submissions.ballots))
    return Screen(text, (*rows, (Button(t("back"), back),)))


@renders(DeliveryKind.NAMED_ANSWERS)
async def render_named_answers(context: Context, delivery: Delivery) -> Screen:
    """A form with names has closed with too few answers for figures: the names lead to the answers."""
    submissions = await named_answers.access_named_answers(context.session, context.person, delivery.subject)
    if not submissions.ballots:  # they have erased themselves meanwhile
        raise Superseded
    screen = _people(context, submissions)
    run = submissions.run
    asked_of = DASH if run.asked is None else number(run.asked, context.language)
    closed = context.t("named-closed", n=len(submissions.ballots), asked=asked_of, threshold=run.threshold)
    return replace(screen, text=Markup("\n\n").join([screen.text, closed]))


def _form(context: Context, submissions: NamedSubmissions) -> Markup:
    return context.t("feedback-on-its-own", form=form_name(context.t, submissions.form), group=submissions.group)


@tap("named-of")
async def on_person(context: Context, tap: Tap) -> Screen:
    """One person's answers."""
    submissions = await named_answers.access_named_answers(context.session, context.person, tap.id)
    person, ballot = submissions.of(tap.number(1))
    answers = [_answer(context, question, ballot) for question in submissions.questions]
    heading = context.t("named-of", name=person.name, form=_form(context, submissions))
    pages = headed_pages(heading, Markup.escape(person.name), answers)
    return page_screen(context, pages, tap, 2, ((Button(context.t("back"), data("named", submissions.run.id)),),))


def _answer(context: Context, question: Question, ballot: dict[int, Any]) -> Markup:
    t, value = context.t, ballot.get(question.id)
    return t("named-answer", question=asked(t, question), answer=_said(context, question, value, ballot))


def _said(context: Context, question: Question, value: Any, ballot: dict[int, Any]) -> str:
    if value is None:
        return context.t("named-skipped").unescape()
    match question.kind:
        case QuestionKind.OPEN:
            return str(value)
        case QuestionKind.SCALE | QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
            return _chosen_text(context, question, value, ballot)
        case _:
            assert_never(question.kind)


def _chosen_text(context: Context, question: Question, value: Any, ballot: dict[int, Any]) -> str:
    """The chosen values in words; "other" with what was typed."""
    names, typed = options(context.t, question), ballot.get(-question.id)
    chosen = value if isinstance(value, list) else [value]
    chosen_words = [
        f"{names[option]}: {typed}" if option == OTHER and typed else names[option]
        for option in chosen
        if option in names
    ]
    return ", ".join(chosen_words)
