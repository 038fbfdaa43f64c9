"""Digests that earlier versions of the program froze: how many answered is computed anew.

They counted those present as asked, and their counts of answers below the threshold stood in the digest.
"""

from collections.abc import Hashable
from dataclasses import replace
from typing import TypeVar

from models.feedback.response import Response
from models.reports.attention import Attention, Reason
from models.reports.funnel import Flow
from models.reports.statistics import DigestFigures, GroupFlow, MeetingFlow, MonthFlow

Detail = TypeVar("Detail", GroupFlow, MeetingFlow, MonthFlow)


def with_responses(frozen: DigestFigures, computed: DigestFigures) -> DigestFigures:
    """The frozen figures with the responses, and the details that they lack, of those computed now."""
    year_before = frozen.year_before
    if year_before is not None:
        then = computed.year_before.response if computed.year_before is not None else Response()
        year_before = replace(year_before, response=then)
    return replace(
        frozen,
        funnel=replace(frozen.funnel, response=computed.funnel.response),
        before=replace(frozen.before, response=computed.before.response),
        year_before=year_before,
        groups=_merged(frozen.groups, computed.groups),
        held=_merged(frozen.held, computed.held),
        months=_merged(frozen.months, computed.months),
        attention=tuple(_without_counts(entry) for entry in frozen.attention),
        has_responses=True,
    )


def _merged(frozen: "tuple[Detail, ...] | None", computed: "tuple[Detail, ...] | None") -> "tuple[Detail, ...] | None":
    if frozen is None or computed is None:
        return computed
    responses = {_key(detail): detail.flow.response for detail in computed}
    return tuple(
        replace(detail, flow=replace(detail.flow, response=responses.get(_key(detail), Response())))
        for detail in frozen
    )


def _key(detail: GroupFlow | MeetingFlow | MonthFlow) -> Hashable:
    """What a detail is about. Its counts are left out: attendances may have been corrected since."""
    return replace(detail, flow=Flow())


def _without_counts(entry: Attention) -> Attention:
    return replace(entry, now=None) if entry.reason is Reason.FEW_ANSWERS else entry
