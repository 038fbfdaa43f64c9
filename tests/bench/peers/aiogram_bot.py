"""The job on aiogram 3: its Dispatcher makes a task of every update."""

import asyncio

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update

from tests.bench.peers import job
from tests.bench.peers.place import API_URL, TOKEN

sessions = job.make_sessions()
dispatcher = Dispatcher()


@dispatcher.callback_query()
async def on_tap(query: CallbackQuery, event_update: Update) -> None:
    async with sessions.begin() as session:
        card = await job.answer(session, query.from_user.id, query.data or "", event_update.update_id)
    await query.answer(card.toast)
    if card.caption and isinstance(query.message, Message):
        keyboard = [
            [InlineKeyboardButton(text=label, callback_data=data) for label, data in row] for row in card.buttons
        ]
        await query.message.edit_caption(
            caption=card.caption, parse_mode=ParseMode.HTML, reply_markup=InlineKeyboardMarkup(inline_keyboard=keyboard)
        )


async def main() -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(API_URL))
    await dispatcher.start_polling(Bot(TOKEN, session=session))


if __name__ == "__main__":
    asyncio.run(main())
