"""A paper read from its file in one go, as plain values: what the process apart answers for a migration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from . import limited
from .bodies import body_of
from .file_findings import findings_in
from .papers import parse_paper
from .passages import Passage
from .pdf_text import garbled
from .uploads import LIMIT_BYTES, read_upload
from .warning import TextWarning

_LOOKED_AT = 5000


@dataclass(frozen=True, slots=True)
class ReadPaper:
    """What a file says of its paper. ``questions`` are those of reading the file and the paper, with stable codes;
    ``hidden`` is personal data as in ``UploadedText``, ``visible`` that in the text itself, both as JSON values."""

    sha256: str
    kind: str
    title: str
    document_number: str
    issuers: list[str]
    addressees: str
    body: str
    written_on: date | None
    published_on: date | None
    source: str
    responsible_units: list[str]
    questions: list[TextWarning]
    hidden: list[dict[str, str]]
    visible: list[dict[str, str]]


def task(name: str, data: bytes) -> dict[str, Any]:
    """``read_paper`` as JSON values."""
    upload = read_upload(name, data, limit_bytes=LIMIT_BYTES)
    paper = parse_paper(upload.text)
    questions = [*upload.warnings, *paper.warnings]
    if upload.kind in ("txt", "html") and garbled("".join(upload.text[:_LOOKED_AT].split())):
        questions.append(TextWarning("garbled_text", "text", "文字看起来是乱码，请核对；编码不对的请另存为 UTF-8。"))
    return {
        "sha256": upload.sha256,
        "kind": upload.kind,
        "title": paper.title or "",
        "document_number": paper.document_number or "",
        "issuers": paper.issuers,
        "addressees": "，".join(paper.addressees),
        "body": body_of(paper),
        "written_on": paper.written_on.isoformat() if paper.written_on else "",
        "published_on": paper.published_on.isoformat() if paper.published_on else "",
        "source": paper.source or "",
        "responsible_units": paper.responsible_units,
        "questions": [[one.code, one.field, one.message] for one in questions],
        "hidden": [one.as_dict() for one in upload.hidden],
        "visible": [one.as_dict() for one, _ in findings_in([Passage("正文", upload.text, "行")])],
    }


def read_paper(reader: limited.Reader, name: str, data: bytes) -> ReadPaper:
    """Read a file in ``reader``'s process.

    Raises:
        UploadError: see ``read_upload``.
    """
    answer = reader.ask("paper", name, data)
    days = {key: date.fromisoformat(answer[key]) if answer[key] else None for key in ("written_on", "published_on")}
    questions = [TextWarning(*one) for one in answer["questions"]]
    return ReadPaper(**{**answer, **days, "questions": questions})
