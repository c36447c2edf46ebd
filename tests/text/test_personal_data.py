"""Personal data is found however it is spaced, office numbers and codes are left alone, masking leaves nothing."""

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric

from mingtang.text.personal_data import Finding, mask, scan


def resident_id(first_seventeen: str) -> str:
    return first_seventeen + ric.calc_check_digit(first_seventeen + "0")


ID = resident_id("15050219850314123")
ID_WITH_X = "11010519491231002X"
CARD = "6222021234567890128"
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def kinds(text: str) -> list[str]:
    return [finding.kind for finding in scan(text)]


@pytest.mark.parametrize(
    "written",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "138.1234.5678",
        "138－1234－5678",
        "138\u3000 1234\u20095678",
        "138\u200b1234\u200b5678",
        "1\u200d3\u200d812345678",
        "１３８１２３４５６７８",
        "１３８ １２３４-5678",
        "𝟏𝟑𝟖𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖",
        "1 3 8 1 2 3 4 5 6 7 8",
        "1381234 5678",
    ],
)
@pytest.mark.parametrize("around", ["{}", "请联系张三{}。", "0475-8234567 {} 801", "abc{}XYZ", "2017-01-04\n{}\n5"])
def test_mobile_numbers_in_every_dress(written: str, around: str) -> None:
    text = around.format(written)
    (finding,) = scan(text)
    start = text.index(written)
    assert finding == Finding("mobile", start, start + len(written), "138****5678", "手机号码")
    assert mask(text) == around.format("138****5678")


def test_country_codes_stay_outside() -> None:
    assert mask("+86 138 1234 5678，8613912345678") == "+86 138****5678，86139****5678"
    assert mask("手机013812345678") == "手机0138****5678"


@pytest.mark.parametrize(
    "text",
    [
        "办公电话：0475-8234567",
        "服务热线12345，监督电话 0475-12345",
        "通政办发〔2017〕12号",
        "索引号：15050000001",
        "IP 192.168.100.123",
        "东经135.12345678度",
        "校验 a1b2c13812345678ef90",
        "总额1381,234,5678元",
        "2380123456",
        "138123456789",
        "1381 2345 6789",
        "123456789012345678901",
        "统一社会信用代码91150502MA0N1ABC12",
        "统计 138\n1234\n5678",
        "中国网 x@tongliao.gov.cn",
        "办公地址：科尔沁区建国路12号",
        "",
    ],
)
def test_what_is_not_personal(text: str) -> None:
    assert scan(text) == []
    assert mask(text) == text


@pytest.mark.parametrize(
    "written",
    [
        ID,
        f"{ID[:6]} {ID[6:14]} {ID[14:]}",
        f"{ID[:6]}-{ID[6:14]}-{ID[14:]}",
        f"{ID[:3]} {ID[3:6]} {ID[6:10]} {ID[10:14]} {ID[14:]}",
        ID.translate(FULL_WIDTH),
        f"{ID[:6]}\n{ID[6:]}",
        ID_WITH_X,
        ID_WITH_X.lower(),
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105 19491231 002 X",
    ],
)
def test_resident_ids_in_every_dress(written: str) -> None:
    text = f"申请人（{written}）"
    (finding,) = scan(text)
    assert (finding.kind, text[finding.start : finding.end]) == ("resident_id", written)
    plain = ID_WITH_X if "5194" in unicodedata.normalize("NFKC", written).replace(" ", "") else ID
    assert mask(text) == f"申请人（{plain[:6]}********{plain[14:]}）"


def test_resident_ids_need_check_character_and_date() -> None:
    wrong = ID[:17] + ("0" if ID[17] != "0" else "1")
    assert scan(wrong) == []
    assert kinds(f"身份证号：{wrong}") == ["resident_id"]
    no_date = resident_id("15050219851314123")
    assert scan(no_date) == scan(f"身份证号：{no_date}") == []
    assert scan(ID + "123") == []


def test_old_resident_ids_need_a_word() -> None:
    old = "150502850314123"
    assert scan(f"流水{old}") == []
    assert mask(f"身份证号码：{old}") == "身份证号码：150502*****4123"
    assert kinds(f"姓名\t身份证号\n甲\t{old}") == ["resident_id"]
    assert scan(f"身份证\t单据\n甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲\t{old}") == []


def test_bank_cards_need_luhn_and_a_word() -> None:
    assert scan(f"订单{CARD}") == []
    assert mask("开户行：某银行，账号 6222 0212 3456 7890 128") == "开户行：某银行，账号 6222***********0128"
    assert mask(f"{CARD}（银行卡）") == "6222***********0128（银行卡）"
    assert scan("银行卡号6222021234567890127") == []


def test_bank_cards_below_a_table_heading() -> None:
    rows = [f"某某{number}\t{CARD}\t100" for number in range(300)]
    assert kinds("\n".join(["姓名\t补贴账号\t金额", *rows])) == ["bank_card"] * 300
    assert scan("\n".join(["姓名\t单据\t金额", *rows])) == []


def test_numbers_that_need_a_word() -> None:
    assert mask("护照 E12345678、G87654321") == "护照 E*****678、G*****321"
    assert mask("通行证号：Ｃ12345678。") == "通行证号：C*****678。"
    assert scan("型号 E12345678") == []
    assert mask("家庭电话：0475-8234567、8234568") == "家庭电话：0475823****、823****"
    assert mask("邮箱ab.c@QQ.com") == "邮箱a***@qq.com"
    assert scan("邮箱ab.c@QQ.com")[0].severity == "low"


def test_home_addresses_are_cut_at_the_township() -> None:
    assert mask("家庭住址：某市某区某某街道建国路12号3单元502室，电话") == "家庭住址：某市某区某某街道***，电话"
    assert mask("住址：某旗某某苏木某某嘎查三组") == "住址：某旗某某苏木***"
    assert scan("住址：某市某区某某街道") == []


def test_only_the_findings_given_are_masked() -> None:
    text = "甲13812345678乙13987654321"
    first, second = scan(text)
    assert mask(text, [second]) == "甲13812345678乙139****4321"
    assert mask(text, []) == text
    with pytest.raises(ValueError, match="does not fit"):
        mask(text, [first, first])
    with pytest.raises(ValueError, match="does not fit"):
        mask("短", [first])


PIECES = st.sampled_from(
    [
        *("138", "1234", "5678", "13812345678", "１３８", "86", "0", "0475", "8234567", "150502850314123"),
        *(ID, ID[:6], ID[6:14], ID[14:], CARD, "X", "x", " ", "-", "\n", "\t", "\u200b", "*", "**", "，", "@"),
        *("身份证", "银行卡", "电话", "家庭电话", "护照", "E1234567", "a@b.com", "住址：某市", "街道", "5号", "三组"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=80)))
def test_masking_leaves_nothing_and_findings_fit(text: str) -> None:
    found = scan(text)
    for before, after in zip(found, found[1:], strict=False):
        assert before.end <= after.start
    assert all(0 <= finding.start < finding.end <= len(text) for finding in found)
    masked = mask(text)
    assert scan(masked) == []
    assert (masked == text) is (not found)


def test_a_table_of_figures_does_not_stall_the_scan() -> None:
    text = "1380 1234 567 12 3 2017-01-04 3.14\n" * 6000
    before = time.perf_counter()
    assert scan(text) == []
    assert time.perf_counter() - before < 10
