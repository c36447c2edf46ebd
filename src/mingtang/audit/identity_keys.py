"""The keys that seal citizens' identities: a list beside the database, newest first (``secrets/identity_keys``).

Each line is a key id (8 hex digits) and 32 random bytes in base64. The first one seals; all of them open. A copy of the
database alone opens nothing and matches nothing.
"""

import hmac
import os
import secrets
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

FILE = "identity_keys"
NONCE = 12


class Unreadable(ValueError):
    """The key is gone, or the row was changed or belongs to another matter."""


@dataclass(frozen=True)
class Key:
    id: str
    cipher: AESGCM
    index: bytes


def key_file() -> Path:
    path: Path = settings.HOME / "secrets" / FILE
    return path


def keys() -> tuple[Key, ...]:
    """All keys, newest first; the first is made when there is none. A rotation in another process is seen at once."""
    path = key_file()
    if not path.exists():
        with suppress(FileExistsError):
            _write(_new_line() + "\n", new=True)
    told = path.stat()
    return _read(path, told.st_mtime_ns, told.st_ino)


@lru_cache(4)
def _read(path: Path, _changed: int, _inode: int) -> tuple[Key, ...]:
    found = []
    for line in path.read_text(encoding="ascii").split("\n"):
        if line.strip():
            name, _, text = line.partition(" ")
            secret = b64decode(text, validate=True)
            if len(name) != 8 or len(secret) != 32:
                raise ValueError(f"{FILE} 里有一行不是钥匙；请从备份恢复这个文件。")
            found.append(Key(name, AESGCM(secret), sha256(b"index\n" + secret).digest()))
    if not found:
        raise ValueError(f"{FILE} 是空的；请从备份恢复这个文件。")
    return tuple(found)


def add_key() -> str:
    """Put a new key before the others; gives its id. Rows are sealed anew in the background, see ``identity.reseal``."""
    keys()
    line = _new_line()
    _write(f"{line}\n{key_file().read_text(encoding='ascii')}")
    return line[:8]


def drop_keys(unused: set[str]) -> int:
    """Take keys that seal no row any more off the list, never the newest; gives how many."""
    newest, *older = key_file().read_text(encoding="ascii").split("\n")
    kept = [line for line in older if line.strip() and line[:8] not in unused]
    gone = sum(bool(line.strip()) for line in older) - len(kept)
    if gone:
        _write("\n".join([newest, *kept]) + "\n")
    return gone


def encrypt(value: str, about: str) -> tuple[str, str]:
    """Key id and sealed text of a value; ``about`` says whose it is and must be the same again when it is opened."""
    key, nonce = keys()[0], secrets.token_bytes(NONCE)
    sealed = key.cipher.encrypt(nonce, value.encode(), f"{key.id}\n{about}".encode())
    return key.id, b64encode(nonce + sealed).decode()


def decrypt(key_id: str, text: str, about: str) -> str:
    """Raises Unreadable."""
    key = next((key for key in keys() if key.id == key_id), None)
    if key is None:
        raise Unreadable("sealed with a key that is gone")
    try:
        data = b64decode(text, validate=True)
        return key.cipher.decrypt(data[:NONCE], data[NONCE:], f"{key.id}\n{about}".encode()).decode()
    except (InvalidTag, ValueError):
        raise Unreadable("changed, or of another matter") from None


def blind(key: Key, purpose: str, value: str) -> str:
    """64 hex digits that stand for a value where rows must be matched without being read."""
    return hmac.digest(key.index, f"{purpose}\n{value}".encode(), "sha256").hex()


def _new_line() -> str:
    return f"{secrets.token_hex(4)} {b64encode(secrets.token_bytes(32)).decode()}"


def _write(text: str, *, new: bool = False) -> None:
    """Put the file in place at once and for good, readable by its owner alone."""
    path = key_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        os.link(draft, path) if new else os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
