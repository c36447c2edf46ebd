"""Redaction of PDF files: pages that something is cut from are rebuilt as pictures, the others kept; the file is new.

Nothing of the old file's frame is taken over: no properties, outlines, notes, forms, signatures, attachments, scripts,
thumbnails, earlier revisions or objects that no page draws.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from ..redact import CutError
from ..uploads import UploadError
from . import pdf_fonts, pdf_layer, pdf_text
from .cuts import Box, Counted, FileCut
from .needles import Needles, needles_of
from .pdf_kept import Keeper, NeedsRebuilding, strings_in, unpacked

_PAD = 1.0  # points around a passage, so that no edge of a letter stays
_MOST_KEPT = 300_000  # characters with their boxes: about 60 MB
_AHEAD = 3  # pages that may wait to be packed


@dataclass
class Plan:
    """What is to be done to one file. ``boxes`` by page index: what is blackened there, with the mark's place first."""

    needles: Needles
    counted: Counted
    sizes: list[tuple[float, float]] = field(default_factory=list)
    boxes: dict[int, list[Box]] = field(default_factory=dict)
    rebuilt: set[int] = field(default_factory=set)
    read: dict[int, pdf_text.PageText] = field(default_factory=dict)

    def keep_read(self, index: int, read: pdf_text.PageText) -> None:
        """Spare reading a page a second time, while that takes little memory."""
        if sum(len(one.text) for one in self.read.values()) < _MOST_KEPT:
            self.read[index] = read


def read_clean(data: bytes) -> tuple[pikepdf.Pdf, bytes]:
    """The document, and its newest state written as one plain file, so that all readers see the same.

    Raises:
        UploadError: ``encrypted`` or ``malformed``.
    """
    try:
        pdf = pikepdf.open(io.BytesIO(data))
        if pdf.is_encrypted:
            raise pikepdf.PasswordError
        out = io.BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
        if len(pdf.pages) == 0:
            raise pikepdf.PdfError
    except pikepdf.PasswordError as error:
        raise UploadError("encrypted", "PDF文件设有密码或权限限制，请取消后再删减。") from error
    except (pikepdf.PdfError, ValueError, RuntimeError) as error:
        raise UploadError("malformed", "PDF文件已损坏或不规范，请用“打印”或“导出为PDF”重新生成后再删减。") from error
    return pdf, out.getvalue()


def redact(data: bytes, cuts: Sequence[FileCut], name: str) -> tuple[bytes, Plan]:
    """The new file and what was done.

    Raises:
        UploadError: ``encrypted`` or ``malformed``.
        CutError: ``page_missing``, or ``box_missing`` for an ``area``, which PDF files do not have.
    """
    pdf, clean = read_clean(data)
    hidden = [name, *pdf_text.earlier_texts(data)]
    with pdf, pdf_text.opened(clean) as document:
        pages = []
        for index in range(len(document)):
            with pdf_text.page_of(document, index) as page:
                pages.append(pdf_text.text_of(page))
        if len(pages) != len(pdf.pages):
            raise UploadError("malformed", "PDF文件的页数读不准，请用“打印”或“导出为PDF”重新生成后再删减。")
        hidden += strings_in(pdf)
        plan = Plan(needles_of(cuts, ["\n".join(pages), *hidden]), Counted())
        for text in hidden:
            plan.needles.count(text, plan.counted, hidden=True)
        _place(plan, document, pages, cuts)
        _look_deeper(plan, pdf, data)
        _keep_others(pdf, plan)
        return _assembled(plan, pdf, document), plan


def _place(plan: Plan, document: Any, pages: list[str], cuts: Sequence[FileCut]) -> None:
    """Find the boxes to blacken on every page."""
    regions: dict[int, list[tuple[int, FileCut]]] = {}
    for number, cut in enumerate(cuts):
        if cut.area:
            raise CutError("box_missing", number + 1, f"第{number + 1}处删减：PDF文件按页和方框删减，没有表格区域。")
        if cut.page:
            if not 1 <= cut.page <= len(pages):
                raise CutError(
                    "page_missing", number + 1, f"第{number + 1}处删减：没有第{cut.page}页，文件共{len(pages)}页。"
                )
            regions.setdefault(cut.page - 1, []).append((number, cut))
    passages = pdf_text.places_in(pages, plan.needles) if plan.needles else {}
    for index in range(len(pages)):
        with pdf_text.page_of(document, index) as page:
            plan.sizes.append(page.get_size())
            if not plan.needles and index not in regions:
                continue
            read = pdf_text.read_page(page)
        boxes = []
        seen: set[int] = set()
        for start, end, owner in passages.get(index, ()):
            boxes += around(read, list(range(start, end)))
            seen.update(range(start, end))
            plan.counted.see(owner)
        if plan.needles:
            text, places = read.in_lines()
            for start, end, owner in plan.needles.spans(text):
                wanted = places[start:end]
                if not seen.issuperset(wanted):
                    boxes += around(read, wanted)
                    plan.counted.see(owner)
        for number, cut in regions.get(index, ()):
            boxes.append(cut.box or (0.0, 0.0, read.width, read.height))
            plan.counted.see(number)
        if boxes:
            plan.boxes[index] = boxes
            plan.rebuilt.add(index)
            plan.keep_read(index, read)
        elif index in passages:
            plan.rebuilt.add(index)


def _look_deeper(plan: Plan, pdf: pikepdf.Pdf, data: bytes) -> None:
    """Passages not met yet may stand in replacement texts, remarks or streams that nothing draws: all of it is dropped."""
    seen = {*plan.counted.shown, *plan.counted.hidden}
    missing = Needles([one for one in plan.needles.found if one.owner not in seen])
    if not missing:
        return
    for stream in (one for one in pdf.objects if isinstance(one, pikepdf.Stream)):
        _see_bytes(plan, missing, unpacked(stream) or b"")
    _see_bytes(plan, missing, data)


def _see_bytes(plan: Plan, missing: Needles, content: bytes) -> None:
    if missing.in_bytes(content):
        for one in missing.found:
            if Needles([one]).in_bytes(content):
                plan.counted.see(one.owner, hidden=True)


def around(read: pdf_text.PageText, places: list[int]) -> list[Box]:
    """One box for each line of the characters at ``places``."""
    boxes: list[Box] = []
    for place in places:
        left, top, right, bottom = read.boxes[place]
        if right < left or (right, bottom) == (-1.0, -1.0) or (read.text[place].isspace() and right - left > 50):
            continue
        one = (left - _PAD, top - _PAD, right + _PAD, bottom + _PAD)
        if boxes:
            last = boxes[-1]
            overlap = min(last[3], one[3]) - max(last[1], one[1])
            near = one[0] <= last[2] + 2 * (bottom - top) + 2 and one[2] >= last[0] - 2 * (bottom - top) - 2
            if near and overlap > 0.4 * min(last[3] - last[1], one[3] - one[1]):
                boxes[-1] = (min(last[0], one[0]), min(last[1], one[1]), max(last[2], one[2]), max(last[3], one[3]))
                continue
        boxes.append(one)
    return boxes


def _keep_others(pdf: pikepdf.Pdf, plan: Plan) -> None:
    """Clean the pages that are kept; those that cannot be kept join the rebuilt ones."""
    keeper = Keeper(pdf)
    for index in range(len(pdf.pages)):
        if index not in plan.rebuilt:
            try:
                keeper.keep(index)
            except NeedsRebuilding:
                plan.rebuilt.add(index)
    written = []
    for mark, (font, shown) in keeper.fonts.items():
        if keeper.pages_of[mark] <= plan.rebuilt:
            continue
        try:
            written += pdf_fonts.prune(pdf, font, shown)
        except NeedsRebuilding:
            plan.rebuilt |= keeper.pages_of[mark]
    programs: dict[tuple[int, int], set[bytes]] = {}
    for stream, data in written:
        programs.setdefault(stream.objgen, set()).add(data)
    for stream, data in written:
        if len(programs[stream.objgen]) == 1:
            stream.write(data)
            for key in ("/Length1", "/Length2", "/Length3"):
                if key in stream:
                    del stream[key]
            if "/Subtype" not in stream:
                stream["/Length1"] = len(data)
        else:  # one program behind several fonts: none of them can be cut down alone
            for mark, (font, _) in keeper.fonts.items():
                if _uses(font, stream):
                    plan.rebuilt |= keeper.pages_of[mark]


def _uses(font: Any, stream: Any) -> bool:
    inner = font.DescendantFonts[0] if "/DescendantFonts" in font else font
    descriptor = inner.get("/FontDescriptor", {})
    return any(
        key in descriptor and descriptor[key].objgen == stream.objgen
        for key in ("/FontFile", "/FontFile2", "/FontFile3")
    )


def _assembled(plan: Plan, source: pikepdf.Pdf, document: Any) -> bytes:
    """A new file: rendering here, packing of the pictures beside it, at most a few pages in memory as pixels."""
    made = pikepdf.Pdf.new()
    letters = pdf_layer.UnseenLetters(made)
    waiting: list[tuple[int, Future[Any], list[tuple[str, Box]]]] = []

    def settle() -> None:
        index, picture, text = waiting.pop(0)
        pdf_layer.add_page(made, letters, plan.sizes[index], picture.result(), text)

    with ThreadPoolExecutor(2) as pool:
        for index in range(len(plan.sizes)):
            if index not in plan.rebuilt:
                while waiting:
                    settle()
                made.pages.append(source.pages[index])
                page = made.pages[-1].obj
                for key in ("/Annots", "/Thumb", "/StructParents", "/AA", "/B"):
                    if key in page:
                        del page[key]
                continue
            if len(waiting) >= _AHEAD:
                settle()
            picture, text = rebuilt(document, index, plan.boxes.get(index, []), plan.read.pop(index, None))
            waiting.append((index, pool.submit(pdf_layer.packed, picture), text))
        while waiting:
            settle()
    letters.finish()
    made.remove_unreferenced_resources()
    out = io.BytesIO()
    made.save(
        out,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
        compress_streams=True,
        deterministic_id=True,
        fix_metadata_version=False,
    )
    made.close()
    return out.getvalue()


def rebuilt(
    document: Any, index: int, boxes: list[Box], known: pdf_text.PageText | None
) -> tuple[Any, list[tuple[str, Box]]]:
    """One page as a blackened picture, with the characters that stay."""
    with pdf_text.page_of(document, index) as page:
        read = known or pdf_text.read_page(page)
        scale = pdf_layer.scale_of(read.width, read.height)
        picture = pdf_layer.shown(page, scale)
    pdf_layer.blacken(picture, boxes, scale)
    gone = {place for box in boxes for place in read.inside(box)}
    text = []
    for place, character in enumerate(read.text):
        one = read.boxes[place]
        if place not in gone and one[2] >= one[0] and not character.isspace() and character.isprintable():
            text.append((character, one))
    for box in boxes:
        text += pdf_layer.marks(box)
    return picture, text
