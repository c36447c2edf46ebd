"""What can stop an administrative change. Each message is shown to the administrator as it stands."""


class UnitsError(Exception):
    """A refused change; ``str()`` is Chinese and says what to do. ``field`` names the form field it is about."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class NotAdministrator(UnitsError):
    """The change belongs to another administrator."""


class Stale(UnitsError):
    """Somebody else changed the same person or unit since the page was opened."""
