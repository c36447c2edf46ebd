"""The outer shell of an archive: a stream sealed in chunks, so that neither a bit nor an end can go missing unseen.

Layout: the line ``mingtang-backup 1``; one line of JSON, the header, that says how the archive's key is wrapped; 32
bytes of HMAC-SHA256 over both lines, by that key; then chunks of 1 MiB, each ChaCha20-Poly1305 with a nonce of chunk
number and an end mark (the STREAM construction). The key is drawn anew for each archive and wrapped by a passphrase
(scrypt) or for a recipient (X25519), whose private half the machine that backs up need not hold.
"""

import hmac
import io
import json
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

FORMAT = 1
MAGIC = b"mingtang-backup "
CHUNK = 1 << 20
TAG = 16
MAC = 32
LARGEST_HEADER = 8192
# 128 MiB of memory for each guess at a passphrase.
SCRYPT = {"n": 1 << 17, "r": 8, "p": 1}
RECIPIENT, IDENTITY = "mingtang-recipient-", "MINGTANG-IDENTITY-"
SHORTEST_PASSPHRASE = 12


class Damaged(Exception):
    """The archive is altered, cut short, or no archive. The message is Chinese."""


class Locked(Exception):
    """The passphrase or key does not open this archive. The message is Chinese."""


class Newer(Exception):
    """The archive was made by a newer Mingtang. The message is Chinese."""


def new_identity() -> tuple[str, str]:
    """A new key pair for archives: the private text, to be kept elsewhere, and the recipient's text."""
    private = X25519PrivateKey.generate()
    return (
        IDENTITY + b64encode(private.private_bytes_raw()).decode(),
        RECIPIENT + b64encode(private.public_key().public_bytes_raw()).decode(),
    )


def wrap_for_passphrase(passphrase: str, file_key: bytes) -> dict[str, Any]:
    salt = os.urandom(16)
    wrapping = _stretched(passphrase, salt, SCRYPT)
    sealed = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, b"passphrase")
    return {"kind": "passphrase", "salt": _text(salt), **SCRYPT, "key": _text(sealed)}


def wrap_for_recipient(recipient: str, file_key: bytes) -> dict[str, Any]:
    """Raises ValueError for a text that is no recipient."""
    public = X25519PublicKey.from_public_bytes(_key_bytes(recipient, RECIPIENT))
    once = X25519PrivateKey.generate()
    share = once.public_key().public_bytes_raw()
    sealed = ChaCha20Poly1305(_agreed(once.exchange(public), share, public.public_bytes_raw())).encrypt(
        bytes(12), file_key, b"recipient"
    )
    return {"kind": "recipient", "share": _text(share), "key": _text(sealed)}


def _key_bytes(text: str, prefix: str) -> bytes:
    data = text.strip().removeprefix(prefix)
    try:
        raw = b64decode(data, validate=True)
    except ValueError:
        raw = b""
    if not text.strip().startswith(prefix) or len(raw) != 32:
        raise ValueError("备份钥匙的格式不对。")
    return raw


def _agreed(secret: bytes, share: bytes, public: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=share + public, info=b"mingtang-backup recipient").derive(secret)


def _stretched(passphrase: str, salt: bytes, cost: dict[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost["n"], r=cost["r"], p=cost["p"]).derive(passphrase.encode())


def _unwrap(stanza: dict[str, Any], passphrase: Callable[[], str], identities: list[str]) -> bytes | None:
    sealed = b64decode(stanza["key"])
    try:
        if stanza["kind"] == "passphrase":
            cost = {name: int(stanza[name]) for name in SCRYPT}
            # Whoever altered the header must not make us use all memory there is.
            if cost["n"] > 1 << 19 or cost["r"] > 8 or cost["p"] > 4:
                raise Damaged("备份文件的开头被改动。")
            return ChaCha20Poly1305(_stretched(passphrase(), b64decode(stanza["salt"]), cost)).decrypt(
                bytes(12), sealed, b"passphrase"
            )
        share = b64decode(stanza["share"])
        for text in identities:
            private = X25519PrivateKey.from_private_bytes(_key_bytes(text, IDENTITY))
            secret = private.exchange(X25519PublicKey.from_public_bytes(share))
            agreed = _agreed(secret, share, private.public_key().public_bytes_raw())
            try:
                return ChaCha20Poly1305(agreed).decrypt(bytes(12), sealed, b"recipient")
            except InvalidTag:
                continue
    except InvalidTag:
        pass
    return None


class SealingWriter(io.RawIOBase):
    """Seals what is written to it into ``handle``. ``close`` writes the end mark; without it the archive is cut short."""

    def __init__(self, handle: BinaryIO, wrap: Callable[[bytes], dict[str, Any]]) -> None:
        file_key = os.urandom(32)
        head = MAGIC + f"{FORMAT}\n".encode()
        head += json.dumps({"keys": [wrap(file_key)]}, sort_keys=True).encode() + b"\n"
        handle.write(head + hmac.digest(_derived(file_key, b"header"), head, "sha256"))
        self._cipher = ChaCha20Poly1305(_derived(file_key, b"chunks"))
        self._about = sha256(head).digest()
        self._handle, self._waiting, self._number, self._ended = handle, bytearray(), 0, False

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        self._put(bytes(self._waiting), last=True)
        self._ended = True

    def _put(self, data: bytes, *, last: bool) -> None:
        self._handle.write(self._cipher.encrypt(_nonce(self._number, last), data, self._about))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads what a ``SealingWriter`` wrote.

    Raises:
        Damaged, Locked, Newer: see there; ``Damaged`` at the first chunk that is not as it was written.
    """

    def __init__(self, handle: BinaryIO, passphrase: Callable[[], str], identities: list[str]) -> None:
        first, header = handle.readline(64), handle.readline(LARGEST_HEADER)
        version = re.fullmatch(rb"mingtang-backup (\d{1,6})\n", first)
        if version is None:
            raise Damaged("这不是明堂的备份文件。")
        if int(version[1]) > FORMAT:
            raise Newer("这份备份由更新的明堂做成，请先升级程序，再恢复。")
        try:
            stanzas = json.loads(header)["keys"]
            wrapped = [_unwrap(stanza, passphrase, identities) for stanza in stanzas]
        except (ValueError, KeyError, TypeError) as error:
            if "备份钥匙" in str(error):
                raise Locked(str(error)) from None
            raise Damaged("备份文件的开头被改动，或不完整。") from None
        file_key = next((key for key in wrapped if key is not None), None)
        if file_key is None:
            recipient = any(stanza["kind"] == "recipient" for stanza in stanzas)
            needed = "恢复钥匙不对，或没有给出（--identity）。" if recipient else "口令不对，或备份文件的开头被改动。"
            raise Locked(f"打不开备份：{needed}")
        head = first + header
        if not hmac.compare_digest(handle.read(MAC), hmac.digest(_derived(file_key, b"header"), head, "sha256")):
            raise Damaged("备份文件的开头被改动，或不完整。")
        self._cipher = ChaCha20Poly1305(_derived(file_key, b"chunks"))
        self._about = sha256(head).digest()
        self._handle, self._number, self._open, self._place, self._last = handle, 0, b"", 0, False
        self._ahead = handle.read(CHUNK + TAG)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._place == len(self._open) and not self._last:
            self._next()
        given = self._open[self._place : self._place + len(buffer)]
        buffer[: len(given)] = given
        self._place += len(given)
        return len(given)

    def _next(self) -> None:
        sealed, self._ahead = self._ahead, self._handle.read(CHUNK + TAG)
        last = not self._ahead
        try:
            self._open = self._cipher.decrypt(_nonce(self._number, last), sealed, self._about)
        except (InvalidTag, ValueError):
            raise Damaged("被改动，或文件被截断。") from None
        self._place, self._number, self._last = 0, self._number + 1, last


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _derived(file_key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"mingtang-backup " + purpose).derive(file_key)


def _text(data: bytes) -> str:
    return b64encode(data).decode()
