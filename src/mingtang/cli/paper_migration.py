"""``mingtang documents migrate``: taking over the papers of an old site, with progress and a report of faults."""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from defusedcsv import csv
from django.db import DatabaseError
from django.utils import timezone
from openpyxl import Workbook

from mingtang.desk.exports import neutral
from mingtang.documents import migrating
from mingtang.documents.models import OUTCOMES
from mingtang.records.errors import NotAllowed
from mingtang.records.rulebook import rulebook
from mingtang.rules import local_day
from mingtang.text.mapping_sheets import LABELS, read_sheet
from mingtang.text.paper_sources import PaperSource
from mingtang.text.uploads import LIMIT_BYTES, UploadError
from mingtang.units.actors import actor_for
from mingtang.units.models import Person, Unit
from mingtang.units.selectors import recognise

HEADINGS = ("行", "文件", "结果", "栏目", "问题和办法")
_TELL_EVERY_SECONDS = 2.0


def migrate(arguments: argparse.Namespace) -> int:
    """Take over papers. Exit status 0: every row came in; 1: refused, or some rows have faults; 2: unusable input."""
    try:
        return _migrate(arguments)
    except (UploadError, NotAllowed, LookupError) as error:
        print(f"错误：{error}", file=sys.stderr)
        return 1 if isinstance(error, NotAllowed) else 2
    except OSError as error:
        print(f"错误：无法读写“{error.filename}”：{error.strerror}。", file=sys.stderr)
        return 2
    except DatabaseError as error:
        print(f"数据库不能使用：{error}\n还没有建立的，先运行 mingtang migrate。", file=sys.stderr)
        return 1


def _migrate(arguments: argparse.Namespace) -> int:
    now = timezone.localtime()
    with arguments.map.open("rb") as file:
        data = file.read(LIMIT_BYTES * 5 + 1)
    sheet = read_sheet(data)
    arguments.source.stat()
    with PaperSource(arguments.source.resolve()) as source:
        adopted_on = arguments.adopted or local_day(now)
        if adopted_on > local_day(now):
            raise LookupError("启用本系统的日期不能晚于今天。")
        plan = migrating.Plan(
            source=source,
            sheet=sheet,
            actor=actor_for(_person(arguments.username), now),
            adopted_on=adopted_on,
            unit=_unit(arguments.unit) if arguments.unit else None,
            stages=tuple(_stage(name) for name in arguments.stage),
            dry_run=arguments.dry_run,
        )
        migration = None
        if not arguments.dry_run:
            migration = migrating.begin(plan, sheet_sha256=sha256(data).hexdigest(), now=now, resume=arguments.resume)
        done = list(_told(migrating.run(plan, migration, clock=timezone.localtime, workers=os.cpu_count() or 1), plan))
    faulty = [one for one in done if one.faults]
    if arguments.report:
        write_report(arguments.report, faulty)
    counted = Counter(one.outcome for one in done)
    print(
        "".join(f"{OUTCOMES[name]}：{counted[name]}份。" for name in OUTCOMES if counted[name]) or "没有可迁入的文件。"
    )
    if arguments.dry_run:
        print("这是试运行，什么也没有写入。")
    if faulty:
        where = f"见“{arguments.report}”" if arguments.report else "可用 --report 存成表格，或在办公台“旧文迁入”下载"
        print(f"有问题的{len(faulty)}项，{where}。")
    return 1 if faulty else 0


def _told(done: Iterator[migrating.Done], plan: migrating.Plan) -> Iterator[migrating.Done]:
    """Tell how far it is, on the error output, every two seconds."""
    total, began, told = len(plan.sheet.rows), time.monotonic(), 0.0
    for number, one in enumerate(done, 1):
        yield one
        passed = time.monotonic() - began
        if passed - told >= _TELL_EVERY_SECONDS:
            told = passed
            print(f"已处理{min(number, total)}/{total}，每秒{number / passed:.0f}份", file=sys.stderr, flush=True)


def _person(username: str) -> Person:
    person = Person.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise LookupError(f"没有登录名为“{username}”的在用账号。")
    return person


def _unit(written: str) -> Unit:
    code = written if Unit.objects.filter(pk=written).exists() else recognise(written)
    if code is None:
        raise LookupError(f"没有叫“{written}”的单位。")
    return Unit.objects.get(pk=code)


def _stage(written: str) -> str:
    classes = rulebook().enumerations["five_disclosures"].items
    for code, label in classes.items():
        if written in (code, label, label[:2]):
            return code
    raise LookupError(f"没有“{written}”这个五公开类别，请写{'、'.join(classes.values())}。")


def write_report(path: Path, faulty: list[migrating.Done]) -> None:
    """The faults, one a line, as .csv or else as .xlsx. A cell can never start a formula."""
    rows: list[tuple[Any, ...]] = [
        (one.row or "", one.file_name, str(OUTCOMES[one.outcome]), LABELS.get(each["field"], ""), each["message"])
        for one in faulty
        for each in one.faults
    ]
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([[neutral(cell) for cell in row] for row in (HEADINGS, *rows)])
        return
    book = Workbook(write_only=True)
    sheet = book.create_sheet("问题清单")
    for row in (HEADINGS, *rows):
        sheet.append([neutral(cell) for cell in row])
    book.save(path)
