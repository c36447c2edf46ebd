"""The public tree follows the log: whole, exact, and nothing that is not public."""

import gzip
import os
import re
import shutil
from datetime import timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import brotli
import pytest
from django.test import Client
from tests.bake.conftest import Bake, bake_at, files_of
from tests.factories import Desk

from mingtang.bake.following import Key, rebuild
from mingtang.bake.tree import Tree
from mingtang.disclosure.checkpoints import published_keys, signer, verifiers
from mingtang.editions.models import Publication
from mingtang.merkle.notes import open_note
from mingtang.records.models import Record
from mingtang.units import roles

SECRET = "还没有公开的秘密句子"
IDENTITY = "11010519491231002X"


def slug_of(record: Record) -> str:
    return Publication.objects.get(index_number=record.disclosed.index_number).path.removeprefix("pub/")


def correct(desk: Desk, paper: Record, sentence: str) -> None:
    """Publish a second edition with one more sentence."""
    desk.act(paper, "begin_correction", roles.DRAFTER, data={"remark": "补一句。"})
    body = Record.objects.get(pk=paper.pk).document.body
    desk.edit(paper, {"body": f"{body}\n{sentence}", "lead_units": [desk.unit.pk]})
    desk.review(paper, "review_correction")
    desk.act(paper, "publish", roles.OPENNESS_OFFICER)


def same_as_rebuilt(public: Path, as_of: object, elsewhere: Path) -> None:
    """A tree baked anew for the same log, release and moment has the same files, byte for byte."""
    rebuild(Key(signer(), published_keys()), elsewhere, as_of)  # type: ignore[arg-type]
    kept, fresh = files_of(public), files_of(elsewhere)
    assert sorted(kept) == sorted(fresh)
    assert [path for path in kept if kept[path] != fresh[path]] == []
    shutil.rmtree(elsewhere)


def test_following_step_by_step_gives_what_a_rebuild_gives(
    desk: Desk, bake: Bake, public: Path, tmp_path: Path
) -> None:
    bake(desk)
    same_as_rebuilt(public, desk.now, tmp_path / "again0")
    paper, interpretation = desk.published()
    bake(desk)
    desk.review(interpretation)
    desk.act(interpretation, "publish", roles.OPENNESS_OFFICER)
    other, _ = desk.published(title="关于冬季供热的通知", body="一、时间\n十月十五日开始供热。")
    bake(desk)
    correct(desk, paper, "补充的一句话。")
    bake(desk)
    same_as_rebuilt(public, desk.now, tmp_path / "again1")
    desk.act(other, "withdraw", roles.OPENNESS_OFFICER, data={"kind": "repealed", "reason": "新办法已经施行。"})
    bake(desk)
    desk.act(paper, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    bake(desk)
    same_as_rebuilt(public, desk.now, tmp_path / "again2")
    desk.now += timedelta(days=2)
    bake(desk)
    same_as_rebuilt(public, desk.now, tmp_path / "again3")


def test_a_pass_with_nothing_new_writes_nothing(desk: Desk, bake: Bake, public: Path) -> None:
    desk.published()
    assert bake(desk).publications == 1
    before = {path: path.stat().st_mtime_ns for path in public.rglob("*")}
    assert bake(desk).publications == 0
    assert {path: path.stat().st_mtime_ns for path in public.rglob("*")} == before


def test_every_listed_file_is_as_the_signed_list_says_and_none_is_left_out(
    desk: Desk, bake: Bake, public: Path
) -> None:
    paper, _ = desk.published()
    correct(desk, paper, "补充的一句话。")
    bake(desk)
    index = open_note((public / "manifest" / "index").read_text(), verifiers())
    origin, size, _release, _as_of, *shards = index.removesuffix("\n").split("\n")
    assert origin.endswith(" manifest") and size == "3"
    listed = {}
    for line in shards:
        digest, name = line.split("  ")
        data = (public / "manifest" / name).read_bytes()
        assert sha256(data).hexdigest() == digest
        for entry in data.decode().splitlines():
            file_digest, edition, path = entry.split("  ")
            listed[path] = edition
            assert sha256((public / path).read_bytes()).hexdigest() == file_digest, path
    unlisted = {
        path
        for path in Tree(public).files()
        if path not in listed and not path.startswith(("manifest/", "log/tile/", "log/checkpoint"))
    }
    assert unlisted == set()
    slug = slug_of(paper)
    number = Publication.objects.get().index_number
    assert listed[f"pub/{slug}/index.html"] == f"{number}#2"
    assert listed[f"pub/{slug}/edition/1/record.json"] == f"{number}#1"
    assert listed["index.html"] == "-"


def test_compressed_siblings_hold_the_same_text(desk: Desk, bake: Bake, public: Path) -> None:
    desk.published()
    bake(desk)
    pages = list(public.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        assert gzip.decompress(page.with_name(page.name + ".gz").read_bytes()) == page.read_bytes()
        assert brotli.decompress(page.with_name(page.name + ".br").read_bytes()) == page.read_bytes()


def test_nothing_that_is_not_public_comes_into_the_folder(desk: Desk, bake: Bake, public: Path) -> None:
    desk.draft(title=SECRET)
    desk.signed(title=f"签了的{SECRET}")
    paper, _ = desk.published(title="公开的文件", body=f"一、名单\n某某，身份证{IDENTITY}。")
    bake(desk)
    desk.act(paper, "begin_correction", roles.DRAFTER, data={"remark": SECRET})
    bake(desk)
    everything = b"".join(files_of(public).values())
    assert "公开的文件".encode() in everything and b"110105********002X" in everything
    for secret in (SECRET, IDENTITY):
        assert secret.encode() not in everything


def test_erased_content_is_gone_from_every_file(desk: Desk, bake: Bake, public: Path) -> None:
    paper, _ = desk.published(title="要清除的标题", body="一、名单\n要清除的内容。")
    correct(desk, paper, "补充的一句话。")
    other, _ = desk.published(title="留下的文件")
    bake(desk)
    slug = slug_of(paper)
    assert (public / "pub" / slug / "edition" / "1" / "record.json").exists()
    desk.act(paper, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    bake(desk)
    left = files_of(public / "pub" / slug)
    assert sorted(left) == [
        *("gone.html", "gone.html.br", "gone.html.gz", "proof.json"),
        *("proof/index.html", "proof/index.html.br", "proof/index.html.gz"),
    ]
    for path, data in files_of(public).items():
        if not path.endswith((".br", ".gz")):
            for words in ("要清除的", "补充的一句话"):
                assert words.encode() not in data, path
    assert "公示期满".encode() in left["gone.html"]
    assert (public / "pub" / slug_of(other) / "index.html").exists()


def test_a_withdrawn_paper_stays_readable_and_says_so(desk: Desk, bake: Bake, public: Path) -> None:
    paper, _ = desk.published()
    bake(desk)
    desk.act(paper, "withdraw", roles.OPENNESS_OFFICER, data={"kind": "repealed", "reason": "新办法已经施行。"})
    bake(desk)
    page = (public / "pub" / slug_of(paper) / "index.html").read_text()
    assert 'class="stamp"' in page and "新办法已经施行" in page and "关于减少办事材料的通知" in page


class Links(HTMLParser):
    """Addresses and ids of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.found += [value for name in ("href", "src", "action") if (value := given.get(name))]
        if given.get("id"):
            self.ids.add(str(given["id"]))


def test_every_link_of_every_page_leads_somewhere(desk: Desk, bake: Bake, public: Path) -> None:
    paper, interpretation = desk.published()
    desk.review(interpretation)
    desk.act(interpretation, "publish", roles.OPENNESS_OFFICER)
    correct(desk, paper, "补充的一句话。")
    erased, _ = desk.published(title="要清除的标题")
    desk.act(erased, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    bake(desk)
    client, asked, broken = Client(), {}, []
    for page in sorted(public.rglob("*.html")):
        links = Links()
        links.feed(page.read_text())
        for link in links.found:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                continue
            if not address.path:
                if address.fragment and unquote(address.fragment) not in links.ids and page.name != "gone.html":
                    broken.append((page.relative_to(public).as_posix(), link))
                continue
            path = unquote(address.path).lstrip("/")
            target = public / path / "index.html" if path.endswith("/") or not path else public / path
            if target.is_file() or (target.parent / "gone.html").is_file():
                continue
            if link not in asked:
                asked[link] = client.get(link, follow=True).status_code
            if asked[link] not in (200, 410):
                broken.append((page.relative_to(public).as_posix(), link))
    assert sorted(set(broken)) == []


def test_pages_state_nothing_of_the_day_they_are_read(desk: Desk, bake: Bake, public: Path) -> None:
    """A paper's page baked today is the one baked in a year, though its duty is then late."""
    paper, _ = desk.published()
    bake(desk)
    page = public / "pub" / slug_of(paper) / "index.html"
    before = page.read_bytes()
    assert "还没有做到" in before.decode() and re.search(r"<time datetime=[^>]+data-due", before.decode())
    desk.now += timedelta(days=365)
    bake(desk)
    assert page.read_bytes() == before


def test_a_changed_release_bakes_everything_anew(desk: Desk, bake: Bake, public: Path) -> None:
    desk.published()
    bake(desk)
    state = public.with_name("public.state.json")
    state.write_text(re.sub(r'"release": "[^"]+"', '"release": "0.0.0-older"', state.read_text()))
    assert bake(desk).everything


def test_a_broken_pass_is_done_over_and_its_drafts_are_swept(desk: Desk, bake: Bake, public: Path) -> None:
    paper, _ = desk.published()
    bake(desk)
    expected = files_of(public / "pub")
    folder = public / "pub" / slug_of(paper)
    (folder / ".draft-99-index.html").write_text("half")
    (folder / "record.json").unlink()
    (public / "pub" / "left-by-another-database").mkdir()
    (public / "pub" / "left-by-another-database" / "index.html").write_text("x")
    public.with_name("public.state.json").unlink()
    bake(desk)
    assert files_of(public / "pub") == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_keeps_what_was_there_and_is_made_up_for(desk: Desk, settings: object, tmp_path: Path) -> None:
    import subprocess

    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine does not let a test mount a disk")
    try:
        settings.PUBLIC_ROOT, settings.LOG_KEY = small / "public", tmp_path / "log_key"  # type: ignore[attr-defined]
        desk.published()
        bake_at(desk.now)
        before = files_of(small / "public")
        filler = small / "filler"
        free = os.statvfs(small).f_bavail * os.statvfs(small).f_frsize
        filler.write_bytes(b"\0" * (free - 8192))
        desk.published(title="第二份文件", body="一、时间\n" + "十月十五日开始供热。" * 400)
        with pytest.raises(OSError, match="No space"):
            bake_at(desk.now)
        after = files_of(small / "public")
        assert not [path for path in after if ".draft-" in path]
        assert after["manifest/index"] == before["manifest/index"]
        for path, data in before.items():
            if path.startswith("pub/"):
                assert after[path] == data
        filler.unlink()
        bake_at(desk.now)
        again = tmp_path / "again"
        rebuild(Key(signer(), published_keys()), again, desk.now)
        assert files_of(small / "public") == files_of(again)
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_paths_never_leave_the_tree(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "public")
    for path in ("../x", "/etc/passwd", "a/../../x", "", ".", "a//b", "a/\x00"):
        with pytest.raises(ValueError, match="not a path"):
            tree.write(path, b"x")
    assert not (tmp_path / "x").exists()
