"""The tree against RFC 6962's well-known vectors, against its recursive definition, and against tampering."""

import random
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingtang.merkle import (
    EMPTY_ROOT,
    MemoryStore,
    MissingNode,
    Tree,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSION = [
    (0, 1, []),
    (0, 8, [A, B, C]),
    (5, 8, [D, E, ROOTS[4]]),
    (2, 3, [ROOTS[2]]),
    (1, 5, [ROOTS[1], B, D]),
]
CONSISTENCY = [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [F, E, ROOTS[4]]), (2, 5, [B, D])]


def tree_of(leaves: list[bytes]) -> Tree:
    tree = Tree(MemoryStore())
    tree.extend(leaves)
    return tree


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, as it stands there."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(by_definition(leaves[:split]), by_definition(leaves[split:]))


def hexes(proof: list[bytes]) -> list[str]:
    return [value.hex() for value in proof]


def test_known_roots_one_append_at_a_time() -> None:
    tree = Tree(MemoryStore())
    assert tree.root().hex() == ROOTS[0]
    for index, leaf in enumerate(LEAVES):
        assert tree.append(leaf) == index
        assert tree.root().hex() == ROOTS[index + 1]
    assert [tree.root(size).hex() for size in range(9)] == ROOTS


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_known_inclusion_proofs(index: int, size: int, proof: list[str]) -> None:
    made = tree_of(LEAVES).inclusion_proof(index, size)
    assert hexes(made) == proof
    assert verify_inclusion(leaf_hash(LEAVES[index]), index, size, made, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("first", "second", "proof"), CONSISTENCY)
def test_known_consistency_proofs(first: int, second: int, proof: list[str]) -> None:
    made = tree_of(LEAVES).consistency_proof(first, second)
    assert hexes(made) == proof
    assert verify_consistency(first, second, bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second]), made)


def test_every_proof_of_every_size_up_to_70() -> None:
    leaves = [str(number).encode() for number in range(70)]
    tree = tree_of(leaves)
    roots = [by_definition(leaves[:size]) for size in range(71)]
    for size in range(71):
        assert tree.root(size) == roots[size]
        for index in range(size):
            proof = tree.inclusion_proof(index, size)
            assert verify_inclusion(leaf_hash(leaves[index]), index, size, proof, roots[size])
        for first in range(size + 1):
            proof = tree.consistency_proof(first, size)
            assert verify_consistency(first, size, roots[first], roots[size], proof)


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=40), min_size=2, max_size=200), st.data())
def test_tampering_is_found(leaves: list[bytes], data: st.DataObject) -> None:
    tree = tree_of(leaves)
    size = data.draw(st.integers(2, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    root, proof, leaf = tree.root(size), tree.inclusion_proof(index, size), leaf_hash(leaves[index])
    assert verify_inclusion(leaf, index, size, proof, root)
    assert not verify_inclusion(leaf_hash(leaves[index] + b"!"), index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, proof[:-1], root)
    assert not verify_inclusion(leaf, index, size, [*proof, root], root)
    assert not verify_inclusion(leaf, size, size, proof, root)
    place = data.draw(st.integers(0, len(proof) - 1))
    changed = [bytes([value[0] ^ 1]) + value[1:] if number == place else value for number, value in enumerate(proof)]
    assert not verify_inclusion(leaf, index, size, changed, root)

    first = data.draw(st.integers(1, size - 1))
    consistency = tree.consistency_proof(first, size)
    old = tree.root(first)
    assert verify_consistency(first, size, old, root, consistency)
    other = [*leaves]
    other[data.draw(st.integers(0, first - 1))] += b"!"
    assert not verify_consistency(first, size, tree_of(other).root(first), root, consistency)
    assert not verify_consistency(first, size, old, tree_of(other).root(size), consistency)
    assert not verify_consistency(first, size, old, root, consistency[:-1])
    assert not verify_consistency(first, size, old, root, [*consistency, root])
    assert not verify_consistency(size, first, root, old, consistency)


def test_the_empty_tree_is_a_prefix_of_all() -> None:
    tree = tree_of(LEAVES)
    assert tree.consistency_proof(0) == []
    assert verify_consistency(0, 8, EMPTY_ROOT, tree.root(), [])
    assert not verify_consistency(0, 8, tree.root(1), tree.root(), [])


class CountingStore(MemoryStore):
    """A store that counts how often it is asked."""

    asked = 0

    def get_many(self, places):  # type: ignore[no-untyped-def]
        self.asked += 1
        return super().get_many(places)


@given(st.integers(1, 300), st.integers(0, 50))
def test_a_tree_goes_on_from_its_store(size: int, more: int) -> None:
    leaves = [str(number).encode() for number in range(size + more)]
    store = CountingStore()
    Tree(store).extend(leaves[:size])
    tree = Tree(store, size=size)
    for leaf in leaves[size:]:
        tree.append(leaf)
    assert store.asked == (1 if more else 0)
    assert tree.root() == by_definition(leaves)
    store.asked = 0
    tree.inclusion_proof(random.randrange(tree.size))
    tree.consistency_proof(1)
    assert store.asked <= 2


def test_sizes_that_never_were_are_refused() -> None:
    tree = tree_of(LEAVES)
    with pytest.raises(ValueError, match="never 9"):
        tree.root(9)
    with pytest.raises(ValueError, match="no leaf 8"):
        tree.inclusion_proof(8)
    with pytest.raises(ValueError, match="no leaf -1"):
        tree.inclusion_proof(-1)
    with pytest.raises(ValueError, match="no prefix"):
        tree.consistency_proof(6, 5)
    with pytest.raises(ValueError, match="32 bytes"):
        tree.extend_hashes([b"short"])
    assert tree.root().hex() == ROOTS[8]


def test_a_damaged_store_is_named() -> None:
    store = MemoryStore()
    Tree(store).extend(LEAVES)
    store.levels[1] = []
    with pytest.raises(MissingNode, match=r"\(1, \d\)"):
        Tree(store, size=8).inclusion_proof(7)


def test_an_append_lost_with_its_transaction_can_be_repeated() -> None:
    store = MemoryStore()
    Tree(store).extend(LEAVES[:5])
    Tree(store, size=5).append(b"rolled back")
    tree = Tree(store, size=5)
    tree.extend(LEAVES[5:])
    assert tree.root().hex() == ROOTS[8]


def test_an_append_writes_few_nodes() -> None:
    written: list[int] = []

    class Store(MemoryStore):
        def put_many(self, nodes: Mapping[tuple[int, int], bytes], /) -> None:
            written.append(len(nodes))
            super().put_many(nodes)

    tree = Tree(Store())
    for number in range(1024):
        tree.append(str(number).encode())
    assert max(written) == 11
    assert sum(written) == 2047
