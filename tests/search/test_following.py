"""The index keeps up with the log through corrections, erasures, crashes and restored databases."""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tantivy import Index
from tests.databases import new_database
from tests.search.shelf import Shelf

from mingtang.editions.models import LogEntry, LogHead
from mingtang.search import folders
from mingtang.search.following import follow, rebuild
from mingtang.search.selectors import search, suggest
from mingtang.search.tantivy_engine import TantivyWriter
from mingtang.search.wanted import Wanted
from mingtang.search.words import indexed

Titles = Callable[..., list[str]]
KILLS = 40


def test_a_correction_replaces_and_a_mark_changes_the_facet(shelf: Shelf, titles: Titles) -> None:
    paper = shelf.publish("旧题目", "旧的说法")
    other = shelf.publish("别的", "不变")
    assert follow() == 2 and follow() == 0
    shelf.correct(paper, "新题目", "新的说法")
    assert titles("旧的说法") == ["新题目"]  # not followed yet: found by what it said
    assert follow() == 1
    assert titles("旧的说法") == titles("旧题目") == [] and titles("新的说法") == ["新题目"]
    shelf.mark(other, "repealed")
    follow()
    assert search(Wanted(validity="repealed")).total == 1
    assert search(Wanted()).facets["validity"] == [("repealed", "已废止", 1), ("valid", "有效", 1)]


def test_a_withdrawn_paper_leaves_the_list(shelf: Shelf, titles: Titles) -> None:
    paper = shelf.publish("撤回的", "供热", document_number="甲〔2026〕1号")
    shelf.publish("留下的", "供热")
    follow()
    shelf.mark(paper, "withdrawn")
    assert "撤回的" not in [hit.publication.title for hit in search(Wanted(q="供热")).hits]  # even before
    follow()
    assert titles("供热") == ["留下的"] and suggest("撤回") == []
    assert search(Wanted(q="甲〔2026〕1号")).direct is None


ERASED_WORDS = ("龘靐齉", "爩鱻麤", "虋厵爨", "龖驫羴")


def test_nothing_of_an_erased_text_stays_in_the_folder(shelf: Shelf, titles: Titles, root: Path) -> None:
    """Not of the edition that was live, nor of one before, nor of its file, nor its number."""
    rebuild()
    for number in range(5):
        shelf.publish(f"别的{number}", "照常")
    paper = shelf.publish("龘靐齉", "爩鱻麤", files={"龖驫羴.txt": "龖驫羴"}, document_number="籲〔2026〕7号")
    follow()
    shelf.correct(paper, "龘靐齉", "虋厵爨")
    follow()
    files = set(files_in(root))
    # An engine keeps the words of what was deleted until segments are merged.
    assert all(held(pair) for text in ERASED_WORDS for pair in indexed(text).split()[:-1])
    assert held("籲20267号", "number")
    shelf.erase(paper)
    assert search(Wanted(q="虋厵爨")).hits == []  # even before the index follows
    follow()
    assert not any(held(pair) for text in ERASED_WORDS for pair in indexed(text).split())
    assert not held("籲20267号", "number")
    assert titles("虋厵爨") == [] and len(titles("照常")) == 5
    # Files of the old index are gone, so what they held is gone too; and no file spells a word out.
    assert files & set(files_in(root)) == {root / "current", root / "lock"}
    assert not any(char.encode() in path.read_bytes() for path in files_in(root) for char in "".join(ERASED_WORDS))


def test_an_erasure_interrupted_before_its_cleaning_is_finished_later(
    shelf: Shelf, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild()
    paper = shelf.publish("龘靐齉", "爩鱻麤")
    shelf.publish("别的", "照常")
    follow()
    shelf.erase(paper)
    with monkeypatch.context() as broken, pytest.raises(OSError, match="no space"):
        broken.setattr(TantivyWriter, "commit", failing_when_fresh(TantivyWriter.commit))
        follow()
    assert search(Wanted(q="爩鱻麤")).total == 0  # out at once, though still in a file
    assert held("爩鱻")
    follow()
    assert not held("爩鱻")
    assert follow() == 0 and len([each for each in root.iterdir() if each.is_dir()]) == 1


def held(token: str, field: str = "text") -> int:
    """In how many papers of the index's files a token stands, deleted ones included."""
    folder = folders.current()
    assert folder is not None
    return Index.open(str(folder)).searcher().doc_freq(field, token)


def files_in(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def failing_when_fresh(commit: Any) -> Any:
    def committed(self: Any, cursor: Any) -> None:
        if self._fresh:
            raise OSError("no space")
        commit(self, cursor)

    return committed


def test_following_and_rebuilding_answer_alike(shelf: Shelf, titles: Titles) -> None:
    draw = random.Random(8)
    papers = []
    for number in range(60):
        words = "".join(draw.choices(["供热", "价格", "居民", "办法", "，", "补贴", "第", "期"], k=40))
        papers.append(
            shelf.publish(f"文件{number:02d}", words, topic=draw.choice("甲乙丙"), unit_code=draw.choice("XY"))
        )
        if number % 3 == 0:
            follow(limit=draw.randrange(1, 9))
        old = draw.choice(papers)
        if old.validity == "valid":
            match draw.randrange(8):
                case 0:
                    shelf.correct(old, old.title, "更正：" + words[::-1])
                case 1:
                    shelf.mark(old, draw.choice(["withdrawn", "repealed", "amended"]))
                case 2:
                    shelf.erase(old)
    while follow(limit=7):
        pass
    questions = [
        Wanted(q=q, sort="newest", topic=topic)
        for q in ("", "供热", "热价", '"价格居民"', "供", "更正 -补贴", "文件07", "办法 补贴供热")
        for topic in ("", "甲")
    ]

    def answers() -> list[object]:
        found = (search(each, size=100) for each in questions)
        return [
            (each.total, [hit.publication.pk for hit in each.hits], each.facets, each.suggestions) for each in found
        ]

    followed = answers()
    assert rebuild() == search(Wanted()).total
    assert answers() == followed
    assert sum(each.total for each in map(search, questions)) > 50


def test_an_index_that_does_not_fit_the_log_is_built_anew(shelf: Shelf, titles: Titles) -> None:
    shelf.publish("甲", "供热")
    shelf.publish("乙", "供热")
    follow()
    # A database restored to before: fewer entries, or others in their places.
    LogEntry.objects.filter(index=1).delete()
    LogHead.objects.update(size=1)
    assert follow() > 0
    reader = folders.reader()
    assert reader is not None and (cursor := reader.cursor()) is not None and cursor.position == 1
    LogEntry.objects.filter(index=0).update(leaf_hash="f" * 64)
    follow()
    cursor = reader.cursor() if (reader := folders.reader()) else None
    assert cursor is not None and cursor.leaf == "f" * 64
    assert follow() == 0


def test_a_broken_or_foreign_folder_is_built_anew(shelf: Shelf, titles: Titles, root: Path) -> None:
    shelf.publish("甲", "供热")
    follow()
    (root / "current").write_text("f999-000001\n")
    assert "正在建立" in search(Wanted(q="供热")).notes[0]
    follow()
    assert titles("供热") == ["甲"]
    folder = folders.current()
    assert folder is not None
    (folder / "meta.json").write_text("{")
    assert search(Wanted(q="供热")).total == 0
    follow()
    assert titles("供热") == ["甲"]


def test_only_one_process_writes(shelf: Shelf, titles: Titles) -> None:
    shelf.publish("甲", "供热")
    with folders.writing(wait=True) as ours:
        assert ours and follow() == 0
        with folders.writing(wait=False) as second:
            assert not second
    assert follow() == 1


@pytest.mark.slow
@pytest.mark.xdist_group("faults")
def test_a_follower_killed_at_random_loses_and_doubles_nothing() -> None:
    """A stream of publishing, and the follower killed again and again in the middle of it."""
    with new_database() as database:
        database.run("tests.search.prepare")
        killing = database.start("tests.search.following_killed", str(KILLS))
        database.run("tests.search.publishing", "60")
        killed, _ = killing.communicate()  # closes its input
        assert killing.returncode == 0 and int(killed) >= KILLS
        told = database.run("tests.search.prepare", "compare")
    counts = re.fullmatch(r"(\d+) (\d+)\n", told)
    assert counts is not None and counts[1] == counts[2] and int(counts[1]) > 30, told
