"""Cutting out of files what must not become public, and proving that it is gone (删减后公开, articles 18 and 20).

``redact_file`` takes a file and cuts and gives a new file of the same kind, always the same bytes for the same input.
It gives none at all unless another reader has found nothing left.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from ..attachments import MEDIA_TYPES, kind_of, safe_name
from ..redact import MARK, CutError
from ..uploads import decode_text
from . import docx, images, pdf, proof, xlsx
from .cuts import EVERY_FINDING, Counted, CutMade, FileCut, Redacted, Remains, check, made
from .needles import Needles, needles_of

__all__ = ["EVERY_FINDING", "MARK", "CutError", "CutMade", "FileCut", "Redacted", "Remains", "redact_file"]


def redact_file(name: str, data: bytes, cuts: Sequence[FileCut], *, salt: bytes = b"") -> Redacted:
    """``data`` without what ``cuts`` name.

    Args:
        salt: goes into the hashes of what was cut, so that a number of few digits cannot be guessed back.

    Raises:
        CutError: a cut that lacks its reason or ground, or does not fit the file; ``number`` counts cuts from 1.
        UploadError: the file cannot be read: ``encrypted``, ``malformed``, ``zip_bomb``, ``macro``, ``wrong_kind`` ...
        Remains: something that was cut was found again in the result.
    """
    check(cuts)
    kind = kind_of(name, data)
    remains: list[str]
    checked: tuple[str, ...]
    if kind == "pdf":
        content, plan = pdf.redact(data, cuts, name)
        needles, counted = plan.needles, plan.counted
        remains, checked = proof.pdf_remains(content, plan), proof.PDF_CHECKED
    elif kind in ("docx", "xlsx"):
        cutter = docx.redact if kind == "docx" else xlsx.redact
        content, needles, counted, boxes = cutter(data, cuts, name)
        remains, checked = proof.office_remains(content, kind, needles, boxes), proof.OFFICE_CHECKED
    elif kind in ("png", "jpg"):
        content, needles, counted, painted = _picture(data, kind, cuts, name)
        remains, checked = proof.picture_remains(content, kind, needles, painted), proof.PICTURE_CHECKED
    else:
        content, needles, counted = _text(data, cuts, name)
        remains = ["全部文字"] if needles.in_text(content.decode("utf-8")) else []
        checked = proof.TEXT_CHECKED
    new_name = safe_name(needles.clean(name), kind)
    if needles.in_text(new_name):
        remains.append("文件名")
    if remains:
        raise Remains(remains)
    return Redacted(
        name=new_name,
        media_type=MEDIA_TYPES[kind],
        content=content,
        sha256=sha256(content).hexdigest(),
        sha256_before=sha256(data).hexdigest(),
        cuts=made(cuts, counted, salt, needles.quotes),
        checked=checked,
    )


def _picture(
    data: bytes, kind: str, cuts: Sequence[FileCut], name: str
) -> tuple[bytes, Needles, Counted, list[tuple[float, float, float, float] | None]]:
    from ..pictures import read

    texts = [passage.text for passage in read(data, kind)[1]] + [name]
    needles, counted = needles_of(cuts, texts), Counted()
    for text in texts:
        needles.count(text, counted, hidden=True)
    painted = []
    width, height = images.opened(data).size
    for number, cut in enumerate(cuts):
        if cut.area or cut.page > 1:
            raise CutError("page_missing", number + 1, f"第{number + 1}处删减：图片只有一张，请在图上画框。")
        if cut.page:
            if cut.box and (cut.box[0] >= width or cut.box[1] >= height):
                raise CutError(
                    "box_empty", number + 1, f"第{number + 1}处删减的方框在图片（{width}×{height}像素）之外。"
                )
            painted.append(cut.box)
            counted.see(number)
    return images.redact(data, kind, painted), needles, counted, painted


def _text(data: bytes, cuts: Sequence[FileCut], name: str) -> tuple[bytes, Needles, Counted]:
    for number, cut in enumerate(cuts, 1):
        if cut.area or cut.page:
            raise CutError("box_missing", number, f"第{number}处删减：文本文件按文字删减。")
    text = decode_text(data)[0].replace("\r\n", "\n").replace("\r", "\n")
    needles, counted = needles_of(cuts, [text.replace(",", "\t"), text, name]), Counted()
    needles.count(name, counted, hidden=True)
    return needles.clean(text, counted).encode("utf-8"), needles, counted
