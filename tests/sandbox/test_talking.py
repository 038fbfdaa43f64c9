"""Messages go both ways."""

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from bot.sandbox import Sandbox


async def test_what_is_said_comes_with_its_command(sandbox: Sandbox, bot: Bot) -> None:
    sandbox.add_user("Anna").starts("g_12")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert (update.message.text, update.message.from_user.language_code) == ("/start g_12", "fi")
    assert [(entity.type, entity.length) for entity in update.message.entities] == [("bot_command", 6)]


async def test_a_message_is_seen_tapped_edited_and_its_versions_kept(sandbox: Sandbox, bot: Bot) -> None:
    anna = sandbox.add_user("Anna")
    anna.starts()
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Paikan päällä", callback_data="i:1:s")]])
    await bot.send_message(anna.id, "<b>Kokous</b>", parse_mode="HTML", reply_markup=keyboard)
    anna.taps("Paikan")
    *_, update = await bot.get_updates()
    assert update.callback_query is not None
    assert update.callback_query.data == "i:1:s"
    await update.callback_query.answer("Kiitos!")
    await update.callback_query.edit_message_text("Tulet.")
    assert [(toast.text, toast.alert) for toast in anna.toasts] == [("Kiitos!", False)]
    shown = anna.messages[-1]
    assert (shown.text, shown.buttons, shown.versions[0].html) == ("Tulet.", [], "<b>Kokous</b>")


async def test_files_go_both_ways(sandbox: Sandbox, bot: Bot) -> None:
    anna = sandbox.add_user("Anna")
    anna.uploads("roster.csv", b"Bo;Kunta")
    (update,) = await bot.get_updates()
    assert update.message is not None
    file = await update.message.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"Bo;Kunta"
    await bot.send_document(anna.id, b"BEGIN:VCALENDAR", filename="kokous.ics", caption="Kalenteriin")
    document = anna.messages[-1].document
    assert document is not None
    assert (document.file_name, document.bytes, anna.messages[-1].caption) == (
        "kokous.ics",
        b"BEGIN:VCALENDAR",
        "Kalenteriin",
    )
