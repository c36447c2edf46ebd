"""A city destroyed comes back the same, on either database: three commands."""

from pathlib import Path

import pytest
from tests.keeping.drill import drill

pytestmark = pytest.mark.xdist_group("keeping")


@pytest.mark.task("P4")
def test_back_up_destroy_restore_prove(tmp_path: Path) -> None:
    assert drill(tmp_path, "", "", papers=2, say=print) == []


def test_from_sqlite_to_postgresql(tmp_path: Path, database: str) -> None:
    assert drill(tmp_path, "", database, papers=1, say=print) == []


def test_from_postgresql_to_sqlite(tmp_path: Path, database: str) -> None:
    assert drill(tmp_path, database, "", papers=1, say=print) == []
