"""Redaction of a long PDF, from the file to the proved result, beside simply making pictures of all its pages.

Run ``python tests/bench/bench_redaction.py [pages]``.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from threading import Event, Thread

import psutil
import pypdfium2
import typst
from tests.bench.bench_ground import Row, row, show

from mingtang.text.redaction import EVERY_FINDING, FileCut, redact_file

PAGES = 200
SECONDS = 30.0
MEGABYTES = 700.0
_LINE = "为方便群众办事，减少材料，优化流程，现就有关事项通知如下。"
_CUTS = [
    FileCut("涉及个人隐私", "personal_privacy", finding=EVERY_FINDING),
    *(FileCut("涉及个人隐私", "personal_privacy", page=page, box=(60.0, 600.0, 300.0, 640.0)) for page in range(1, 9)),
]


def paper(pages: int) -> bytes:
    """A4 pages of about a thousand characters with an identity number and a telephone number on each."""
    body = "\n#pagebreak()\n".join(
        f"= 第{number}页\n{_LINE * 18}\n\n申请人身份证11010519491231002X，电话138001{number:05d}。\n\n{_LINE * 16}"
        for number in range(1, pages + 1)
    )
    return typst.compile(f'#set text(font: "Noto Serif CJK SC")\n{body}'.encode())


def pictures_only(data: bytes) -> bytes:
    """What people do by hand: every page printed as a picture at the same sharpness. No text left, nothing checked."""
    document = pypdfium2.PdfDocument(data)
    pages = [page.render(scale=200 / 72).to_pil().convert("RGB") for page in document]
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=200)
    document.close()
    return out.getvalue()


def _measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and how many megabytes more than before were in use at the most."""
    process = psutil.Process()
    before, most, ended = process.memory_info().rss, 0, Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.02):
            most = max(most, process.memory_info().rss)

    watcher = Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    ended.set()
    watcher.join()
    return seconds, max(most - before, 0) / 1_000_000


def rows(pages: int = PAGES) -> list[Row]:
    data = paper(pages)
    redact_file("a.pdf", paper(1), _CUTS[:1])  # libraries loaded
    ours, memory = _measured(lambda: redact_file("a.pdf", data, _CUTS[:1] + _CUTS[1 : pages + 1]))
    plain, plain_memory = _measured(lambda: pictures_only(data))
    name = "every page as a picture, no text, no proof"
    return [
        row(
            f"redact and prove a PDF of {pages} pages, cuts on each",
            ours,
            "s",
            SECONDS * pages / PAGES,
            alternative=plain,
            alternative_name=name,
            less=True,
        ),
        row(
            "memory it takes",
            memory,
            "MB",
            MEGABYTES,
            alternative=plain_memory,
            alternative_name=name,
            less=True,
        ),
    ]


if __name__ == "__main__":
    show(rows(int(sys.argv[1]) if len(sys.argv) > 1 else PAGES))
