"""Papers of an old site taken over: the command, the page that shows how far it is, and three people at the desk."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from openpyxl import load_workbook
from tests.documents.old_site import FORMS, paper_lines, save_sheet, sheet_row
from tests.e2e.conftest import ROOT, Walk
from tests.text.pdf_making import scanned

pytestmark = pytest.mark.browser
UNIT = "通辽市教育局"
PAPERS = 8


def old_site(folder: Path) -> tuple[Path, Path]:
    """Eight good papers, one with an id number, one that is a scan."""
    papers = folder / "旧网站文件"
    papers.mkdir()
    rows = []
    for number in range(PAPERS + 1):
        form = list(FORMS)[number % 4]
        name = f"wj{number:03}.{form}"
        extra = "联系人身份证号11010519491231002X。" if number == PAPERS else ""
        (papers / name).write_bytes(FORMS[form](paper_lines(number, unit=UNIT, extra=extra)))
        rows.append(sheet_row(number, name))
    (papers / "扫描件.pdf").write_bytes(scanned(2))
    rows.append(sheet_row(99, "扫描件.pdf", 标题="关于某事的通知"))
    return papers, save_sheet(folder / "对照表.xlsx", rows)


def migrate(walk: Walk, papers: Path, sheet: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MINGTANG_", "DJANGO_"))}
    environment |= {"MINGTANG_HOME": str(walk.site.home), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "mingtang.cli.main", "documents", "migrate", str(papers), "--map", str(sheet)]
    command += ["--as", "jyj-nicao", "--unit", "教育局", "--stage", "决策公开", *more]
    return subprocess.run(command, env=environment, cwd=ROOT, text=True, capture_output=True, check=False)


def test_an_old_site_moves_in(walk: Walk, phone: Walk, tmp_path: Path) -> None:
    papers, sheet = old_site(tmp_path)
    tried = migrate(walk, papers, sheet, "--dry-run", "--report", str(tmp_path / "report.xlsx"))
    assert (tried.returncode, "什么也没有写入" in tried.stdout) == (1, True), tried.stderr
    told = [row[1] for row in load_workbook(tmp_path / "report.xlsx").active.iter_rows(min_row=2, values_only=True)]
    assert {"wj008.txt", "扫描件.pdf"} == set(told)
    done = migrate(walk, papers, sheet)
    assert "已迁入待审查：8份。" in done.stdout, done.stderr

    walk.sign_in("jyj-baomi")
    walk.sees("另有8份旧网站的文件等您成批办理")
    walk.shot("home")
    walk.follow("去旧文迁入")
    walk.shot("runs")
    walk.follow("旧网站文件")
    walk.sees("共10行", "已处理10行", "有8份等您办理", "问题清单", "居民身份证号码")
    walk.shot("run")
    phone.sign_in("jyj-baomi")
    phone.open(urlsplit(walk.page.url).path)
    phone.shot("run")
    walk.follow("成批办理")
    walk.press("保密审查：8份通过")
    walk.sees("抽到的每一份都要作出判断")
    walk.shot("batch")
    phone.open(urlsplit(walk.page.url).path)
    phone.shot("batch")
    for choice in walk.page.get_by_label("看过，可以").all():
        choice.check()
    walk.press("保密审查：8份通过")
    walk.sees("8份已办妥")

    walk.sign_in("jyj-fuzeren")
    walk.follow("公文")
    walk.follow("旧文迁入")
    walk.follow("旧网站文件")
    walk.follow("成批办理")
    for choice in walk.page.get_by_label("看过，可以").all():
        choice.check()
    walk.press("负责人审定：8份通过")
    walk.sees("8份已办妥")

    walk.sign_in("jyj-gongkai")
    walk.follow("公文")
    walk.follow("旧文迁入")
    walk.follow("旧网站文件")
    walk.follow("成批办理")
    walk.shot("publish")
    walk.press("公开：8份")
    walk.sees("8份已办妥")
    walk.shot("published")

    walk.page.wait_for_timeout(1500)
    walk.open("/art/3.html")
    walk.comes(paper_lines(3, unit=UNIT)[0], "原网站发布日期", "2010年1月8日")
    assert "/pub/" in walk.page.url
    walk.shot("public")
    walk.problems = [one for one in walk.problems if "422" not in one and "404" not in one]
    walk.finish()
    phone.finish()


def test_a_paper_comes_in_from_a_pdf_at_the_desk(walk: Walk, tmp_path: Path) -> None:
    chosen = "选择 .docx、.pdf、.html 或 .txt 文件"
    walk.sign_in("jyj-nicao")
    walk.follow("新建公文")
    (tmp_path / "scan.pdf").write_bytes(scanned(1))
    walk.page.get_by_label(chosen).set_input_files(tmp_path / "scan.pdf")
    walk.press("读入文件")
    walk.sees("这是扫描件")
    (tmp_path / "paper.pdf").write_bytes(FORMS["pdf"](paper_lines(5, unit=UNIT)))
    walk.page.get_by_label(chosen).set_input_files(tmp_path / "paper.pdf")
    walk.press("读入文件")
    walk.sees("已从文件读入", "3章、12条")
    assert walk.page.get_by_label("标题", exact=True).input_value() == paper_lines(5, unit=UNIT)[0]
    walk.shot("imported")
    walk.problems = [one for one in walk.problems if "422" not in one]
    walk.finish()
