"""Settings that belong to the machine and not to the municipality: the environment's."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Environment"]


class Environment(BaseSettings):
    """What the environment says.

    Attributes
    ----------
    database_url
        ``GEOPLAN_DATABASE_URL``: the PostgreSQL server to use instead of a private cluster in the workspace.
        May hold a password, so it is never shown.
    officials_file
        ``GEOPLAN_OFFICIALS_FILE``: the file that says who may decide through the API; without it nobody may.
    """

    model_config = SettingsConfigDict(env_prefix="GEOPLAN_", frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: str | None = Field(None, repr=False)
    officials_file: Path | None = None
