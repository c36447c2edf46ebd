"""Sealing what citizens submit, and values that only this installation can make.

Everything derives from one secret beside the database, not in it (``MINGTANG_HOME/secrets/intake_key``): a copy of the
database alone opens no contact, answers no query code and matches no e-mail address.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class Unreadable(ValueError):
    """A text was sealed with another key, or changed since."""


def keyed(purpose: str, value: str) -> bytes:
    """32 bytes that nobody without the key can compute: HMAC-SHA256 of ``value``, separate for each purpose."""
    key = sha256(f"{purpose}\n{settings.INTAKE_KEY}".encode()).digest()
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
    try:
        return dict(json.loads(_fernet(settings.INTAKE_KEY).decrypt(text.encode())))
    except InvalidToken:
        raise Unreadable("sealed with another key, or changed since") from None


def address_index(email: str) -> str:
    """Stands for an e-mail address where rows must be matched without being read (hex, 32 characters)."""
    return keyed("address", email.strip().casefold()).hex()[:32]


def sign(purpose: str, value: str) -> str:
    """``value`` with a mark that ``signed_value`` accepts for the same purpose; fit for an address of a page."""
    return f"{value}.{keyed(f'sign {purpose}', value).hex()[:32]}"


def signed_value(purpose: str, token: str) -> str | None:
    """The value a token carries, or None for one this installation did not make."""
    value, _, mark = token.rpartition(".")
    # Compared as bytes: a mark that is not ASCII is wrong, not an error.
    good = hmac.compare_digest(mark.encode(), keyed(f"sign {purpose}", value).hex()[:32].encode())
    return value if good else None
