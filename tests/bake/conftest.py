"""A public folder and a signing key of the test's own."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.factories import Desk

from mingtang.bake.following import Baked, Key, follow
from mingtang.disclosure.checkpoints import published_keys, sign_checkpoint, signer

Bake = Callable[[Desk], Baked]


@pytest.fixture
def public(settings: Any, tmp_path: Path) -> Path:
    """The folder of public files."""
    settings.PUBLIC_ROOT = tmp_path / "public"
    settings.LOG_KEY = tmp_path / "secrets" / "log_key"
    return tmp_path / "public"


@pytest.fixture
def bake(public: Path) -> Bake:
    """Sign what the log gained and bake it, a minute after the desk's last step."""

    def baked(desk: Desk) -> Baked:
        desk.now += timedelta(minutes=1)
        return bake_at(desk.now)

    return baked


def bake_at(now: datetime) -> Baked:
    sign_checkpoint(now)
    return follow(now, Key(signer(), published_keys()))


def files_of(root: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
