"""The text of a .docx document in reading order: paragraphs and tables as they would read with all changes accepted.

Left out: deleted and moved-away text, comments, hidden text, field codes, headers, footers and notes. Numbers that the
word processor makes by itself are not part of the text; a warning asks for them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from docx import Document

from .warning import TextWarning

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DROPPED = {
    _W + name for name in ("del", "moveFrom", "instrText", "delText", "pPr", "rPr", "sdtPr", "sdtEndPr", "tblPr")
}
_DROPPED.add(_MC + "Fallback")
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}
_OFF = ("0", "false", "off")
_WHITE = ("FFFFFF", "FEFEFE")
_TINY_HALF_POINTS = 5


def read(data: bytes) -> tuple[str, list[TextWarning]]:
    """Text with one paragraph a line, table cells parted by tabs, and what should be looked at.

    Raises whatever python-docx and lxml raise for a damaged file.
    """
    document = Document(io.BytesIO(data))
    body = document.element.body
    lines = list(_blocks(body))
    return "\n".join(lines), list(_warnings(document, body))


def _blocks(container: Any) -> Iterator[str]:
    """Lines of paragraphs and tables directly in a container. A deleted paragraph mark joins two paragraphs."""
    pending = ""
    for element in _flat(container):
        if element.tag == _W + "p":
            pending += _inline(element)
            if element.find(f"{_W}pPr/{_W}rPr/{_W}del") is None:
                yield pending
                pending = ""
            for box in element.iter(_W + "txbxContent"):
                if not _is_fallback(box, element):
                    yield from _blocks(box)
        elif element.tag == _W + "tbl":
            yield from _rows(element)
    if pending:
        yield pending


def _flat(container: Any) -> Iterator[Any]:
    """Children, with those of content controls and inserted stretches in their place."""
    for element in container:
        if element.tag in (_W + "sdt", _W + "sdtContent", _W + "ins", _W + "moveTo", _W + "customXml", _W + "smartTag"):
            yield from _flat(element)
        elif element.tag not in _DROPPED:
            yield element


def _rows(table: Any) -> Iterator[str]:
    for row in _flat(table):
        if row.tag != _W + "tr" or row.find(f"{_W}trPr/{_W}del") is not None:
            continue
        cells = (cell for cell in _flat(row) if cell.tag == _W + "tc")
        yield "\t".join(" ".join(" ".join(_blocks(cell)).split()) for cell in cells)


def _inline(element: Any) -> str:
    parts: list[str] = []
    for child in element:
        if child.tag in _DROPPED or not isinstance(child.tag, str):
            continue
        if child.tag == _W + "r" and _is_hidden(child):
            continue
        if child.tag == _W + "t":
            parts.append(child.text or "")
        elif child.tag == _W + "txbxContent":
            continue
        elif child.tag.startswith(_W) and child.tag[len(_W) :] in _CHARACTERS:
            parts.append(_CHARACTERS[child.tag[len(_W) :]])
        else:
            parts.append(_inline(child))
    return "".join(parts)


def _is_hidden(run: Any) -> bool:
    """Marked as hidden, white on white, or too small to read."""
    properties = run.find(_W + "rPr")
    if properties is None:
        return False
    mark = properties.find(_W + "vanish")
    if mark is not None and mark.get(_W + "val") not in _OFF:
        return True
    size = properties.find(_W + "sz")
    if size is not None and (size.get(_W + "val") or "").isdecimal() and int(size.get(_W + "val")) <= _TINY_HALF_POINTS:
        return True
    colour = properties.find(_W + "color")
    if colour is None or (colour.get(_W + "val") or "").upper() not in _WHITE:
        return False
    if properties.find(_W + "shd") is not None or properties.find(_W + "highlight") is not None:
        return False
    return not any(
        next(one.iterfind(f"{_W}{kind}/{_W}shd"), None) is not None
        for one in run.iterancestors()
        for kind in ("pPr", "tcPr", "tblPr")
    )


def _is_fallback(box: Any, paragraph: Any) -> bool:
    """Whether a text box is the older copy of one already read, or lies within another, or in deleted text."""
    for parent in box.iterancestors():
        if parent is paragraph:
            return False
        if parent.tag in _DROPPED or parent.tag == _W + "txbxContent":
            return True
    return False


def _warnings(document: Any, body: Any) -> Iterator[TextWarning]:
    def has(*names: str) -> bool:
        return any(next(body.iter(_W + name), None) is not None for name in names)

    if has("ins", "del", "moveFrom", "moveTo"):
        yield TextWarning("tracked_changes", "text", "文件带有修订痕迹，已按全部接受修订读取，请核对。")
    if has("commentReference", "commentRangeStart"):
        yield TextWarning("comments_dropped", "text", "文件带有批注，批注没有导入。")
    if any(_is_hidden(run) for run in body.iter(_W + "r")):
        yield TextWarning("hidden_text_dropped", "text", "文件带有隐藏文字，隐藏文字没有导入。")
    if has("footnoteReference", "endnoteReference"):
        yield TextWarning("notes_dropped", "text", "文件带有脚注或尾注，注文没有导入，请核对。")
    if has("drawing", "pict") and next(body.iter("{*}blip"), next(body.iter("{*}imagedata"), None)) is not None:
        yield TextWarning("pictures_dropped", "text", "文件中的图片没有导入，图中如有文字请补录。")
    if has("numPr") or _styles_number(document, body):
        yield TextWarning("automatic_numbering", "text", "文件使用了自动编号，编号没有导入，请核对并补上序号。")


def _styles_number(document: Any, body: Any) -> bool:
    """Whether a paragraph style in use brings its own numbering."""
    numbered = {
        style.get(_W + "styleId")
        for style in document.styles.element.iter(_W + "style")
        if style.find(f"{_W}pPr/{_W}numPr") is not None
    }
    return any(style.get(_W + "val") in numbered for style in body.iter(_W + "pStyle"))
