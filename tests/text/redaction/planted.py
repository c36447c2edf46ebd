"""Files with something planted in them, and a search for it that knows nothing of how files are redacted."""

import contextlib
import io
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import pikepdf
import pypdfium2
from lxml import etree
from pypdf import PdfReader
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

from mingtang.text.redaction import FileCut

IDENTITY = "11010519491231002X"
CARD = "6222020200112233445"
GROUND = "personal_privacy"
pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
Draw = Callable[[canvas.Canvas, int], None]


def cut(quote: str = IDENTITY, **changes: Any) -> FileCut:
    return FileCut(**{"reason": "公开会侵害个人隐私", "ground": GROUND, "quote": quote, **changes})


def drawn(draw: Draw, pages: int = 2) -> bytes:
    """A PDF of A4 pages; every page says which it is."""
    out = io.BytesIO()
    paper = canvas.Canvas(out, pagesize=(595, 842), invariant=1)
    for index in range(pages):
        paper.setFont("Helvetica", 12)
        paper.drawString(72, 770, f"Page {index + 1} stays")
        draw(paper, index)
        paper.showPage()
    paper.save()
    return out.getvalue()


def image_reader(data: bytes) -> ImageReader:
    return ImageReader(io.BytesIO(data))


def changed(data: bytes, change: Callable[[pikepdf.Pdf], None], **save: Any) -> bytes:
    """The same PDF after ``change``."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        change(pdf)
        out = io.BytesIO()
        pdf.save(out, static_id=True, **save)
    return out.getvalue()


def encodings(words: str) -> list[bytes]:
    forms = [words.encode(code) for code in ("utf-8", "utf-16-be", "utf-16-le", "gb18030")]
    return forms + [form.hex().encode() for form in forms] + [form.hex().upper().encode() for form in forms]


def unpacked(data: bytes) -> list[bytes]:
    """The bytes of a file, and of every part, stream and string in it, unpacked."""
    found = [data]
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for part in package.infolist():
                found += [part.filename.encode(), package.read(part)]
                if part.filename.endswith((".xml", ".rels")):
                    tree = etree.fromstring(package.read(part))
                    found.append("".join(tree.itertext()).encode())
                    found += [value.encode() for one in tree.iter() for value in one.attrib.values()]
    elif data.startswith(b"%PDF-"):
        with pikepdf.open(io.BytesIO(data)) as pdf:
            for one in pdf.objects:
                if isinstance(one, pikepdf.Stream):
                    try:
                        found.append(one.read_bytes())
                    except pikepdf.PdfError:
                        found.append(one.read_raw_bytes())
                found.append(one.unparse() if isinstance(one, pikepdf.Object) else b"")
        place = data.find(b"stream\n")
        while place >= 0:  # whatever looks like packed bytes, whether an object claims it or not
            with contextlib.suppress(zlib.error):
                found.append(zlib.decompressobj().decompress(data[place + 7 :], 5_000_000))
            place = data.find(b"stream\n", place + 7)
    return found


def read_text(data: bytes) -> str:
    """All text of a PDF by three readers, those of the system where they are installed; white space left out."""
    document = pypdfium2.PdfDocument(data)
    texts = [page.get_textpage().get_text_range() for page in document]
    document.close()
    texts += [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
    if shutil.which("pdftotext"):
        done = subprocess.run(["pdftotext", "-", "-"], input=data, capture_output=True, check=True)
        texts.append(done.stdout.decode())
    if shutil.which("qpdf"):
        subprocess.run(["qpdf", "--check", "-"], input=data, capture_output=True, check=True)
    return "".join("".join(texts).split())


def is_left(data: bytes, words: str) -> bool:
    parts = unpacked(data)
    if any(form in part for part in parts for form in encodings(words)):
        return True
    return data.startswith(b"%PDF-") and "".join(words.split()) in read_text(data)


def texts_by_page(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    try:
        return ["".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()


def dark(data: bytes, index: int, box: Iterable[float]) -> float:
    """Share of dark pixels of a page within a box of points from its top left corner."""
    document = pypdfium2.PdfDocument(data)
    picture = document[index].render(scale=2).to_pil().convert("L").crop(tuple(int(side * 2) for side in box))  # type: ignore[arg-type]
    document.close()
    counts = picture.histogram()
    return sum(counts[:64]) / sum(counts)
