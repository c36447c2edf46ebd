"""What a verifier remembers of each log between two looks, so that a rewritten past cannot pass as the first one."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from .notes import Checkpoint, NoteError, moment_of


@dataclass(frozen=True)
class Remembered:
    """The last good look: the key first trusted, the text of the checkpoint, and the manifest's moment (ISO)."""

    key: str
    checkpoint: str
    as_of: str = ""

    @property
    def state(self) -> Checkpoint:
        return Checkpoint.from_text(self.checkpoint)


class Memory:
    """Logs by name, and which log stood at which address. ``path`` None: nothing is kept.

    Raises:
        NoteError: the file is damaged; it is not overwritten.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.logs: dict[str, Remembered] = {}
        self.places: dict[str, str] = {}
        if path is None or not path.exists():
            return
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            self.places = {str(place): str(origin) for place, origin in data["places"].items()}
            for origin, values in data["logs"].items():
                self.logs[origin] = Remembered(**values)
                _ = self.logs[origin].state
                _ = values["as_of"] and moment_of(values["as_of"])
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise NoteError(f"记忆文件 {path} 读不懂：{error}") from None

    def of(self, origin: str) -> Remembered | None:
        return self.logs.get(origin)

    def keep(self, address: str, origin: str, remembered: Remembered) -> None:
        """Remember this look, in place of the one before."""
        self.logs[origin], self.places[address] = remembered, origin
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        data = {"logs": {name: asdict(log) for name, log in self.logs.items()}, "places": self.places}
        draft = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}")
        draft.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(draft, self.path)
