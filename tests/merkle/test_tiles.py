"""Tiles: the paths of the specification, and roots and proofs that come out as from the tree itself."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.merkle.test_tree import by_definition

from mingtang.merkle import EMPTY_ROOT, MemoryStore, Tree, leaf_hash, verify_consistency, verify_inclusion
from mingtang.merkle.tiles import (
    TileError,
    TileStore,
    bundle,
    entries_path,
    tile_number,
    tile_path,
    tiles_for,
    unbundle,
)


def laid_out(leaves: list[bytes], files: dict[str, bytes] | None = None, old_size: int = 0) -> dict[str, bytes]:
    """The files of a log grown from ``old_size``, added to ``files``."""
    store = MemoryStore()
    Tree(store).extend(leaves)
    files = {} if files is None else files
    for level, number, width in tiles_for(old_size, len(leaves)):
        row = store.levels[8 * level][256 * number : 256 * number + width]
        assert len(row) == width
        files[tile_path(level, number, width)] = b"".join(row)
        if level == 0:
            files[entries_path(number, width)] = bundle(leaves[256 * number : 256 * number + width])
    return files


@pytest.mark.parametrize(
    ("number", "width", "path"),
    [
        (0, 256, "000"),
        (7, 3, "007.p/3"),
        (999, 256, "999"),
        (1000, 256, "x001/000"),
        (1234067, 256, "x001/x234/067"),
        (1234067, 255, "x001/x234/067.p/255"),
    ],
)
def test_paths_are_those_of_the_specification(number: int, width: int, path: str) -> None:
    assert tile_path(2, number, width) == f"tile/2/{path}"
    assert entries_path(number, width) == f"tile/entries/{path}"
    assert tile_number(f"tile/2/{path}") == ("2", number, width)
    assert tile_number(f"tile/entries/{path}") == ("entries", number, width)


def test_other_paths_are_no_tiles() -> None:
    for path in ("tile/0/7", "tile/0/x000/007", "tile/0/000.p/256", "tile/0/000.p/0", "tile/0/000.gz", "checkpoint"):
        assert tile_number(path) is None
    for width in (0, 257):
        with pytest.raises(ValueError, match="no tile"):
            tile_path(0, 0, width)


def test_what_has_to_be_written_when_a_log_grows() -> None:
    assert tiles_for(0, 0) == tiles_for(5, 5) == []
    assert tiles_for(0, 3) == [(0, 0, 3)]
    assert tiles_for(3, 256) == [(0, 0, 256), (1, 0, 1)]
    assert tiles_for(255, 513) == [(0, 0, 256), (0, 1, 256), (0, 2, 1), (1, 0, 2)]
    assert tiles_for(513, 514) == [(0, 2, 2)]
    # The example of the specification: 256 full tiles, one of 112 hashes; then one full and one of a hash; then one.
    whole = tiles_for(0, 70_000)
    assert len(whole) == 273 + 1 + 1 + 1 + 1
    assert whole[273:] == [(0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)]


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_bundles_are_read_back(leaves: list[bytes]) -> None:
    assert unbundle(bundle(leaves)) == leaves


def test_bundles_that_end_early_are_refused() -> None:
    data = bundle([b"abc", b"", b"de"])
    whole = {0, 5, 7}
    for cut in range(len(data)):
        if cut not in whole:
            with pytest.raises(ValueError, match="within a leaf"):
                unbundle(data[:cut])
    with pytest.raises(ValueError, match="65535"):
        bundle([bytes(65_536)])


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 1200), st.data())
def test_roots_and_proofs_come_out_as_from_the_tree(size: int, data: st.DataObject) -> None:
    leaves = [str(number).encode() for number in range(size)]
    grown = data.draw(st.integers(0, size))
    files = laid_out(leaves, laid_out(leaves[:grown]), grown)
    asked: list[str] = []
    store = TileStore(lambda path: asked.append(path) or files.get(path), size)  # type: ignore[func-returns-value]
    assert store.root() == by_definition(leaves)
    first = data.draw(st.integers(1, size))
    root = by_definition(leaves[:first])
    assert store.root(first) == root
    assert verify_consistency(first, size, root, store.root(), store.consistency_proof(first))
    index = random.randrange(first)
    assert verify_inclusion(leaf_hash(leaves[index]), index, first, store.inclusion_proof(index, first), root)
    assert store.leaves(index // 256)[index % 256] == leaves[index]
    assert len([path for path in asked if path in files]) == len({path for path in asked if path in files})


def test_a_full_tile_stands_in_for_a_partial_one_that_went() -> None:
    leaves = [str(number).encode() for number in range(256)]
    store = TileStore(laid_out(leaves).get, 200)
    assert store.root() == by_definition(leaves[:200])
    assert store.leaves(0) == leaves[:200]


def test_the_empty_log_has_no_tiles() -> None:
    assert TileStore({}.get, 0).root() == EMPTY_ROOT


def test_missing_and_damaged_files_are_named() -> None:
    leaves = [str(number).encode() for number in range(300)]
    files = laid_out(leaves)
    for path in files:
        for changed in (None, files[path][:-1], files[path] + b"\x00" * 7):
            store = TileStore(
                lambda name, path=path, changed=changed: changed if name == path else files.get(name), 300
            )  # type: ignore[misc]
            with pytest.raises(TileError) as raised:
                for level, number, _ in tiles_for(0, 300):
                    store.tile(level, number)
                    if level == 0:
                        store.leaves(number)
            assert raised.value.path == path
