"""The desk's pages of registers: begun, read, matched, mended, adjusted, looked through, and by whom."""

import io
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from tests.factories import City, Desk, table
from tests.registers.conftest import KIND

from mingtang.disclosure.attachments import attachments_of
from mingtang.records.models import Record
from mingtang.registers.entries import entries_at, values_of
from mingtang.registers.models import Batch, Entry, Register
from mingtang.registers.services import Upload
from mingtang.text.tables.checks import check_table
from mingtang.text.tables.headings import find_table
from mingtang.text.tables.workbook import read_workbook
from mingtang.units import roles

pytestmark = pytest.mark.django_db
HEADING = ("站点编号", "站点名称", "维护人", "维护人手机", "线路数")
ROWS: list[tuple[Any, ...]] = [
    ("001", "火车站", "演示甲", "13800138000", 12),
    ("002", "市医院", "演示乙丙", "13800138001", 8),
    ("003", "人民公园", "演示丁", "13800138002", 3),
]
BAD: list[tuple[Any, ...]] = [("4", "东站", "", "", -1), ("006", "", "", "", "很多")]
GET_PAGES = (
    *("register_work", "register_progress", "register_columns", "register_faults", "register_changes"),
    *("register_entries", "register_preview"),
)


@pytest.fixture
def bus_stops(tmp_path: Path, settings: LazySettings) -> Iterator[str]:
    text = KIND.replace('key = ["code"]', 'key = ["code"]\n[complete]\ngroup = "all_units"', 1)
    (tmp_path / "bus_stops.toml").write_text(text, encoding="utf-8")
    settings.REGISTER_FOLDERS = [tmp_path]
    yield "bus_stops"


def client_of(desk: Desk, role: str = roles.DRAFTER, unit: str = "", number: int = 1) -> Client:
    client = Client()
    owner = desk.city.unit(unit) if unit else desk.unit
    person = desk.city.person(owner, role, number)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def address(record: Record, page: str, **kwargs: Any) -> str:
    return reverse(f"desk:{page}", kwargs={"record_id": record.pk, **kwargs})


def key_of(text: str, ending: str = "") -> str:
    found = re.search(rf'name="request_key" value="([^"]+{ending})"', text)
    assert found is not None
    return found[1]


def file_of(rows: Sequence[Sequence[Any]], heading: Sequence[str] = HEADING) -> SimpleUploadedFile:
    return SimpleUploadedFile("清单.csv", table(heading, rows))


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_a_register_is_begun_with_its_file_from_the_overview(bus_stops: str, desk: Desk) -> None:
    client = client_of(desk)
    page = text_of(client.get(reverse("desk:registers")))
    assert "应当有、还没有的清单" in page and "公交站点清单" in page
    key = key_of(page)
    given = {"register_kind": bus_stops, "request_key": key, "note": "第一次公布"}
    answer = client.post(reverse("desk:register_new"), {**given, "workbook": file_of([*ROWS, *BAD])})
    record = Record.objects.get(kind="register")
    assert answer.status_code == 302 and answer["Location"] == address(record, "register_faults")
    again = client.post(reverse("desk:register_new"), {**given, "workbook": file_of(ROWS)})
    assert again.status_code == 302 and Record.objects.filter(kind="register").count() == 1
    page = text_of(client.get(reverse("desk:registers")))
    assert record.title in page and "新增3条，有错2行" in page.replace("有错2条", "有错2行")
    refused = client.post(reverse("desk:register_new"), {"register_kind": bus_stops, "request_key": "another"})
    assert refused.status_code == 422
    elsewhere = client_of(desk, roles.UNIT_HEAD).post(reverse("desk:register_new"), {"register_kind": bus_stops})
    assert elsewhere.status_code == 403


def test_faults_are_mended_by_cell_and_what_is_still_wrong_comes_back(bus_stops: str, desk: Desk) -> None:
    record = desk.register(bus_stops, HEADING, [*ROWS, *BAD])
    client, here = client_of(desk), address(record, "register_faults")
    page = text_of(client.get(here))
    assert page.count('aria-invalid="true"') == 4 and "很多" in page
    rows = {entry.row: entry for entry in Entry.objects.filter(change="faulty")}
    given = {
        "request_key": key_of(page),
        "seen-r5": rows[5].values,
        "cell-r5-code": "004",
        "cell-r5-lines": "不少",
        "seen-r6": rows[6].values,
        "cell-r6-stop_name": "西站",
        "cell-r6-lines": "４",
        "go": "hand_in",
    }
    answer = client.post(here, given, follow=True)
    page = text_of(answer)
    assert "还有1行有错" in page and "不少" in page
    assert Batch.objects.get().counts["faulty"] == 1
    # The page that was opened before: its row is another by now, and nothing of it is lost.
    stale = client.post(here, {**given, "request_key": "later", "cell-r5-lines": "7"})
    assert stale.status_code == 409
    assert "您填的；现在保存的是“不少”" in text_of(stale) and 'value="7"' in text_of(stale)
    row = Entry.objects.get(change="faulty")
    last = {"request_key": "last", "seen-r5": row.values, "cell-r5-lines": "7", "go": "hand_in"}
    answer = client.post(here, last, follow=True)
    assert "已办妥" in text_of(answer)
    assert Record.objects.get(pk=record.pk).state == "submitted"
    assert client.post(here, last).status_code == 302


def test_two_clerks_mend_different_rows_at_once(bus_stops: str, desk: Desk) -> None:
    record = desk.register(bus_stops, HEADING, [*ROWS, *BAD])
    here = address(record, "register_faults")
    rows = {entry.row: entry for entry in Entry.objects.filter(change="faulty")}
    first = {"request_key": "a", "seen-r5": rows[5].values, "cell-r5-code": "004", "cell-r5-lines": "1"}
    second = {"request_key": "b", "seen-r6": rows[6].values, "leave-r6": "1"}
    assert client_of(desk).post(here, {**first, "seen-r6": rows[6].values}).status_code == 302
    assert client_of(desk, number=2).post(here, {**second, "seen-r5": rows[5].values}).status_code == 302
    counts = Batch.objects.get().counts
    assert (counts["faulty"], counts["added"]) == (0, 4)
    gone = client_of(desk, number=2).post(here, {**first, "request_key": "c", "cell-r5-lines": "99"})
    assert gone.status_code == 409 and "线路数“99”" in text_of(gone)


def test_the_report_names_row_column_text_and_what_to_do(bus_stops: str, desk: Desk) -> None:
    record = desk.register(bus_stops, HEADING, [*ROWS, *BAD])
    client = client_of(desk)
    content = b"".join(client.get(address(record, "register_report", form="xlsx")).streaming_content)  # type: ignore[attr-defined]
    rows = list(load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert rows[0] == ("行", "列", "栏目", "写的是", "哪里不对", "怎么办", "轻重")
    told = {(row[0], row[1], row[3]) for row in rows[1:]}
    assert {(5, "A", "4"), (6, "E", "很多")} <= told
    csv_answer = client.get(address(record, "register_report", form="csv"))
    assert "很多" in b"".join(csv_answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert client.get(address(record, "register_report", form="pdf")).status_code == 404


def test_columns_that_were_guessed_are_confirmed(bus_stops: str, desk: Desk) -> None:
    record = desk.register(bus_stops, ("站点编号", "站点的名称", "联系", "线路数"), [("001", "火车站", "演示甲", 3)])
    client, here = client_of(desk), address(record, "register_columns")
    page = text_of(client.get(here))
    assert "是猜的，请核对" in page and "火车站" in page
    twice = {f"column-{place}": "code" for place in range(4)}
    assert client.post(here, {**twice, "request_key": "a"}).status_code == 422
    chosen = dict(zip(map("column-{}".format, range(4)), ("code", "stop_name", "keeper", "lines"), strict=True))
    assert client.post(here, {**chosen, "request_key": "b"}).status_code == 302
    assert values_of(Entry.objects.get().values)["keeper"] == "演示甲"
    assert "是猜的" not in text_of(client.get(here))


def test_an_update_is_adjusted_and_shown_before_and_after(bus_stops: str, desk: Desk) -> None:
    record = desk.publish_register(desk.register(bus_stops, HEADING, ROWS))
    client = client_of(desk)
    work = text_of(client.get(address(record, "register_work")))
    rows = [ROWS[0], ("002", "市医院", "演示乙丙", "13800138001", 9), ("007", "机场", "", "", 2)]
    given = {"action": "upload", "request_key": key_of(work, "-upload"), "extent": "whole", "accept": "all"}
    answer = client.post(address(record, "register_work"), {**given, "workbook": file_of(rows)})
    assert answer.status_code == 302
    assert client.post(address(record, "register_work"), {**given, "workbook": file_of(ROWS)}).status_code == 302
    assert {name: Batch.objects.get(published_at=None).counts[name] for name in ("added", "changed", "removed")} == {
        "added": 1,
        "changed": 1,
        "removed": 1,
    }
    here = address(record, "register_changes")
    page = text_of(client.get(here))
    assert "<del>8</del>" in page and "<ins>9</ins>" in page and "还有" in page
    only = text_of(client.get(f"{here}?change=removed"))
    assert "人民公园" in only and "机场" not in only
    nothing = {"action": "adjust", "which": "chosen", "request_key": "a", "adjustment": "取消"}
    assert client.post(here, {**nothing, "effective_on": "2026-03-02", "basis": "文"}).status_code == 422
    entry = Entry.objects.get(change="removed", since=None)
    said = {
        "action": "adjust",
        "which": "chosen",
        "adjustment": "取消",
        "effective_on": "2026-03-02",
        "basis": "演示文",
    }
    assert client.post(here, {**said, "entry": entry.key_hash, "request_key": "b"}).status_code == 302
    assert text_of(client.get(f"{here}?stated=yes")).count("data-row") == 1
    assert client.post(here, {**said, "which": "all", "request_key": "c"}).status_code == 302
    assert "没有写明怎样调整" not in text_of(client.get(here))
    done = client.post(here, {"action": "correct", "correction": "改错字", "request_key": "d"}, follow=True)
    assert "改错字" in text_of(done)
    discarded = client.post(address(record, "register_work"), {"action": "discard", "request_key": "e"}, follow=True)
    assert "这次的改动已放弃" in text_of(discarded)
    assert entries_at(Register.objects.get()).count() == 3


def test_one_entry_by_form_and_two_clerks(bus_stops: str, desk: Desk) -> None:
    record = desk.publish_register(desk.register(bus_stops, HEADING, ROWS))
    entry = Entry.objects.get(values__contains="市医院")
    here = address(record, "register_entry", key_hash=entry.key_hash)
    client = client_of(desk)
    page = text_of(client.get(here))
    assert "只供内部核对，不公开" in page and "13800138001" in page
    typed = {"field-code": "002", "field-stop_name": "市医院", "field-keeper": "演示乙丙", "field-phone": "1"}
    bad = client.post(here, {**typed, "field-lines": "-5", "seen": entry.values, "request_key": "a"})
    assert bad.status_code == 422 and 'value="-5"' in text_of(bad) and "has-error" in text_of(bad)
    good = {**typed, "field-lines": "9", "seen": entry.values}
    assert client.post(here, {**good, "request_key": "b"}).status_code == 302
    second = client_of(desk, number=2)
    late = second.post(here, {**good, "field-lines": "10", "request_key": "c"})
    assert late.status_code == 409
    text = text_of(late)
    assert "已被他人修改" in text and "<td>9</td><td>10</td>" in text and 'value="10"' in text
    seen = re.search(r'name="seen" value="([^"]*)"', text)
    assert seen is not None
    now = seen[1].replace("&quot;", '"')
    assert second.post(here, {**good, "field-lines": "10", "seen": now, "request_key": "d"}).status_code == 302
    assert values_of(Entry.objects.get(since=None).values)["lines"] == 10
    new = address(record, "register_entry", key_hash="new")
    exists = client.post(new, {**typed, "request_key": "e"})
    assert exists.status_code == 422 and "已经有" in text_of(exists)
    added = client.post(new, {"field-code": "008", "field-stop_name": "机场", "action": "another", "request_key": "f"})
    assert added.status_code == 302 and added["Location"] == new
    other = Entry.objects.get(values__contains="火车站")
    away = address(record, "register_entry", key_hash=other.key_hash)
    gone = client.post(away, {"action": "remove", "seen": other.values, "request_key": "g"})
    assert gone.status_code == 302
    listed = text_of(client.get(address(record, "register_entries")))
    assert "火车站" not in listed and "机场" in listed and "共3条" in listed
    assert "火车站" not in text_of(client.get(address(record, "register_entries") + "?q=机场"))
    assert "要移出清单" in text_of(client.get(away))
    unknown = address(record, "register_entry", key_hash="0" * 32)
    assert client.get(unknown).status_code == 404


def test_a_file_that_cannot_be_read_says_why_and_a_large_one_shows_progress(bus_stops: str, desk: Desk) -> None:
    record = desk.register(bus_stops)
    client, here = client_of(desk), address(record, "register_work")
    given = {"action": "upload", "extent": "whole", "accept": "all"}
    wrong = SimpleUploadedFile("清单.pdf", b"%PDF-1.7 nothing")
    page = text_of(client.post(here, {**given, "request_key": "a", "workbook": wrong}, follow=True))
    assert "读不了" in page and "这不是表格文件" in page
    assert client.post(here, {**given, "request_key": "b"}).status_code == 422
    many = [(f"{number:03}", f"站{number}" + "长" * 300, "", "", 1) for number in range(1, 999)]
    answer = client.post(here, {**given, "request_key": "c", "workbook": file_of(many)})
    assert answer["Location"] == address(record, "register_progress")
    waiting = client.get(answer["Location"])
    assert waiting["Refresh"] == "3" and "正在核对" in text_of(waiting)
    assert client.get(here).status_code == 302
    from mingtang.registers.staging import read_waiting

    assert read_waiting(lambda: desk.now) == 1
    done = client.get(address(record, "register_progress"))
    assert done.status_code == 302 and done["Location"] == here


def test_everybody_of_the_unit_reads_and_only_drafters_change(bus_stops: str, desk: Desk) -> None:
    record = desk.register(bus_stops, HEADING, ROWS)
    pages = [address(record, name) for name in GET_PAGES]
    pages += [address(record, "register_report", form="csv"), address(record, "register_entry", key_hash="new")]
    entry = Entry.objects.get(values__contains="市医院")
    pages.append(address(record, "register_entry", key_hash=entry.key_hash))
    for role in (roles.DRAFTER, roles.UNIT_HEAD, roles.SECRECY_REVIEWER, roles.OPENNESS_OFFICER):
        client = client_of(desk, role)
        for page in pages:
            assert client.get(page).status_code in (200, 302), page
            if role != roles.DRAFTER and "faults." not in page and "progress" not in page and "preview" not in page:
                refused = client.post(page, {"action": "save", "note": "改", "request_key": f"{role}{page}"[:70]})
                assert refused.status_code in (200, 403), page
    strangers = [client_of(desk, roles.DRAFTER, "教育局"), client_of(desk, roles.GENERAL_OFFICE_CLERK, "市政府办公厅")]
    strangers += [client_of(desk, role) for role in sorted(roles.ADMINISTRATORS)]
    for client in strangers:
        for page in pages:
            assert client.get(page).status_code in (403, 404), page
            assert client.post(page, {"request_key": "x"}).status_code in (403, 404), page
        overview = client.get(reverse("desk:registers"))
        assert record.title not in text_of(overview)
    for page in pages:
        answer = Client().get(page)
        assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]
    assert Batch.objects.get().note == ""


def test_the_preview_and_the_review_show_what_is_masked_and_what_was_found(bus_stops: str, desk: Desk) -> None:
    rows = [*ROWS, ("004", "找演示戊13900139000", "演示戊", "13800138003", 1)]
    record = desk.register(bus_stops, HEADING, rows)
    preview = text_of(client_of(desk).get(address(record, "register_preview")))
    assert "<mark>演**</mark>" in preview and "13800138000" not in preview and "不公开：维护人手机" in preview
    desk.act(record, "hand_in", roles.DRAFTER)
    head = text_of(client_of(desk, roles.UNIT_HEAD).get(address(record, "detail", kind="register")))
    assert "要公开的内容" in head and "隐去一部分：维护人" in head
    desk.act(record, "approve", roles.UNIT_HEAD)
    reviewer = client_of(desk, roles.SECRECY_REVIEWER)
    page = text_of(reviewer.get(address(record, "do", kind="register", transition="review")))
    assert "“站点名称”一列，第4行有" in page and "抽看4条" in page and "演示乙丙" not in page
    for file in attachments_of(record.pk):
        link = address(record, "file", kind="register", file_id=file.pk)
        assert link in page and reviewer.get(link).status_code == 200


def test_a_template_comes_back_in_without_a_fault(bus_stops: str, desk: Desk) -> None:
    from mingtang.registers.catalog import kind_named, kinds
    from mingtang.registers.staging import world

    client = client_of(desk)
    assert client.get(reverse("desk:register_template", args=["nothing"])).status_code == 404
    for name in kinds():
        book = load_workbook(io.BytesIO(client.get(reverse("desk:register_template", args=[name])).content))
        assert book.sheetnames[1] == "填表说明"
        stream, kind = io.BytesIO(), kind_named(name)
        sheet = book.worksheets[0]
        for place, one in enumerate(kind.fields, 1):
            sheet.cell(2, place, one.example or None)
        book.save(stream)
        read = read_workbook("模板.xlsx", stream.getvalue())
        found = find_table(read.sheets[0], kind)
        assert found is not None and not found.missing(kind), name
        assert [column.field for column in found.columns] == [one.name for one in kind.fields], name
        wrong = [
            fault.message
            for row in check_table(found, kind, world(datetime.fromisoformat("2026-11-25T09:00:00+08:00"))).rows
            for fault in row.faults
            if fault.code not in ("missing", "together", "ground", "one_of") and fault.raw
        ]
        assert not [one for one in wrong if "写法不对" in one], (name, wrong)


def test_another_sheet_of_the_same_file_is_read(bus_stops: str, desk: Desk) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for title, rows in (("今年", ROWS), ("去年", ROWS[:1])):
        sheet = book.create_sheet(title)
        for row in (HEADING, *rows):
            sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    record = desk.register(bus_stops)
    desk.change(record, upload=Upload("两张.xlsx", stream.getvalue()))
    client, here = client_of(desk), address(record, "register_work")
    assert "文件里有2张工作表" in text_of(client.get(here))
    assert client.post(here, {"action": "sheet", "sheet": "去年", "request_key": "a"}).status_code == 302
    batch = Batch.objects.get()
    assert (batch.sheet, batch.counts["added"]) == ("去年", 1)
    assert client.post(here, {"action": "sheet", "sheet": "没有", "request_key": "b"}).status_code == 409


def test_the_generic_pages_of_a_record_work_for_registers(bus_stops: str, desk: Desk, city: City) -> None:
    record = desk.register(bus_stops, HEADING, ROWS)
    client = client_of(desk)
    for page in ("detail", "history", "edit", "print"):
        assert client.get(address(record, page, kind="register")).status_code == 200, page
    assert record.title in text_of(client.get(reverse("desk:list", args=["register"])))
    saved = client.post(address(record, "edit", kind="register"), {"note": "说明", "expected_version": record.version})
    assert saved.status_code == 302 and Batch.objects.get().note == "说明"
    assert "新建一份清单" in text_of(client.get(reverse("desk:new", args=["register"])))
    assert f"提交审定《{record.title}》" in text_of(client.get(reverse("desk:home")))
