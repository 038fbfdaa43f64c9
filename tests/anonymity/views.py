"""Checks with linear algebra that released figures reveal nothing about fewer people than the threshold.

The checker knows everybody's answers and which of them each release contains. Every released number is a sum over the
answers of some people. No combination of sums (by adding and subtracting) may depend only on the answers of fewer
people than the threshold.
"""

import tempfile
from collections import Counter, defaultdict
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
from models.feedback.pools import Pool, PoolKind
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


STATEMENTS = ("one", "two", "three")
IDENTITIES = {PoolKind.ANSWERS: (*STATEMENTS, "ticks", "yes"), PoolKind.TEXTS: ("open",)}
ALL_IDENTITIES = (*STATEMENTS, "ticks", "yes", "house", "field", "open")
"""The identities of the questions."""


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
class WaitingUnits:
    """What a pool should hold, by the identity of the question."""

    threshold: int = 0
    answered: int = 0
    units: dict[str, list[Unit]] = field(default_factory=lambda: defaultdict(list))
    crowd: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


@dataclass
class Watch:
    """A group, everybody's true answers, and the releases so far."""

    room: Room
    group: int
    people: list[int]
    version: FormVersion
    truth: dict[Unit, Values] = field(default_factory=dict)
    waiting: dict[PoolKind, WaitingUnits] = field(default_factory=lambda: defaultdict(WaitingUnits))
    of_release: dict[int, dict[str, list[Unit]]] = field(default_factory=dict)
    """By release id and the identity of the question."""
    known: set[Unit] = field(default_factory=set)
    """Units that were answered by name."""
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
            (run, person): {question.identity: values.get(question.identity) for question in questions}
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
            wanted = select(Release).where(Release.id.not_in(before)).order_by(Release.id)
            new = {release.pool_id: release for release in (await session.execute(wanted)).scalars()}
            kinds = {pool.kind: pool.id for pool in (await session.execute(select(Pool))).scalars() if pool.id in new}
        own = new.pop(None, None)
        assert (own is not None) == (len(units) >= threshold)
        if own is not None:
            assert own.answered == own.people == len(units)
            self.of_release[own.id] = dict.fromkeys(ALL_IDENTITIES, units)
        for kind in PoolKind if not named else ():
            limit = threshold if kind is PoolKind.ANSWERS else spread_from(threshold)
            ready = self._gather(kind, units, threshold) if len(units) < limit else {}
            assert bool(ready) == (kind in kinds), (kind, ready)
            if ready:
                self._follow_pool(kind, new[kinds[kind]], ready)

    def _gather(self, kind: PoolKind, units: list[Unit], threshold: int) -> dict[str, list[Unit]]:
        """Adds units to a pool. Returns those that it should release now, by the identity of the question."""
        identities = IDENTITIES[kind]
        given = {identity: [unit for unit in units if self.truth[unit].get(identity)] for identity in identities}
        pool = self.waiting[kind]
        pool.threshold, pool.answered = max(pool.threshold, threshold), pool.answered + len(units)
        if not any(given.values()):
            return {}
        for identity in identities:
            pool.units[identity] += given[identity]
            if given[identity]:
                crowd = units if kind is PoolKind.TEXTS else given[identity]
                pool.crowd[identity] |= {person for _, person in crowd}
        return {identity: pool.units[identity] for identity in identities if self._is_ready(kind, identity)}

    def _is_ready(self, kind: PoolKind, identity: str) -> bool:
        pool = self.waiting[kind]
        twice = spread_from(pool.threshold)
        people = Counter(unit[1] for unit in pool.units[identity] if self.truth[unit][identity] != DONT_KNOW)
        needed = pool.threshold if kind is PoolKind.TEXTS or identity in STATEMENTS else twice
        is_mixed = 2 * max(people.values(), default=0) <= people.total()
        return len(people) >= needed and is_mixed and (kind is PoolKind.ANSWERS or len(pool.crowd[identity]) >= twice)

    def _follow_pool(self, kind: PoolKind, release: Release, ready: dict[str, list[Unit]]) -> None:
        pool = self.waiting[kind]
        assert release.people == len(set().union(*(pool.crowd[identity] for identity in ready))) >= release.threshold
        assert release.answered == max(pool.answered, *map(len, ready.values()))
        assert release.threshold == pool.threshold
        self.of_release[release.id] = ready
        self.opened += 1
        left = {identity: units for identity, units in pool.units.items() if units and identity not in ready}
        self.waiting[kind] = WaitingUnits()
        for identity, units in left.items():
            self.waiting[kind].threshold = pool.threshold
            self.waiting[kind].units[identity] = units
            self.waiting[kind].crowd[identity] = pool.crowd[identity]

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
            question = named[figure.question_id]
            units = self._units(figure.release_id, question)
            if figure.n is not None and question.kind is not QuestionKind.SEVERAL:
                add(question, units, dict.fromkeys(scale, 1), figure.n)
            if figure.total is not None:
                add(question, units, {value: value for value in scale}, figure.total)
        for count in (await session.execute(select(OptionCount))).scalars():
            question = named[count.question_id]
            add(question, self._units(count.release_id, question), {count.value: 1}, count.chosen)
        cells = {}
        for cell in (await session.execute(select(Cell))).scalars():
            question = named[cell.question_id]
            theirs = [
                u
                for u in self._units(cell.release_id, question)
                if (self.truth[u].get(question.identity) or UNTOLD) in cell.backgrounds
            ]
            assert len(theirs) == cell.n
            cells[cell.release_id, cell.question_id, cell.number] = theirs
        for part in (await session.execute(select(CellFigure))).scalars():
            theirs = cells[part.release_id, part.background_id, part.number]
            add(named[part.question_id], theirs, dict.fromkeys(scale, 1), part.n)
            add(named[part.question_id], theirs, {value: value for value in scale}, part.total)
        return sums

    def _units(self, release_id: int, question: Question) -> list[Unit]:
        """The units whose answers to a question a release has."""
        return self.of_release[release_id].get(question.identity, [])

    def _said(self, unit: Unit, question: Question) -> Sequence[Any]:
        value = self.truth[unit].get(question.identity)
        return value if isinstance(value, list) else [value] if value else []

    async def _texts(self, session: Any, releases: dict[int, Release]) -> None:
        """Checks that a release holds exactly the texts of its units, and that the units are enough for texts."""
        texts_of_release: dict[int, list[str]] = defaultdict(list)
        for answer in (await session.execute(select(OpenAnswer))).scalars():
            texts_of_release[answer.release_id].append(answer.text)
        for release_id, texts in texts_of_release.items():
            units = self.of_release[release_id]["open"]
            assert (releases[release_id].people or 0) >= spread_from(releases[release_id].threshold)
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
            for unit in self.of_release[release.id].get(identity, [])
            if (value := self.truth[unit].get(identity)) and value != DONT_KNOW
        ]


def _told(values: Sequence[int]) -> tuple[int, int]:
    return len(values), sum(values)


def small_sets(sums: Sequence[Sum], threshold: int) -> list[frozenset[Unit]]:
    """Returns sets of units of fewer people than the threshold about which the sums reveal something."""
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
    for union in _unions([frozenset(person for _, person in atom) for atom in alike], threshold):
        outside = [
            [cell for cell, (number, _) in zip(row, columns, strict=True) if number not in union] for row in rows
        ]
        if rank(outside) < whole:
            isolated.append(frozenset().union(*(alike[number] for number in union)))
    return isolated


def _unions(people: Sequence[frozenset[int]], threshold: int, first: int = 0) -> Iterator[tuple[int, ...]]:
    """Yields the combinations of atoms, given with their people, that together have fewer people than the threshold."""
    for number in range(first, len(people)):
        if len(people[number]) >= threshold:
            continue
        yield (number,)
        together = [them | people[number] for them in people]
        yield from ((number, *rest) for rest in _unions(together, threshold, number + 1))


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
