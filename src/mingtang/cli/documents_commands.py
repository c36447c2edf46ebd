"""``mingtang documents``: what the reader of official papers makes of a file, and taking over those of an old site.

``import`` needs no database.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from mingtang.text.file_findings import findings_in
from mingtang.text.papers import Paper, parse_paper
from mingtang.text.passages import Passage
from mingtang.text.uploads import LIMIT_BYTES, UploadedText, UploadError, read_upload


def register(subparsers: Any, *, set_up: Callable[[], None]) -> None:
    """Add ``documents import FILE [--json]``: exit status 0 when read, 2 when the file cannot be taken; and
    ``documents migrate``, see ``paper_migration``."""
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
    migrating = commands.add_parser(
        "migrate", help="迁入旧网站的文件", description="按对照表迁入旧网站的文件；先用 --dry-run 看一遍。"
    )
    migrating.add_argument("source", type=Path, metavar="FOLDER|ZIP", help="存放文件的文件夹或 .zip")
    migrating.add_argument("--map", type=Path, required=True, metavar="SHEET", help="对照表，.xlsx 或 .csv")
    migrating.add_argument("--as", dest="username", required=True, help="以谁的名义迁入：一位起草人的登录名")
    migrating.add_argument("--unit", default="", help="对照表和文件里都没有写明单位时归哪个单位（代码或名称）")
    migrating.add_argument("--stage", action="append", default=[], help="没有写明五公开类别时归哪一类，如 决策公开")
    migrating.add_argument(
        "--adopted", type=date.fromisoformat, help="启用本系统的日期，默认今天；在此以前公开的算旧文件"
    )
    migrating.add_argument("--dry-run", action="store_true", help="只检查，不写入")
    migrating.add_argument("--resume", action="store_true", help="接着做上次没有做完的迁移")
    migrating.add_argument("--report", type=Path, help="问题清单存到这个文件，.xlsx 或 .csv")
    migrating.set_defaults(func=partial(_migrate, set_up))


def _migrate(set_up: Callable[[], None], arguments: argparse.Namespace) -> int:
    try:
        set_up()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    from .paper_migration import migrate

    return migrate(arguments)


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
