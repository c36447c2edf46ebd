"""What officials and operators come to do, within the steps they are allowed."""

import re
import time
from pathlib import Path

import docx
import pytest
from tests.e2e.conftest import Walk

pytestmark = pytest.mark.browser


def write_paper(path: Path) -> Path:
    """A .docx paper as an office writes it."""
    paper = docx.Document()
    for line in (
        "通辽市教育局关于中小学生午间就餐服务的通知",
        "通教发[2026]9号",
        "各旗县市区教育（教体）局：",
        "为让学生吃上热饭，现将午间就餐服务有关事项通知如下。",
        "一、服务对象",
        "（一）学生。离家较远、午间不能回家的学生，自愿参加。",
        "（二）家长。家长可以随时查看菜单和收费。",
        "二、监督",
        "（三）公示。每周公示菜单，每学期公示收支。",
        "通辽市教育局",
        "2026年11月20日",
    ):
        paper.add_paragraph(line)
    paper.save(str(path))
    return path


@pytest.mark.task("P1")
def test_one_command_brings_the_demo_city_to_a_browser(walk: Walk, phone: Walk) -> None:
    for person in (walk, phone):
        person.open("/")
        person.sees("通辽市", "演示", "说到做到了吗", "最新公开")
        person.shot("home")
        person.finish()


@pytest.mark.task("O1")
def test_drafter_imports_completes_attaches_and_submits(walk: Walk, tmp_path: Path) -> None:
    walk.sign_in("jyj-nicao")
    walk.follow("新建公文")
    walk.page.get_by_label("选择 .docx、.pdf、.html 或 .txt 文件").set_input_files(write_paper(tmp_path / "通知.docx"))
    walk.press("读入文件")
    walk.sees("已从文件读入", "2章、3条")
    assert walk.page.get_by_label("发文字号").input_value() == "通教发〔2026〕9号"
    assert walk.page.get_by_label("成文日期").input_value() == "2026-11-20"
    walk.tick("主动公开")
    walk.tick("服务公开")
    walk.shot("imported")
    walk.press("保存并附解读")
    walk.fill("解读方案", "主要负责人解读，公开当日上网，次日见报。")
    walk.fill("解读材料", "一、为什么\n学生午间吃饭难。\n二、变化\n每周公示菜单。")
    walk.shot("interpretation")
    walk.press("保存")
    walk.sees("关于中小学生午间就餐服务的通知", "下一步")
    walk.press("送负责人审签")
    walk.sees("待负责人审签")
    walk.shot("submitted")
    walk.finish(5)


@pytest.mark.task("O2")
def test_clerk_sees_why_a_paper_is_not_fit_and_returns_it(walk: Walk) -> None:
    """The health commission reopened its interpretation after sending the paper up."""
    walk.sign_in("wjw2-nicao")
    walk.open("/desk/interpretation/?q=冬季呼吸道疾病")
    walk.follow(walk.page.locator("tbody a"))
    walk.press("重新修改")
    walk.steps = 0
    walk.sign_in("zfb-wenshu")
    walk.sees("关于加强冬季呼吸道疾病防治的意见")
    walk.follow(walk.page.get_by_role("link", name="关于加强冬季呼吸道疾病防治的意见", exact=True))
    walk.sees("解读在主要负责人审定之后又改过", "第10条")
    walk.shot("unfit")
    walk.follow(walk.page.get_by_role("link", name="退文并说明"))
    assert walk.page.get_by_label(re.compile("解读在主要负责人审定之后又改过")).is_checked()
    walk.page.get_by_label(re.compile("没有附解读材料")).check()
    walk.fill("给起草部门的话", "解读材料请附发热门诊名单。")
    walk.shot("slip")
    walk.press("退文并说明")
    walk.sees("已退文")
    walk.finish(3)


@pytest.mark.task("O3")
def test_drafter_mends_and_reports_again(walk: Walk) -> None:
    walk.sign_in("zjj2-nicao")
    walk.sees("退回给我", "物业服务收费公示办法（代拟稿）")
    walk.follow(walk.page.get_by_role("link", name="看退文单并补正"))
    walk.sees("退文单", "没有附解读方案", "没有附解读材料", "系统按规定自动退回")
    walk.shot("slip")
    walk.follow(walk.page.get_by_role("link", name=re.compile("没有附解读材料")))
    walk.fill("解读方案", "公开当日上网解读。")
    walk.fill("解读材料", "一、为什么\n业主要知情。\n二、变化\n收支每半年公布。")
    walk.press("保存")
    walk.sees("下一步")
    walk.finish(3)
    walk.press("送负责人审签")
    walk.sees("待负责人审签")


@pytest.mark.task("O4")
def test_reviewer_reads_masks_two_numbers_and_decides(walk: Walk) -> None:
    walk.sign_in("mzj-baomi")
    walk.follow(walk.page.get_by_role("link", name="保密审查通过《关于救灾款物发放情况的通报》"))
    walk.sees("发现2处个人信息", "身份证", "手机")
    assert walk.page.locator("mark").count() == 2
    walk.shot("review")
    walk.press("保密审查通过")
    walk.sees("已通过保密审查")
    walk.shot("reviewed")
    walk.finish(4)


@pytest.mark.task("O5")
def test_head_signs_three_waiting_papers(walk: Walk, phone: Walk) -> None:
    walk.sign_in("jyj-fuzeren")
    waiting = walk.page.get_by_role("button", name=re.compile("^签发"))
    assert waiting.count() >= 3
    walk.shot("waiting")
    for title in ("关于中小学寒假时间安排的通知", "寄宿制学校供暖保障工作方案", "关于家庭经济困难学生资助申请的通知"):
        walk.press(f"签发《{title}》")
        walk.sees(f"《{title}》：签发，已办妥。")
    walk.shot("signed")
    walk.finish(4)
    phone.sign_in("jyj-fuzeren")
    phone.shot("home")
    phone.finish()


@pytest.mark.task("O6")
def test_officer_publishes_and_sees_it_live_and_in_the_log(walk: Walk) -> None:
    """The signed winter-holiday notice of O5 goes out; two steps for the publishing itself."""
    walk.sign_in("jyj-baomi")
    walk.follow(walk.page.get_by_role("link", name="保密审查通过《关于中小学寒假时间安排的通知》"))
    walk.press("保密审查通过")
    walk.sign_in("jyj-gongkai")
    walk.press("编号印发《关于中小学寒假时间安排的通知》")
    walk.steps = 0
    walk.press("公开《关于中小学寒假时间安排的通知》")
    walk.finish(2)
    paper = walk.page.get_by_role("link", name="关于中小学寒假时间安排的通知", exact=True)
    deadline = time.monotonic() + 10
    walk.open("/search?q=寒假时间")
    while not paper.count() and time.monotonic() < deadline:
        walk.page.wait_for_timeout(200)
        walk.page.reload()
    walk.follow(paper)
    address = walk.page.url.removeprefix(walk.site.address).strip("/")
    assert (walk.site.home / "public" / address / "index.html").exists()
    walk.comes("通教发〔2026〕", "发布解读材料", "看证明")
    walk.shot("live")
    walk.follow(walk.page.get_by_role("link", name="看证明"))
    walk.sees("已核验")
    walk.shot("proof")
    walk.finish()


def test_keys_move_and_open(walk: Walk) -> None:
    walk.sign_in("zfb-kaohe")
    walk.open("/desk/document/")
    walk.page.keyboard.press("j")
    walk.page.keyboard.press("j")
    assert walk.page.locator("tr.here").count() == 1
    walk.page.keyboard.press("/")
    walk.page.keyboard.type("jk")
    assert walk.page.get_by_label("标题").input_value() == "jk"
    walk.finish()


def test_typed_text_is_kept_when_the_browser_goes_away(walk: Walk) -> None:
    walk.sign_in("fgw-nicao")
    walk.open("/desk/document/new/")
    walk.page.get_by_label("标题").press_sequentially("忘了提交的通知")
    walk.page.get_by_text("已自动保存").wait_for()
    walk.open("/desk/document/new/")
    walk.sees("还没有提交")
    walk.follow("恢复")
    assert walk.page.get_by_label("标题").input_value() == "忘了提交的通知"
    walk.shot("restored")
    walk.finish()
