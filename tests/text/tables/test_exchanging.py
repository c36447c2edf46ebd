"""Parcels for outside platforms and their receipts."""

import csv
import io
import json
import os
import signal
import time
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.text.tables.samples import GOOD_CODE, PENALTY

from mingtang.text.tables.exchanging import (
    ADD,
    WITHDRAW,
    Line,
    ReceiptError,
    manifest_of,
    parcel_name,
    parcel_of,
    read_receipt,
    receipt_of,
    write_parcel,
)
from mingtang.text.tables.kinds import TableKind, kind_of

MADE = datetime(2026, 11, 25, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
NAME = parcel_name("credit_platform", "penalty", 12)


def kind() -> TableKind:
    fields = [dict(one) for one in PENALTY["fields"]]
    fields[0]["official_code"], fields[2]["official_code"] = "CF_XDR_MC", "CF_WSH"
    fields.append({"name": "id_number", "title": "证件号码", "public": False})
    return kind_of(PENALTY | {"fields": fields})


LINES = [
    Line(ADD, "a1", {"party": "=甲公司", "credit_code": GOOD_CODE, "document_number": "1号", "id_number": "110"}),
    Line(WITHDRAW, "b2", {"document_number": "2号"}, "公示期满"),
]


def test_a_parcel_has_the_official_codes_and_no_private_column() -> None:
    rows = list(csv.DictReader(io.StringIO(parcel_of(kind(), LINES).decode("utf-8-sig"))))
    assert [row["LINE"] for row in rows] == ["1", "2"]
    assert (rows[0]["CF_XDR_MC"], rows[0]["CREDIT_CODE"], rows[0]["CF_WSH"]) == ("=甲公司", GOOD_CODE, "1号")
    assert (rows[1]["ACTION"], rows[1]["ENTRY"], rows[1]["REASON"], rows[1]["CF_WSH"]) == (
        "withdraw",
        "b2",
        "公示期满",
        "2号",
    )
    assert "ID_NUMBER" not in rows[0] and b"110" not in parcel_of(kind(), LINES)


def test_the_manifest_says_what_the_lines_hash_to() -> None:
    content = parcel_of(kind(), LINES)
    said = json.loads(manifest_of(kind(), NAME, "credit_platform", content, 2, MADE))
    assert said["sha256"] == sha256(content).hexdigest()
    assert (said["batch"], said["count"], said["file"]) == ("credit_platform-penalty-000012", 2, f"{NAME}.csv")
    assert said["columns"]["CF_WSH"] == "行政处罚决定书文号"


def test_writing_again_leaves_the_same_two_files(tmp_path: Path) -> None:
    for _ in range(2):
        write_parcel(tmp_path, NAME, b"lines", b"{}")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{NAME}.csv", f"{NAME}.json"]


def test_a_killed_writer_leaves_no_half_file_under_the_name(tmp_path: Path) -> None:
    content = os.urandom(30_000_000)
    child = os.fork()
    if child == 0:
        while True:
            write_parcel(tmp_path, NAME, content, b"{}")
    deadline = time.monotonic() + 20
    while not any(tmp_path.iterdir()) and time.monotonic() < deadline:
        os.sched_yield()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    whole = tmp_path / f"{NAME}.csv"
    assert list(tmp_path.iterdir())
    assert not whole.exists() or whole.read_bytes() == content
    assert not (tmp_path / f"{NAME}.json").exists() or whole.exists()
    write_parcel(tmp_path, NAME, content, b"{}")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{NAME}.csv", f"{NAME}.json"]


def test_a_receipt_is_read_as_it_was_written() -> None:
    found = read_receipt(receipt_of(NAME, [(1, "accepted", ""), (2, "refused", "信用代码查不到")]))
    assert found.name == NAME
    assert found.answers == {1: ("accepted", ""), 2: ("refused", "信用代码查不到")}


def test_a_receipt_of_an_office_is_read_too() -> None:
    text = f"batch,line,result,reason\r\n{NAME},１,接收,\r\n{NAME},1,成功,\r\n{NAME},2,拒收,缺文号\r\n{NAME},END,2,\r\n"
    assert read_receipt(text.encode("gb18030")).answers == {1: ("accepted", ""), 2: ("refused", "缺文号")}


WHOLE = receipt_of(NAME, [(1, "accepted", ""), (2, "refused", "缺，文号")])


@pytest.mark.parametrize("length", range(3, len(WHOLE) - 3))
def test_a_receipt_cut_off_anywhere_is_never_taken_for_a_whole_one(length: int) -> None:
    with pytest.raises(ReceiptError):
        read_receipt(WHOLE[:length])


@pytest.mark.parametrize(
    ("lines", "said", "unfinished"),
    [
        ([], "没有结束行", True),
        ([f"{NAME},1,accepted,"], "没有结束行", True),
        ([f"{NAME},1,accepted,", f"{NAME},END,2,"], "结束行写的是2条，实际有1条", False),
        ([f"{NAME},1,maybe,", f"{NAME},END,1,"], "“maybe”不认识", False),
        ([f"{NAME},1,refused,", f"{NAME},END,1,"], "拒收的要写明理由", False),
        ([f"{NAME},x,accepted,", f"{NAME},END,1,"], "“x”不是条目的序号", False),
        ([f"{NAME},1,accepted,", f"{NAME},1,refused,错", f"{NAME},END,1,"], "前后说法不一", False),
        ([f"{NAME},1,accepted,", "b-p-000001,END,1,"], "一份回执只能回一个批次", False),
        (["../x,END,0,"], "写法不对", False),
    ],
)
def test_what_is_no_receipt_is_told(lines: list[str], said: str, unfinished: bool) -> None:
    with pytest.raises(ReceiptError, match=said) as caught:
        read_receipt("\r\n".join(["BATCH,LINE,RESULT,REASON", *lines]).encode())
    assert caught.value.unfinished is unfinished


def test_a_file_without_the_heading_is_no_receipt() -> None:
    with pytest.raises(ReceiptError, match="第一行要是表头"):
        read_receipt("一,二\r\n".encode())
    with pytest.raises(ReceiptError, match="编码"):
        read_receipt(b"\xff\xff\xff")
