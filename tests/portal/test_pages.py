"""Home, the list of publications and their pages, over papers that went through the house and over public rows."""

import html
import json
import re
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from tests.factories import BODY, Desk

from mingtang.disclosure.services import note_shown
from mingtang.editions.models import ERASED, WITHDRAWN, Edition, Publication, PublicationLink, PublicDuty
from mingtang.portal import views
from mingtang.portal.lists import monthly
from mingtang.records.models import Record
from mingtang.text.canonical import canonical_json, content_hash
from mingtang.units import roles

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 7, 15, 10, 0, tzinfo=SHANGHAI)
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
_serial = count(1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def july(monkeypatch: pytest.MonkeyPatch) -> None:
    """The views take the time from the clock; here it stands still."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def get(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def block(name: str, text: str, kind: str = "paragraph", number: str = "", title: str = "") -> dict[str, str]:
    return {"id": name, "kind": kind, "number": number, "title": title, "text": text}


def put(title: str = "关于供热的通知", *, kind: str = "document", **changes: Any) -> Publication:
    """A publication with one live edition; ``payload`` adds to its content, everything else to its row."""
    serial = next(_serial)
    content = {
        "schema": f"{kind}/1",
        "title": title,
        "issuers": ["通辽市民政局"],
        "blocks": [block("p1", "现通知如下。")],
        **changes.pop("payload", {}),
    }
    publication = Publication.objects.create(
        **{
            "index_number": f"000014349/2026-{serial:05}",
            "path": f"pub/000014349-2026-{serial:05}",
            "kind": kind,
            "title": title,
            "unit_code": "civil",
            "unit_name": "通辽市民政局",
            "written_on": date(2026, 3, 2),
            "published_at": datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI),
            **changes,
        }
    )
    payload = canonical_json(content)
    Edition.objects.create(
        publication=publication,
        number=1,
        payload=payload,
        payload_hash=content_hash(payload),
        salt="5a",
        published_at=publication.published_at,
    )
    return publication


def put_duty(closed: datetime | None, due: datetime | None, **changes: Any) -> PublicDuty:
    return PublicDuty.objects.create(
        **{
            "duty_id": UUID(int=next(_serial)),
            "code": "D10.5",
            "article": 10,
            "title": "发布解读材料",
            "force": "M",
            "unit_code": "civil",
            "unit_name": "通辽市民政局",
            "opened_at": datetime(2026, 1, 5, 9, 0, tzinfo=SHANGHAI),
            "due_at": due,
            "closed_at": closed,
            **changes,
        }
    )


def without_own_scripts(page: str) -> str:
    """The page without scripts of our own files and data blocks; what remains would be inline, or somebody else's."""
    page = re.sub(r'<script src="/static/mingtang/[\w.-]+\.js" defer></script>', "", page)
    return re.sub(r'<script type="application/ld\+json">[^<]*</script>', "", page)


def day(month: int, number: int, hour: int = 9) -> datetime:
    return datetime(2026, month, number, hour, 0, tzinfo=SHANGHAI)


def path_of(record: Record) -> str:
    from mingtang.disclosure.models import Disclosed

    number = Disclosed.objects.get(record=record).index_number
    return f"/{Publication.objects.get(index_number=number).path}/"


def published_with_interpretation(desk: Desk) -> tuple[Record, Record]:
    paper, interpretation = desk.published()
    desk.review(interpretation)
    desk.act(interpretation, "publish", roles.OPENNESS_OFFICER)
    note_shown()
    return paper, interpretation


def test_every_page_is_finished_before_anything_was_published(client: Client) -> None:
    home = get(client, "/")
    assert "还没有公开任何文件" in home
    assert "还没有到期的职责" in home
    assert "还没有公开任何政策文件" in get(client, "/policies/")
    assert "还没有公开任何政策解读" in get(client, "/interpretations/")


@pytest.mark.usefixtures("july")
def test_home_shows_the_newest_and_the_share_of_the_last_six_months(client: Client) -> None:
    put("较早的通知", published_at=day(3, 1))
    put("最新的通知", published_at=day(7, 1))
    put_duty(day(6, 3), day(6, 5))
    put_duty(day(7, 9), day(7, 8))
    put_duty(None, day(7, 10))
    put_duty(None, day(7, 30))
    put_duty(day(7, 2), day(7, 30))
    put_duty(None, day(7, 10), exempt_ground="依法免除")
    put_duty(None, day(1, 10))
    put_duty(day(1, 10), day(1, 12))
    home = get(client, "/")
    assert home.index("最新的通知") < home.index("较早的通知")
    assert "到期的4件职责，2件按时做到" in home
    assert "2件晚了" in home
    assert '<span class="value">50%</span>' in home


@pytest.mark.usefixtures("july")
def test_months_are_counted_in_shanghai_and_a_duty_counts_where_it_was_settled(db: Any) -> None:
    midnight = datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=SHANGHAI)
    put_duty(datetime(2026, 4, 1, 0, 30, tzinfo=SHANGHAI), midnight)
    put_duty(datetime(2026, 4, 1, 0, 30, tzinfo=SHANGHAI), day(4, 9))
    months = {start.month: (standing.on_time, standing.late) for start, standing in monthly(NOW)}
    assert months == {2: (0, 0), 3: (0, 1), 4: (1, 0), 5: (0, 0), 6: (0, 0), 7: (0, 0)}


def test_duties_of_other_laws_are_not_in_the_share(db: Any) -> None:
    put_duty(None, day(7, 1), code="X99.1")
    assert sum(standing.judged for _start, standing in monthly(NOW)) == 0


def test_words_and_filters_lead_on_to_the_search(client: Client) -> None:
    put()
    answer = client.get("/policies/?q=供热&unit=civil")
    assert answer.status_code == 301 and answer.headers["Location"] == "/search?q=%E4%BE%9B%E7%83%AD&unit=civil"


def test_an_archive_never_shifts_and_a_section_shows_the_newest(client: Client) -> None:
    """Fifty to a page in the order they became public; an erased one keeps its place."""
    papers = [put(f"第{number}号通知", published_at=day(3, 1) + timedelta(hours=number)) for number in range(53)]
    put("某解读", kind="interpretation")
    section = get(client, "/policies/")
    assert section.count('<p class="title">') == 20 and "第52号通知" in section and "第32号通知" not in section
    assert "共53件" in section and 'href="/policies/page/2/"' in section and "某解读" not in section
    first = get(client, "/policies/page/1/")
    assert first.count('<p class="title">') == 50 and "第0号通知" in first and "第50号通知" not in first
    Publication.objects.filter(pk=papers[3].pk).update(title="（内容已依法清除）", validity="erased")
    again = get(client, "/policies/page/1/")
    assert "（内容已依法清除）" in again and again.count('<p class="title">') == 50
    assert f'href="/{papers[3].path}/proof/"' in again
    assert get(client, "/policies/page/2/").count('<p class="title">') == 3
    for number in ("0", "3", "99999999999"):
        get(client, f"/policies/page/{number}/", 404)


def test_lists_and_home_do_not_ask_more_for_more_rows(client: Client, django_assert_max_num_queries: Any) -> None:
    papers = [put(f"通知{number}") for number in range(20)]
    for paper in papers:
        material = put(f"《{paper.title}》解读", kind="interpretation", published_at=day(1, 1))
        PublicationLink.objects.create(source=material, target=paper, kind="interprets")
    with django_assert_max_num_queries(10):
        get(client, "/policies/")
    with django_assert_max_num_queries(9):
        get(client, "/")


def test_a_paper_reads_as_printed_with_its_data_box(client: Client, desk: Desk) -> None:
    paper, _ = desk.published()
    page = get(client, path_of(paper))
    for name in [
        "索引号",
        "主题分类",
        "发布机构",
        "成文日期",
        "公开日期",
        "发文字号",
        "有效性",
        "体裁",
        "公开方式",
        "信息来源",
    ]:
        assert f"<dt>{name}</dt>" in page
    assert '<h1 id="title">关于减少办事材料的通知</h1>' in page
    assert 'id="a1"' in page and "能不交的材料一律不交" in page
    assert "主动公开，全文公开" in page
    assert "已核验" in page and "/proof/" in page
    assert BODY.splitlines()[-1].split("。")[1] in page


def test_its_duties_say_by_when_and_how_counted_whatever_day_it_is(
    client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper, _ = desk.published()
    monkeypatch.setattr(timezone, "now", lambda: desk.now)
    page = get(client, path_of(paper))
    assert "发布解读材料" in page and "2026年3月5日前" in page
    assert "2026年3月2日起，3个工作日内；依据《意见》第10条" in page
    assert '<span class="tag running">还没有做到</span>' in page and " data-due>" in page
    monkeypatch.setattr(timezone, "now", lambda: desk.now + timedelta(days=30))
    assert get(client, path_of(paper)) == page
    PublicDuty.objects.update(closed_at=day(3, 20))
    late = get(client, path_of(paper))
    assert '<span class="tag met-late">逾期完成</span>' in late and "data-due" not in late


def test_its_interpretation_stands_beside_the_articles_it_explains(client: Client, desk: Desk) -> None:
    paper, interpretation = published_with_interpretation(desk)
    page = get(client, path_of(paper))
    assert "过去办事要跑多个窗口" in page
    article = page[page.index('id="a1"') : page.index('id="a2"')]
    assert 'href="#explanation-1"' in article and 'id="explanation-1"' in page
    assert 'class="to-article" href="#a1"' in page
    assert page.count("本条有解读") == 1
    material = get(client, path_of(interpretation))
    assert f'href="{path_of(paper)}"' in material
    for point in [
        "背景依据",
        "目标任务",
        "主要内容",
        "涉及范围",
        "执行标准",
        "注意事项",
        "关键词诠释",
        "惠民利民举措",
        "新旧政策差异",
    ]:
        assert f"<dt>{point}</dt>" in material
    assert "政策问答" in material
    assert "有解读" in get(client, "/policies/")


def test_an_interpretation_with_gaps_says_so_and_links_no_script(client: Client) -> None:
    points = [{"code": "background", "label": "背景依据", "text": "群众有需要。"}]
    points.append({"code": "keywords", "label": "关键词诠释", "not_applicable": "没有术语。"})
    media = [
        {"outlet": "坏地址报", "url": "javascript:alert(1)", "at": "2026-03-03T09:00:00+08:00"},
        {"outlet": "好地址报", "url": "https://media.example/1", "at": ""},
    ]
    material = put("某解读", kind="interpretation", payload={"points": points, "media": media, "explains": {}})
    page = get(client, f"/{material.path}/")
    assert "不适用：没有术语。" in page and page.count("没有写") == 7
    assert "javascript:" not in page and "坏地址报" in page and "2026年3月3日" in page
    assert 'href="https://media.example/1"' in page


def test_an_interpretation_event_names_its_policy(client: Client) -> None:
    paper = put()
    held = {
        "held_at": "2026-03-09T15:00:00+08:00",
        "method": "新闻发布会",
        "speaker": "单位主要负责人",
        "place": "市会展中心",
        "summary": "回答了九个问题。",
        "policies": [paper.title],
    }
    event = put("供热政策发布会", kind="interpretation_event", payload=held)
    PublicationLink.objects.create(source=event, target=paper, kind="explains")
    page = get(client, f"/{event.path}/")
    for words in ("2026年3月9日", "新闻发布会", "单位主要负责人", "市会展中心", "回答了九个问题"):
        assert words in page
    assert f'href="/{paper.path}/"' in page
    assert "供热政策发布会" in get(client, f"/{paper.path}/")


def test_chapters_make_a_table_of_contents(client: Client) -> None:
    blocks = [
        block("c1", "", "chapter", "一、", "总体要求"),
        block("a1", "坚持公开。", "article", "（一）", "指导思想"),
        block("c2", "", "chapter", "二、", "主要任务"),
        block("a2", "推进公开。", "article", "（二）", "决策公开"),
    ]
    page = get(client, f"/{put(payload={'blocks': blocks}).path}/")
    assert "目录（2部分）" in page and '<a href="#c2">二、主要任务</a>' in page and '<a href="#a2">' in page
    assert "<h2>一、总体要求<a" in page and "<h3>（一）指导思想<a" in page
    assert 'href="#a1" aria-label="本条的链接"' in page
    assert "目录（" not in get(client, f"/{put().path}/")


def test_a_redacted_paper_says_what_was_left_out(client: Client) -> None:
    cuts = [{"reason": "涉及个人住址。", "ground": "个人隐私"}]
    page = get(client, f"/{put(payload={'cuts': cuts, 'openness': 'redacted_release'}).path}/")
    assert "删去了1处" in page and "涉及个人住址。" in page and "个人隐私" in page and "删减后公开" in page


def test_versions_lead_to_each_other_and_an_old_one_says_it_is_old(client: Client) -> None:
    paper = put(payload={"blocks": [block("p1", "十二倍。")]})
    paper.editions.update(state="superseded")
    text = canonical_json({"schema": "document/1", "title": paper.title, "blocks": [block("p1", "六倍。")]})
    Edition.objects.create(
        publication=paper, number=2, payload=text, payload_hash=content_hash(text), salt="5b", reason="倍数误写。",
        published_at=day(3, 9),
    )  # fmt: skip
    page = get(client, f"/{paper.path}/")
    assert "六倍" in page and "倍数误写。" in page and "已经被" not in page
    assert f'href="/{paper.path}/difference/1/2/"' in page
    old = get(client, f"/{paper.path}/edition/1/")
    assert "十二倍" in old and "已经被第2版替代" in old and f'href="/{paper.path}/"' in old
    assert f'href="/{paper.path}/edition/1/record.json"' in old


@pytest.mark.parametrize("number", ["0", "3", "99999999999999999999"])
def test_an_edition_that_never_was_is_not_found(client: Client, number: str) -> None:
    get(client, f"/{put().path}/edition/{number}/", 404)


def test_a_paper_no_longer_valid_is_stamped_and_stays_readable(client: Client) -> None:
    for validity, word in (("repealed", "已废止"), ("withdrawn", "已撤回"), ("lapsed", "已失效")):
        paper = put(validity=validity, validity_reason="由新办法替代。", validity_at=day(6, 1))
        if validity == "withdrawn":
            paper.editions.update(state=WITHDRAWN)
        page = get(client, f"/{paper.path}/")
        assert f"<strong>{word}</strong>" in page and "2026年6月1日起。由新办法替代。" in page
        assert "现通知如下。" in page
    assert 'class="stamp"' not in get(client, f"/{put().path}/")


def test_an_erased_publication_leaves_a_tombstone(client: Client) -> None:
    paper = put("含隐私的通知")
    paper.editions.update(state=ERASED, payload="")
    Publication.objects.filter(pk=paper.pk).update(
        title="（内容已依法清除）", validity="erased", validity_reason="含有他人隐私。", validity_at=day(6, 1)
    )
    page = get(client, f"/{paper.path}/", 410)
    assert "内容已依法清除" in page and "含有他人隐私。" in page and "2026年6月1日" in page
    assert "含隐私的通知" not in page
    assert paper.path not in get(client, "/policies/")
    get(client, f"/{paper.path}/edition/1/", 410)


def test_an_altered_text_is_not_called_verified(client: Client, desk: Desk) -> None:
    paper, _ = desk.published()
    edition = Edition.objects.get()
    Edition.objects.filter(pk=edition.pk).update(payload=edition.payload.replace("一律不交", "一律要交"))
    page = get(client, path_of(paper))
    assert "不符" in page and "已核验" not in page


def test_hostile_words_are_shown_as_words(client: Client) -> None:
    payload = {
        "blocks": [block('"><script>', HOSTILE, "article", HOSTILE, HOSTILE), block("p1", HOSTILE)],
        "addressees": HOSTILE,
        "issuers": [HOSTILE],
        "cuts": [{"reason": HOSTILE, "ground": HOSTILE}],
    }
    paper = put(HOSTILE, unit_name=HOSTILE[:80], validity="repealed", validity_reason=HOSTILE, payload=payload)
    for path in ("/", "/policies/", f"/{paper.path}/", f"/search?q={HOSTILE}"):
        page = without_own_scripts(get(client, path))
        assert "<script" not in page and "<img src=x" not in page
        assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "path", ["/nothing/", "/pub/../../etc/passwd/", "/pub/%2e%2e%2fsecrets/", "/pub/%00/", "/pub/x/edition/1/", "/pub/"]
)
def test_what_is_not_there_is_said_in_chinese(client: Client, path: str) -> None:
    page = get(client, path, 404)
    assert "没有这一页" in page and "passwd" not in page


def test_an_error_says_nothing_about_its_cause() -> None:
    answer = views.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "页面出错了" in answer.content.decode() and "Traceback" not in answer.content.decode()


def test_pages_carry_no_inline_style_or_script_and_mark_where_one_is(client: Client, desk: Desk) -> None:
    paper, interpretation = published_with_interpretation(desk)
    for path in ("/", "/policies/", path_of(paper), path_of(interpretation)):
        page = get(client, path)
        bare = without_own_scripts(page)
        assert " style=" not in bare and "<style" not in bare and "<script" not in bare
        assert page.count("<main ") == page.count("<h1") == 1
        assert '<html lang="zh-Hans">' in page and 'href="#content"' in page
        assert "aria-current=" in page
        assert '<meta name="SiteIDCode" content="1505000099">' in page and '<meta name="SiteDomain"' in page


def test_the_head_says_what_the_page_says(client: Client) -> None:
    paper = put("“引号”和<尖括号>", topic="民政", published_at=datetime(2026, 3, 2, 9, 5, tzinfo=SHANGHAI))
    page = get(client, f"/{paper.path}/")
    tags = {name: html.unescape(value) for name, value in re.findall(r'<meta name="(\w+)" content="([^"]*)">', page)}
    assert tags["ArticleTitle"] == paper.title and tags["PubDate"] == "2026-03-02 09:05"
    assert tags["ColumnName"] == "政策文件" and tags["ContentSource"] == "通辽市民政局"
    assert "<dt>公开日期</dt><dd>2026年3月2日</dd>" in page
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    assert found is not None and "<" not in found[1]
    data = json.loads(found[1])
    assert data["@type"] == "Legislation" and data["name"] == paper.title
    assert data["legislationLegalForce"].endswith("/InForce")
