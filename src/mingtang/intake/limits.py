"""How often, and how fast, a public form may be used. Counted in the cache; no cookie, no captcha."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from .keys import keyed, sign, signed_value

WINDOW_SECONDS = 3600
# Nobody reads a form and fills it in within this time; programs do.
FASTEST = timedelta(seconds=3)
LONGEST = timedelta(days=2)


def client_address(request: HttpRequest) -> str:
    """The network address a request came from, as the nearest trusted machine saw it (settings.PROXIES)."""
    seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    seen.append(request.META.get("REMOTE_ADDR", ""))
    return str(seen[max(len(seen) - 1 - settings.PROXIES, 0)])


def is_over(form: str, who: str, *, most: int | None = None) -> bool:
    """Count one use of ``form`` by ``who``; True once it is more than allowed within the hour.

    ``who`` is kept as a keyed hash only. ``most`` defaults to ``settings.FORM_LIMITS[form]``.
    """
    key = f"form:{form}:{keyed('limit', who).hex()[:32]}"
    cache.add(key, 0, WINDOW_SECONDS)
    try:
        used = cache.incr(key)
    except ValueError:  # it ran out between the two
        return False
    return bool(used > (settings.FORM_LIMITS[form] if most is None else most))


def new_request_key(now: datetime) -> str:
    """A key for a form that is being opened: unique, and telling when."""
    return sign("form", f"{secrets.token_hex(8)}-{int(now.timestamp())}")


def age(request_key: str, now: datetime) -> timedelta | None:
    """How long ago the form with this key was opened; None for a key nobody gave out."""
    value = signed_value("form", request_key)
    if value is None:
        return None
    return now - datetime.fromtimestamp(int(value.partition("-")[2]), now.tzinfo)
