"""The public log as files (C2SP tlog-tiles): hash tiles, bundles of entries, checkpoints, and the keys they are
signed with."""

from mingtang.editions.log import DatabaseNodes, leaf_bytes
from mingtang.editions.models import Checkpoint, LogEntry
from mingtang.merkle.tiles import HASH_BYTES, WIDTH, bundle, entries_path, tile_path, tiles_for
from mingtang.merkle.tree import Place

from .tree import Tree

FOLDER = "log"
CHECKPOINT, KEY = f"{FOLDER}/checkpoint", f"{FOLDER}/key"


def write_log(tree: Tree, old_size: int, checkpoint: Checkpoint) -> None:
    """Write what the log gained since it had ``old_size`` entries; the newest checkpoint comes last."""
    nodes = DatabaseNodes()
    for level, number, width in tiles_for(old_size, checkpoint.size):
        places: list[Place] = [(level * 8, number * WIDTH + place) for place in range(width)]
        found: dict[Place, bytes] = {}
        # SQLite takes a limited number of values in one statement.
        for start in range(0, width, 128):
            found.update(nodes.get_many(places[start : start + 128]))
        data = b"".join(found[place] for place in places)
        assert len(data) == width * HASH_BYTES
        _replace(tree, f"{FOLDER}/{tile_path(level, number, width)}", f"{FOLDER}/{tile_path(level, number)}", data)
        if level == 0:
            leaves = _leaves(number * WIDTH, number * WIDTH + width)
            full = f"{FOLDER}/{entries_path(number)}"
            _replace(tree, f"{FOLDER}/{entries_path(number, width)}", full, bundle(leaves))
    rows = Checkpoint.objects.filter(size__gt=old_size, size__lte=checkpoint.size)
    for row in rows:
        tree.write(f"{FOLDER}/checkpoints/{row.size}", row.note.encode())
    tree.write(CHECKPOINT, checkpoint.note.encode())


def _replace(tree: Tree, path: str, full: str, data: bytes) -> None:
    """Write a tile; narrower ones of the same number go: the wider one holds all they held."""
    tree.write(path, data)
    for old in list(tree.files(f"{full}.p")) if tree.place(f"{full}.p").is_dir() else []:
        if old != path:
            tree.remove(old)


def _leaves(first: int, end: int) -> list[bytes]:
    entries = LogEntry.objects.filter(index__gte=first, index__lt=end).select_related("publication").order_by("index")
    return [
        leaf_bytes(
            index=entry.index,
            index_number=entry.publication.index_number,
            edition_number=entry.edition_number,
            kind=entry.kind,
            salted=entry.salted_hash,
            at=entry.at,
        )
        for entry in entries
    ]


def tile_paths(size: int) -> list[str]:
    """Paths of the tiles and bundles of a log of ``size`` entries."""
    paths = []
    for level, number, width in tiles_for(0, size):
        paths.append(f"{FOLDER}/{tile_path(level, number, width)}")
        if level == 0:
            paths.append(f"{FOLDER}/{entries_path(number, width)}")
    return paths
