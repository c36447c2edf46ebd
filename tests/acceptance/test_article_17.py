"""Article 17: catalogues with subject, content, limit and method; every final entry is a duty of its unit."""

from datetime import date
from typing import Any

import pytest
from tests.factories import City, Desk, at, table

from mingtang.cli.demo.registers import openness as demo
from mingtang.disclosure.listed import CATALOGUE, entries_for
from mingtang.duties.models import Duty
from mingtang.duties.selectors import rule_of, state_of
from mingtang.duties.services import open_periodic
from mingtang.editions.models import Edition
from mingtang.records.errors import Refused
from mingtang.records.models import Record
from mingtang.registers.entries import entries_at, values_of
from mingtang.registers.models import DutyTemplate, Register
from mingtang.registers.services import EntryEdit, Upload
from mingtang.units import roles
from mingtang.units.models import Unit
from mingtang.units.selectors import units_in_group

pytestmark = pytest.mark.django_db
HEADING = demo.CATALOGUE_HEADING


def row(code: str, item: str, limit: str, effective: str = "", **changes: str) -> tuple[str, ...]:
    said = dict(
        zip(
            HEADING,
            (
                *(code, "预算管理", item, "结果公开", "演示单位", "预算安排和执行的数字", limit, "主动公开"),
                *("政府门户网站", "全社会", "《中华人民共和国政府信息公开条例》第二十条", "预算科", effective),
            ),
            strict=True,
        )
    )
    return tuple((said | changes).values())


ROWS = [
    row("YS-001", "项目批复结果", "形成之日起20个工作日内"),
    row("YS-002", "预算执行情况", "每季度首月15日前"),
    row("YS-003", "部门预算", "每年3月31日前"),
    row("YS-004", "办事咨询", "及时"),
]


def catalogue(desk: Desk, rows: list[tuple[str, ...]] = ROWS) -> Record:
    return desk.publish_register(desk.register("disclosure_catalogue", HEADING, rows))


def name_of(unit: Unit, code: str) -> str:
    return next(name for name, words in entries_for(CATALOGUE, unit) if words.startswith(code))


def template(code: str, number: int = -1) -> DutyTemplate:
    item = {one[0]: one[2] for one in ROWS}[code]
    return list(DutyTemplate.objects.filter(title=item).order_by("number"))[number]


@pytest.mark.scenario("S17.1")
@pytest.mark.parametrize("title", ["公开主体", "公开内容", "公开时限", "公开方式"])
def test_an_entry_without_one_of_the_four_is_no_final_entry(desk: Desk, title: str) -> None:
    register = desk.register("disclosure_catalogue", HEADING, [*ROWS, row("YS-009", "缺项", "及时", **{title: ""})])
    with pytest.raises(Refused) as refused:
        desk.act(register, "hand_in", roles.DRAFTER)
    assert [fault.code for fault in refused.value.faults] == ["batch_faulty"]
    with pytest.raises(Refused) as refused:
        values = {"code": "YS-010", "item": "又一项", "disclosure_class": "结果公开"}
        desk.change(register, entry=EntryEdit(values))
    assert any(title in fault.message and "四项缺一不可" in fault.message for fault in refused.value.faults)
    assert not DutyTemplate.objects.exists() and not Edition.objects.exists()


@pytest.mark.scenario("S17.2")
def test_the_eighteenth_is_overdue_from_the_new_year(city: City) -> None:
    city.now = at("2017-11-20 09:00")
    open_periodic(city.now)
    owing = units_in_group("catalogue_units", date(2017, 11, 20))
    assert len(owing) == 18
    assert set(Duty.objects.filter(code="D17.2").values_list("unit", flat=True)) == {unit.pk for unit in owing}
    office = city.unit("市政府办公厅")
    for unit in owing[:17]:
        catalogue(Desk(city, unit, office, at("2017-12-20 09:00")), ROWS[:1])
    left = Duty.objects.get(code="D17.2", closed_at=None)
    assert left.unit == owing[17]
    assert state_of(left, at("2017-12-31 23:59")) != "overdue"
    assert state_of(left, at("2018-01-01 00:00")) == "overdue"
    assert not Duty.objects.filter(code="D17.3", unit__in=owing[:17], closed_at=None).exists()


@pytest.mark.scenario("S17.3")
def test_a_revised_catalogue_keeps_its_old_version_and_sets_new_duties_from_its_day_on(desk: Desk) -> None:
    register = catalogue(desk)
    early, _ = desk.signed(catalogue_entry=name_of(desk.unit, "YS-001"))
    old = template("YS-001")
    duty = Duty.objects.get(record=early, code=f"C{old.number}")
    assert duty.due_at is not None and duty.due_at.date() == date(2026, 3, 30)
    revised = [row("YS-001", "项目批复结果", "形成之日起5个工作日内", "2026-03-16"), *ROWS[1:]]
    desk.change(register, upload=Upload("新.csv", table(HEADING, revised)), note="缩短时限")
    desk.publish_register(register)
    detail = Register.objects.get(pk=register.pk)
    limits = [values_of(entries_at(detail, number)[0].values)["time_limit"] for number in (1, 2)]
    assert limits == ["形成之日起20个工作日内", "形成之日起5个工作日内"]
    assert Edition.objects.filter(publication__title=register.title).count() == 2
    old.refresh_from_db()
    new = template("YS-001")
    assert (old.until, new.since) == (date(2026, 3, 16), date(2026, 3, 16)) and new.number != old.number
    duty.refresh_from_db()
    assert duty.code == f"C{old.number}" and duty.due_at.date() == date(2026, 3, 30) and duty.closed_at is None
    between, _ = desk.signed(catalogue_entry=name_of(desk.unit, "YS-001"), title="生效以前的批复")
    assert Duty.objects.get(record=between, code__startswith="C").code == duty.code
    desk.now = at("2026-03-17 09:00")
    later, _ = desk.signed(catalogue_entry=name_of(desk.unit, "YS-001"), title="生效以后的批复")
    held = Duty.objects.get(record=later, code__startswith="C")
    assert held.code == f"C{new.number}" and held.due_at is not None and held.due_at.date() == date(2026, 3, 24)
    assert DutyTemplate.objects.filter(until=None).count() == 4


def test_a_paper_closes_the_clock_of_its_entry_when_it_can_be_read(desk: Desk) -> None:
    catalogue(desk)
    paper, _ = desk.published(catalogue_entry=name_of(desk.unit, "YS-001"))
    duty = Duty.objects.get(record=paper, code__startswith="C")
    assert (
        duty.closed_at is not None and rule_of(duty.code).title == "项目批复结果" and rule_of(duty.code).article == 17
    )


def test_a_recurring_entry_owes_each_period_and_a_publication_keeps_it(desk: Desk) -> None:
    catalogue(desk)
    made = [duty for duty in open_periodic(at("2026-03-03 08:00")) if duty.code.startswith("C")]
    # The day of the first quarter had passed before the catalogue was there.
    assert [(duty.code, duty.period) for duty in made] == [(f"C{template('YS-003').number}", "2026")]
    assert made[0].due_at is not None and made[0].due_at.date() == date(2026, 3, 31)
    (quarter,) = [duty for duty in open_periodic(at("2026-04-01 08:00")) if duty.code.startswith("C")]
    assert quarter.period == "2026Q2" and quarter.due_at is not None and quarter.due_at.date() == date(2026, 4, 15)
    desk.now = at("2026-04-02 09:00")
    desk.published(catalogue_entry=name_of(desk.unit, "YS-002"), title="二季度预算执行情况")
    quarter.refresh_from_db()
    assert quarter.closed_at is not None
    assert not [duty for duty in open_periodic(at("2026-04-20 08:00")) if duty.code.startswith("C")]


def test_what_leaves_the_catalogue_sets_no_more_duties(desk: Desk) -> None:
    register = catalogue(desk)
    gone = name_of(desk.unit, "YS-003")
    desk.change(register, upload=Upload("新.csv", table(HEADING, ROWS[:2])))
    desk.publish_register(register)
    made: list[Any] = [duty for duty in open_periodic(at("2026-03-04 08:00")) if duty.code.startswith("C")]
    assert made == [] and gone not in dict(entries_for(CATALOGUE, desk.unit))
