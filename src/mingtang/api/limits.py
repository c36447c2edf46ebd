"""How often one network address may ask. Counted in the cache, within windows of the clock."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.core.cache import cache

from mingtang.intake.keys import keyed


@dataclass(frozen=True)
class Allowance:
    """``most`` requests in ``seconds``, of which ``left`` remain; ``reset`` seconds until it starts anew."""

    most: int
    seconds: int
    left: int
    reset: int
    over: bool

    def headers(self) -> dict[str, str]:
        found = {
            "RateLimit-Policy": f"{self.most};w={self.seconds}",
            "RateLimit-Limit": str(self.most),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(self.reset),
        }
        return found | ({"Retry-After": str(self.reset)} if self.over else {})


def spend(scope: str, address: str, now: datetime) -> Allowance:
    """Count one request of ``scope`` (a key of ``settings.API_LIMITS``). The address is kept as a keyed hash only."""
    most, seconds = settings.API_LIMITS[scope]
    window, passed = divmod(int(now.timestamp()), seconds)
    key = f"api:{scope}:{window}:{keyed('limit', network(address)).hex()[:32]}"
    cache.add(key, 0, seconds)
    try:
        used = cache.incr(key)
    except ValueError:  # it was thrown out between the two
        used = 1
    return Allowance(most, seconds, max(most - used, 0), seconds - passed, used > most)


def network(address: str) -> str:
    """Whose address it is: an IPv6 subscriber has a whole /64."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return found.exploded[:19] if isinstance(found, IPv6Address) else str(found)
