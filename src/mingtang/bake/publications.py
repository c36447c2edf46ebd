"""The files of publications."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

from django.db import connections

from mingtang.editions.log import log_tree
from mingtang.editions.models import ERASED, EditionFile, LogEntry, Publication
from mingtang.merkle import MemoryStore
from mingtang.merkle import Tree as LogTree
from mingtang.portal.loading import Loaded, load
from mingtang.portal.proofs import Checkpoints, checked_entries, proof_data, proof_page
from mingtang.portal.publication_pages import publication_page
from mingtang.portal.views_editions import compared, difference_page
from mingtang.text.canonical import canonical_json

from .manifest import NO_EDITION, Changes
from .moved import lead_on
from .tree import Tree

BATCH = 100
# Below this many it is not worth starting processes.
FEW = 300


def bake_publications(tree: Tree, ids: Sequence[int], *, log_size: int, as_of: datetime) -> Changes:
    """Write the files of publications, and take away those they no longer have. Uses every processor for many."""
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    if len(ids) < FEW:
        maker = Baker(tree, log_size, as_of)
        return {path: change for batch in batches for path, change in maker.bake(batch).items()}
    # A connection to the database must not be shared with a child.
    connections.close_all()
    changes: Changes = {}
    with ProcessPoolExecutor(
        os.cpu_count(), get_context("fork"), initializer=_start, initargs=(str(tree.root), tree.fresh, log_size, as_of)
    ) as pool:
        for found in pool.map(_bake, batches):
            changes.update(found)
    return changes


_baker: "Baker | None" = None


def _start(root: str, fresh: bool, log_size: int, as_of: datetime) -> None:
    global _baker
    connections.close_all()
    _baker = Baker(Tree(Path(root), fresh=fresh), log_size, as_of, many=True)


def _bake(ids: Sequence[int]) -> Changes:
    assert _baker is not None
    return _baker.bake(ids)


def log_in_memory(size: int) -> LogTree:
    """The log's tree without its database: worth reading all leaves (32 bytes each) when most will be proved."""
    tree = LogTree(MemoryStore())
    rows = LogEntry.objects.filter(index__lt=size).order_by("index").values_list("leaf_hash", flat=True)
    tree.extend_hashes([bytes.fromhex(value) for value in rows.iterator(10_000)])
    return tree


class Baker:
    """Bakes publications of one state of the log: the one of the checkpoint at ``log_size``."""

    def __init__(self, tree: Tree, log_size: int, as_of: datetime, *, many: bool = False) -> None:
        self.tree, self.log_size, self.as_of = tree, log_size, as_of
        self.checkpoints = Checkpoints(log_size)
        self.log = log_in_memory(log_size) if many else log_tree(log_size)

    def bake(self, ids: Sequence[int]) -> Changes:
        rows = list(Publication.objects.filter(pk__in=ids).order_by("pk"))
        changes: Changes = {}
        for loaded in load(rows, log_size=self.log_size):
            # Published after the checkpoint: it has no proof yet, and gets its pages with the next one.
            if loaded.entries:
                changes.update(self._write(loaded))
        return changes

    def _write(self, loaded: Loaded) -> Changes:
        folder = f"pub/{loaded.slug}"
        changes: Changes = {}
        for path, data, edition in self._files(loaded):
            changes[f"{folder}/{path}"] = (self.tree.write(f"{folder}/{path}", data), edition)
        changes.update(lead_on(self.tree, folder, loaded.live))
        if self.tree.place(folder).is_dir():
            for path in list(self.tree.files(folder)):
                if path not in changes:
                    self.tree.remove(path)
                    changes[path] = None
        return changes

    def _files(self, loaded: Loaded) -> Iterator[tuple[str, bytes, str]]:
        """Path below the publication's folder, bytes, and the edition they show."""
        number = loaded.publication.index_number
        live = loaded.live
        checked = checked_entries(loaded, self.checkpoints, self.log)
        yield "proof/index.html", proof_page(loaded, checked).text().encode(), NO_EDITION
        yield "proof.json", canonical_json(proof_data(loaded, checked)).encode(), NO_EDITION
        page = publication_page(loaded, as_of=self.as_of)
        assert page is not None
        # A server answers 410 where this file lies (deploy/nginx, bake/serving.py).
        name = "gone.html" if page.status == 410 else "index.html"
        yield name, page.text().encode(), f"{number}#{live.number}"
        if live.state != ERASED:
            yield "record.json", live.payload.encode(), f"{number}#{live.number}"
            uses = EditionFile.objects.filter(edition=live).select_related("file") if loaded.files else []
            for use in uses:
                yield f"files/{use.name}", bytes(use.file.content), f"{number}#{live.number}"
        for edition in loaded.editions:
            # The live one has its pages above.
            if edition.state == ERASED or edition is live:
                continue
            page = publication_page(loaded, edition.number, as_of=self.as_of)
            assert page is not None
            yield f"edition/{edition.number}/index.html", page.text().encode(), f"{number}#{edition.number}"
            yield f"edition/{edition.number}/record.json", edition.payload.encode(), f"{number}#{edition.number}"
        for first, second in compared(loaded):
            page = difference_page(loaded, first, second)
            if page is not None and page.status == 200:
                yield f"difference/{first}/{second}/index.html", page.text().encode(), f"{number}#{second}"
