"""Checks with linear algebra that released figures reveal nothing about fewer people than the threshold.

The checker knows everybody's answers and which of them each release contains. Every released number is a sum over the
answers of some people. No combination of sums (by adding and subtracting) may depend only on the answers of fewer
people than the threshold.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update

from bot import db
from models.base import Base
from models.feedback import answers
from models.feedback.answers import StoredEntry
from models.feedback.pools import Pool, Waits
from models.feedback.releases import Cell, CellFigure, Figure, OpenAnswer, OptionCount, Release, spread_from
from models.feedback.runs import Participation, Run, Staged
from models.feedback.sealing import Keyring
from models.forms import forms
from models.forms.forms import DONT_KNOW, UNTOLD, FormVersion, Question
from models.forms.items import Background, Choice, Item, QuestionKind
from models.months import Month
from models.people.people import Person
from models.periods import Scope
from models.policy import Policy
from models.privacy import evidence, evidence_figures
from models.reports import statements
from models.results.aggregates import aggregate_of
from tests.anonymity.room import Room

Unit = tuple[int, int]
"""(run id, person id): one person's answers to one run."""
Values = dict[str, Any]
"""By the identity of the question."""

HOUSES = tuple(Choice(identity=f"house-{number}") for number in range(3))
FIELDS = tuple(Choice(identity=f"field-{number}") for number in range(2))
TICKS = tuple(Choice(identity=f"tick-{number}") for number in range(3))


def items(statements: Iterable[str]) -> list[Item]:
    """Returns the items of a form with these statements and the same other questions each time."""
    return [
        *(Item(QuestionKind.SCALE, identity=identity, low=1, high=4, dont_know=True) for identity in statements),
        Item(QuestionKind.SEVERAL, identity="ticks", choices=TICKS),
        Item(QuestionKind.YES_NO, identity="yes", choices=HOUSES[:2]),
        Item(QuestionKind.SINGLE, identity="house", choices=HOUSES, background=Background.ORGANISATION),
        Item(QuestionKind.SINGLE, identity="field", choices=FIELDS, background=Background.FIELD),
        Item(QuestionKind.OPEN, identity="open"),
    ]


@dataclass(frozen=True)
class Sum:
    """A released number: the units that it is summed over, and the weight of each answer value."""

    units: frozenset[Unit]
    weights: tuple[tuple[Any, int], ...]


@dataclass
class Watch:
    """A group, everybody's true answers, and the releases so far."""

    room: Room
    group: int
    people: list[int]
    version: FormVersion
    truth: dict[Unit, Values] = field(default_factory=dict)
    pooled: dict[Waits, list[Unit]] = field(default_factory=lambda: defaultdict(list))
    of_release: dict[int, list[Unit]] = field(default_factory=dict)
    known: set[Unit] = field(default_factory=set)
    """Units that were answered by name."""
    few_people: int = 0
    """Number of releases of pools with enough answers but with fewer people than the threshold."""
    opened: int = 0
    views: int = 0

    async def run(self, submissions: dict[int, Values], *, threshold: int, named: bool, gone: Sequence[int]) -> None:
        """Opens a form for all, stores the submissions, erases the people in ``gone``, closes it, and checks all."""
        version = self.version
        if named != version.named:
            async with self.room.sessions() as session:
                newest = await forms.version(session, version.id)
            written = [forms.written(question) for question in newest.questions]
            version = self.version = await self.room.form(written, of=version.form_id, named=named)
        run = await self.room.put(version, self.group, self.people, threshold=threshold)
        async with self.room.sessions() as session:
            questions = await forms.questions(session, version.id)
        for person, values in submissions.items():
            await self._stage(run, person, questions, values)
        for person in gone:
            await self.erase(person)
        counted = {
            (run, person): values
            for person, values in submissions.items()
            if person not in gone and any(values.get(q.identity) for q in questions if q.background is None)
        }
        self.truth.update(counted)
        before = set(self.of_release)
        await self.room.close(run)
        await self._follow(run, list(counted), threshold, named, before)
        await self._look()

    async def erase(self, person: int) -> None:
        async with self.room.sessions.begin() as session:
            await session.execute(delete(Person).where(Person.id == person))
        self.people.remove(person)

    async def _stage(self, run: int, person: int, questions: Sequence[Question], values: Values) -> None:
        """Stores one person's answers encrypted, as the functions of models do."""
        stored: dict[str, StoredEntry] = {}
        for question in questions:
            value = values.get(question.identity)
            if question.kind is QuestionKind.SEVERAL:
                stored |= {f"{question.id}.{option}": StoredEntry(True, 1, 1) for option in value or ()}
            elif value:
                stored[str(question.id)] = StoredEntry(value, 1, 1)
        if not stored:
            return
        size = forms.submission_bytes(list(questions))
        async with self.room.sessions.begin() as session:
            key = await session.scalar(select(Run.key).where(Run.id == run)) or ""
            blob = self.room.keys.seal(key, answers.to_json(stored), size=size)
            session.add(Staged(run_id=run, person_id=person, blob=blob))
            theirs = Participation.run_id == run, Participation.person_id == person
            await session.execute(update(Participation).where(*theirs).values(finished=True))

    async def _follow(self, run: int, units: list[Unit], threshold: int, named: bool, before: set[int]) -> None:
        """Finds the units of each new release from the rules, not from stored data."""
        if named:
            self.known |= set(units)
        async with self.room.sessions() as session:
            new = (
                (await session.execute(select(Release).where(Release.id.not_in(before)).order_by(Release.id)))
                .scalars()
                .all()
            )
            pools = {pool.id: pool for pool in (await session.execute(select(Pool))).scalars()}
        if units and len(units) < threshold and not named:
            self.pooled[Waits.ANSWERS] += units
        for release in new:
            if release.run_id is not None:
                units_of_release = units
            else:
                kind = pools[release.pool_id or 0].kind
                units_of_release, self.pooled[kind] = self.pooled[kind], []
                self.opened += 1
                self.few_people += len({person for _, person in units_of_release}) < release.threshold
            assert release.answered == len(units_of_release) >= release.threshold
            self.of_release[release.id] = units_of_release
            is_texts = release.pool_id is not None and pools[release.pool_id].kind is Waits.TEXTS
            writes = any(self.truth[unit].get("open") for unit in units_of_release)
            if not is_texts and len(units_of_release) < spread_from(release.threshold) and writes and not named:
                self.pooled[Waits.TEXTS] += units_of_release
        assert (len(units) >= threshold) == any(release.run_id == run for release in new)

    async def _look(self) -> None:
        """Checks everything that any reader can see now."""
        async with self.room.sessions() as session:
            for finding in (*await evidence.all_of(session), *await evidence_figures.all_of(session)):
                assert finding.good, finding.text
            releases = {row.id: row for row in (await session.execute(select(Release))).scalars()}
            shown = await self._sums(session)
            await self._texts(session, releases)
            await self._views(session, list(releases.values()))
        least = min((release.threshold for release in releases.values()), default=0)
        for sums in shown.values():
            assert not small_sets(sums, least), sums

    async def _sums(self, session: Any) -> dict[str, list[Sum]]:
        """Returns the released sums by question identity; each number is checked against the true answers."""
        named = {question.id: question for question in (await session.execute(select(Question))).scalars()}
        sums: dict[str, list[Sum]] = defaultdict(list)
        scale = (*range(1, 5),)

        def add(question: Question, units: Iterable[Unit], weights: dict[Any, int], released: int) -> None:
            counted = frozenset(units)
            assert released == sum(weights.get(value, 0) for unit in counted for value in self._said(unit, question)), (
                question.identity
            )
            sums[question.identity].append(Sum(counted - self.known, tuple(weights.items())))

        for figure in (await session.execute(select(Figure))).scalars():
            question, units = named[figure.question_id], self.of_release[figure.release_id]
            if figure.n is not None and question.kind is not QuestionKind.SEVERAL:
                add(question, units, dict.fromkeys(scale, 1), figure.n)
            if figure.total is not None:
                add(question, units, {value: value for value in scale}, figure.total)
        for count in (await session.execute(select(OptionCount))).scalars():
            add(named[count.question_id], self.of_release[count.release_id], {count.value: 1}, count.chosen)
        cells = {}
        for cell in (await session.execute(select(Cell))).scalars():
            question = named[cell.question_id]
            theirs = [
                u
                for u in self.of_release[cell.release_id]
                if (self.truth[u].get(question.identity) or UNTOLD) in cell.backgrounds
            ]
            assert len(theirs) == cell.n
            cells[cell.release_id, cell.question_id, cell.number] = theirs
        for part in (await session.execute(select(CellFigure))).scalars():
            theirs = cells[part.release_id, part.background_id, part.number]
            add(named[part.question_id], theirs, dict.fromkeys(scale, 1), part.n)
            add(named[part.question_id], theirs, {value: value for value in scale}, part.total)
        return sums

    def _said(self, unit: Unit, question: Question) -> Sequence[Any]:
        value = self.truth[unit].get(question.identity)
        return value if isinstance(value, list) else [value] if value else []

    async def _texts(self, session: Any, releases: dict[int, Release]) -> None:
        """Checks that a release holds exactly the texts of its units, and that the units are enough for texts."""
        texts_of_release: dict[int, list[str]] = defaultdict(list)
        for answer in (await session.execute(select(OpenAnswer))).scalars():
            texts_of_release[answer.release_id].append(answer.text)
        for release_id, texts in texts_of_release.items():
            units = self.of_release[release_id]
            assert len(units) >= spread_from(releases[release_id].threshold)
            assert sorted(texts) == sorted(text for unit in units if (text := self.truth[unit].get("open")))

    async def _views(self, session: Any, releases: list[Release]) -> None:
        """Checks that means over several releases, as in a digest, contain only whole releases."""
        for chosen in (releases, releases[-2:], releases[:-1]):
            self._is_of_whole_releases(
                ((r.words.identity, r.mean) for r in (await aggregate_of(session, chosen)).results), chosen
            )
        month = Month.of(self.room.now, Policy().zone)
        for scope in (
            Scope(month, ZoneInfo("Europe/Helsinki"), None),
            Scope(month, ZoneInfo("Europe/Helsinki"), [self.group]),
        ):
            within = [release for release in releases if scope.first <= release.released_at < scope.after]
            shown = await statements.statements(session, scope)
            self._is_of_whole_releases(((statement.identity, statement.mean) for statement in shown), within)

    def _is_of_whole_releases(self, means: Iterable[tuple[str, Any]], releases: Sequence[Release]) -> None:
        for identity, mean in means:
            if mean is None:
                continue
            self.views += 1
            each = [_told(self._values(release, identity)) for release in releases if release.id in self.of_release]
            whole = [part for part in each if part[0]]
            assert any(
                (sum(n for n, _ in subset), sum(total for _, total in subset)) == (mean.n, mean.total)
                for size in range(1, len(whole) + 1)
                for subset in combinations(whole, size)
            ), (identity, mean, whole)

    def _values(self, release: Release, identity: str) -> list[int]:
        return [
            value
            for unit in self.of_release[release.id]
            if (value := self.truth[unit].get(identity)) and value != DONT_KNOW
        ]


def _told(values: Sequence[int]) -> tuple[int, int]:
    return len(values), sum(values)


def small_sets(sums: Sequence[Sum], threshold: int) -> list[frozenset[Unit]]:
    """Returns sets of fewer units than the threshold about which the sums reveal something."""
    atoms: dict[tuple[bool, ...], set[Unit]] = defaultdict(set)
    for unit in frozenset().union(*(released.units for released in sums)) if sums else ():
        atoms[tuple(unit in released.units for released in sums)].add(unit)
    alike = list(atoms.values())
    columns = [
        (number, value)
        for number in range(len(alike))
        for value in sorted({v for released in sums for v, _ in released.weights})
    ]
    rows = [
        [dict(released.weights).get(value, 0) * (alike[number] <= released.units) for number, value in columns]
        for released in sums
    ]
    whole, isolated = rank(rows), []
    for union in _unions([len(atom) for atom in alike], threshold):
        outside = [
            [cell for cell, (number, _) in zip(row, columns, strict=True) if number not in union] for row in rows
        ]
        if rank(outside) < whole:
            isolated.append(frozenset().union(*(alike[number] for number in union)))
    return isolated


def _unions(sizes: Sequence[int], threshold: int) -> Iterator[tuple[int, ...]]:
    """Yields the combinations of atoms that together have fewer units than the threshold."""
    small = [number for number, size in enumerate(sizes) if size < threshold]
    for size in range(1, min(len(small), threshold) + 1):
        yield from (union for union in combinations(small, size) if sum(sizes[number] for number in union) < threshold)


def rank(rows: Sequence[Sequence[int]]) -> int:
    """Returns the rank of a matrix, computed with fractions."""
    left, pivots = [[Fraction(cell) for cell in row] for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((number for number in range(pivots, len(left)) if left[number][column]), None)
        if pivot is None:
            continue
        left[pivots], left[pivot] = left[pivot], left[pivots]
        for number in range(pivots + 1, len(left)):
            if factor := left[number][column] / left[pivots][column]:
                left[number] = [cell - factor * other for cell, other in zip(left[number], left[pivots], strict=True)]
        pivots += 1
    return pivots


async def watched(steps: Sequence[Any]) -> Watch:
    """Plays the steps on a new SQLite database; returns the watch at the end."""
    with tempfile.TemporaryDirectory(prefix="views-") as folder:
        engine = db.make_engine(f"sqlite+aiosqlite:///{folder}/koolla.db")
        try:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            room = Room(engine, Keyring(Path(folder) / "keys"), Policy())
            group, people = await room.group(14)
            watch = Watch(room, group, people, await room.form(items(["one", "two"])))
            for step in steps:
                await step(watch)
                room.now += timedelta(days=4)
            return watch
        finally:
            await engine.dispose()
