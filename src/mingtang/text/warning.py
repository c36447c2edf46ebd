"""What a reader of text could not settle alone and asks a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextWarning:
    """``code`` is stable, ``field`` names what to look at, ``message`` is plain Chinese: what happened, what to do."""

    code: str
    field: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "field": self.field, "message": self.message}
