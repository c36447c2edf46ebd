"""Articles 4 and 5: aid to people in need with persons masked, poverty funds that add up with what is not allocated."""

import csv
import json
from decimal import Decimal
from typing import Any

import pytest
from tests.factories import City, Desk, make_desk, table

from mingtang.cli.demo import registers as demo
from mingtang.cli.demo.registers import DemoTable
from mingtang.editions.models import Edition, EditionFile, Publication
from mingtang.records.errors import Refused
from mingtang.records.models import Record
from mingtang.registers.services import Upload
from mingtang.units import roles
from mingtang.units.models import Unit

pytestmark = pytest.mark.django_db


def demo_table(kind: str) -> DemoTable:
    return next(one for one in demo.tables("aid") if one.kind == kind)


def desk_of(city: City, held: DemoTable) -> Desk:
    return make_desk(city, Unit.objects.get(pk=held.unit).short_name)


def line(held: DemoTable, place: int = 0, **cells: Any) -> tuple[Any, ...]:
    """A row of the demonstration's table with some cells (by title) written differently."""
    return tuple(cells.get(title, cell) for title, cell in zip(held.heading, held.rows[place], strict=True))


def cell(held: DemoTable, row: tuple[Any, ...], title: str) -> str:
    return str(row[held.heading.index(title)])


def public_rows(record: Record) -> list[dict[str, str]]:
    publication = Publication.objects.get(kind="register", title=record.title)
    edition = Edition.objects.get(publication=publication, state="live")
    content = bytes(EditionFile.objects.get(edition=edition, name="data.csv").file.content)
    return list(csv.DictReader(content.decode("utf-8-sig").splitlines()))


def everything_public() -> str:
    files = b"".join(bytes(one.file.content) for one in EditionFile.objects.all())
    return files.decode() + "".join(Edition.objects.values_list("payload", flat=True))


@pytest.mark.scenario("S04.10")
def test_persons_of_all_six_programmes_are_masked_in_everything_public(city: City) -> None:
    held = demo_table("aid_records")
    desk = desk_of(city, held)
    chosen = [next(row for row in held.rows if row[1] == name) for name in dict.fromkeys(row[1] for row in held.rows)]
    record = desk.publish_register(desk.register(held.kind, held.heading, chosen))
    rows, public = public_rows(record), everything_public()
    assert len({row["programme"] for row in rows}) == 6
    for row, told in zip(chosen, rows, strict=True):
        for title in ("救助对象", "身份证号码", "住址", "银行卡号", "联系电话"):
            assert cell(held, row, title) not in public
        assert told["resident_number"][6:14] == "*" * 8 and told["address"].endswith("***")
        assert told["bank_card"].startswith("*" * 15) and told["phone"][3:7] == "****"
        assert told["recipient"] == "演***" and Decimal(told["amount"]) == Decimal(cell(held, row, "救助金额"))
    # Who changes is told as masked as who is there.
    card = "6217009999999999999"
    changed = line(held, 0, 银行卡号=card, 联系电话="13800009999")
    desk.change(record, upload=Upload("改.csv", table(held.heading, [changed, *chosen[1:]])), note="换卡")
    desk.publish_register(record)
    changes = bytes(
        EditionFile.objects.filter(name="changes.csv").order_by("-edition__number")[0].file.content
    ).decode()
    assert "bank_card" in changes and card not in everything_public() and "13800009999" not in everything_public()


@pytest.mark.scenario("S04.10")
@pytest.mark.parametrize(
    ("title", "words"),
    [("救助理由", "重病住院，身份证号{}"), ("嘎查村（社区）", "演示嘎查{}")],
)
def test_an_identity_number_in_any_public_column_blocks_publication(city: City, title: str, words: str) -> None:
    held = demo_table("aid_records")
    desk = desk_of(city, held)
    number = cell(held, held.rows[0], "身份证号码")
    register = desk.register(held.kind, held.heading, [line(held, 0, **{title: words.format(number)}), held.rows[1]])
    with pytest.raises(Refused) as refused:
        desk.publish_register(register)
    (fault,) = refused.value.faults
    assert fault.code == "file_personal_data" and title in fault.message and number not in fault.message
    assert not Publication.objects.exists()
    desk.act(register, "reopen", roles.DRAFTER)
    desk.change(register, upload=Upload("改.csv", table(held.heading, held.rows[:2])))
    assert desk.publish_register(register).state == "published"
    assert number not in everything_public()


def open_funds(desk: Desk, allocated: str, unallocated: str) -> tuple[Record, Record]:
    """A fund of 100 (万元), of which the table of funds says so much is allocated, with uses that total 90."""
    funds, uses = demo_table("poverty_funds"), demo_table("poverty_fund_uses")
    fund = line(funds, 0, 资金总额="100.00", 已安排=allocated, 未安排=unallocated)
    code = cell(funds, fund, "资金编号")
    household = "150525200201009876"
    spent = [
        line(uses, 0, 资金编号=code, 使用金额="60.00", 户编号=household, 户主姓名="演示甲乙"),
        line(uses, 1, 资金编号=code, 使用金额="30.00", 户编号="", 户主姓名=""),
    ]
    first = desk.register(funds.kind, funds.heading, [fund])
    return first, desk.register(uses.kind, uses.heading, spent)


@pytest.mark.scenario("S05.6")
def test_of_a_fund_of_100_with_uses_of_90_an_unallocated_10_is_shown(city: City) -> None:
    desk = desk_of(city, demo_table("poverty_funds"))
    funds, uses = open_funds(desk, "90.00", "10.00")
    desk.publish_register(funds)
    desk.publish_register(uses)
    (fund,) = public_rows(funds)
    assert (fund["amount"], fund["allocated"], fund["unallocated"]) == ("100", "90", "10")
    columns = {
        one["name"]: one for one in json.loads(Edition.objects.get(publication__title=funds.title).payload)["columns"]
    }
    assert columns["unallocated"]["title"] == "未安排" and columns["unallocated"]["shown"]
    spent = public_rows(uses)
    assert [row["household"] for row in spent] == ["150525********9876", ""]
    assert spent[0]["householder"] == "演***"
    assert "150525200201009876" not in everything_public() and "演示甲乙" not in everything_public()


@pytest.mark.scenario("S05.6")
def test_a_fund_that_hides_what_is_not_allocated_is_refused(city: City) -> None:
    desk = desk_of(city, demo_table("poverty_funds"))
    funds, uses = open_funds(desk, "100.00", "0.00")
    for register in (funds, uses):
        with pytest.raises(Refused) as refused:
            desk.act(register, "hand_in", roles.DRAFTER)
        (fault,) = refused.value.faults
        assert fault.code == "tables_disagree" and "90" in fault.message and "100" in fault.message
    assert not Publication.objects.exists()
