"""From an uploaded file to form data: what was recognised is filled in, what was not is asked."""

from typing import Any

from mingtang.records.spec import Imported
from mingtang.text.bodies import body_of
from mingtang.text.papers import parse_paper
from mingtang.text.uploads import read_upload
from mingtang.units.selectors import recognise, recognise_group, unit_names

from .vocabulary import GENRES


def read_document(name: str, data: bytes) -> Imported:
    """Read a paper from .txt, .docx, .pdf or a saved web page.

    The file is kept with the record as a private original (``import_findings`` says what was found in its hidden
    places) and is never public.

    Raises:
        mingtang.text.uploads.UploadError: the file cannot be taken; the message says what to do.
    """
    upload = read_upload(name, data)
    paper = parse_paper(upload.text)
    known = unit_names()
    questions = [warning.message for warning in (*upload.warnings, *paper.warnings)] + [
        f"责任单位“{unit}”没有对应到系统里的单位。"
        for unit in paper.responsible_units
        if recognise(unit, known) is None and recognise_group(unit) is None
    ]
    values: dict[str, Any] = {
        "title": paper.title or "",
        "document_number": paper.document_number or "",
        "issuers": list(paper.issuers),
        "addressees": "，".join(paper.addressees),
        "body": body_of(paper),
        "written_on": paper.written_on,
        "web_published_on": paper.published_on,
        "source_unit": paper.source or "",
        "responsible_units": list(paper.responsible_units),
        "genre": next((genre for genre in GENRES if (paper.title or "").endswith(genre)), ""),
        "import_warnings": questions,
        "original_findings": [found.as_dict() for found in upload.hidden],
    }
    recognised = [
        ("标题", paper.title or "没有识别出"),
        ("发文机关", "、".join(paper.issuers) or "没有识别出"),
        ("成文日期", f"{paper.written_on}" if paper.written_on else "没有识别出"),
        ("原网页发布日期", f"{paper.published_on}" if paper.published_on else "没有"),
        ("结构", f"{len(paper.chapters)}章、{len(paper.articles)}条"),
        ("责任单位", f"{len(paper.responsible_units)}个"),
    ]
    return Imported(values=values, recognised=recognised, questions=questions, sha256=upload.sha256)
