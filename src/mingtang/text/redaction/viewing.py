"""Showing a file to whoever marks cuts in it: pages as pictures, with what is marked and what the scan finds on them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from ..uploads import UploadError
from . import images, package, pdf, pdf_layer, pdf_text
from .cuts import EVERY_FINDING, Box, FileCut
from .needles import needles_of
from .xlsx import cells_of, sheets_of

_SCALE = 1.6  # pixels per point: sharp enough to read, small enough to load
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class View:
    """One page as it is shown. ``cut`` is what is marked, ``found`` what the scan finds besides; in points or pixels."""

    width: float
    height: float
    cut: tuple[Box, ...] = ()
    found: tuple[Box, ...] = ()


def count_pages(kind: str, data: bytes) -> int:
    """Pages of a PDF, 1 for a picture, the pictures that can be cut in a .docx or .xlsx, 0 for text."""
    if kind == "pdf":
        with pdf_text.opened(data) as document:
            return len(document)
    if kind in ("docx", "xlsx"):
        return len(_pictures(kind, data))
    return 1 if kind in ("png", "jpg") else 0


def view(kind: str, data: bytes, page: int, cuts: Sequence[FileCut]) -> View:
    """Size of page ``page`` (from 1), with the boxes on it.

    Raises:
        IndexError: there is no such page.
    """
    if not 1 <= page <= count_pages(kind, data):
        raise IndexError(page)
    regions = [cut for cut in cuts if cut.page == page]
    if kind != "pdf":
        width, height = images.opened(data if kind in ("png", "jpg") else _pictures(kind, data)[page - 1]).size
        return View(width, height, tuple(cut.box or (0.0, 0.0, float(width), float(height)) for cut in regions))
    with pdf_text.opened(data) as document, pdf_text.page_of(document, page - 1) as shown:
        read = pdf_text.read_page(shown)
    cut_boxes = [cut.box or (0.0, 0.0, read.width, read.height) for cut in regions]
    cut_boxes += _passages(read, [cut for cut in cuts if cut.quote or cut.finding])
    found = _passages(read, [FileCut("-", "-", finding=EVERY_FINDING)])
    return View(read.width, read.height, tuple(cut_boxes), tuple(box for box in found if box not in cut_boxes))


def _passages(read: pdf_text.PageText, cuts: Sequence[FileCut]) -> list[Box]:
    text, places = read.in_lines()
    needles = needles_of(cuts, [read.text, text])
    boxes: list[Box] = []
    for start, end, _ in needles.spans(read.text):
        boxes += pdf.around(read, list(range(start, end)))
    for start, end, _ in needles.spans(text):
        boxes += [box for box in pdf.around(read, places[start:end]) if box not in boxes]
    return boxes


def picture(kind: str, data: bytes, page: int, boxes: Sequence[Box] = ()) -> bytes:
    """A page as PNG, with ``boxes`` painted black as they will be in the result.

    Raises:
        IndexError: there is no such page.
        UploadError: ``malformed``.
    """
    if not 1 <= page <= count_pages(kind, data):
        raise IndexError(page)
    if kind == "pdf":
        with pdf_text.opened(data) as document, pdf_text.page_of(document, page - 1) as shown:
            scale = min(_SCALE, _LONGEST / max(shown.get_size()))
            image = pdf_layer.shown(shown, scale)
        pdf_layer.blacken(image, boxes, scale)
    else:
        image = images.opened(data if kind in ("png", "jpg") else _pictures(kind, data)[page - 1])
        draw = ImageDraw.Draw(image)
        for left, top, right, bottom in boxes:
            draw.rectangle((int(left), int(top), int(right + 0.999), int(bottom + 0.999)), fill=0)
        image.thumbnail((_LONGEST, _LONGEST), Image.Resampling.BILINEAR)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()


def sheets(data: bytes) -> list[tuple[str, int, int, bool]]:
    """Name, last row, last column and whether it is hidden, of each sheet of a workbook."""
    opened = package.opened(data, "xlsx")
    found = []
    for name, (part, entry) in sheets_of(opened).items():
        cells = cells_of(opened.trees[part])
        rows, columns = max((row for _, _, row in cells), default=0), max((column for _, column, _ in cells), default=0)
        found.append((name, rows, columns, entry.get("state") in ("hidden", "veryHidden")))
    return found


def _pictures(kind: str, data: bytes) -> list[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)):
            opened = package.opened(data, kind)
    except zipfile.BadZipFile as error:
        raise UploadError("malformed", "文件已损坏，无法打开。请重新保存后再试。") from error
    return [opened.others[name] for name in opened.pictures()]
