"""Signed notes (C2SP signed-note, Ed25519), checkpoints (C2SP tlog-checkpoint), and the list of a log's keys.

A note is text that ends in a line break, an empty line, and one line per signature: ``— name base64(key id, signature)``.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
LARGEST_NOTE = 1_000_000
MOST_SIGNATURES = 100
_PRIVATE = "PRIVATE+KEY+"


class NoteError(ValueError):
    """A note, key or checkpoint that cannot be believed. The message is Chinese, for people."""


def new_signer_key(name: str) -> str:
    """A new private key as text, in the form ``PRIVATE+KEY+name+id+base64`` that other C2SP tools read too.

    Raises:
        NoteError: the name is empty or has a space, a plus sign or a control character.
    """
    if not name or re.search(r"[\s+\x00-\x1f\x7f]", name):
        raise NoteError(f"钥匙名称不能为空，也不能含空格或加号：{name!r}")
    private = Ed25519PrivateKey.generate()
    public = ED25519 + private.public_key().public_bytes_raw()
    data = ED25519 + private.private_bytes_raw()
    return f"{_PRIVATE}{name}+{_key_id(name, public).hex()}+{b64encode(data).decode()}"


class Signer:
    """A private key, read from the text that ``new_signer_key`` gives.

    Raises:
        NoteError: the text is no such key.
    """

    def __init__(self, text: str) -> None:
        if not text.startswith(_PRIVATE):
            raise NoteError("这不是签名私钥。")
        self.name, given, data = _split_key(text.removeprefix(_PRIVATE))
        self._private = Ed25519PrivateKey.from_private_bytes(data)
        public = ED25519 + self._private.public_key().public_bytes_raw()
        self._id = _key_id(self.name, public)
        if self._id != given:
            raise NoteError("签名私钥的编号和内容对不上。")
        self.verifier = f"{self.name}+{self._id.hex()}+{b64encode(public).decode()}"

    def sign(self, body: str) -> str:
        """The note: ``body`` and this key's signature line.

        Raises:
            NoteError: the body is empty, does not end in a line break, or has a control character other than that.
        """
        if not body.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", body):
            raise NoteError("要签名的文字须以换行结尾，且不含控制字符。")
        return f"{body}\n— {self.name} {b64encode(self._id + self._private.sign(body.encode())).decode()}\n"


def open_note(note: str, verifier: str | Sequence[str]) -> str:
    """The text of a note signed by ``verifier`` (or by one of several); lines of unknown keys are passed over.

    Raises:
        NoteError: the note has no such form, none of the keys signed it, or a signature of one of them is wrong.
    """
    body, keys = _signature_lines(note)
    known = [_verifier(text) for text in ([verifier] if isinstance(verifier, str) else verifier)]
    signed = False
    for name, key_id, signature in keys:
        for known_name, known_id, public in known:
            if (name, key_id) == (known_name, known_id):
                try:
                    public.verify(signature, body.encode())
                except InvalidSignature:
                    raise NoteError("签名不对：文字或签名被改动过。") from None
                signed = True
    if not signed:
        raise NoteError("没有这把钥匙的签名。")
    return body


def _signature_lines(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    if len(note) > LARGEST_NOTE or "\ufffd" in note or re.search(r"[\x00-\x09\x0b-\x1f]", note):
        raise NoteError("签名文件太大或含有不该有的字符。")
    head, gap, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not gap or lines.pop() != "" or not 1 <= len(lines) <= MOST_SIGNATURES:
        raise NoteError("签名文件的格式不对。")
    found = []
    for line in lines:
        match = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
        data = _base64(match[2]) if match else b""
        if match is None or len(data) < 5:
            raise NoteError("签名行的格式不对。")
        found.append((match[1], data[:4], data[4:]))
    return head + "\n", found


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + public).digest()[:4]


def _base64(text: str) -> bytes:
    """Decoded bytes; only the one canonical spelling is taken, so that no changed character goes unnoticed."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or b64encode(data).decode() != text:
        raise NoteError("base64 编码不对。")
    return data


def _split_key(text: str) -> tuple[str, bytes, bytes]:
    match = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+(\S+)", text)
    if match is None:
        raise NoteError("钥匙的格式不对，应为“名称+编号+编码”。")
    data = _base64(match[3])
    if data[:1] != ED25519 or len(data) != 33:
        raise NoteError("只支持 Ed25519 钥匙。")
    return match[1], bytes.fromhex(match[2]), data[1:]


def _verifier(text: str) -> tuple[str, bytes, Ed25519PublicKey]:
    name, key_id, data = _split_key(text)
    if _key_id(name, ED25519 + data) != key_id:
        raise NoteError("钥匙的编号和内容对不上。")
    return name, key_id, Ed25519PublicKey.from_public_bytes(data)


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says. ``root`` has 32 bytes, ``journal_hash`` 64 hex digits; ``at`` is aware."""

    origin: str
    size: int
    root: bytes
    journal_sequence: int
    journal_hash: str
    at: datetime

    def to_text(self) -> str:
        moment = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return (
            f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"
            f"journal {self.journal_sequence} {self.journal_hash}\ntime {moment}\n"
        )

    @classmethod
    def from_text(cls, body: str) -> Checkpoint:
        """Read a checkpoint's text; every spelling but the one of ``to_text`` is refused.

        Raises:
            NoteError: it is not the text of a checkpoint.
        """
        try:
            origin, size, root, journal, moment, rest = body.split("\n")
            word, sequence, journal_hash = journal.split(" ")
            time_word, at = moment.split(" ")
            found = cls(origin, int(size), _base64(root), int(sequence), journal_hash, moment_of(at))
            right = (word, time_word, rest, len(found.root)) == ("journal", "time", "", 32)
            right = right and found.to_text() == body
        except ValueError:
            right = False
        if not right:
            raise NoteError("检查点的格式不对。")
        return found


def moment_of(text: str) -> datetime:
    """An aware moment from ISO text.

    Raises:
        ValueError: it is none, or so far off that reckoning with it would fail.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or not 1970 <= found.year < 9000:
        raise ValueError(f"not a moment: {text}")
    return found


def key_line(verifier: str, endorsed_by: Signer | None = None) -> str:
    """One line of ``log/key``: a verifier key, and after a change of keys the older key's signature on it."""
    if endorsed_by is None:
        return verifier
    return f"{verifier} {endorsed_by.sign(_endorsement(verifier)).rpartition(' ')[2].strip()}"


def read_keys(text: str, pinned: str = "") -> list[str]:
    """The verifier keys of ``log/key``, newest first.

    Args:
        pinned: a key already trusted; then only it, the keys before it that each following key vouched for, and the
            ones after it are given back.

    Raises:
        NoteError: the text is not such a list, or ``pinned`` is not in it or did not vouch for what follows it.
    """
    if not text.endswith("\n"):
        raise NoteError("日志钥匙文件的格式不对。")
    lines = [line.split(" ") for line in text.removesuffix("\n").split("\n")]
    keys = [line[0] for line in lines]
    for key in keys:
        _verifier(key)
    for place, line in enumerate(lines):
        older = keys[place + 1] if place + 1 < len(keys) else ""
        if len(line) > 2 or (len(line) == 2 and not older):
            raise NoteError("日志钥匙文件的格式不对。")
        if len(line) == 2:
            note = f"{_endorsement(keys[place])}\n— {older.split('+')[0]} {line[1]}\n"
            open_note(note, older)
    if not pinned:
        return keys
    if pinned not in keys:
        raise NoteError("日志的钥匙变了，不是您记住的那一把。")
    if any(len(line) != 2 for line in lines[: keys.index(pinned)]):
        raise NoteError("日志换了钥匙，却没有旧钥匙的签字。")
    return keys


def _endorsement(verifier: str) -> str:
    return f"next key\n{verifier}\n"
