"""The entry point: ``koolla run | check | status | ...``. Commands import their parts themselves: a start is fast."""

import asyncio
import gc
import os
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bot.config import Settings

cli = typer.Typer(
    help="Koolla: a Telegram bot that runs workgroups.", add_completion=False, pretty_exceptions_enable=False
)

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="The TOML file; without it, config.toml of this folder if there is one. config.example.toml shows every "
        "setting.",
    ),
]
Language = Annotated[str, typer.Option(help="fi, sv or en: the language of the people in the demo.")]


def _load(config: Path | None) -> "Settings":
    """The settings. Ends with exit code 2 and a line for each fault if they cannot be used."""
    from bot.config import ConfigError, load

    try:
        return load(_config_file(config))
    except ConfigError as error:
        raise _stopped(error.faults) from None


def _config_file(named: Path | None) -> Path | None:
    """The file of the settings: the one that was named, else config.toml of this folder if there is one."""
    here = Path("config.toml")
    return named or (here if here.exists() else None)


def _stopped(faults: list[str]) -> typer.Exit:
    """Prints a line for each fault; returns the exit with code 2."""
    for fault in faults:
        typer.echo(fault, err=True)
    return typer.Exit(2)


@cli.command()
def run(config: ConfigFile = None) -> None:
    """Runs the bot until it is stopped (Ctrl-C or SIGTERM)."""
    gc.disable()  # objects made at the start stay: collecting among them costs a third of the start
    from bot import logs
    from bot.commands import config_check
    from bot.commands.run import run_bot

    settings = _load(config)
    if faults := config_check.faults(settings) or asyncio.run(config_check.database_faults(settings)):
        raise _stopped(faults)
    logs.set_up()
    gc.freeze()
    gc.enable()
    raise typer.Exit(asyncio.run(run_bot(settings)))


@cli.command()
def check(config: ConfigFile = None) -> None:
    """Says in words whether the configuration works, and what to do where it does not."""
    from bot import logs
    from bot.commands import config_check

    logs.set_up()
    settings = _load(config)
    findings = asyncio.run(config_check.findings(settings, _config_file(config)))
    for finding in findings:
        typer.echo(str(finding))
    raise typer.Exit(0 if all(finding.good for finding in findings) else 2)


@cli.command()
def migrate(config: ConfigFile = None) -> None:
    """Brings the database to the newest schema (`run` does it by itself)."""
    from sqlalchemy.exc import DBAPIError

    from bot import db
    from bot.commands import config_check
    from bot.commands.migrate import newest, upgrade

    settings = _load(config)
    if faults := config_check.folder_faults(settings) or asyncio.run(config_check.database_faults(settings)):
        raise _stopped(faults)

    async def go() -> bool:
        engine = db.make_engine(settings.database.url)
        try:
            return await upgrade(engine)
        finally:
            await engine.dispose()

    try:
        changed = asyncio.run(go())
    except DBAPIError as error:
        raise _stopped([config_check.database_fault(settings, error)]) from None
    typer.echo(f"The database is at {newest()}" + ("" if changed else ", as it was") + ".")


@contextmanager
def _readable_errors(settings: "Settings") -> Iterator[None]:
    """Turns the errors that an operator may meet into readable lines and exit code 2."""
    from sqlalchemy.exc import DBAPIError

    from bot.commands import config_check
    from bot.commands.admin import OperatingError
    from bot.commands.backup import BackupError

    if faults := config_check.folder_faults(settings):
        raise _stopped(faults)
    try:
        yield
    except (BackupError, OperatingError) as error:
        raise _stopped([str(error)]) from None
    except (DBAPIError, OSError) as error:
        raise _stopped([config_check.database_fault(settings, error)]) from None


def _print_lines(command: Coroutine[Any, Any, list[str]]) -> None:
    for line in asyncio.run(command):
        typer.echo(line)


@cli.command()
def status(
    recent: Annotated[
        bool, typer.Option("--recent", help="Instead lists the last refusals and failures, with what refused.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Says how the bot is, while it runs or not: exit code 1 if something needs attention."""
    from bot.commands.status import read

    settings = _load(config)
    if recent:
        from bot.commands.recent import lines

        with _readable_errors(settings):
            _print_lines(lines(settings))
        return
    with _readable_errors(settings):
        state = asyncio.run(read(settings))
    typer.echo(state.text())
    raise typer.Exit(1 if state.needs else 0)


@cli.command()
def pause(config: ConfigFile = None) -> None:
    """Holds all messages back until `koolla resume`; answers to people's own taps go on."""
    from bot.commands import admin

    settings = _load(config)
    with _readable_errors(settings):
        _print_lines(admin.pause(settings))


@cli.command()
def resume(
    drop_due: Annotated[bool, typer.Option("--drop-due", help="Drops what should have gone out before now.")] = False,
    ask_again: Annotated[
        bool, typer.Option("--ask-again", help="Lets go of answers whose key is lost, and asks these people again.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Lets messages go out again."""
    from bot.commands import admin

    settings = _load(config)
    with _readable_errors(settings):
        _print_lines(admin.resume(settings, drop_due=drop_due, ask_again=ask_again))


@cli.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file; one that is there is never overwritten.")],
    config: ConfigFile = None,
) -> None:
    """Copies the database into a new file and checks the copy, also while the bot runs. Keys are not in it."""
    from bot.commands.backup import back_up

    settings = _load(config)
    with _readable_errors(settings):
        copy = back_up(settings.database.url, file)
    typer.echo(
        f"{copy.file}: {copy.size / 1e6:.1f} MB, at {copy.revision}, checked. The keys of open forms are not in it"
    )


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `koolla backup` made.")],
    config: ConfigFile = None,
) -> None:
    """Puts a backup in the database's place, which is kept beside it. Messages wait for `koolla resume`."""
    from bot.commands.restore import restore as restore_file

    settings = _load(config)
    with _readable_errors(settings):
        _print_lines(restore_file(settings, file))


@cli.command()
def verify_anonymity(config: ConfigFile = None) -> None:
    """Prints for an auditor whether anything ties an answer to a person: exit code 1 if something does."""
    from bot.commands.anonymity_audit import verify

    settings = _load(config)
    with _readable_errors(settings):
        verdict = asyncio.run(verify(settings))
    typer.echo(verdict.text())
    raise typer.Exit(1 if verdict.faults else 0)


@cli.command()
def report(
    year: Annotated[int, typer.Argument(help="The year, like 2027.", min=2000, max=2199)],
    file: Annotated[
        Path,
        typer.Option("--output", "-o", help="Its ending says what: .pdf, .xlsx, .png (a picture a page) or .json."),
    ],
    language: Annotated[str, typer.Option(help="fi, sv or en; without it the configuration's.")] = "",
    snapshot: Annotated[
        str,
        typer.Option(help="Makes an earlier report again: the beginning of its fingerprint, as its last page says."),
    ] = "",
    config: ConfigFile = None,
) -> None:
    """Makes the annual report of a year, while the bot runs or not. An earlier file of that name is replaced."""
    from handlers.texts import LANGUAGES

    if language and language not in LANGUAGES:
        raise _stopped([f"--language: choose one of {', '.join(LANGUAGES)}"])
    settings = _load(config)
    with _readable_errors(settings):
        from bot.commands.report import report as make_report

        _print_lines(make_report(settings, year, language or settings.language, file, snapshot=snapshot))


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="The local port of the page; the next free one if it is taken.")] = 8765,
    language: Language = "fi",
    script: Annotated[bool, typer.Option("--script", help="Plays the whole loop unattended and exits.")] = False,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Runs the real bot against a local sandbox and shows it in a browser. Needs no token and no network."""
    from handlers.texts import LANGUAGES

    if language not in LANGUAGES:
        typer.echo(f"--language: choose one of {', '.join(LANGUAGES)}", err=True)
        raise typer.Exit(2)
    if script:
        from bot.demo.script import play

        raise typer.Exit(play(language, Path("demo-output")))
    from bot.demo.server import demo as run_demo

    asyncio.run(run_demo(port=port, language=language, open_browser=browser))


def main() -> None:
    """The console script ``koolla``."""
    os.umask(0o077)  # databases, backups and keys are for the bot's own user alone
    try:
        cli()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
