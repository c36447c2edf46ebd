"""The signed list of everything in the public tree: path, SHA-256 of the uncompressed bytes, and edition.

It is cut into up to 256 shards, so that a publication touches one small file of a list that may have a million lines.
``manifest/index`` names each shard's digest and is signed with the key of the log.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from mingtang.merkle.manifest_check import shard_of
from mingtang.merkle.notes import Signer

from .tree import Tree

FOLDER = "manifest"
INDEX = f"{FOLDER}/index"
NO_EDITION = "-"
# Not listed: the list itself, and what the log's own signatures and proofs cover.
UNLISTED = (f"{FOLDER}/", "log/checkpoint", "log/checkpoints/", "log/tile/")

# Path to (digest, edition); None where the file is gone.
Changes = dict[str, tuple[str, str] | None]


@dataclass
class Manifest:
    """The list as it lies in a tree, with changes that wait to be written."""

    tree: Tree
    changes: Changes = field(default_factory=dict)

    def note(self, path: str, digest: str, edition: str = NO_EDITION) -> None:
        self.changes[path] = (digest, edition)

    def forget(self, path: str) -> None:
        self.changes[path] = None

    def commit(self, *, origin: str, signer: Signer, log_size: int, release: str, as_of: datetime) -> None:
        """Write the shards that changed, then the signed index."""
        by_shard: dict[str, Changes] = {}
        for path, change in self.changes.items():
            if listed(path):
                by_shard.setdefault(shard_of(path), {})[path] = change
        digests = self._digests()
        for shard, changes in by_shard.items():
            lines = self._lines(shard)
            for path, change in changes.items():
                if change is None:
                    lines.pop(path, None)
                else:
                    lines[path] = change
            name = f"{FOLDER}/{shard}.txt"
            if lines:
                text = "".join(f"{digest}  {edition}  {path}\n" for path, (digest, edition) in sorted(lines.items()))
                digests[shard] = self.tree.write(name, text.encode())
            else:
                self.tree.remove(name)
                digests.pop(shard, None)
        shards = "".join(f"{digest}  {shard}.txt\n" for shard, digest in sorted(digests.items()))
        body = f"{origin} manifest\n{log_size}\n{release}\n{as_of.isoformat()}\n{shards}"
        self.tree.write(INDEX, signer.sign(body).encode())
        self.changes.clear()

    def shards(self) -> list[str]:
        """Names of the shards there are, such as ``3f.txt``."""
        return [f"{shard}.txt" for shard in sorted(self._digests())]

    def _digests(self) -> dict[str, str]:
        """Digest of every shard in the tree, by its own bytes: after a crash the index may be older than they are."""
        found = {}
        for path in self.tree.files(FOLDER):
            if path.endswith(".txt"):
                data = self.tree.read(path)
                assert data is not None
                found[path[-6:-4]] = sha256(data).hexdigest()
        return found

    def _lines(self, shard: str) -> dict[str, tuple[str, str]]:
        data = self.tree.read(f"{FOLDER}/{shard}.txt") or b""
        lines = (line.split("  ", 2) for line in data.decode().splitlines())
        return {path: (digest, edition) for digest, edition, path in lines}

    def changed_shards(self, more: Iterable[str] = ()) -> set[str]:
        """Shards that hold a waiting change or one of ``more``."""
        kept = [path for path, change in self.changes.items() if change is not None]
        return {shard_of(path) for path in (*kept, *more) if listed(path)}


def listed(path: str) -> bool:
    return not path.startswith(UNLISTED)
