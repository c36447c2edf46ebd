"""The drill: build a city, publish, back up, destroy, restore, compare. ``make drill`` runs it on both databases.

``python -m tests.keeping.drill [PAPERS]`` prints what it did and ends with 1 if anything differs.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests import postgres
from tests.databases import new_database
from tests.keeping.city import KeptCity

ROUTES = (("sqlite", "sqlite"), ("sqlite", "postgresql"), ("postgresql", "sqlite"))


def drill(first: KeptCity, target: str, *, say: Callable[[str], object]) -> list[str]:
    """Back ``first`` up, destroy it, restore it beside it into ``target`` (a URL, or empty for SQLite), and prove it.
    Returns what differs."""
    folder = first.home.parent
    before, tree, archive = first.fingerprint(), first.tree(), folder / "city.mingtang-backup"
    first.commands = 0
    say(first.mingtang("backup", str(archive)))
    first.destroy()
    second = KeptCity(folder / "second", target, commands=first.commands)
    say(second.mingtang("restore", str(archive)))
    say(second.mingtang("verify"))
    commands = second.commands
    wrong = [name for name, value in second.fingerprint().items() if value != before[name]]
    if second.tree() != tree:
        wrong.append("tree")
    if before["journal_wrong"] or not before["editions"] or before["opened"] != ["13800138000"]:
        wrong.append("the city itself")
    if commands > 3:
        wrong.append(f"{commands} commands")
    return wrong


def main(papers: int) -> int:
    """Every route whose database is at hand."""
    failed = 0
    for source, target in ROUTES:
        started = time.monotonic()
        print(f"== {source} -> {target}, {papers} papers", flush=True)
        try:
            wrong = _on(source, target, papers)
        except postgres.NoServer as missing:
            print(f"left out: {missing}")
            continue
        print(f"{'the same in every hash' if not wrong else f'DIFFERENT: {wrong}'}, {time.monotonic() - started:.0f} s")
        failed += bool(wrong)
    return 1 if failed else 0


def _on(source: str, target: str, papers: int) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="mingtang-drill-") as folder:
        if "postgresql" not in (source, target):
            return drill(_built(folder, "", papers), "", say=print)
        with postgres.server() as server, new_database(server) as one:
            urls = {"sqlite": "", "postgresql": one.url}
            return drill(_built(folder, urls[source], papers), urls[target], say=print)


def _built(folder: str, url: str, papers: int) -> KeptCity:
    city = KeptCity(Path(folder) / "first", url)
    city.build(papers)
    return city


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
