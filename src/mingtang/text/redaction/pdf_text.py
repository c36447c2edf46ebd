"""The characters of a PDF page with the places they are shown at, whatever their colour, size or what lies over them."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as raw

from ..pdf_files import _one_at_a_time
from .cuts import Box
from .needles import Needles

_FILLER = "\u200b"  # in the place of the second half of a character that takes two


@dataclass(frozen=True, slots=True)
class PageText:
    """``text`` and ``boxes`` run side by side; boxes are in points from the top left corner of the page as shown."""

    text: str
    boxes: list[Box]
    width: float
    height: float

    def in_lines(self) -> tuple[str, list[int]]:
        """The characters as they stand on the page, line by line, and where each is in ``text``: however scrambled
        they lie in the file, people read them so."""
        order = [place for place, one in enumerate(self.boxes) if one[2] > one[0] and not self.text[place].isspace()]
        order.sort(key=lambda place: self.boxes[place][1] + self.boxes[place][3])
        lines: list[list[int]] = []
        middle = half = 0.0
        for place in order:
            _, top, _, bottom = self.boxes[place]
            if not lines or (top + bottom) / 2 - middle > half:
                lines.append([])
                middle, half = (top + bottom) / 2, max((bottom - top) * 0.4, 0.5)
            lines[-1].append(place)
        read: list[int] = []
        for line in lines:
            read += sorted(line, key=lambda place: self.boxes[place][0])
        return "".join(self.text[place] for place in read), read

    def inside(self, box: Box) -> list[int]:
        """Characters of which the box covers a good part."""
        left, top, right, bottom = box
        return [
            place
            for place, one in enumerate(self.boxes)
            if one[0] <= right and one[2] >= left and one[1] <= bottom and one[3] >= top and _covers(box, one)
        ]


def _covers(box: Box, one: Box) -> bool:
    wide = min(box[2], one[2]) - max(box[0], one[0])
    high = min(box[3], one[3]) - max(box[1], one[1])
    if wide < 0 or high < 0:
        return False
    return wide >= 0.2 * (one[2] - one[0]) and high >= 0.2 * (one[3] - one[1])


@contextmanager
def opened(data: bytes) -> Iterator[Any]:
    """The document, while nobody else uses the library: it keeps one state for the whole process."""
    with _one_at_a_time:
        document = pypdfium2.PdfDocument(data)
        try:
            yield document
        finally:
            document.close()


@contextmanager
def page_of(document: Any, index: int) -> Iterator[Any]:
    page = document[index]
    try:
        yield page
    finally:
        page.close()


def text_of(page: Any) -> str:
    """One character for each the library counts, as ``read_page`` gives them."""
    textpage = page.get_textpage()
    try:
        return _characters(textpage)
    finally:
        textpage.close()


def _characters(textpage: Any) -> str:
    get, handle = raw.FPDFText_GetUnicode, textpage.raw
    codes = [get(handle, place) for place in range(raw.FPDFText_CountChars(handle))]
    found: list[str] = []
    for place, code in enumerate(codes):
        if 0xD800 <= code < 0xDC00 and place + 1 < len(codes) and 0xDC00 <= codes[place + 1] < 0xE000:
            found.append(chr(0x10000 + ((code - 0xD800) << 10) + codes[place + 1] - 0xDC00))
        elif 0xD800 <= code < 0xE000 or code in (0, 2, 0xFFFE, 0xFFFF) or code > 0x10FFFF:
            found.append(_FILLER)
        else:
            found.append(chr(code))
    return "".join(found)


def read_page(page: Any) -> PageText:
    """Characters with their boxes, turned and cropped as the page is shown."""
    width, height = page.get_size()
    left, bottom, right, top = page.get_bbox()
    turned = page.get_rotation()
    textpage = page.get_textpage()
    try:
        text, handle = _characters(textpage), textpage.raw
        loose = raw.FS_RECTF()
        a, b, c, d = (ctypes.c_double() for _ in range(4))
        to_a, to_b, to_c, to_d = (ctypes.byref(side) for side in (a, b, c, d))
        to_loose = ctypes.byref(loose)
        get_box, get_loose = raw.FPDFText_GetCharBox, raw.FPDFText_GetLooseCharBox
        boxes: list[Box] = []
        for place in range(len(text)):
            if not get_box(handle, place, to_a, to_b, to_c, to_d):
                boxes.append((-1.0, -1.0, -1.0, -1.0))
                continue
            x0, x1, y0, y1 = a.value, b.value, c.value, d.value
            if get_loose(handle, place, to_loose):
                low, high = loose.left, loose.right
                x0, x1 = low if low < x0 else x0, high if high > x1 else x1
                low, high = loose.bottom, loose.top
                y0, y1 = low if low < y0 else y0, high if high > y1 else y1
            if turned == 0:
                boxes.append((x0 - left, top - y1, x1 - left, top - y0))
            elif turned == 90:
                boxes.append((y0 - bottom, x0 - left, y1 - bottom, x1 - left))
            elif turned == 180:
                boxes.append((right - x1, y0 - bottom, right - x0, y1 - bottom))
            else:
                boxes.append((top - y1, right - x1, top - y0, right - x0))
    finally:
        textpage.close()
    return PageText(text, boxes, width, height)


def places_in(pages: Sequence[str], needles: Needles) -> dict[int, list[tuple[int, int, int]]]:
    """By page index: start, end and owner of each passage to cut. A passage may run on over the end of a page."""
    starts, position = [], 0
    for text in pages:
        starts.append(position)
        position += len(text) + 1
    found: dict[int, list[tuple[int, int, int]]] = {}
    index = 0
    for start, end, owner in needles.spans("\n".join(pages)):
        while index + 1 < len(starts) and starts[index + 1] <= start:
            index += 1
        while index > 0 and starts[index] > start:
            index -= 1
        page = index
        while page < len(pages) and starts[page] < end:
            first, last = max(start - starts[page], 0), min(end - starts[page], len(pages[page]))
            if first < last:
                found.setdefault(page, []).append((first, last, owner))
            page += 1
    return found


def earlier_texts(data: bytes) -> list[str]:
    """What could be read in earlier revisions that were saved into the same file (at most ten)."""
    ends, place = [], data.find(b"%%EOF")
    while place >= 0:
        ends.append(place + 5)
        place = data.find(b"%%EOF", place + 5)
    texts: list[str] = []
    for end in ends[:-1][-10:]:
        try:
            with opened(data[:end]) as document:
                for index in range(len(document)):
                    with page_of(document, index) as page:
                        texts.append(text_of(page))
        except pypdfium2.PdfiumError:
            continue  # the first part of a file made for the web is no file by itself
    return texts
