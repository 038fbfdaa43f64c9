"""The window: the updates that Telegram has given and that are not acknowledged yet.

Telegram gives at most a hundred from the oldest unacknowledged one on. One that is not acknowledged comes again after
the program has died, so that its screen is shown; but while it waits, the others may have to wait with it.
"""

import asyncio
from dataclasses import dataclass

from bot.receiving.replies import Reply
from handlers.many_messages import Fate

MOST_OF_FLOOD = 20
"""With more unacknowledged updates, those of one reply to many messages are not kept back until that is shown."""
CROWDED = 50
"""So many unacknowledged updates leave others little room: then none is kept back for longer than `MAX_HOLD_S`."""
MAX_HOLD_S = 2.0


@dataclass
class Entry:
    since: float
    """When the update came or was applied, by the event loop's clock."""
    reply: Reply | None = None
    """None until it is applied."""
    is_fetching: bool = False
    """Its file is being fetched."""


class Window:
    def __init__(self) -> None:
        self.offset = 0
        """The id of the first update that is not acknowledged."""
        self._entries: dict[int, Entry] = {}
        self._changed = asyncio.Event()

    def __contains__(self, update_id: object) -> bool:
        return update_id in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def receive(self, update_id: int) -> None:
        self._entries[update_id] = Entry(_now())

    def apply(self, reply: Reply) -> None:
        """The update was applied. It is acknowledged once its reply is settled."""
        self._entries[reply.update.update_id] = Entry(_now(), reply)
        self.change()

    def fetch(self, update_id: int) -> None:
        """The update will be applied later, once its file has come."""
        self._entries[update_id].is_fetching = True

    def lose(self, update_id: int) -> None:
        """The update could not be applied: Telegram gives it again."""
        self._entries.pop(update_id, None)
        self.change()

    def lose_unapplied(self) -> None:
        """All updates that are not applied could not be, but for those whose files are being fetched."""
        self._entries = {id_: entry for id_, entry in self._entries.items() if _is_under_way(entry)}
        self.change()

    def change(self) -> None:
        """Something was settled."""
        self._changed.set()

    async def settled(self, wanted: int | None = None, *, max_wait_s: float | None = None) -> None:
        """Moves the offset behind settled updates, until ``wanted`` more (None: all) are behind it. After all were
        applied it waits for ``max_wait_s`` at most; None means for ever."""
        ends: float | None = None
        moved = 0
        while True:
            self._changed.clear()
            moved += self._move()
            if not self._entries or (wanted is not None and moved >= wanted):
                return
            if ends is None and max_wait_s is not None and all(map(_is_under_way, self._entries.values())):
                ends = _now() + max_wait_s
            left = None if ends is None else ends - _now()
            if left is not None and left <= 0:
                return
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                return

    def _move(self) -> int:
        """Moves the offset as far as it goes; returns by how many updates."""
        moved = 0
        for update_id in sorted(self._entries):
            if not self._may_pass(self._entries[update_id]):
                break
            del self._entries[update_id]
            self.offset = max(self.offset, update_id + 1)
            moved += 1
        return moved

    def _may_pass(self, entry: Entry) -> bool:
        """Whether Telegram may forget an update."""
        reply = entry.reply
        if reply is None:
            return False
        if reply.settled or reply.fate is Fate.UNREAD:
            return True
        if reply.part_of is not None and len(self._entries) > MOST_OF_FLOOD:
            return True
        return len(self._entries) >= CROWDED and _now() - entry.since > MAX_HOLD_S


def _is_under_way(entry: Entry) -> bool:
    return entry.reply is not None or entry.is_fetching


def _now() -> float:
    return asyncio.get_running_loop().time()
