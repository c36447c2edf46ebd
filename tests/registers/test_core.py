"""Registers from the file that is handed in to the edition that everybody reads, with a kind that is one file."""

import csv
import json
from pathlib import Path

import pytest
from django.conf import LazySettings

from mingtang.duties.models import Duty
from mingtang.editions.models import Edition, EditionFile, Publication
from mingtang.records.errors import Refused
from mingtang.records.models import Record
from mingtang.registers.entries import entries_at, open_batch, values_of
from mingtang.registers.models import GOOD, PART, Batch, Entry, Register
from mingtang.registers.services import Adjusting, EntryEdit, Mend, Upload
from mingtang.units import roles
from tests.factories import City, Desk, at, table
from tests.registers.conftest import KIND

HEADING = ("站点编号", "站点名称", "维护人", "维护人手机", "线路数")
ROWS = [
    ("001", "火车站", "演示甲", "13800138000", 12),
    ("002", "市医院", "演示乙丙", "13800138001", 8),
    ("003", "人民公园", "演示丁", "13800138002", 3),
]
pytestmark = pytest.mark.django_db


def public_rows(register: Record, number: int | None = None) -> list[dict[str, str]]:
    publication = Publication.objects.get(kind="register", title=register.title)
    editions = Edition.objects.filter(publication=publication)
    edition = editions.get(number=number) if number else editions.get(state="live")
    content = bytes(EditionFile.objects.get(edition=edition, name="data.csv").file.content)
    return list(csv.DictReader(content.decode("utf-8-sig").splitlines()))


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [fault.code for fault in refused.value.faults]


def test_a_kind_is_one_file_and_goes_from_table_to_edition(bus_stops: str, desk: Desk) -> None:
    register = desk.register(bus_stops, HEADING, ROWS)
    assert register.title == f"{desk.unit.name}公交站点清单"
    batch = open_batch(Register.objects.get(pk=register.pk))
    assert batch is not None and batch.stage == "ready" and batch.counts["added"] == 3
    published = desk.publish_register(register)
    assert published.state == "published"
    assert public_rows(published) == [
        {
            "code": code,
            "stop_name": name,
            "keeper": masked,
            "lines": str(lines),
            "adjustment": "",
            "effective_on": "",
            "adjustment_basis": "",
        }
        for (code, name, _, _, lines), masked in zip(ROWS, ["演**", "演***", "演**"], strict=True)
    ]
    payload = json.loads(Edition.objects.get().payload)
    assert payload["schema"] == "register/1" and payload["count"] == 3 and payload["changes"]["added"] == 3
    assert "phone" not in [column["name"] for column in payload["columns"]]
    public = Edition.objects.get().payload.encode() + b"".join(
        bytes(one.file.content) for one in EditionFile.objects.all()
    )
    assert b"13800138000" not in public and "演示乙丙".encode() not in public


def test_every_fault_is_told_and_mended_where_it_stands(bus_stops: str, desk: Desk) -> None:
    rows = [*ROWS, ("4", "东站", "", "", -1), ("002", "市医院南门", "", "", 2), ("006", "", "", "", "很多")]
    register = desk.register(bus_stops, HEADING, rows)
    batch = Batch.objects.get()
    faulty = {entry.row: entry for entry in batch.entries.filter(change="faulty")}
    assert set(faulty) == {5, 6, 7}
    told = {(one["row"], one["field"]) for entry in faulty.values() for one in json.loads(entry.faults)}
    assert told >= {(5, "code"), (5, "lines"), (6, "code"), (7, "stop_name"), (7, "lines")}
    with pytest.raises(Refused) as refused:
        desk.act(register, "hand_in", roles.DRAFTER)
    assert codes(refused) == ["batch_faulty"]
    assert values_of(faulty[7].values)["lines"] == "很多"
    cells = {
        faulty[5].pk: {"code": "004", "lines": "1"},
        faulty[6].pk: {"code": "005"},
        faulty[7].pk: {"stop_name": "西站", "lines": "４"},
    }
    desk.change(register, mend=Mend(cells))
    batch.refresh_from_db()
    assert batch.counts["faulty"] == 0 and batch.counts["added"] == 6
    desk.publish_register(register)
    assert [row["code"] for row in public_rows(register)] == ["001", "002", "003", "004", "005", "006"]


def test_the_clerk_may_accept_what_is_good(bus_stops: str, desk: Desk) -> None:
    register = desk.register(bus_stops, HEADING, [*ROWS, ("4", "东站", "", "", 1)])
    desk.change(register, accept=GOOD)
    desk.publish_register(register)
    assert len(public_rows(register)) == 3
    assert not Entry.objects.filter(change="faulty").exists()


def test_an_update_states_its_adjustments_and_starts_twenty_days(bus_stops: str, desk: Desk) -> None:
    register = desk.publish_register(desk.register(bus_stops, HEADING, ROWS))
    assert not Duty.objects.filter(code="D05.2").exists()
    desk.change(register, upload=Upload("新.csv", table(HEADING, [ROWS[0], ("002", "市医院", "演示乙丙", "", 9)])))
    batch = Batch.objects.get(published_at=None)
    assert {name: batch.counts[name] for name in ("added", "changed", "removed", "same")} == {
        "added": 0,
        "changed": 1,
        "removed": 1,
        "same": 1,
    }
    with pytest.raises(Refused) as refused:
        desk.act(register, "hand_in", roles.DRAFTER)
    assert codes(refused) == ["adjustment_unstated"]
    with pytest.raises(Refused) as refused:
        desk.change(register, adjusting=Adjusting("合并", at("2026-03-02 00:00").date(), "演示文件"))
    assert codes(refused) == ["adjustment_unlisted"]
    desk.change(register, adjusting=Adjusting("取消", at("2026-03-02 00:00").date(), "演示文件〔2026〕1号"))
    desk.act(register, "hand_in", roles.DRAFTER)
    duty = Duty.objects.get(code="D05.2")
    assert duty.opened_at == at("2026-03-02 00:00") and duty.closed_at is None
    desk.act(register, "reopen", roles.DRAFTER)
    desk.publish_register(register)
    duty.refresh_from_db()
    assert duty.closed_at is not None and Duty.objects.filter(code="D05.2").count() == 1
    assert [row["code"] for row in public_rows(register)] == ["001", "002"]
    payload = json.loads(Edition.objects.get(state="live").payload)
    assert {one["key"] for one in payload["adjustments"]} == {"002", "003"}
    detail = Register.objects.get(pk=register.pk)
    assert [values_of(entry.values)["code"] for entry in entries_at(detail, 1)] == ["001", "002", "003"]


def test_two_clerks_cannot_overwrite_one_entry(bus_stops: str, city: City, desk: Desk) -> None:
    register = desk.publish_register(desk.register(bus_stops, HEADING, ROWS))
    entry = Entry.objects.get(values__contains="市医院")
    values = {name: str(value) for name, value in values_of(entry.values).items()}
    desk.change(register, 1, entry=EntryEdit(values | {"lines": "9"}, entry.key_hash, entry.values))
    with pytest.raises(Refused) as refused:
        desk.change(register, 2, entry=EntryEdit(values | {"lines": "10"}, entry.key_hash, entry.values))
    assert codes(refused) == ["entry_changed_meanwhile"] and "002" in refused.value.faults[0].message
    other = Entry.objects.get(values__contains="火车站")
    desk.change(register, 2, entry=EntryEdit({"code": "001", "stop_name": "火车站北"}, other.key_hash, other.values))
    batch = Batch.objects.get(published_at=None)
    assert batch.counts["changed"] == 2
    with pytest.raises(Refused) as refused:
        desk.change(register, entry=EntryEdit({"code": "003", "stop_name": "又一个"}))
    assert codes(refused) == ["entry_exists"]


def test_part_of_a_list_leaves_the_rest_alone(bus_stops: str, desk: Desk) -> None:
    register = desk.publish_register(desk.register(bus_stops, HEADING, ROWS))
    desk.change(
        register, upload=Upload("补.csv", table(HEADING, [("009", "机场", "", "", 2)]), extent=PART), correction="漏录"
    )
    desk.publish_register(register)
    assert [row["code"] for row in public_rows(register)] == ["001", "002", "003", "009"]


def test_one_register_of_a_kind_for_a_unit(bus_stops: str, desk: Desk) -> None:
    desk.register(bus_stops, HEADING, ROWS)
    with pytest.raises(Refused) as refused:
        desk.register(bus_stops)
    assert codes(refused) == ["register_exists"]
    assert Record.objects.filter(kind="register").count() == 1


def test_an_adjustment_is_told_with_the_masks_on(tmp_path: Path, settings: LazySettings, desk: Desk) -> None:
    masked = KIND.replace('title = "站点名称"', 'title = "站点名称"\nmask = "person"')
    (tmp_path / "bus_stops.toml").write_text(masked, encoding="utf-8")
    settings.REGISTER_FOLDERS = [tmp_path]
    register = desk.publish_register(desk.register("bus_stops", HEADING, ROWS))
    desk.change(register, upload=Upload("新.csv", table(HEADING, ROWS[:2])))
    desk.change(register, adjusting=Adjusting("取消", at("2026-03-02 00:00").date(), "演示文件〔2026〕1号"))
    desk.publish_register(register)
    text = Edition.objects.get(state="live").payload
    assert [one["title"] for one in json.loads(text)["adjustments"]] == ["人***"] and "人民公园" not in text
