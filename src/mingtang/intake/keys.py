"""Sealing what citizens submit, and values that only this installation can make.

Everything derives from one secret beside the database, not in it (``MINGTANG_HOME/secrets/intake_key``): a copy of the
database alone opens no contact, answers no query code and matches no e-mail address.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class Unreadable(ValueError):
    """A text was sealed with another key, or changed since."""


def keyed(purpose: str, value: str) -> bytes:
    """32 bytes that nobody without the key can compute: HMAC-SHA256 of ``value``, separate for each purpose."""
    return _keyed(settings.INTAKE_KEY, purpose, value)


def every_keyed(purpose: str, value: str) -> list[bytes]:
    """What ``keyed`` gives now, and what it gave before each change of keys, newest first."""
    return [_keyed(secret, purpose, value) for secret in (settings.INTAKE_KEY, *settings.INTAKE_OLDER_KEYS)]


def _keyed(secret: str, purpose: str, value: str) -> bytes:
    key = sha256(f"{purpose}\n{secret}".encode()).digest()
    return hmac.digest(key, value.encode(), "sha256")


@cache
def _fernet(secret: str) -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(f"seal\n{secret}".encode()).digest()))


def seal(values: Mapping[str, Any]) -> str:
    """JSON values as sealed text. The empty mapping seals to the empty text."""
    if not values:
        return ""
    return _fernet(settings.INTAKE_KEY).encrypt(json.dumps(values, ensure_ascii=False).encode()).decode()


def unseal(text: str) -> dict[str, Any]:
    """What ``seal`` was given. Raises Unreadable."""
    if not text:
        return {}
    for secret in _every_secret():
        with suppress(InvalidToken):
            return dict(json.loads(_fernet(secret).decrypt(text.encode())))
    raise Unreadable("sealed with another key, or changed since")


def _every_secret() -> Iterator[str]:
    yield from (settings.INTAKE_KEY, *settings.INTAKE_OLDER_KEYS)
    with suppress(OSError):
        for line in settings.INTAKE_KEY_FILE.read_text(encoding="utf-8").splitlines():
            yield from line.split()[:1]


def address_index(email: str) -> str:
    """Stands for an e-mail address where rows must be matched without being read (hex, 32 characters)."""
    return address_indexes(email)[0]


def address_indexes(email: str) -> list[str]:
    """``address_index`` now and before each change of keys."""
    return [one.hex()[:32] for one in every_keyed("address", email.strip().casefold())]


def sign(purpose: str, value: str) -> str:
    """``value`` with a mark that ``signed_value`` accepts for the same purpose; fit for an address of a page."""
    return f"{value}.{keyed(f'sign {purpose}', value).hex()[:32]}"


def signed_value(purpose: str, token: str) -> str | None:
    """The value a token carries, or None for one this installation did not make."""
    value, _, mark = token.rpartition(".")
    # Compared as bytes: a mark that is not ASCII is wrong, not an error.
    good = [
        hmac.compare_digest(mark.encode(), one.hex()[:32].encode()) for one in every_keyed(f"sign {purpose}", value)
    ]
    return value if any(good) else None
