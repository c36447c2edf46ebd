"""The folder of public files after a write that a killed process did not end."""

import gzip
import os
from pathlib import Path

import brotli
import pytest

from mingtang.bake.tree import Tree

OLD, NEW = "要清除的内容。".encode() * 30, "公示期满，内容已经清除。".encode() * 30


@pytest.mark.parametrize("ended", [(), (".gz",)])
def test_a_write_that_was_broken_off_leaves_no_old_sibling(tmp_path: Path, ended: tuple[str, ...]) -> None:
    Tree(tmp_path).write("pub/x/index.html", OLD)
    place = tmp_path / "pub" / "x"
    draft = place / ".draft-1-index.html"
    # What is on the disk when the process is killed after the text, or after its first sibling.
    for suffix, data in (("", NEW), (".gz", gzip.compress(NEW, mtime=0))):
        if suffix in ("", *ended):
            draft.write_bytes(data)
            later = (place / "index.html.br").stat().st_mtime_ns + 1_000_000
            os.utime(draft, ns=(later, later))
            draft.replace(place / f"index.html{suffix}")
    Tree(tmp_path).write("pub/x/index.html", NEW)
    assert (place / "index.html").read_bytes() == NEW
    assert gzip.decompress((place / "index.html.gz").read_bytes()) == NEW
    assert brotli.decompress((place / "index.html.br").read_bytes()) == NEW
