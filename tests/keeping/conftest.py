"""One built city and its archive for all tests of this folder; a PostgreSQL server where there is one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import postgres
from tests.databases import new_database
from tests.keeping.city import KeptCity


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> KeptCity:
    """A small city on SQLite. Tests read it and never change it."""
    city = KeptCity(tmp_path_factory.mktemp("keeping") / "home")
    city.build(2)
    return city


@pytest.fixture(scope="session")
def archive_of(built: KeptCity) -> Path:
    path = built.home.parent / "city.mingtang-backup"
    built.mingtang("backup", str(path))
    return path


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    given = os.environ.get("MINGTANG_DATABASE_URL", "")
    if given.startswith("postgres"):
        yield given
        return
    try:
        with postgres.server(durable=False) as url:
            yield url
    except postgres.NoServer as missing:
        pytest.skip(str(missing))


@pytest.fixture
def database(server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    with new_database(server) as made:
        yield made.url
