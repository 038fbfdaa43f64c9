"""The people of the demo and their workgroup."""

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


def add_people(sandbox: Sandbox, language: str) -> Cast:
    """Adds the people with Telegram, in the order in which the page shows them."""
    people: tuple[tuple[str, str, str, str], ...] = (
        ("administrator", "Aino", "Aalto", language),
        ("coordinator", "Anna", "Koski", language),
        ("participant", "Bo", "Lindström", "sv"),
        ("participant", "Chen", "Wei", "en"),
        ("participant", "Dina", "Salo", "fi"),
        ("manager", "Maija", "Mäki", language),
    )
    cast: Cast = {}
    for role, first_name, last_name, own_language in people:
        cast.setdefault(role, []).append(sandbox.add_user(first_name, last_name=last_name, language=own_language))
    return cast


async def set_up_group(app: App, cast: Cast, name: str) -> None:
    """Creates the workgroup. Everyone then opens the link that gives them their membership and role."""
    async with app.sessions.begin() as session:
        group = await groups.create(session, name, now=app.now)
        join = await links.join_link(session, group.id, now=app.now)
        run = await links.make(session, LinkKind.ROLE, role=RoleKind.COORDINATOR, group_id=group.id, now=app.now)
        lead = await links.make(session, LinkKind.ROLE, role=RoleKind.MANAGER, now=app.now)
        for member_name, organisation in WITHOUT_TELEGRAM:
            person = Person(name=member_name, organisation_name=organisation, created_at=app.now)
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
