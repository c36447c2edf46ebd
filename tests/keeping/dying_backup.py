"""Backs the city of the environment up, killed at each file operation in turn. Run as a process of its own."""

import json
import sys
from functools import partial
from pathlib import Path

import django


def main(folder: Path) -> None:
    """Prints how many attempts there were, how many left a file, and what was wrong with any of these."""
    django.setup()
    from django.db import connections
    from django.utils import timezone
    from tests.keeping.city import PASSPHRASE
    from tests.keeping.test_killed import MOST, dying_at

    from mingtang.cli.backup import archive, saving, sealing

    sealing.SCRYPT["n"] = 1 << 10
    wrap = partial(sealing.wrap_for_passphrase, PASSPHRASE)
    told = {"attempts": 0, "whole": 0, "wrong": []}
    for number in range(1, MOST):
        target = folder / f"{number}.mingtang-backup"
        connections.close_all()
        through = dying_at(number, lambda path=target: saving.save(path, wrap, now=timezone.localtime()))
        told["attempts"] += 1
        if target.exists():
            told["whole"] += 1
            try:
                with archive.reading(target, lambda: PASSPHRASE, []) as reader:
                    assert list(reader.members()) and reader.manifest
            except sealing.Damaged as error:
                told["wrong"].append([number, str(error)])
        if through:
            break
    if not through or list(folder.glob(f"{saving.DRAFT}*")):
        told["wrong"].append("a draft is left after a good one")
    json.dump(told, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
