"""Cleaning, the guard, and groups of copies."""

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text.opinions.campaigns import FLIPS, changed, merged_flips, mixed, planted, recall, strangers, template

from mingtang.text.opinions.cleaning import cleaned, key_of
from mingtang.text.opinions.grouping import Settings, changes_from_template, description, group
from mingtang.text.opinions.guard import guard_of, number_of, stance_of

LONG = "关于停车收费的规定，我{}每小时收费三十元的方案，请把路灯和标线的管理落到实处，让居民看得见变化"


def test_hidden_and_direction_characters_go_and_words_stay():
    assert cleaned("\u202e反\u200b对\ufeff！\u2066") == "反对！"
    assert cleaned(" 第一行 \u3000 \r\n\r\n\r\n\r\n第二行\u2028第三行\x00") == "第一行\n\n第二行\n第三行"
    assert cleaned("每天３０元，可以吗？") == "每天３０元，可以吗？"
    assert key_of("每天３０元，可 以 吗？") == key_of("每天30元可以吗")
    assert key_of("1.5元") != key_of("15元")
    assert key_of("1,500元") == key_of("1500元")
    assert key_of("30、40") != key_of("3、040")


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text):
    assert cleaned(cleaned(text)) == cleaned(text)
    assert guard_of(cleaned(text)) == guard_of(text)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("三十", "30"), ("30", "30"), ("30.0", "30"), ("3万", "30000"), ("三万五千", "35000"), ("百分之五", "5%"), ("5%", "5%"),
        ("二〇二七", "2027"), ("两百零三", "203"), ("十", "10"), ("半", "0.5"), ("一点五", "1.5"), ("廿五", "25"), ("1.2亿", "120000000"),
    ],
)  # fmt: skip
def test_one_spelling_for_a_number(written, value):
    assert number_of(written) == value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("我支持该方案", "我反对该方案"), ("同意第三条", "不同意第三条"), ("应当收费", "不应当收费"), ("应当收费", "不应收费"),
        ("请拆迁", "请勿拆迁"), ("有人管", "没有人管"), ("去那里", "别去那里"), ("提高标准", "降低标准"), ("延长期限", "缩短期限"),
        ("增加站点", "减少站点"), ("三十日内答复", "二十日内答复"), ("30日", "30个月"), ("３０元", "40元"), ("5%", "5元"),
        ("百分之五", "百分之十"), ("3万元", "3元"), ("2027年1月1日", "2027年1月10日"), ("-5度", "5度"), ("1.5元", "15元"),
        ("菜市场收费，停车场不收费", "菜市场不收费，停车场收费"), ("工作日30元，周末20元", "周末30元，工作日20元"),
        ("支持延长工作日，反对延长周末", "支持延长周末，反对延长工作日"), ("高于国家标准", "低于国家标准"), ("收费", "免费"),
        ("太高了", "太低了"), ("允许摆摊", "禁止摆摊"), ("不能收", "不能不收"), ("保留车站", "取消车站"), ("反\u200b对", "赞成"),
        ("半年", "一年"), ("不 支 持", "支持"), ("提前两天", "推迟两天"), ("以上", "以下"), ("上午开放", "下午开放"),
    ],
)  # fmt: skip
def test_opposite_views_and_other_numbers_never_merge(one, other):
    assert guard_of(one) != guard_of(other)
    tail = "，请把路灯和标线的日常管理落到实处，让居民看得见变化"
    assert len(group([("a", one + tail), ("b", other + tail)])) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("三十日内答复", "30天内答复"), ("３０元", "三十块"), ("我支持", "我赞成"), ("百分之五", "5%"), ("不好意思，支持", "支持"),
        ("一定支持", "支持"), ("特别赞成", "赞成"), ("支持！支持！", "支持"), ("1,500元", "1500元"),
    ],
)  # fmt: skip
def test_the_same_view_written_otherwise_is_the_same(one, other):
    assert guard_of(one) == guard_of(other)


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("我支持", "for"), ("坚决反对", "against"), ("不同意", "against"), ("支持第三条，反对第五条", "both"), ("路灯坏了", ""),
        ("不反对", "for"), ("没有不同意见", ""), ("不赞成", "against"), ("支持不收费", "for"),
    ],
)  # fmt: skip
def test_stance(text, stance):
    assert stance_of(text) == stance


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_campaigns_are_found_and_no_flip_is_merged(seed):
    made = planted(3000, seed)
    groups = group(made.opinions)
    members = [each.members for each in groups]
    assert len(made.flip_of) > 100
    assert recall(made, members) >= 0.9
    assert merged_flips(made, members) == 0
    assert strangers(made, members) == 0
    assert mixed(made, members) == 0
    assert sorted(identifier for each in members for identifier in each) == [name for name, _ in made.opinions]


def test_any_order_gives_the_same_groups():
    made = planted(1500, 5)
    first = group(made.opinions)
    for seed in range(3):
        shuffled = made.opinions[:]
        random.Random(seed).shuffle(shuffled)
        assert group(shuffled) == first


def test_another_process_gives_the_same_groups():
    program = (
        "from tests.text.opinions.campaigns import planted\nfrom mingtang.text.opinions.grouping import group\n"
        "print([(each.id, each.members) for each in group(planted(300, 5).opinions)])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1
    assert "o000" in outputs.pop()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(FLIPS))
def test_a_flip_of_any_invented_campaign_is_apart(seed, flip):
    draw = random.Random(seed)
    text = template(draw, 30)
    if flip[0] not in text:
        return
    opposite = text.replace(*flip, 1)
    opinions = [("a", text), ("b", opposite), *((f"c{n}", changed(draw, text, 30)) for n in range(8))]
    together = {member: each.id for each in group(opinions) for member in each.members}
    assert together["b"] not in {together[name] for name in together if name != "b"}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=12), st.randoms())
def test_whatever_is_sent_is_in_exactly_one_group(texts, draw):
    opinions = [(f"o{number}", text) for number, text in enumerate(texts)]
    groups = group(opinions)
    assert sorted(member for each in groups for member in each.members) == sorted(name for name, _ in opinions)
    draw.shuffle(opinions)
    assert group(opinions) == groups


def test_the_template_is_what_most_people_sent():
    text = LONG.format("支持")
    groups = group([("a", text), ("b", "您好，" + text), ("c", text), ("d", LONG.format("反对"))])
    assert [each.members for each in groups] == [("a", "b", "c"), ("d",)]
    assert groups[0].template == text
    assert changes_from_template(text, "您好，" + text) == [("insert", "您好，"), ("equal", text)]


def test_a_comment_of_a_megabyte_is_read():
    huge = "请把路灯修好。" * 50_000
    assert [each.members for each in group([("a", huge), ("b", huge + "谢谢")])] == [("a", "b")]


def test_bad_settings_and_doubled_identifiers_are_refused():
    with pytest.raises(ValueError, match="given twice"):
        group([("a", "一"), ("a", "二")])
    with pytest.raises(ValueError, match="alike"):
        Settings(alike=0)


def test_what_is_published_names_thresholds_seed_and_words():
    told = description()
    assert told["settings"] == {"alike": 0.55, "sketch": 24, "hits": 3, "crowded": 64, "compared": 12, "seed": 20161}
    assert "不" in told["guard"]["negations"]
