"""What people come to do with budgets, within the steps they are allowed."""

import csv
from pathlib import Path

import pytest
from tests.e2e.conftest import Walk

pytestmark = pytest.mark.browser


@pytest.mark.task("C7")
def test_a_department_s_budget_against_last_year_and_the_table(walk: Walk, phone: Walk) -> None:
    for person in (walk, phone):
        person.open("/")
        person.follow("预算和决算")
        person.comes("各部门", "通辽市教育局")
        person.shot("units")
        person.follow("通辽市教育局")
        person.sees("通辽市教育局2026年预算", "比上年", "每一项，和上年比", "公务接待费", "高中教育")
        person.shot("budget")
        with person.page.expect_download() as waiting:
            person.page.get_by_role("link", name="下载支出表").click()
        person.steps += 1
        rows = list(csv.DictReader(Path(waiting.value.path()).read_text(encoding="utf-8-sig").splitlines()))
        assert {row["year"] for row in rows} >= {"2025", "2026"} and all(len(row["code"]) == 7 for row in rows)
        person.finish(3)
