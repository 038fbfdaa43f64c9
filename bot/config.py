"""Settings: from a TOML file and the environment, which wins (``KOOLLA_SECTION__KEY``)."""

import difflib
import json
import os
import re
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from handlers.locale_table import LOCALE_TABLE
from models.calendar import Quiet
from models.policy import Policy

DEFAULTS = Policy()
"""The defaults of the organisation's rules are written in `Policy`, those of quiet hours in `Quiet`."""
PREFIX, DELIMITER = "KOOLLA_", "__"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class ConfigError(Exception):
    """The configuration cannot be used; ``faults`` holds one readable line for each reason."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def read_duration(value: object) -> timedelta:
    """Reads "7d", "2h", "90m" or "30s"."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,5})\s*([smhdw])", value.strip())):
        return timedelta(seconds=int(match[1]) * UNITS[match[2]])
    raise ValueError('write a duration as a number and s, m, h, d or w, for example "7d" or "2h"')


def read_language(value: object) -> object:
    """Reads the code of a language that the texts exist in."""
    if value in list(LOCALE_TABLE):
        return value
    codes = [repr(code) for code in LOCALE_TABLE]
    raise ValueError(f"choose one of {', '.join(codes[:-1])} or {codes[-1]}")


def read_clock(value: object) -> object:
    """Reads "20:00"."""
    if isinstance(value, str) and (match := re.fullmatch(r"([01]?\d|2[0-3])[:.]([0-5]\d)(:00)?", value.strip())):
        return time(int(match[1]), int(match[2]))
    if isinstance(value, time):
        return value
    raise ValueError('write a time of day like "20:00"')


def read_zone(value: object) -> object:
    """Reads an IANA time zone."""
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError('name a time zone like "Europe/Helsinki"') from None


def _within(least: str, most: str) -> AfterValidator:
    """A validator for the limits of a duration. Pydantic's own messages show Python expressions."""

    def check(value: timedelta) -> timedelta:
        if not read_duration(least) <= value <= read_duration(most):
            raise ValueError(f"must be from {least} to {most}")
        return value

    return AfterValidator(check)


Clock = Annotated[time, BeforeValidator(read_clock)]
Duration = Annotated[timedelta, BeforeValidator(read_duration)]
Lead = Annotated[Duration, _within("1s", "60d")]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class Telegram(Section):
    token: SecretStr = SecretStr("")
    api_url: str = "https://api.telegram.org"
    per_second: Annotated[float, Field(ge=1, le=1000)] = 25

    @field_validator("api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
            raise ValueError("write an address that begins with https:// or http://")
        return value.rstrip("/")


class Database(Section):
    url: str = "sqlite+aiosqlite:///data/koolla.db"

    @field_validator("url")
    @classmethod
    def _driver(cls, value: str) -> str:
        drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
        scheme, separator, rest = value.partition("://")
        if not separator or scheme.partition("+")[0] not in drivers:
            raise ValueError("write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE")
        return f"{drivers[scheme.partition('+')[0]]}://{rest}"


class QuietSettings(Section):
    start: Clock = DEFAULTS.quiet.start
    end: Clock = DEFAULTS.quiet.end
    weekends: bool = DEFAULTS.quiet.weekends
    holidays: bool = DEFAULTS.quiet.holidays


class Meetings(Section):
    reminder_leads: Annotated[list[Lead], Field(min_length=1, max_length=5)] = [*DEFAULTS.reminder_leads]
    silent_lead: Lead = DEFAULTS.silent_lead


class Feedback(Section):
    delay: Annotated[Duration, _within("0m", "7d")] = DEFAULTS.feedback_delay
    open_for: Annotated[Duration, _within("1h", "60d")] = DEFAULTS.feedback_open_for
    reminder_after: Lead = DEFAULTS.feedback_reminder_after
    wait_for: Annotated[Duration, _within("30d", "3650d")] = DEFAULTS.feedback_wait_for
    threshold: Annotated[int, Field(ge=3, le=100)] = DEFAULTS.threshold
    keys: Path = Path("data/keys")


class DigestSettings(Section):
    hour: Annotated[int, Field(ge=0, le=23)] = DEFAULTS.digest_hour


class Web(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0


class Environment(EnvSettingsSource):
    """The environment. A value that should be JSON and is not stays a string, for the field's own message."""

    def decode_complex_value(self, field_name: str, field: Any, value: Any) -> Any:
        try:
            return json.loads(value)
        except ValueError:
            return value


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=DELIMITER, extra="forbid", arbitrary_types_allowed=True
    )

    admins: list[int] = []
    zone: Annotated[ZoneInfo, BeforeValidator(read_zone)] = DEFAULTS.zone
    language: Annotated[str, BeforeValidator(read_language)] = DEFAULTS.language
    organisation: Annotated[str, Field(max_length=100), AfterValidator(lambda typed: " ".join(typed.split()))] = (
        DEFAULTS.organisation
    )
    telegram: Telegram = Telegram()
    database: Database = Database()
    quiet: QuietSettings = QuietSettings()
    meetings: Meetings = Meetings()
    feedback: Feedback = Feedback()
    digest: DigestSettings = DigestSettings()
    web: Web = Web()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, Environment(settings_cls), TomlConfigSettingsSource(settings_cls)

    def policy(self) -> Policy:
        """The organisation's rules in these settings, for `models/`."""
        quiet = Quiet(zone=self.zone, **self.quiet.model_dump())
        return Policy(
            zone=self.zone,
            language=self.language,
            organisation=self.organisation,
            quiet=quiet,
            reminder_leads=tuple(self.meetings.reminder_leads),
            silent_lead=self.meetings.silent_lead,
            feedback_delay=self.feedback.delay,
            feedback_open_for=self.feedback.open_for,
            feedback_reminder_after=self.feedback.reminder_after,
            feedback_wait_for=self.feedback.wait_for,
            threshold=self.feedback.threshold,
            digest_hour=self.digest.hour,
        )


def load(file: Path | None = None, **given: Any) -> Settings:
    """The settings of a file and the environment. Raises ConfigError."""
    if file is not None:
        _check_file(file)

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        settings = FromFile(**given)
    except ValidationError as error:
        raise ConfigError(
            [*_unknown_variables(), *(_fault(fault) for fault in error.errors(include_input=False))]
        ) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{file}: is no text in UTF-8. Save it as UTF-8"]) from None
    except ValueError as error:
        raise ConfigError([f"{file}: is no TOML: {error}"]) from None
    except OSError as error:
        raise ConfigError([f"{file}: cannot be read ({error.strerror})"]) from None
    if unknown := _unknown_variables():
        raise ConfigError(unknown)
    return settings


def _check_file(file: Path) -> None:
    try:
        is_folder, is_file = file.is_dir(), file.is_file()
    except OSError as error:
        raise ConfigError([f"{file}: cannot be read ({error.strerror})"]) from None
    if not is_file:
        raise ConfigError([f"{file}: {'is a folder: name the file' if is_folder else 'there is no such file'}"])


def _unknown_variables() -> list[str]:
    """Faults for environment variables that begin with our prefix and name no setting. Pydantic reports those of a
    section."""
    known = [f"{PREFIX}{name}".upper() for name in _names(Settings)]
    tops = set(Settings.model_fields)
    return [
        f"{name}: there is no such setting{_suggestion(name.upper(), known)}"
        for name in sorted(os.environ)
        if name.upper().startswith(PREFIX) and name[len(PREFIX) :].lower().split(DELIMITER)[0] not in tops
    ]


def _names(model: type[BaseModel], above: str = "") -> list[str]:
    """The names of all settings, as in environment variables."""
    names = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        inner = isinstance(kind, type) and issubclass(kind, BaseModel)
        names += _names(kind, f"{above}{name}{DELIMITER}") if inner else [above + name]  # type: ignore[arg-type]
    return names


def _suggestion(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    return f". Did you mean {near[0]}?" if near else ""


WANTED = {
    "extra_forbidden": "there is no such setting",
    "bool": "write true or false",
    "int": "write a whole number",
    "float": "write a number",
    "string": "write a text in quotes",
    "list": 'write a list in brackets, like [123456] or ["1d", "2h"]',
    "path": "write the path of a folder in quotes",
    "model": "write a section of its own, with its settings below it",
    "literal_error": "choose one of {expected}",
    "too_short": "write at least {min_length}",
    "too_long": "write at most {max_length}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}
"""What to write instead, by pydantic's type of error or the type's first word."""


def _fault(fault: Any) -> str:
    """An error of pydantic as one line, without the value, which may be a secret."""
    where = ".".join(str(part) for part in fault["loc"]) or "settings"
    kind, limits = fault["type"], fault.get("ctx", {})
    if kind == "value_error":
        return f"{where}: {limits['error']}"
    wanted = WANTED.get(kind) or WANTED.get(kind.split("_")[0]) or "cannot be read; config.example.toml shows how"
    return f"{where}: {wanted.format(**limits)}"
