"""Signed checkpoints of the log: each commits to the journal's head too, so that neither can be rewritten unnoticed.

The key file (``settings.LOG_KEY``) holds the private key on its first line and below it what is published as
``log/key``. Beside it lies the newest checkpoint ever signed: deleting the public tree does not hide it.
"""

import os
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.timezone import localtime

from mingtang.editions.log import log_tree
from mingtang.editions.models import Checkpoint as CheckpointRow
from mingtang.editions.models import LogHead
from mingtang.journal.models import Event, JournalHead
from mingtang.journal.writing import ZERO
from mingtang.merkle import EMPTY_ROOT, MissingNode
from mingtang.merkle.notes import Checkpoint, NoteError, Signer, key_line, new_signer_key, open_note, read_keys
from mingtang.rows import find, insert


class BehindPublished(Exception):
    """The database lacks or contradicts what was already published under our signature. The message is Chinese."""

    for_logs = True


def signer() -> Signer:
    """The log's signing key, made on first use with owner-only access, named after the site's domain."""
    return Signer(_key_file()[0])


def published_keys() -> str:
    """The text of ``log/key``: verifier keys newest first, each vouched for by the one after it."""
    return "".join(f"{line}\n" for line in _key_file()[1:])


def verifiers() -> list[str]:
    """Every key this log ever signed with, newest first."""
    return read_keys(published_keys())


def rotate_key() -> Signer:
    """Sign with a new key from now on. The old one vouches for it and stays known, so old checkpoints still verify."""
    private, *published = _key_file()
    old = Signer(private)
    text = new_signer_key(old.name)
    new = Signer(text)
    _write(settings.LOG_KEY, "\n".join([text, key_line(new.verifier, endorsed_by=old), *published]) + "\n")
    return new


def sign_checkpoint(now: datetime) -> Checkpoint | None:
    """Sign the log as it stands, and keep the note as a row of ``editions.Checkpoint``; None if it has not grown.

    Args:
        now: the checkpoint's time; if the clock was set back, the time of the one before is taken instead.

    Raises:
        BehindPublished: the log or the journal is behind, or differs from, a checkpoint that was already published:
            an old backup was restored, or rows were changed.
    """
    published = _published()
    last = CheckpointRow.objects.order_by("size").last()
    size = refuse_if_behind(published, last)
    made = None
    if size > (last.size if last else 0):
        key = signer()
        with transaction.atomic():
            # Both heads are locked in the order of the house, so that they belong together.
            journal = find(JournalHead, pk=1, lock=True)
            find(LogHead, pk=1, lock=True)
            last = CheckpointRow.objects.order_by("size").last()
            size, root = _log()
            if size > (last.size if last else 0):
                made = Checkpoint(
                    origin=key.name,
                    size=size,
                    root=root,
                    journal_sequence=journal.sequence if journal else 0,
                    journal_hash=journal.hash if journal else ZERO,
                    at=max([now, *(checkpoint.at for checkpoint in [*published, *_of(last)])]),
                )
                last = CheckpointRow(
                    size=size,
                    root=root.hex(),
                    journal_sequence=made.journal_sequence,
                    journal_hash=made.journal_hash,
                    at=made.at,
                    note=key.sign(made.to_text()),
                )
                insert(last)
    if last is not None and last.note != _kept_text():
        _write(_kept(), last.note)
    return made


def refuse_if_behind(published: list[Checkpoint] | None = None, last: CheckpointRow | None = None) -> int:
    """Compare the database with every checkpoint this house knows to be published. Returns the size of the log.

    Raises:
        BehindPublished: see ``sign_checkpoint``.
    """
    known = _published() if published is None else published
    size, _root_now = _log()
    for checkpoint in [*known, *_of(last or CheckpointRow.objects.order_by("size").last())]:
        _refuse_if_behind(checkpoint, size)
    return size


def _log() -> tuple[int, bytes]:
    """Size and root of the log by its nodes."""
    head = find(LogHead, pk=1)
    if head is None or not head.size:
        return 0, EMPTY_ROOT
    root = _root(head.size, head.size)
    if root.hex() != head.root:
        raise BehindPublished(
            "公开日志的树和它的树根对不上，表里有行被改动。不再签发检查点。请运行 mingtang verify 查明。"
        )
    return head.size, root


def _root(size: int, of: int) -> bytes:
    """The root over the first ``of`` of ``size`` entries; none that could be right if nodes are missing."""
    try:
        return log_tree(size).root(of)
    except MissingNode:
        return b""


def _of(row: CheckpointRow | None) -> list[Checkpoint]:
    try:
        return [_open(row.note)] if row else []
    except NoteError as error:
        assert row is not None
        raise BehindPublished(
            f"第 {row.size} 条的检查点在数据库里被改动：{error}请运行 mingtang verify 查明。"
        ) from None


def _refuse_if_behind(published: Checkpoint, size: int) -> None:
    when = f"{localtime(published.at):%Y-%m-%d %H:%M}"
    if published.size > size:
        raise BehindPublished(
            f"已公布的检查点（{when}）有 {published.size} 条，数据库里的公开日志只有 {size} 条：恢复的备份太旧。"
            "不再签发检查点。请恢复更新的备份；如果数据库才是对的，请把公开目录换回与它一致的一份。"
        )
    if _root(size, published.size) != published.root:
        raise BehindPublished(
            f"数据库里公开日志的前 {published.size} 条与已公布的检查点（{when}）对不上：历史被改写，或装错了备份。"
            "不再签发检查点。请先运行 mingtang verify 查明，再恢复正确的备份或公开目录。"
        )
    event = Event.objects.filter(pk=published.journal_sequence).first()
    if published.journal_sequence and (event is None or event.hash != published.journal_hash):
        raise BehindPublished(
            f"已公布的检查点（{when}）记着办事日志第 {published.journal_sequence} 条，数据库里的与它对不上："
            "恢复的备份太旧，或日志被改写。不再签发检查点。请恢复更新的备份，或先运行 mingtang verify 查明。"
        )


def kept_checkpoint() -> Checkpoint | None:
    """The newest checkpoint this house ever signed, as kept beside the key."""
    return _signed(_kept())


def _published() -> list[Checkpoint]:
    """The newest checkpoint of the public tree and the one kept beside the key, those that we signed."""
    found = [_signed(settings.PUBLIC_ROOT / "log" / "checkpoint"), kept_checkpoint()]
    return [checkpoint for checkpoint in found if checkpoint is not None]


def _signed(path: Path) -> Checkpoint | None:
    try:
        return _open(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, NoteError):
        return None


def _open(note: str) -> Checkpoint:
    return Checkpoint.from_text(open_note(note, verifiers()))


def _kept() -> Path:
    return settings.LOG_KEY.with_name(settings.LOG_KEY.name + ".checkpoint")


def _kept_text() -> str:
    try:
        return _kept().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _key_file() -> list[str]:
    path = settings.LOG_KEY
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Signer(text := new_signer_key(f"{settings.SITE['domain']}/log"))
        with suppress(FileExistsError):
            _write(path, f"{text}\n{key_line(made.verifier)}\n", new=True)
    return path.read_text(encoding="utf-8").splitlines()


def _write(path: Path, text: str, *, new: bool = False) -> None:
    """Put a file in place at once and for good, readable by its owner alone."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        os.link(draft, path) if new else os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
