"""Checkpoints: what they commit to, that their time never goes back, and that a restored past is not signed."""

import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.factories import Desk
from tests.records.test_perform import in_threads

from mingtang.disclosure.checkpoints import (
    BehindPublished,
    published_keys,
    rotate_key,
    sign_checkpoint,
    signer,
    verifiers,
)
from mingtang.editions.log import log_tree
from mingtang.editions.models import Checkpoint as Row
from mingtang.editions.models import LogEntry, LogHead, LogNode
from mingtang.journal.models import Event, JournalHead
from mingtang.merkle import verify_consistency
from mingtang.merkle.notes import Checkpoint, NoteError, open_note, read_keys


@pytest.fixture(autouse=True)
def house(tmp_path: Path, settings: Any) -> Path:
    """A key and a public tree of this test's own."""
    settings.LOG_KEY = tmp_path / "secrets" / "log_key"
    settings.PUBLIC_ROOT = tmp_path / "public"
    (settings.PUBLIC_ROOT / "log").mkdir(parents=True)
    return tmp_path


def publish(house: Path) -> None:
    """What the bake does with the newest checkpoint."""
    last = Row.objects.last()
    assert last is not None
    (house / "public" / "log" / "checkpoint").write_text(last.note, encoding="utf-8")


def restore_before_the_last_entry() -> None:
    """The rows of an older backup: one entry and one event less, and no checkpoint after them."""
    last = LogEntry.objects.latest("index")
    size = last.index
    last.delete()
    LogNode.objects.filter(level=0, position=size).delete()
    for level in range(1, 10):
        LogNode.objects.filter(level=level, position__gte=size >> level).delete()
    LogHead.objects.update(size=size, root=log_tree(size).root().hex())
    Row.objects.filter(size__gt=size).delete()


def test_the_key_is_made_once_and_is_its_owners_alone(house: Path, settings: Any) -> None:
    first = signer()
    assert first.name == settings.SITE["domain"] + "/log"
    assert stat.S_IMODE(settings.LOG_KEY.stat().st_mode) == 0o600
    assert signer().verifier == first.verifier
    assert published_keys() == first.verifier + "\n"
    assert "PRIVATE" not in published_keys()


def test_processes_that_start_together_agree_on_the_key(house: Path) -> None:
    names = in_threads(8, lambda number: signer().verifier)
    assert len(set(names)) == 1
    assert [path.name for path in (house / "secrets").iterdir()] == ["log_key"]


def test_a_checkpoint_commits_to_the_log_and_to_the_journal(desk: Desk, house: Path) -> None:
    assert sign_checkpoint(desk.now) is None
    desk.published()
    made = sign_checkpoint(desk.now)
    assert made is not None
    head, journal, row = LogHead.objects.get(), JournalHead.objects.get(), Row.objects.get()
    assert (made.size, made.root.hex()) == (head.size, head.root) == (row.size, row.root)
    assert (made.journal_sequence, made.journal_hash) == (journal.sequence, journal.hash)
    assert Event.objects.get(pk=made.journal_sequence).hash == made.journal_hash
    assert made.at == desk.now
    assert Checkpoint.from_text(open_note(row.note, signer().verifier)) == made
    assert sign_checkpoint(desk.now + timedelta(days=1)) is None

    desk.published()
    grown = sign_checkpoint(desk.now)
    assert grown is not None and grown.size > made.size
    proof = log_tree().consistency_proof(made.size, grown.size)
    assert verify_consistency(made.size, grown.size, made.root, grown.root, proof)
    assert (house / "secrets" / "log_key.checkpoint").read_text() == Row.objects.latest("size").note


def test_a_clock_set_back_does_not_set_back_the_time(desk: Desk) -> None:
    desk.published()
    first = sign_checkpoint(desk.now)
    desk.published()
    second = sign_checkpoint(desk.now - timedelta(days=30))
    assert first and second and second.at == first.at


def test_a_new_key_leaves_old_checkpoints_good(desk: Desk) -> None:
    desk.published()
    sign_checkpoint(desk.now)
    old = signer().verifier
    new = rotate_key().verifier
    assert signer().verifier == new != old
    assert verifiers() == read_keys(published_keys(), pinned=old) == [new, old]
    desk.published()
    sign_checkpoint(desk.now)
    first, second = Row.objects.all()
    open_note(first.note, old)
    open_note(second.note, new)
    with pytest.raises(NoteError):
        open_note(second.note, old)


def test_a_database_restored_to_before_a_published_checkpoint_is_not_signed(desk: Desk, house: Path) -> None:
    desk.published()
    sign_checkpoint(desk.now)
    desk.published()
    sign_checkpoint(desk.now)
    publish(house)
    restore_before_the_last_entry()
    kept = (house / "secrets" / "log_key.checkpoint").read_text()
    with pytest.raises(BehindPublished, match=r"有 2 条.*只有 1 条.*恢复更新的备份"):
        sign_checkpoint(desk.now)
    # Going on as if nothing had been, until the log is as long again, is caught too: it is another log.
    desk.published()
    with pytest.raises(BehindPublished, match="对不上"):
        sign_checkpoint(desk.now)
    assert Row.objects.count() == 1
    assert (house / "secrets" / "log_key.checkpoint").read_text() == kept


def test_deleting_the_public_tree_does_not_hide_it(desk: Desk, house: Path) -> None:
    desk.published()
    desk.published()
    sign_checkpoint(desk.now)
    restore_before_the_last_entry()
    with pytest.raises(BehindPublished):
        sign_checkpoint(desk.now)


def test_the_public_tree_alone_shows_it_too(desk: Desk, house: Path) -> None:
    desk.published()
    desk.published()
    sign_checkpoint(desk.now)
    publish(house)
    (house / "secrets" / "log_key.checkpoint").unlink()
    restore_before_the_last_entry()
    with pytest.raises(BehindPublished):
        sign_checkpoint(desk.now)


def test_a_checkpoint_that_we_did_not_sign_stops_nothing(desk: Desk, house: Path) -> None:
    desk.published()
    (house / "public" / "log" / "checkpoint").write_bytes(b"\xff 9 entries, said a stranger")
    assert sign_checkpoint(desk.now) is not None


def test_a_journal_that_was_rewritten_is_not_signed(desk: Desk, house: Path) -> None:
    desk.published()
    made = sign_checkpoint(desk.now)
    assert made is not None
    Event.objects.filter(pk=made.journal_sequence).update(hash="0" * 64)
    desk.published()
    with pytest.raises(BehindPublished, match=f"第 {made.journal_sequence} 条"):
        sign_checkpoint(desk.now)


def test_a_log_whose_nodes_were_changed_is_not_signed(desk: Desk) -> None:
    desk.published()
    desk.published()
    LogNode.objects.filter(level=1, position=0).update(hash="0" * 64)
    with pytest.raises(BehindPublished, match="mingtang verify"):
        sign_checkpoint(desk.now)
    LogNode.objects.filter(level=1, position=0).delete()
    with pytest.raises(BehindPublished, match="mingtang verify"):
        sign_checkpoint(desk.now)


def test_a_changed_row_of_a_checkpoint_is_named(desk: Desk) -> None:
    desk.published()
    sign_checkpoint(desk.now)
    row = Row.objects.get()
    Row.objects.update(note=row.note.replace("time 2", "time 3"))
    with pytest.raises(BehindPublished, match="第 1 条的检查点"):
        sign_checkpoint(desk.now)


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("concurrency")
def test_signed_once_however_many_ask(house: Path) -> None:
    from django.db import connections
    from tests.factories import make_city, make_desk

    desk = make_desk(make_city())
    desk.published()

    def sign(number: int) -> Checkpoint | None:
        try:
            return sign_checkpoint(desk.now)
        finally:
            connections.close_all()

    made = in_threads(6, sign)
    assert len([one for one in made if one is not None]) == 1
    assert Row.objects.count() == 1
