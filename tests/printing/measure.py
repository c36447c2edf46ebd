"""Reading what a PDF really shows: letters with their places in millimetres from the upper left corner, sizes, colours."""

import ctypes
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

MM = 25.4 / 72
RED = (230, 0, 18)


@dataclass(frozen=True)
class Letter:
    character: str
    left: float
    right: float
    top: float
    bottom: float
    baseline: float
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class Stroke:
    """A straight rule or a bar."""

    left: float
    right: float
    top: float
    bottom: float
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class Line:
    letters: tuple[Letter, ...]

    @property
    def text(self) -> str:
        return "".join(letter.character for letter in self.letters)

    @property
    def left(self) -> float:
        return self.letters[0].left

    @property
    def right(self) -> float:
        return self.letters[-1].right

    @property
    def baseline(self) -> float:
        return self.letters[0].baseline

    @property
    def centre(self) -> float:
        return (self.left + self.right) / 2


class Sheet:
    """One page as it is seen."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.width, self.height = (length * MM for length in page.get_size())

    @cached_property
    def letters(self) -> list[Letter]:
        text = self.page.get_textpage()
        found = []
        for index in range(text.count_chars()):
            character = text.get_text_range(index, 1)
            if not character.strip() or character == "\ufffe":
                continue
            left, bottom, right, top = text.get_charbox(index)
            x, y = ctypes.c_double(), ctypes.c_double()
            pdfium.FPDFText_GetCharOrigin(text, index, x, y)
            loose = text.get_charbox(index, loose=True)
            red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
            pdfium.FPDFText_GetFillColor(text, index, red, green, blue, alpha)
            found.append(
                Letter(
                    character,
                    loose[0] * MM,
                    loose[2] * MM,
                    self.height - top * MM,
                    self.height - bottom * MM,
                    self.height - y.value * MM,
                    (red.value, green.value, blue.value),
                )
            )
        return found

    @cached_property
    def lines(self) -> list[Line]:
        """Letters on one baseline, from the top; what is light grey is the mark of a draft and no line."""
        rows: dict[float, list[Letter]] = {}
        for letter in self.letters:
            if min(letter.colour) > 200:
                continue
            key = next((one for one in rows if abs(one - letter.baseline) < 0.4), letter.baseline)
            rows.setdefault(key, []).append(letter)
        return [Line(tuple(sorted(rows[key], key=lambda one: one.left))) for key in sorted(rows)]

    @cached_property
    def strokes(self) -> list[Stroke]:
        found = []
        for item in self.page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH]):
            left, bottom, right, top = item.get_bounds()
            colours = []
            for ask in (pdfium.FPDFPageObj_GetStrokeColor, pdfium.FPDFPageObj_GetFillColor):
                parts = [ctypes.c_uint() for _ in range(4)]
                ask(item, *parts)
                colours.append(tuple(part.value for part in parts[:3]))
            colour = next((one for one in colours if one != (0, 0, 0)), (0, 0, 0))
            found.append(Stroke(left * MM, right * MM, self.height - top * MM, self.height - bottom * MM, colour))
        return sorted(found, key=lambda one: one.top)

    @property
    def text(self) -> str:
        return "".join(line.text for line in self.lines)

    def line(self, words: str) -> Line:
        """The first line with these words in it."""
        bare = words.replace(" ", "")
        return next(line for line in self.lines if bare in line.text)

    @property
    def number(self) -> Line | None:
        """The page number under the text."""
        return next((line for line in self.lines if line.baseline > 263 and line.text.startswith("—")), None)

    @property
    def inside(self) -> list[Line]:
        """Lines of the text area."""
        return [line for line in self.lines if 37 <= line.baseline <= 262.5]


def sheets(data: bytes) -> list[Sheet]:
    return [Sheet(page) for page in pypdfium2.PdfDocument(data)]
