"""Who answered in a year, by background, in the finest groups that no release has merged.

Each release has merged its own small backgrounds. Backgrounds that stand together in one release stand together here:
every group is a sum of whole released cells, so that nothing more can be told from it than from them.
"""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.releases import Cell, Figure, Release
from models.forms.forms import UNTOLD, Option, Question
from models.results.aggregates import Label, Segment

Ids = Select[int]
"""The ids of releases, as a query: a year may have more of them than a statement may have parameters."""
CellCount = tuple[frozenset[str], int]
"""A released group: the identities of its options (`NOBODYS` among them), and how many people."""
NOBODYS = ""
"""Stands for those who did not answer, in place of an option's identity."""


@dataclass(frozen=True)
class People:
    """Respondents by one background question."""

    groups: tuple[Segment, ...]
    releases: tuple[int, ...]
    unparted: int


async def backgrounds(session: AsyncSession, ids: Ids) -> dict[str, People]:
    """The respondents of some releases, by the identity of each background question that was asked."""
    asked = await _questions_by_release(session, ids)
    words, cells = await _words(session, asked), await _cells(session, ids)
    by_identity = {}
    for identity, release_of in asked.items():
        cells_by_release = {
            release_id: cells[release_id, question_id] for release_id, question_id in release_of.items()
        }
        with_cells = {
            release_id: release_cells for release_id, release_cells in cells_by_release.items() if release_cells
        }
        groups = _groups([cell for release_cells in with_cells.values() for cell in release_cells], words[identity])
        shown = tuple(sorted(with_cells)) if groups else ()
        by_identity[identity] = People(groups, shown, unparted=len(cells_by_release) - len(shown))
    return by_identity


async def _questions_by_release(session: AsyncSession, ids: Ids) -> dict[str, dict[int, int]]:
    """By identity of the question: the releases with figures whose forms ask it, and the question's id there."""
    wanted = (
        select(Question.identity, Release.id, Question.id)
        .join(Release, Release.form_version_id == Question.form_version_id)
        .where(Question.background.is_not(None), Release.id.in_(ids))
        .where(select(Figure.release_id).where(Figure.release_id == Release.id).exists())
    )
    question_ids: dict[str, dict[int, int]] = defaultdict(dict)
    for identity, release_id, question_id in await session.execute(wanted):
        question_ids[identity][release_id] = question_id
    return question_ids


async def _words(session: AsyncSession, asked: dict[str, dict[int, int]]) -> dict[str, dict[str, Label]]:
    """The options by question, those of the newest version first."""
    of = {question_id: identity for identity, by_release in asked.items() for question_id in by_release.values()}
    wanted = select(Option).where(Option.question_id.in_(of)).order_by(Option.question_id.desc(), Option.number)
    labels: dict[str, dict[str, Label]] = defaultdict(dict)
    for option in (await session.execute(wanted)).scalars():
        labels[of[option.question_id]].setdefault(option.identity, Label(option.identity, option.text))
    return labels


async def _cells(session: AsyncSession, ids: Ids) -> dict[tuple[int, int], list[CellCount]]:
    """By release and question."""
    wanted = select(Cell.release_id, Cell.question_id, Cell.backgrounds, Cell.n).where(Cell.release_id.in_(ids))
    cells = (await session.execute(wanted)).all()
    numbered = select(Option.question_id, Option.number, Option.identity)
    numbered = numbered.where(Option.question_id.in_({question_id for _, question_id, _, _ in cells}))
    names = {(question_id, number): identity for question_id, number, identity in await session.execute(numbered)}
    by_key: dict[tuple[int, int], list[CellCount]] = defaultdict(list)
    for release_id, question_id, backgrounds, n in cells:
        identities = frozenset(NOBODYS if value == UNTOLD else names[question_id, value] for value in backgrounds)
        by_key[release_id, question_id].append((identities, n))
    return by_key


def _groups(cells: list[CellCount], words: dict[str, Label]) -> tuple[Segment, ...]:
    """Groups merged until none separates what another has merged; empty if only one group would be left."""
    together: list[CellCount] = []
    for identities, n in cells:
        touching = [cell for cell in together if cell[0] & identities]
        together = [cell for cell in together if not cell[0] & identities]
        together.append((identities.union(*(cell[0] for cell in touching)), n + sum(cell[1] for cell in touching)))
    if len(together) < 2:
        return ()
    order = {identity: place for place, identity in enumerate([*words, NOBODYS])}
    groups = [
        Segment(
            backgrounds=tuple(
                words[background] for background in sorted(identities - {NOBODYS}, key=order.__getitem__)
            ),
            untold=NOBODYS in identities,
            n=n,
        )
        for identities, n in together
    ]
    return tuple(sorted(groups, key=lambda group: (len(group.backgrounds) + group.untold > 1, _place(group, order))))


def _place(group: Segment, order: dict[str, int]) -> tuple[int, int]:
    """Sorts the largest group first, and equal ones as on the form."""
    return -group.n, order[group.backgrounds[0].identity] if group.backgrounds else order[NOBODYS]
