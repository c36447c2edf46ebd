"""Pages that nothing is cut from: kept as they are, with nothing in them but what they draw.

Their content is written anew without comments, hidden layers, replacement texts and unused resources; fonts are cut
down to what these pages still show, because a font subset or its character map would tell which letters a cut name had.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Name

from .. import pictures
from ..uploads import UploadError

_PAGE_KEYS = {"/Type", "/Contents", "/Resources", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Group"}
_FORM_KEYS = {
    "/Type",
    "/Subtype",
    "/FormType",
    "/BBox",
    "/Matrix",
    "/Resources",
    "/Group",
    "/Filter",
    "/DecodeParms",
    "/Length",
}
_IMAGE_KEYS = {
    *(
        "/Type",
        "/Subtype",
        "/Width",
        "/Height",
        "/BitsPerComponent",
        "/ColorSpace",
        "/Decode",
        "/DecodeParms",
        "/Filter",
    ),
    *("/ImageMask", "/Mask", "/SMask", "/Intent", "/Interpolate", "/Length", "/Matte", "/SMaskInData"),
}
LIMIT_UNPACKED = 50_000_000
_LIMIT_PACKED = 2_000_000
_STATE_DROPPED = ("/Font", "/HTP", "/PieceInfo", "/Metadata")
_SHOWN = {"Tj", "'", '"', "TJ"}
_KINDS = {"Do": "/XObject", "Tf": "/Font", "gs": "/ExtGState", "sh": "/Shading"}


class NeedsRebuilding(Exception):
    """A page that cannot be kept as it is; it is rebuilt as a picture instead."""


class Keeper:
    """Cleans kept pages of one document in place, and gathers which codes of which fonts they show.

    ``fonts`` maps the id of a font object to the object and the codes (bytes strings as shown) used of it.
    """

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self.pdf = pdf
        self.fonts: dict[tuple[int, int], tuple[Any, set[bytes]]] = {}
        self.pages_of: dict[tuple[int, int], set[int]] = {}
        self._seen: dict[tuple[int, int], dict[str, set[str]]] = {}
        self._index = 0

    def keep(self, index: int) -> None:
        """Clean the page with this index.

        Raises:
            NeedsRebuilding: it has layers, or anything this module does not understand.
        """
        self._index = index
        page = self.pdf.pages[index]
        try:
            resources = self._own(page)
            used = self._stream(page, resources, page.obj)
            page.obj.Resources = self._only(resources, used)
            for key in list(page.obj.keys()):
                if key not in (*_PAGE_KEYS, "/Parent"):
                    del page.obj[key]
        except NeedsRebuilding:
            raise
        except Exception as error:  # whatever a page holds that no rule fits is rebuilt
            raise NeedsRebuilding from error

    def _own(self, page: Any) -> Any:
        """The page's resources, its own; with what it inherits written down in it."""
        for key in ("/MediaBox", "/CropBox", "/Rotate"):
            value = _inherited(page.obj, key)
            if value is not None:
                page.obj[key] = value
        resources = _inherited(page.obj, "/Resources")
        return resources if resources is not None else pikepdf.Dictionary()

    def _stream(self, parsed: Any, resources: Any, holder: Any) -> dict[str, set[str]]:
        """Write the content of a page, form, pattern or glyph anew; the resource names it uses by kind."""
        used: dict[str, set[str]] = {}
        kept: list[Any] = []
        font: Any = None
        for stream in _contents(holder):
            if unpacked(stream) is None:
                raise NeedsRebuilding
        saved: list[Any] = []
        for instruction in pikepdf.parse_content_stream(parsed):
            operator, operands = str(instruction.operator), instruction.operands
            if operator in _KINDS:
                name = str(operands[0])
                used.setdefault(_KINDS[operator], set()).add(name)
                if operator == "Tf":
                    font = _member(resources, "/Font", name)
            elif operator in ("scn", "SCN") and operands and isinstance(operands[-1], Name):
                used.setdefault("/Pattern", set()).add(str(operands[-1]))
            elif operator == "q":
                saved.append(font)
            elif operator == "Q" and saved:
                font = saved.pop()
            elif operator in _SHOWN:
                self._note(font, operator, operands)
            elif operator == "BDC":
                if operands[0] == Name.OC:
                    raise NeedsRebuilding
                kept.append(([operands[0]], pikepdf.Operator("BMC")))
                continue
            elif operator in ("MP", "DP"):
                continue
            kept.append(instruction)
        data = pikepdf.unparse_content_stream(kept)
        if isinstance(holder, pikepdf.Stream):
            holder.write(data)
        else:
            holder.Contents = pikepdf.Stream(self.pdf, data)
        for name in used.get("/XObject", ()):
            inner = self._object(_member(resources, "/XObject", name), resources)
            for kind, names in inner.items():
                used.setdefault(kind, set()).update(names)
        for name in used.get("/Pattern", ()):
            pattern = _member(resources, "/Pattern", name)
            if isinstance(pattern, pikepdf.Stream):
                self._form(pattern, resources, None)
        for name in used.get("/ExtGState", ()):
            self._state(_member(resources, "/ExtGState", name), resources)
        for name in used.get("/Font", ()):
            self._font(_member(resources, "/Font", name))
        return used

    def _object(self, one: Any, resources: Any) -> dict[str, set[str]]:
        if "/OC" in one:
            raise NeedsRebuilding
        if one.get("/Subtype") == Name.Form:
            return self._form(one, resources, _FORM_KEYS)
        if one.get("/Subtype") != Name.Image:
            raise NeedsRebuilding
        self._image(one)
        return {}

    def _image(self, one: Any) -> None:
        for key in list(one.keys()):
            if key not in _IMAGE_KEYS:
                del one[key]
        filters = one.get("/Filter")
        if filters == Name.DCTDecode or (isinstance(filters, pikepdf.Array) and list(filters) == [Name.DCTDecode]):
            try:
                clean = pictures.read(one.read_raw_bytes(), "jpg")[0]
            except UploadError as error:
                raise NeedsRebuilding from error
            parameters = one.get("/DecodeParms")
            one.write(clean, filter=Name.DCTDecode, decode_parms=parameters)
        elif filters == Name.JPXDecode:
            raise NeedsRebuilding  # may hold texts and other pictures in boxes of its own
        if "/SMask" in one and isinstance(one.SMask, pikepdf.Stream):
            self._image(one.SMask)
        if "/Mask" in one and isinstance(one.Mask, pikepdf.Stream):
            self._image(one.Mask)

    def _form(self, one: Any, resources: Any, keys: set[str] | None) -> dict[str, set[str]]:
        """Names that a form without resources of its own uses of the page's."""
        mark = one.objgen
        if mark not in self._seen:
            self._seen[mark] = {}
            own = one.get("/Resources")
            used = self._stream(one, own if own is not None else resources, one)
            if own is not None:
                one.Resources = self._only(own, used)
                used = {}
            for key in list(one.keys()):
                if keys is not None and key not in keys or key in ("/Metadata", "/PieceInfo"):
                    del one[key]
            self._seen[mark] = used
        return self._seen[mark]

    def _state(self, one: Any, resources: Any) -> None:
        if any(key in one for key in _STATE_DROPPED[:1]):
            raise NeedsRebuilding  # shows text in a font that no operator names
        for key in _STATE_DROPPED:
            if key in one:
                del one[key]
        mask = one.get("/SMask")
        if isinstance(mask, pikepdf.Dictionary) and "/G" in mask:
            self._form(mask.G, resources, _FORM_KEYS)

    def _font(self, font: Any) -> None:
        for key in ("/Metadata", "/PieceInfo", "/LastModified"):
            if key in font:
                del font[key]
        if font.get("/Subtype") == Name.Type3:
            self._note_font(font)
            mark = font.objgen
            if mark not in self._seen:
                self._seen[mark] = {}
                own = font.get("/Resources", pikepdf.Dictionary())
                for glyph in font.CharProcs.values():
                    self._stream(glyph, own, glyph)

    def _note(self, font: Any, operator: str, operands: Any) -> None:
        if font is None:
            raise NeedsRebuilding
        _, codes = self._note_font(font)
        shown = operands[0] if operator == "TJ" else [operands[-1]]
        codes.update(bytes(one) for one in shown if isinstance(one, pikepdf.String))

    def _note_font(self, font: Any) -> tuple[Any, set[bytes]]:
        if font.objgen == (0, 0):
            raise NeedsRebuilding  # lies within the resources and may be shared without our seeing it
        self.pages_of.setdefault(font.objgen, set()).add(self._index)
        return self.fonts.setdefault(font.objgen, (font, set()))

    def _only(self, resources: Any, used: dict[str, set[str]]) -> Any:
        """The resources cut down to the names in use. Colour spaces hold no words and stay."""
        made = pikepdf.Dictionary()
        for kind, names in used.items():
            found = {name: _member(resources, kind, name) for name in sorted(names)}
            made[kind] = pikepdf.Dictionary(found)
        if "/ColorSpace" in resources:
            made["/ColorSpace"] = resources["/ColorSpace"]
        return made


def unpacked(stream: Any) -> bytes | None:
    """A stream's bytes; None where they swell beyond ``LIMIT_UNPACKED`` or cannot be unpacked within it."""
    filters = stream.get("/Filter")
    names = (
        [str(one) for one in filters] if isinstance(filters, pikepdf.Array) else [str(filters)] * (filters is not None)
    )
    packed = stream.read_raw_bytes()
    if names == ["/FlateDecode"]:
        try:
            unpacking = zlib.decompressobj()
            unpacking.decompress(packed, LIMIT_UNPACKED)
            if unpacking.unconsumed_tail:
                return None
        except zlib.error:
            return None
    elif len(packed) > _LIMIT_PACKED or len(names) > 2 or names.count("/FlateDecode") > 1:
        return None
    try:
        return bytes(stream.read_bytes())
    except pikepdf.PdfError:
        return bytes(packed)


def _inherited(page: Any, key: str) -> Any:
    for _ in range(50):
        if key in page:
            return page[key]
        if "/Parent" not in page:
            return None
        page = page.Parent
    return None


def _contents(holder: Any) -> list[Any]:
    """The streams of a page, form, pattern or glyph."""
    if isinstance(holder, pikepdf.Stream):
        return [holder]
    contents = holder.get("/Contents")
    found = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    return [one for one in found if isinstance(one, pikepdf.Stream)]


def _member(resources: Any, kind: str, name: str) -> Any:
    try:
        return resources[kind][name]
    except (KeyError, TypeError) as error:
        raise NeedsRebuilding from error


def strings_in(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Every text of every object: outlines, notes, forms, properties, replacement texts, names of embedded files."""
    waiting: list[Any] = [pdf.trailer, *pdf.objects]
    steps = 0
    while waiting and steps < 5_000_000:
        one = waiting.pop()
        steps += 1
        if isinstance(one, pikepdf.String):
            yield from readings(bytes(one))
        elif isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            values = [one[key] for key in one.keys()]  # noqa: SIM118 - streams only have keys()
            waiting += [value for value in values if _inside(value)]
            if isinstance(one, pikepdf.Stream) and one.get("/Type") in (Name.Metadata, Name.EmbeddedFile):
                yield (unpacked(one) or b"").decode("utf-8", "replace")
        elif isinstance(one, pikepdf.Array):
            waiting += [value for value in one if _inside(value)]


def _inside(value: Any) -> bool:
    return isinstance(value, pikepdf.String) or (isinstance(value, pikepdf.Object) and not value.is_indirect)


def readings(data: bytes) -> Iterator[str]:
    """The texts that bytes of a PDF string may stand for."""
    if len(data) < 2:
        return
    if data.startswith((b"\xfe\xff", b"\xff\xfe")):
        yield data.decode("utf-16", "ignore")
        return
    yield data.decode("utf-8", "ignore") if not data.isascii() else data.decode()
    if not data.isascii():
        yield data.decode("gb18030", "ignore")
    if b"\x00" in data or (len(data) % 2 == 0 and not data.isascii()):
        yield data.decode("utf-16-be", "ignore")
