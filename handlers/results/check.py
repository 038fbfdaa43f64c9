"""/check: whether printed figures can be true, for which n they are possible, and how many people they leave out."""

from markupsafe import Markup

from handlers.figures import claimed, number, percent
from handlers.results.check_line import Asked, Line, read
from handlers.routes import Context, command, command_button
from handlers.screen import Screen
from handlers.texts import Texts
from models import valid_figures
from models.people.access import RoleKind
from models.valid_figures import Claim, Share


@command("check", role=RoleKind.COORDINATOR)
async def on_check(context: Context, line: str) -> Screen:
    asked = read(line)
    text = answer(context.t, asked) if asked.asked else context.t("check-what")
    return Screen(text, ((command_button(context, "help"),),))


def answer(t: Texts, line: Line) -> Markup:
    """The answer to a line: about the figures of each number of people, and which figures were left out."""
    parts = [_parts_answer(t, asked) if asked.part else _answer(t, asked) for asked in line.asked]
    if line.left_out:
        parts.append(t("check-left-out", figures=", ".join(line.left_out)))
    return Markup("\n\n").join(parts)


def _parts_answer(t: Texts, asked: Asked) -> Markup:
    """Whether percentages are those of a part and its whole, n; without percentages, which percentage it is."""
    n, part = asked.n or 1, asked.part or range(0)
    whole, people = number(n, t.language), _span(t, part)
    if part[-1] > n:
        return t("check-part-over", people=people, whole=whole)
    right = "–".join(dict.fromkeys(percent(Share(count, n), t.language) for count in (part[0], part[-1])))
    if not asked.claims:
        return t("check-part", people=people, whole=whole, figure=right)
    lines = []
    for claim in asked.claims:
        figure, is_right = claimed(claim, t.language), any(count in part for count in claim.counts_for(n))
        if not is_right and claim.count_at_half(n) in part:
            lines.append(_half_line(t, claim, n))
        else:
            key = "check-part-right" if is_right else "check-part-wrong"
            lines.append(t(key, people=people, whole=whole, figure=figure, right=right))
    return Markup("\n").join(lines)


def _answer(t: Texts, asked: Asked) -> Markup:
    """Whether the figures are possible, each figure alone, and what they leave out or for which n they are possible."""
    sizes = valid_figures.sizes_for(asked.claims, asked.n)
    if sizes is None:
        never = [_never(t, claim) for claim in asked.claims if not claim.is_ever_possible]
        return Markup("\n\n").join([t("check-never"), Markup("\n").join(never)])
    n = asked.n or sizes.smallest
    lines = Markup("\n").join(_claim_line(t, claim, n) for claim in asked.claims)
    if not valid_figures.are_possible(asked.claims, n):
        key = "check-sizes" if sizes.below else "check-size-above"
        where = t(key, below=sizes.below, above=sizes.above, smallest=sizes.smallest)
        return Markup("\n\n").join([t("check-false", n=n), lines, where])
    parts = [t("check-true" if asked.n else "check-smallest", n=n), lines]
    if len(asked.percentages) > 1:
        parts.append(_together(t, asked.percentages, n))
    return Markup("\n\n").join(parts)


def _claim_line(t: Texts, claim: Claim, n: int) -> Markup:
    """A figure with the counts of n that round to it."""
    figure, counts = claimed(claim, t.language), claim.counts_for(n)
    if not counts and claim.count_at_half(n) is not None:
        return _half_line(t, claim, n)
    if claim.is_percentage:
        return t("check-people" if counts else "check-impossible", figure=figure, people=_span(t, counts), whole=n)
    key = "check-mean" if counts else "check-mean-impossible"
    return t(key, figure=figure, low=claim.low, high=claim.high, sums=_span(t, counts))


def _half_line(t: Texts, claim: Claim, n: int) -> Markup:
    """A figure that only rounding half to even gives: a count whose exact figure is halfway between two."""
    count, figure = claim.count_at_half(n), claimed(claim, t.language)
    up = claimed(claim.next_up, t.language)
    return t("check-half", figure=figure, up=up, sum=number(count or 0, t.language), whole=number(n, t.language))


def _never(t: Texts, claim: Claim) -> Markup:
    figure = claimed(claim, t.language)
    if claim.is_percentage:
        return t("check-no-percentage", figure=figure)
    return t("check-no-mean", figure=figure, low=claim.low, high=claim.high)


def _span(t: Texts, counts: range) -> str:
    """The first and the last count; empty without counts."""
    ends = sorted({counts[0], counts[-1]}) if counts else []
    return "–".join(number(end, t.language) for end in ends)


def _together(t: Texts, percentages: tuple[Claim, ...], n: int) -> Markup:
    """How many people the percentages leave out if they are the options of one question."""
    left = valid_figures.unsaid(percentages, n)
    if left.most < 0:
        return t("check-several", whole=n)
    if left.most == 0:
        return t("check-all")
    if left.fewest <= 0 or left.rest is None:
        return t("check-perhaps-all", people=left.most, whole=n)
    people = _span(t, range(left.fewest, left.most + 1))
    return t("check-unsaid", rest=claimed(left.rest, t.language), people=people, whole=n)
