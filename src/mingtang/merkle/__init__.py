"""The Merkle tree of the public log (RFC 6962) and the check of its proofs. Pure Python, no Django."""

from .proofs import verify_consistency, verify_inclusion
from .tree import EMPTY_ROOT, MemoryStore, MissingNode, NodeStore, Tree, leaf_hash, node_hash

__all__ = [
    "EMPTY_ROOT",
    "MemoryStore",
    "MissingNode",
    "NodeStore",
    "Tree",
    "leaf_hash",
    "node_hash",
    "verify_consistency",
    "verify_inclusion",
]
