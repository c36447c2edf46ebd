"""How far a tree has been baked: written last, so that a killed pass is done over."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from django.conf import settings

import mingtang
from mingtang.editions.models import PublicRegion, PublicUnit

# What decides the bytes of a page: a change of any of it bakes everything anew.
SHAPING = ("portal", "bake", "rules", "text")
KINDS = frozenset({".py", ".html", ".txt", ".css", ".js", ".svg", ".toml"})


@dataclass(frozen=True)
class State:
    """``as_of`` is the ISO moment that boards were counted at, ``duties`` the number of the last change of a duty that
    the tree shows, ``city`` the mark of what every page says of the site and of the tree of units."""

    log_size: int
    release: str
    as_of: str
    duties: int
    city: str

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.as_of)


def path_of(root: Path) -> Path:
    """Beside the tree, not in it."""
    return root.with_name(f"{root.name}.state.json")


def read(root: Path) -> State | None:
    """The state of a tree; None where there is none, or where the tree itself is gone."""
    try:
        state = State(**json.loads(path_of(root).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return state if (root / "manifest" / "index").exists() else None


def write(root: Path, state: State) -> None:
    draft = path_of(root).with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as handle:
        json.dump(asdict(state), handle)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(draft, path_of(root))


def city_mark() -> str:
    """A mark of the site block, the city's mark and the public units: a changed profile bakes everything anew."""
    digest = hashlib.sha256(json.dumps(settings.SITE, sort_keys=True, default=str).encode())
    for model in (PublicRegion, PublicUnit):
        for row in model.objects.order_by("pk").values_list():
            digest.update(repr(row).encode())
    return digest.hexdigest()[:16]


@cache
def release() -> str:
    """The version, and a mark of the code and templates that shape pages."""
    home = Path(mingtang.__file__).parent
    digest = hashlib.sha256()
    for room in SHAPING:
        for path in sorted((home / room).rglob("*")):
            if path.suffix in KINDS:
                digest.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{version('mingtang')}-{digest.hexdigest()[:12]}"
