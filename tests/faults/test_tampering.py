"""Whatever is changed in the public tree, in its log, in the editions or in the journal is found and named."""

import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import brotli
import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings
from tests.bake.conftest import bake_at
from tests.disclosure.test_door import correct
from tests.factories import Desk, make_city, make_desk

from mingtang.bake.manifest import shard_of
from mingtang.bake.serving import PublicFiles
from mingtang.cli.main import main
from mingtang.disclosure.checkpoints import BehindPublished, sign_checkpoint
from mingtang.disclosure.verifying import _leaf, verify_house
from mingtang.editions.models import Checkpoint as Row
from mingtang.editions.models import Edition, LogEntry, LogHead, LogNode, Publication
from mingtang.journal.models import Event, JournalHead
from mingtang.journal.writing import event_hash
from mingtang.merkle import MemoryStore, Tree, leaf_hash
from mingtang.merkle.log_check import Finding
from mingtang.merkle.memory import Memory, Remembered
from mingtang.merkle.mirror import Report, Unusable, verify
from mingtang.merkle.notes import Checkpoint as Signed
from mingtang.merkle.notes import Signer, new_signer_key, open_note
from mingtang.merkle.readers import COMPRESSED, FolderReader, ReadError, WebReader, expand
from mingtang.merkle.tiles import bundle, entries_path, tile_path, tiles_for, unbundle
from mingtang.units import roles

# The database is made for tests that are marked; the tree that all of them look at comes from it.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("tampering")]


@dataclass(frozen=True)
class Built:
    """Trees on disk: as they are now, and as they were one checkpoint ago; and the key a thief would need."""

    now: Path
    before: Path
    key: str
    folders: dict[str, str]


def build(desk: Desk, before: Path | None = None) -> None:
    """Four papers: one corrected, one erased, one withdrawn, one as it was; baked at three checkpoints."""
    corrected, _ = desk.published()
    bake_at(desk.now)
    correct(desk, corrected)
    erased, _ = desk.published(title="关于公示人员名单的通知")
    withdrawn, _ = desk.published(title="关于临时措施的通知")
    desk.now += timedelta(hours=1)
    bake_at(desk.now)
    if before is not None:
        shutil.copytree(settings.PUBLIC_ROOT, before)
    desk.act(erased, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    desk.act(withdrawn, "withdraw", roles.OPENNESS_OFFICER, data={"kind": "withdrawn", "reason": "不再需要。"})
    desk.published(title="关于便民服务的通知")
    desk.now += timedelta(hours=1)
    bake_at(desk.now)


@pytest.fixture(scope="module")
def built(django_db_setup: Any, django_db_blocker: Any, tmp_path_factory: Any) -> Built:
    home = tmp_path_factory.mktemp("house")
    places = {"PUBLIC_ROOT": home / "public", "LOG_KEY": home / "secrets" / "log_key"}
    with django_db_blocker.unblock(), override_settings(**places), transaction.atomic():
        build(make_desk(make_city()), home / "before")
        folders = dict(Publication.objects.values_list("title", "path"))
        transaction.set_rollback(True)
    return Built(home / "public", home / "before", (home / "secrets" / "log_key").read_text().split("\n")[0], folders)


@pytest.fixture
def root(built: Built, tmp_path: Path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(built.now, tmp_path / "public"))


@pytest.fixture
def folder(built: Built) -> str:
    """The untouched paper's."""
    return built.folders["关于便民服务的通知"]


def look(root: Path, memory: Path | None = None, **options: Any) -> Report:
    return verify(FolderReader(root), Memory(memory), **options)


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(one.kind, one.path) for one in findings]


def flip(path: Path, place: int, bit: int = 1) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= bit
    path.write_bytes(bytes(data))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# A thief with the real key, who can make everything fit again.


def forge_manifest(root: Path, key: str, *, also: str = "") -> None:
    """List and sign the tree as it lies there; ``also`` is a path to list with the edition of its folder's page."""
    editions: dict[str, str] = {}
    for shard in sorted((root / "manifest").glob("*.txt*")):
        if shard.suffix == ".txt":
            for line in shard.read_text(encoding="utf-8").splitlines():
                _, edition, path = line.split("  ", 2)
                editions[path] = edition
        shard.unlink()
    if also:
        editions[also] = next(
            edition for path, edition in editions.items() if path.startswith(also[:24]) and edition != "-"
        )
    lines: dict[str, list[tuple[str, str]]] = {}
    for path, edition in editions.items():
        place = root / path
        for suffix, pack in ((".gz", gzip.compress), (".br", partial(brotli.compress, quality=1))):
            sibling = place.with_name(place.name + suffix)
            if sibling.exists():
                sibling.write_bytes(pack(place.read_bytes())) if place.exists() else sibling.unlink()
        if place.exists():
            digest = sha256(place.read_bytes()).hexdigest()
            lines.setdefault(shard_of(path), []).append((path, f"{digest}  {edition}  {path}\n"))
    index = root / "manifest" / "index"
    head = index.read_text(encoding="utf-8").split("\n")[:4]
    head[1] = (root / "log" / "checkpoint").read_text(encoding="utf-8").split("\n")[1]
    digests = []
    for name, rows in sorted(lines.items()):
        text = "".join(line for _, line in sorted(rows)).encode()
        (root / "manifest" / f"{name}.txt").write_bytes(text)
        digests.append(f"{sha256(text).hexdigest()}  {name}.txt")
    index.write_text(Signer(key).sign("\n".join([*head, *digests]) + "\n"), encoding="utf-8")


def leaves_of(root: Path) -> list[bytes]:
    size = int((root / "log" / "checkpoint").read_text(encoding="utf-8").split("\n")[1])
    return unbundle((root / "log" / entries_path(0, size)).read_bytes())


def forge_log(root: Path, key: str, leaves: list[bytes]) -> None:
    """Tiles, every checkpoint, every proof and the manifest of another history."""
    signer, tree = Signer(key), Tree(store := MemoryStore())
    tree.extend(leaves)
    shutil.rmtree(root / "log" / "tile")
    for level, number, width in tiles_for(0, len(leaves)):
        files = {tile_path(level, number, width): b"".join(store.levels[8 * level][number * 256 :][:width])}
        if level == 0:
            files[entries_path(number, width)] = bundle(leaves[number * 256 :][:width])
        for path, data in files.items():
            (root / "log" / path).parent.mkdir(parents=True, exist_ok=True)
            (root / "log" / path).write_bytes(data)
    notes: dict[int, str] = {}
    for path in sorted((root / "log" / "checkpoints").iterdir(), key=lambda one: int(one.name)):
        signed = Signed.from_text(open_note(path.read_text(encoding="utf-8"), signer.verifier))
        path.unlink()
        size = min(signed.size, len(leaves))
        notes[size] = signer.sign(replace(signed, size=size, root=tree.root(size)).to_text())
    for size, note in notes.items():
        (root / "log" / "checkpoints" / str(size)).write_text(note, encoding="utf-8")
    (root / "log" / "checkpoint").write_text(notes[len(leaves)], encoding="utf-8")
    for place in root.glob("pub/*/proof.json"):
        proof = json.loads(place.read_text(encoding="utf-8"))
        proof["checkpoints"] = {}
        for entry in proof["entries"]:
            leaf = leaves[entry["index"]]
            size = min(size for size in notes if size > entry["index"])
            entry.update(leaf=leaf.decode(), leaf_hash=leaf_hash(leaf).hex(), checkpoint_size=size)
            entry.update(at=json.loads(leaf)["at"])
            entry.update(proof=[value.hex() for value in tree.inclusion_proof(entry["index"], size)])
            proof["checkpoints"][str(size)] = notes[size]
        place.write_text(json.dumps(proof), encoding="utf-8")
    forge_manifest(root, key)


# What has to be good.


def test_a_sound_tree_is_sound(built: Built, tmp_path: Path) -> None:
    report = look(built.now, tmp_path / "memory.json")
    assert report.findings == []
    assert report.publications == 4
    assert report.files == report.files_listed > 50
    assert report.checkpoint is not None and len(leaves_of(built.now)) == report.checkpoint.size == 8
    sampled = look(built.now, tmp_path / "memory.json", sample=5)
    assert sampled.findings == [] and 5 <= sampled.files < report.files


def test_what_grows_goes_on_from_what_is_remembered(built: Built, tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"
    assert look(built.before, memory).findings == []
    assert look(built.now, memory).findings == []
    report = look(built.before, memory)
    assert ("rewritten", "log/checkpoint") in told(report.findings)
    assert "日志被回退，或这是一份旧的镜像" in report.findings[0].message
    assert report.remembered is None
    assert look(built.now, memory).findings == []


# What was changed in the tree.


def test_a_changed_page_is_named_with_its_edition(root: Path, folder: str) -> None:
    change(root / folder / "index.html", "减材料", "加材料")
    (finding,) = look(root).findings
    assert (finding.kind, finding.path) == ("changed", f"{folder}/index.html")
    assert "2026-00004 第 1 版" in finding.message


def test_a_compressed_copy_alone_is_named(root: Path, folder: str) -> None:
    page = (root / folder / "index.html").read_bytes()
    for suffix, pack in ((".br", partial(brotli.compress, quality=1)), (".gz", gzip.compress)):
        place = root / folder / f"index.html{suffix}"
        kept = place.read_bytes()
        place.write_bytes(pack(page + b"<p>\n"))
        assert told(look(root).findings) == [("changed", f"{folder}/index.html{suffix}")]
        place.write_bytes(kept)


def test_missing_and_extra_files_are_named(root: Path, folder: str) -> None:
    (root / folder / "index.html").unlink()
    (root / "pub" / "new.html").write_text("谣言", encoding="utf-8")
    (root / "log" / "tile" / "0" / "note").write_text("x", encoding="utf-8")
    found = told(look(root).findings)
    assert ("missing", f"{folder}/index.html") in found
    assert ("extra", "pub/new.html") in found
    assert ("extra", "log/tile/0/note") in found


@pytest.mark.parametrize("name", ["tile/0/000.p/8", "tile/entries/000.p/8"])
def test_a_changed_tile_is_named(root: Path, name: str) -> None:
    flip(root / "log" / name, 40)
    assert {path for _, path in told(look(root).findings)} >= {f"log/{name}"}
    (root / "log" / name).unlink()
    found = look(root).findings
    assert ("tile", f"log/{name}") in told(found)


def test_a_changed_entry_is_named_by_its_number(root: Path) -> None:
    leaves = leaves_of(root)
    leaves[3] = leaves[3].replace(b"published", b"withdrawn")
    (root / "log" / entries_path(0, 8)).write_bytes(bundle(leaves))
    found = look(root).findings
    assert ("entry", "log/tile/entries/000.p/8") in told(found)
    assert any("日志第 3 条" in one.message for one in found)


def test_a_changed_manifest_is_named(root: Path, built: Built, folder: str) -> None:
    shard = f"manifest/{shard_of(folder)}.txt"
    change(root / shard, f"  {folder}/index.html", f"  {folder}/index.htm")
    assert ("manifest", shard) in told(look(root).findings)
    index = root / "manifest" / "index"
    index.write_text(index.read_text(encoding="utf-8").replace("\n8\n", "\n9\n"), encoding="utf-8")
    assert ("manifest", "manifest/index") in told(look(root).findings)


def test_a_manifest_cannot_lead_out_of_the_tree(root: Path, folder: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    digest = sha256(b"x").hexdigest()
    for path in ("../secret", str(tmp_path / "secret"), "a//b", "log/checkpoint"):
        (root / "manifest" / f"{shard_of(folder)}.txt").write_text(f"{digest}  -  {path}\n", encoding="utf-8")
        found = look(root).findings
        assert any(one.kind == "manifest" and path in one.message for one in found)
        assert not any(one.path == path for one in found)


def test_a_removed_publication_is_named_once(root: Path, built: Built, folder: str) -> None:
    shutil.rmtree(root / folder)
    found = look(root).findings
    assert told(found) == [("removed", folder)]
    # Taken off the signed list as well: the log still names it.
    forge_manifest(root, built.key)
    (finding,) = look(root).findings
    assert (finding.kind, finding.path) == ("removed", folder) and "2026-00004" in finding.message


def test_content_that_differs_from_the_log_is_found_though_the_list_was_signed_anew(
    root: Path, built: Built, folder: str
) -> None:
    change(root / folder / "record.json", "减材料", "加材料")
    forge_manifest(root, built.key)
    assert told(look(root).findings) == [("changed", f"{folder}/record.json")]


def test_erasing_without_a_log_entry_is_found(root: Path, built: Built, folder: str) -> None:
    (root / folder / "record.json").unlink()
    forge_manifest(root, built.key)
    assert told(look(root).findings) == [("removed", f"{folder}/record.json")]
    proof = root / folder / "proof.json"
    data = json.loads(proof.read_text(encoding="utf-8"))
    for entry in data["entries"]:
        entry["salt"] = ""
    proof.write_text(json.dumps(data), encoding="utf-8")
    forge_manifest(root, built.key)
    assert told(look(root).findings) == [("removed", f"{folder}/proof.json")]


def test_what_was_erased_and_is_still_there_is_found(root: Path, built: Built) -> None:
    folder = built.folders["（内容已依法清除）"]
    shutil.copy(built.before / folder / "record.json", root / folder / "record.json")
    assert told(look(root).findings) == [("extra", f"{folder}/record.json")]
    proof = root / folder / "proof.json"
    old = json.loads((built.before / folder / "proof.json").read_text(encoding="utf-8"))
    data = json.loads(proof.read_text(encoding="utf-8"))
    data["entries"][0]["salt"] = old["entries"][0]["salt"]
    proof.write_text(json.dumps(data), encoding="utf-8")
    forge_manifest(root, built.key, also=f"{folder}/record.json")
    assert ("erased", f"{folder}/record.json") in told(look(root).findings)


def test_a_proof_that_hides_an_entry_is_found(root: Path, built: Built) -> None:
    folder = built.folders["关于临时措施的通知"]
    proof = root / folder / "proof.json"
    data = json.loads(proof.read_text(encoding="utf-8"))
    assert data["entries"].pop()["kind"] == "withdrawn"
    proof.write_text(json.dumps(data), encoding="utf-8")
    forge_manifest(root, built.key)
    (finding,) = look(root).findings
    assert finding.path == f"{folder}/proof.json" and "少了日志第" in finding.message


@pytest.mark.parametrize("wrong", ["[]", "null", '{"entries": [[]]}', "[" * 100_000, '{"publication": "\\ud800"}'])
def test_a_proof_of_any_shape_is_only_a_finding(root: Path, built: Built, folder: str, wrong: str) -> None:
    (root / folder / "proof.json").write_text(wrong, encoding="utf-8")
    forge_manifest(root, built.key)
    assert told(look(root).findings) == [("proof", f"{folder}/proof.json")]


# Time.


def test_a_page_dated_back_is_found_though_the_list_was_signed_anew(root: Path, built: Built, folder: str) -> None:
    page = root / folder / "index.html"
    text = re.sub(r'(name="PubDate" content=")[^"]*', r"\g<1>2026-03-01 09:00", page.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")
    forge_manifest(root, built.key)
    (finding,) = look(root).findings
    assert (finding.kind, finding.path) == (
        "backdated",
        f"{folder}/index.html",
    ) and "2026-03-01 09:00" in finding.message


def test_a_date_changed_in_a_proof_is_found(root: Path, built: Built, folder: str) -> None:
    change(root / folder / "proof.json", '"at":"2026-03-02', '"at":"2026-03-01')
    forge_manifest(root, built.key)
    assert ("backdated", f"{folder}/proof.json") in told(look(root).findings)


def test_an_entry_dated_back_is_found_though_all_was_signed_anew(root: Path, built: Built) -> None:
    leaves = leaves_of(root)
    leaves[-1] = leaves[-1].replace(b'"at":"2026-03-02', b'"at":"2026-02-28')
    forge_log(root, built.key, leaves)
    found = look(root).findings
    assert ("backdated", "log/tile/entries/000.p/8") in told(found)
    assert any("自称 2026-02-28" in one.message and "的检查点里还没有它" in one.message for one in found)


def test_checkpoints_that_go_back_in_time_or_in_the_journal_are_found(root: Path, built: Built) -> None:
    signer = Signer(built.key)
    newest = Signed.from_text(open_note((root / "log" / "checkpoint").read_text(encoding="utf-8"), signer.verifier))
    for changed in (
        replace(newest, at=newest.at - timedelta(days=1)),
        replace(newest, journal_sequence=1),
        replace(newest, journal_sequence=newest.journal_sequence, journal_hash="0" * 64),
    ):
        note = signer.sign(changed.to_text())
        for name in ("checkpoint", "checkpoints/8"):
            (root / "log" / name).write_text(note, encoding="utf-8")
        memory = Memory(None)
        memory.logs[newest.origin] = Remembered(signer.verifier, newest.to_text())
        found = verify(FolderReader(root), memory).findings
        assert {"backdated", "rewritten"} & {one.kind for one in found if one.path.startswith("log/checkpoint")}


# A past rewritten by whoever holds the key.


def test_only_memory_catches_a_past_rewritten_with_the_real_key(root: Path, built: Built, tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"
    look(built.now, memory)
    leaves = leaves_of(root)
    leaves[3] = re.sub(rb"\.\d{6}", b".000001", leaves[3])
    forge_log(root, built.key, leaves)
    assert leaves != leaves_of(built.now)
    assert look(root).findings == []
    report = look(root, memory)
    assert [one.kind for one in report.findings] == ["rewritten"]
    assert "记得第 8 条时的树根是" in report.findings[0].message and "历史被改写" in report.findings[0].message
    assert report.remembered is None and look(built.now, memory).findings == []


def test_only_memory_catches_a_log_cut_short_with_the_real_key(
    root: Path, built: Built, folder: str, tmp_path: Path
) -> None:
    memory = tmp_path / "memory.json"
    look(built.now, memory)
    shutil.rmtree(root / folder)
    forge_log(root, built.key, leaves_of(root)[:-1])
    assert look(root).findings == []
    found = look(root, memory).findings
    assert [one.kind for one in found] == ["rewritten"] and "记得日志有 8 条" in found[0].message


def test_a_kept_checkpoint_of_another_history_is_named(root: Path, built: Built) -> None:
    first = min((root / "log" / "checkpoints").iterdir(), key=lambda path: int(path.name))
    signed = Signed.from_text(open_note(first.read_text(encoding="utf-8"), Signer(built.key).verifier))
    first.write_text(Signer(built.key).sign(replace(signed, root=bytes(32)).to_text()), encoding="utf-8")
    assert ("rewritten", f"log/checkpoints/{first.name}") in told(look(root).findings)


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b"[" * 60_000,
        b'{"at":1}',
        b'{"at":"9999-12-31T23:59:59+00:00","edition":1,"index":7,"kind":"published","payload":"","publication":"x"}',
        b'{"at":"2026-03-02","edition":1,"index":7,"kind":"published","payload":"","publication":"x"}',
        b'{"at":"2026-03-02T09:00:00+08:00","edition":[],"index":7,"kind":{},"payload":"","publication":"x"}',
    ],
)
def test_an_entry_of_any_shape_is_only_a_finding(root: Path, built: Built, folder: str, leaf: bytes) -> None:
    shutil.rmtree(root / folder)
    forge_log(root, built.key, [*leaves_of(root)[:-1], leaf])
    assert ("entry", "log/tile/entries/000.p/8") in told(look(root).findings)


# Keys.


def test_another_key_is_not_believed(root: Path, built: Built, tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"
    look(built.now, memory)
    thief = new_signer_key(Signer(built.key).name)
    (root / "log" / "key").write_text(f"{Signer(thief).verifier}\n", encoding="utf-8")
    for name in ["checkpoint", *(f"checkpoints/{path.name}" for path in (root / "log" / "checkpoints").iterdir())]:
        body = open_note((root / "log" / name).read_text(encoding="utf-8"), Signer(built.key).verifier)
        (root / "log" / name).write_text(Signer(thief).sign(body), encoding="utf-8")
    for place in root.glob("pub/*/proof.json"):
        proof = json.loads(place.read_text(encoding="utf-8"))
        for size in proof["checkpoints"]:
            proof["checkpoints"][size] = (root / "log" / "checkpoints" / size).read_text(encoding="utf-8")
        place.write_text(json.dumps(proof), encoding="utf-8")
    forge_manifest(root, thief)
    assert look(root).findings == []
    assert ("key", "log/key") in told(look(root, memory).findings)
    assert ("key", "log/key") in told(look(root, key=Signer(built.key).verifier).findings)


def test_another_log_at_the_same_address_is_named(root: Path, built: Built, tmp_path: Path) -> None:
    memory = Memory(None)
    memory.places[FolderReader(root).address] = "www.other.example/log"
    assert ("rewritten", "log/key") in told(verify(FolderReader(root), memory).findings)


def test_what_is_no_such_tree_is_refused(tmp_path: Path, built: Built) -> None:
    with pytest.raises(Unusable, match="没有可以核验的内容"):
        look(tmp_path / "nowhere")
    with pytest.raises(Unusable, match="不是核验钥匙"):
        look(built.now, key="nonsense")
    with pytest.raises(Unusable, match="读不到"):
        verify(WebReader("http://127.0.0.1:9"), Memory(None))


# One bit anywhere.


def test_one_changed_bit_in_any_file_is_found(root: Path, built: Built) -> None:
    chance = random.Random(20260302)
    files = sorted(path for path in root.rglob("*") if path.is_file())
    # Long pages of one kind are alike: a few of each folder do for all.
    by_kind: dict[tuple[str, ...], list[Path]] = {}
    for path in files:
        inner = path.relative_to(root)
        by_kind.setdefault((*inner.parts[:1], *inner.parts[2:-1], inner.name[-9:]), []).append(path)
    for path in sorted(chance.choice(paths) for paths in by_kind.values()):
        data, packed = path.read_bytes(), path.suffix in COMPRESSED
        place, bit = chance.randrange(len(data)), 1 << chance.randrange(8)
        flip(path, place, bit)
        found = look(root).findings
        harmless = False
        if packed:
            with suppress(ReadError):
                # A gzip header has bytes that say nothing of the content.
                harmless = expand(path.read_bytes(), COMPRESSED[path.suffix]) == path.with_suffix("").read_bytes()
        assert found or harmless, (path, place, bit)
        inner = path.relative_to(root).as_posix()
        named = {one.path for one in found}
        assert harmless or inner in named or inner in ("log/checkpoint", "log/key"), (inner, named)
        path.write_bytes(data)
    assert look(root).findings == []


# Over the web.


@contextmanager
def served(handler: Any) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def test_a_mirror_on_any_web_server_is_verified_from_afar(root: Path, folder: str, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.json")
    with served(partial(Quiet, directory=str(root))) as address:
        report = verify(WebReader(address), memory)
        assert report.findings == [] and report.publications == 4
        change(root / folder / "index.html", "减材料", "加材料")
        (root / "feeds" / "all.atom").unlink()
        assert told(verify(WebReader(address), memory).findings) == [
            ("missing", "feeds/all.atom"),
            ("changed", f"{folder}/index.html"),
        ]


class QuietWSGI(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def own_server(root: Path) -> Iterator[str]:
    """The server that the embedded default puts before Django."""

    def nothing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b""]

    with make_server("127.0.0.1", 0, PublicFiles(nothing, root, {}), handler_class=QuietWSGI) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_house_own_server_gives_what_was_signed(built: Built) -> None:
    with own_server(built.now) as address:
        report = verify(WebReader(address), Memory(None))
    assert report.findings == [] and report.files > 50


def from_the_guide(name: str, address: str) -> str:
    """A block of docs/how-to/verify.md, for the site at ``address``."""
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "verify.md"
    match = re.search(rf"```\w+ {name}\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    assert match is not None
    return match[1].replace("https://www.tongliao.example", address)


@pytest.mark.skipif(shutil.which("wget") is None, reason="wget is not installed")
def test_a_stranger_mirrors_with_a_plain_crawler(built: Built, tmp_path: Path) -> None:
    with own_server(built.now) as address:
        subprocess.run(["bash", "-c", from_the_guide("mirror", address)], cwd=tmp_path, capture_output=True)
    assert look(tmp_path / "mirror").findings == []


@pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("curl")), reason="openssl or curl is not installed")
def test_a_stranger_checks_the_signature_by_hand(root: Path, tmp_path: Path) -> None:
    with own_server(root) as address:
        command = ["bash", "-c", from_the_guide("openssl", address)]
        good = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert "Verified Successfully" in good.stdout, good.stderr
        change(root / "log" / "checkpoint", "\n8\n", "\n9\n")
        bad = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert bad.returncode != 0 and "Verified Successfully" not in bad.stdout


def test_a_stranger_checks_a_proof_by_hand(root: Path, folder: str) -> None:
    command = [sys.executable, "-c", from_the_guide("proof", "")]
    good = subprocess.run(command, cwd=root / folder, capture_output=True, text=True, check=True)
    assert good.stdout.splitlines()[1:] == ["  in the log: True", "  this content: True"]
    change(root / folder / "record.json", "减材料", "加材料")
    bad = subprocess.run(command, cwd=root / folder, capture_output=True, text=True, check=True)
    assert bad.stdout.splitlines()[1:] == ["  in the log: True", "  this content: False"]


class Growing(FolderReader):
    """A site that publishes while it is being read."""

    def __init__(self, before: Path, now: Path) -> None:
        super().__init__(before)
        self.now = now

    def read(self, path: str) -> bytes | None:
        data = super().read(path)
        if path == "index.html":
            self.root = self.now
        return data


def test_a_site_that_publishes_meanwhile_raises_no_false_alarm(built: Built) -> None:
    assert verify(Growing(built.before, built.now), Memory(None)).findings == []


# The house itself.


@pytest.fixture
def house(db: Any, settings: Any, tmp_path: Path) -> Desk:
    settings.PUBLIC_ROOT, settings.LOG_KEY = tmp_path / "public", tmp_path / "secrets" / "log_key"
    desk = make_desk(make_city())
    build(desk)
    return desk


def paper() -> Publication:
    return Publication.objects.get(title="关于便民服务的通知")


def changed_edition() -> str:
    edition = Edition.objects.get(publication=paper())
    Edition.objects.filter(pk=edition.pk).update(payload=edition.payload.replace("减材料", "加材料"))
    return f"公开版 {paper().index_number} 第 1 版"


def changed_edition_and_its_hash() -> str:
    edition = Edition.objects.get(publication=paper())
    payload = edition.payload.replace("减材料", "加材料")
    Edition.objects.filter(pk=edition.pk).update(payload=payload, payload_hash=sha256(payload.encode()).hexdigest())
    return f"公开版 {paper().index_number} 第 1 版"


def changed_hash() -> str:
    Edition.objects.filter(publication=paper()).update(payload_hash="0" * 64)
    return f"公开版 {paper().index_number} 第 1 版"


def dated_back_edition() -> str:
    Edition.objects.filter(publication=paper()).update(published_at=paper().published_at - timedelta(days=3))
    return f"公开版 {paper().index_number} 第 1 版"


def dated_back_publication() -> str:
    Publication.objects.filter(pk=paper().pk).update(published_at=paper().published_at - timedelta(days=3))
    return f"公开件 {paper().index_number}"


def emptied_edition() -> str:
    Edition.objects.filter(publication=paper()).update(payload="", payload_hash="", salt="", state="erased")
    return f"公开版 {paper().index_number} 第 1 版"


def removed_edition() -> str:
    name = f"公开版 {paper().index_number} 第 1 版"
    Edition.objects.filter(publication=paper()).delete()
    return name


def restored_erased_edition() -> str:
    edition = Edition.objects.get(state="erased")
    Edition.objects.filter(pk=edition.pk).update(payload="{}", salt="00", state="live")
    return f"公开版 {edition.publication.index_number} 第 1 版"


def changed_entry() -> str:
    LogEntry.objects.filter(index=3).update(salted_hash="0" * 64)
    return "公开日志第 3 条"


def changed_entry_and_its_hash() -> str:
    entry = LogEntry.objects.select_related("publication").get(index=3)
    entry.salted_hash = "0" * 64
    LogEntry.objects.filter(index=3).update(salted_hash="0" * 64, leaf_hash=leaf_hash(_leaf(entry)).hex())
    return "公开日志末端"


def removed_entry() -> str:
    LogEntry.objects.filter(index=3).delete()
    return "公开日志第 3 条"


def dated_back_entry() -> str:
    entry = LogEntry.objects.get(index=7)
    LogEntry.objects.filter(index=7).update(at=entry.at - timedelta(days=3))
    return "公开日志第 7 条"


def changed_node() -> str:
    LogNode.objects.filter(level=1, position=1).update(hash="0" * 64)
    return "公开日志的树 1 层第 1 个"


def changed_head() -> str:
    LogHead.objects.update(size=7)
    return "公开日志末端"


def changed_event() -> str:
    event = Event.objects.get(sequence=5)
    Event.objects.filter(sequence=5).update(actor_id=(event.actor_id or 0) + 1)
    return "日志第 5 条内容被改动"


def rewritten_journal() -> str:
    """Every hash made to fit again."""
    previous = ""
    for event in Event.objects.order_by("sequence"):
        if event.sequence >= 5:
            if event.sequence == 5:
                event.actor_id = (event.actor_id or 0) + 1
            else:
                event.previous_hash = previous
            event.hash = event_hash(event)
            event.save()
        previous = event.hash
    JournalHead.objects.update(hash=previous)
    return f"与办事日志第 {Row.objects.all()[0].journal_sequence} 条对不上"


def shortened_journal() -> str:
    last = Event.objects.order_by("sequence").last()
    assert last is not None
    JournalHead.objects.update(sequence=last.sequence - 1, hash=last.previous_hash)
    Event.objects.filter(pk=last.pk).delete()
    return f"与办事日志第 {last.sequence} 条对不上"


def changed_checkpoint() -> str:
    Row.objects.filter(size=1).update(root="0" * 64)
    return "第 1 条的检查点"


def unsigned_checkpoint() -> str:
    row = Row.objects.get(size=1)
    Row.objects.filter(size=1).update(note=row.note.replace("journal", "Journal"))
    return "第 1 条的检查点"


def changed_page() -> str:
    flip(settings.PUBLIC_ROOT / paper().path / "index.html", 500)
    return f"{paper().path}/index.html"


def lost_tree() -> str:
    shutil.rmtree(settings.PUBLIC_ROOT)
    return "公开目录"


TAMPERS = [
    *(changed_edition, changed_edition_and_its_hash, changed_hash, dated_back_edition, dated_back_publication),
    *(emptied_edition, removed_edition, restored_erased_edition),
    *(changed_entry, changed_entry_and_its_hash, removed_entry, dated_back_entry, changed_node, changed_head),
    *(changed_event, rewritten_journal, shortened_journal, changed_checkpoint, unsigned_checkpoint),
    *(changed_page, lost_tree),
]


def test_every_changed_row_of_the_house_is_named(house: Desk) -> None:
    assert verify_house() == []
    for tamper in TAMPERS:
        with transaction.atomic():
            name = tamper()
            found = verify_house()
            assert any(name in f"{one.path}：{one.message}" for one in found), (tamper.__name__, found)
            transaction.set_rollback(True)


def test_a_restored_backup_is_named(house: Desk) -> None:
    """The log as it was at the checkpoint before, in itself without a fault."""
    with transaction.atomic():
        kept = Row.objects.order_by("-size")[1]
        LogEntry.objects.filter(index__gte=kept.size).delete()
        tree = Tree(MemoryStore())
        tree.extend_hashes([bytes.fromhex(entry.leaf_hash) for entry in LogEntry.objects.all()])
        LogHead.objects.update(size=kept.size, root=kept.root)
        Row.objects.filter(size__gt=kept.size).delete()
        assert tree.root().hex() == kept.root
        with pytest.raises(BehindPublished, match="恢复更新的备份"):
            sign_checkpoint(house.now)


# The command.


def test_the_command_needs_no_database_for_a_mirror(root: Path, folder: str, tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "MINGTANG_HOME": str(tmp_path / "no-house")}
    environment.update(MINGTANG_DATABASE_URL="postgresql://127.0.0.1:9/none", MINGTANG_PROFILE="/nowhere")
    command = [sys.executable, "-m", "mingtang.cli.main", "verify", str(root)]
    first = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert first.returncode == 0, first.stderr
    assert "第一次核验，已记住钥匙" in first.stdout and "完好" in first.stdout
    assert (tmp_path / "mingtang" / "verify.json").exists() and not (tmp_path / "no-house").exists()
    flip(root / folder / "index.html", 500)
    second = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True)
    assert second.returncode == 1
    assert [one["path"] for one in json.loads(second.stdout)["findings"]] == [f"{folder}/index.html"]


def test_the_command_tells_what_it_cannot_use(tmp_path: Path, capsys: Any) -> None:
    assert main(["verify", str(tmp_path), "--memory", str(tmp_path / "memory.json")]) == 2
    assert "无法核验" in capsys.readouterr().err
    for damaged in (
        "{",
        "[]",
        '{"logs": {"x": {}}, "places": {}}',
        '{"logs": {"x": {"key": "", "checkpoint": ""}}, "places": {}}',
    ):
        (tmp_path / "memory.json").write_text(damaged, encoding="utf-8")
        assert main(["verify", str(tmp_path), "--memory", str(tmp_path / "memory.json")]) == 2
        assert "记忆文件" in capsys.readouterr().err
        assert (tmp_path / "memory.json").read_text(encoding="utf-8") == damaged


def test_the_command_for_the_house_and_a_change_of_keys(house: Desk, capsys: Any, tmp_path: Path) -> None:
    assert main(["verify"]) == 0
    assert "完好" in capsys.readouterr().out
    memory = tmp_path / "memory.json"
    look(settings.PUBLIC_ROOT, memory)
    assert main(["log", "rotate-key"]) == 0
    assert main(["verify"]) == 0
    house.published(title="换钥匙以后的通知")
    house.now += timedelta(minutes=5)
    bake_at(house.now)
    capsys.readouterr()
    assert main(["log", "key"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert look(settings.PUBLIC_ROOT, memory).findings == []
    assert main(["verify"]) == 0
