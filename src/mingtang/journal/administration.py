"""Changes of people, posts and units, written down as they happen."""

import uuid
from datetime import datetime
from typing import Any

from mingtang.units.changes import CHANGES, changed

from .names import register_event
from .writing import append, writing

KEY_ROTATED = "key.rotated"


def connect() -> None:
    """Register the names and listen."""
    for name, label in CHANGES.items():
        register_event(name, label)
    register_event(KEY_ROTATED, "换了一把钥匙")
    changed.connect(_write, dispatch_uid="journal.administration")


def _write(
    name: str,
    at: datetime,
    actor_id: int | None,
    record_id: uuid.UUID | None,
    unit_code: str,
    payload: dict[str, Any],
    **_: Any,
) -> None:
    with writing():
        append(name, at=at, actor_id=actor_id, record_id=record_id, unit_code=unit_code, payload=payload)
