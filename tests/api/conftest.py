"""Papers that went through the house, a search index of their own, and limits that start anew for each test."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from tests.factories import City, Desk, make_desk
from tests.search.conftest import Shelf

from mingtang.disclosure.checkpoints import sign_checkpoint
from mingtang.disclosure.services import note_shown
from mingtang.editions.models import Publication
from mingtang.search.following import follow
from mingtang.units import roles

API = "/api/v1"


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    settings.SEARCH_ROOT = tmp_path / "search"
    settings.LOG_KEY = tmp_path / "log_key"
    return tmp_path


@pytest.fixture
def shelf(db: Any, root: Path) -> Shelf:
    return Shelf()


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def house(city: City, root: Path) -> Desk:
    """Three papers (one withdrawn, one erased), an interpretation, an index and a checkpoint."""
    return fill(city)


def fill(city: City) -> Desk:
    desk = make_desk(city)
    _, interpretation = desk.published(title="关于减少办事材料的通知")
    desk.review(interpretation)
    desk.act(interpretation, "publish", roles.OPENNESS_OFFICER)
    withdrawn, _ = desk.published(title="关于临时安排的通知")
    desk.act(withdrawn, "withdraw", roles.OPENNESS_OFFICER, data={"kind": "withdrawn", "reason": "安排有变。"})
    erased, _ = desk.published(title="清除了的通知")
    desk.act(erased, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    note_shown()
    sign_checkpoint(desk.now + timedelta(minutes=1))
    follow()
    return desk


def slug_of(title: str) -> str:
    return Publication.objects.get(title=title).path.removeprefix("pub/")
