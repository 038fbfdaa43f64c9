"""What became of a meeting's messages: counts of each kind, and the people to be told in another way."""

from collections.abc import Sequence

from markupsafe import Markup

from handlers.dates import moment_text, span_text
from handlers.meetings.invitations import meeting_name
from handlers.paging import page_of
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from handlers.texts import Texts
from models.meetings import meetings
from models.meetings.meetings import Meeting
from models.operations import arrivals
from models.operations.arrivals import Arrivals, MessageKind, MessageOutcome, Missed, Tally

PAGE = 10


def arrivals_button(t: Texts, meeting: Meeting) -> Button:
    return Button(t("arrivals"), data("m-arrived", meeting.id, 0))


async def attention(context: Context, meeting: Meeting) -> Markup | None:
    """Lines for the coordinator's card if messages wait, or somebody has to be told in another way; else None."""
    t, known = context.t, await arrivals.of(context.session, meeting, now=context.now)
    news = [tally for tally in known.tallies if tally.kind in (MessageKind.INVITATION, MessageKind.CANCELLED)]
    is_paused = known.is_paused and any(_waits(tally) for tally in news)
    lines = [_sentence(t, meeting, tally, known) for tally in news if is_paused or tally.leaves]
    if is_paused:
        lines.append(t("arrivals-paused"))
    if known.to_phone:
        lines.append(t("arrivals-attention", n=len(known.to_phone)))
    return Markup("\n").join(lines) if lines else None


@tap("m-arrived")
async def on_arrivals(context: Context, tap: Tap) -> Screen:
    t = context.t
    meeting = await meetings.access_meeting(context.session, context.person, tap.id)
    known = await arrivals.of(context.session, meeting, now=context.now)
    page = page_of(known.to_phone, tap.number(1), PAGE)
    plan = meeting.plan
    parts = [
        t(
            "arrivals-heading",
            meeting=meeting_name(t, meeting),
            when=span_text(plan.starts_at, plan.ends_at, plan.zone, t.language),
        ),
        _counts(t, meeting, known),
    ]
    if known.to_phone:
        parts.append(_to_phone(t, page.items, len(known.to_phone)))
    elif known.tallies and meeting.starts_at > context.now:
        parts.append(t("arrivals-nobody"))
    refresh = Button(t("refresh"), data("m-arrived", meeting.id, page.number))
    back = Button(t("back"), data("meeting", meeting.id))
    row = page.turns(t, "m-arrived", meeting.id)
    return Screen(Markup("\n\n").join(parts), (row, (refresh, back)))


def _counts(t: Texts, meeting: Meeting, known: Arrivals) -> Markup:
    """A sentence for each kind of message, and for those who get none."""
    lines = [_sentence(t, meeting, tally, known) for tally in known.tallies]
    if known.is_paused and any(_waits(tally) for tally in known.tallies):
        lines.append(t("arrivals-paused"))
    if any(outcome is MessageOutcome.UNCERTAIN for tally in known.tallies for outcome, _ in tally.parts):
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


def _sentence(t: Texts, meeting: Meeting, tally: Tally, known: Arrivals) -> Markup:
    """``18 muistutusta tulijoille: 15 perillä, 2 on estänyt botin, 1 epävarma``."""
    parts = [t(f"outcome-{outcome}", n=n) for outcome, n in tally.parts]
    if tally.leaves and not known.is_paused:  # nobody knows when a pause ends
        place, n = next(
            (place, n) for place, (outcome, n) in enumerate(tally.parts) if outcome is MessageOutcome.WAITING
        )
        first, last = tally.leaves
        key = "outcome-waiting-at" if first == last else "outcome-waiting-from"
        parts[place] = t(key, n=n, when=moment_text(first, meeting.plan.zone, t.language))
    return t(f"arrivals-{tally.kind}", n=tally.total, parts=Markup(", ").join(parts))


def _waits(tally: Tally) -> bool:
    return any(outcome is MessageOutcome.WAITING for outcome, _ in tally.parts)


def _to_phone(t: Texts, shown: Sequence[Missed], count: int) -> Markup:
    """A page of the ``count`` people to be told in another way, under the kind of message that they have missed."""
    lines = [t("phone-heading", n=count)]
    kind = None
    for missed in shown:
        if missed.kind is not kind:
            kind = missed.kind
            lines.append(t(f"phone-{kind}"))
        contact = missed.contact or t("contact-none")
        lines.append(t("phone-line", name=missed.name, contact=contact, why=t(f"missed-{missed.why}")))
    return Markup("\n").join(lines)
