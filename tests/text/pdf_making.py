"""PDF files for tests: typeset, or altered after typesetting as office programs and forgers do."""

import io
from typing import Any

import typst
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, TextStringObject

HEAD = """
#set page(paper: "a4", margin: (top: 37mm, bottom: 35mm, left: 28mm, right: 26mm), header: {header},
  footer: context align(center)[— #counter(page).display() —])
#set text(font: "Noto Serif CJK SC", size: 16pt, lang: "zh")
#set par(first-line-indent: (amount: 2em, all: true), leading: 12pt, justify: true)
"""


def typeset(text: str, *, header: str = "none") -> bytes:
    return bytes(typst.compile((HEAD.replace("{header}", header) + text).encode()))


def altered(data: bytes, change: Any) -> bytes:
    """The file after ``change(writer)``."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_bookmark(data: bytes, words: str) -> bytes:
    return altered(data, lambda writer: writer.add_outline_item(title=words, page_number=0))


def with_property(data: bytes, words: str) -> bytes:
    return altered(data, lambda writer: writer.add_metadata({"/Author": words}))


def with_note(data: bytes, words: str) -> bytes:
    return altered(data, lambda writer: writer.add_annotation(0, FreeText(text=words, rect=(10, 10, 60, 30))))


def with_form_field(data: bytes, words: str) -> bytes:
    def change(writer: PdfWriter) -> None:
        field = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject("/Widget"),
                NameObject("/FT"): NameObject("/Tx"),
                NameObject("/T"): TextStringObject("x"),
                NameObject("/V"): TextStringObject(words),
            }
        )
        writer._add_object(field)

    return altered(data, change)


def drawn(operators: str, *, mapped: dict[int, str] | None = None, encoding: bool = False) -> bytes:
    """A page that is nothing but these operators, with /F1 as Helvetica; ``mapped`` is what its letters claim to be."""
    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    if mapped:
        lines = "".join(f"<{code:02X}> <{ord(character):04X}>\n" for code, character in mapped.items())
        cmap = DecodedStreamObject()
        cmap.set_data(
            f"/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange <00> <FF> "
            f"endcodespacerange {len(mapped)} beginbfchar\n{lines}endbfchar endcmap end end".encode()
        )
        font[NameObject("/ToUnicode")] = writer._add_object(cmap)
    content = DecodedStreamObject()
    content.set_data(operators.encode("latin-1"))
    page[NameObject("/Contents")] = writer._add_object(content)
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})}
    )
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def scanned(pages: int = 1) -> bytes:
    """Pages that are pictures."""
    writer = PdfWriter()
    for _ in range(pages):
        page = writer.add_blank_page(595, 842)
        picture = DecodedStreamObject()
        picture.set_data(bytes(range(100)))
        picture.update(
            {
                NameObject("/Type"): NameObject("/XObject"),
                NameObject("/Subtype"): NameObject("/Image"),
                NameObject("/Width"): _number(10),
                NameObject("/Height"): _number(10),
                NameObject("/BitsPerComponent"): _number(8),
                NameObject("/ColorSpace"): NameObject("/DeviceGray"),
            }
        )
        content = DecodedStreamObject()
        content.set_data(b"q 595 0 0 842 0 0 cm /Im0 Do Q")
        page[NameObject("/Contents")] = writer._add_object(content)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/XObject"): DictionaryObject({NameObject("/Im0"): writer._add_object(picture)})}
        )
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def joined(*files: bytes) -> bytes:
    writer = PdfWriter()
    for data in files:
        writer.append(io.BytesIO(data))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _number(value: int) -> Any:
    from pypdf.generic import NumberObject

    return NumberObject(value)
