"""Text that a user reads, in the two languages that every page speaks."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["Language", "Text"]

Language = Literal["sv", "en"]


class Text(BaseModel):
    """A text in Swedish and English.

    Attributes
    ----------
    sv, en
        The text; both are required, because every reader is promised both.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sv: str
    en: str

    def __getitem__(self, language: str) -> str:
        return self.sv if language == "sv" else self.en
