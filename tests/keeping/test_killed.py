"""Killed, or out of disk, at any step: neither half an archive that looks whole nor half a city."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.keeping.city import PASSPHRASE, KeptCity

from mingtang.cli.backup import restoring

pytestmark = pytest.mark.xdist_group("keeping")
EVENTS = {"os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree"}
KILLED, MOST = 9, 300
OLD, NEW = {"mingtang.sqlite3": "old", "secrets/log_key": "old", "public/index.html": "old", "mine.txt": "kept"}, "new"


def dying_at(number: int, act: Callable[[], object]) -> bool:
    """Run ``act`` in a child that ends without clean-up at its file operation ``number``; True if it got through."""
    child = os.fork()
    if not child:
        passed = 0

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal passed
            if event in EVENTS or (event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_WRONLY):
                passed += 1
                if passed == number:
                    os._exit(KILLED)

        try:
            sys.addaudithook(watch)
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, KILLED)
    return code == 0


def prepare(home: Path) -> restoring.Staging:
    """An old city and a new one that is ready beside it."""
    shutil.rmtree(home, ignore_errors=True)
    for name, words in OLD.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(words)
    (home / "mingtang.sqlite3-wal").write_text("old")
    staging = restoring.Staging.make(restoring.Place(home, f"sqlite:///{home / 'mingtang.sqlite3'}"))
    assert staging.file is not None
    staging.file.write_text(NEW)
    for name in ("secrets/log_key", "public/index.html"):
        (staging.folder / name).parent.mkdir()
        (staging.folder / name).write_text(NEW)
    return staging


def test_switch_killed_at_every_file_operation(tmp_path: Path) -> None:
    """Either nothing has changed, or the mark keeps everybody out, or all is new."""
    home = tmp_path / "home"
    seen = set()
    for number in range(1, MOST):
        staging = prepare(home)
        through = dying_at(number, partial(restoring.switch, staging, lambda: None))
        words = {name: (home / name).read_text() if (home / name).exists() else "" for name in OLD}
        marked = (home / restoring.MARK).exists()
        changed = {name for name in OLD if words[name] != OLD[name]}
        if changed != {"mingtang.sqlite3", "secrets/log_key", "public/index.html"} or not all(
            words[name] == NEW for name in changed
        ):
            assert marked or not changed, number
        if not marked and changed:
            assert not (home / "mingtang.sqlite3-wal").exists()
        assert words["mine.txt"] == "kept"
        seen.add("marked" if marked else "new" if changed else "old")
        if through:
            break
    assert through
    assert seen == {"old", "marked", "new"}


def test_a_city_between_two_states_does_not_start_and_restores_again(
    archive_of: Path, built: KeptCity, tmp_path: Path
) -> None:
    shutil.copytree(built.home, tmp_path / "home")
    city = KeptCity(tmp_path / "home")
    (city.home / restoring.MARK).write_text(json.dumps({"staging": ".restore-x"}))
    shutil.rmtree(city.home / "secrets")
    for command in (["people", "list"], ["worker"], ["backup", str(tmp_path / "x")]):
        assert "恢复在最后一步中断" in city.mingtang(*command, status=1)
    # No question asked: what is there is no city.
    city.mingtang("restore", str(archive_of))
    assert city.fingerprint() == built.fingerprint()


def test_backup_killed_at_every_file_operation_looks_whole_only_when_it_is(built: KeptCity, tmp_path: Path) -> None:
    done = built.python("-m", "tests.keeping.dying_backup", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["attempts"] >= 4
    assert told["whole"] >= 1
    assert told["wrong"] == []


@pytest.mark.parametrize("line", ["备份做于", "装入数据库", "重新生成公开目录"])
def test_restore_killed_leaves_the_home_empty_for_the_next(archive_of: Path, tmp_path: Path, line: str) -> None:
    city = KeptCity(tmp_path / "home")
    process = subprocess.Popen(
        [sys.executable, "-m", "mingtang.cli.main", "restore", str(archive_of)],
        env=city.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert any(line in told for told in process.stdout)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = {path.name for path in city.home.iterdir() if not path.name.startswith(restoring.STAGING)}
    assert left == {"keeping.lock", restoring.WORKER_LOCK}
    city.mingtang("restore", "--no-tree", str(archive_of))
    assert not list(city.home.glob(f"{restoring.STAGING}*"))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Makes a file system of a given size."""
    made: list[Path] = []

    def mount(size: str) -> Path:
        folder = tmp_path / f"small-{size}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("may not mount here")
        made.append(folder)
        return folder

    yield mount
    for folder in made:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def test_disk_full_while_backing_up(built: KeptCity, small: Callable[[str], Path]) -> None:
    folder = small("16k")
    said = built.mingtang("backup", str(folder), status=1)
    assert "没有做成" in said
    assert "No space left" in said
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("size", ["64k", "900k", "2500k"])
def test_disk_full_while_restoring(archive_of: Path, small: Callable[[str], Path], size: str) -> None:
    folder = small(size)
    city = KeptCity(folder / "home")
    said = city.mingtang("restore", str(archive_of), status=1)
    assert "没有" in said and "原有的数据没有动" in said, said
    assert {path.name for path in city.home.iterdir()} <= {"keeping.lock", restoring.WORKER_LOCK}


def test_only_the_newest_are_kept(built: KeptCity, tmp_path: Path) -> None:
    for day in (1, 2, 3):
        (tmp_path / f"mingtang-2026010{day}-023000.mingtang-backup").touch()
    (tmp_path / "mine.mingtang-backup").touch()
    (tmp_path / "mingtang-20260101-notes.txt").touch()
    said = built.mingtang("backup", str(tmp_path), "--keep", "2")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert "已删除旧备份" in said
    assert [name for name in names if "2026010" in name] == [
        "mingtang-20260101-notes.txt",
        "mingtang-20260103-023000.mingtang-backup",
    ]
    assert "mine.mingtang-backup" in names
    assert len(names) == 4
    kept = json.loads((built.home / "backup.state.json").read_text())
    assert kept["size"] == Path(kept["file"]).stat().st_size
    assert PASSPHRASE not in said
