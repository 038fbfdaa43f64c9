"""The history of the database's schema.

`versions/` has one file for each revision; its number is a date and a counter. A released revision is never changed:
databases have been upgraded by it. `python -m migrations.new "what"` writes the next one from the difference between
the last revision and the models. Read it before committing. `env` and `tables` are what alembic needs for that.

`bot.commands.migrate` applies them in one transaction, when the bot starts and by `koolla migrate`. A revision
describes the tables that it changes and imports no model, because models change later. It works on both databases.

`tests/test_migrations.py` compares the result with the models, `tests/released` upgrades the database of a released
program, and `make faults FAULTS="--only migration"` kills upgrades at every statement.
"""
