"""A city in a folder of its own, run by the ``mingtang`` command as an operator runs it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.databases import ROOT

PASSPHRASE = "an invented passphrase"


@dataclass
class KeptCity:
    """``url`` is empty for SQLite in ``home``. ``commands`` counts what an operator typed."""

    home: Path
    url: str = ""
    source: Path = ROOT / "src"
    commands: int = field(default=0)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MINGTANG_", "DJANGO_"))}
        return {
            **kept,
            "MINGTANG_HOME": str(self.home),
            "MINGTANG_BACKUP_PASSPHRASE": PASSPHRASE,
            "DJANGO_SETTINGS_MODULE": "mingtang.settings.embedded",
            "PYTHONPATH": f"{self.source}{os.pathsep}{self.source.parent}",
            "PYTHONDONTWRITEBYTECODE": "1",
            **({"MINGTANG_DATABASE_URL": self.url} if self.url else {}),
            **more,
        }

    def python(self, *arguments: str, given: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *arguments],
            env=self.environment(**more),
            cwd=self.source.parent,
            input=given,
            capture_output=True,
            text=True,
        )

    def mingtang(self, *arguments: str, status: int = 0, given: str = "", **more: str) -> str:
        """Run one command; gives what it said. AssertionError if it ends in another way."""
        self.commands += 1
        done = self.python("-m", "mingtang.cli.main", *arguments, given=given, **more)
        said = done.stdout + done.stderr
        assert done.returncode == status, f"{arguments} ended with {done.returncode}:\n{said}"
        return said

    def build(self, papers: int) -> None:
        done = self.python("-m", "tests.keeping.building", str(papers))
        assert done.returncode == 0, done.stderr

    def fingerprint(self) -> dict[str, Any]:
        """Hashes of every edition and table, both heads, and what the keys open."""
        done = self.python("-m", "tests.keeping.fingerprint")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def tree(self) -> dict[str, str]:
        """Every public file by its hash."""
        root = self.home / "public"
        return {
            path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }

    def destroy(self) -> None:
        shutil.rmtree(self.home)
