"""How many were asked, were present and answered. Numbers of answers below a threshold are in none of these counts."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import reduce

from sqlalchemy import ColumnElement, case, func

from models.feedback.releases import OFF
from models.feedback.runs import Run
from models.valid_figures import Share


def told(answers: int, threshold: int) -> int | None:
    """The number of answers, or None if it is below the threshold and so may not be shown."""
    return answers if answers >= threshold or threshold == OFF else None


@dataclass(frozen=True)
class Response:
    """The answers to one form, or to several together.

    Forms with fewer answers than their threshold are counted in ``few`` alone: if their answers were in a total, they
    would follow from it by subtraction.
    """

    answered: int = 0
    asked: int = 0
    """People to whom the form was sent. Forms closed by earlier versions are not counted: they did not store it."""
    answered_of_asked: int = 0
    """``answered`` without the forms that ``asked`` does not count."""
    present: int = 0
    """People present at the meetings that the forms were about."""
    answered_of_present: int = 0
    """``answered`` without the forms that ``present`` does not count: those sent on their own."""
    few: int = 0
    """Number of forms with fewer answers than their threshold."""
    few_asked: int = 0
    """People to whom these were sent; of forms closed by earlier versions, people present."""
    below: int = 0
    """The highest threshold of these; each has fewer answers than that."""

    @property
    def of_asked(self) -> Share | None:
        """The rate of those asked; None if it is not known of any form."""
        return Share(self.answered_of_asked, self.asked) if self.asked else None

    @property
    def of_present(self) -> Share | None:
        """The rate of those present; None if there is none."""
        return Share(self.answered_of_present, self.present) if self.present else None

    @property
    def is_empty(self) -> bool:
        """Whether no form was sent."""
        return not (self.answered or self.few or self.asked or self.present)


NAMES = tuple(field.name for field in fields(Response))


def response(answered: int | None, *, asked: int | None, present: int | None, threshold: int) -> Response:
    """The response to one form; None where a number is not stored."""
    if answered is None:
        return Response(few=1, few_asked=asked or present or 0, below=threshold)
    return Response(
        answered=answered,
        asked=asked or 0,
        answered_of_asked=0 if asked is None else answered,
        present=present or 0,
        answered_of_present=0 if present is None else answered,
    )


def response_columns() -> "tuple[ColumnElement[int], ...]":
    """The fields of a `Response` to closed forms together, by the rules of `response`."""
    told, people = Run.answered.is_not(None), func.coalesce(Run.asked, Run.present, 0)
    few = ~told & (people > 0)
    sums = {
        "answered": Run.answered,
        "asked": case((told, Run.asked)),
        "answered_of_asked": case((Run.asked.is_not(None), Run.answered)),
        "present": case((told, Run.present)),
        "answered_of_present": case((Run.present.is_not(None), Run.answered)),
        "few": case((few, 1)),
        "few_asked": case((few, people)),
    }
    below = func.coalesce(func.max(case((few, Run.threshold))), 0)
    return (*(func.coalesce(func.sum(of), 0).label(name) for name, of in sums.items()), below.label("below"))


def together(responses: Iterable[Response]) -> Response:
    """The responses to several forms as one."""
    return reduce(_added, responses, Response())


def _added(first: Response, second: Response) -> Response:
    sums = {name: getattr(first, name) + getattr(second, name) for name in NAMES}
    return Response(**{**sums, "below": max(first.below, second.below)})
