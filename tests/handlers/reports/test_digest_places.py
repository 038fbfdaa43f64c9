"""Where the bot is and where it may write, by what Telegram says of its part in a chat."""

import pytest
from telegram import (
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberBanned,
    ChatMemberLeft,
    ChatMemberMember,
    ChatMemberRestricted,
    User,
)

from handlers.reports.digest.places import is_there, may_write

KOOLLA = User(1, "Koolla", is_bot=True)
NEVER = 0
ADMINISTRATOR = dict.fromkeys(
    (
        "can_be_edited",
        "is_anonymous",
        "can_manage_chat",
        "can_delete_messages",
        "can_manage_video_chats",
        "can_restrict_members",
        "can_promote_members",
        "can_change_info",
        "can_invite_users",
        "can_post_stories",
        "can_edit_stories",
        "can_delete_stories",
    ),
    False,
)
SAY = (
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_manage_topics",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_edit_tag",
    "can_react_to_messages",
)


def restricted(*, is_member: bool, can_send_messages: bool) -> ChatMember:
    rights = {"is_member": is_member, "can_send_messages": can_send_messages, "until_date": NEVER}
    return ChatMemberRestricted(KOOLLA, **dict.fromkeys(SAY, True) | rights)  # type: ignore[arg-type]


PARTS: dict[str, tuple[ChatMember, bool, bool]] = {
    "member of a group": (ChatMemberMember(KOOLLA), True, True),
    "administrator of a group": (ChatMemberAdministrator(KOOLLA, **ADMINISTRATOR), True, True),
    "administrator of a channel": (
        ChatMemberAdministrator(KOOLLA, **ADMINISTRATOR, can_post_messages=True),
        True,
        True,
    ),
    "without the right": (ChatMemberAdministrator(KOOLLA, **ADMINISTRATOR, can_post_messages=False), True, False),
    "restricted in other things": (restricted(is_member=True, can_send_messages=True), True, True),
    "silenced": (restricted(is_member=True, can_send_messages=False), True, False),
    "restricted and gone": (restricted(is_member=False, can_send_messages=True), False, False),
    "gone": (ChatMemberLeft(KOOLLA), False, False),
    "sent away": (ChatMemberBanned(KOOLLA, NEVER), False, False),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_in_a_chat(part: str) -> None:
    member, there, writes = PARTS[part]
    assert (is_there(member), may_write(member)) == (there, writes)
