"""Measure of taking over an old site: papers of four forms into a database, with scans of personal data.

Beside it, what the libraries alone take to get some text out of the same files: no reading order, no paragraphs, nothing
recognised, nothing searched, nothing stored, and no bounds on memory.
"""

import io
import json
import tempfile
import time
from pathlib import Path

import pypdfium2
from docx import Document
from lxml import html
from tests.bench.bench_ground import Row, row
from tests.databases import new_database
from tests.documents.old_site import FORMS, as_pdf, paper_lines, save_sheet, sheet_row

PAPERS, DISTINCT_PDF = 600, 12
TARGET = 50


def rows() -> list[Row]:
    """One line: papers a second, every check and write included."""
    with tempfile.TemporaryDirectory(prefix="mingtang-old-") as folder:
        papers, sheet = make(Path(folder))
        files = sorted(papers.iterdir())
        plain = len(files) / seconds_of_plain_extraction(files)
        with new_database() as database:
            told = json.loads(database.run("tests.bench.taking_over", str(papers), str(sheet)))
        if told["outcomes"] != {"clean": len(files)}:
            raise AssertionError(told)
    name = "migration, papers in, SQLite"
    return [
        row(
            name,
            len(files) / told["seconds"],
            "papers/s",
            TARGET,
            alternative=plain,
            alternative_name="libraries' text alone",
            less=False,
        )
    ]


def make(folder: Path) -> tuple[Path, Path]:
    """The generated mix: a quarter each of .txt, .html, .docx and .pdf."""
    papers = folder / "papers"
    papers.mkdir()
    typeset = [as_pdf(paper_lines(number)) for number in range(DISTINCT_PDF)]
    listed = []
    for number in range(PAPERS):
        form = list(FORMS)[number % 4]
        name = f"{number:05}.{form}"
        data = typeset[number // 4 % DISTINCT_PDF] if form == "pdf" else FORMS[form](paper_lines(number))
        (papers / name).write_bytes(data)
        listed.append(sheet_row(number, name))
    return papers, save_sheet(folder / "sheet.xlsx", listed)


def seconds_of_plain_extraction(files: list[Path]) -> float:
    began = time.perf_counter()
    for file in files:
        data = file.read_bytes()
        if file.suffix == ".txt":
            data.decode("gb18030")
        elif file.suffix == ".html":
            html.document_fromstring(data).text_content()
        elif file.suffix == ".docx":
            "\n".join(paragraph.text for paragraph in Document(io.BytesIO(data)).paragraphs)
        else:
            document = pypdfium2.PdfDocument(data)
            for page in document:
                page.get_textpage().get_text_range()
            document.close()
    return time.perf_counter() - began
