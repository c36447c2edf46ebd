"""The worker's sign of life, and the latest moment it ever saw: a clock that was set back shows against it."""

from datetime import datetime
from pathlib import Path

ALIVE = "worker.alive"


def note_alive(home: Path, now: datetime) -> None:
    """Leave word of a round made at ``now`` (aware). Raises OSError."""
    (home / ALIVE).write_text(max(latest_seen(home) or now, now).isoformat(), encoding="utf-8")


def latest_seen(home: Path) -> datetime | None:
    """The latest moment a worker of this home ever noted."""
    try:
        moment = datetime.fromisoformat((home / ALIVE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return moment if moment.tzinfo else None
