"""Requests per second for one paper page: embedded default, nginx, deploy/, the page drawn by Django, and Wagtail.

wrk asks over kept connections from the same machine, each server in turn, several rounds; medians are shown.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from tests.bench.bench_ground import Row, row
from tests.databases import ROOT
from tests.deploy.installation import free_ports, nginx_program, write_nginx

from mingtang.cli.web_commands import server_command

WRK_THREADS, CONNECTIONS, SECONDS, ROUNDS = 1, 16, 3, 3
BYTES = 12_000
ENCODINGS = {"plain": "identity", "gzip": "gzip"}
BARE = """worker_processes 2;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; sendfile on; tcp_nopush on; gzip_static on; keepalive_requests 100000000;
    types {{ text/html html; }}
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{ listen 127.0.0.1:{port}; root {root}; index index.html; }}
}}
"""


def rows() -> list[Row]:
    """One row for each encoding of the file, and one each beside Django and Wagtail; none where wrk or nginx lacks."""
    if not shutil.which("wrk") or not nginx_program():
        print("serving is left out: apt-get install wrk nginx-light")
        return []
    with tempfile.TemporaryDirectory(prefix="mingtang-serve-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        return _rows(Path(folder), stack)


def _rows(folder: Path, stack: ExitStack) -> list[Row]:
    home = folder / "home"
    home.mkdir()
    for command in (("migrate",), ("demo", "load"), ("rebuild",)):
        program = [sys.executable, "-m", "mingtang.cli.main", *command]
        subprocess.run(program, env=_environment(home), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    pages = list((home / "public" / "pub").glob("*/index.html"))
    page = min(pages, key=lambda path: abs(path.stat().st_size - BYTES))
    path = f"/{page.parent.relative_to(home / 'public')}/"
    embedded, bare, deployed, drawn, wagtail = free_ports(5)
    stack.enter_context(_running(server_command("127.0.0.1", embedded), _environment(home), embedded, path))
    conf = folder / "bare"
    conf.mkdir()
    (conf / "nginx.conf").write_text(BARE.format(folder=conf, port=bare, root=home / "public"))
    stack.enter_context(_nginx(conf / "nginx.conf", bare, path))
    spare = dict(zip(("office", "inner", "tls"), free_ports(8)[5:], strict=True))
    deploy = write_nginx(folder / "deploy", home / "public", {"nginx": deployed, "public": embedded, **spare})
    stack.enter_context(_nginx(deploy, deployed, path))
    # The same process without a baked tree: Django draws each page.
    bald = folder / "bald"
    bald.mkdir()
    for name in ("static", "secrets", "mingtang.sqlite3"):
        (bald / name).symlink_to(home / name)
    stack.enter_context(_running(server_command("127.0.0.1", drawn), _environment(bald), drawn, path))
    servers = {"embedded": (embedded, path), "nginx": (bare, path), "deploy": (deployed, path), "Django": (drawn, path)}
    other = _wagtail(folder / "wagtail", page.stat().st_size, wagtail)
    if other:
        stack.enter_context(_running(*other, wagtail, "/paper/"))
        servers["Wagtail"] = (wagtail, "/paper/")
    found: list[Row] = []
    for name, encoding in ENCODINGS.items():
        asked = servers if name == "plain" else {key: servers[key] for key in ("embedded", "nginx", "deploy")}
        rate = _rates(asked, encoding)
        label = f"page of {page.stat().st_size // 1000} KB, {name}"
        found += [_row(f"{label}, embedded", rate["embedded"], 0.5, rate["nginx"], "nginx")]
        found += [_row(f"{label}, deploy/", rate["deploy"], 0.5, rate["nginx"], "nginx")]
        found += [
            _row(f"{label}, embedded", rate["embedded"], 1, rate[key], text)
            for key, text in (("Django", "drawn by Django"), ("Wagtail", "a Wagtail page"))
            if key in rate
        ]
    return found


def _row(name: str, ours: float, share: float, other: float, other_name: str) -> Row:
    """``share`` of the other is the target."""
    return row(name, ours, "requests/s", share * other, alternative=other, alternative_name=other_name, less=False)


def _rates(servers: dict[str, tuple[int, str]], encoding: str) -> dict[str, float]:
    """Median requests per second of each, the rounds taking turns."""
    measured: dict[str, list[float]] = {name: [] for name in servers}
    for _ in range(ROUNDS):
        for name, (port, path) in servers.items():
            measured[name].append(_wrk(port, path, encoding))
    return {name: statistics.median(each) for name, each in measured.items()}


def _wrk(port: int, path: str, encoding: str) -> float:
    command = ["wrk", f"-t{WRK_THREADS}", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", f"Accept-Encoding: {encoding}"]
    said = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True)
    found = re.search(r"Requests/sec:\s*([0-9.]+)", said.stdout)
    assert found and "Non-2xx" not in said.stdout and "Socket errors" not in said.stdout, said.stdout
    return float(found[1])


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MINGTANG_", "DJANGO_"))}
    return {**kept, "MINGTANG_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}


def _nginx(conf: Path, port: int, path: str) -> AbstractContextManager[None]:
    return _running([nginx_program(), "-c", str(conf), "-g", "daemon off;"], dict(os.environ), port, path)


@contextmanager
def _running(command: list[str], environment: dict[str, str], port: int, path: str) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None and time.monotonic() < deadline, f"{command} did not start"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                    assert answer.status == 200
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wagtail(folder: Path, size: int, port: int) -> tuple[list[str], dict[str, str]] | None:
    """How to start a Wagtail site in an environment of its own; None, with a note, where it cannot be installed."""
    python = str(folder / "venv" / "bin" / "python")
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True, capture_output=True)
        installing = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "wagtail", "granian"]
        subprocess.run(installing, check=True, capture_output=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"Wagtail is left out, it cannot be installed: {error}")
        return None
    here = str(Path(__file__).parent)
    environment = {**os.environ, "WAGTAIL_HOME": str(folder), "WAGTAIL_BYTES": str(size), "PYTHONPATH": here}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    subprocess.run([python, f"{here}/wagtail_page.py", "prepare"], env=environment, check=True)
    command = [python, *server_command("127.0.0.1", port)[1:-1], "wagtail_page:application"]
    return command, environment
