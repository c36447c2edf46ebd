"""Fonts of kept pages, cut down to the letters those pages show.

A subset font, its widths or its character map would otherwise still name the letters of what was cut elsewhere.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pikepdf
from fontTools.agl import UV2AGL, toUnicode
from fontTools.cffLib import CFFFontSet
from fontTools.encodings.StandardEncoding import StandardEncoding
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph
from pikepdf import Name

from .pdf_kept import NeedsRebuilding, unpacked
from .pdf_layer import character_map

# A whole font of this size was not made for this file, so what is in it says nothing about the file.
_WHOLE_FONT_BYTES = 3_000_000
_HEX = re.compile(rb"<\s*([0-9A-Fa-f\s]*)>")
_SUBSET = re.compile(r"/[A-Z]{6}\+")
_DROPPED_TABLES = ("name", "DSIG", "meta", "GSUB", "GPOS", "GDEF", "kern", "post")


def prune(pdf: pikepdf.Pdf, font: Any, shown: set[bytes]) -> list[tuple[Any, bytes]]:
    """What to write into which stream so that the font knows nothing but ``shown`` (byte strings as shown).

    Dictionaries are changed at once; programs are returned to be written when every font could be judged.

    Raises:
        NeedsRebuilding: a kind of font that cannot be cut down safely.
    """
    try:
        subtype = font.get("/Subtype")
        if subtype == Name.Type0:
            return _composite(pdf, font, shown)
        codes = {code for run in shown for code in run}
        _unicode(pdf, font, codes, 1)
        if subtype == Name.Type3:
            _type3(font, codes)
            return []
        _simple_widths(font, codes)
        descriptor = font.get("/FontDescriptor")
        return _program(descriptor, codes, None, font) if descriptor is not None else []
    except NeedsRebuilding:
        raise
    except Exception as error:  # whatever a font holds that no rule fits
        raise NeedsRebuilding from error


def _composite(pdf: pikepdf.Pdf, font: Any, shown: set[bytes]) -> list[tuple[Any, bytes]]:
    if font.get("/Encoding") not in (Name("/Identity-H"), Name("/Identity-V")):
        raise NeedsRebuilding
    codes = {int.from_bytes(run[place : place + 2]) for run in shown for place in range(0, len(run), 2)}
    _unicode(pdf, font, codes, 2)
    inner = font.DescendantFonts[0]
    for key, group in (("/W", 1), ("/W2", 3)):
        if key in inner:
            inner[key] = _cid_widths(inner[key], codes, group)
    glyphs = None
    mapping = inner.get("/CIDToGIDMap")
    if isinstance(mapping, pikepdf.Stream):
        table = _bytes_of(mapping)
        kept = bytearray(len(table))
        glyphs = set()
        for code in codes:
            place = table[2 * code : 2 * code + 2]
            kept[2 * code : 2 * code + len(place)] = place
            glyphs.add(int.from_bytes(place))
        mapping.write(bytes(kept))
    descriptor = inner.get("/FontDescriptor")
    return (
        _program(descriptor, codes, glyphs if glyphs is not None else set(codes), inner)
        if descriptor is not None
        else []
    )


def _program(descriptor: Any, codes: set[int], glyphs: set[int] | None, font: Any) -> list[tuple[Any, bytes]]:
    """``glyphs`` are glyph numbers (or CIDs) for a composite font; None for a simple one."""
    for key in ("/CharSet", "/CIDSet", "/Metadata"):
        if key in descriptor:
            del descriptor[key]
    for key in ("/FontFile", "/FontFile2", "/FontFile3"):
        if key not in descriptor:
            continue
        stream = descriptor[key]
        for name in ("/Metadata", "/PieceInfo"):
            if name in stream:
                del stream[name]
        data = _bytes_of(stream)
        if len(data) > _WHOLE_FONT_BYTES and not _SUBSET.match(str(descriptor.get("/FontName", ""))):
            return []
        if key == "/FontFile2":
            return [(stream, _truetype(data, codes, glyphs, font))]
        if key == "/FontFile3" and stream.get("/Subtype") in (Name.CIDFontType0C, Name.Type1C):
            return [(stream, _compact(data, codes, glyphs, font))]
        raise NeedsRebuilding
    return []


def _bytes_of(stream: Any) -> bytes:
    data = unpacked(stream)
    if data is None:
        raise NeedsRebuilding
    return data


def _truetype(data: bytes, codes: set[int], glyphs: set[int] | None, font: Any) -> bytes:
    program = TTFont(io.BytesIO(data), lazy=False, recalcTimestamp=False, recalcBBoxes=False)
    order = program.getGlyphOrder()
    kept = {order[number] for number in glyphs or () if number < len(order)}
    tables = program["cmap"].tables if "cmap" in program else []
    if glyphs is None:
        wanted = {*codes, *(0xF000 + code for code in codes)}
        wanted |= {ord(one) for name in _names(font, codes) for one in toUnicode(name)}
        for table in tables:
            kept |= {name for code, name in table.cmap.items() if code in wanted}
        if not tables:
            kept |= {order[code] for code in codes if code < len(order)}
    shapes = program["glyf"]
    waiting = list(kept)
    while waiting:
        shape = shapes[waiting.pop()]
        if shape.isComposite():
            parts = {part.glyphName for part in shape.components} - kept
            kept |= parts
            waiting += parts
    kept.add(order[0])
    for name in order:
        if name not in kept:
            shapes[name] = Glyph()
            for metrics in ("hmtx", "vmtx"):
                if metrics in program and name in program[metrics].metrics:
                    program[metrics].metrics[name] = (0, 0)
    for table in tables:
        table.cmap = {code: name for code, name in table.cmap.items() if name in kept}
    for name in _DROPPED_TABLES:
        if name in program:
            del program[name]
    out = io.BytesIO()
    program.save(out, reorderTables=None)
    return out.getvalue()


def _compact(data: bytes, codes: set[int], glyphs: set[int] | None, font: Any) -> bytes:
    fonts = CFFFontSet()
    fonts.decompile(io.BytesIO(data), None)
    top = fonts[0]
    shapes = top.CharStrings
    order = top.charset
    if glyphs is None:
        kept = set(_names(font, codes))
        built_in = getattr(top, "Encoding", None)
        if isinstance(built_in, list):
            kept |= {built_in[code] for code in codes if code < len(built_in)}
    elif hasattr(top, "ROS"):
        kept = {f"cid{code:05d}" for code in glyphs}
    else:
        kept = {order[number] for number in glyphs if number < len(order)}
    kept.add(order[0])
    for name in order:
        shape = shapes[name]
        if name not in kept:
            shape.program, shape.bytecode = ["endchar"], None
        else:
            shape.decompile()
    for key in ("Notice", "Copyright", "FullName", "FamilyName"):
        top.rawDict.pop(key, None)
        if hasattr(top, key):
            delattr(top, key)
    for part in getattr(top, "FDArray", ()):
        # The library leaves out a top matrix that is the usual one; a part's would then be taken for the whole.
        if part.rawDict.get("FontMatrix") == [1, 0, 0, 1, 0, 0] and top.FontMatrix == [0.001, 0, 0, 0.001, 0, 0]:
            del part.rawDict["FontMatrix"]
            part.__dict__.pop("FontMatrix", None)
    out = io.BytesIO()
    fonts.compile(out, _Plain(), isCFF2=False)
    return out.getvalue()


class _Plain:
    """What the library asks of a font around the outlines."""

    recalcBBoxes = False


def _names(font: Any, codes: set[int]) -> Iterator[str]:
    """Glyph names that a simple font's encoding may give to the codes."""
    encoding = font.get("/Encoding")
    differences: dict[int, str] = {}
    if isinstance(encoding, pikepdf.Dictionary) and "/Differences" in encoding:
        code = 0
        for one in encoding.Differences:
            if isinstance(one, Name):
                differences[code] = str(one)[1:]
                code += 1
            else:
                code = int(one)
        kept: Any = pikepdf.Array()
        for place in sorted(codes & differences.keys()):
            kept.extend([place, Name(f"/{differences[place]}")])
        encoding.Differences = kept
    for code in codes:
        if code in differences:
            yield differences[code]
        else:
            if code < 256:
                yield StandardEncoding[code]
            for codec in ("cp1252", "mac_roman"):
                character = bytes([code]).decode(codec, "ignore")
                if character:
                    yield _NAME_OF.get(character, f"uni{ord(character):04X}")


_NAME_OF = {chr(code): name for code, name in UV2AGL.items()}


def _type3(font: Any, codes: set[int]) -> None:
    kept = set(_names(font, codes))
    for name in list(font.CharProcs.keys()):
        if name[1:] not in kept:
            del font.CharProcs[name]
    _simple_widths(font, codes)


def _simple_widths(font: Any, codes: set[int]) -> None:
    if "/Widths" in font:
        first = int(font.get("/FirstChar", 0))
        font.Widths = pikepdf.Array([width if first + place in codes else 0 for place, width in enumerate(font.Widths)])


def _cid_widths(widths: Any, codes: set[int], group: int) -> Any:
    """Only the widths of ``codes``. ``group`` numbers stand for each: one across, three down."""
    kept: Any = pikepdf.Array()
    items = list(widths)
    place = 0
    while place < len(items):
        first = int(items[place])
        if isinstance(items[place + 1], pikepdf.Array):
            values = list(items[place + 1])
            for number in range(len(values) // group):
                if first + number in codes:
                    kept.extend([first + number, pikepdf.Array(values[number * group : (number + 1) * group])])
            place += 2
        else:
            last, values = int(items[place + 1]), items[place + 2 : place + 2 + group]
            for code in sorted(code for code in codes if first <= code <= last):
                kept.extend([code, pikepdf.Array(values)])
            place += 2 + group
    return kept


def _unicode(pdf: pikepdf.Pdf, font: Any, codes: set[int], length: int) -> None:
    mapping = font.get("/ToUnicode")
    if not isinstance(mapping, pikepdf.Stream):
        return
    known = {code: text for code, text in _read_map(_bytes_of(mapping)).items() if code in codes}
    font.ToUnicode = pikepdf.Stream(pdf, character_map(known, length))


def _read_map(data: bytes) -> dict[int, str]:
    known: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", data, re.S):
        values = [bytes.fromhex(found.decode()) for found in _HEX.findall(block)]
        for code, text in zip(values[::2], values[1::2], strict=False):
            known[int.from_bytes(code)] = text.decode("utf-16-be", "ignore")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", data, re.S):
        for line in re.finditer(rb"<([0-9A-Fa-f\s]+)>\s*<([0-9A-Fa-f\s]+)>\s*(<[0-9A-Fa-f\s]*>|\[.*?\])", block, re.S):
            first, last = int(line[1], 16), int(line[2], 16)
            texts = [bytes.fromhex(found.decode()) for found in _HEX.findall(line[3])]
            for number in range(min(last - first, 65535) + 1):
                if line[3].startswith(b"["):
                    text = texts[number] if number < len(texts) else b""
                else:
                    text = (int.from_bytes(texts[0]) + number).to_bytes(len(texts[0]))
                known[first + number] = text.decode("utf-16-be", "ignore")
    return known
