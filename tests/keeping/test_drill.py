"""A city destroyed comes back the same, on either database: three commands."""

import shutil
from pathlib import Path

import pytest
from tests.keeping.city import KeptCity
from tests.keeping.drill import drill

pytestmark = pytest.mark.xdist_group("keeping")


@pytest.mark.task("P4")
def test_back_up_destroy_restore_prove(built: KeptCity, tmp_path: Path) -> None:
    shutil.copytree(built.home, tmp_path / "home")
    assert drill(KeptCity(tmp_path / "home"), "", say=print) == []


def test_to_postgresql_and_back(built: KeptCity, tmp_path: Path, database: str) -> None:
    shutil.copytree(built.home, tmp_path / "one" / "home")
    assert drill(KeptCity(tmp_path / "one" / "home"), database, say=print) == []
    (tmp_path / "two").mkdir()
    shutil.move(tmp_path / "one" / "second", tmp_path / "two" / "home")
    assert drill(KeptCity(tmp_path / "two" / "home", database), "", say=print) == []
