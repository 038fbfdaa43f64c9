"""Small groups whose answers wait in pools, and what somebody gets who has all backups and the key folder of today."""

import json
import random
from copy import deepcopy
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from models.feedback.pools import Pool, Pooled
from models.forms.forms import FormVersion
from models.people.settings import Field, Organisation
from tests.anonymity.attacker_data import LeakedData, Truth
from tests.anonymity.room import Answers, Profile, Room

MEMBERS = 12
PEOPLE = 4
"""The people of a group who answer, one after each meeting: fewer than the threshold."""
KEY = bytes(32)


class SmallGroup:
    """A group, its answers, and what leaks of its pool. The form is that of `worlds`."""

    def __init__(self, room: Room, version: FormVersion, chance: random.Random) -> None:
        self.room, self.version, self.chance = room, version, chance
        self.truth = Truth({}, {}, set())
        self.answers: dict[int, Answers] = {}

    async def play(self) -> tuple[LeakedData, Truth]:
        organisations, fields = list(Organisation), list(Field)
        profiles: list[Profile] = [
            (str(self.chance.choice(organisations)), str(self.chance.choice(fields))) for _ in range(MEMBERS)
        ]
        group, people = await self.room.group(MEMBERS, profiles)
        order = self.chance.sample(people, PEOPLE)
        self.truth.silent = set(people) - set(order)
        by_person = {person: (str(one), str(two)) for person, (one, two) in zip(people, profiles, strict=True)}
        leaked = LeakedData(self.room.engine.dialect.name, order, by_person, (), people)
        for person in order:
            self.answers[person] = self._answers(by_person[person])
            first, second, third, fourth = (self.answers[person][position] for position in range(1, 5))
            self.truth.vectors[person] = (first, second, third, tuple(fourth))
            run = await self.room.put(self.version, group, people)
            await self.room.stage(run, {person: self.answers[person]})
            await self.room.close(run)
            leaked.pool_states.append(await self._blobs(group))
        leaked.public = self.truth.mode
        for question in self.version.questions:
            if question.background is not None:
                of_option = {option.number: option.identity.partition("-")[2] for option in question.options}
                leaked.backgrounds[question.id] = of_option
        leaked.keys = [(name, self.room.keys.path(name).read_bytes()[:32]) for name in self.room.keys.names()]
        return leaked, self.truth

    def _answers(self, profile: tuple[str, str]) -> Answers:
        chance, questions = self.chance, self.version.questions
        several = list(chance.choice([(1, 2), (1, 2), (2,), (1, 2, 3)]))
        answers: Answers = {1: chance.choice([2, 3, 4, 4, 4, 5]), 2: chance.choice([3, 4, 4, 5])}
        answers |= {3: chance.choice([1, 1, 2, 3]), 4: several}
        for position, identity in ((5, f"organisation-{profile[0]}"), (6, f"field-{profile[1]}")):
            options = questions[position - 1].options
            answers[position] = next(option.number for option in options if option.identity == identity)
        return answers

    async def _blobs(self, group: int) -> list[bytes]:
        """The sealed content of the group's pool now, as a backup has it."""
        wanted = select(Pooled.blob).join(Pool, Pool.id == Pooled.pool_id)
        async with self.room.sessions() as session:
            return list((await session.execute(wanted.where(Pool.workgroup_id == group))).scalars())

    def keep_carelessly(self, leaked: LeakedData) -> LeakedData:
        """The same with whole ballots and one key for ever."""
        naive = deepcopy(leaked)
        naive.keys = [("pool", KEY)]
        ballots = [_ballot(self.version, self.answers[person]) for person in leaked.order]
        naive.pool_states = [list(map(_sealed, ballots[: number + 1])) for number in range(len(ballots))]
        return naive


def _ballot(version: FormVersion, answers: Answers) -> dict[str, Any]:
    questions = version.questions
    return {
        str(questions[position - 1].id): [value] if questions[position - 1].has_options and position != 4 else value
        for position, value in answers.items()
    }


def _sealed(content: dict[str, Any]) -> bytes:
    return bytes(12) + AESGCM(KEY).encrypt(bytes(12), json.dumps(content).encode(), b"pool")
