"""A cache of the questions of form versions: every tap on a form reads them, and a version never changes."""

from weakref import WeakKeyDictionary

from sqlalchemy import Engine, bindparam, event, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.forms.forms import Option, Question

Versions = dict[int, list[Question]]

_CACHES: WeakKeyDictionary[Engine, Versions] = WeakKeyDictionary()

_QUESTIONS = (
    select(Question.__table__)
    .where(Question.form_version_id == bindparam("version_id"))
    .order_by(Question.__table__.c.position)
)
_OPTIONS = (
    select(Option.__table__)
    .join(Question.__table__, Question.__table__.c.id == Option.__table__.c.question_id)
    .where(Question.form_version_id == bindparam("version_id"))
    .order_by(Option.__table__.c.question_id, Option.__table__.c.number)
)


async def questions(session: AsyncSession, form_version_id: int) -> list[Question]:
    """The questions of a version in order, with their options. They belong to no session and are shared: read only."""
    cached = _cache(session.get_bind().engine)
    if form_version_id not in cached:
        cached[form_version_id] = await _read(session, form_version_id)
    return cached[form_version_id]


def _cache(engine: Engine) -> Versions:
    """The cache of one database. Every rollback empties it: the transaction that wrote a version may have read it here
    before it was rolled back, and the version's id is then given to another."""
    if engine not in _CACHES:
        cached = _CACHES[engine] = {}
        event.listen(engine, "rollback", lambda _connection: cached.clear())
        event.listen(engine, "rollback_savepoint", lambda _connection, _name, _context: cached.clear())
    return _CACHES[engine]


async def _read(session: AsyncSession, form_version_id: int) -> list[Question]:
    """Reads rows, not entities: the objects must not be attached to the session."""
    wanted = {"version_id": form_version_id}
    rows = await session.execute(_QUESTIONS, wanted)
    by_id = {row["id"]: Question(**row, options=[]) for row in rows.mappings()}
    for row in (await session.execute(_OPTIONS, wanted)).mappings():
        by_id[row["question_id"]].options.append(Option(**row))
    return list(by_id.values())
