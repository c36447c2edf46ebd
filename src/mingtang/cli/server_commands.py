"""``mingtang serve``, ``worker``, ``migrate`` and ``journal``: running the installation."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from . import demo_guard
from .backup.restoring import WORKER_LOCK, Refused, held
from .web_commands import server_command

TICK_SECONDS = 0.5
SEND_SECONDS = 2
# In a round that is not thorough only the log is looked at.
THOROUGH_EVERY_ROUNDS = 10
CLOCKS_EVERY_ROUNDS = 120
WATCH_SECONDS = 2
STOP_SECONDS = 10
READY_SECONDS = 60


def register(subparsers: Any) -> None:
    """Add the commands to the ``mingtang`` parser."""
    serve_parser = subparsers.add_parser("serve", help="启动网站和后台任务")
    serve_parser.add_argument("--host", default="127.0.0.1")
    serve_parser.add_argument("--no-demo", action="store_true", help="数据库为空时不装载演示城市")
    serve_parser.set_defaults(func=serve)
    subparsers.add_parser("worker", help="只运行后台任务").set_defaults(func=work)
    subparsers.add_parser("migrate", help="建立或升级数据库").set_defaults(func=migrate)
    rebuild_parser = subparsers.add_parser("rebuild", help="从公开库重新生成全部公开文件和检索")
    rebuild_parser.add_argument("--to", type=Path, help="生成到这个空目录，不替换正在用的")
    rebuild_parser.add_argument("--as-of", type=datetime.fromisoformat, help="截至这个时刻计数，默认与现有的相同")
    rebuild_parser.set_defaults(func=rebuild)
    journal = subparsers.add_parser("journal", help="办事日志")
    journal.add_subparsers(dest="action", required=True).add_parser("verify", help="核验日志").set_defaults(func=verify)


def migrate(arguments: argparse.Namespace) -> int:
    """Bring the database and the collected styles and scripts up to this release."""
    settings.HOME.mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Walk the journal; exit 1 and name what is wrong if anything is."""
    from mingtang.journal.selectors import verify_journal

    wrong = verify_journal()
    for problem in wrong:
        print(problem)
    print("日志完整，前后相连。" if not wrong else f"发现 {len(wrong)} 处问题。")
    return 1 if wrong else 0


def work(arguments: argparse.Namespace) -> int:
    """Run the worker, the only one of this home. Returns the exit status."""
    try:
        with held(settings.HOME / WORKER_LOCK, "已有一个后台任务在运行，或者正在恢复、搬迁。"):
            return _work()
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1


def _work() -> int:
    """Background worker: makes public files of what was published, opens periodic duties, reminds, sends.

    Each round is safe to repeat, and what fails is tried again: a full disk or a dead mail server stops nothing else.
    """
    from django.db import close_old_connections

    from mingtang.audit.tending import tend
    from mingtang.desk.setup.alive import note_alive
    from mingtang.duties.services import open_periodic, remind
    from mingtang.registers.receipts import Exchange
    from mingtang.websites.services import receive

    from .public_side import PublicSide

    refused = _demo_refusal([])
    if refused:
        print(refused, file=sys.stderr)
        return 1
    stopping, city = threading.Event(), _city_stamp()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    parent, rounds, public_side, exchange = os.getppid(), 0, PublicSide(), Exchange()
    for action in (_send, _tell, _send_notices, _read_tables):
        threading.Thread(target=action, args=(stopping,), daemon=True).start()
    while not stopping.is_set() and os.getppid() == parent:
        close_old_connections()
        now = timezone.localtime()
        if rounds % CLOCKS_EVERY_ROUNDS == 0:
            public_side.attempt("periodic", partial(open_periodic, now))
            public_side.attempt("remind", partial(remind, now))
        public_side.follow(now, thorough=rounds % THOROUGH_EVERY_ROUNDS == 0)
        public_side.attempt("submissions", partial(receive, now))
        if rounds % THOROUGH_EVERY_ROUNDS == 0:
            public_side.attempt("exchange", partial(exchange.follow, now))
            public_side.attempt("audit", partial(tend, now))
        if rounds % THOROUGH_EVERY_ROUNDS == 0:
            with suppress(OSError):
                note_alive(settings.HOME, now)
        rounds += 1
        if _city_stamp() != city:
            # A changed profile is read by a new process; whoever started this one starts the next.
            break
        stopping.wait(TICK_SECONDS)
    stopping.set()
    return 0


def _city_stamp() -> tuple[int, ...]:
    """Changes whenever the profile this installation runs is written anew."""
    found = []
    for folder in (settings.PROFILE_FOLDER, settings.OWN_PROFILE):
        for name in ("profile.toml", "logo.png", "logo.svg"):
            with suppress(OSError):
                found.append((folder / name).stat().st_mtime_ns)
    return tuple(found)


def _send(stopping: threading.Event) -> None:
    """Mail has a thread of its own: a dead mail server may hold it up for a long time."""
    from mingtang.channels.following import tick

    _again_and_again(stopping, "mail", tick)


def _send_notices(stopping: threading.Event) -> None:
    """So have notices: neither waits for the servers of the other."""
    from mingtang.notices.sending import tick

    _again_and_again(stopping, "notices by mail", tick)


def _tell(stopping: threading.Event) -> None:
    """What happened becomes notices in the desk, whether or not anything can be sent."""
    from mingtang.notices.following import follow

    _again_and_again(stopping, "notices", follow)


def _read_tables(stopping: threading.Event) -> None:
    """Large tables handed in for registers: reading one may take a minute, and what is published waits for none."""
    from mingtang.registers.staging import read_waiting

    _again_and_again(stopping, "tables", lambda now: read_waiting(timezone.localtime))


def _again_and_again(stopping: threading.Event, name: str, action: Callable[[datetime], object]) -> None:
    from django.db import close_old_connections, connection

    from .public_side import Attempts

    attempts = Attempts()
    while not stopping.is_set():
        close_old_connections()
        attempts.attempt(name, lambda: action(timezone.localtime()))
        stopping.wait(SEND_SECONDS)
    connection.close()


def rebuild(arguments: argparse.Namespace) -> int:
    """Bake the whole tree anew and put it in place of the old one, and rebuild the search; or bake it elsewhere."""
    from .public_side import PublicSide

    return PublicSide().rebuild(timezone.localtime(), arguments.to, arguments.as_of)


def _demo_refusal(bound: list[str], *, wanted: bool = False) -> str:
    """Why this process must not start: demonstration data, and settings that let others see it. Empty if it may."""
    refused = demo_guard.refusal(bound, settings.ALLOWED_HOSTS, settings.SITE["address"])
    has_demo = refused and (wanted or demo_guard.is_marked(settings.HOME) or demo_guard.has_people())
    return refused if has_demo else ""


def serve(arguments: argparse.Namespace) -> int:
    """Migrate, load the demo city into an empty database, then run web server and worker until stopped."""
    from mingtang.units.models import Unit
    from mingtang.units.profile import current_profile
    from mingtang.units.services import load_profile

    from . import demo_commands

    started = time.monotonic()

    def step(text: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} 秒] {text}", flush=True)

    if not _is_free(arguments.host, settings.PORT):
        print(f"端口 {settings.PORT} 已被占用。换一个：MINGTANG_PORT=8001 make serve", file=sys.stderr)
        return 1
    step("建立或升级数据库……")
    migrate(arguments)
    empty = not Unit.objects.exists()
    wants_demo = empty and not arguments.no_demo and not settings.OWN_CITY
    refused = _demo_refusal([arguments.host], wanted=wants_demo)
    if refused:
        print(refused, file=sys.stderr)
        return 1
    if empty and settings.OWN_CITY:
        step("建立城市档案里的单位……")
        load_profile(current_profile().code, now=timezone.localtime())
    if wants_demo:
        step("装载演示城市……")
        demo_commands.load(step)
    step("生成公开文件和检索……")
    from .public_side import PublicSide

    PublicSide().follow(timezone.localtime(), thorough=True)
    command = [sys.executable, "-m", "mingtang.cli.main", "worker"]
    workers = [subprocess.Popen(command)]
    web = subprocess.Popen(server_command(arguments.host, settings.PORT))

    stopping = threading.Event()

    def stop(*_: Any) -> None:
        stopping.set()
        for process in (web, workers[-1]):
            process.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    address = f"http://{arguments.host}:{settings.PORT}"
    if _wait_until_ready(address, web):
        step(f"已启动：{address}")
        demo_commands.print_accounts(address)
    city = _city_stamp()
    while web.poll() is None and not stopping.is_set():
        if _city_stamp() != city:
            city = _city_stamp()
            step("城市档案有变，网站正在重新读入……")
            web.send_signal(signal.SIGHUP)
        if workers[-1].poll() is not None:
            step("后台任务中断，正在重新启动……")
            workers.append(subprocess.Popen(command))
        with suppress(subprocess.TimeoutExpired):
            web.wait(WATCH_SECONDS)
    asked = stopping.is_set()
    stop()
    status = _end(web)
    _end(workers[-1])
    return 0 if asked else status


def _end(process: "subprocess.Popen[bytes]") -> int:
    """Wait for a process that was asked to stop; one that does not is killed."""
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _wait_until_ready(address: str, web: "subprocess.Popen[bytes]") -> bool:
    """True once /healthz answers 200; False if the server ended first or took too long."""
    deadline = time.monotonic() + READY_SECONDS
    while web.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.2)
    return False
