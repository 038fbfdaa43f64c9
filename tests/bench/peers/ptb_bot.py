"""The job on python-telegram-bot, with its Application, Updater and CallbackQueryHandler as they come."""

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ParseMode
from telegram.ext import Application, CallbackQueryHandler, ContextTypes

from tests.bench.peers import job
from tests.bench.peers.place import API_URL, TOKEN

sessions = job.make_sessions()


async def on_tap(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    query = update.callback_query
    assert query is not None
    async with sessions.begin() as session:
        card = await job.answer(session, query.from_user.id, query.data or "", update.update_id)
    await query.answer(card.toast)
    if card.caption:
        keyboard = [[InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in card.buttons]
        await query.edit_message_caption(
            card.caption, parse_mode=ParseMode.HTML, reply_markup=InlineKeyboardMarkup(keyboard)
        )


def main() -> None:
    application = Application.builder().token(TOKEN).base_url(f"{API_URL}/bot").build()
    application.add_handler(CallbackQueryHandler(on_tap))
    application.run_polling()


if __name__ == "__main__":
    main()
