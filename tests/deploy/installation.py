"""A whole installation as deploy/ describes it: nginx, the public and the office process, the worker, a database."""

import gzip
import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import brotli
import django
from tests import postgres
from tests.databases import ROOT

DEPLOY = ROOT / "deploy"
READY_SECONDS = 60
LIBRARIES = str(Path(django.__file__).parent.parent)
# Of every Unix: a user without rights, and a group that nobody needs here.
NOBODY, GROUP = 65534, 60
BROTLI = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def __getitem__(self, name: str) -> str | None:
        return self.headers.get(name.lower())

    @property
    def text(self) -> str:
        unpack = {"gzip": gzip.decompress, "br": brotli.decompress}.get(self.headers.get("content-encoding", ""), bytes)
        return bytes(unpack(self.body)).decode()


@dataclass
class Installation:
    """Running programs by name. ``home`` is MINGTANG_HOME; ``ports`` where public, office, nginx (with and without TLS) and inner listen."""

    home: Path
    database_url: str
    ports: dict[str, int]
    database: ExitStack
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def public_root(self) -> Path:
        return self.home / "public"

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MINGTANG_", "DJANGO_"))}
        return {
            **kept,
            "MINGTANG_HOME": str(self.home),
            "MINGTANG_DATABASE_URL": self.database_url,
            "MINGTANG_PROXIES": "1",
            "MINGTANG_TLS": "1",
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT), LIBRARIES)),
            **more,
        }

    def run(self, *command: str) -> str:
        """Run Python with these arguments to its end."""
        environment = self.environment(DJANGO_SETTINGS_MODULE="mingtang.settings.embedded")
        done = subprocess.run([sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name: str, command: list[str], **more: str) -> None:
        with (self.home.parent / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                env=self.environment(**more),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                umask=0o027,
                start_new_session=True,
            )

    def start_web(self, settings: str) -> None:
        """The public process as another user with a home of its own, where that can be done."""
        command = ["-m", "mingtang.cli.main", "web", "--settings", settings]
        environment = {"MINGTANG_PORT": str(self.ports[settings])}
        if settings == "public":
            own, credentials = self.home.parent / "web", self.home.parent / "credentials"
            for folder in (own, credentials):
                folder.mkdir(exist_ok=True)
            for name in ("static", "search", "public"):
                (own / name).symlink_to(self.home / name)
            shutil.copyfile(self.home / "secrets" / "intake_key", credentials / "intake_key")
            environment |= {"MINGTANG_HOME": str(own), "CREDENTIALS_DIRECTORY": str(credentials)}
            if other_user():
                shutil.chown(own, NOBODY)
        python = other_user() if settings == "public" else []
        self.start(settings, [*(python or [sys.executable]), *command], **environment)

    def start_worker(self) -> None:
        self.start("worker", [sys.executable, "-m", "mingtang.cli.main", "worker"])

    def start_nginx(self) -> None:
        conf = write_nginx(self.home.parent / "nginx", self.public_root, self.ports)
        self.start("nginx", [nginx_program(), "-c", str(conf), "-g", "daemon off;"])

    def stop(self, name: str) -> None:
        """Ask it to end; what is left of it after ten seconds is killed."""
        process = self.processes.pop(name)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop_database(self) -> None:
        """Stop the server; SQLite's file is taken away instead."""
        self.database.close()
        for path in self.home.glob("mingtang.sqlite3*"):
            path.unlink()

    def wait(self, name: str, path: str, status: int = 200) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            log = self.home.parent / f"{name}.log"
            assert self.processes[name].poll() is None, log.read_text()
            with suppress(OSError):
                if self.get(name, path).status == status:
                    return
            time.sleep(0.1)
        raise AssertionError(f"{name} was not ready in {READY_SECONDS} s: {log.read_text()[-3000:]}")

    def _connect(self, name: str) -> http.client.HTTPConnection:
        if name != "tls":
            return http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=15)
        trusted = ssl.create_default_context(cafile=self.home.parent / "nginx" / "certificate.pem")
        return http.client.HTTPSConnection("127.0.0.1", self.ports[name], timeout=15, context=trusted)

    def claimed_size(self, name: str, path: str, size: int) -> Answer:
        """POST that only announces so many bytes."""
        connection = self._connect(name)
        try:
            connection.putrequest("POST", path)
            connection.putheader("Content-Length", str(size))
            connection.endheaders()
            return _answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, name: str, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request, the path as it stands. Header names with underscores for hyphens."""
        connection = self._connect(name)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for header, value in headers.items():
                connection.putheader(header.replace("_", "-"), value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            return _answer(connection.getresponse())
        finally:
            connection.close()


def _answer(reply: http.client.HTTPResponse) -> Answer:
    return Answer(reply.status, {key.lower(): value for key, value in reply.getheaders()}, reply.read())


@cache
def other_user() -> list[str]:
    """Python run by a user without rights but those of the group; empty where that cannot be done."""
    tried = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import django, granian'], check=True)"
    for python in (sys.executable, "/usr/bin/python3"):  # ours may lie where only its owner comes
        command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", f"--groups={GROUP}", python]
        with suppress(OSError):
            path = {**os.environ, "PYTHONPATH": LIBRARIES}
            if subprocess.run([*command, "-c", tried], env=path, capture_output=True, check=False).returncode == 0:
                return command
    return []


def nginx_program() -> str:
    return shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else "")


def write_nginx(folder: Path, public_root: Path, ports: dict[str, int]) -> Path:
    """The shipped configuration, filled in as docs/how-to/deploy.md says, inside a main file of the test's own."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "MINGTANG_PUBLIC_LISTEN": f"127.0.0.1:{ports['nginx']};\n    listen 127.0.0.1:{ports['tls']} ssl",
        "MINGTANG_SERVER_NAME": "localhost",
        "MINGTANG_PUBLIC_ROOT": str(public_root),
        "MINGTANG_PUBLIC_PROCESS": f"127.0.0.1:{ports['public']}",
        "MINGTANG_OFFICE_LISTEN": f"127.0.0.1:{ports['inner']}",
        "MINGTANG_OFFICE_NAME": "localhost",
        "MINGTANG_OFFICE_PROCESS": f"127.0.0.1:{ports['office']}",
        "MINGTANG_ERROR_PAGES": str(DEPLOY / "nginx" / "errors"),
    }
    for template in sorted((DEPLOY / "nginx").glob("*.template")):
        text = re.sub(r"\$\{(MINGTANG_\w+)\}", lambda found: values[found[1]], template.read_text(encoding="utf-8"))
        if BROTLI.exists():
            text = text.replace("# brotli_static on;", "brotli_static on;")
        (folder / template.stem).write_text(text, encoding="utf-8")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    certify = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *subject]
    certify += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(certify, check=True, capture_output=True)
    main = folder / "nginx.conf"
    main.write_text(
        (f"load_module {BROTLI};\n" if BROTLI.exists() else "")
        + ("user root;\n" if os.geteuid() == 0 else "")
        + f"worker_processes 2;\npid {folder}/pid;\nerror_log {folder}/error.log warn;\n"
        + "events { worker_connections 512; }\nhttp {\n    access_log off;\n"
        + f"    ssl_certificate {folder}/certificate.pem;\n    ssl_certificate_key {folder}/key.pem;\n"
        + "".join(
            f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + "".join(f"    include {folder}/{name};\n" for name in ("mingtang.conf", "office.conf"))
        + "}\n",
        encoding="utf-8",
    )
    return main


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """Database, tables, one city with papers, both web processes, worker and nginx; all stopped at the end.

    On PostgreSQL, with a server of its own that a test may stop, where its programs are installed; else on SQLite.
    """
    home = folder / "home"
    home.mkdir()
    if other_user():
        # As mingtang-web is in the group of mingtang: what the worker writes is the group's, but for the secrets.
        shutil.chown(home, group=GROUP)
        home.chmod(0o2770)
        folder.chmod(0o755)
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres.server(durable=False))
            Path(unquote(urlsplit(url).netloc.partition("@")[2].partition(":")[0])).chmod(0o755)
        except postgres.NoServer:
            url = f"sqlite:///{home / 'mingtang.sqlite3'}"
        ports = dict(zip(("public", "office", "nginx", "tls", "inner"), free_ports(5), strict=True))
        site = Installation(home, url, ports, stack)
        try:
            site.run("-m", "mingtang.cli.main", "migrate")
            site.run("-m", "tests.deploy.papers", "prepare")
            site.start_worker()
            site.start_web("public")
            site.start_web("office")
            site.start_nginx()
            for name in ("public", "office"):
                site.wait(name, "/healthz")
            # The last file of a pass: everything is baked.
            site.wait("nginx", "/manifest/index")
            yield site
        finally:
            for name in list(site.processes):
                site.stop(name)


def free_ports(count: int) -> list[int]:
    """As the system gives them out, held together until all are known."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
