"""What may be said of an error where others read it: in logs, and on an operator's screen.

Databases, parsers and mail servers quote what they were given, and that may be somebody's name or number. So an error's
own words stay out; its kind and the place in the code say enough to mend it. Errors of the system (disk full, no such
host) and errors of ours that are marked so speak for themselves.
"""

import traceback
from pathlib import PurePath

MOST_FRAMES = 12


def told(error: BaseException) -> str:
    """The error's kind, and its words where they cannot hold personal data.

    An error class of ours says with ``for_logs = True`` that its message holds none.
    """
    name = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    if getattr(error, "for_logs", False):
        return f"{name}: {error}"
    state = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None)
    code = getattr(error.__cause__, "sqlite_errorname", None)
    return f"{name} {state or code}" if state or code else name


def places(error: BaseException) -> list[str]:
    """Where it happened, outermost first: file, line and function, never a value."""
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    return [f"{'/'.join(PurePath(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}" for frame in frames]


def chain(error: BaseException) -> list[str]:
    """The error and those that led to it, each as ``told``, the newest first."""
    found: list[str] = []
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        found.append(told(here))
        here = here.__cause__ or (None if here.__suppress_context__ else here.__context__)
    return found
