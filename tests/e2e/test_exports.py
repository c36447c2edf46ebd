"""Printing at the desk in a real browser: the paper in both forms, its sheet, a return slip, the registers."""

import io
import re
from pathlib import Path

import pytest
from docx import Document
from tests.e2e.conftest import ARTEFACTS, Walk
from tests.printing.measure import sheets

pytestmark = pytest.mark.browser


def saved(walk: Walk, button: str) -> tuple[str, bytes]:
    """Name and bytes of what a button saves."""
    with walk.page.expect_download() as waiting:
        walk.page.get_by_role("button", name=button).first.click()
    file = waiting.value
    return file.suggested_filename, Path(file.path()).read_bytes()


def fetched(walk: Walk, link: str) -> bytes:
    """What a link leads to, with this person's cookies; a PDF would only be shown."""
    address = walk.page.get_by_role("link", name=link).first.get_attribute("href")
    answer = walk.page.context.request.get(walk.site.address + str(address))
    assert answer.status == 200, answer.text()[:500]
    return answer.body()


def keep(name: str, data: bytes) -> str:
    """The words of a PDF, kept with the pictures."""
    ARTEFACTS.mkdir(exist_ok=True)
    (ARTEFACTS / name).write_bytes(data)
    return "".join(page.text for page in sheets(data))


def test_an_official_takes_a_paper_home_in_both_forms(walk: Walk) -> None:
    title = "关于规范义务教育阶段课后服务的通知"
    walk.sign_in("jyj-nicao")
    walk.open(f"/desk/document/?q={title[:9]}")
    walk.follow(walk.page.get_by_role("link", name=title, exact=True))
    walk.follow("打印和导出")
    walk.sees("GB/T 9704-2012", "发文稿纸", "本机字体")
    walk.shot("print")
    name, pdf = saved(walk, "下载 PDF")
    text = keep("exports-paper.pdf", pdf)
    assert name.endswith(".pdf") and title in text and "通辽市教育局文件" in text and "草稿" not in text
    walk.page.get_by_label("份号").fill("000012")
    walk.page.get_by_label("抄送机关").fill("市审计局")
    name, word = saved(walk, "下载 Word")
    words = "".join(line.text for line in Document(io.BytesIO(word)).paragraphs)
    assert name.endswith(".docx") and "000012" in words and "抄送：市审计局。" in words
    walk.page.get_by_label("标题分行").fill("另一个标题")
    walk.press(re.compile("下载 PDF"))
    walk.sees("这里只能分行")
    assert walk.page.get_by_label("份号").input_value() == "000012"
    walk.shot("wrong")
    # A refused form is answered with 422, which the browser calls a failure.
    walk.problems = [one for one in walk.problems if "422" not in one]
    text = keep("exports-sheet.pdf", fetched(walk, "签发单 PDF"))
    assert "发文稿纸" in text and "签发" in text
    walk.finish()


def test_a_return_slip_is_printed_from_the_record(walk: Walk) -> None:
    walk.sign_in("zjj2-nicao")
    walk.open("/desk/document/?state=returned")
    walk.follow(walk.page.locator("tbody a"))
    walk.sees("退文单")
    text = keep("exports-slip.pdf", fetched(walk, "打印退文单"))
    assert "退文单" in text and "怎样补正" in text and "第10条" in text
    walk.finish()


def test_registers_are_read_and_printed(walk: Walk, phone: Walk) -> None:
    walk.sign_in("zfb-wenshu")
    walk.follow("登记簿")
    walk.follow("收文登记簿")
    walk.sees("来文单位", "办理结果")
    walk.shot("register")
    assert "收文登记簿" in keep("exports-register.pdf", fetched(walk, "打印 PDF"))
    walk.page.emulate_media(media="print")
    assert not walk.page.locator(".desk-head").is_visible()
    assert not walk.page.locator(".filters").is_visible()
    walk.page.screenshot(path=ARTEFACTS / "exports-register-print.png", full_page=True)
    walk.open("/desk/document/")
    walk.follow(walk.page.locator("tbody a"))
    walk.page.screenshot(path=ARTEFACTS / "exports-record-print.png", full_page=True)
    assert not walk.page.locator(".next").is_visible()
    walk.finish()
    phone.sign_in("jyj-nicao")
    phone.open("/desk/registers/sent/")
    phone.shot("register")
    phone.finish()
