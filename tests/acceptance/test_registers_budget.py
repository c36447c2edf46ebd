"""Article 4: budgets and final accounts go public to the item, with economic classes, reconciled and complete."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.bake.conftest import bake_at
from tests.factories import Desk, table

from mingtang.cli.demo.registers import budget as demo
from mingtang.editions.models import Edition, EditionFile, Publication
from mingtang.records.errors import Refused
from mingtang.records.models import Record
from mingtang.registers.models import PART, Batch
from mingtang.registers.services import Upload
from mingtang.units import roles

pytestmark = pytest.mark.django_db
ORDER = ("budget_revenue", "budget_economic", "three_public", "budget_functional")
HEADINGS = {
    "budget_revenue": demo.REVENUE_HEADING,
    "budget_economic": demo.ECONOMIC_HEADING,
    "three_public": demo.THREE_PUBLIC_HEADING,
    "budget_functional": demo.FUNCTIONAL_HEADING,
}


def rows(kind: str, unit: str = "czj", *years: tuple[int, str]) -> list[tuple[Any, ...]]:
    wanted = years or ((2026, "预算"),)
    held = next(one for one in demo.tables() if (one.kind, one.unit) == (kind, unit))
    return [row for row in held.rows if row[:2] in wanted]


def hand_in(desk: Desk, kind: str, lines: list[tuple[Any, ...]]) -> Record:
    register = desk.register(kind, HEADINGS[kind], lines)
    desk.act(register, "hand_in", roles.DRAFTER)
    return register


def refusal(refused: pytest.ExceptionInfo[Refused]) -> list[tuple[str, str]]:
    return [(fault.code, fault.message) for fault in refused.value.faults]


def at_government(desk: Desk) -> Desk:
    desk.unit = desk.city.unit("市政府")
    return desk


def publish_all(desk: Desk, unit: str = "czj", *years: tuple[int, str]) -> list[Record]:
    made = []
    for kind in ORDER:
        register = desk.register(kind, HEADINGS[kind], rows(kind, unit, *years))
        made.append(desk.publish_register(register))
    return made


@pytest.mark.scenario("S04.4")
@pytest.mark.parametrize("code", ["205", "20502"])
def test_a_line_at_class_or_section_depth_is_refused(desk: Desk, code: str) -> None:
    hand_in(desk, "budget_revenue", rows("budget_revenue"))
    lines = [*rows("budget_functional"), (2026, "预算", code, "", "5", "5", "0", "", "")]
    with pytest.raises(Refused) as refused:
        hand_in(desk, "budget_functional", lines)
    assert "batch_faulty" in dict(refusal(refused))
    (entry,) = Batch.objects.get(register__register_kind="budget_functional").entries.filter(change="faulty")
    (fault,) = json.loads(entry.faults)
    assert (fault["row"], fault["field"], fault["code"]) == (len(lines) + 1, "code", "code_shallow")
    assert "不够细，要填到7位代码" in fault["message"]
    assert not Publication.objects.exists()


@pytest.mark.scenario("S04.4")
def test_a_government_without_economic_classes_is_refused(desk: Desk) -> None:
    at_government(desk)
    hand_in(desk, "budget_revenue", rows("budget_revenue", "szf"))
    functional = desk.register("budget_functional", HEADINGS["budget_functional"], rows("budget_functional", "szf"))
    with pytest.raises(Refused) as refused:
        desk.act(functional, "hand_in", roles.DRAFTER)
    ((code, message),) = refusal(refused)
    assert code == "tables_disagree" and "还没有2026年预算的《一般公共预算基本支出表》" in message
    hand_in(desk, "budget_economic", rows("budget_economic", "szf"))
    assert desk.publish_register(functional).state == "published"


@pytest.mark.scenario("S04.4")
def test_a_secret_line_is_left_out_and_the_total_still_reconciles(desk: Desk) -> None:
    *_, functional = publish_all(desk, "gaj", (2025, "预算"), (2026, "预算"))
    edition = Edition.objects.get(publication__title=functional.title)
    content = b"".join(bytes(one.file.content) for one in EditionFile.objects.filter(edition=edition))
    public = content.decode() + edition.payload
    assert not any(word in public for word in ("2040221", "2040222", "特别业务", "保守国家秘密"))
    listed = content.decode("utf-8-sig").split("\r\n")
    folded = [line for line in listed if "按规定不公开" in line]
    assert [line.split(",")[:4] for line in folded] == [
        ["2025", "预算", "9999999", "按规定不公开"],
        ["2026", "预算", "9999999", "按规定不公开"],
    ]
    total = sum(Decimal(line.split(",")[4]) for line in listed if line.startswith("2026,预算,"))
    assert total == sum(Decimal(str(row[4])) for row in rows("budget_functional", "gaj"))
    # A secret line that changes shows in the line it is folded into, and nowhere else.
    changed = [
        (*row[:4], "1000.00", "0.00", "1000.00", *row[7:]) if row[2] == "2040221" else row
        for row in rows("budget_functional", "gaj")
    ]
    difference = Decimal("1000") - next(
        Decimal(str(row[4])) for row in rows("budget_functional", "gaj") if row[2] == "2040221"
    )
    revised = [
        (*row[:4], str(Decimal(row[4]) + difference), str(Decimal(row[5]) + difference))
        if row[3] in ("公共安全支出", "支出总计", "收入总计", "一般公共预算拨款收入")
        else row
        for row in rows("budget_revenue", "gaj")
    ]
    records = {one.register.register_kind: one for one in Record.objects.filter(kind="register")}
    for kind, lines in (("budget_revenue", revised), ("budget_functional", changed)):
        upload = Upload("改.csv", table(HEADINGS[kind], lines), extent=PART)
        desk.change(records[kind], upload=upload, note="预算调整")
        if kind == "budget_revenue":
            # The other table still says what it said before.
            with pytest.raises(Refused) as refused:
                desk.act(records[kind], "hand_in", roles.DRAFTER)
            assert "一般公共预算支出表" in refusal(refused)[0][1]
    desk.publish_register(records["budget_revenue"])
    desk.publish_register(records["budget_functional"])
    edition = Edition.objects.get(publication__title=functional.title, number=2)
    changes = bytes(EditionFile.objects.get(edition=edition, name="changes.csv").file.content).decode()
    assert "9999999" in changes and "2040221" not in changes and "特别业务" not in changes


@pytest.mark.scenario("S04.5")
def test_a_department_without_economic_classes_is_refused_where_they_are_demanded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(desk, "budget_revenue", rows("budget_revenue"))
    functional = desk.register("budget_functional", HEADINGS["budget_functional"], rows("budget_functional"))
    with pytest.raises(Refused) as refused:
        desk.act(functional, "hand_in", roles.DRAFTER)
    assert "《一般公共预算基本支出表》" in refusal(refused)[0][1]
    # Another rule set, that leaves it open.
    from mingtang.records.rulebook import rulebook
    from mingtang.registers import facts
    from mingtang.rules import load_rulebook

    other = load_rulebook(tuple(rulebook().packs), settings={"economic_classes_of_departments": False})
    monkeypatch.setattr(facts, "rulebook", lambda: other)
    assert desk.publish_register(functional).state == "published"


@pytest.mark.scenario("S04.6")
def test_three_public_with_a_head_missing_is_rejected_and_with_zero_accepted(desk: Desk) -> None:
    (row,) = rows("three_public", "czj")
    empty = tuple("" if place == 3 else cell for place, cell in enumerate(row))
    register = desk.register("three_public", HEADINGS["three_public"], [empty])
    with pytest.raises(Refused) as refused:
        desk.act(register, "hand_in", roles.DRAFTER)
    assert "batch_faulty" in dict(refusal(refused))
    (entry,) = Batch.objects.get().entries.filter(change="faulty")
    (fault,) = json.loads(entry.faults)
    assert fault["field"] == "abroad" and "每一项都要写，没有支出的写0" in fault["message"]
    assert row[3] == "0.00"
    desk.change(register, upload=Upload("三公.csv", table(HEADINGS["three_public"], [row])))
    assert desk.publish_register(register).state == "published"


def test_totals_that_differ_by_a_cent_are_refused_with_both_numbers(desk: Desk) -> None:
    hand_in(desk, "budget_revenue", rows("budget_revenue"))
    hand_in(desk, "budget_economic", rows("budget_economic"))
    lines = rows("budget_functional")
    off = (
        *lines[0][:4],
        str(Decimal(lines[0][4]) + Decimal("0.01")),
        lines[0][5],
        str(Decimal(lines[0][6]) + Decimal("0.01")),
    )
    with pytest.raises(Refused) as refused:
        hand_in(desk, "budget_functional", [(*off, "", ""), *lines[1:]])
    ((code, message),) = refusal(refused)
    assert code == "tables_disagree" and "差0.01" in message and "《收支总表》" in message


def test_the_pages_show_a_year_beside_the_year_before(desk: Desk, client: Any) -> None:
    publish_all(desk, "czj", (2024, "预算"), (2024, "决算"), (2025, "预算"), (2025, "决算"), (2026, "预算"))
    unit = desk.unit
    index = client.get("/budgets/").content.decode()
    assert "2026年，钱花在哪里" in index and f"/budgets/{unit.pk}/2026/" in index and "谁还没有公开" in index
    page = client.get(f"/budgets/{unit.pk}/2026/").content.decode()
    figures = demo.figures()["czj"]
    for year in (2026, 2025):
        total = sum(figures[year, "预算"].total(code) for code in figures[year, "预算"].codes)
        assert f"{total // 100:,}.{total % 100:02d}" in page
    assert "因公出国（境）费" in page and "2026年的决算还没有公开" in page and "2025年决算" in page
    assert page.count('<svg class="chart') == 3 and "style=" not in page and "<title id=" in page
    spent = client.get(f"/budgets/{unit.pk}/2025/").content.decode()
    assert "花的和批的比" in spent
    assert client.get(f"/budgets/{unit.pk}/2019/").status_code == 404
    assert client.get("/budgets/nobody/2026/").status_code == 404


def test_a_unit_that_is_behind_is_named_with_its_newest_year(desk: Desk, client: Any) -> None:
    publish_all(desk, "czj", (2025, "预算"))
    behind = desk.unit
    desk.unit = desk.city.unit("教育局")
    publish_all(desk, "jyj")
    index = client.get("/budgets/").content.decode()
    assert f'{behind.name}</a>，<a href="/budgets/{behind.pk}/2025/">最近的是2025年</a>' in index
    assert "1个部门公开了2026年预算" in index


def test_pages_and_tables_are_files_of_the_tree(desk: Desk, settings: Any, tmp_path: Path) -> None:
    settings.PUBLIC_ROOT, settings.LOG_KEY = tmp_path / "public", tmp_path / "secrets" / "log_key"
    *_, functional = publish_all(desk)
    bake_at(desk.now)
    page = (settings.PUBLIC_ROOT / "budgets" / desk.unit.pk / "2026" / "index.html").read_text()
    assert f"{functional.title.removesuffix('一般公共预算支出表')}2026年预算" in page
    path = Publication.objects.get(title=functional.title).path
    assert f'href="/{path}/files/data.csv">下载支出表</a>' in page
    assert "2010601" in (settings.PUBLIC_ROOT / path / "files" / "data.csv").read_text()
    assert "budgets/" in (settings.PUBLIC_ROOT / "guide" / "index.html").read_text()
