"""Duties listen to every event; the packs decide which matter."""

from mingtang.journal.names import register_event
from mingtang.journal.writing import subscribe

from .services import follow_event

register_event("edition.shown", "公众可见")
subscribe("*", follow_event)
