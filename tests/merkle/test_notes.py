"""Signed notes and checkpoints, against the published examples of the format and against every changed byte."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mingtang.merkle.notes import Checkpoint, NoteError, Signer, key_line, new_signer_key, open_note, read_keys

# The worked example of the Go implementation, from which the C2SP format was taken.
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = GO_TEXT + (
    "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
NAME = "www.city.example/log"
CHECKPOINT = Checkpoint(NAME, 7, bytes(range(32)), 12, "ab" * 32, datetime(2026, 3, 2, 1, 2, 3, 4, tzinfo=UTC))


def test_the_published_example_is_signed_and_opened_alike() -> None:
    signer = Signer(GO_PRIVATE)
    assert signer.verifier == GO_VERIFIER
    assert signer.sign(GO_TEXT) == GO_NOTE
    assert open_note(GO_NOTE, GO_VERIFIER) == GO_TEXT


def test_lines_of_other_signers_are_passed_over_and_one_known_key_suffices() -> None:
    ours, witness, stranger = (Signer(new_signer_key(name)) for name in (NAME, "witness.example", "other"))
    note = ours.sign("甲\n") + witness.sign("甲\n").rpartition("\n\n")[2]
    assert open_note(note, ours.verifier) == open_note(note, [stranger.verifier, witness.verifier]) == "甲\n"
    with pytest.raises(NoteError, match="没有这把钥匙"):
        open_note(note, stranger.verifier)
    forged = ours.sign("甲\n").replace("甲", "乙") + witness.sign("乙\n").rpartition("\n\n")[2]
    with pytest.raises(NoteError, match="签名不对"):
        open_note(forged, [witness.verifier, ours.verifier])


def test_every_changed_byte_of_a_note_is_found() -> None:
    signer = Signer(new_signer_key(NAME))
    note = signer.sign(CHECKPOINT.to_text()).encode()
    for place in range(len(note)):
        for flip in (1, 2, 0x20, 0x80):
            changed = note[:place] + bytes([note[place] ^ flip]) + note[place + 1 :]
            with pytest.raises((NoteError, UnicodeDecodeError)):
                open_note(changed.decode(), signer.verifier)
    for cut in range(len(note)):
        with pytest.raises((NoteError, UnicodeDecodeError)):
            open_note(note[:cut].decode(), signer.verifier)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak"])
def test_names_that_would_break_the_format_are_refused(name: str) -> None:
    with pytest.raises(NoteError):
        new_signer_key(name)


@pytest.mark.parametrize("body", ["", "no end", "tab\t\n", "nul\x00\n"])
def test_texts_that_could_not_be_read_back_are_refused(body: str) -> None:
    with pytest.raises(NoteError):
        Signer(GO_PRIVATE).sign(body)


@pytest.mark.parametrize(
    "key", ["", GO_VERIFIER, GO_PRIVATE[:-2] + "A=", GO_PRIVATE.replace("Peter", "Paul"), GO_PRIVATE[:-4]]
)
def test_damaged_keys_are_refused(key: str) -> None:
    with pytest.raises(NoteError):
        Signer(key)
    with pytest.raises(NoteError):
        open_note(GO_NOTE, key.removeprefix("PRIVATE+KEY+").replace("c74f20a3", "c74f20a4"))


def test_a_checkpoint_is_read_back_and_has_one_spelling() -> None:
    text = CHECKPOINT.to_text()
    assert text.splitlines()[:2] == [NAME, "7"]
    assert text.splitlines()[3:] == [f"journal 12 {'ab' * 32}", "time 2026-03-02T01:02:03.000004+00:00"]
    assert Checkpoint.from_text(text) == CHECKPOINT
    shanghai = timezone(timedelta(hours=8))
    assert replace(CHECKPOINT, at=CHECKPOINT.at.astimezone(shanghai)).to_text() == text
    for wrong in (
        text.replace("\n7\n", "\n07\n"),
        text.replace("\n7\n", "\n+7\n"),
        text + "more\n",
        text.replace("+00:00", ""),
        text.replace("+00:00", "Z"),
        text.replace("journal", "Journal"),
        text.replace("AAEC", "AAE"),
        text[:-1],
        "",
    ):
        with pytest.raises(NoteError, match="检查点"):
            Checkpoint.from_text(wrong)


def test_a_new_key_counts_when_the_one_before_vouched_for_it() -> None:
    first, second, third = (Signer(new_signer_key(NAME)) for _ in range(3))
    text = "".join(
        f"{line}\n"
        for line in (key_line(third.verifier, second), key_line(second.verifier, first), key_line(first.verifier))
    )
    keys = [third.verifier, second.verifier, first.verifier]
    assert read_keys(text) == read_keys(text, pinned=first.verifier) == read_keys(text, pinned=third.verifier) == keys
    with pytest.raises(NoteError, match="不是您记住的"):
        read_keys(text, pinned=GO_VERIFIER)
    alone = f"{third.verifier}\n{first.verifier}\n"
    assert read_keys(alone, pinned=third.verifier) == [third.verifier, first.verifier]
    with pytest.raises(NoteError, match="没有旧钥匙的签字"):
        read_keys(alone, pinned=first.verifier)
    stranger = Signer(new_signer_key(NAME))
    with pytest.raises(NoteError):
        read_keys(f"{key_line(stranger.verifier, third)}\n{first.verifier}\n", pinned=first.verifier)
    for damaged in ("", text[:-1], "\n", f"{key_line(third.verifier, second)}\n", text.replace(" ", "  ")):
        with pytest.raises(NoteError):
            read_keys(damaged)
