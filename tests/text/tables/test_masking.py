"""What of an entry everybody may read."""

from datetime import date
from typing import Any

import pytest

from mingtang.text.tables.kinds import KindError, TableKind, kind_of
from mingtang.text.tables.masking import is_shown, masked_value, public_values

DECISION: dict[str, Any] = {
    "id": "decision",
    "title": "决定",
    "article": 5,
    "duty": "D05.4",
    "stage": "management",
    "keepers": "credit_supervision_units",
    "key": ["number"],
    "hide_after": "shown_until",
    "retracted": {"when": "revoked_on", "keeps": ["number", "revoked_on", "reason"]},
    "fields": [
        {"name": "number", "title": "文号", "constraints": {"required": True}},
        {"name": "party_kind", "title": "类别"},
        {
            "name": "party",
            "title": "名称",
            "mask": "person",
            "mask_when": {"party_kind": "自然人"},
            "constraints": {"required": True, "minLength": 2},
        },
        {"name": "id_number", "title": "证件号码", "public": False},
        {"name": "shown_until", "title": "公示截止期", "type": "date"},
        {"name": "revoked_on", "title": "撤销日期", "type": "date"},
        {"name": "reason", "title": "撤销理由"},
    ],
}
ENTRY = {"number": "1号", "party_kind": "自然人", "party": "王小明", "id_number": "110105194912310029", "reason": None}


def kind(**changes: Any) -> TableKind:
    return kind_of(DECISION | changes)


def test_a_person_is_masked_where_the_row_says_it_is_one() -> None:
    assert public_values(kind(), ENTRY)["party"] == "王**"
    company = ENTRY | {"party_kind": "法人", "party": "演示公司"}
    assert public_values(kind(), company)["party"] == "演示公司"


def test_a_column_that_is_not_public_never_leaves() -> None:
    assert "id_number" not in public_values(kind(), ENTRY)


def test_of_an_entry_taken_back_stays_the_reason() -> None:
    values = public_values(kind(), ENTRY | {"revoked_on": "2026-11-02", "reason": "复议撤销"})
    assert {name: value for name, value in values.items() if value is not None} == {
        "number": "1号",
        "revoked_on": "2026-11-02",
        "reason": "复议撤销",
    }


def test_the_public_schema_asks_for_no_more_than_what_stays() -> None:
    fields = {one["name"]: one.get("constraints", {}) for one in kind().schema()["fields"]}
    assert fields["number"] == {"required": True}
    assert fields["party"] == {}
    assert kind(retracted={}).schema()["fields"][2]["constraints"] == {"required": True}


@pytest.mark.parametrize(("day", "shown"), [(date(2026, 11, 2), True), (date(2026, 11, 3), False)])
def test_an_entry_is_shown_through_its_last_day(day: date, shown: bool) -> None:
    assert is_shown(kind(), ENTRY | {"shown_until": "2026-11-02"}, day) is shown
    assert is_shown(kind(), ENTRY, day)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hide_after": "until"}, "“hide_after”写的“until”不是字段"),
        ({"retracted": {"when": "revoked_on", "keeps": ["reason"]}}, "“keeps”少了“number”"),
        ({"retracted": {"when": "gone", "keeps": ["number"]}}, "“gone”不是字段"),
        ({"fields": [*DECISION["fields"], {"name": "x", "title": "x", "mask_when": {"y": "1"}}]}, "“y”不是字段"),
    ],
)
def test_a_kind_that_names_no_field_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(KindError, match=said):
        kind(**changes)


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        ("person", "王小明，李四", "王**、李*"),
        ("resident_id", "11010519491231002X", "110105********002X"),
        ("phone", "13812345678", "138****5678"),
        ("phone", "1234", "***"),
        ("bank_card", "6222021234567890", "************7890"),
        ("hidden", "王小明", None),
        ("address", "科尔沁区木里图镇西花灯村12号", "科尔沁区木里图镇西花灯村***"),
    ],
)
def test_masks(mask: str, value: str, shown: str | None) -> None:
    assert masked_value(mask, value) == shown
