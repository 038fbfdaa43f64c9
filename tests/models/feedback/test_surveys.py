"""When surveys open, close and remind: outside quiet hours, and never two messages on one morning."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import HELSINKI, Quiet, is_quiet, next_waking
from models.errors import Refused
from models.feedback.form_times import REMINDER_INTERVAL
from models.feedback.survey_plan import Timing, ensure_valid
from models.policy import Policy

QUIET = Quiet()
ALWAYS = Quiet(start=datetime.min.time(), end=datetime.min.time(), weekends=False, holidays=False)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI)


def reminds_at(opens: datetime, closes: datetime, reminders: int, quiet: Quiet) -> list[datetime]:
    return list(Timing(opens, closes, reminders).reminds_at(Policy(quiet=quiet)))


REFUSED = {
    "in the past": ("2027-03-02T08:59", "2027-03-12T16:00", "survey-opens-in-the-past"),
    "a year and two days ahead": ("2028-03-05T09:00", "2028-03-12T16:00", "survey-opens-too-far"),
    "closing first": ("2027-03-10T09:00", "2027-03-09T16:00", "survey-closes-too-soon"),
    "a minute short of a day": ("2027-03-10T09:00", "2027-03-11T08:59", "survey-closes-too-soon"),
    "sixty-one days": ("2027-03-10T09:00", "2027-05-10T09:00", "survey-closes-too-late"),
}
ALLOWED = {
    "a day": ("2027-03-10T09:00", "2027-03-11T09:00"),
    "the day that summer time shortens": ("2027-03-27T12:00", "2027-03-28T12:00"),
    "sixty days, whatever the hour": ("2027-03-10T09:00", "2027-05-09T16:00"),
    "now": ("2027-03-02T09:00", "2027-03-09T16:00"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_times_that_are_not_allowed_are_refused(case: str) -> None:
    opens, closes, key = REFUSED[case]
    with pytest.raises(Refused) as refusal:
        ensure_valid(Timing(at(opens), at(closes), 1), zone=HELSINKI, now=at("2027-03-02T09:00"))
    assert refusal.value.key == key


@pytest.mark.parametrize("case", ALLOWED)
def test_times_that_are_allowed_are_accepted(case: str) -> None:
    opens, closes = ALLOWED[case]
    ensure_valid(Timing(at(opens), at(closes), 1), zone=HELSINKI, now=at("2027-03-02T09:00"))


def test_two_reminders_divide_the_time_into_thirds() -> None:
    opens, closes = at("2027-03-01T09:00"), at("2027-03-04T09:00")
    assert reminds_at(opens, closes, 2, ALWAYS) == [opens + timedelta(days=1), opens + timedelta(days=2)]


def test_a_weekend_does_not_bring_two_reminders_on_one_morning() -> None:
    """Between Friday noon and Monday at four both thirds are in the weekend."""
    assert reminds_at(at("2027-03-05T12:00"), at("2027-03-08T16:00"), 2, QUIET) == [at("2027-03-08T08:00")]
    longer = reminds_at(at("2027-03-05T12:00"), at("2027-03-09T16:00"), 2, QUIET)
    assert longer == [at("2027-03-08T08:00"), at("2027-03-09T08:00")]


def test_a_form_open_for_a_day_reminds_once_and_in_the_morning() -> None:
    assert reminds_at(at("2027-03-02T09:00"), at("2027-03-03T09:00"), 2, QUIET) == [at("2027-03-03T08:00")]


@given(
    minutes=st.integers(0, 400 * 24 * 60),
    length=st.integers(24 * 60, 60 * 24 * 60),
    reminders=st.integers(0, 2),
    quiet=st.sampled_from([QUIET, ALWAYS, Quiet(start=datetime.min.time(), end=datetime.min.time().replace(hour=12))]),
)
def test_reminders_are_apart_outside_quiet_hours_and_before_the_closing(
    minutes: int, length: int, reminders: int, quiet: Quiet
) -> None:
    opens = next_waking(datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes), quiet)
    closes = opens + timedelta(minutes=length)
    moments = [opens, *reminds_at(opens, closes, reminders, quiet)]
    assert len(moments) <= reminders + 1
    assert all(later - earlier >= REMINDER_INTERVAL for earlier, later in pairwise(moments))
    assert all(opens <= moment < closes and not is_quiet(moment, quiet) for moment in moments)
