"""A throw-away PostgreSQL server, for tests and measures.

``python -m tests.postgres run -- COMMAND`` runs COMMAND with MINGTANG_DATABASE_URL set and stops the server after.
"""

import getpass
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

DATABASE, PORT = "mingtang", 5432  # the port only names the socket file, in a folder of its own


class NoServer(RuntimeError):
    """PostgreSQL's server programs are not installed."""


def programs() -> Path:
    """Folder of the newest installed initdb and pg_ctl. Raises NoServer."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name.split(".")[0]))
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    raise NoServer("no PostgreSQL server here: apt-get install postgresql")


@contextmanager
def server(*, durable: bool = True) -> Iterator[str]:
    """A fresh cluster on a local socket, closed to the network; gives the database's URL.

    The server refuses to run as root: then it runs as the system user postgres. ``durable=False`` leaves out what
    only matters when the machine itself loses power: quicker, and enough for tests.

    Raises:
        NoServer: the server programs are missing.
        subprocess.CalledProcessError: it did not start.
    """
    folder = programs()
    home = Path(tempfile.mkdtemp(prefix="mingtang-postgres-"))
    root = os.geteuid() == 0
    if root:
        shutil.chown(home, "postgres")
    owner = "postgres" if root else getpass.getuser()

    def run(program: str, *arguments: str, check: bool = True) -> None:
        command = [str(folder / program), *arguments]
        if root:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=check, cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    data = str(home / "data")
    try:
        run("initdb", "--pgdata", data, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8")
        options = f"-c listen_addresses='' -c port={PORT} -c unix_socket_directories={home}"
        if not durable:
            options += " -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
        run("pg_ctl", "start", "--wait", "--pgdata", data, "--log", str(home / "log"), "--options", options)
        run("createdb", "--host", str(home), "--port", str(PORT), DATABASE)
        yield f"postgresql://{owner}@{quote(str(home), safe='')}:{PORT}/{DATABASE}"
    finally:
        run("pg_ctl", "stop", "--wait", "--mode", "immediate", "--pgdata", data, check=False)
        shutil.rmtree(home, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Run the command after ``run --`` beside a server; gives its exit code."""
    command = arguments[2:] if arguments[:2] == ["run", "--"] else []
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with server(durable=False) as url:
            return subprocess.run(command, env={**os.environ, "MINGTANG_DATABASE_URL": url}).returncode
    except NoServer as missing:
        print(missing, file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
