"""Article 5: the eight lists, their adjustments, enforcement publicity, supervision information, two platforms."""

import csv
import json
from typing import Any

import pytest
from tests.factories import START, City, Desk, at, make_desk
from tests.factories import table as csv_table

from mingtang.cli.demo import registers as demo
from mingtang.cli.demo.registers import DemoTable
from mingtang.duties.models import Duty
from mingtang.duties.selectors import state_of
from mingtang.editions.models import Edition, EditionFile
from mingtang.records.errors import Refused
from mingtang.records.models import Record
from mingtang.registers.coverage import matrix, set_coverage, unit_coverage
from mingtang.registers.entries import entries_at, values_of
from mingtang.registers.models import PART, Batch, Entry, Register
from mingtang.registers.services import Adjusting, Upload
from mingtang.rules import local_day
from mingtang.units import roles
from mingtang.units.models import Unit

EIGHT = (
    "power_list",
    "responsibility_list",
    "administrative_fees",
    "priced_services",
    "government_funds",
    "professional_qualifications",
    "intermediary_services",
    "basic_public_services",
)
DAY = START.date()
pytestmark = pytest.mark.django_db


def demo_table(kind: str, unit: str = "") -> DemoTable:
    family = "lists" if kind in EIGHT else "platforms" if kind == "platform_work" else "enforcement"
    return next(one for one in demo.tables(family) if one.kind == kind and unit in ("", one.unit))


def desk_of(city: City, unit: str) -> Desk:
    return make_desk(city, Unit.objects.get(pk=unit).short_name)


def publish(city: City, table: DemoTable, rows: int = 8) -> tuple[Desk, Record]:
    desk = desk_of(city, table.unit)
    return desk, desk.publish_register(desk.register(table.kind, table.heading, table.rows[:rows]))


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [fault.code for fault in refused.value.faults]


def without(table: DemoTable, title: str) -> list[tuple[object, ...]]:
    place = table.heading.index(title)
    return [tuple("" if at == place else cell for at, cell in enumerate(row)) for row in table.rows[:3]]


@pytest.mark.scenario("S05.1")
def test_seven_of_eight_list_kinds_and_the_absent_one_is_named(city: City) -> None:
    government = Unit.objects.get(pk="szf")
    assert str(set_coverage("lists", government)) == "0/8"
    for kind in EIGHT:
        if kind != "intermediary_services":
            publish(city, demo_table(kind), 2)
    desk_of(city, "fgw").register("intermediary_services")
    found = set_coverage("lists", government)
    assert str(found) == "7/8" and dict(found.missing) == {"intermediary_services": "行政审批中介服务事项清单"}
    assert str(set_coverage("lists", Unit.objects.get(pk="keq"))) == "0/8"


@pytest.mark.scenario("S05.1")
def test_a_list_taken_down_is_absent_and_units_without_one_are_named(city: City) -> None:
    government = Unit.objects.get(pk="szf")
    desk, register = publish(city, demo_table("power_list", "rsj"))
    found = unit_coverage("power_list", government, DAY)
    assert dict(found.present) == {"rsj": "通辽市人力资源和社会保障局"}
    assert found.missing["gaj"] == "通辽市公安局" and "zjj" not in found.missing
    desk.act(register, "withdraw", roles.OPENNESS_OFFICER, data={"kind": "withdrawn", "reason": "机构改革，职责划出。"})
    assert "rsj" in unit_coverage("power_list", government, DAY).missing
    assert "power_list" in set_coverage("lists", government).missing


def test_a_responsibility_points_at_a_power_of_the_unit(city: City) -> None:
    desk = desk_of(city, "mzj")
    duties = demo_table("responsibility_list", "mzj")
    register = desk.register("responsibility_list", duties.heading, duties.rows)
    with pytest.raises(Refused) as refused:
        desk.act(register, "hand_in", roles.DRAFTER)
    assert codes(refused) == ["tables_disagree"] and "还没有《权力清单》" in refused.value.faults[0].message
    powers = demo_table("power_list", "mzj")
    other = desk.register("power_list", powers.heading, powers.rows[:-1])
    with pytest.raises(Refused) as refused:
        desk.act(register, "hand_in", roles.DRAFTER)
    assert str(powers.rows[-1][0]) in refused.value.faults[0].message
    desk.change(other, upload=Upload("权力.csv", csv_table(powers.heading, powers.rows)))
    desk.publish_register(other)
    assert desk.publish_register(register).state == "published"


@pytest.mark.scenario("S05.2")
@pytest.mark.parametrize(
    ("effective", "due", "late"),
    [("2017-01-25", "2017-02-28", "2017-03-01"), ("2017-09-25", "2017-10-27", "2017-10-30")],
)
@pytest.mark.parametrize("on_time", [True, False])
def test_an_adjustment_is_due_twenty_working_days_after_it_took_effect(
    city: City, effective: str, due: str, late: str, on_time: bool
) -> None:
    city.now = at("2017-01-03 09:00")
    table = demo_table("power_list", "rsj")
    desk = make_desk(city, Unit.objects.get(pk="rsj").short_name, now=city.now)
    register = desk.publish_register(desk.register("power_list", table.heading, table.rows[:3]))
    assert not Duty.objects.filter(code="D05.2").exists()
    desk.now = at(f"{effective} 10:00")
    upload = Upload("调整.csv", csv_table(table.heading, table.rows[:2]))
    desk.change(register, upload=upload)
    desk.change(register, adjusting=Adjusting("取消", at(f"{effective} 00:00").date(), "通政发〔2017〕1号"))
    desk.act(register, "hand_in", roles.DRAFTER)
    duty = Duty.objects.get(code="D05.2")
    assert duty.unit_id == "rsj" and duty.due_at is not None and local_day(duty.due_at).isoformat() == due
    desk.now = at(f"{due if on_time else late} 15:00")
    assert state_of(duty, desk.now) == ("due_soon" if on_time else "overdue")
    desk.act(register, "reopen", roles.DRAFTER)
    desk.publish_register(register)
    duty.refresh_from_db()
    assert duty.closed_at is not None and local_day(duty.closed_at) == local_day(desk.now)
    assert state_of(duty, desk.now) == ("met" if on_time else "met_late")


@pytest.mark.scenario("S05.2b")
def test_an_update_on_a_departments_own_site_leaves_the_duty_open(city: City) -> None:
    table = demo_table("power_list", "mzj")
    desk, register = publish(city, table, 3)
    desk.change(register, upload=Upload("调整.csv", csv_table(table.heading, table.rows[:2])))
    desk.change(register, adjusting=Adjusting("下放", at("2026-03-02 00:00").date(), "通政发〔2026〕3号"))
    desk.act(register, "hand_in", roles.DRAFTER)
    duty = Duty.objects.get(code="D05.2")
    where: dict[str, Any] = {"address": "https://mzj.tongliao.example/qd", "shown_on": at("2026-03-03 00:00").date()}
    desk.act(register, "note_elsewhere", roles.OPENNESS_OFFICER, data=where)
    duty.refresh_from_db()
    assert duty.closed_at is None
    desk.act(register, "reopen", roles.DRAFTER)
    desk.publish_register(register, shown=False)
    duty.refresh_from_db()
    assert duty.closed_at is None
    from mingtang.disclosure.services import note_shown

    note_shown()
    duty.refresh_from_db()
    assert duty.closed_at is not None


@pytest.mark.scenario("S05.2b")
@pytest.mark.parametrize("kind", EIGHT)
def test_an_adjustment_outside_the_four_is_refused(city: City, kind: str) -> None:
    table = demo_table(kind)
    if kind == "responsibility_list":
        publish(city, demo_table("power_list"), 1)
    desk, register = publish(city, table, 2)
    day = at("2026-03-02 00:00").date()
    desk.change(register, upload=Upload("调整.csv", csv_table(table.heading, table.rows[:1])))
    with pytest.raises(Refused) as refused:
        desk.change(register, adjusting=Adjusting("合并", day, "通政发〔2026〕3号"))
    assert codes(refused) == ["adjustment_unlisted"] and refused.value.faults[0].article == 5
    assert "取消、下放、保留、承接" in refused.value.faults[0].message
    heading = (*table.heading, "调整方式", "调整日期", "调整依据")
    row = (*table.rows[2], "划转", "2026年3月2日", "通政发〔2026〕3号")
    desk.change(register, upload=Upload("增加.csv", csv_table(heading, [row]), extent=PART))
    faulty = Entry.objects.get(batch__register=register.pk, change="faulty")
    assert [(one["field"], one["code"]) for one in json.loads(faulty.faults)] == [("adjustment", "not_listed")]
    with pytest.raises(Refused) as refused:
        desk.act(register, "hand_in", roles.DRAFTER)
    assert "batch_faulty" in codes(refused)


@pytest.mark.scenario("S05.3")
@pytest.mark.parametrize("element", ["执法职权", "执法依据", "裁量基准", "执法程序", "执法结果", "救济途径"])
def test_an_enforcement_profile_without_an_element_is_incomplete(city: City, element: str) -> None:
    table = demo_table("enforcement_profile", "yjj")
    desk = desk_of(city, "yjj")
    register = desk.register("enforcement_profile", table.heading, without(table, element))
    batch = Batch.objects.get()
    assert batch.counts["faulty"] == 3 and batch.counts["added"] == 0
    told = json.loads(batch.entries.order_by("row")[0].faults)
    assert [(one["row"], one["title"], one["code"]) for one in told] == [(2, element, "missing")]
    assert "六项缺一不可" in told[0]["message"]
    with pytest.raises(Refused) as refused:
        desk.act(register, "hand_in", roles.DRAFTER)
    assert codes(refused) == ["batch_faulty"] and not Edition.objects.exists()
    desk.change(register, upload=Upload("六项.csv", csv_table(table.heading, table.rows)))
    desk.publish_register(register)
    assert json.loads(Edition.objects.get().payload)["count"] == len(table.rows)


@pytest.mark.scenario("S05.5")
def test_a_field_that_no_unit_publishes_is_reported(city: City) -> None:
    government = Unit.objects.get(pk="szf")
    for table in demo.tables("enforcement"):
        if table.kind == "supervision_information":
            publish(city, table, 20)
    found = matrix("supervision_information", government, DAY)
    assert len(found.values) == 10
    assert [found.values[code] for code in found.gaps] == ["国有企业"]
    assert [found.units[unit] for unit in found.silent] == ["通辽市国有资产监督管理委员会"]
    assert found.counts["04", "scjg"] == 3 and ("04", "jtj") not in found.counts
    # Fifteen units of 2017, merged into thirteen since: 工商, 质监 and 食药 are one.
    assert len(found.units) == 13 and {"scjg", "nmj", "lcj"} <= set(found.units)
    desk = desk_of(city, "gzw")
    cells = (
        "国有企业",
        "企业国有资产监管情况",
        "资产总额、保值增值、负责人薪酬",
        "市属国有企业",
        "企业国有资产法",
        "每年",
    )
    row = (*cells, "考核科", "https://www.tongliao.example/gzw/", "2026-02-10", 6)
    desk.publish_register(
        desk.register("supervision_information", demo_table("supervision_information").heading, [row])
    )
    found = matrix("supervision_information", government, DAY)
    assert found.gaps == [] and found.silent == []


@pytest.mark.scenario("S05.7")
def test_each_platform_shows_progress_owner_and_the_data_it_receives(city: City) -> None:
    government = Unit.objects.get(pk="szf")
    for table in demo.tables("platforms"):
        _desk, register = publish(city, table, 20)
        edition = Edition.objects.get(publication__title=register.title)
        columns = {one["name"]: one for one in json.loads(edition.payload)["columns"]}
        content = bytes(EditionFile.objects.get(edition=edition, name="data.csv").file.content).decode("utf-8-sig")
        rows = list(csv.DictReader(content.splitlines()))
        assert len(rows) == len(table.rows)
        for row in rows:
            assert 0 <= int(row["progress"]) <= 100 and row["progress_note"] and row["data_kinds"]
            assert columns["owner"]["code_list"][row["owner"]].startswith("通辽市")
        assert len({row["platform"] for row in rows}) == 1
        held = entries_at(Register.objects.get(pk=register.pk))
        assert {values_of(entry.values)["owner"] for entry in held} == {table.unit}
    found = matrix("platform_work", government, DAY)
    assert dict(found.values) == {"social_credit": "社会信用信息平台", "enterprise": "企业信用信息公示系统"}
    assert found.gaps == [] and found.counts == {("social_credit", "fgw"): 8, ("enterprise", "scjg"): 7}


@pytest.mark.scenario("S05.7")
@pytest.mark.parametrize("title", ["进度（%）", "牵头单位", "接收的数据"])
def test_a_platform_without_progress_owner_or_data_is_refused(city: City, title: str) -> None:
    table = demo_table("platform_work", "fgw")
    desk = desk_of(city, "fgw")
    register = desk.register("platform_work", table.heading, without(table, title))
    with pytest.raises(Refused) as refused:
        desk.act(register, "hand_in", roles.DRAFTER)
    assert codes(refused) == ["batch_faulty"]
