"""Baking: pages a second from editions to compressed files, and how soon a publication is on disk and in search.

A page is one HTML file with both compressed siblings; the records and proofs as data that are baked along do not
count. The alternative is the same pages rendered one by one, as a site answers requests that bakes nothing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.bench_ground import Row, row

ROOT = Path(__file__).parent.parent.parent
PAPERS, BY_REQUEST, LIVE = 4000, 300, 5


def rows() -> list[Row]:
    """Every measure of this file."""
    with home() as folder:
        baked, requested = map(float, _run(folder, "bake").split())
    with home() as folder:
        live, idle = map(float, _run(folder, "live").split())
    return [
        row(
            f"bake, {PAPERS} papers of 800 characters",
            baked,
            "pages/s",
            1000,
            alternative=requested,
            alternative_name="page by page",
            less=False,
        ),
        row(
            "published to on disk and in search",
            live,
            "s",
            2.0,
            alternative=idle,
            alternative_name="a round with nothing new",
            less=True,
        ),
    ]


@contextmanager
def home() -> Iterator[Path]:
    """An empty installation below the project's own build folder: the system's temporary folder may be slower."""
    (ROOT / "build").mkdir(exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "build"))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def _run(folder: Path, part: str) -> str:
    """Run a part of this file on an installation of its own; returns the last line it printed."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MINGTANG_", "DJANGO_"))},
        "DJANGO_SETTINGS_MODULE": "mingtang.settings.embedded",
        "MINGTANG_HOME": str(folder),
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_bake", part], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.splitlines()[-1]


def _prepare() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def bake() -> None:
    """Print pages a second of a whole bake, and of single requests for the same pages."""
    _prepare()
    from django.conf import settings
    from django.test import Client
    from django.utils import timezone
    from tests.bench.public_stock import stock

    from mingtang.bake.following import Key, rebuild
    from mingtang.disclosure.checkpoints import published_keys, sign_checkpoint, signer
    from mingtang.editions.models import Publication

    stock(PAPERS)
    now = timezone.localtime()
    sign_checkpoint(now)
    key, root = Key(signer(), published_keys()), settings.HOME / "baked"
    before = time.perf_counter()
    rebuild(key, root, now)
    taken = time.perf_counter() - before
    pages = sum(1 for _ in root.rglob("*.html"))
    client = Client(SERVER_NAME="127.0.0.1")
    paths = [f"/{path}/" for path in Publication.objects.values_list("path", flat=True)[: BY_REQUEST // 2]]
    before = time.perf_counter()
    for path in paths:
        assert client.get(path).status_code == client.get(f"{path}proof/").status_code == 200
    print(pages / taken, 2 * len(paths) / (time.perf_counter() - before))


def live() -> None:
    """Print the longest of a few times from an official's click to the file and the hit, with a worker beside."""
    _prepare()
    from django.conf import settings
    from tests.factories import make_city, make_desk

    from mingtang.editions.models import Publication
    from mingtang.records.models import Record
    from mingtang.search.selectors import search
    from mingtang.search.wanted import Wanted
    from mingtang.units import roles

    desk = make_desk(make_city())
    papers = [desk.issued(title=f"第{number}份等着公开的文件")[0] for number in range(LIVE)]
    worker = subprocess.Popen([sys.executable, "-m", "mingtang.cli.main", "worker"])
    try:
        _until(lambda: (settings.PUBLIC_ROOT / "manifest" / "index").exists())
        taken = []
        for number, paper in enumerate(papers):
            time.sleep(1.5)
            before = time.perf_counter()
            desk.act(Record.objects.get(pk=paper.pk), "publish", roles.OPENNESS_OFFICER)
            path = Publication.objects.get(title=f"第{number}份等着公开的文件").path
            _until((settings.PUBLIC_ROOT / path / "index.html").exists)
            _until(lambda number=number: search(Wanted(q=f'"第{number}份等着公开"')).total == 1)  # type: ignore[misc]
            taken.append(time.perf_counter() - before)
    finally:
        worker.terminate()
        worker.wait()
    print(max(taken), _idle_round())


def _idle_round() -> float:
    from django.utils import timezone

    from mingtang.cli.public_side import PublicSide

    side = PublicSide()
    side.follow(timezone.localtime(), thorough=True)
    before = time.perf_counter()
    side.follow(timezone.localtime(), thorough=True)
    return time.perf_counter() - before


def _until(true: object, most: float = 60) -> None:
    deadline = time.perf_counter() + most
    while not true():  # type: ignore[operator]
        if time.perf_counter() > deadline:
            raise TimeoutError
        time.sleep(0.02)


if __name__ == "__main__":
    {"bake": bake, "live": live}[sys.argv[1]]()
