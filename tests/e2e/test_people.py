"""A newcomer gets an account, acts as head, signs a waiting paper, takes work over and is signed out."""

import re
from pathlib import Path

import docx
import pytest
from tests.e2e.conftest import Walk

pytestmark = pytest.mark.browser
PASSWORD = "bai-yin-he-1126"


def write_paper(path: Path) -> Path:
    paper = docx.Document()
    for line in (
        "通辽市民政局关于冬季困难群众取暖救助的通知",
        "通民发[2026]21号",
        "各旗县市区民政局：",
        "为保障困难群众温暖过冬，现将取暖救助有关事项通知如下。",
        "一、救助对象",
        "（一）低保家庭。按户发放。",
        "二、办理时限",
        "（二）十二月十五日前发放到户。",
        "通辽市民政局",
        "2026年11月24日",
    ):
        paper.add_paragraph(line)
    paper.save(str(path))
    return path


def sign_in(walk: Walk, username: str, password: str) -> None:
    """Like ``Walk.sign_in`` with a password of one's own."""
    walk.page.context.clear_cookies()
    walk.open("/accounts/login/?next=/desk/")
    walk.fill("用户名", username)
    walk.fill("密码", password)
    walk.page.get_by_role("button", name="登录").click()
    walk.page.wait_for_load_state()


@pytest.mark.task("P2")
def test_a_newcomer_acts_as_head_takes_work_over_and_is_signed_out(walk: Walk, phone: Walk, tmp_path: Path) -> None:
    # A paper waits for the head of the civil affairs bureau.
    walk.sign_in("mzj-nicao")
    walk.follow("新建公文")
    walk.page.locator("#id_file").set_input_files(write_paper(tmp_path / "通知.docx"))
    walk.press("读入文件")
    walk.tick("主动公开")
    walk.tick("服务公开")
    walk.page.locator("#id_policy").uncheck()
    walk.press("只保存")
    walk.press("送负责人审签")

    # The system administrator makes the account.
    walk.sign_in("zfb-xitong")
    walk.shot("home")
    walk.steps = 0
    walk.follow("人员")
    walk.shot("people")
    walk.follow("新建账号")
    walk.press("新建账号")
    walk.sees("用户名：请填写", "姓名：请填写")
    walk.shot("mistakes")
    # A refused form is answered with 422, which the browser calls a failure.
    assert all("422" in problem for problem in walk.problems)
    walk.problems.clear()
    walk.fill("用户名", "xinren")
    walk.fill("姓名", "新任小白")
    walk.press("新建账号")
    walk.sees("已新建账号xinren", "还没有，不能用密码登录", "现在没有岗位")
    walk.finish(4)

    # The security administrator gives the post and the password.
    walk.sign_in("zfb-anquan")
    walk.steps = 0
    walk.open("/desk/system/people/?name=新任小白")
    walk.follow("新任小白")
    walk.follow("安排岗位")
    walk.tick("主持工作（代理）")
    walk.fill("单位", "民政局")
    walk.page.get_by_label("角色").select_option(label="单位负责人")
    walk.fill("事由", "局长空缺")
    walk.shot("post")
    walk.press("安排岗位")
    walk.sees("通辽市民政局 单位负责人", "主持工作", "局长空缺")
    walk.shot("person")
    walk.press("发放一次性密码")
    walk.sees("只显示这一次", "24小时内有效")
    walk.shot("password")
    code = walk.page.locator("code.one-time").inner_text()
    walk.finish(4)

    # The newcomer, on a phone: first an own password, then the waiting paper.
    sign_in(phone, "xinren", code)
    phone.sees("设置自己的密码", "给您设了新密码")
    phone.shot("first-password")
    phone.open("/desk/duties/")
    phone.sees("设置自己的密码")
    phone.fill("新密码", PASSWORD)
    phone.fill("再输一次", PASSWORD)
    phone.press("保存密码")
    phone.sees("我的工作", "取暖救助")
    phone.shot("desk")
    phone.press("签发《通辽市民政局关于冬季困难群众取暖救助的通知》")
    phone.sees("签发，已办妥")
    phone.open("/desk/document/?q=冬季困难群众取暖救助")
    phone.follow(phone.page.locator("tbody a"))
    phone.sees("新任小白（主持工作）")
    phone.open("/desk/sessions/")
    phone.sees("我的登录", "（这里）")
    phone.shot("sessions")

    # Work is handed over while the drafter stays, first looking what moves.
    walk.open("/desk/system/people/?name=mzj-nicao")
    walk.follow(walk.page.locator("[data-row] a"))
    walk.steps = 0
    walk.follow("移交工作")
    walk.fill("接手人", "xinren")
    walk.page.get_by_label("只移交工作，本人的岗位保留").check()
    walk.page.get_by_label("接手人同时接任本人在该单位的岗位").check()
    walk.press("查看会移交什么")
    walk.sees("将会移交", "未办结的事项", "接手人新任的岗位")
    assert "取暖救助" not in walk.page.inner_text("body")
    walk.shot("hand-over")
    walk.press("确认移交")
    walk.sees("的工作已移交新任小白")
    walk.finish(3)
    phone.open("/desk/document/?q=冬季困难群众取暖救助")
    phone.follow(phone.page.locator("tbody a"))
    phone.sees("移交新任小白经办")

    # Signed out by force.
    walk.follow("登录情况")
    walk.shot("sign-ins")
    walk.press("强制新任小白退出")
    walk.sees("已结束")
    phone.open("/desk/")
    phone.sees("登录办公台")
    sign_in(phone, "xinren", PASSWORD)
    phone.sees("我的工作")
    phone.finish()
    walk.finish()


def test_units_and_calendar_are_pages_that_work(walk: Walk, phone: Walk) -> None:
    walk.sign_in("zfb-xitong")
    walk.follow("单位")
    walk.shot("units")
    walk.follow("新建单位")
    walk.shot("new-unit")
    walk.fill("单位代码", "dsjzx")
    walk.fill("全称", "通辽市大数据中心")
    walk.fill("简称", "大数据中心")
    walk.page.get_by_label("地区").select_option(index=1)
    walk.fill("上级单位", "通辽市人民政府")
    walk.press("新建单位")
    walk.sees("已新建通辽市大数据中心", "变动记录")
    walk.shot("unit")
    walk.follow("工作日历")
    walk.fill("依据", "国办发明电〔2026〕7号")
    walk.fill("或者直接贴在这里", "date,kind,name\n2027-01-01至2027-01-03,放假,元旦\n2027-02-05至2027-02-11,放假,春节")
    walk.press("查看会改变哪些时限")
    walk.sees("2027年", "还没有载入")
    walk.shot("calendar")
    walk.finish()
    phone.sign_in("zfb-anquan")
    for page, name in (
        ("people/", "people"),
        ("sign-ins/", "sign-ins"),
        ("people/1/", "person"),
        ("people/1/post/", "post"),
    ):
        phone.open(f"/desk/system/{page}")
        phone.shot(name)
        width = phone.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{page} is {width} wide"
    assert re.search("人员", phone.page.inner_text("nav"))
    phone.finish()
