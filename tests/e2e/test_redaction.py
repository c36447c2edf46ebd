"""A drafter cuts personal data out of an attached PDF with the mouse and by one click; a reviewer sees what was cut."""

import re
from pathlib import Path

import pytest
from tests.e2e.conftest import Walk
from tests.e2e.test_tasks import write_paper
from tests.text.redaction.planted import IDENTITY, drawn

pytestmark = pytest.mark.browser


def write_list(path: Path) -> Path:
    path.write_bytes(
        drawn(
            lambda paper, index: paper.drawString(72, 640, f"Applicant {index + 1}: {IDENTITY}, tel 13800138000"),
            pages=2,
        )
    )
    return path


def draft_with_list(walk: Walk, folder: Path) -> None:
    walk.sign_in("jyj-nicao")
    walk.follow("新建公文")
    walk.page.get_by_label(re.compile("^选择 .docx")).set_input_files(write_paper(folder / "通知.docx"))
    walk.press("读入文件")
    walk.page.get_by_label("选择附件").set_input_files(write_list(folder / "资助名单.pdf"))
    walk.tick("主动公开")
    walk.tick("服务公开")
    walk.press("只保存")


def test_personal_data_is_cut_from_a_file_and_the_reviewer_sees_why(walk: Walk, tmp_path: Path) -> None:
    draft_with_list(walk, tmp_path)
    walk.sees("资助名单.pdf", "居民身份证号码")
    walk.steps = 0
    walk.follow(walk.page.locator("#files a.button", has_text="删减"))
    walk.sees("发现2项个人信息", "110105********002X")
    walk.shot("found")
    walk.press("标出全部发现（2项）")
    sheet = walk.page.locator("svg.sheet-view")
    frame = sheet.bounding_box()
    assert frame is not None
    walk.page.mouse.move(frame["x"] + frame["width"] * 0.1, frame["y"] + frame["height"] * 0.06)
    walk.page.mouse.down()
    walk.page.mouse.move(frame["x"] + frame["width"] * 0.4, frame["y"] + frame["height"] * 0.11, steps=4)
    walk.page.mouse.up()
    assert float(walk.page.get_by_label("左", exact=True).input_value()) == pytest.approx(59.5, abs=3)
    assert walk.page.evaluate("document.activeElement.id") == "id_reason"
    walk.shot("drawn")
    walk.press("标出这一处")
    walk.sees("已标出2条", "检查发现的全部个人信息", "第1页方框")
    walk.press("撤销上一条")
    walk.sees("已标出1条")
    walk.shot("marked")
    walk.press("生成删减后的文件")
    walk.sees("复查没有残留", "删减后公开", "删减前的原件，不公开")
    walk.shot("made")
    walk.finish(6)
    address = walk.page.url.removeprefix(walk.site.address)
    walk.sign_in("jyj-baomi")
    walk.open(address)
    walk.follow("看删减记录")
    walk.sees("删减后公开", "没有残留", "删减前", "删减后", "涉及个人信息，公开会侵害本人隐私")
    walk.shot("record")
    walk.finish()


def test_a_cut_is_typed_on_a_phone_without_drawing(phone: Walk, tmp_path: Path) -> None:
    draft_with_list(phone, tmp_path)
    phone.follow(phone.page.locator("#files a.button", has_text="删减"))
    for name, number in (("左", "60"), ("上", "190"), ("右", "20"), ("下", "210")):
        phone.page.get_by_label(name, exact=True).fill(number)
    phone.press("标出这一处")
    phone.sees("“右”须大于“左”")
    phone.page.get_by_label("右", exact=True).fill("400")
    phone.press("标出这一处")
    phone.sees("已标出1条", "第1页方框")
    phone.shot("typed")
    width = phone.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360, f"{width} px wide on a phone of 360"
    # A refused form is answered with 422, which the browser calls a failure.
    phone.problems = [one for one in phone.problems if "422" not in one]
    phone.finish()
