"""Grouping of comments with planted campaigns and flips, beside datasketch MinHash and TF-IDF on the same comments.

Run ``python -m tests.bench.bench_opinions [comments]``. Each method runs in a process of its own, so that memory is its own.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.bench.bench_ground import Row, row, show
from tests.text.opinions.campaigns import Planted, merged_flips, planted, recall

COMMENTS = 100_000
SECONDS = 30.0
MEGABYTES = 1000.0
# TF-IDF compares everything with everything; more would take longer than all other measures together.
TF_IDF_COMMENTS = 20_000
_ALIKE = 0.6
_HERE = Path(__file__).parent.parent.parent


def ours(made: Planted) -> list[tuple[str, ...]]:
    from mingtang.text.opinions.grouping import group

    return [each.members for each in group(made.opinions)]


def datasketch(made: Planted) -> list[tuple[str, ...]]:
    """MinHash with LSH as its documentation shows it, on two-character pieces; what finds each other is one group."""
    from datasketch import MinHash, MinHashLSH

    lsh = MinHashLSH(threshold=_ALIKE, num_perm=64)
    above: dict[str, str] = {}
    for identifier, text in made.opinions:
        hashes = MinHash(num_perm=64, seed=1)
        hashes.update_batch([text[at : at + 2].encode() for at in range(max(len(text) - 1, 1))])
        above[identifier] = identifier
        for other in lsh.query(hashes)[:20]:
            above[_root(above, other)] = _root(above, identifier)
        lsh.insert(identifier, hashes)
    return _groups(above)


def tf_idf(made: Planted) -> list[tuple[str, ...]]:
    """TF-IDF of two-character pieces, cosine to the nearest twenty, in slices so that it fits into memory."""
    import numpy
    from sklearn.feature_extraction.text import TfidfVectorizer

    names = [identifier for identifier, _ in made.opinions]
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(2, 2), min_df=2, dtype=numpy.float32)
    matrix = vectors.fit_transform(text for _, text in made.opinions)
    above = {identifier: identifier for identifier in names}
    turned = matrix.T.tocsc()
    for start in range(0, len(names), 500):
        near = (matrix[start : start + 500] @ turned).tocsr()
        for line in range(near.shape[0]):
            begin, end = near.indptr[line], near.indptr[line + 1]
            found = near.indices[begin:end][near.data[begin:end] >= _ALIKE][:20]
            for other in found:
                above[_root(above, names[other])] = _root(above, names[start + line])
    return _groups(above)


def _root(above: dict[str, str], name: str) -> str:
    while above[name] != name:
        above[name] = above[above[name]]
        name = above[name]
    return name


def _groups(above: dict[str, str]) -> list[tuple[str, ...]]:
    together: dict[str, list[str]] = defaultdict(list)
    for name in above:
        together[_root(above, name)].append(name)
    return [tuple(members) for members in together.values()]


METHODS = {"ours": ours, "datasketch": datasketch, "tf_idf": tf_idf}


def _measure(method: str, comments: int, shuffled: bool) -> dict[str, Any]:
    """CPU seconds of all threads, peak megabytes above the comments themselves, and what was found."""
    made = planted(comments)
    if shuffled:
        random.Random(3).shuffle(made.opinions)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    groups = METHODS[method](made)
    seconds = time.process_time() - began
    return {
        "seconds": seconds,
        "megabytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000,
        "recall": recall(made, groups),
        "flips": merged_flips(made, groups),
        "groups": hash(frozenset(frozenset(members) for members in groups)),
    }


def _apart(method: str, comments: int, *, shuffled: bool = False) -> dict[str, Any] | None:
    """The measure in a process of its own; None where the alternative is not installed."""
    command = [sys.executable, "-m", "tests.bench.bench_opinions", method, str(comments), str(int(shuffled))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=_HERE, env=_environment())
    if done.returncode:
        if "ModuleNotFoundError" in done.stderr and method != "ours":
            return None
        raise RuntimeError(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _found(method: str, comments: int, *, shuffled: bool = False) -> dict[str, Any]:
    result = _apart(method, comments, shuffled=shuffled)
    assert result is not None
    return result


def _environment() -> dict[str, str]:
    # One seed for Python's own hash, so that the groups of two processes can be compared by it.
    return {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": ":".join(("src", "."))}


def rows(comments: int = COMMENTS) -> list[Row]:
    sizes = {comments: _found("ours", comments)}
    again = _found("ours", comments, shuffled=True)
    measured: list[Row] = []
    for name, key, most in (
        ("datasketch MinHash LSH", "datasketch", comments),
        ("TF-IDF cosine, scikit-learn", "tf_idf", TF_IDF_COMMENTS),
    ):
        size = min(comments, most)
        if size not in sizes:
            sizes[size] = _found("ours", size)
        mine, other = sizes[size], _apart(key, size)

        def line(
            label: str,
            unit: str,
            field: str,
            target: float,
            *,
            less: bool,
            size: int = size,
            name: str = name,
            mine: dict[str, Any] = mine,
            other: Any = other,
        ) -> Row:
            return row(
                f"{label}, {size} comments", mine[field], unit, target,
                alternative=other and other[field], alternative_name=name, less=less,
            )  # fmt: skip

        measured += [
            line("group comments, CPU", "s", "seconds", SECONDS * size / COMMENTS, less=True),
            line("memory of grouping", "MB", "megabytes", MEGABYTES, less=True),
            line("recall of planted campaigns", "share", "recall", 0.9, less=False),
        ]
        # A ratio to none makes no sense, so the flips of the other are told in its name.
        told = f"{name}: {other['flips']}" if other else name
        flips = row(
            "flips merged into what they contradict",
            mine["flips"],
            "",
            0,
            alternative=None,
            alternative_name=told,
            less=True,
        )
        measured.append(flips)
    same = float(sizes[comments]["groups"] == again["groups"])
    measured.append(row("same groups in another order", same, "", 1, alternative=None, alternative_name="", less=False))
    return measured


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(json.dumps(_measure(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "1")))
    else:
        show(rows(int(sys.argv[1]) if len(sys.argv) > 1 else COMMENTS))
