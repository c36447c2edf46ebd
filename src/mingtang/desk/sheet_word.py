"""A working sheet as .docx, from the same content as the PDF."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from docx.shared import Mm

from mingtang.text import word
from mingtang.text.word import BLACK, CENTRE, FANG, GREY, HEI, LEFT, RED, ROMAN, SONG


def sheet_docx(content: Mapping[str, Any], at: datetime) -> bytes:
    """The sheet's bytes. ``content`` is what the functions of ``sheets`` give; ``at`` dates the file."""
    document = word.new_document()
    section = document.sections[0]
    wide = content["landscape"]
    if wide:
        word.set_page(section, top=18, bottom=18, left=15, right=15, landscape=True)
    else:
        word.set_page(section, top=22, bottom=20, left=25, right=20)
    section.footer_distance = Mm(10)
    size = 9.5 if wide else 11
    width = Mm(267 if wide else 165).pt
    colour = RED if content["red"] else BLACK
    foot = word.fill(
        section.footer.paragraphs[0],
        (f"{content['foot']}\u3000第", ROMAN),
        size=8.5,
        align=CENTRE,
        line=12,
        colour=GREY,
    )
    word.add_field(foot, "PAGE", 8.5)
    word.add_run(foot, "页，共", ROMAN, 8.5, colour=GREY)
    word.add_field(foot, "NUMPAGES", 8.5)
    word.add_run(foot, "页", ROMAN, 8.5, colour=GREY)

    def add(*runs: tuple[str, str], **how: Any) -> Any:
        return word.add_paragraph(document, *runs, **{"size": size, "align": LEFT, "line": size + 7, **how})

    add((content["title"], SONG), size=20, align=CENTRE, line=30, colour=colour)
    if content["subtitle"]:
        add((content["subtitle"], FANG), align=CENTRE)
    for part in content["parts"]:
        add((part["heading"], HEI), before=8, after=4)
        if part["kind"] == "facts":
            _facts(document, part["rows"], width, size)
        elif part["kind"] == "table":
            total = sum(part["widths"])
            word.add_table(
                document, part["cells"], [one * width / total for one in part["widths"]], size=size, align=LEFT
            )
        elif part["kind"] == "faults":
            for number, fault in enumerate(part["faults"], 1):
                basis = f"（{fault['basis']}）" if fault["basis"] else ""
                add((f"{number}.", FANG), (fault["message"], HEI), (basis, FANG), before=4)
                if fault["mend"]:
                    add((f"怎样补正：{fault['mend']}", FANG), left=20)
        else:
            for line in part["lines"]:
                add((line, FANG), after=4)
    return word.finished(document, title=content["title"], author=content["author"], at=at)


def _facts(document: Any, rows: list[list[str]], width: float, size: float) -> None:
    """Label and value, twice on a row; a row with one pair spans the whole width."""
    label = 76.0
    value = width / 2 - label
    cells = [row if len(row) == 4 else [*row, "", ""] for row in rows]
    table = word.add_table(document, cells, [label, value, label, value], size=size, head=0, align=LEFT)
    for row, given in zip(table.rows, rows, strict=True):
        if len(given) == 2:
            merged = row.cells[1].merge(row.cells[3])
            for empty in merged.paragraphs[1:]:
                empty._element.getparent().remove(empty._element)
