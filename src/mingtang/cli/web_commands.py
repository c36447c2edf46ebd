"""``mingtang web``: the web server alone, for installations where systemd, containers and nginx do the rest."""

import argparse
import os
import sys
from typing import Any

from . import demo_guard

SETTINGS = {"public": "mingtang.settings.public", "office": "mingtang.settings.embedded"}
THREADS = 4


def register(subparsers: Any) -> None:
    """Add the command to the ``mingtang`` parser."""
    parser = subparsers.add_parser("web", help="只运行网站：公开进程（public）或办公进程（office）")
    parser.add_argument("--settings", choices=sorted(SETTINGS), default="public", help="默认 public")
    parser.add_argument("--host", default="127.0.0.1")
    parser.set_defaults(func=web)


def web(arguments: argparse.Namespace) -> int:
    """Become the web server, on MINGTANG_PORT. Does not return, unless demonstration data would be seen by others."""
    try:
        refused = _demo_refusal(arguments)
    except ValueError as error:
        refused = str(error)
    if not refused:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS[arguments.settings]}
        command = server_command(arguments.host, int(os.environ.get("MINGTANG_PORT", "8000")))
        sys.stdout.flush()
        os.execve(command[0], command, environment)  # noqa: S606 - one program, no shell
    print(refused, file=sys.stderr)
    return 1


def _demo_refusal(arguments: argparse.Namespace) -> str:
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS[arguments.settings]
    from django.conf import settings

    refused = demo_guard.refusal([arguments.host], settings.ALLOWED_HOSTS, settings.SITE["address"])
    if not refused or demo_guard.is_marked(settings.HOME) or arguments.settings == "public":
        # The public process may not ask for people; the mark is all it knows.
        return refused if demo_guard.is_marked(settings.HOME) else ""
    import django
    from django.db import DatabaseError

    django.setup()
    try:
        return refused if demo_guard.has_people() else ""
    except DatabaseError:
        # No database, no people to show; the pages themselves say that it is away.
        return ""


def server_command(host: str, port: int) -> list[str]:
    """The one way Mingtang starts its web server: one process, ``THREADS`` requests at a time.

    Two threads of the server's own read and write connections while Python answers: half as many requests again.
    """
    return [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        "1",
        "--blocking-threads",
        str(THREADS),
        "--runtime-mode",
        "mt",
        "--runtime-threads",
        "2",
        "--http",
        "1",
        "--no-ws",
        # When a changed profile is read anew, the old process answers until the new one has certainly started.
        "--respawn-interval",
        "15",
        "--log-level",
        "warning",
        "mingtang.settings.wsgi:application",
    ]
