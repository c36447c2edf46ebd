"""Files that hand entries to outside platforms, and the receipts that come back (article 5, the two credit systems).

A parcel is two files of one name: ``<name>.csv``, a line for each entry, and ``<name>.json``, which is written last and
says how many lines there are and what they hash to. Whoever takes parcels waits for the second. The name is the batch's
and never used again, so a parcel that is written once more is the same parcel.

A receipt is a CSV file with the columns BATCH, LINE, RESULT, REASON and, as its last line, BATCH, END, the number of
answers. Without that line it is still being written.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from .kinds import TableField, TableKind
from .values import Value, narrow

ADD, CHANGE, WITHDRAW = "add", "change", "withdraw"
ACCEPTED, REFUSED = "accepted", "refused"
LINE, ACTION, ENTRY, REASON = "LINE", "ACTION", "ENTRY", "REASON"
RECEIPT = ("BATCH", "LINE", "RESULT", "REASON")
END = "END"
LONGEST_REASON = 400
_RESULTS = {
    **dict.fromkeys(("accepted", "ok", "接收", "成功", "入库"), ACCEPTED),
    **dict.fromkeys(("refused", "error", "拒收", "失败", "退回"), REFUSED),
}
_NAME = re.compile(r"[a-z][a-z0-9_]*-[a-z][a-z0-9_]*-\d{6,}")


@dataclass(frozen=True)
class Line:
    """An entry as a platform gets it. ``entry`` names it in every parcel; ``values`` are public ones, by field name;
    ``reason`` says why it is withdrawn."""

    action: str
    entry: str
    values: Mapping[str, Value]
    reason: str = ""


@dataclass(frozen=True)
class Receipt:
    """What a platform says of a parcel: line number to (``accepted`` or ``refused``, reason)."""

    name: str
    answers: Mapping[int, tuple[str, str]]


class ReceiptError(ValueError):
    """A receipt cannot be used; ``message`` says why, in Chinese. ``unfinished``: its last line is not there yet."""

    def __init__(self, message: str, *, unfinished: bool = False) -> None:
        super().__init__(message)
        self.message, self.unfinished = message, unfinished


def parcel_name(platform: str, kind: str, number: int) -> str:
    """The name of a batch; ``number`` counts the batches of a platform."""
    return f"{platform}-{kind}-{number:06d}"


def heading_of(one: TableField) -> str:
    """A column's name in a parcel: the standard's, else the kind's own."""
    return one.official_code or one.name.upper()


def parcel_of(kind: TableKind, lines: Iterable[Line]) -> bytes:
    """The lines as CSV (UTF-8 with a byte order mark), public columns only. Read by programs: no cell is changed."""
    fields = kind.public_fields
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([LINE, ACTION, ENTRY, REASON, *map(heading_of, fields)])
    for number, line in enumerate(lines, 1):
        writer.writerow([number, line.action, line.entry, line.reason, *(_text(line.values, one) for one in fields)])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def _text(values: Mapping[str, Value], one: TableField) -> str:
    value = values.get(one.name)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def manifest_of(kind: TableKind, name: str, platform: str, content: bytes, count: int, made: datetime) -> bytes:
    """What the parcel's second file says: of which lines it is made, so that a broken copy is noticed."""
    said: dict[str, Any] = {
        "batch": name,
        "platform": platform,
        "kind": kind.id,
        "title": kind.title,
        "made": made.isoformat(),
        "file": f"{name}.csv",
        "count": count,
        "bytes": len(content),
        "sha256": sha256(content).hexdigest(),
        "columns": {heading_of(one): one.title for one in kind.public_fields},
    }
    return (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode()


def write_parcel(folder: Path, name: str, content: bytes, manifest: bytes) -> None:
    """Put a parcel into a folder: each file whole or not at all, the manifest last. Safe to repeat.

    Raises:
        OSError: the folder cannot be written to; what is there is as it was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path, data in ((folder / f"{name}.csv", content), (folder / f"{name}.json", manifest)):
        part = path.with_name(f".{path.name}.part")
        with part.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        part.replace(path)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_receipt(content: bytes) -> Receipt:
    """A receipt's answers. Saying the same of a line twice is allowed.

    Raises:
        ReceiptError: it is no receipt, is not whole, or contradicts itself.
    """
    rows = _rows(content)
    if not rows or tuple(cell.upper() for cell in rows[0][:4]) != RECEIPT:
        raise ReceiptError(f"第一行要是表头：{'、'.join(RECEIPT)}。", unfinished=not rows)
    body = rows[1:]
    if not body or len(body[-1]) < 3 or body[-1][1].upper() != END:
        raise ReceiptError(f"没有结束行（{END}和条数），文件可能还没有写完。", unfinished=True)
    names = {row[0] for row in body}
    if len(names) != 1:
        raise ReceiptError("一份回执只能回一个批次。")
    name = names.pop()
    if not _NAME.fullmatch(name):
        raise ReceiptError(f"批次号“{name[:80]}”的写法不对。")
    answers: dict[int, tuple[str, str]] = {}
    for place, row in enumerate(body[:-1], 2):
        number, answer = _answer(row, place)
        if answers.setdefault(number, answer) != answer:
            raise ReceiptError(f"第{place}行：第{number}条前后说法不一。")
    if body[-1][2] != str(len(answers)):
        raise ReceiptError(f"结束行写的是{body[-1][2][:20]}条，实际有{len(answers)}条。")
    return Receipt(name, answers)


def _rows(content: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            found = csv.reader(io.StringIO(text, newline=""), strict=True)
            return [[cell.strip() for cell in row] for row in found if any(cell.strip() for cell in row)]
        except csv.Error as error:
            raise ReceiptError("不是能读的CSV文件，或者还没有写完。", unfinished=True) from error
    raise ReceiptError("不是UTF-8或GB18030编码的文字。")


def _answer(row: Sequence[str], place: int) -> tuple[int, tuple[str, str]]:
    said, result, reason = (*row[1:4], "", "", "")[:3]
    digits = narrow(said)
    if not (digits.isascii() and digits.isdigit() and len(digits) < 9):
        raise ReceiptError(f"第{place}行：“{said[:20]}”不是条目的序号。")
    known = _RESULTS.get(result.casefold())
    if known is None:
        raise ReceiptError(f"第{place}行：结果“{result[:20]}”不认识，只能是accepted（接收）或refused（拒收）。")
    if known == REFUSED and not reason:
        raise ReceiptError(f"第{place}行：拒收的要写明理由。")
    return int(digits), (known, reason[:LONGEST_REASON] if known == REFUSED else "")


def receipt_of(name: str, answers: Iterable[tuple[int, str, str]]) -> bytes:
    """A receipt as a platform writes it: line number, ``accepted`` or ``refused``, reason."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(RECEIPT)
    count = 0
    for number, result, reason in answers:
        writer.writerow([name, number, result, reason])
        count += 1
    writer.writerow([name, END, count, ""])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()
