"""Unit profiles and disclosure guides through the one door: what they must say, one live per unit, new editions."""

import json
import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from tests.factories import City, Desk, make_desk

from mingtang.disclosure.content import find_personal_data, payload_of
from mingtang.editions.models import Edition, Publication
from mingtang.records.errors import IllegalState, NotAllowed, Refused
from mingtang.records.models import Record
from mingtang.records.services import edit_record, open_record
from mingtang.records.spec import Context, spec_for
from mingtang.units import roles
from mingtang.websites.models import UnitProfile

PROFILE = {
    "functions": "一、拟订发展规划并组织实施。\n二、协调经济体制改革。",
    "divisions": [{"name": "办公室", "work": "文电、会务", "phone": "0475-5550101"}],
    "leaders": [
        {"name": "白巴图", "post": "主任", "work": "主持全面工作"},
        {"name": "包秀英", "post": "副主任", "work": "分管价格、能源"},
    ],
    "address": "科尔沁区（演示地址）1号",
    "office_hours": "工作日8:30至17:30",
    "phone": "0475-5550100",
    "openness_office": "办公室",
    "openness_phone": "0475-5550102",
}
GUIDE = {
    "classification": "分为机构信息、政策文件、解读三类。",
    "arrangement": "按索引号排列，索引号由机构代码、年份和流水号组成。",
    "obtaining": "在政府网站查阅。\n没有公开的，可以当面或者寄信申请。",
    "organ": "市政府办公厅政务公开科",
    "address": "科尔沁区（演示地址）2号",
    "office_hours": "工作日8:30至17:30",
    "phone": "0475-5550001",
    "fax": "0475-5550002",
    "website": "www.tongliao.example",
}


def drafted(desk: Desk, kind: str = "unit_profile", **changes: Any) -> Record:
    data = {**(PROFILE if kind == "unit_profile" else GUIDE), **changes}
    drafter = desk.city.actor(desk.unit, roles.DRAFTER)
    return open_record(kind, actor=drafter, unit=desk.unit, now=desk.now, data=data).record


def publish(desk: Desk, record: Record) -> Record:
    desk.act(record, "approve", roles.UNIT_HEAD)
    desk.review(record)
    desk.act(record, "publish", roles.OPENNESS_OFFICER)
    return Record.objects.get(pk=record.pk)


def public(kind: str) -> tuple[Publication, dict[str, Any]]:
    publication = Publication.objects.get(kind=kind)
    return publication, json.loads(Edition.objects.get(publication=publication, state="live").payload)


def test_a_profile_says_what_article_20_asks_and_names_stay(desk: Desk) -> None:
    publish(desk, drafted(desk))
    publication, payload = public("unit_profile")
    assert payload["schema"] == "unit_profile/1"
    assert publication.title == payload["title"] == "通辽市发展和改革委员会机构信息"
    assert publication.unit_code == "fgw" and publication.stages == ["management"]
    assert [row["name"] for row in payload["leaders"]] == ["白巴图", "包秀英"]
    assert payload["leaders"][1] == {"name": "包秀英", "post": "副主任", "work": "分管价格、能源"}
    assert payload["divisions"][0]["phone"] == "0475-5550101"
    assert (payload["phone"], payload["openness_phone"]) == ("0475-5550100", "0475-5550102")
    assert "拟订发展规划" in "".join(block["text"] + block["title"] for block in payload["blocks"])


def test_a_guide_says_what_article_12_asks(city: City) -> None:
    desk = make_desk(city, "市政府办公厅")
    publish(desk, drafted(desk, "disclosure_guide"))
    publication, payload = public("disclosure_guide")
    assert payload["schema"] == "disclosure_guide/1"
    assert publication.title == "通辽市人民政府信息公开指南"
    text = "".join(f"{block['number']}{block['title']}{block['text']}" for block in payload["blocks"])
    for words in ("信息分类", "编排体系", "获取方式", "机构代码、年份和流水号", "当面或者寄信申请"):
        assert words in text
    for name in ("organ", "address", "office_hours", "phone", "fax", "website"):
        assert payload[name] == GUIDE[name]


@pytest.mark.parametrize(
    ("kind", "name", "label"),
    [
        ("unit_profile", "functions", "主要职能"),
        ("unit_profile", "leaders", "负责人"),
        ("unit_profile", "address", "办公地址"),
        ("unit_profile", "office_hours", "办公时间"),
        ("unit_profile", "phone", "联系电话"),
        ("unit_profile", "openness_office", "政府信息公开工作机构"),
        ("unit_profile", "openness_phone", "公开工作机构电话"),
        ("disclosure_guide", "classification", "信息分类"),
        ("disclosure_guide", "arrangement", "编排体系"),
        ("disclosure_guide", "obtaining", "获取方式"),
        ("disclosure_guide", "organ", "政府信息公开工作机构"),
        ("disclosure_guide", "fax", "传真"),
        ("disclosure_guide", "website", "互联网联系方式"),
    ],
)
def test_nothing_incomplete_is_approved(desk: Desk, kind: str, name: str, label: str) -> None:
    record = drafted(desk, kind, **{name: [] if name == "leaders" else ""})
    with pytest.raises(Refused) as refused:
        desk.act(record, "approve", roles.UNIT_HEAD)
    assert [fault.field for fault in refused.value.faults] == [name]
    assert label in refused.value.faults[0].message


def test_a_change_is_a_new_edition_that_says_why(desk: Desk) -> None:
    record = publish(desk, drafted(desk))
    desk.act(record, "begin_correction", roles.DRAFTER, data={"remark": "换了负责人。"})
    drafter = city_actor(desk)
    changed = {**PROFILE, "leaders": [{"name": "陈明亮", "post": "主任", "work": "主持全面工作"}]}
    edit_record(Record.objects.get(pk=record.pk), actor=drafter, now=desk.now, data=changed)
    publication, payload = public("unit_profile")
    assert payload["leaders"][0]["name"] == "白巴图", "what is public stays until the new edition is out"
    publish(desk, record)
    publication, payload = public("unit_profile")
    assert payload["leaders"][0]["name"] == "陈明亮"
    editions = list(publication.editions.order_by("number"))
    assert [(edition.number, edition.state, edition.reason) for edition in editions] == [
        (1, "superseded", ""),
        (2, "live", "换了负责人。"),
    ]


def city_actor(desk: Desk) -> Any:
    return desk.city.actor(desk.unit, roles.DRAFTER)


def test_a_unit_has_one_live_profile_until_it_is_withdrawn(desk: Desk) -> None:
    first = publish(desk, drafted(desk))
    second = drafted(desk, functions="另写的职能。")
    desk.act(second, "approve", roles.UNIT_HEAD)
    desk.review(second)
    with pytest.raises(Refused) as refused:
        desk.act(second, "publish", roles.OPENNESS_OFFICER)
    assert "正在公开" in refused.value.faults[0].message
    assert refused.value.faults[0].basis == "《中华人民共和国政府信息公开条例》第20条"
    withdrawal = {"kind": "withdrawn", "reason": "改由新的机构信息替代。"}
    desk.act(first, "withdraw", roles.OPENNESS_OFFICER, data=withdrawal)
    desk.act(second, "publish", roles.OPENNESS_OFFICER)
    assert Publication.objects.filter(kind="unit_profile", validity="valid").count() == 1


def test_the_database_holds_the_place_too(desk: Desk) -> None:
    first, second = publish(desk, drafted(desk)), drafted(desk)
    assert UnitProfile.objects.get(record=first).live_for == desk.unit
    with pytest.raises(IntegrityError), transaction.atomic():
        UnitProfile.objects.filter(record=second).update(live_for=desk.unit)


def test_another_units_profile_and_a_guide_beside_it_are_no_second_one(city: City) -> None:
    for name in ("发改委", "民政局"):
        desk = make_desk(city, name)
        publish(desk, drafted(desk))
        publish(desk, drafted(desk, "disclosure_guide"))
    assert Publication.objects.filter(validity="valid").count() == 4


def test_three_people_and_no_step_out_of_turn(desk: Desk) -> None:
    record = drafted(desk)
    with pytest.raises(IllegalState):
        desk.act(record, "publish", roles.OPENNESS_OFFICER)
    with pytest.raises(NotAllowed):
        desk.act(record, "approve", roles.DRAFTER)
    desk.act(record, "approve", roles.UNIT_HEAD)
    desk.review(record)
    desk.act(record, "reopen", roles.DRAFTER)
    edit_record(Record.objects.get(pk=record.pk), actor=city_actor(desk), now=desk.now, data={"phone": "0475-5550199"})
    publish(desk, record)
    assert public("unit_profile")[1]["phone"] == "0475-5550199"


def test_a_mobile_is_masked_unless_the_reviewer_keeps_it_and_is_named_in_chinese(desk: Desk) -> None:
    from mingtang.disclosure.content import label_of

    record = drafted(desk, openness_phone="联系电话13800138000")
    context = Context(spec_for("unit_profile"), record, city_actor(desk), desk.now)
    found = find_personal_data(payload_of(context))
    assert [label_of(place.place) for place in found] == ["公开工作机构电话"]
    publish(desk, record)
    assert "13800138000" not in public("unit_profile")[1]["openness_phone"]


@pytest.mark.parametrize("kind", ("unit_profile", "disclosure_guide"))
def test_the_desk_takes_a_draft_shows_it_and_keeps_rows_when_it_is_edited(city: City, kind: str) -> None:
    client = Client()
    drafter = city.person(city.unit("市政府办公厅"), roles.DRAFTER)
    client.force_login(drafter, backend="django.contrib.auth.backends.ModelBackend")
    form = client.get(f"/desk/{kind}/new/")
    assert form.status_code == 200
    data: dict[str, Any] = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form.content.decode()))
    for name, value in (PROFILE if kind == "unit_profile" else GUIDE).items():
        if isinstance(value, list):
            data |= {f"{name}-{at}-{key}": words for at, row in enumerate(value) for key, words in row.items()}
        else:
            data[name] = value
    made = client.post(f"/desk/{kind}/new/", data, follow=True)
    assert made.status_code == 200
    record = Record.objects.get(kind=kind)
    page = client.get(f"/desk/{kind}/{record.pk}/").content.decode()
    editing = client.get(f"/desk/{kind}/{record.pk}/edit/").content.decode()
    if kind == "unit_profile":
        assert UnitProfile.objects.get(record=record).leaders == PROFILE["leaders"]
        assert "包秀英" in page and ">包秀英</textarea>" in editing
    else:
        assert "市政府办公厅政务公开科" in page and "市政府办公厅政务公开科" in editing
