"""Views of results: one release, or all releases of a form in a group and a period.

Every screen and button of results names its view by an address: "12" is a release, "3.2.2027-q1" a group's form in a
period.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound
from models.feedback.releases import Release
from models.forms.forms import Form, FormVersion
from models.people import access
from models.people.groups import Workgroup
from models.people.people import Person
from models.periods import Period
from models.results import comparisons, results
from models.results.aggregates import Aggregate, Result, aggregate_of
from models.results.results import ListedResult


@dataclass(frozen=True)
class View:
    """The results of one release, or of a period."""

    address: str
    group_id: int
    group: str
    form: Form
    aggregate: Aggregate
    listed: ListedResult | None = None
    """Set for a release."""
    period: Period | None = None
    waits: int | None = None
    """For a period: the number of respondents until which open answers to the form stay sealed; None if none do.

    They may have been given in another period.
    """

    def result(self, question_id: int) -> Result:
        return self.aggregate.result(question_id)


async def access_view(session: AsyncSession, person: Person, address: str, zone: ZoneInfo) -> View:
    """The results that an address names, for the group's coordinators. Raises NotFound for others."""
    if _number(address):
        listed, aggregate = await results.access_release(session, person, int(address))
        release = await session.get_one(Release, int(address))
        return View(address, release.workgroup_id, listed.group, listed.form, aggregate, listed=listed)
    group_id, _, rest = address.partition(".")
    form_id, _, period = rest.partition(".")
    if not (_number(group_id) and _number(form_id)):
        raise NotFound
    return await _of_period(session, person, (int(group_id), int(form_id)), Period.parse(period), zone)


def _number(word: str) -> bool:
    return re.fullmatch(r"[0-9]{1,9}", word) is not None


async def _of_period(
    session: AsyncSession, person: Person, of: tuple[int, int], period: Period, zone: ZoneInfo
) -> View:
    group = await _access_group(session, person, of[0])
    form = await session.get(Form, of[1])
    wanted = _within(_releases(group.id).where(FormVersion.form_id == of[1]), period.span(zone))
    releases = list((await session.execute(wanted.order_by(Release.id))).scalars())
    if form is None or not releases:
        raise NotFound
    aggregate = await aggregate_of(session, releases)
    if period.before is not None and (span := period.before.span(zone)) is not None:
        aggregate = await comparisons.since_period(session, aggregate, group.id, span)
    address = f"{group.id}.{form.id}.{period}"
    waits = await results.texts_wait_for(session, group.id, form.id)
    return View(address, group.id, group.name, form, aggregate, period=period, waits=waits)


def _releases(group_id: int) -> "Select[Release]":
    joined = select(Release).join(FormVersion, FormVersion.id == Release.form_version_id)
    return joined.where(Release.workgroup_id == group_id)


def _within(wanted: "Select[Release]", span: tuple[datetime, datetime] | None) -> "Select[Release]":
    if span is None:
        return wanted
    return wanted.where(Release.released_at >= span[0], Release.released_at < span[1])


async def _access_group(session: AsyncSession, person: Person, group_id: int) -> Workgroup:
    """The group, archived or not, for its coordinators. Raises NotFound for others."""
    for group in await access.coordinated_groups(session, person, archived_too=True):
        if group.id == group_id:
            return group
    raise NotFound


async def groups_with_results(session: AsyncSession, person: Person) -> list[Workgroup]:
    """The groups that a person coordinates and that have a release, by name."""
    known = set((await session.execute(select(Release.workgroup_id).distinct())).scalars())
    mine = await access.coordinated_groups(session, person, archived_too=True)
    return [group for group in mine if group.id in known]


async def periods(
    session: AsyncSession, person: Person, group_id: int, zone: ZoneInfo
) -> tuple[Workgroup, list[Period]]:
    """The group, and the years and quarters in which it has a release: newest first, each year before its quarters.

    All time is the last of them. Empty if the group has no releases.
    """
    group = await _access_group(session, person, group_id)
    moments = select(Release.released_at).where(Release.workgroup_id == group.id)
    quarters = {Period.quarter_of(moment, zone) for moment in (await session.execute(moments)).scalars()}
    periods: list[Period] = []
    for year in sorted({quarter.year or 0 for quarter in quarters}, reverse=True):
        periods.append(Period(year))
        periods += sorted(
            (quarter_period for quarter_period in quarters if quarter_period.year == year), key=str, reverse=True
        )
    return group, [*periods, Period()] if periods else []


async def forms_in(
    session: AsyncSession, person: Person, group_id: int, period: Period, zone: ZoneInfo
) -> tuple[Workgroup, list[Form]]:
    """The group, and its forms with a release in the period, oldest first."""
    group = await _access_group(session, person, group_id)
    released = _within(_releases(group.id), period.span(zone)).with_only_columns(FormVersion.form_id)
    wanted = select(Form).where(Form.id.in_(released)).order_by(Form.id)
    return group, list((await session.execute(wanted)).scalars())
