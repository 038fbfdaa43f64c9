"""The least bot on python-telegram-bot: one handler that answers and edits, no database."""

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, CallbackQueryHandler, ContextTypes

from tests.bench.peers.place import API_URL, TOKEN


async def on_tap(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    query = update.callback_query
    assert query is not None
    await query.answer("Kiitos")
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Kiitos", callback_data="x")]])
    await query.edit_message_caption("Kiitos", reply_markup=keyboard)


def main() -> None:
    application = Application.builder().token(TOKEN).base_url(f"{API_URL}/bot").build()
    application.add_handler(CallbackQueryHandler(on_tap))
    application.run_polling()


if __name__ == "__main__":
    main()
