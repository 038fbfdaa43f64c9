"""The story of the gallery. It is played once in each language, in which all its people read."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.demo.stage import ADMIN_ID, Actor, Stage
from handlers.routes import ROUTES
from models.people import access, groups, links
from models.people.access import RoleKind
from models.people.links import Link, LinkKind
from models.people.people import Person
from tests.gallery.camera import Camera, Place, Shot, noting_texts
from tests.gallery.crawl import Crawl

HELSINKI = ZoneInfo("Europe/Helsinki")
NAMES = {
    "fi": ("Lastensuojelu", "Aikuissosiaalityö", "Johdatus aiheeseen"),
    "sv": ("Barnskyddet", "Arbete bland vuxna", "Introduktion till ämnet"),
    "en": ("Child welfare", "Adult social work", "Introduction to the topic"),
}
FIRST = (
    "45s5",
    "54s5",
    "3s45",
    "45s5",
    "s4s5",
    "2s35",
    "44s5",
    "5ss5",
    "3455",
    "44s5",
    "4545",
    "34s5",
    "55s5",
    "44s5",
    "43s5",
)
"""Each member's ratings of the first meeting: one statement gets too few answers, another equal ones only."""
LATER = (
    "5544",
    "4443",
    "5534",
    "4455",
    "3434",
    "5543",
    "4444",
    "5354",
    "4543",
    "5445",
    "4434",
    "5543",
    "4454",
    "3345",
    "5454",
)
ROSTER = "Eeva Niemi; Hyvinvointialue; eeva@example.org\nVille Salo; Kunta\n;;\nVille Salo\n"
DOUBTFUL = (
    "31.2. klo 9",
    "ke 4.3. klo 9-12",
    "klo 9-12",
    "7.4. ja 8.4. klo 9",
    "1.2.2035 klo 9",
    "7.4. klo 25",
    "7.4. klo 12-9",
    "28.3.2027 klo 3.30",
    "31.10.2027 klo 3.30-5",
    "1.3.2027 klo 9",
    "tiistai klo 9",
)


class Play:
    """A stage with its people, two groups and the camera."""

    def __init__(self, stage: Stage, language: str) -> None:
        self.stage, self.language, self.camera = stage, language, Camera(stage)
        self.group, self.other, self.topic = NAMES[language]
        self.join_code = ""
        self.aino = self.person("Aino", id=ADMIN_ID)
        self.anna, self.maija, self.stranger = (self.person(name) for name in ("Anna", "Maija", "Sten"))
        self.members = [self.person(name) for name in ("Bo", "Chen", "Dina", "Elli", "Faris", "Göran", "Heli", "Irja")]
        self.members += [self.person(name) for name in ("Joni", "Kaisa", "Leo", "Mira", "Nils", "Oona", "Pirjo")]
        self.olga, self.paavo, self.rauni = (self.person(name) for name in ("Olga", "Paavo", "Rauni"))
        self.bo, self.silent, self.absent = self.members[0], self.members[9], self.members[10]

    def person(self, name: str, **known: Any) -> Actor:
        return self.stage.person(name, language=self.language, **known)

    async def tap(self, actor: Actor, start: str) -> None:
        """Presses the newest button whose data begins so."""
        for message in reversed(actor.messages):
            for row in message.buttons:
                for button in row:
                    if (button.data or "").startswith(start):
                        actor.user.taps_data(button.data or "", message)
                        await self.stage.answered()
                        self.camera.look(f"[{button.label}]")
                        return
        raise LookupError(f"{actor.name} has no button {start}")

    async def forges(self, actor: Actor, data: str) -> None:
        """Sends callback data that need not be on a button."""
        actor.user.taps_data(data, actor.last)
        await self.stage.answered()
        self.camera.look(f"[{data}]")

    async def says(self, actor: Actor, text: str) -> None:
        await actor.says(text)
        self.camera.look(f"“{text}”")

    async def until(self, year: int, month: int, day: int, hour: int) -> None:
        when = datetime(year, month, day, hour, tzinfo=HELSINKI)
        await self.stage.until(when)
        self.camera.look(f"{when:%d.%m.%Y %H.%M}")


async def arriving(play: Play) -> None:
    """Strangers, members by link and by typed code, a coordinator, a manager, the administrator."""
    for text in ("/start", "/help", "/nosuch", "Hei!", "/start 2222222222", "/digest", "/results", "/newmeeting"):
        await play.says(play.stranger, text)
    now = play.stage.clock.now()
    async with play.stage.app.sessions.begin() as session:
        group = await groups.create(session, play.group, now=now)
        other = await groups.create(session, play.other, now=now)
        play.join_code = (await links.join_link(session, group.id, now=now)).code
        lead = await links.make(session, LinkKind.ROLE, now=now, group_id=group.id, role=RoleKind.COORDINATOR)
        manage = await links.make(session, LinkKind.ROLE, now=now, role=RoleKind.MANAGER)
        line = Person(name="Mikko Mallikas", created_at=now)
        session.add(line)
        await session.flush()
        for each in (group, other):
            await groups.join(session, each, line, now=now)
    await play.says(play.aino, "/start")
    await play.says(play.anna, f"/start {lead.code}")
    async with play.stage.app.sessions.begin() as session:
        anna = (await access.coordinators(session, group.id))[0]
        await access.grant(session, anna, RoleKind.COORDINATOR, await session.get(groups.Workgroup, other.id), now=now)
    await play.says(play.maija, f"/start {manage.code}")
    await play.says(play.bo, play.join_code)
    await play.says(play.bo, f"/start {play.join_code}")
    for member in play.members[1:]:
        await member.starts(play.join_code)
    await play.stage.settle()
    play.camera.look("")


async def called(play: Play, line: str) -> None:
    """Calls a meeting in one line, and skips what it lacks."""
    await play.says(play.anna, f"/newmeeting {line}")
    while any((b.data or "").startswith("nm-skip") for row in play.anna.last.buttons for b in row):
        await play.tap(play.anna, "nm-skip")


async def calling(play: Play) -> None:
    """In one line and by questions, with doubts about the date; then the members' cards and answers."""
    for doubtful in DOUBTFUL:
        await play.says(play.anna, f"/newmeeting {play.group} {doubtful} Teams: {play.topic}")
        await play.anna.says("/cancel")
    await play.says(play.anna, "/newmeeting")
    for start in ("nm-group", "nm-skip", "nm-month", "nm-day", "nm-time"):
        await play.tap(play.anna, start)
    await play.says(play.anna, "/cancel")
    await called(play, f"{play.group} ke 10.3. klo 9-12 hybrid Linnankatu 12: {play.topic}")
    await play.tap(play.anna, "nm-go")
    await play.stage.settle()
    play.camera.look("")
    for member, answer in zip(play.members, ("remote", "on_site", "no", *["remote"] * 7), strict=False):
        await play.tap(member, f"rsvp:{_args(member, 'rsvp')[0]}:{answer}:")
    await play.tap(play.bo, f"rsvp:{_args(play.bo, 'rsvp')[0]}:on_site")
    await play.says(play.bo, "/meetings")
    await play.says(play.anna, "/meetings")
    await play.tap(play.anna, "meeting:")


def _args(actor: Actor, name: str) -> list[str]:
    """The arguments of the newest button of a route."""
    for message in reversed(actor.messages):
        for row in message.buttons:
            for button in row:
                if (button.data or "").startswith(f"{name}:"):
                    return (button.data or "").split(":")[1:]
    raise LookupError(f"{actor.name} has no button {name}")


async def moving(play: Play) -> None:
    """Another time, a correction, another meeting cancelled, an old button pressed."""
    await play.tap(play.anna, "m-change")
    await play.tap(play.anna, f"nm-edit:{_args(play.anna, 'nm-edit')[0]}:time")
    await play.says(play.anna, "13-15")
    await play.tap(play.anna, "nm-go")
    await play.stage.settle()
    play.camera.look("")
    for member, answer in zip(play.members, ("remote", "on_site", "no", *["remote"] * 7), strict=False):
        await play.tap(member, f"rsvp:{_args(member, 'rsvp')[0]}:{answer}:")
    await called(play, f"{play.group} to 11.3. klo 9-10 Teams: {play.topic} 2")
    await play.tap(play.anna, "nm-go")
    await play.stage.settle()
    await play.says(play.anna, "/meetings")
    await play.tap(play.anna, "meeting:2")
    await play.tap(play.anna, "m-cancel")
    await play.tap(play.anna, "m-cancel-yes")
    await play.stage.settle()
    play.camera.look("")


async def reminding(play: Play) -> None:
    await play.until(2027, 3, 8, 9)
    await play.until(2027, 3, 10, 12)


async def asking(play: Play) -> None:
    """Feedback: there or not, the statements, an open answer; the coordinator's marks; a reminder; too late."""
    await play.until(2027, 3, 10, 16)
    await rated(play, FIRST)
    await play.says(play.anna, "/results")
    await play.says(play.anna, "/meetings")
    await play.tap(play.anna, "meeting:1")
    await play.tap(play.anna, "m-who")
    await play.tap(play.anna, "m-mark")
    await play.tap(play.anna, "meeting:")
    await play.tap(play.anna, "m-heads")
    await play.until(2027, 3, 16, 9)
    old = play.silent.last
    await play.until(2027, 3, 19, 9)
    data = next(b.data or "" for row in old.buttons for b in row)
    play.silent.user.taps_data(data, old)
    await play.stage.answered()
    play.camera.look("")


async def rated(play: Play, ratings: tuple[str, ...]) -> None:
    """Everyone who is asked answers; one was not there, one does not finish."""
    comment = {"fi": "Hyvä kokous!", "sv": "Ett bra möte!", "en": "A good meeting!"}[play.language]
    for member, chosen in zip(play.members, ratings, strict=True):
        if not _has(member, "was:"):
            continue  # declined
        run = _args(member, "was")[0]
        await play.tap(member, f"was:{run}:{'no' if member is play.absent else 'remote'}")
        if member is play.absent:
            continue
        for rating in chosen[: 1 if member is play.silent else 4]:
            await play.tap(member, f"rate:{run}:{_args(member, 'rate')[1]}:{'skip' if rating == 's' else rating}")
        if member is not play.silent:
            await play.says(member, comment)
            await play.tap(member, "done")


def _has(actor: Actor, start: str) -> bool:
    return any((b.data or "").startswith(start) for m in actor.messages for row in m.buttons for b in row)


async def telling(play: Play) -> None:
    """Results, few answers that wait, a month's digest, a month in which nothing happened."""
    await called(play, f"{play.group} ma 22.3. klo 9-10 Teams: {play.topic} 3")
    await play.tap(play.anna, "nm-go")
    await play.until(2027, 3, 22, 12)
    for member in play.members[:2]:
        await play.tap(member, f"was:{_args(member, 'was')[0]}:remote")
        await play.tap(member, f"rate:{':'.join(_args(member, 'rate')[:2])}:4")
    await play.until(2027, 3, 30, 12)
    await play.says(play.anna, "/results")
    await play.tap(play.anna, "result:")
    await play.tap(play.anna, "result-picture")
    await play.until(2027, 4, 1, 10)
    await called(play, f"{play.group} ke 7.4. klo 9-12 Teams: {play.topic} 4")
    await play.tap(play.anna, "nm-go")
    await play.until(2027, 4, 7, 13)
    await rated(play, LATER)
    await play.until(2027, 5, 4, 10)
    await play.tap(play.maija, "digest:2027-03")
    for line in ("/digest 5/2027", "/digest 6/2027", "/digest kesä"):
        await play.says(play.maija, line)


async def letting_in(play: Play) -> None:
    """The roster: people added from a list and a file, their links, people let in one by one, people not reached."""
    await play.says(play.anna, "/members")
    for data in ("roster:1:0", "roster-add:1"):
        await play.forges(play.anna, data)
    for name, content in (("kuva.csv", b"\x89PNG\x00\x00"), ("jasenet.csv", ROSTER.encode("utf-8"))):
        await play.anna.sends(name, content)
        play.camera.look(f"file {name}")
    await play.says(play.anna, ROSTER)
    await play.tap(play.anna, "roster-yes")
    await play.forges(play.anna, "personal-links:1")
    async with play.stage.app.sessions() as session:
        claim = select(Link.code).where(Link.kind == LinkKind.CLAIM, Link.closed_at.is_(None)).limit(1)
        code = await session.scalar(claim)
    for actor in (play.olga, play.olga, play.paavo):
        await play.says(actor, f"/start {code}")
    await play.forges(play.anna, "join-ask:1:1")
    for actor in (play.paavo, play.rauni, play.rauni):
        await play.says(actor, f"/start {play.join_code}")
    await play.stage.settle()
    play.camera.look("")
    for start in ("join-yes", "join-no"):
        await play.tap(play.anna, start)
        await play.stage.settle()
        play.camera.look("")
    await play.says(play.rauni, f"/start {play.join_code}")
    play.paavo.user.blocks()
    play.members[12].user.deactivates()
    await play.stage.answered()
    for data in ("unreached:1:0", "roster:1:0", "join-ask:1:0"):
        await play.forges(play.anna, data)


async def refusing(play: Play) -> None:
    """Forged and old presses, by someone who may not."""
    for actor in (play.stranger, play.bo, play.maija):
        for data in ("nosuch", "meeting:1", "rsvp:1:remote", "result:1", "digest:2027-03", "rate:1:1:5", "nm-go"):
            await play.forges(actor, data)


async def commanding(play: Play) -> None:
    """Every command, by the person with the most rights."""
    for name in sorted(ROUTES.commands):
        await play.says(play.aino, f"/{name}")
    await play.aino.says("/cancel")


async def exploring(play: Play) -> None:
    """Whatever else each role can reach."""
    await called(play, f"{play.group} ke 12.5. klo 9-10 Teams: {play.topic} 5")
    await play.tap(play.anna, "nm-go")
    for actor in (play.members[1], play.maija, play.anna, play.aino):
        with play.camera.filming(f"Everything else: {actor.name}"):
            await Crawl(play.camera, actor, play.olga).everywhere()
    with play.camera.filming("Everything else: Sten"):
        await Crawl(play.camera, play.stranger, play.olga).everywhere()


Scene = tuple[str, Callable[[Play], Awaitable[None]]]
SCENES: tuple[Scene, ...] = (
    ("Arriving", arriving),
    ("Calling a meeting", calling),
    ("Moving and cancelling", moving),
    ("Reminding", reminding),
    ("Asking for feedback", asking),
    ("Results and digest", telling),
    ("The roster", letting_in),
    ("Refusals", refusing),
    ("Commands", commanding),
    ("Everything else", exploring),
)


async def played(language: str, scenes: Iterable[Scene] = SCENES) -> tuple[dict[Place, Shot], set[str]]:
    """All shots of the story in a language, and the keys of the texts that it used."""
    keys_used: set[str] = set()
    with TemporaryDirectory(prefix="koolla-gallery-") as folder:
        async with Stage.open(Path(folder), language=language) as stage:
            play = Play(stage, language)
            with noting_texts(keys_used):
                for title, scene in scenes:
                    with play.camera.filming(title):
                        await scene(play)
    return play.camera.shots, keys_used
