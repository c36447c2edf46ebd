"""The canonical form of an access row, its mark, and the sealing of network addresses."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from hashlib import sha256, sha512

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings

from .models import Access

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FIELDS = (
    "at",
    "actor_id",
    "action",
    "subject_kind",
    "subject_id",
    "part",
    "unit_code",
    "purpose",
    "status",
    "address",
    "request_id",
)


def microseconds(moment: datetime) -> int:
    """Since 1970, exactly."""
    return (moment - EPOCH) // MICROSECOND


def values_of(row: Access) -> list[str | int | None]:
    """What a row says, in the order of ``FIELDS``; the moment in microseconds since 1970."""
    return [
        microseconds(row.at),
        row.actor_id,
        row.action,
        row.subject_kind,
        row.subject_id,
        row.part,
        row.unit_code,
        row.purpose,
        row.status,
        row.address,
        row.request_id,
    ]


@cache
def _mark_key(secret: str) -> bytes:
    return sha256(f"audit mark\n{secret}".encode()).digest()


def mark_of(values: list[str | int | None]) -> str:
    """32 hex digits that nobody without this installation's key can make for these values."""
    data = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return hmac.digest(_mark_key(settings.AUDIT_KEY), data, "sha256").hex()[:32]


@cache
def _address_cipher(secret: str) -> AESSIV:
    return AESSIV(sha512(f"audit address\n{secret}".encode()).digest()[:64])


@lru_cache(4096)
def seal_address(address: str) -> str:
    """A network address sealed so that the same one always looks the same: it can be searched for, not read."""
    if not address:
        return ""
    sealed = _address_cipher(settings.AUDIT_KEY).encrypt(address[:45].encode(), [b"address"])
    return urlsafe_b64encode(sealed).decode()


@lru_cache(4096)
def open_address(sealed: str) -> str:
    """The address, or a Chinese word for one that cannot be opened."""
    if not sealed:
        return ""
    try:
        return _address_cipher(settings.AUDIT_KEY).decrypt(urlsafe_b64decode(sealed), [b"address"]).decode()
    except (InvalidTag, ValueError):
        return "（无法读取）"
