"""Settings: a TOML file, then the environment (``KOOLLA_...``, two underscores go one level down)."""

import re
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from models.calendar import Quiet
from models.policy import Policy

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class ConfigError(Exception):
    """The configuration cannot be used; ``faults`` holds one readable line for each reason."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def read_duration(value: object) -> object:
    """Reads "7d", "2h", "90m" or "30s"."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{1,5})\s*([smhdw])", value.strip())
        if match is None:
            raise ValueError('write a duration as a number and s, m, h, d or w, for example "7d" or "2h"')
        return timedelta(seconds=int(match[1]) * UNITS[match[2]])
    return value


def read_zone(value: object) -> object:
    """Reads an IANA time zone."""
    if isinstance(value, str):
        try:
            return ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError('name a time zone like "Europe/Helsinki"') from None
    return value


Duration = Annotated[timedelta, BeforeValidator(read_duration)]
Lead = Annotated[Duration, Field(gt=timedelta(0), le=timedelta(days=60))]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class Telegram(Section):
    token: SecretStr = SecretStr("")
    api_url: str = "https://api.telegram.org"

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
    start: time = time(20)
    end: time = time(8)
    weekends: bool = True
    holidays: bool = True


class Meetings(Section):
    reminder_leads: Annotated[list[Lead], Field(min_length=1, max_length=5)] = [timedelta(days=1)]
    silent_lead: Lead = timedelta(days=3)


class Feedback(Section):
    delay: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=7))] = timedelta(minutes=15)
    open_for: Annotated[Duration, Field(ge=timedelta(hours=1), le=timedelta(days=60))] = timedelta(days=7)
    reminder_after: Lead = timedelta(days=2)
    threshold: Annotated[int, Field(ge=3, le=100)] = 5
    keys: Path = Path("data/keys")


class DigestSettings(Section):
    hour: Annotated[int, Field(ge=0, le=23)] = 9


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="KOOLLA_", env_nested_delimiter="__", extra="forbid", arbitrary_types_allowed=True
    )

    admins: list[int] = []
    zone: Annotated[ZoneInfo, BeforeValidator(read_zone)] = ZoneInfo("Europe/Helsinki")
    language: Literal["fi", "sv", "en"] = "fi"
    telegram: Telegram = Telegram()
    database: Database = Database()
    quiet: QuietSettings = QuietSettings()
    meetings: Meetings = Meetings()
    feedback: Feedback = Feedback()
    digest: DigestSettings = DigestSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def policy(self) -> Policy:
        """The rules, for the verbs."""
        quiet = Quiet(zone=self.zone, **self.quiet.model_dump())
        return Policy(
            zone=self.zone,
            language=self.language,
            quiet=quiet,
            reminder_leads=tuple(self.meetings.reminder_leads),
            silent_lead=self.meetings.silent_lead,
            feedback_delay=self.feedback.delay,
            feedback_open_for=self.feedback.open_for,
            feedback_reminder_after=self.feedback.reminder_after,
            threshold=self.feedback.threshold,
            digest_hour=self.digest.hour,
        )


def load(file: Path | None = None, **given: Any) -> Settings:
    """The settings of a file and the environment; `ConfigError` says in words what is wrong with them."""
    if file is not None and not file.is_file():
        raise ConfigError([f"{file}: there is no such file"])

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        return FromFile(**given)
    except ValidationError as error:
        raise ConfigError([_fault(fault) for fault in error.errors(include_input=False)]) from None
    except (ValueError, OSError) as error:  # TOML that is no TOML, an environment value that is no JSON, no permission
        raise ConfigError([f"{file or 'environment'}: {error}"]) from None


def _fault(fault: Any) -> str:
    """One fault as a line; never the value, which may be a secret."""
    where = ".".join(str(part) for part in fault["loc"]) or "settings"
    if fault["type"] == "extra_forbidden":
        return f"{where}: there is no such setting"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"
