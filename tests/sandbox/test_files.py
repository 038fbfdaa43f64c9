"""Files and pictures, both ways, and how large they may be."""

import struct

import httpx
import pytest
from telegram import Bot, InputMediaDocument, InputMediaPhoto
from telegram.error import BadRequest, NetworkError

from bot.sandbox import Sandbox, User, files, uploading


def png(width: int = 64, height: int = 48) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)


JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x30\x00\x40\x03" + bytes(9)


async def test_what_is_uploaded_can_be_downloaded(bot: Bot, anna: User) -> None:
    anna.uploads("roster.csv", b"Bo;Kunta", caption="Uudet /members")
    (update,) = await bot.get_updates()
    assert update.message
    assert update.message.document
    assert (update.message.caption, update.message.document.mime_type) == ("Uudet /members", "text/csv")
    assert [entity.type for entity in update.message.caption_entities] == ["bot_command"]
    file = await update.message.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"Bo;Kunta"


async def test_documents_and_pictures_arrive(bot: Bot, anna: User) -> None:
    await bot.send_document(
        anna.id, b"BEGIN:VCALENDAR", filename="kokous.ics", caption="<b>Kalenteriin</b>", parse_mode="HTML"
    )
    sent = await bot.send_photo(anna.id, png(), filename="kooste.png")
    again = await bot.send_photo(anna.id, sent.photo[0].file_id)
    document, picture = anna.messages[-3], anna.messages[-2]
    assert document.document
    assert picture.photo
    assert (document.document.file_name, document.document.bytes) == ("kokous.ics", b"BEGIN:VCALENDAR")
    assert (document.caption, document.html) == ("Kalenteriin", "<b>Kalenteriin</b>")
    assert (picture.photo.width, picture.photo.height, picture.photo.bytes) == (64, 48, png())
    assert again.photo[0].file_unique_id == sent.photo[0].file_unique_id


async def test_a_text_becomes_a_picture_and_another_picture(bot: Bot, anna: User) -> None:
    message = await bot.send_message(anna.id, "Tulossa")
    await message.edit_media(InputMediaPhoto(png(), caption="Huhtikuu"))
    await message.edit_media(InputMediaPhoto(JPEG, caption="Toukokuu"))
    newest = anna.messages[-1]
    assert newest.photo
    assert (newest.photo.bytes, newest.caption) == (JPEG, "Toukokuu")
    assert [(old.text, old.caption) for old in newest.versions] == [("Tulossa", ""), ("", "Huhtikuu")]


async def test_an_album_is_of_one_kind(bot: Bot, anna: User) -> None:
    sent = await bot.send_media_group(anna.id, [InputMediaPhoto(png()), InputMediaPhoto(JPEG, caption="b")])
    assert len({message.media_group_id for message in sent}) == 1
    with pytest.raises(BadRequest, match="Can't use the media of the specified type in the album"):
        await bot.send_media_group(anna.id, [InputMediaPhoto(png()), InputMediaDocument(b"a")])


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", "File must be non-empty"),
        (b"not a picture", "Image_process_failed"),
        (png(9_000, 1_001), "Photo_invalid_dimensions"),
        (png(2_100, 100), "Photo_invalid_dimensions"),
    ],
)
async def test_files_that_are_no_pictures_are_refused(bot: Bot, anna: User, content: bytes, refusal: str) -> None:
    with pytest.raises(BadRequest) as refused:
        await bot.send_photo(anna.id, content)
    assert refused.value.message.lower() == refusal.lower()
    assert len(anna.messages) == 1


async def test_files_and_pictures_have_limits(bot: Bot, anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "PHOTO_LIMIT", 40)
    monkeypatch.setattr(uploading, "UPLOAD_LIMIT", 80)
    with pytest.raises(BadRequest, match="File of size 50 bytes is too big for a photo; the maximum size is 40 bytes"):
        await bot.send_photo(anna.id, png().ljust(50))
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        await bot.send_document(anna.id, b"a" * 81)
    assert (files.DOWNLOAD_LIMIT, files.UPLOAD_LIMIT, files.PHOTO_LIMIT) == (20 << 20, 50 << 20, 10 << 20)


async def test_a_strangers_token_opens_no_file(sandbox: Sandbox, anna: User) -> None:
    document = anna.uploads("roster.csv", b"Bo;Kunta").document
    assert document
    async with httpx.AsyncClient(transport=sandbox.transport, base_url="http://sandbox") as client:
        assert (await client.get(f"/file/bot{sandbox.token}/{document.path}")).content == b"Bo;Kunta"
        assert (await client.get(f"/file/bot1:x/{document.path}")).status_code == 404
        assert (await client.get("/bot1:x/getMe")).json()["description"] == "Unauthorized"
        assert (await client.get(f"/bot{sandbox.token}/getMe")).json()["result"]["username"] == "koolla_bot"
