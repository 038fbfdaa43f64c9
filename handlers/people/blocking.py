"""The notice to a group's coordinators that a member cannot be reached any more."""

from handlers.routes import Context, data, renders
from handlers.screen import Button, Screen
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, Superseded
from models.membership import blocking


@renders(DeliveryKind.BLOCKED)
async def render_blocked(context: Context, delivery: Delivery) -> Screen:
    """Who, in which groups, and what to do about it. Superseded if it is none of the reader's business any more."""
    t, news = context.t, await blocking.blocked_notice(context.session, context.person, delivery.subject)
    if news is None:
        raise Superseded
    person = news.person
    text = t(
        f"blocked-news-{person.reach}",
        person=person.name,
        groups=", ".join(group.name for group in news.groups),
        n=len(news.groups),
        contact=person.contact or t("contact-none"),
    )
    if news.roster is None:
        return Screen(text)
    details = Button(t("blocked-details"), data("member", news.roster.id, person.id, 0))
    return Screen(text, ((details,),))
