"""The letters of a PDF page as they stand on it, and which of them nobody can see."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

TINY = 3.0  # points from the top of a letter to its foot
_FAINT = 24  # how far a colour must stand out from its ground, of 255
_TRANSPARENT = 16
_INVISIBLE, _CLIPPED = 3, 7
_RECTANGLE_SEGMENTS = 6
Colour = tuple[int, int, int, int]
Box = tuple[float, float, float, float]
_WHITE: Colour = (255, 255, 255, 255)


@dataclass(slots=True)
class Letter:
    """A character with its box in points, from the lower left corner of the page as it is read."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


@dataclass(slots=True)
class PageLetters:
    """What a page holds. ``hidden`` says why letters cannot be seen, with the letters; ``unmapped`` counts those whose
    font does not say what they are; ``pictured`` is the share of the page that pictures cover, ``drawn`` the number of
    lines and shapes."""

    width: float
    height: float
    letters: list[Letter] = field(default_factory=list)
    hidden: dict[str, list[Letter]] = field(default_factory=dict)
    unmapped: int = 0
    pictured: float = 0.0
    drawn: int = 0
    recognised: bool = False


def read_page(page: pypdfium2.PdfPage, layers_off: frozenset[str]) -> PageLetters:
    """Every letter of the page. Invisible letters over a picture of the page are its recognised text, not hidden."""
    ground = _Ground(page)
    left, bottom, right, top = ground.shown
    found = PageLetters(right - left, top - bottom, pictured=ground.pictured(), drawn=ground.drawn)
    textpage = page.get_textpage()
    try:
        _read(textpage.raw, found, _Objects(ground, layers_off))
    finally:
        textpage.close()
    invisible = found.hidden.get("透明文字", [])
    if len(found.letters) < len(invisible) // 4 and found.pictured > 0.5:
        found.letters += found.hidden.pop("透明文字")
        found.recognised = True
    if degrees := page.get_rotation():
        _turn(found, degrees)
    return found


def _turn(found: PageLetters, degrees: int) -> None:
    """Give boxes and page as a viewer turns them, clockwise."""
    width, height = found.width, found.height
    for letters in (found.letters, *found.hidden.values()):
        for one in letters:
            box = one.left, one.bottom, one.right, one.top
            if degrees == 90:
                box = box[1], width - box[2], box[3], width - box[0]
            elif degrees == 180:
                box = width - box[2], height - box[3], width - box[0], height - box[1]
            else:
                box = height - box[3], box[0], height - box[1], box[2]
            one.left, one.bottom, one.right, one.top = box
    if degrees != 180:
        found.width, found.height = height, width


def _read(textpage: Any, found: PageLetters, objects: _Objects) -> None:
    left, bottom, right, top = objects.ground.shown
    box = pdfium.FS_RECTF()
    high = 0
    for number in range(max(0, pdfium.FPDFText_CountChars(textpage))):
        code = pdfium.FPDFText_GetUnicode(textpage, number)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if 0xDC00 <= code < 0xE000 and high:
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
        high = 0
        if code in (0xFFFE, 2):  # a hyphen at the end of a line
            continue
        text = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
        if text.isspace():
            continue
        if pdfium.FPDFText_HasUnicodeMapError(textpage, number) == 1:
            found.unmapped += 1
        pdfium.FPDFText_GetLooseCharBox(textpage, number, box)
        letter = Letter(text, box.left - left, box.bottom - bottom, box.right - left, box.top - bottom)
        middle = ((box.left + box.right) / 2, (box.bottom + box.top) / 2)
        if not (left <= middle[0] <= right and bottom <= middle[1] <= top):
            why = "页面之外的文字"
        elif max(box.top - box.bottom, box.right - box.left) < TINY:
            why = "极小的文字"
        elif objects.all_plain:
            why = ""
        else:
            why = objects.why_hidden(pdfium.FPDFText_GetTextObject(textpage, number), middle)
        if why:
            found.hidden.setdefault(why, []).append(letter)
        else:
            found.letters.append(letter)


class _Objects:
    """Why the letters of a text object cannot be seen, asked of the library once for each object."""

    def __init__(self, ground: _Ground, layers_off: frozenset[str]) -> None:
        self.ground, self.layers_off = ground, layers_off
        # Most pages: dark letters on paper. Asking about every letter would take as long as all the rest.
        self.all_plain = ground.dark and not ground.filled and not layers_off
        self._known: dict[int, tuple[str, Colour, int]] = {}

    def why_hidden(self, one: Any, middle: tuple[float, float]) -> str:
        address = ctypes.cast(one, ctypes.c_void_p).value or 0
        if not address:
            return ""
        if address not in self._known:
            self._known[address] = self._judge(one, address)
        why, colour, place = self._known[address]
        if why:
            return why
        if self.ground.covered(place, middle):
            return "被遮盖的文字"
        return "与底色相同的文字" if self.ground.hides(colour, place, middle) else ""

    def _judge(self, one: Any, address: int) -> tuple[str, Colour, int]:
        place = self.ground.order.get(address, -1)
        mode = pdfium.FPDFTextObj_GetTextRenderMode(one)
        colour = _colour(one)
        if mode in (_INVISIBLE, _CLIPPED):
            return "透明文字", colour, place
        if self.layers_off and self.layers_off & set(_layers(one)):
            return "关闭的图层中的文字", colour, place
        return ("透明文字" if mode == 0 and colour[3] < _TRANSPARENT else ""), colour, place


class _Ground:
    """What lies behind and over the letters: filled rectangles and pictures, in the order they are drawn."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self.shown: Box = page.get_cropbox()
        self.order: dict[int, int] = {}
        self.filled: list[tuple[int, Box, Colour | None]] = []
        self.pictures: list[Box] = []
        self.drawn = 0
        self.dark = True
        for place in range(max(0, pdfium.FPDFPage_CountObjects(page.raw))):
            one = pdfium.FPDFPage_GetObject(page.raw, place)
            kind = pdfium.FPDFPageObj_GetType(one)
            if kind in (pdfium.FPDF_PAGEOBJ_TEXT, pdfium.FPDF_PAGEOBJ_FORM):
                self.order[ctypes.cast(one, ctypes.c_void_p).value or 0] = place
                self.dark = self.dark and kind == pdfium.FPDF_PAGEOBJ_TEXT and _is_dark(one)
            elif kind == pdfium.FPDF_PAGEOBJ_PATH:
                self.drawn += 1
                self._path(one, place)
            elif kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING) and (box := _bounds(one)):
                self.filled.append((place, box, None))
                if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
                    self.pictures.append(box)

    def _path(self, one: Any, place: int) -> None:
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDFPath_GetDrawMode(one, fill, stroke)
        if not fill.value or pdfium.FPDFPath_CountSegments(one) > _RECTANGLE_SEGMENTS:
            return
        colour, box = _colour(one), _bounds(one)
        if box and colour[3] == 255 and not pdfium.FPDFPageObj_HasTransparency(one):
            self.filled.append((place, box, colour))

    def pictured(self) -> float:
        left, bottom, right, top = self.shown
        page = max(1.0, (right - left) * (top - bottom))
        areas = [
            max(0.0, min(one[2], right) - max(one[0], left)) * max(0.0, min(one[3], top) - max(one[1], bottom))
            for one in self.pictures
        ]
        return min(1.0, sum(areas) / page)

    def covered(self, place: int, middle: tuple[float, float]) -> bool:
        """Whether a filled rectangle was drawn over the letter afterwards."""
        if place < 0:
            return False
        return any(after > place and colour is not None and _holds(box, middle) for after, box, colour in self.filled)

    def hides(self, colour: Colour, place: int, middle: tuple[float, float]) -> bool:
        """Whether the letter has the colour of what lies behind it: white paper, where nothing does."""
        behind: Colour | None = _WHITE
        for before, box, ground in self.filled:
            if (place < 0 or before < place) and _holds(box, middle):
                behind = ground
        return behind is not None and all(abs(a - b) < _FAINT for a, b in zip(colour[:3], behind[:3], strict=True))


def _is_dark(one: Any) -> bool:
    colour = _colour(one)
    return pdfium.FPDFTextObj_GetTextRenderMode(one) == 0 and colour[3] == 255 and min(colour[:3]) < 255 - _FAINT


def _holds(box: Box, middle: tuple[float, float]) -> bool:
    return box[0] <= middle[0] <= box[2] and box[1] <= middle[1] <= box[3]


def _colour(one: Any) -> Colour:
    parts = [ctypes.c_uint() for _ in range(4)]
    if not pdfium.FPDFPageObj_GetFillColor(one, *parts):
        return (0, 0, 0, 255)
    red, green, blue, alpha = (part.value for part in parts)
    return red, green, blue, alpha


def _bounds(one: Any) -> Box | None:
    parts = [ctypes.c_float() for _ in range(4)]
    if not pdfium.FPDFPageObj_GetBounds(one, *parts):
        return None
    left, bottom, right, top = (part.value for part in parts)
    return left, bottom, right, top


def _layers(one: Any) -> Iterable[str]:
    for number in range(max(0, pdfium.FPDFPageObj_CountMarks(one))):
        mark = pdfium.FPDFPageObj_GetMark(one, number)
        size = ctypes.c_ulong()
        pdfium.FPDFPageObjMark_GetParamStringValue(mark, b"Name", None, 0, size)
        if size.value > 2:
            text = (ctypes.c_ushort * (size.value // 2))()
            pdfium.FPDFPageObjMark_GetParamStringValue(mark, b"Name", text, size.value, size)
            yield bytes(text).decode("utf-16-le", "replace").rstrip("\x00")
