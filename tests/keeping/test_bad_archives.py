"""Archives that were cut short, altered, made by a newer release, or that the passphrase does not open."""

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.keeping.city import PASSPHRASE, KeptCity

from mingtang.cli.backup import archive as archives
from mingtang.cli.backup import restoring, sealing
from mingtang.cli.main import main

pytestmark = pytest.mark.xdist_group("keeping")
Members = list[tuple[str, bytes]]


@pytest.fixture(autouse=True)
def opened_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in this process, without a database; the cost of a guess is another test's matter."""
    monkeypatch.setenv("MINGTANG_BACKUP_PASSPHRASE", PASSPHRASE)
    monkeypatch.setitem(sealing.SCRYPT, "n", 1 << 10)


@pytest.fixture
def members(archive_of: Path) -> Members:
    """Everything inside the archive, the list and its signature included."""
    with (
        archives.reading(archive_of, lambda: PASSPHRASE, []) as reader,
        tarfile.open(fileobj=reader.stream, mode="r|") as tar,
    ):
        return [(info.name, tar.extractfile(info).read()) for info in tar]


def seal(path: Path, members: Members, wrap: Callable[[bytes], dict[str, Any]] | None = None) -> Path:
    """A sealed archive of whatever is given, as somebody who knows the passphrase could make it."""
    wrap = wrap or partial(sealing.wrap_for_passphrase, PASSPHRASE)
    with path.open("wb") as handle, archives.writing(handle, wrap) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.tar.addfile(info, io.BytesIO(data))
    return path


def check(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    status = main(["backup", "--check", str(path), *more])
    told = capsys.readouterr()
    return status, told.out + told.err


def test_a_whole_one_passes(members: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, told = check(seal(tmp_path / "whole", members), capsys)
    assert (status, "完好" in told) == (0, True), told


def test_cut_short_anywhere(members: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = seal(tmp_path / "whole", [*members[:-2], ("home/large", bytes(range(256)) * 12000), *members[-2:]])
    # The last member is not on the list, but the cut is found before.
    data = whole.read_bytes()
    for length in [0, 1, 17, 200, len(data) // 3, len(data) // 2, len(data) - 17, len(data) - 1]:
        (tmp_path / "cut").write_bytes(data[:length])
        status, told = check(tmp_path / "cut", capsys)
        assert status == 2, length
        assert any(words in told for words in ("损坏", "不是明堂的备份", "打不开", "不完整")), told


def test_a_bit_flipped_anywhere(members: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(seal(tmp_path / "whole", members).read_bytes())
    for place in [*range(0, 40, 7), *range(40, len(data), max(1, len(data) // 25)), len(data) - 1]:
        data[place] ^= 4
        (tmp_path / "flipped").write_bytes(data)
        status, told = check(tmp_path / "flipped", capsys)
        assert status == 2, place
        data[place] ^= 4


def test_each_member_altered_by_somebody_with_the_passphrase(
    members: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The seal holds, the list does not: the member is named."""
    for number, (name, data) in enumerate(members):
        if not data:
            continue
        changed = bytearray(data)
        changed[len(changed) // 2] ^= 1
        altered = [*members[:number], (name, bytes(changed)), *members[number + 1 :]]
        status, told = check(seal(tmp_path / "altered", altered), capsys)
        assert status == 2, name
        if name not in (archives.MANIFEST, archives.NOTE, archives.HEAD):
            assert name in told, told
    for number, (name, _) in enumerate(members):
        status, told = check(seal(tmp_path / "lacking", members[:number] + members[number + 1 :]), capsys)
        assert status == 2, name
        if number and name not in (archives.MANIFEST, archives.NOTE):
            assert name in told, told


def test_a_list_signed_by_another_key_is_not_believed(
    members: Members, archive_of: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mingtang.merkle.notes import Signer, new_signer_key

    stranger = Signer(new_signer_key("stranger.example/log"))
    by_name = dict(members)
    note = stranger.sign(archives.note_text(by_name[archives.MANIFEST])).encode()
    forged = [(name, note if name == archives.NOTE else data) for name, data in members]
    status, told = check(seal(tmp_path / "forged", forged), capsys)
    assert (status, "签名" in told) == (2, True), told
    assert check(archive_of, capsys, "--key", stranger.verifier)[0] == 2


def test_a_newer_release_is_told_before_anything_is_read(
    members: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = json.loads(dict(members)[archives.HEAD])
    for change in ({"version": "99.0"}, {"format": 2}):
        newer = [(archives.HEAD, json.dumps({**head, **change}).encode()), *members[1:]]
        status, told = check(seal(tmp_path / "newer", newer), capsys)
        assert (status, "请先升级程序" in told) == (2, True), told
    data = (tmp_path / "newer").read_bytes()
    (tmp_path / "newer").write_bytes(data.replace(b"mingtang-backup 1\n", b"mingtang-backup 2\n", 1))
    assert "请先升级程序" in check(tmp_path / "newer", capsys)[1]


def test_tables_of_a_newer_release_are_refused_by_restore(members: Members, tmp_path: Path) -> None:
    head = json.loads(dict(members)[archives.HEAD])
    head["migrations"].append(["editions", "9999_of_the_future"])
    path = seal(tmp_path / "newer", [(archives.HEAD, json.dumps(head).encode()), *members[1:]])
    city = KeptCity(tmp_path / "home")
    assert "editions.9999_of_the_future" in city.mingtang("restore", str(path), status=2)
    assert left_in(city.home) == set()


def test_wrong_passphrase_and_wrong_key(
    members: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_passphrase = seal(tmp_path / "one", members)
    identity, recipient = sealing.new_identity()
    by_key = seal(tmp_path / "two", members, partial(sealing.wrap_for_recipient, recipient))
    (tmp_path / "right").write_text(identity)
    (tmp_path / "wrong").write_text(sealing.new_identity()[0])
    (tmp_path / "nonsense").write_text("MINGTANG-IDENTITY-xyz")
    assert check(by_key, capsys, "--identity", str(tmp_path / "right"))[0] == 0
    for words in ("wrong", "nonsense"):
        status, told = check(by_key, capsys, "--identity", str(tmp_path / words))
        assert (status, "钥匙" in told) == (2, True), told
    assert check(by_key, capsys)[0] == 2
    monkeypatch.setenv("MINGTANG_BACKUP_PASSPHRASE", "another passphrase")
    status, told = check(by_passphrase, capsys)
    assert (status, "口令不对" in told) == (2, True), told


def test_other_files_and_paths_out_of_the_home(
    members: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for data in (b"", b"PK\x03\x04 a zip", b"mingtang-backup 1\n{}\n", b"\x00" * 5000):
        (tmp_path / "other").write_bytes(data)
        assert check(tmp_path / "other", capsys)[0] == 2
    for name in ("home/../../etc/x", "/etc/x", "home//x"):
        path = seal(tmp_path / "outside", [members[0], (name, b"x"), *members[1:]])
        assert check(path, capsys)[0] == 2, name


def test_restore_leaves_nothing_of_a_damaged_one(members: Members, tmp_path: Path) -> None:
    """Damage far inside, in the last table: everything before it was loaded already."""
    last = max(number for number, (name, _) in enumerate(members) if name.startswith(archives.TABLES))
    name, data = members[last]
    altered = [*members[:last], (name, data.replace(b"[", b"{", 1)), *members[last + 1 :]]
    city = KeptCity(tmp_path / "home")
    said = city.mingtang("restore", str(seal(tmp_path / "altered", altered)), status=2)
    assert "损坏" in said
    assert left_in(city.home) == set()


def left_in(home: Path) -> set[str]:
    """Whatever there is beside the two empty lock files."""
    return {path.name for path in home.iterdir()} - {"keeping.lock", restoring.WORKER_LOCK}


def test_a_city_in_use_is_not_overwritten_unasked(built: KeptCity, archive_of: Path, tmp_path: Path) -> None:
    shutil.copytree(built.home, tmp_path / "home")
    city = KeptCity(tmp_path / "home")
    before = city.fingerprint()
    assert "已有数据" in city.mingtang("restore", str(archive_of), status=1)
    assert "没有确认" in city.mingtang("restore", "--replace", str(archive_of), status=1, given="是\n")
    assert city.fingerprint() == before
    said = city.mingtang("restore", "--replace", str(archive_of), given="替换\n")
    assert "换下来的旧数据在" in said
    assert city.fingerprint() == before


def test_a_backup_behind_what_was_published_does_not_sign(built: KeptCity, archive_of: Path, tmp_path: Path) -> None:
    """Papers went out after the backup: what the public has seen stays, and no second history is signed."""
    shutil.copytree(built.home, tmp_path / "home")
    city = KeptCity(tmp_path / "home")
    done = city.python("-m", "tests.keeping.building", "more")
    assert done.returncode == 0, done.stderr
    tree = city.tree()
    said = city.mingtang("restore", "--replace", str(archive_of), status=1, given="替换\n")
    assert "恢复的备份太旧" in said
    assert city.tree() == tree
    assert "恢复的备份太旧" in city.mingtang("rebuild", status=1)
