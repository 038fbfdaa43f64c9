"""The backlog: the updates that Telegram holds because they come faster than they are handled.

It gives at most a hundred at once, and the next ones only when these are confirmed. One person's flood must therefore
be handled in little time: nobody's first updates wait for anybody's sixth, and of one person only the first
`MOST_HANDLED` are handled, and further messages for which nothing waits. The others are counted and told.
"""

from collections import Counter
from collections.abc import Iterator

from bot.receiving.lanes import MANY
from bot.receiving.reading import Received
from bot.receiving.replies import Reply
from handlers.many_messages import MOST_HANDLED


class Backlog:
    """Counts the updates of each person until Telegram has no more at once."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def end(self) -> None:
        """Telegram has no more: everybody begins anew."""
        self._counts.clear()

    def admits(self, sender_id: int) -> bool:
        """Counts an update of a person. Returns whether it is handled."""
        self._counts[sender_id] += 1
        return self._counts[sender_id] <= MOST_HANDLED


def sender_of(received: Received | Reply) -> int:
    """The Telegram id of who sent an update; 0 if nobody did."""
    user = received.update.effective_user
    return user.id if user else 0


def counts(batch: tuple[Received, ...]) -> Counter[int]:
    """How many updates of a batch each person has."""
    return Counter(map(sender_of, batch))


def by_sender(replies: list[Reply]) -> dict[int, list[Reply]]:
    """Replies by the person whom they answer, in their order."""
    theirs: dict[int, list[Reply]] = {}
    for reply in replies:
        theirs.setdefault(sender_of(reply), []).append(reply)
    return theirs


def parts(batch: tuple[Received, ...], size: int) -> Iterator[tuple[Received, ...]]:
    """A batch in parts of at most ``size`` updates. Everybody's first updates come before anybody's further ones.

    A document comes in a later part than what its sender did before it, which decides whether it is fetched.
    """
    seen: Counter[int] = Counter()
    rounds = {}
    for received in batch:
        sender = sender_of(received)
        rounds[received.update_id] = seen[sender] // MANY if sender else 0
        seen[sender] += 1
    part: list[Received] = []
    for received in sorted(batch, key=lambda received: rounds[received.update_id]):
        if len(part) == size or (is_document(received) and _follows_another(part, sender_of(received))):
            yield tuple(part)
            part = []
        part.append(received)
    if part:
        yield tuple(part)


def _follows_another(part: list[Received], sender: int) -> bool:
    return any(sender_of(received) == sender and not is_document(received) for received in part)


def is_document(received: Received) -> bool:
    message = received.update.message
    return message is not None and message.document is not None
