"""Measures of the desk's exports: an official paper as PDF and .docx, against its bare text through python-docx."""

import io
import itertools
from typing import Any

from docx import Document
from tests.bench.bench_ground import Row, row, seconds
from tests.printing.papers import AT, content

from mingtang.desk.official_pdf import official_pdf
from mingtang.desk.official_word import official_docx
from mingtang.text.official import heading, paragraph

SENTENCE = "各部门要明确责任，按时办理，及时公开，接受监督。"
LENGTHS = {"4 pages": 6, "12 pages": 30}
PDF_MILLISECONDS, DOCX_MILLISECONDS = 300, 300
_serial = itertools.count(1)


def rows() -> list[Row]:
    """Milliseconds of one export, fonts and template already read; every run has words that no run had before."""
    measured = []
    for name, count in LENGTHS.items():
        bare = seconds(lambda count=count: _bare(_paper(count))) * 1000
        for label, make, target in (
            ("PDF", official_pdf, PDF_MILLISECONDS),
            (".docx", official_docx, DOCX_MILLISECONDS),
        ):
            make(_paper(count), {}, AT)
            ours = seconds(lambda make=make, count=count: make(_paper(count), {}, AT), 5) * 1000
            measured.append(
                row(
                    f"GB/T 9704 {label}, {name}",
                    ours,
                    "ms",
                    target,
                    alternative=bare,
                    alternative_name="text, python-docx",
                    less=True,
                )
            )
    return measured


def _paper(count: int) -> dict[str, Any]:
    run = next(_serial)
    return content(rows=[one for number in range(count) for one in _section(run * 1000 + number)])


def _section(number: int) -> list[dict[str, Any]]:
    return [
        heading(f"第{number}部分", 1, face="hei"),
        paragraph(f"{number}号责任，{SENTENCE * 2}", "（一）责任。", face="kai"),
        paragraph(f"{number}号要求，{SENTENCE * 4}"),
    ]


def _bare(paper: dict[str, Any]) -> bytes:
    """What a first attempt writes: every line a paragraph, no layout."""
    document = Document()
    for one in paper["rows"]:
        document.add_paragraph(f"{one['lead']}{one['text']}")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
