"""Demonstration data stays on this machine: invented people and papers must never look like a city's own."""

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

MARK = "demonstration"


def is_loopback(host: str) -> bool:
    """Whether a name or address reaches this machine alone: ``localhost``, ``127.0.0.0/8``, ``::1``."""
    name = host.strip().strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def reachable(bound: Iterable[str], hosts: Iterable[str], address: str) -> list[str]:
    """What of the settings would let others in: ``bound`` addresses, ``MINGTANG_HOSTS``, ``MINGTANG_ADDRESS``."""
    found = [f"--host {host}" for host in bound if not is_loopback(host)]
    found += [f"MINGTANG_HOSTS 里的 {host or '（空）'}" for host in hosts if not is_loopback(host)]
    if not is_loopback(urlsplit(address).hostname or ""):
        found.append(f"MINGTANG_ADDRESS {address}")
    return found


def refusal(bound: Iterable[str], hosts: Iterable[str], address: str) -> str:
    """Why a process with demonstration data does not start under these settings; empty if it may."""
    found = reachable(bound, hosts, address)
    if not found:
        return ""
    return (
        f"演示数据只能在本机地址上使用，现在的设置会让别人看到：{'、'.join(found)}。\n"
        "只是试用，请去掉这些设置；正式使用，请运行 mingtang demo discard 清掉演示城市，再运行 mingtang init。"
    )


def is_marked(home: Path) -> bool:
    """Whether the demonstration city was loaded into this data folder."""
    return (home / MARK).exists()


def has_people() -> bool:
    """Whether the database holds invented people. Needs the office's settings."""
    from mingtang.units.models import Person

    return Person.objects.filter(demonstration=True).exists()
