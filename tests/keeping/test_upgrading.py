"""A city of an earlier release comes up on this one, by one command, with every paper as it was published."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from tests.keeping.city import KeptCity
from tests.keeping.make_previous import PREVIOUS

pytestmark = pytest.mark.xdist_group("keeping")
RELEASES = ("first-paper", "public-side")


@pytest.fixture
def unpack(tmp_path: Path) -> Any:
    def unpacked(name: str) -> tuple[KeptCity, dict[str, Any]]:
        home = tmp_path / "home"
        with tarfile.open(PREVIOUS / f"{name}.tar.gz") as tar:
            tar.extractall(home, filter="data")
        return KeptCity(home), json.loads((home / "expected.json").read_text())

    return unpacked


@pytest.mark.task("P5")
@pytest.mark.parametrize("name", RELEASES)
def test_one_command_upgrades_a_city_with_data(unpack: Any, name: str) -> None:
    city, expected = unpack(name)
    city.mingtang("migrate")
    assert city.commands == 1
    found = city.fingerprint()
    assert {part: found[part] for part in expected} == expected
    assert found["journal_wrong"] == []
    assert len(expected["editions"]) == 3
    # Old papers get pages of this release, and everything fits together.
    city.mingtang("rebuild")
    assert "完好" in city.mingtang("verify")


def test_an_old_backup_is_brought_up_to_this_release(unpack: Any, tmp_path: Path) -> None:
    """An archive as the earlier release would have written it, with its tables and no others."""
    city, expected = unpack("public-side")
    path = tmp_path / "old.mingtang-backup"
    done = city.python("-m", "tests.keeping.old_archive", str(path))
    assert done.returncode == 0, done.stderr
    restored = KeptCity(tmp_path / "restored")
    assert "升级到这个版本的表" in restored.mingtang("restore", "--no-tree", str(path))
    found = restored.fingerprint()
    assert {part: found[part] for part in expected} == expected
    assert found["journal_wrong"] == []


def test_a_database_that_was_not_upgraded_is_not_backed_up_half(unpack: Any, tmp_path: Path) -> None:
    city, _ = unpack("first-paper")
    said = city.mingtang("backup", str(tmp_path / "x.mingtang-backup"), status=1)
    assert "请先运行 mingtang migrate" in said
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
