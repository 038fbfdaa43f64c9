"""What must have come in a year, worked out from what people did and when the program was there."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from bot.demo.stage import Stage
from bot.sandbox.messages import Message
from bot.sandbox.people import User
from models.calendar import Quiet, is_quiet, last_waking, next_waking
from models.delivery.outbox import Sending
from models.meetings.invitations import Answer
from models.months import Month
from models.policy import Policy
from models.reports import digest_plans, digests
from tests.faults.checking import Fate, fates, first
from tests.faults.report import Result

PROMPT = timedelta(minutes=10)
"""How soon a message leaves once it may."""
OWLS = Quiet(start=time(5), end=time(2), weekends=False)
"""The quiet hours of those who are awake from two to five, when the clocks are changed."""
AWAKE = Quiet(start=time(0), end=time(0), weekends=False, holidays=False)
ASKS, AGAIN, DIGEST = "Osallistuitko tähän kokoukseen?", "Muistutus: et ole vielä lähettänyt", "Kuukausikooste: "


@dataclass(frozen=True)
class Away:
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Called:
    at: datetime
    starts_at: datetime
    ends_at: datetime
    members: list[int]


@dataclass
class Lived:
    """What happened, kept apart from the program. Meetings are known by title, people by Telegram id."""

    away: list[Away] = field(default_factory=list)
    called: dict[str, Called] = field(default_factory=dict)
    answers: dict[tuple[str, int], list[tuple[datetime, Answer]]] = field(default_factory=lambda: defaultdict(list))
    finished: dict[tuple[str, int], datetime] = field(default_factory=dict)
    """When somebody had answered the feedback, or said that they were not there."""
    owls: set[int] = field(default_factory=set)
    manager: User | None = None
    began: datetime | None = None

    def answer_at(self, title: str, user_id: int, moment: datetime) -> Answer | None:
        """The answer before a moment: the program has done what was due at it when people answer."""
        given = [answer for at, answer in self.answers.get((title, user_id), []) if at < moment]
        return given[-1] if given else None

    def back(self, moment: datetime) -> datetime:
        """The first moment from this one on at which the program is there."""
        return next((away.until for away in self.away if away.since <= moment < away.until), moment)

    def chance(self, due: datetime, expires: datetime, quiet: Quiet) -> datetime | None:
        """The first moment at which a message may leave: due, the program there, its reader awake."""
        moment = due
        while moment < expires:
            then = next_waking(self.back(moment), quiet)
            if then == moment:
                return moment
            moment = then
        return None


@dataclass
class Judged:
    """Counts of what should have come beside what came."""

    result: Result
    lived: Lived
    policy: Policy
    expired: int = 0
    came: int = 0
    rushed: int = 0

    def quiet(self, user_id: int) -> Quiet:
        return OWLS if user_id in self.lived.owls else self.policy.quiet

    def judge(self, what: str, moment: datetime | None, wanted: bool, copies: list[Message], quiet: Quiet) -> None:
        """One thing that should have come at ``moment`` or soon after (None: could not), if it was ``wanted``."""
        expected = int(moment is not None and wanted)
        self.came += len(copies)
        self.expired += moment is None
        self.result.lost += max(0, expected - len(copies))
        self.result.twice += max(0, len(copies) - max(1, expected))
        if not expected and copies:
            self.wrong(f"{what} came at {copies[0].sent_at} and was not wanted")
        elif expected and not copies:
            self.result.notes.append(f"{what} did not come")
        for copy in copies:
            if moment is not None and not moment <= copy.sent_at <= moment + PROMPT:
                self.wrong(f"{what} came at {copy.sent_at} instead of {moment}")
            if is_quiet(copy.sent_at, quiet):
                self.wrong(f"{what} came at {copy.sent_at}, in quiet time")

    def wrong(self, words: str) -> None:
        self.result.wrong += 1
        self.result.notes.append(words)


async def check(result: Result, lived: Lived, stage: Stage) -> None:
    """Holds everything that came against what should have."""
    judged = Judged(result, lived, stage.app.policy)
    found = await fates(stage.app.sessions, stage.sandbox, ("invitation", "reminder"))
    for fate in found:
        card(judged, fate)
    missing_reminders(judged, found)
    for title, meeting in lived.called.items():
        for user_id in meeting.members:
            feedback(judged, title, meeting, stage.sandbox.users[user_id])
    monthly(judged, stage.app.now)
    if judged.rushed:
        result.notes.append(f"{judged.rushed} second requests came right after the first, which had been held up")
    result.notes = [f"{judged.came} came, {judged.expired} expired while the program was away", *result.notes[:10]]


def card(judged: Judged, fate: Fate) -> None:
    """An invitation or a reminder, by its row: sent once, or ended with a reason."""
    quiet = judged.quiet(fate.chat_id)
    meeting = judged.lived.called[fate.title]
    if fate.kind == "invitation" and next_waking(meeting.at, quiet) >= meeting.starts_at:
        quiet = AWAKE  # who would wake too late hears at once
    due = next_waking(meeting.at, quiet) if fate.kind == "invitation" else reminder_due(judged, fate, quiet)
    moment = judged.lived.chance(due, meeting.starts_at, quiet)
    wanted = True
    if fate.kind == "reminder" and moment is not None:
        answer = judged.lived.answer_at(fate.title, fate.chat_id, moment)
        wanted = answer is None if fate.slot == "silent" else answer is Answer.REMOTE
    what = f"{fate.kind} {fate.slot} of {fate.title} to {fate.chat_id}"
    judged.judge(what, moment, wanted, list(fate.copies), quiet)
    state = Sending.EXPIRED if moment is None else Sending.SENT if wanted else Sending.SUPERSEDED
    if fate.state is not state:
        judged.wrong(f"{what} ended as {fate.state} instead of {state}")


def reminder_due(judged: Judged, fate: Fate, quiet: Quiet) -> datetime:
    policy, start = judged.policy, judged.lived.called[fate.title].starts_at
    return last_waking(start - (policy.silent_lead if fate.slot == "silent" else policy.reminder_leads[0]), quiet)


def missing_reminders(judged: Judged, found: list[Fate]) -> None:
    """Everyone has an invitation to each meeting, and what reminders lie ahead of it."""
    there = {(fate.title, fate.chat_id, fate.kind, fate.slot.partition("-")[0]) for fate in found}
    for title, meeting in judged.lived.called.items():
        for user_id in meeting.members:
            quiet = judged.quiet(user_id)
            told = next_waking(meeting.at, quiet)
            leads = {"silent": judged.policy.silent_lead, "yes": judged.policy.reminder_leads[0]}
            due = {slot: last_waking(meeting.starts_at - lead, quiet) for slot, lead in leads.items()}
            wanted = {(title, user_id, "invitation", "")}
            wanted |= {(title, user_id, "reminder", slot) for slot, moment in due.items() if moment > told}
            judged.result.lost += len(wanted - there)
            judged.result.notes += [f"never planned: {one}" for one in wanted - there]


def feedback(judged: Judged, title: str, meeting: Called, user: User) -> None:
    """The request and its one reminder. Those who declined are not asked; whoever has finished is not reminded."""
    lived, policy, quiet = judged.lived, judged.policy, judged.quiet(user.id)
    opened = lived.back(meeting.ends_at + policy.feedback_delay)
    closes = next_waking(opened, policy.quiet) + policy.feedback_open_for
    asked = lived.answer_at(title, user.id, opened) is not Answer.NO
    due = next_waking(opened, quiet)
    again = next_waking(due + policy.feedback_reminder_after, quiet)
    moment, reminded = lived.chance(due, closes, quiet), lived.chance(again, closes, quiet)
    done = lived.finished.get((title, user.id))
    judged.judge(f"request for {title} to {user.id}", moment, asked, letters(user, ASKS, title), quiet)
    wanted = asked and (done is None or reminded is None or done >= reminded)
    judged.judge(f"second request for {title} to {user.id}", reminded, wanted, letters(user, AGAIN, title), quiet)
    judged.rushed += asked and moment is not None and reminded is not None and reminded - moment < timedelta(hours=1)


def letters(user: User, begins: str, title: str) -> list[Message]:
    """Messages as they came, by how they begin and the meeting that they name."""
    sent = [(message, first(message).words.plain) for message in user.chat.history if message.from_bot]
    return [message for message, text in sent if text.startswith(begins) and f"{title} (" in text]


def monthly(judged: Judged, now: datetime) -> None:
    """The manager's digests, one for each month."""
    lived, quiet, manager = judged.lived, judged.policy.quiet, judged.lived.manager
    assert manager is not None
    assert lived.began is not None
    came = [message for message in manager.chat.history if first(message).words.plain.startswith(DIGEST)]
    months: dict[str, list[Message]] = {}
    for message in came:
        months.setdefault(first(message).words.plain.partition("\n")[0], []).append(message)
    month, due_months = Month.of(lived.began, quiet.zone), 0
    while (due := digests.due_at(month, judged.policy)) < now:
        moment = lived.chance(due, due + digest_plans.KEEPS, quiet)
        of_month = [message for message in came if due <= message.sent_at < due + timedelta(days=25)]
        judged.judge(f"digest of {month}", moment, True, of_month, quiet)
        month, due_months = month.shifted(1), due_months + 1
    if any(len(messages) > 1 for messages in months.values()) or len(months) > due_months:
        judged.wrong("digests of the same month, or of too many")
