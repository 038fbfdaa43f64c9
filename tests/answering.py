"""People who fill in forms on their phones, and what they pressed, counted without the program."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import openpyxl
from pypdf import PdfReader

from models.forms import forms
from models.forms.forms import DONT_KNOW, OTHER, FormVersion, Question
from models.forms.items import Item, QuestionKind
from models.people.groups import Workgroup
from tests.scenes import scene
from tests.talk import Actor, Talk, key, words

Said = Mapping[int, Any]
"""What a person means to say, by question id: a value, a list of options, a text; what is missing is skipped.
What "other" is stands under the question's id with a minus."""


@dataclass
class Sitting:
    """A form in people's chats, and all that was pressed and typed on it."""

    run_id: int
    version: FormVersion
    presses: dict[str, list[str]] = field(default_factory=dict)
    """By person, the data of each button, and what was typed as ``typed:QUESTION:WORDS``."""

    @property
    def questions(self) -> Sequence[Question]:
        return self.version.questions

    async def press(self, member: Actor, data: str) -> None:
        """Taps a button that is there, on the newest message."""
        shown = [button.data for row in member.last.buttons for button in row]
        assert data in shown, f"no {data} among {shown} under: {member.text}"
        await member.taps_data(data, member.last)
        self.presses.setdefault(member.name, []).append(data)

    async def types(self, member: Actor, question: Question, text: str) -> None:
        await member.says(text)
        self.presses.setdefault(member.name, []).append(f"typed:{question.id}:{text}")

    async def answer(self, member: Actor, said: Said, *, regrets: Mapping[int, int] | None = None) -> None:
        """Fills in the form and sends it. ``regrets`` are values pressed first, and changed with Previous."""
        last_open = self.questions[-1] if self.questions[-1].kind is QuestionKind.OPEN else None
        for question in self.questions:
            if question is last_open:
                continue
            if question.id in (regrets or {}):
                await self.press(member, f"rate:{self.run_id}:{question.id}:{(regrets or {})[question.id]}")
                await self.press(member, f"page:{self.run_id}:{question.id}")
            await self._answer(member, question, said)
        if last_open is not None and said.get(last_open.id):
            await self.types(member, last_open, said[last_open.id])
        await self.press(member, f"done:{self.run_id}")

    async def _answer(self, member: Actor, question: Question, said: Said) -> None:
        at, value = f"{self.run_id}:{question.id}", said.get(question.id)
        if value is None:
            await self.press(member, f"rate:{at}:skip")
        elif question.kind is QuestionKind.SEVERAL:
            for option in value:
                await self.press(member, f"tick:{at}:{option}:on")
            if OTHER in value:
                await self.types(member, question, said[-question.id])
            await self.press(member, f"settle:{at}")
        else:
            await self.press(member, f"rate:{at}:{'unsure' if value == DONT_KNOW else value}")
            if value == OTHER and question.other:
                await self.types(member, question, said[-question.id])


@scene
async def written(talk: Talk, group: Workgroup, name: str, items: Sequence[Item]) -> forms.Form:
    """A form of a group's own."""
    now = talk.clock.now()
    async with talk.app.sessions.begin() as session:
        form = forms.Form(key=f"own-{name}", name=name, workgroup_id=group.id, created_at=now, archived_at=None)
        session.add(form)
        await session.flush()
        await forms.write(session, form, items)
    return form


@scene
async def sent(talk: Talk, coordinator: Actor, form: forms.Form) -> Sitting:
    """Sends a form on its own to the coordinator's group, for a week."""
    await coordinator.taps_data(f"survey-new:{form.id}")
    for label in (key("survey-now"), key("survey-lasts-week"), key("survey-send")):
        await coordinator.taps(label)
    await talk.settle()
    run_id = next(
        int(str(button.data).split(":")[1])
        for actor in talk.people.values()
        for row in (actor.last.buttons if actor.messages else [])
        for button in row
        if str(button.data).startswith("rate:")
    )
    async with talk.app.sessions() as session:
        newest = await forms.newest(session, form)
        return Sitting(run_id, await forms.version(session, newest.id))


# Counting what was pressed, from the presses alone


@dataclass
class Sheet:
    """One person's answers as the presses leave them."""

    chosen: dict[int, int | None] = field(default_factory=dict)
    ticked: dict[int, set[int]] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)


def sheets(sitting: Sitting) -> list[Sheet]:
    """Everybody's, of those who said something about the matter."""
    kinds = {question.id: question for question in sitting.questions}
    found = []
    for presses in sitting.presses.values():
        sheet = Sheet()
        for press in presses:
            name, _, rest = press.partition(":")
            if name == "typed":
                question, _, text = rest.partition(":")
                sheet.texts[int(question)] = text
            elif name in ("rate", "tick"):
                _press(sheet, rest.split(":")[1:])
        told = {*(q for q, value in sheet.chosen.items() if value is not None), *sheet.texts}
        told |= {question for question, options in sheet.ticked.items() if options}
        if any(kinds[question].background is None for question in told):
            found.append(sheet)
    return found


def _press(sheet: Sheet, args: list[str]) -> None:
    question, value = int(args[0]), args[1]
    if len(args) == 3:
        options = sheet.ticked.setdefault(question, set())
        (options.add if args[2] == "on" else options.discard)(int(value))
    elif value == "skip":
        sheet.chosen[question] = None
        sheet.ticked.pop(question, None)
    else:
        sheet.chosen[question] = DONT_KNOW if value == "unsure" else int(value)


def percent(part: int, whole: int) -> str:
    """Half up, as people here write it, but with a plain space."""
    return f"{int(Fraction(100 * part, whole) + Fraction(1, 2))} %"


def mean(values: Sequence[int]) -> str:
    tenths = int(Fraction(10 * sum(values), len(values)) + Fraction(1, 2))
    return f"{tenths // 10},{tenths % 10}"


# Reading what came out


async def chat(anna: Actor, data: str) -> str:
    """All pages behind a button, as one text."""
    await anna.taps_data(data)
    pages = [anna.text]
    while anna.has_button(key("next")):
        await anna.taps(key("next"), anna.last)
        pages.append(anna.text)
    return "\n\n".join(pages).replace("\N{NO-BREAK SPACE}", " ")


async def file(anna: Actor, release: int, way: str) -> bytes:
    """A release as a file, by its button."""
    await anna.taps_data(f"paper:{release}:{way}")
    document = anna.last.document
    assert document is not None
    assert document.file_name.endswith(f".{way}")
    return document.content


def pdf_text(content: bytes) -> str:
    """The words of a PDF in one line, without what stands under each page."""
    pages = [page.extract_text().rpartition("\n")[0] for page in PdfReader(io.BytesIO(content)).pages]
    return " ".join(" ".join(pages).replace("\N{NO-BREAK SPACE}", " ").split())


Line = dict[str, Any]


def sheet_lines(content: bytes) -> list[Line]:
    """The figures of a workbook, under the heads of their columns."""
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Luvut"]
    heads, *rows = ([cell.value for cell in row] for row in sheet.iter_rows())
    return [dict(zip(heads, row, strict=True)) for row in rows]


def everything_seen(anna: Actor) -> str:
    return "\n".join(words(message) for message in anna.messages)
