"""Where the index lies: ``SEARCH_ROOT/current`` names the folder in use, so that another one takes its place at once.

Folders of another format than ours count as missing, and are built anew.
"""

import fcntl
import logging
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from .tantivy_engine import FORMAT, TantivyReader

_NAME = re.compile(rf"f{FORMAT}-(\d+)")
_log = logging.getLogger(__name__)
_opening = threading.Lock()
_opened: tuple[tuple[object, ...], Path, TantivyReader] | None = None


def root() -> Path:
    return Path(settings.SEARCH_ROOT)


def current() -> Path | None:
    """The folder in use; None while there is none."""
    try:
        name = (root() / "current").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return root() / name if _NAME.fullmatch(name) else None


def reader() -> TantivyReader | None:
    """The index as last committed, opened once for all threads of a process; None while there is none.

    Looks at two small files each time, and opens or reloads only what changed.
    """
    global _opened
    for _ in range(3):  # the folder may be replaced between one look and the next
        folder = current()
        state = _state(folder) if folder else None
        if folder is None or state is None:
            continue
        with _opening:
            if _opened is not None and _opened[0] == state:
                return _opened[2]
            try:
                if _opened is not None and _opened[1] == folder:
                    found = _opened[2]
                    found.reload()
                else:
                    found = TantivyReader(folder)
            except (ValueError, OSError) as error:
                if _opened is not None and _opened[1] == folder and not os.access(folder / "meta.json", os.R_OK):
                    # Committed this moment by another user's process, which is about to let us read it.
                    return _opened[2]
                # Damaged, just replaced, or no right to make the engine's lock file in it.
                _log.warning("the search index in %s does not open: %s", folder, error)
                continue
            _opened = (state, folder, found)
            return found
    return None


def _state(folder: Path) -> tuple[object, ...] | None:
    try:
        found = os.stat(folder / "meta.json")
    except OSError:
        return None
    return (str(folder), found.st_ino, found.st_mtime_ns, found.st_size)


@contextmanager
def writing(*, wait: bool) -> Iterator[bool]:
    """Only one process writes. Gives whether it is this one; with ``wait`` it always is, in the end."""
    root().mkdir(parents=True, exist_ok=True)
    with open(root() / "lock", "a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def new() -> Path:
    """An empty folder for an index that is to take the current one's place. Call while ``writing``."""
    used = [int(match[1]) for entry in os.listdir(root()) if (match := _NAME.fullmatch(entry))]
    folder = root() / f"f{FORMAT}-{max(used, default=0) + 1:06d}"
    folder.mkdir()
    return folder


def put_in_place(folder: Path) -> None:
    """Make ``folder`` the one in use and remove all others, with what their files still held."""
    made = root() / "current.new"
    with open(made, "w", encoding="utf-8") as handle:
        handle.write(folder.name + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(made, root() / "current")
    for entry in root().iterdir():
        if entry.is_dir() and entry != folder:
            shutil.rmtree(entry, ignore_errors=True)
