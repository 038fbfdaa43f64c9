"""The gallery: every screen and message of the bot on one page, in three languages, from the real program."""
