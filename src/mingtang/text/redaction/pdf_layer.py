"""A page rebuilt as a picture, with the text that stays laid over it unseen, so that it can be searched and read aloud.

The unseen letters have no shape: Type 3 fonts whose one glyph is empty, and which know no character but those that stay.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from typing import Any

import pikepdf
from PIL import Image, ImageChops, ImageDraw

from ..redact import MARK
from .cuts import Box

DOTS_PER_INCH = 200
LIMIT_PIXELS = 40_000_000
_QUALITY = 82
_PER_FONT = 254
_FOUR_GREYS = [value >> 6 for value in range(256)]


class UnseenLetters:
    """Fonts without shapes, shared by all rebuilt pages of one document."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self.pdf = pdf
        self.known: dict[str, int] = {}
        self.fonts: list[Any] = []

    def code_of(self, character: str) -> tuple[int, int]:
        """Number of the font, and the code in it."""
        number = self.known.setdefault(character, len(self.known))
        font, code = divmod(number, _PER_FONT)
        while font >= len(self.fonts):
            self.fonts.append(self.pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Font)))
        return font, code + 1

    def finish(self) -> None:
        """Write the fonts, once all characters are known."""
        glyph = pikepdf.Stream(self.pdf, b"1000 0 0 0 1000 1000 d1")
        characters = list(self.known)
        for number, font in enumerate(self.fonts):
            own = characters[number * _PER_FONT : (number + 1) * _PER_FONT]
            font.Subtype = pikepdf.Name.Type3
            font.FontBBox = [0, 0, 1000, 1000]
            font.FontMatrix = pikepdf.Array(
                [pikepdf.Object.parse(b"0.001"), 0, 0, pikepdf.Object.parse(b"0.001"), 0, 0]
            )
            font.FirstChar, font.LastChar = 1, len(own)
            font.Widths = [1000] * len(own)
            font.CharProcs = pikepdf.Dictionary(g=glyph)
            font.Encoding = pikepdf.Dictionary(
                Type=pikepdf.Name.Encoding, Differences=[1, *([pikepdf.Name.g] * len(own))]
            )
            font.Resources = pikepdf.Dictionary()
            font.ToUnicode = pikepdf.Stream(
                self.pdf, character_map({code: own[code - 1] for code in range(1, len(own) + 1)}, 1)
            )


def character_map(known: dict[int, str], length: int) -> bytes:
    """A ToUnicode map from codes of ``length`` bytes to characters."""
    lines = [
        f"<{code:0{2 * length}X}> <{text.encode('utf-16-be', 'ignore').hex().upper()}>"
        for code, text in sorted(known.items())
    ]
    blocks = [
        f"{len(lines[start : start + 100])} beginbfchar\n" + "\n".join(lines[start : start + 100]) + "\nendbfchar\n"
        for start in range(0, len(lines), 100)
    ]
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Kept def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<{'00' * length}> <{'FF' * length}>\nendcodespacerange\n"
        + "".join(blocks)
        + "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()


def scale_of(width: float, height: float) -> float:
    """Pixels per point: 200 to the inch, fewer on very large pages."""
    scale = DOTS_PER_INCH / 72
    pixels = width * height * scale * scale
    return float(scale if pixels <= LIMIT_PIXELS else scale * (LIMIT_PIXELS / pixels) ** 0.5)


def shown(page: Any, scale: float) -> Image.Image:
    """The page as a picture, without notes, forms or signatures."""
    bitmap = page.render(scale=scale, may_draw_forms=False, draw_annots=False, rev_byteorder=True)
    try:
        # The bitmap's own memory is given back; the picture needs its own.
        picture: Image.Image = bitmap.to_pil()
        picture = picture.copy() if picture.mode == "RGB" else picture.convert("RGB")
    finally:
        bitmap.close()
    return picture


def blacken(picture: Image.Image, boxes: Sequence[Box], scale: float) -> None:
    draw = ImageDraw.Draw(picture)
    for box in boxes:
        left, top, right, bottom = pixels_of(box, scale)
        draw.rectangle((left, top, max(right, left), max(bottom, top)), fill=0 if picture.mode == "L" else (0, 0, 0))


def pixels_of(box: Box, scale: float) -> tuple[int, int, int, int]:
    """The box in whole pixels, with one more on every side."""
    left, top, right, bottom = (side * scale for side in box)
    return max(int(left) - 1, 0), max(int(top) - 1, 0), int(right) + 1, int(bottom) + 1


def packed(picture: Image.Image) -> tuple[bytes, dict[str, Any]]:
    """Coded pixels and their image dictionary: four greys for writing, JPEG for photographs."""
    width, height = picture.size
    about: dict[str, Any] = {"Width": width, "Height": height}
    red, green, blue = picture.reduce(4).split()
    differing = [sum(ImageChops.difference(*pair).histogram()[28:]) for pair in ((red, green), (green, blue))]
    if not any(differing):
        grey = picture.convert("L")
        counts = grey.reduce(2).histogram()
        if sum(counts[48:208]) < 0.2 * sum(counts):
            few = grey.point(_FOUR_GREYS)
            few.putpalette(bytes(768))  # as numbers of colours, four of them fit into a byte
            data = zlib.compress(few.tobytes("raw", "P;2"), 6)
            about |= {"ColorSpace": pikepdf.Name.DeviceGray, "BitsPerComponent": 2, "Filter": pikepdf.Name.FlateDecode}
            return data, about
        picture = grey
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    space = pikepdf.Name.DeviceGray if picture.mode == "L" else pikepdf.Name.DeviceRGB
    return out.getvalue(), {**about, "ColorSpace": space, "BitsPerComponent": 8, "Filter": pikepdf.Name.DCTDecode}


def add_page(
    pdf: pikepdf.Pdf,
    letters: UnseenLetters,
    size: tuple[float, float],
    picture: tuple[bytes, dict[str, Any]],
    text: Sequence[tuple[str, Box]],
) -> None:
    """Append a page of ``size`` points that shows ``picture``, with ``text`` (characters and boxes) unseen over it."""
    width, height = size
    data, about = picture
    image = pikepdf.Stream(pdf, data, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, **about)
    drawn = [f"q {width:.2f} 0 0 {height:.2f} 0 0 cm /Im0 Do Q"]
    used: dict[str, Any] = {}
    last = -1
    if text:
        drawn.append("BT 3 Tr")
    for character, (left, top, right, bottom) in text:
        font, code = letters.code_of(character)
        if font != last:
            drawn.append(f"/F{font} 1 Tf")
            used[f"/F{font}"] = letters.fonts[font]
            last = font
        wide, high = right - left or 0.1, bottom - top or 0.1
        drawn.append("%.2f 0 0 %.2f %.2f %.2f Tm<%02X>Tj" % (wide, high, left, height - bottom, code))  # noqa: UP031 - hot
    if text:
        drawn.append("ET")
    page = pdf.add_blank_page(page_size=(round(width, 2), round(height, 2)))
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image), Font=pikepdf.Dictionary(used))
    page.obj.Contents = pikepdf.Stream(pdf, "\n".join(drawn).encode())


def marks(box: Box) -> list[tuple[str, Box]]:
    """The words that stand in the place of what was cut, for those who have the page read to them."""
    left, top, right, bottom = box
    step = (right - left) / len(MARK)
    return [(one, (left + step * place, top, left + step * (place + 1), bottom)) for place, one in enumerate(MARK)]
