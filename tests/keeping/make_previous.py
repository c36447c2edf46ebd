"""Makes the fixture that upgrades are tested from: a city built by the code of an earlier release, out of git.

``python -m tests.keeping.make_previous COMMIT NAME`` writes ``tests/keeping/previous/NAME.tar.gz``: database, secrets
and ``expected.json``. Kept in the repository, so that the test needs no history.

| Name | Commit | What it is |
|---|---|---|
| first-paper | fc1c22b | the release with one policy paper from draft to public page |
| public-side | d12d385 | the release with the public side, the one before this |
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.databases import ROOT

PREVIOUS = Path(__file__).parent / "previous"


def main(commit: str, name: str) -> None:
    with tempfile.TemporaryDirectory(prefix="mingtang-previous-") as made:
        old, home = Path(made) / "old", Path(made) / "home"
        old.mkdir()
        taken = subprocess.run(["git", "archive", commit, "src", "tests"], cwd=ROOT, capture_output=True, check=True)
        subprocess.run(["tar", "-x", "-C", str(old)], input=taken.stdout, check=True)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("MINGTANG_", "DJANGO_"))},
            "MINGTANG_HOME": str(home),
            "DJANGO_SETTINGS_MODULE": "mingtang.settings.embedded",
            "PYTHONPATH": f"{old / 'src'}{os.pathsep}{old}",
        }
        script = str(Path(__file__).with_name("previous_city.py"))
        done = subprocess.run([sys.executable, script], env=environment, cwd=old, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        (home / "expected.json").write_text(done.stdout)
        PREVIOUS.mkdir(exist_ok=True)
        with tarfile.open(PREVIOUS / f"{name}.tar.gz", "w:gz") as tar:
            for path in ("mingtang.sqlite3", "secrets", "expected.json"):
                tar.add(home / path, path)


if __name__ == "__main__":
    main(*sys.argv[1:])
