"""What the worker does for the audit trail, a little at a time."""

from datetime import datetime

from .identity import reseal
from .integrity import check_some
from .sealing import drop_old, seal_waiting


def tend(now: datetime) -> None:
    """Seal what is due, go on checking, move identities to the newest key, drop what was kept long enough.

    Every part is safe to repeat and to kill.
    """
    seal_waiting(now)
    check_some(now)
    reseal()
    drop_old(now)
