"""Albums: several messages that a person sent as one, each of which comes as an update of its own."""

from collections import OrderedDict

from telegram import Message

MOST_REMEMBERED = 1000


class Albums:
    """Remembers the newest albums, so that each is answered once."""

    def __init__(self) -> None:
        self._answered: OrderedDict[tuple[int, str], int] = OrderedDict()
        """The id of the message that is answered, by chat and album."""

    def is_repeated(self, message: Message) -> bool:
        """Whether a message says no more than an earlier one of its album. Remembers the album."""
        if message.media_group_id is None:
            return False
        album = message.chat_id, message.media_group_id
        first = self._answered.setdefault(album, message.message_id)
        while len(self._answered) > MOST_REMEMBERED:
            self._answered.popitem(last=False)
        return first != message.message_id and not message.caption
