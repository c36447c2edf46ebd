"""Hooks: other systems that are told by a signed HTTP request, and the guard on where such a request may go."""

import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.db import transaction

from mingtang.intake.keys import keyed
from mingtang.journal.writing import append, writing
from mingtang.mailing import LATER, REFUSED, SENT, TAKEN, UNCLEAR, UNREACHABLE, HandedOver, fault_of
from mingtang.units.models import Unit

from .models import Hook
from .services import NoticesError

MADE, ENDED = "hook.made", "hook.ended"
CONNECT_SECONDS, WHOLE_SECONDS = 5, 20
# Answers that ask to come again later.
AGAIN = {408, 425, 429, 500, 502, 503, 504}


class Forbidden(ValueError):
    """An address that nothing may be sent to; ``str()`` is Chinese and says why."""


@dataclass(frozen=True)
class Target:
    """A checked place to connect to: the connection goes to ``address``, whatever the name means a moment later."""

    parts: SplitResult
    host: str
    port: int
    address: str

    @property
    def path(self) -> str:
        return (self.parts.path or "/") + (f"?{self.parts.query}" if self.parts.query else "")


def read_url(url: str) -> tuple[SplitResult, str, int]:
    """Parts, host name and port of an address that may be a hook's.

    Raises:
        Forbidden: no HTTPS address (HTTP is for this machine alone), or one with a user name or fragment.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Forbidden("这不是完整的网址。") from None
    if any(sign.isspace() or not sign.isprintable() or ord(sign) > 126 for sign in url) or not host:
        raise Forbidden("这不是完整的网址，请以 https:// 开头，不要有空格和汉字。")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Forbidden("网址里不能有用户名、密码和“#”。")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback_name(host)):
        return parts, host, port or (443 if parts.scheme == "https" else 80)
    raise Forbidden("网址要以 https:// 开头；http:// 只能用于本机地址。")


def _is_loopback_name(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def resolve(url: str) -> Target:
    """Look the name up and check every address behind it.

    Addresses that are not of the open internet are refused unless they lie in one of ``settings.HOOK_NETWORKS``
    (``MINGTANG_HOOK_NETWORKS``): otherwise whoever enters a hook could reach what only this machine can.

    Raises:
        Forbidden: see above.
        OSError: the name cannot be resolved.
    """
    parts, host, port = read_url(url)
    found = list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    for address in found:
        if not _is_allowed(address):
            raise Forbidden(
                "这个地址在内部网络里。确实要用的，请运维人员把所在网段写进 MINGTANG_HOOK_NETWORKS，再登记。"
            )
    return Target(parts, host, port, found[0])


def _is_allowed(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    if any(ip in network for network in settings.HOOK_NETWORKS if network.version == ip.version):
        return True
    # 6to4 and NAT64 addresses carry an IPv4 address that is reached in the end.
    embedded = getattr(ip, "sixtofour", None) or (
        ip in ipaddress.ip_network("64:ff9b::/96") if ip.version == 6 else None
    )
    return ip.is_global and not ip.is_multicast and not embedded


def secret_of(hook: Hook) -> str:
    """What signs this hook's requests. Shown to the administrator to be entered on the other side."""
    return urlsafe_b64encode(keyed("notice hook", f"{hook.pk}/{hook.generation}")).decode().rstrip("=")


def signature(secret: str, body: bytes, at: datetime) -> str:
    """``t=<seconds>,v1=<hex>``: HMAC-SHA256 by the secret over the seconds, a full stop and the body."""
    seconds = str(int(at.timestamp()))
    return f"t={seconds},v1={hmac.new(secret.encode(), f'{seconds}.'.encode() + body, 'sha256').hexdigest()}"


def call(hook: Hook, delivery_id: str, body: bytes, *, now: datetime, claim: Callable[[], bool]) -> HandedOver:
    """Send one signed request. ``claim`` is called as ``mailing.hand_over`` does, once the other side is reached.

    An answer of 2xx is taken; 408, 425, 429 and 5xx ask to come again; any other refuses, a redirect too. A line that
    breaks before the answer leaves it unclear.
    """
    try:
        target = resolve(hook.url)
        connection = _connect(target)
    except Forbidden:
        return HandedOver(REFUSED, "Forbidden")
    except OSError as error:
        return HandedOver(UNREACHABLE, fault_of(error))
    # Whoever answers one byte at a time is cut off too.
    watch = threading.Timer(WHOLE_SECONDS, _cut_off, [connection])
    watch.start()
    try:
        if not claim():
            return HandedOver(TAKEN)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Mingtang",
            "Mingtang-Delivery": delivery_id,
            "Mingtang-Signature": signature(secret_of(hook), body, now),
        }
        connection.request("POST", target.path, body, headers)
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        return HandedOver(UNCLEAR, fault_of(error))
    finally:
        watch.cancel()
        connection.close()
    if 200 <= answer.status < 300:
        return HandedOver(SENT)
    return HandedOver(LATER if answer.status in AGAIN else REFUSED, f"HTTP {answer.status}")


def _connect(target: Target) -> http.client.HTTPConnection:
    """A connection to the address that was checked; its certificate must be for the name."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=CONNECT_SECONDS)
    connection.default_port = 443 if target.parts.scheme == "https" else 80
    line = socket.create_connection((target.address, target.port), CONNECT_SECONDS)
    try:
        if target.parts.scheme == "https":
            line = ssl.create_default_context().wrap_socket(line, server_hostname=target.host)
        line.settimeout(WHOLE_SECONDS)
    except BaseException:
        line.close()
        raise
    connection.sock = line
    return connection


def _cut_off(connection: http.client.HTTPConnection) -> None:
    line = connection.sock
    if line is not None:
        try:
            line.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def hook_make(*, actor_id: int, unit: Unit | None, url: str, now: datetime) -> Hook:
    """Register a hook for a unit, or for all units.

    Raises:
        NoticesError: the address may not be used, or is registered for the same unit already.
    """
    url = url.strip()
    if len(url) > 400:
        raise NoticesError("网址太长，请不要超过400个字符。", "url")
    try:
        resolve(url)
    except Forbidden as error:
        raise NoticesError(str(error), "url") from None
    except OSError:
        raise NoticesError("找不到这个网址里的服务器，请核对域名。", "url") from None
    if Hook.objects.filter(unit=unit, url=url, ended_at=None).exists():
        raise NoticesError("这个地址已经登记过了。", "url")
    with writing():
        hook = Hook.objects.create(unit=unit, url=url, made_at=now)
        append(MADE, at=now, actor_id=actor_id, unit_code=unit.pk if unit else "", payload={"hook": hook.pk})
    return hook


def hook_end(*, actor_id: int, hook: Hook, now: datetime) -> None:
    """Send nothing more to a hook; what still waits for it is dropped."""
    with writing(), transaction.atomic():
        if Hook.objects.filter(pk=hook.pk, ended_at=None).update(ended_at=now):
            append(ENDED, at=now, actor_id=actor_id, unit_code=hook.unit_id or "", payload={"hook": hook.pk})
