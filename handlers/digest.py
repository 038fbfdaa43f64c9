"""The monthly digest, and /digest, which shows it again."""

from markupsafe import Markup

from handlers.dates import month_title
from handlers.figures import change, decimal, percent
from handlers.routes import Context, Tap, command, data, letter, tap
from handlers.screen import Button, Screen
from models import digests
from models.errors import NotFound
from models.outbox import Delivery
from models.statistics import Funnel, Month, MonthFigures, Statement


@command("digest")
async def on_digest(context: Context, line: str) -> Screen:
    """The last month's; a month in the line, like 2027-03 or 3/2027, another's."""
    month = read_month(line) if line.strip() else digests.latest_due(context.policy, now=context.now)
    return await _shown(context, month)


def read_month(text: str) -> Month:
    """Reads 2027-03, 3/2027 or 3.2027."""
    numbers = text.strip().replace("/", "-").replace(".", "-").split("-")
    if len(numbers) == 2 and all(n.isascii() and n.isdigit() and len(n) <= 4 for n in numbers):
        first, second = (int(n) for n in numbers)
        year, month = (first, second) if first > 12 else (second, first)
        if 1 <= month <= 12 and 2000 <= year <= 2200:
            return Month(year, month)
    raise NotFound("digest-month-unread")


@tap("digest")
async def on_month(context: Context, tap: Tap) -> Screen:
    return await _shown(context, read_month(tap.word(0)))


async def _shown(context: Context, month: Month) -> Screen:
    figures = await digests.own(context.session, context.person, month, policy=context.policy, now=context.now)
    return digest_screen(context, figures)


def digest_screen(context: Context, figures: MonthFigures) -> Screen:
    """Text and picture carry the same figures."""
    month = Month.parse(figures.month)
    earlier = month.shifted(-1)
    button = Button(month_title(earlier.year, earlier.month, context.language), data("digest", earlier))
    return Screen(digest_text(context, figures), ((button,),))


def digest_text(context: Context, figures: MonthFigures) -> Markup:
    t, month = context.t, Month.parse(figures.month)
    lines = [t("digest-heading", month=month_title(month.year, month.month, t.language))]
    if not (figures.funnel.meetings or figures.funnel.asked or figures.statements):
        lines.append(t("digest-nothing"))
    else:
        lines += [_funnel(context, figures.funnel, figures.before), _statements(context, figures.statements)]
    lines.append(t("digest-coming", n=figures.coming))
    return Markup("\n\n").join(line for line in lines if line)


def _funnel(context: Context, now: Funnel, before: Funnel) -> Markup:
    t = context.t

    def of(part: int, whole: int) -> str:
        return percent(part, whole, t.language)

    lines = [
        t("digest-meetings", n=now.meetings, before=before.meetings),
        t("digest-roster", roster=now.roster, reachable=now.reachable, groups=now.groups),
        t("digest-invited", invited=now.invited, yes=now.yes, rate=of(now.yes, now.invited)),
        t(
            "digest-attended",
            attended=now.attended,
            rate=of(now.attended, now.invited),
            on_site=now.on_site,
            remote=now.remote,
            people=now.people,
        ),
        t("digest-answered", asked=now.asked, answered=now.answered, rate=of(now.answered, now.asked)),
    ]
    if now.cancelled:
        lines.append(t("digest-cancelled", n=now.cancelled))
    if now.waiting:
        lines.append(t("digest-waiting", n=now.waiting))
    return Markup("\n").join(lines)


def _statements(context: Context, statements: tuple[Statement, ...]) -> Markup:
    t = context.t
    if not statements:
        return t("digest-no-statements")
    lines = [t("digest-statements")]
    for one in statements:
        if one.mean is None:
            continue
        moved = change(one.mean, one.earlier, t.language)
        key = "digest-statement-changed" if moved else "digest-statement"
        mean = decimal(one.mean.value, t.language)
        lines.append(t(key, statement=t(f"statement-{one.identity}"), mean=mean, n=one.mean.n, change=moved))
    return Markup("\n").join(lines)


@letter("digest", stands="digest")
async def digest_letter(context: Context, delivery: Delivery) -> Screen:
    digest = await context.session.get_one(digests.Digest, delivery.subject)
    return digest_screen(context, digest.figures)
