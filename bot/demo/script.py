"""`koolla demo --script`: plays the whole loop unattended, writes a transcript, and checks each step."""

import asyncio
import logging
import re
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot import logs
from bot.demo.stage import ADMIN_ID, Actor, Stage, words
from bot.sandbox.messages import Message
from handlers.dates import hours_text
from handlers.figures import decimal
from handlers.texts import Texts, texts
from models.valid_figures import Mean

HELSINKI = ZoneInfo("Europe/Helsinki")
GROUPS = {"fi": "Lastensuojelu", "sv": "Barnskydd", "en": "Child welfare"}
LINES = {
    "fi": "{group} ke 17.3. klo 9-12 Teams: Johdatus aiheeseen",
    "sv": "{group} ons 17.3. kl. 9-12 Teams: Introduktion",
    "en": "{group} Wed 17 Mar 9-12 Teams: Introduction",
}
MEMBERS = ("Bo", "Chen", "Dina", "Elias", "Fatima")
RATINGS = ((5, 4, 4, 3), (4, 4, 5, 4), (5, 5, 3, 2), (4, 3, 4, 4), (3, 4, 4, 4))


class Missing(Exception):  # noqa: N818
    """The result of a step is missing."""


@dataclass
class Transcript:
    """Who said what, in order. Each line is printed at once."""

    stage: Stage
    t: Texts
    lines: list[str] = field(default_factory=list)
    seen: set[tuple[int, int, str]] = field(default_factory=set)

    def line(self, text: str = "") -> None:
        self.lines.append(text)
        print(text)

    def heading(self, text: str) -> None:
        self.line()
        self.line(f"== {text}")

    def step(self, text: str, at: datetime | None = None) -> None:
        """Adds a line with the time of the story's clock, or ``at``."""
        moment = (at or self.stage.clock.now()).astimezone(HELSINKI)
        self.line(f"{moment:%Y-%m-%d %H:%M}  {text}")

    def bot_says(self) -> None:
        """Adds the messages that the bot has sent or edited since the last call, in their order."""
        fresh: list[tuple[datetime, Actor, Message]] = []
        for actor in self.stage.people.values():
            for message in actor.messages:
                key = (actor.user.id, message.message_id, words(message))
                if key not in self.seen:
                    self.seen.add(key)
                    fresh.append((message.edited_at or message.sent_at, actor, message))
        for at, actor, message in sorted(fresh, key=lambda entry: entry[0]):
            self._message(at, actor, message)

    def _message(self, at: datetime, actor: Actor, message: Message) -> None:
        first, *rest = words(message).splitlines() or [""]
        self.step(f"Koolla -> {actor.name}: {first}", at)
        for line in rest:
            self.line(f"    {line}")
        if labels := actor.labels(message):
            self.line("    " + " ".join(f"[{label}]" for label in labels))

    async def says(self, actor: Actor, text: str) -> None:
        self.step(f"{actor.name}: {text}")
        await actor.says(text)
        self.bot_says()

    async def taps(self, actor: Actor, label: str) -> None:
        self.step(f"{actor.name} taps [{label}]")
        await actor.taps(label)
        self.bot_says()

    async def opens(self, actor: Actor, code: str, link: str) -> None:
        self.step(f"{actor.name} opens {link}")
        await actor.starts(code)
        self.bot_says()

    def expects(self, actor: Actor, text: str) -> None:
        """Raises Missing unless the person's newest message contains the text."""
        if text not in actor.text:
            raise Missing(f"{actor.name} should see: {text!r}, but sees: {actor.text!r}")

    def expects_button(self, actor: Actor, label: str) -> None:
        """Raises Missing unless the person's newest message has the button."""
        if label not in actor.labels():
            raise Missing(f"{actor.name} should have the button {label!r}, but has: {actor.labels()!r}")

    def label(self, key: str, **values: object) -> str:
        return str(self.t(key, **values))


def play(language: str, folder: Path) -> int:
    """Plays the loop. Writes ``transcript-LANGUAGE.txt`` and ``digest-LANGUAGE.png``. Returns the exit code."""
    logs.set_up(logging.WARNING)
    lines: list[str] = []
    picture = asyncio.run(_play(language, lines))
    folder.mkdir(exist_ok=True)
    (folder / f"transcript-{language}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if picture is None:
        return 1
    (folder / f"digest-{language}.png").write_bytes(picture)
    return 0


async def _play(language: str, lines: list[str]) -> bytes | None:
    """Fills ``lines`` with the transcript. Returns the digest's picture, or None if a step failed."""
    with tempfile.TemporaryDirectory() as scratch:
        async with Stage.open(Path(scratch), language=language) as stage:
            transcript = Transcript(stage, texts(language), lines)
            try:
                picture = await _loop(transcript, language)
                transcript.heading("every step happened")
                return picture
            except (Missing, LookupError) as missing:
                transcript.heading(f"FAILED: {missing}")
                return None


async def _loop(script: Transcript, language: str) -> bytes:
    stage = script.stage
    aino = stage.person("Aino", language, id=ADMIN_ID)
    anna, maija = stage.person("Anna", language), stage.person("Maija", language)
    members = [stage.person(name, language) for name in MEMBERS]
    await _arrive(script, GROUPS[language], aino=aino, anna=anna, maija=maija, members=members)
    await _call(script, anna, members, LINES[language].format(group=GROUPS[language]))
    await _remind(script, members)
    await _ask(script, members)
    await _close_form(script, anna)
    return await _digest(script, maija)


async def _arrive(
    script: Transcript, name: str, *, aino: Actor, anna: Actor, maija: Actor, members: list[Actor]
) -> None:
    script.heading("arriving: the administrator founds a group, people come in by their links")
    script.step(f"{aino.name} presses Start")
    await aino.starts()
    script.bot_says()
    await script.says(aino, f"/newgroup {name}")
    joining = _code(aino)
    for key in ("newgroup-coordinator", "button-role-link"):
        await script.taps(aino, script.label(key))
    await script.opens(anna, _code(aino), "the link with the role of a coordinator")
    await script.says(aino, "/roles")
    for key in ("button-role-give", "give-manager", "whole-organisation", "button-role-link"):
        await script.taps(aino, script.label(key))
    await script.opens(maija, _code(aino), "the link with the role of a manager")
    for member in members:
        await script.opens(member, joining, "the joining link")
    await script.stage.settle()
    script.bot_says()
    script.expects(members[-1], name)


def _code(actor: Actor) -> str:
    """The code of the link that the person's newest message shows."""
    match = re.search(r"start=(\w+)", actor.text)
    if match is None:
        raise Missing(f"{actor.name} should see a link, but sees: {actor.text!r}")
    return match[1]


async def _call(script: Transcript, anna: Actor, members: list[Actor], line: str) -> None:
    script.heading("call: one line, two skips, one confirmation")
    await script.says(anna, f"/newmeeting {line}")
    await script.taps(anna, script.label("skip-link"))
    await script.taps(anna, script.label("skip-description"))
    await script.taps(anna, script.label("confirm-send"))
    await script.stage.settle()
    script.bot_says()
    for member in members[:4]:
        script.expects(member, script.label("card-answer-please"))
        await script.taps(member, script.label("answer-remote"))
    script.expects(members[0], script.t("card-you-remote").striptags())


async def _remind(script: Transcript, members: list[Actor]) -> None:
    script.heading("remind: the silent once, those who said yes a day before")
    await script.stage.until(datetime(2027, 3, 17, 8, tzinfo=HELSINKI))
    script.bot_says()
    script.expects(members[0], script.label("reminder-tomorrow", at=hours_text(time(9), None, script.t.language)))
    script.expects(members[4], script.label("reminder-silent"))


async def _ask(script: Transcript, members: list[Actor]) -> None:
    script.heading("ask: the meeting is over")
    await script.stage.until(datetime(2027, 3, 17, 13, tzinfo=HELSINKI))
    script.bot_says()
    for member, ratings in zip(members, RATINGS, strict=True):
        await script.taps(member, script.label("attended-remote"))
        for rating in ratings:
            await script.taps(member, str(rating))
        await script.taps(member, script.label("feedback-finish"))
        script.expects_button(member, script.label("feedback-change"))


async def _close_form(script: Transcript, anna: Actor) -> None:
    script.heading("tell: the form closes, its answers are counted and released")
    await script.stage.time_passes(days=8)
    script.bot_says()
    total = sum(ratings[0] for ratings in RATINGS)
    mean = decimal(Mean(total, len(RATINGS), 1, 5), script.t.language)
    if not anna.sees(mean):
        raise Missing(f"the coordinator should see the mean {mean}")


async def _digest(script: Transcript, maija: Actor) -> bytes:
    script.heading("digest: the first working day of the month")
    await script.stage.until(datetime(2027, 4, 1, 12, tzinfo=HELSINKI) + timedelta(days=1))
    script.bot_says()
    await script.taps(maija, script.label("digest-to-picture"))
    pictures = [message for message in maija.messages if message.photo]
    if not pictures or pictures[-1].photo is None:
        raise Missing("the manager should get the digest, and its picture")
    return pictures[-1].photo.content
