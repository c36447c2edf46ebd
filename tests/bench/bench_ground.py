"""Measures of the ground floor: the personal-data scan and the log tree, each beside a plain alternative.

Run ``python tests/bench/bench_ground.py [leaves]``. The reference tree is used only where it is installed.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable
from typing import Any

from mingtang.merkle import MemoryStore, Tree, leaf_hash, verify_consistency, verify_inclusion
from mingtang.text.personal_data import scan

MEGABYTES = 20
LEAVES = 1_000_000
Row = dict[str, Any]

# What a first attempt looks like: contiguous plain digits only, no check digits, no dates.
_BASELINE = re.compile(
    r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])|(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])|(?<![0-9])[3-9][0-9]{15,18}(?![0-9])"
)
_WORDS = [
    *("城市", "公开", "办理", "事项", "单位", "群众", "服务", "平台", "意见", "工作", "部门", "要求"),
    *("及时", "公布", "情况", "制度", "建设", "监督", "管理", "信息", "道路", "学校", "医院"),
]
_SEEDED = ["13812345678", "138 1234 5678", "１３９１２３４５６７８", "11010519491231002X", "0475-8234567", "2017-01-04"]


def synthetic_text(megabytes: int = MEGABYTES) -> str:
    """Invented Chinese text of that many million UTF-8 bytes, a number or date every few hundred characters."""
    draw = random.Random(7)
    parts: list[str] = []
    size = 0
    while size < megabytes * 1_000_000:
        sentence = "".join(draw.choices(_WORDS, k=60)) + "，" + "".join(draw.choices(_WORDS, k=40)) + "。"
        if draw.random() < 0.5:
            sentence += draw.choice(_SEEDED)
        parts.append(sentence)
        size += len(sentence.encode())
    return "\n".join(parts)


def row(
    name: str, ours: float, unit: str, target: float, *, alternative: float | None, alternative_name: str, less: bool
) -> Row:
    """One line of the table; ``ratio`` is how many times better ours is, above 1 for better."""
    ratio = None if alternative is None else (alternative / ours if less else ours / alternative)
    return {
        "name": name,
        "ours": ours,
        "unit": unit,
        "alternative": alternative,
        "alternative_name": alternative_name,
        "ratio": ratio,
        "target": target,
        "met": ours <= target if less else ours >= target,
    }


def seconds(action: Callable[[], object], repeat: int = 3) -> float:
    """The median of a few runs."""
    taken = []
    for _ in range(repeat):
        before = time.perf_counter()
        action()
        taken.append(time.perf_counter() - before)
    return sorted(taken)[len(taken) // 2]


def scan_rows(megabytes: int = MEGABYTES) -> list[Row]:
    """The scan with normalisation, which finds spaced and full-width numbers, against a baseline that does not."""
    text = synthetic_text(megabytes)
    size = len(text.encode()) / 1_000_000
    ours = size / seconds(lambda: scan(text))
    baseline = size / seconds(lambda: _BASELINE.findall(text))
    return [
        row(
            "personal-data scan",
            ours,
            "MB/s",
            20,
            alternative=baseline,
            alternative_name="re with lookaround",
            less=False,
        )
    ]


def merkle_rows(leaves: int = LEAVES) -> list[Row]:
    """Appends, inclusion proofs and checks at ``leaves`` leaves."""
    data = [b"entry %d" % number for number in range(leaves)]
    tree = Tree(MemoryStore())
    before = time.perf_counter()
    for entry in data:
        tree.append(entry)
    appends = leaves / (time.perf_counter() - before)
    root = tree.root()
    picked = [random.Random(11).randrange(leaves) for _ in range(2000)]
    proving = seconds(lambda: [tree.inclusion_proof(index) for index in picked]) / len(picked) * 1e6
    proofs = [(leaf_hash(data[index]), index, tree.inclusion_proof(index)) for index in picked]
    checked: list[bool] = []
    checking = (
        seconds(
            lambda: checked.extend(verify_inclusion(leaf, index, leaves, proof, root) for leaf, index, proof in proofs)
        )
        / len(picked)
        * 1e6
    )
    firsts = [index + 1 for index in picked]
    consistent = seconds(lambda: [tree.consistency_proof(first) for first in firsts]) / len(firsts) * 1e6
    for first in firsts[:50]:
        checked.append(verify_consistency(first, leaves, tree.root(first), root, tree.consistency_proof(first)))
    if not all(checked):
        raise AssertionError("a proof of the tree does not hold")
    other = _reference(data, picked)
    name = "pymerkle" if other else "pymerkle (not installed)"
    if other and other["root"] != root:
        raise AssertionError("the reference tree has another root")

    def line(label: str, ours: float, unit: str, target: float, key: str, *, less: bool) -> Row:
        return row(label, ours, unit, target, alternative=other.get(key), alternative_name=name, less=less)

    return [
        line(f"merkle append to {leaves}", appends, "leaves/s", 20_000, "appends", less=False),
        line(f"merkle inclusion proof at {leaves}", proving, "us", 1000, "proving", less=True),
        line(f"merkle proof check at {leaves}", checking, "us", 1000, "checking", less=True),
        line(f"merkle consistency proof at {leaves}", consistent, "us", 1000, "consistent", less=True),
    ]


def _reference(data: list[bytes], picked: list[int]) -> dict[str, Any]:
    try:
        import pymerkle
    except ImportError:
        return {}
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    before = time.perf_counter()
    for entry in data:
        tree.append_entry(entry)
    appends = len(data) / (time.perf_counter() - before)
    few = picked[:300]
    root = tree.get_root()
    proving = seconds(lambda: [tree.prove_inclusion(index + 1) for index in few]) / len(few) * 1e6
    proofs = [(tree.get_leaf(index + 1), tree.prove_inclusion(index + 1)) for index in few]
    checking = (
        seconds(lambda: [pymerkle.verify_inclusion(leaf, root, proof) for leaf, proof in proofs]) / len(few) * 1e6
    )
    consistent = seconds(lambda: [tree.prove_consistency(index + 1, len(data)) for index in few]) / len(few) * 1e6
    return {"root": root, "appends": appends, "proving": proving, "checking": checking, "consistent": consistent}


def rows() -> list[Row]:
    """Every measure of this file."""
    return scan_rows() + merkle_rows()


def show(measured: list[Row]) -> None:
    """Print rows as a plain table."""
    for each in measured:
        ratio = "-" if each["ratio"] is None else f"{each['ratio']:.1f}x"
        other = "-" if each["alternative"] is None else f"{each['alternative']:,.1f}"
        print(
            f"{each['name']:<42} {each['ours']:>12,.1f} {each['unit']:<9} {each['alternative_name']:<20} {other:>12} "
            f"{ratio:>7}  target {each['target']:,} {'met' if each['met'] else 'MISSED'}"
        )


if __name__ == "__main__":
    show(scan_rows() + merkle_rows(int(sys.argv[1]) if len(sys.argv) > 1 else LEAVES))
