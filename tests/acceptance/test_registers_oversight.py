"""Article 4: trades on one list, partnership projects, findings with their rectification, accountability."""

import csv
import json
from datetime import timedelta
from typing import Any

import pytest
from tests.factories import City, Desk, make_desk, table

from mingtang.cli.demo import registers as demo
from mingtang.cli.demo.registers import DemoTable
from mingtang.duties.models import Duty
from mingtang.editions.models import Edition, EditionFile, Publication
from mingtang.records.errors import Refused
from mingtang.records.models import Record
from mingtang.registers.models import PART, Batch
from mingtang.registers.services import Upload
from mingtang.units import roles
from mingtang.units.models import Unit

pytestmark = pytest.mark.django_db


def demo_table(kind: str) -> DemoTable:
    return next(one for one in demo.tables("trading", "oversight") if one.kind == kind)


def desk_of(city: City, held: DemoTable) -> Desk:
    return make_desk(city, Unit.objects.get(pk=held.unit).short_name)


def line(held: DemoTable, place: int = 0, **cells: Any) -> tuple[Any, ...]:
    """A row of the demonstration's table with some cells (by title) written differently."""
    return tuple(cells.get(title, cell) for title, cell in zip(held.heading, held.rows[place], strict=True))


def public_rows(record: Record) -> list[dict[str, str]]:
    publication = Publication.objects.get(kind="register", title=record.title)
    edition = Edition.objects.get(publication=publication, state="live")
    content = bytes(EditionFile.objects.get(edition=edition, name="data.csv").file.content)
    return list(csv.DictReader(content.decode("utf-8-sig").splitlines()))


def hand_in_more(desk: Desk, record: Record, held: DemoTable, *rows: tuple[Any, ...]) -> None:
    desk.change(record, upload=Upload("更新.csv", table(held.heading, rows), extent=PART), note="更新")


@pytest.mark.scenario("S04.3")
def test_all_kinds_of_trades_come_from_one_list_with_a_complaint_channel(city: City) -> None:
    held = demo_table("public_resource_trades")
    desk = desk_of(city, held)
    chosen = [next(row for row in held.rows if row[1] == name) for name in dict.fromkeys(row[1] for row in held.rows)]
    record = desk.publish_register(desk.register(held.kind, held.heading, chosen))
    rows = public_rows(record)
    assert {row["trade_class"] for row in rows} == {
        "工程建设项目招标投标",
        "政府采购",
        "土地使用权和矿业权出让",
        "国有产权",
    }
    assert len({row["deal_code"] for row in rows}) == 4 and all("0475-" in row["complaint_channel"] for row in rows)
    payload = json.loads(Edition.objects.get(publication__title=record.title).payload)
    shown = {column["name"]: column for column in payload["columns"]}
    assert payload["key"] == ["deal_code"] and shown["trade_class"]["facet"]
    assert shown["complaint_channel"]["shown"] and shown["complaint_channel"]["title"] == "投诉渠道"


@pytest.mark.scenario("S04.3")
def test_a_trade_without_a_complaint_channel_is_refused(city: City) -> None:
    held = demo_table("public_resource_trades")
    desk = desk_of(city, held)
    register = desk.register(held.kind, held.heading, [line(held, 投诉渠道="")])
    with pytest.raises(Refused) as refused:
        desk.act(register, "hand_in", roles.DRAFTER)
    assert [fault.code for fault in refused.value.faults] == ["batch_faulty"]
    assert not Publication.objects.exists()


@pytest.mark.scenario("S04.7")
def test_an_award_without_prequalification_is_incomplete(city: City) -> None:
    held = demo_table("partnership_projects")
    desk = desk_of(city, held)
    place = next(at for at, row in enumerate(held.rows) if row[4] == "执行")
    register = desk.register(held.kind, held.heading, [line(held, place, 资格预审结果="", 资格预审日期="")])
    with pytest.raises(Refused) as refused:
        desk.act(register, "hand_in", roles.DRAFTER)
    assert "batch_faulty" in [fault.code for fault in refused.value.faults]
    (entry,) = Batch.objects.get().entries.filter(change="faulty")
    (fault,) = json.loads(entry.faults)
    assert fault["field"] == "prequalification" and "公开不完整" in fault["message"]
    desk.change(register, upload=Upload("补.csv", table(held.heading, [line(held, place)])))
    (row,) = public_rows(desk.publish_register(register))
    assert row["prequalification"] and row["award"] and row["overview"]


@pytest.mark.scenario("S04.8")
def test_a_finding_stays_open_until_its_rectification_is_public(city: City) -> None:
    held = demo_table("audit_findings")
    desk = desk_of(city, held)
    done = line(held, 0, 认定日期=desk.now.date().isoformat(), 整改期限="2027-01-01", 整改完成日期="2026-12-01")
    open_yet = tuple(cell if title != "整改完成日期" else "" for title, cell in zip(held.heading, done, strict=True))
    other = line(held, 1)
    register = desk.register(held.kind, held.heading, [open_yet, other])
    desk.act(register, "hand_in", roles.DRAFTER)
    assert Duty.objects.filter(code="D04.8", closed_at=None).count() == 2
    desk.act(register, "reopen", roles.DRAFTER)
    desk.publish_register(register)
    duty = Duty.objects.get(code="D04.8", closed_at=None)
    assert {part.name: part.closed_at is not None for part in duty.parts.all()} == {
        "problem": True,
        "rectification": False,
    }
    # The other was public with its rectification and is done with.
    assert Duty.objects.filter(code="D04.8").exclude(closed_at=None).count() == 1
    hand_in_more(desk, register, held, done)
    desk.act(register, "hand_in", roles.DRAFTER)
    desk.now += timedelta(days=30)
    duty.refresh_from_db()
    assert duty.closed_at is None, "what was put right and is not public keeps the duty open"
    desk.act(register, "reopen", roles.DRAFTER)
    desk.publish_register(register)
    duty.refresh_from_db()
    assert duty.closed_at is not None and Duty.objects.filter(code="D04.8").count() == 2


@pytest.mark.scenario("S04.9")
def test_a_concluded_case_opens_a_duty_that_its_own_publication_closes(city: City) -> None:
    held = demo_table("accountability_cases")
    desk = desk_of(city, held)
    day = desk.now.date()
    cases = [
        line(held, place, 问责情形="慢作为", 办结日期=(day - timedelta(days=place)).isoformat()) for place in (0, 1, 2)
    ]
    register = desk.register(held.kind, held.heading, cases[:2])
    assert not Duty.objects.filter(code="D04.9").exists()
    desk.act(register, "hand_in", roles.DRAFTER)
    opened = list(Duty.objects.filter(code="D04.9", closed_at=None))
    assert {duty.opened_at.astimezone(desk.now.tzinfo).date() for duty in opened} == {day, day - timedelta(days=1)}
    assert all(duty.unit_id == held.unit for duty in opened)
    desk.act(register, "reopen", roles.DRAFTER)
    record = desk.publish_register(register)
    assert not Duty.objects.filter(code="D04.9", closed_at=None).exists()
    # A later case has a duty of its own: that others of the list are public does not keep it.
    hand_in_more(desk, record, held, cases[2])
    desk.act(record, "hand_in", roles.DRAFTER)
    assert Duty.objects.filter(code="D04.9", closed_at=None).count() == 1
    desk.act(record, "reopen", roles.DRAFTER)
    desk.publish_register(record)
    assert Duty.objects.filter(code="D04.9").count() == 3
    assert not Duty.objects.filter(code="D04.9", closed_at=None).exists()
    assert all(row["person"].endswith("***") for row in public_rows(record))
