"""What must have been sent in a year, computed from what people did and when the program was running."""

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
"""The longest delay of a message that may be sent."""
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
class History:
    """What happened, recorded without the program. Meetings are known by title, people by Telegram id."""

    away: list[Away] = field(default_factory=list)
    called: dict[str, Called] = field(default_factory=dict)
    answers: dict[tuple[str, int], list[tuple[datetime, Answer]]] = field(default_factory=lambda: defaultdict(list))
    finished: dict[tuple[str, int], datetime] = field(default_factory=dict)
    """When somebody had answered the feedback, or said that they were not there."""
    owls: set[int] = field(default_factory=set)
    manager: User | None = None
    began: datetime | None = None

    def answer_at(self, title: str, user_id: int, moment: datetime) -> Answer | None:
        """The answer before a moment: at the same moment the program acts before people do."""
        given = [answer for at, answer in self.answers.get((title, user_id), []) if at < moment]
        return given[-1] if given else None

    def back(self, moment: datetime) -> datetime:
        """The first moment from this one on at which the program is running."""
        return next((away.until for away in self.away if away.since <= moment < away.until), moment)

    def first_chance(self, due: datetime, expires: datetime, quiet: Quiet) -> datetime | None:
        """The first moment at which a message may be sent: due, program running, no quiet hours. None: never."""
        moment = due
        while moment < expires:
            then = next_waking(self.back(moment), quiet)
            if then == moment:
                return moment
            moment = then
        return None


@dataclass
class Judge:
    """Compares what should have come with what came, and counts."""

    result: Result
    history: History
    policy: Policy
    expired: int = 0
    came: int = 0
    rushed: int = 0

    def quiet(self, user_id: int) -> Quiet:
        return OWLS if user_id in self.history.owls else self.policy.quiet

    def check(self, name: str, moment: datetime | None, wanted: bool, copies: list[Message], quiet: Quiet) -> None:
        """A message that should have come at ``moment`` or soon after (None: it could not), if it was ``wanted``."""
        expected = int(moment is not None and wanted)
        self.came += len(copies)
        self.expired += moment is None
        self.result.lost += max(0, expected - len(copies))
        self.result.twice += max(0, len(copies) - max(1, expected))
        if not expected and copies:
            self.wrong(f"{name} came at {copies[0].sent_at} and was not wanted")
        elif expected and not copies:
            self.result.notes.append(f"{name} did not come")
        for copy in copies:
            if moment is not None and not moment <= copy.sent_at <= moment + PROMPT:
                self.wrong(f"{name} came at {copy.sent_at} instead of {moment}")
            if is_quiet(copy.sent_at, quiet):
                self.wrong(f"{name} came at {copy.sent_at}, in quiet time")

    def wrong(self, words: str) -> None:
        self.result.wrong += 1
        self.result.notes.append(words)


async def check(result: Result, history: History, stage: Stage) -> None:
    """Compares everything that came with what should have."""
    judge = Judge(result, history, stage.app.policy)
    all_fates = await fates(stage.app.sessions, stage.sandbox, ("invitation", "reminder"))
    for fate in all_fates:
        card(judge, fate)
    missing_reminders(judge, all_fates)
    for title, meeting in history.called.items():
        for user_id in meeting.members:
            feedback(judge, title, meeting, stage.sandbox.users[user_id])
    monthly(judge, stage.app.now)
    if judge.rushed:
        result.notes.append(f"{judge.rushed} second requests came right after the first, which had been held up")
    result.notes = [f"{judge.came} came, {judge.expired} expired while the program was away", *result.notes[:10]]


def card(judge: Judge, fate: Fate) -> None:
    """An invitation or a reminder, by its row: sent once, or ended with a reason."""
    quiet = judge.quiet(fate.chat_id)
    meeting = judge.history.called[fate.title]
    if fate.kind == "invitation" and next_waking(meeting.at, quiet) >= meeting.starts_at:
        quiet = AWAKE  # quiet hours that end too late are ignored
    due = next_waking(meeting.at, quiet) if fate.kind == "invitation" else reminder_due(judge, fate, quiet)
    moment = judge.history.first_chance(due, meeting.starts_at, quiet)
    wanted = True
    if fate.kind == "reminder" and moment is not None:
        answer = judge.history.answer_at(fate.title, fate.chat_id, moment)
        wanted = answer is None if fate.slot == "silent" else answer is Answer.REMOTE
    name = f"{fate.kind} {fate.slot} of {fate.title} to {fate.chat_id}"
    judge.check(name, moment, wanted, list(fate.copies), quiet)
    state = Sending.EXPIRED if moment is None else Sending.SENT if wanted else Sending.SUPERSEDED
    if fate.state is not state:
        judge.wrong(f"{name} ended as {fate.state} instead of {state}")


def reminder_due(judge: Judge, fate: Fate, quiet: Quiet) -> datetime:
    policy, start = judge.policy, judge.history.called[fate.title].starts_at
    return last_waking(start - (policy.silent_lead if fate.slot == "silent" else policy.reminder_leads[0]), quiet)


def missing_reminders(judge: Judge, fates_known: list[Fate]) -> None:
    """Everyone has an invitation to each meeting, and the reminders that were still ahead."""
    planned = {(fate.title, fate.chat_id, fate.kind, fate.slot.partition("-")[0]) for fate in fates_known}
    for title, meeting in judge.history.called.items():
        for user_id in meeting.members:
            quiet = judge.quiet(user_id)
            invited_at = next_waking(meeting.at, quiet)
            leads = {"silent": judge.policy.silent_lead, "yes": judge.policy.reminder_leads[0]}
            due = {slot: last_waking(meeting.starts_at - lead, quiet) for slot, lead in leads.items()}
            wanted = {(title, user_id, "invitation", "")}
            wanted |= {(title, user_id, "reminder", slot) for slot, moment in due.items() if moment > invited_at}
            judge.result.lost += len(wanted - planned)
            judge.result.notes += [f"never planned: {entry}" for entry in wanted - planned]


def feedback(judge: Judge, title: str, meeting: Called, user: User) -> None:
    """The request and its one reminder. Those who declined are not asked; whoever has finished is not reminded."""
    history, policy, quiet = judge.history, judge.policy, judge.quiet(user.id)
    opened = history.back(meeting.ends_at + policy.feedback_delay)
    closes = next_waking(opened, policy.quiet) + policy.feedback_open_for
    asked = history.answer_at(title, user.id, opened) is not Answer.NO
    due = next_waking(opened, quiet)
    again = next_waking(due + policy.feedback_reminder_after, quiet)
    moment, reminded = history.first_chance(due, closes, quiet), history.first_chance(again, closes, quiet)
    finished = history.finished.get((title, user.id))
    judge.check(f"request for {title} to {user.id}", moment, asked, letters(user, ASKS, title), quiet)
    wanted = asked and (finished is None or reminded is None or finished >= reminded)
    judge.check(f"second request for {title} to {user.id}", reminded, wanted, letters(user, AGAIN, title), quiet)
    judge.rushed += asked and moment is not None and reminded is not None and reminded - moment < timedelta(hours=1)


def letters(user: User, begins: str, title: str) -> list[Message]:
    """The messages whose first content begins so and names the meeting."""
    sent = [(message, first(message).words.plain) for message in user.chat.history if message.from_bot]
    return [message for message, text in sent if text.startswith(begins) and f"{title} (" in text]


def monthly(judge: Judge, now: datetime) -> None:
    """The manager's digests, one for each month."""
    history, quiet, manager = judge.history, judge.policy.quiet, judge.history.manager
    assert manager is not None
    assert history.began is not None
    came = [message for message in manager.chat.history if first(message).words.plain.startswith(DIGEST)]
    months: dict[str, list[Message]] = {}
    for message in came:
        months.setdefault(first(message).words.plain.partition("\n")[0], []).append(message)
    month, due_months = Month.of(history.began, quiet.zone), 0
    while (due := digests.due_at(month, judge.policy)) < now:
        moment = history.first_chance(due, due + digest_plans.KEEPS, quiet)
        of_month = [message for message in came if due <= message.sent_at < due + timedelta(days=25)]
        judge.check(f"digest of {month}", moment, True, of_month, quiet)
        month, due_months = month.shifted(1), due_months + 1
    if any(len(messages) > 1 for messages in months.values()) or len(months) > due_months:
        judge.wrong("digests of the same month, or of too many")
