"""``mingtang documents``: what the reader of official papers makes of a file. Needs no database."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from mingtang.text.file_findings import findings_in
from mingtang.text.papers import Paper, parse_paper
from mingtang.text.passages import Passage
from mingtang.text.uploads import LIMIT_BYTES, UploadedText, UploadError, read_upload


def register(subparsers: Any) -> None:
    """Add ``documents import FILE [--json]``: exit status 0 when read, 2 when the file cannot be taken."""
    documents = subparsers.add_parser("documents", help="公文", description="公文")
    commands = documents.add_subparsers(dest="documents_command", required=True, metavar="COMMAND")
    importing = commands.add_parser(
        "import",
        help="读取一份公文，显示识别结果",
        description="读取一份公文（.txt、.docx、.pdf 或网页 .html），显示识别结果。",
    )
    importing.add_argument("file", type=Path, metavar="FILE", help="公文文件")
    importing.add_argument("--json", action="store_true", help="以 JSON 输出")
    importing.set_defaults(func=import_document)


def import_document(arguments: argparse.Namespace) -> int:
    """Print what was recognised. Nothing is stored."""
    path: Path = arguments.file
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT_BYTES + 1)
    except OSError:
        print(f"错误：无法读取“{path}”，请检查文件是否存在、是否有权读取。", file=sys.stderr)
        return 2
    try:
        upload = read_upload(path.name, data)
    except UploadError as error:
        print(f"错误：{error.message}", file=sys.stderr)
        return 2
    paper = parse_paper(upload.text)
    if arguments.json:
        print(json.dumps(recognised(upload, paper), ensure_ascii=False, indent=2))
    else:
        _show(recognised(upload, paper))
    return 0


def recognised(upload: UploadedText, paper: Paper) -> dict[str, Any]:
    """The paper as a dict, with the warnings of reading the file before those of reading the paper.

    ``personal_data`` lists what was found in the text and in hidden places, masked.
    """
    found = paper.as_dict()
    found["kind"], found["sha256"] = upload.kind, upload.sha256
    found["warnings"] = [warning.as_dict() for warning in upload.warnings] + found["warnings"]
    visible = [one.as_dict() for one, _ in findings_in([Passage("正文", upload.text, "行")])]
    found["personal_data"] = visible + [one.as_dict() for one in upload.hidden]
    return found


def _show(found: dict[str, Any]) -> None:
    unknown = "（未识别）"
    for label, key in (
        *(("标题", "title"), ("发文字号", "document_number"), ("发文机关", "issuers"), ("成文日期", "written_on")),
        *(("发布日期", "published_on"), ("信息来源", "source"), ("章数", "chapters"), ("条数", "articles")),
        ("责任单位", "responsible_units"),
    ):
        value = found[key]
        shown = "、".join(value) if isinstance(value, list) else value
        print(f"{label}：{unknown if shown in (None, '') else shown}")
    for one in found["personal_data"]:
        print(f"个人信息：{one['place']}有{one['label']}：{one['sample']}")
    for warning in found["warnings"]:
        print(f"请核对：{warning['message']}")
