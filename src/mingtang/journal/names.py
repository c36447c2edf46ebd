"""Registry of event names: an event nobody declared cannot be written, and each has words for people."""

_labels: dict[str, str] = {}


def register_event(name: str, label: str) -> None:
    """Declare that this installation emits ``name``; ``label`` is what the timeline says, in Chinese."""
    known = _labels.setdefault(name, label)
    if known != label:
        raise ValueError(f"event {name} is registered twice with different labels")


def event_label(name: str) -> str:
    """Words for people; an event of a room no longer installed keeps its name."""
    return _labels.get(name, name)


def is_registered(name: str) -> bool:
    return name in _labels


def emitted_events() -> frozenset[str]:
    """Every event name this installation can emit."""
    return frozenset(_labels)
