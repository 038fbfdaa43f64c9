"""What became of a meeting's messages: counts of each kind in words, and the list of those to be told otherwise."""

from markupsafe import Markup

from handlers.dates import span_text
from handlers.invitations import meeting_name
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from handlers.texts import Texts
from models import arrivals, meetings
from models.arrivals import Arrivals, Missed, Outcome, Tally
from models.meetings import Meeting

PAGE = 10


def arrivals_button(t: Texts, meeting: Meeting) -> Button:
    return Button(t("arrivals"), data("m-arrived", meeting.id, 0))


async def attention(context: Context, meeting: Meeting) -> Markup | None:
    """The line on the coordinator's card when somebody has to be told otherwise."""
    missed = (await arrivals.of(context.session, meeting, now=context.now)).to_phone
    return context.t("arrivals-attention", n=len(missed)) if missed else None


@tap("m-arrived")
async def on_arrivals(context: Context, tap: Tap) -> Screen:
    t = context.t
    meeting = await meetings.meeting_to_run(context.session, context.person, tap.id)
    known = await arrivals.of(context.session, meeting, now=context.now)
    page = max(0, min(tap.number(1), (len(known.to_phone) - 1) // PAGE))
    plan = meeting.plan
    parts = [
        t(
            "arrivals-heading",
            meeting=meeting_name(t, meeting),
            when=span_text(plan.starts_at, plan.ends_at, plan.zone, t.language),
        ),
        _counts(t, known),
    ]
    if known.to_phone:
        parts.append(_to_phone(t, known.to_phone, page))
    elif known.tallies and meeting.starts_at > context.now:
        parts.append(t("arrivals-nobody"))
    refresh = Button(t("refresh"), data("m-arrived", meeting.id, page))
    back = Button(t("back"), data("meeting", meeting.id))
    return Screen(Markup("\n\n").join(parts), (_turns(t, meeting, page, len(known.to_phone)), (refresh, back)))


def _counts(t: Texts, known: Arrivals) -> Markup:
    """One sentence for each kind of message, and for those who get none."""
    lines = [_sentence(t, tally) for tally in known.tallies]
    if any(outcome is Outcome.UNCERTAIN for tally in known.tallies for outcome, _ in tally.parts):
        lines.append(t("arrivals-uncertain-means"))
    if known.unneeded:
        lines.append(t("arrivals-unneeded", n=known.unneeded))
    if known.without_telegram:
        lines.append(t("arrivals-unclaimed", n=known.without_telegram))
    if known.unreached:
        lines.append(t("arrivals-unreached", n=known.unreached))
    if not lines:
        lines.append(t("arrivals-none"))
    if known.asked is not None:
        lines.append(t("arrivals-asked" if known.asked.is_open else "arrivals-asked-closed", n=known.asked.count))
    return Markup("\n").join(lines)


def _sentence(t: Texts, tally: Tally) -> Markup:
    """``18 muistutusta tulijoille: 15 perillä, 2 on estänyt botin, 1 epävarma``."""
    parts = Markup(", ").join(t(f"outcome-{outcome}", n=n) for outcome, n in tally.parts)
    return t(f"arrivals-{tally.kind}", n=tally.total, parts=parts)


def _to_phone(t: Texts, everyone: tuple[Missed, ...], page: int) -> Markup:
    """A page of those to be told otherwise, under the message that they have missed."""
    lines = [t("phone-heading", n=len(everyone))]
    above = None
    for one in everyone[page * PAGE : (page + 1) * PAGE]:
        if one.kind is not above:
            lines.append(t(f"phone-{one.kind}"))
            above = one.kind
        contact = one.contact or t("contact-none")
        lines.append(t("phone-line", name=one.name, contact=contact, why=t(f"missed-{one.why}")))
    return Markup("\n").join(lines)


def _turns(t: Texts, meeting: Meeting, page: int, count: int) -> tuple[Button, ...]:
    """The buttons to the pages before and after."""
    before = [Button(t("previous"), data("m-arrived", meeting.id, page - 1))] if page else []
    after = [Button(t("next"), data("m-arrived", meeting.id, page + 1))] if count > (page + 1) * PAGE else []
    return (*before, *after)
