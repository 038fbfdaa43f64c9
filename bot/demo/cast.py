"""The people of the demo, and how they come to their workgroup."""

from bot.app import App
from bot.sandbox import Sandbox
from bot.sandbox.people import User
from models.people import groups, links
from models.people.access import RoleKind
from models.people.links import LinkKind
from models.people.people import Person

Cast = dict[str, list[User]]
"""The people of each role."""

GROUPS: dict[str, str] = {"fi": "Lastensuojelu", "sv": "Barnskyddet", "en": "Child welfare"}
WITHOUT_TELEGRAM = (("Eeva Niemi", "Hyvinvointialue"), ("Göran Holm", "Folkhälsan"), ("Irja Laine", "Nuorten tuki ry"))


def enter(sandbox: Sandbox, language: str) -> Cast:
    """People with Telegram, in the order in which the page shows them."""
    people: tuple[tuple[str, str, str, str], ...] = (
        ("administrator", "Aino", "Aalto", language),
        ("coordinator", "Anna", "Koski", language),
        ("participant", "Bo", "Lindström", "sv"),
        ("participant", "Chen", "Wei", "en"),
        ("participant", "Dina", "Salo", "fi"),
        ("manager", "Maija", "Mäki", language),
    )
    cast: Cast = {}
    for role, first, last, own in people:
        cast.setdefault(role, []).append(sandbox.add_user(first, last_name=last, language=own))
    return cast


async def arrive(app: App, cast: Cast, name: str) -> None:
    """Found the workgroup; everyone then opens the link that a real one would get."""
    async with app.sessions.begin() as session:
        group = await groups.found(session, name, now=app.now)
        join = await links.join_link(session, group.id, now=app.now)
        run = await links.make(session, LinkKind.ROLE, role=RoleKind.COORDINATOR, group_id=group.id, now=app.now)
        lead = await links.make(session, LinkKind.ROLE, role=RoleKind.MANAGER, now=app.now)
        for line, organisation in WITHOUT_TELEGRAM:
            person = Person(name=line, organisation=organisation, created_at=app.now)
            session.add(person)
            await session.flush()
            await groups.join(session, group, person, now=app.now)
    codes: dict[str, list[str | None]] = {
        "administrator": [None],
        "coordinator": [run.code, join.code],
        "manager": [lead.code],
    }
    for role, users in cast.items():
        for user in users:
            for code in codes.get(role, [join.code]):
                user.starts(code)
    await app.settle()
