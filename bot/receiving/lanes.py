"""Lanes: the replies that wait to be shown, one lane for each person.

Telegram takes one message a second to a chat. What a person waits for keeps nobody else waiting: taps are answered at
once, and of many messages of one person all replies but the last are left out, with a tally of what was done.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import structlog
from markupsafe import Markup

from bot.receiving.replies import Replies, Reply, Shared
from handlers.many_messages import Fate, Tally
from handlers.screen import Screen
from handlers.texts import texts

log = structlog.get_logger()

MANY = 5
"""The most replies of one kind that a person is sent one by one."""
MAX_DRAIN_WAIT_S = 2.0
"""Seconds for which one reply to many messages waits for further messages that Telegram holds already."""


class ManyReplies(Shared):
    """The one reply to many messages: a tally, and the newest screen."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._newest: Reply | None = None
        self._screen: Screen | None = None

    def add(self, reply: Reply) -> None:
        self._tally.add(reply.fate, reply.refusal)
        if reply.screen.text:
            menu = self._screen.menu if self._screen else None
            # A new message, though the screen alone would edit one: the tally is read at the end of the chat.
            self._screen = replace(
                reply.screen, menu=menu if reply.screen.menu is None else reply.screen.menu, edits=None
            )
        self._newest, reply.part_of = reply, self

    def reply(self) -> Reply:
        """The reply to the newest message, with the tally."""
        assert self._newest is not None
        text = self._tally.text(texts(self._newest.language))
        screen = self._screen or Screen(Markup(""))
        return replace(
            self._newest, screen=replace(screen, text=Markup("\n\n").join(filter(None, [text, screen.text])))
        )


class Lane:
    """One person's replies."""

    def __init__(self, replies: Replies, changed: Callable[[], None], drained: asyncio.Event) -> None:
        self._replies, self._changed, self._drained = replies, changed, drained
        self._waiting: deque[Reply | ManyReplies] = deque()
        self._tidying: list[Reply] = []
        """Those after which answers are taken out of the chat, also if the reply itself is left out."""
        self._answering: set[asyncio.Task[None]] = set()
        self._showing: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """How many replies and answers to taps wait or are under way."""
        return len(self._waiting) + len(self.tasks)

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What is under way."""
        return [*self._answering, *([self._showing] if self._showing else [])]

    def add(self, replies: list[Reply]) -> None:
        """Adds replies in the order of their updates, and starts to show them."""
        for reply in replies:
            if not reply.answered:
                task = asyncio.create_task(self._answer(reply))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
            if not reply.shown:
                self._waiting.append(reply)
            if reply.screen.tidies:
                self._tidying.append(reply)
        self._keep_last_edits()
        self._keep_last_sent_by_taps()
        self._merge_messages()
        if (self._waiting or self._tidying) and self._showing is None:
            self._showing = asyncio.create_task(self._show_all())

    def _single(self) -> list[Reply]:
        return [reply for reply in self._waiting if isinstance(reply, Reply)]

    def _drop(self, dropped: list[Reply]) -> None:
        """Leaves screens out that a later one replaces."""
        for reply in dropped:
            reply.shown = True
            self._waiting.remove(reply)

    def _keep_last_edits(self) -> None:
        """Of several screens for one message only the last is put there."""
        edits = [reply for reply in self._single() if reply.edits is not None]
        last = {reply.edits: reply for reply in edits}
        self._drop([reply for reply in edits if last[reply.edits] is not reply])

    def _keep_last_sent_by_taps(self) -> None:
        """Of many taps that each open a new message only the last opens one. The others were answered."""
        sent = [reply for reply in self._single() if reply.update.callback_query is not None and reply.edits is None]
        if len(sent) > MANY:
            self._drop(sent[:-1])

    def _merge_messages(self) -> None:
        """Of many replies to messages makes one."""
        singles = [reply for reply in self._single() if reply.update.message is not None]
        many = next((reply for reply in self._waiting if isinstance(reply, ManyReplies)), None)
        is_surplus = any(reply.fate is Fate.UNREAD for reply in singles)
        if many is None and (len(singles) > MANY or is_surplus):
            many = ManyReplies()
            self._waiting.append(many)
        if many is not None:
            for reply in singles:
                self._waiting.remove(reply)
                many.add(reply)

    async def _answer(self, reply: Reply) -> None:
        try:
            await self._replies.answer(reply)
        finally:
            reply.answered = True
            self._settled(reply)

    async def _show_all(self) -> None:
        try:
            while self._waiting or self._tidying:
                if not self._waiting:
                    await self._tidy()
                    continue
                if isinstance(self._waiting[0], ManyReplies):
                    await self._wait_drained()
                await self._show(self._waiting.popleft())
        finally:
            self._showing = None
            self._changed()

    async def _tidy(self) -> None:
        tidying, self._tidying = self._tidying, []
        try:
            await self._replies.tidy(tidying)
        except Exception:
            log.exception("typed messages not deleted")  # their ids stay with the answers, for the next time

    async def _wait_drained(self) -> None:
        """Waits until Telegram has no further messages, so that one reply is about all of them."""
        try:
            await asyncio.wait_for(self._drained.wait(), MAX_DRAIN_WAIT_S)
        except TimeoutError:
            log.debug("one reply leaves before the rest of the messages was read")

    async def _show(self, waiting: Reply | ManyReplies) -> None:
        reply = waiting.reply() if isinstance(waiting, ManyReplies) else waiting
        try:
            await self._replies.show(reply)
        except Exception:
            log.exception("screen not shown")  # the others are shown all the same
        finally:
            waiting.shown = True
            self._settled(reply)

    def _settled(self, reply: Reply) -> None:
        """Counts a tap once it is answered and shown, unless it answers a form."""
        if reply.settled and reply.update.callback_query is not None and not reply.is_form:
            self._replies.runtime.metrics.tap_shown()
        self._changed()


class Lanes:
    """Everybody's lanes. ``changed`` is called when a reply has been answered or shown."""

    def __init__(self, replies: Replies, changed: Callable[[], None]) -> None:
        self._replies, self._changed = replies, changed
        self._lanes: dict[int, Lane] = {}
        self.drained = asyncio.Event()
        """Set while Telegram has no further updates that it could give at once."""
        self.drained.set()

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def add(self, user_id: int, replies: list[Reply]) -> None:
        self._lanes = {id_: lane for id_, lane in self._lanes.items() if len(lane)}
        if user_id not in self._lanes:
            self._lanes[user_id] = Lane(self._replies, self._changed, self.drained)
        self._lanes[user_id].add(replies)

    async def finish(self) -> None:
        """Waits until every reply is answered and shown."""
        while tasks := [task for lane in self._lanes.values() for task in lane.tasks]:
            await asyncio.wait(tasks)
