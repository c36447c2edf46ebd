"""What changed between editions, the record as data, and the proof, over editions made through the log."""

import html
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from tests.factories import Desk

from mingtang.disclosure.checkpoints import sign_checkpoint
from mingtang.editions.log import NewEntry, append_entries, salted_hash
from mingtang.editions.models import (
    ERASED,
    LIVE,
    SUPERSEDED,
    Checkpoint,
    Edition,
    LogEntry,
    LogHead,
    LogNode,
    Publication,
)
from mingtang.text.canonical import canonical_json, content_hash

START = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
SLUG = "000014349-2026-00012"


Sign = Callable[[], None]


@pytest.fixture
def sign(settings: Any, tmp_path: Path) -> Sign:
    """Sign the log as it stands, with a key of the test's own."""
    settings.LOG_KEY, settings.PUBLIC_ROOT = tmp_path / "secrets" / "log_key", tmp_path / "public"

    def signed() -> None:
        assert sign_checkpoint(START + timedelta(days=30)) is not None

    return signed


def block(name: str, text: str, kind: str = "paragraph", number: str = "", title: str = "") -> dict[str, str]:
    return {"id": name, "kind": kind, "number": number, "title": title, "text": text}


BLOCKS = [
    block("p1", "为方便群众办事，现通知如下。"),
    block("c1", "", "chapter", "一、", "总体要求"),
    block("a1", "能不交的材料一律不交。", "article", "（一）", "减材料"),
    block("a2", "能合并的环节一律合并。", "article", "（二）", "减环节"),
    block("a3", "三个工作日内办结。", "article", "（三）", "减时间"),
    block("a4", "一次也不多跑。", "article", "（四）", "减跑动"),
]


def paper(blocks: list[dict[str, str]] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "schema": "document/1",
        "title": "关于减少办事材料的通知",
        "document_number": "通发改〔2026〕1号",
        "openness": "full_release",
        "mode": "on_own_initiative",
        "issuers": ["通辽市发展和改革委员会"],
        "stages": ["service"],
        "blocks": BLOCKS if blocks is None else blocks,
        **changes,
    }


def publish(*payloads: dict[str, Any], slug: str = SLUG, **changes: Any) -> Publication:
    """A publication with one edition per payload, entered in the log as the door does."""
    publication = Publication.objects.create(
        index_number=slug.replace("-", "/", 1),
        path=f"pub/{slug}",
        kind="document",
        title=payloads[-1]["title"],
        unit_code="development_reform",
        unit_name="通辽市发展和改革委员会",
        published_at=START,
        **changes,
    )
    for number, payload in enumerate(payloads, 1):
        at, text, salt = START + timedelta(days=number), canonical_json(payload), f"{number:032x}"
        publication.editions.filter(state=LIVE).update(state=SUPERSEDED)
        Edition.objects.create(
            publication=publication,
            number=number,
            payload=text,
            payload_hash=content_hash(text),
            salt=salt,
            published_at=at,
            reason="数字写错。" if number > 1 else "",
        )
        append_entries([NewEntry(publication, number, "published", salted_hash(salt, text), at)])
    return publication


def erase(publication: Publication) -> None:
    for edition in publication.editions.all():
        salted = salted_hash(edition.salt, edition.payload)
        append_entries([NewEntry(publication, edition.number, "erased", salted, START + timedelta(days=9))])
    publication.editions.update(state=ERASED, payload="", reason="")
    publication.title, publication.validity = "（内容已依法清除）", "erased"
    publication.validity_reason = "误公开个人信息。"
    publication.save()


def difference(client: Client, first: int = 1, second: int = 2, slug: str = SLUG) -> Any:
    return client.get(reverse("portal:difference", args=[slug, first, second]))


@pytest.mark.django_db
def test_the_difference_marks_words_and_folds_what_stayed(client: Client) -> None:
    changed = [*BLOCKS[:-1], block("a4", "一次都不多跑。", "article", "（四）", "减跑动"), block("a5", "另行通知。")]
    publish(paper(), paper(changed))
    response = difference(client)
    page = response.content.decode()
    assert response.status_code == 200
    assert "一次<del>也</del><ins>都</ins>不多跑。" in page
    assert "<ins>另行通知。</ins>" in page
    assert "改动1段" in page and "新增1段" in page and "删去" not in page.split("</ins>是新增")[0]
    assert "<summary>5段没有改动</summary>" in page
    assert "更正说明：数字写错。" in page
    assert "<del>另行通知。</del>" in difference(client, 2, 1).content.decode()


@pytest.mark.django_db
def test_the_difference_shows_changed_facts_in_words(client: Client) -> None:
    publish(paper(), paper(openness="redacted_release", cuts=[{"ground": "个人隐私", "reason": "有身份证号"}]))
    page = difference(client).content.decode()
    assert "公开属性" in page and "删减说明" in page and "个人隐私，有身份证号" in page
    assert "redacted_release" not in page and "发文字号</dt>" not in page
    assert "文件信息改动2项" in page


@pytest.mark.django_db
def test_editions_that_say_the_same_say_so(client: Client) -> None:
    publish(paper(), paper(), paper([], title="无正文"))
    assert "没有不同" in difference(client).content.decode()
    assert "没有不同" in difference(client, 1, 1).content.decode()
    assert difference(client, 1, 3).status_code == 200


@pytest.mark.django_db
def test_interpretations_are_compared_by_material_and_points(client: Client) -> None:
    def interpretation(goal: str) -> dict[str, Any]:
        return {
            "schema": "interpretation/1",
            "title": "解读",
            "material": [block("p1", "过去要跑多个窗口。")],
            "points": [
                {"code": "goals", "label": "目标任务", "text": goal},
                {"code": "notes", "label": "注意事项", "not_applicable": "没有"},
            ],
            "methods": ["问答"],
        }

    publish(interpretation("少跑两次。"), interpretation("少跑三次。"))
    page = difference(client).content.decode()
    assert "目标任务：少跑<del>两</del><ins>三</ins>次。" in page and "改动1段" in page


@pytest.mark.django_db
def test_unknown_editions_and_odd_addresses_are_not_found(client: Client) -> None:
    publish(paper(), paper())
    for first, second in ((0, 1), (1, 0), (1, 3), (9, 1)):
        assert difference(client, first, second).status_code == 404
    assert difference(client, slug="nothing").status_code == 404
    for path in ("/pub/../../etc/passwd/proof/", "/pub/%2e%2e/%2e%2e/etc/passwd/record.json", "/pub//proof/"):
        assert client.get(path).status_code == 404


@pytest.mark.django_db
def test_hostile_text_is_escaped_everywhere(client: Client) -> None:
    hostile = "<script>alert(1)</script>"
    publish(paper([block("p1", hostile)], title=hostile), paper([block("p1", f"{hostile}。")], title=f"{hostile}二"))
    for page in (difference(client), client.get(reverse("portal:proof", args=[SLUG]))):
        text = page.content.decode()
        assert page.status_code == 200 and "<script>alert" not in text and "&lt;script&gt;alert" in text
        assert " style=" not in text and "<style" not in text
    assert client.get(reverse("portal:record_json", args=[SLUG])).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_the_record_is_exactly_the_hashed_text(client: Client) -> None:
    publication = publish(paper(), paper(title="改过的标题"))
    address = reverse("portal:record_json", args=[SLUG])
    old, new = publication.editions.order_by("number")
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.content == new.payload.encode()
    assert response.headers["ETag"] == f'"{new.payload_hash}"'
    assert client.get(address, headers={"if-none-match": f'"{new.payload_hash}"'}).status_code == 304
    assert client.get(address, headers={"if-none-match": f'"{old.payload_hash}"'}).status_code == 200
    folder = f"/pub/{SLUG}/edition"
    assert client.get(f"{folder}/1/record.json").content == old.payload.encode()
    for wanted in ("0", "3", "-1", "x", "1.5", "²", "99999999999999999999"):
        assert client.get(f"{folder}/{wanted}/record.json").status_code == 404


@pytest.mark.django_db
def test_erased_content_is_gone_but_its_proof_holds(client: Client) -> None:
    publication = publish(paper([block("p1", "张三的身份证号")]), paper())
    salts = [edition.salt for edition in publication.editions.all()]
    erase(publication)
    gone = client.get(reverse("portal:record_json", args=[SLUG]))
    assert gone.status_code == 410 and gone.headers["Content-Type"] == "application/json"
    assert gone.json()["reason"] == "误公开个人信息。" and "blocks" not in gone.json()
    compared = difference(client)
    assert compared.status_code == 410 and "不能对照" in compared.content.decode()
    response = client.get(reverse("portal:proof", args=[SLUG]))
    page = response.content.decode()
    assert response.status_code == 200 and "已核验" in page and "不符" not in page.split("<pre")[0]
    assert page.count("内容已依法清除，只核验记录") == 4
    data = client.get(reverse("portal:proof_json", args=[SLUG])).content.decode()
    for salt in salts:
        assert salt not in page and salt not in data
    assert "张三" not in page + data + compared.content.decode()


@pytest.mark.django_db
def test_the_proof_is_checked_and_says_so(client: Client, sign: Sign) -> None:
    publication = publish(paper(), paper(title="第二版"))
    assert "还没有签进总指纹" in client.get(reverse("portal:proof", args=[SLUG])).content.decode()
    publish(paper(), slug="000014349-2026-00013")
    sign()
    page = client.get(reverse("portal:proof", args=[SLUG])).content.decode()
    assert "已核验" in page and "不符" not in page.split("<pre")[0]
    head = LogHead.objects.get()
    assert head.root in page and "第1版公开" in page and "第2版公开" in page
    for entry in publication.log_entries.all():
        assert entry.leaf_hash in page


@pytest.mark.django_db
@pytest.mark.parametrize("damage", ["payload", "salted_hash", "kind", "root", "node", "missing", "leaf"])
def test_any_damage_is_said_plainly(client: Client, sign: Sign, damage: str) -> None:
    publication = publish(paper(), paper(title="第二版"))
    publish(paper(), slug="000014349-2026-00013")
    sign()
    entry = publication.log_entries.get(edition_number=1)
    if damage == "payload":
        publication.editions.filter(number=1).update(payload=canonical_json(paper(title="掉包的标题")))
    elif damage == "root":
        Checkpoint.objects.update(root="0" * 64)
    elif damage == "node":
        LogNode.objects.filter(level=0, position=1).update(hash="0" * 64)
    elif damage == "missing":
        LogNode.objects.filter(level=0, position=1).delete()
    else:
        changed = {"kind": "withdrawn", "salted_hash": "1" * 64, "leaf": "2" * 64}[damage]
        LogEntry.objects.filter(pk=entry.pk).update(**{"leaf_hash" if damage == "leaf" else damage: changed})
    response = client.get(reverse("portal:proof", args=[SLUG]))
    assert response.status_code == 200
    assert "记录和公开日志对不上" in response.content.decode()


@pytest.mark.django_db
def test_a_publication_outside_the_log_is_not_called_verified(client: Client) -> None:
    publication = publish(paper())
    LogEntry.objects.all().delete()
    page = client.get(reverse("portal:proof", args=[SLUG])).content.decode()
    assert publication.title in page and "公开日志里没有这份内容的记录" in page and "已核验" not in page


@pytest.mark.django_db
def test_the_printed_program_checks_what_was_downloaded(client: Client, sign: Sign, tmp_path: Path) -> None:
    publish(paper(), slug="000014349-2026-00011")
    publish(paper(), paper(title="第二版"))
    for number in range(13, 16):
        publish(paper(), slug=f"000014349-2026-000{number}")
    sign()
    page = client.get(reverse("portal:proof", args=[SLUG])).content.decode()
    program = html.unescape(page.split('aria-label="核验程序"><code>')[1].split("</code>")[0])
    (tmp_path / "verify.py").write_text(program, encoding="utf-8")
    (tmp_path / "proof.json").write_bytes(client.get(reverse("portal:proof_json", args=[SLUG])).content)

    def run(record: bytes) -> list[str]:
        (tmp_path / "record.json").write_bytes(record)
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "verify.py"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()

    record = client.get(reverse("portal:record_json", args=[SLUG])).content
    assert run(record) == ["1 日志相符 内容不符或不是这一版", "2 日志相符 内容相符"]
    assert run(record.replace("第二版".encode(), "第三版".encode()))[1] == "2 日志相符 内容不符或不是这一版"
    proof = json.loads((tmp_path / "proof.json").read_text(encoding="utf-8"))
    proof["entries"][1]["leaf"] = proof["entries"][1]["leaf"].replace("published", "withdrawn")
    (tmp_path / "proof.json").write_text(json.dumps(proof), encoding="utf-8")
    assert run(record)[1].startswith("2 日志不符")


@pytest.mark.django_db
def test_a_paper_published_through_the_services_has_a_proof(client: Client, desk: Desk) -> None:
    desk.published()
    publication = Publication.objects.get()
    slug = publication.path.removeprefix("pub/")
    page = client.get(reverse("portal:proof", args=[slug])).content.decode()
    assert "已核验" in page and "不符" not in page.split("<pre")[0]
    assert client.get(reverse("portal:record_json", args=[slug])).json()["title"] == publication.title
