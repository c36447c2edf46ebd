"""Addresses of an old site, and where the public tree keeps what they lead to now."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import quote, unquote, urlsplit

FOLDER = "moved"


def local_part(address: str) -> str:
    """Path and query of an old address in one form, whatever host it had: the new site answers for all of them.

    Empty for what is no address of a page: no path, or the home page.
    """
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    path = parts.path
    if not parts.scheme and not parts.netloc and not path.startswith("/"):
        # www.example.gov.cn/a/b.html, as people copy it, or a/b.html
        host, slash, rest = path.partition("/")
        path = slash + rest if "." in host and slash else "/" + path
    path = quote(unquote(path), safe="/:@!$&'()*+,;=~-._")
    if path in ("", "/") and not parts.query:
        return ""
    return f"{path or '/'}?{parts.query}" if parts.query else path


def place_of(address: str) -> str:
    """Path in the public tree of the file that names the new address; empty where there is none to lead on."""
    part = local_part(address)
    if not part:
        return ""
    digest = sha256(part.encode()).hexdigest()
    return f"{FOLDER}/{digest[:2]}/{digest[2:]}.txt"
