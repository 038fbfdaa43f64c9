"""Themes: names that a group's coordinators give to subjects of released open answers, whose writers are not known."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, insert_new
from models.errors import NotFound, Refused
from models.forms.forms import Question
from models.people import access
from models.people.names import in_order
from models.people.people import Person, parse_title
from models.results import highlights

NAME_LENGTH = 40
MOST = 40
"""The largest number of themes of one question: each is a button."""


class Theme(Base):
    """A theme of the open answers to one question, over a group's forms and years."""

    __tablename__ = "theme"
    __table_args__ = (UniqueConstraint("workgroup_id", "identity", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"))
    identity: Mapped[str]
    """The question's identity."""
    name: Mapped[str]


class Mention(Base):
    """A text mentions a theme."""

    __tablename__ = "mention"

    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id", ondelete="CASCADE"), primary_key=True)
    open_answer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("open_answer.id"), primary_key=True)


@dataclass(frozen=True)
class ThemeCount:
    """A theme with the number of texts that mention it. Equal counts have the same rank."""

    theme: Theme
    mentions: int
    rank: int | None
    """1 for the most mentioned theme; None if no text mentions the theme."""


@dataclass(frozen=True)
class ThemeTable:
    """The themes of a set of texts, most mentioned first."""

    rows: tuple[ThemeCount, ...]
    texts: int
    coded: int
    """The number of texts that mention at least one theme."""


async def of_question(session: AsyncSession, group_id: int, identity: str) -> list[Theme]:
    """A question's themes in a group, by name."""
    wanted = select(Theme).where(Theme.workgroup_id == group_id, Theme.identity == identity)
    themes = (await session.execute(wanted)).scalars()
    return sorted(themes, key=lambda theme: (in_order(theme.name), theme.id))


async def mentioned(session: AsyncSession, answer_ids: Sequence[int]) -> dict[int, set[int]]:
    """The ids of the themes that each text mentions."""
    theme_ids: dict[int, set[int]] = defaultdict(set)
    for chunk in (answer_ids[at : at + 500] for at in range(0, len(answer_ids), 500)):
        rows = await session.execute(
            select(Mention.open_answer_id, Mention.theme_id).where(Mention.open_answer_id.in_(chunk))
        )
        for answer_id, theme_id in rows:
            theme_ids[answer_id].add(theme_id)
    return theme_ids


async def table(session: AsyncSession, group_id: int, identity: str, answer_ids: Sequence[int]) -> ThemeTable:
    """The number of mentions of each theme in these texts, with ranks."""
    by_text = await mentioned(session, answer_ids)
    counts = Counter(theme_id for themes in by_text.values() for theme_id in themes)
    themes = await of_question(session, group_id, identity)
    rows = [
        ThemeCount(theme, counts[theme.id], 1 + sum(counts[other.id] > counts[theme.id] for other in themes))
        if counts[theme.id]
        else ThemeCount(theme, 0, None)
        for theme in themes
    ]
    coded = sum(1 for theme_ids in by_text.values() if theme_ids)
    return ThemeTable(tuple(sorted(rows, key=lambda row: -row.mentions)), len(answer_ids), coded)


async def access_theme(session: AsyncSession, person: Person, theme_id: int) -> Theme:
    """The theme, for its group's coordinators. Raises NotFound for others."""
    theme = await session.get(Theme, theme_id)
    mine = await access.coordinated_groups(session, person, archived_too=True)
    if theme is None or theme.workgroup_id not in {group.id for group in mine}:
        raise NotFound
    return theme


async def put(session: AsyncSession, person: Person, theme_id: int, answer_id: int, *, on: bool) -> None:
    """Records that a text mentions a theme, or with ``on`` False deletes the record.

    Raises NotFound if the text answers another question or is of another group.
    """
    theme = await access_theme(session, person, theme_id)
    answer, release = await highlights.access_open_answer(session, person, answer_id)
    question = await session.get_one(Question, answer.question_id)
    if (release.workgroup_id, question.identity) != (theme.workgroup_id, theme.identity):
        raise NotFound
    if on:
        await insert_new(session, Mention, [{"theme_id": theme.id, "open_answer_id": answer.id}])
        return
    await session.execute(delete(Mention).where(Mention.theme_id == theme.id, Mention.open_answer_id == answer.id))


async def add(session: AsyncSession, group_id: int, identity: str, typed: str) -> Theme:
    """Adds a theme and returns it; returns the existing one if the names differ at most in capitals.

    Raises Refused if the name has no letter or digit or is too long, or if there are `MOST` themes.
    """
    name = parse_title(typed, NAME_LENGTH)
    known = await of_question(session, group_id, identity)
    for theme in known:
        if theme.name.casefold() == name.casefold():
            return theme
    if len(known) >= MOST:
        raise Refused("themes-too-many", most=MOST)
    await insert_new(session, Theme, [{"workgroup_id": group_id, "identity": identity, "name": name}])
    wanted = select(Theme).where(Theme.workgroup_id == group_id, Theme.identity == identity, Theme.name == name)
    return (await session.execute(wanted)).scalar_one()


async def rename(session: AsyncSession, person: Person, theme_id: int, typed: str) -> Theme:
    """Renames a theme; its mentions stay. Raises Refused if another theme has the name."""
    theme, name = await access_theme(session, person, theme_id), parse_title(typed, NAME_LENGTH)
    for other in await of_question(session, theme.workgroup_id, theme.identity):
        if other.id != theme.id and other.name.casefold() == name.casefold():
            raise Refused("theme-name-taken", name=other.name)
    theme.name = name
    await session.flush()
    return theme


async def mentions(session: AsyncSession, theme: Theme) -> int:
    """The number of texts that mention a theme, over all forms and years."""
    return await session.scalar(select(func.count()).where(Mention.theme_id == theme.id)) or 0


async def remove(session: AsyncSession, person: Person, theme_id: int) -> None:
    """Deletes a theme and its mentions."""
    theme = await access_theme(session, person, theme_id)
    await session.execute(delete(Theme).where(Theme.id == theme.id))
