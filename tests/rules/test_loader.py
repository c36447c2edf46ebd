"""Loading errors name file, line and key."""

import pytest

from mingtang.rules import PackError, load_rulebook

GOOD = """\
[pack]
title = "试用规定"
label = "试用"
source = "测试"
status = "seen"
valid_from = 2017-01-04

[actors]
department = "部门"

[subjects]
lead_unit = "主办单位"

[events]
"document.published" = "已公开"
"document.filed" = "已存档"

[facts]
"document.is_new" = "新文件"

[enumerations.rights]
label = "权利"
article = 1
items = { know = "知情权" }

[settings.prompt]
label = "及时"
default = 5
unit = "working_days"

[duties.DT1]
article = 1
force = "M"
kind = "clock"
title = "及时公开"
content = "公开"
who = "department"
subject = "lead_unit"
when = "及时"
limit = { setting = "prompt" }
advisory = true
rights = ["know"]
opens_on = "document.filed"
closes_on = "document.published"
condition = "document.is_new"

[duties.DT2]
article = 2
force = "M"
kind = "gate"
title = "关口"
content = "审查"
who = "department"
subject = "lead_unit"
when = "公开之前"
rights = ["know"]

[gates.review]
title = "审查"
action = "公开"
duties = ["DT2"]
outcome = "block"
faults = ["review_missing"]

[faults.review_missing]
field = "review"
message = "“{name}”没有审查。"
mend = "提交审查。"
"""


def load(folder, text):
    (folder / "trial.toml").write_text(text, encoding="utf-8")
    return load_rulebook(["trial"], folder=folder)


def test_a_small_pack_of_its_own_loads(tmp_path):
    book = load(tmp_path, GOOD)
    assert [duty.id for duty in book.opened_by("document.filed")] == ["DT1"]
    assert book.closed_by("document.published")[0][1] is None
    assert book.opened_by("document.published") == ()
    assert book.fault("review_missing", name="甲").message == "“甲”没有审查。"


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('opens_on = "document.filed"', 'opens_on = "document.field"', "opens_on", "document.field"),
        ('condition = "document.is_new"', 'condition = "document.is_old"', "condition", "document.is_old"),
        ('subject = "lead_unit"', 'subject = "nobody"', "subject", "nobody"),
        ('who = "department"', 'who = "ghost"', "who", "ghost"),
        ('force = "M"', 'force = "X"', "force", "X"),
        ('kind = "clock"', 'kind = "standing"', "kind", "不写 opens_on"),
        ('closes_on = "document.published"', "", "kind", "closes_on"),
        ('title = "及时公开"', "", "title", "缺少"),
        ('title = "及时公开"', 'title = " "', "title", "不能为空"),
        ('title = "及时公开"', "title = 3", "title", "文字"),
        ('title = "及时公开"', 'titel = "及时公开"\ntitle = "及时公开"', "titel", "写错"),
        ('limit = { setting = "prompt" }', 'limit = { setting = "promt" }', "limit", "promt"),
        ('limit = { setting = "prompt" }', "limit = { within = 3 }", "limit", "时限写法"),
        ('limit = { setting = "prompt" }', "", "advisory", "limit"),
        ('rights = ["know"]\nopens_on', 'rights = ["see"]\nopens_on', "rights", "see"),
        ('rights = ["know"]\nopens_on', "opens_on", "rights", "至少服务一项"),
        ('faults = ["review_missing"]', 'faults = ["review_mising"]', "faults", "review_mising"),
        ('outcome = "block"', 'outcome = "stop"', "outcome", "stop"),
        ('duties = ["DT2"]', 'duties = ["DT9"]', "duties", "DT9"),
        ("没有审查。", "没有审查}。", "message", "花括号"),
        ("default = 5", "default = [5]", "default", "缺省值"),
        ('status = "seen"', 'status = "maybe"', "status", "maybe"),
        ("valid_from = 2017-01-04", 'valid_from = "2017"', "valid_from", "日期"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_named_by_file_line_and_key(tmp_path, old, new, key, says):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    with pytest.raises(PackError, match=says) as caught:
        load(tmp_path, text)
    error = caught.value
    assert error.file == "trial.toml"
    assert error.key.endswith(key)
    assert f"第{error.line}行" in str(error)
    line = text.splitlines()[error.line - 1]
    # The line of the key itself, or of its table's heading where the key is absent.
    assert line.startswith((key, "["))
    if new.startswith(key):
        assert line.startswith(key)


def test_a_missing_gate_or_an_unused_fault_is_an_error(tmp_path):
    with pytest.raises(PackError, match="没有任何关口执行") as caught:
        load(tmp_path, GOOD.replace('duties = ["DT2"]', 'duties = ["DT1"]'))
    assert caught.value.key == "duties.DT2.kind"
    with pytest.raises(PackError, match="没有任何关口使用") as caught:
        load(tmp_path, GOOD + '[faults.idle]\nmessage = "甲。"\nmend = "乙。"\n')
    assert GOOD.count("\n") + 1 == caught.value.line


def test_broken_toml_names_the_line(tmp_path):
    with pytest.raises(PackError, match="语法") as caught:
        load(tmp_path, GOOD.replace('who = "department"', "who = ", 1))
    assert GOOD[: GOOD.index("who =")].count("\n") + 1 == caught.value.line


def test_unknown_tables_packs_and_settings_are_errors(tmp_path):
    with pytest.raises(PackError, match="这张表"):
        load(tmp_path, GOOD + "[dutys.DT3]\narticle = 1\n")
    with pytest.raises(PackError, match="没有找到规则包"):
        load_rulebook(["absent"], folder=tmp_path)
    load(tmp_path, GOOD)
    with pytest.raises(PackError, match="写了两遍"):
        load_rulebook(["trial", "trial"], folder=tmp_path)
    with pytest.raises(PackError, match="没有这项设置"):
        load_rulebook(["trial"], folder=tmp_path, settings={"promt": 3})
    with pytest.raises(PackError, match="类型"):
        load_rulebook(["trial"], folder=tmp_path, settings={"prompt": "3"})


def test_a_pack_may_be_a_folder_and_a_duty_is_written_once(tmp_path):
    head, duties = GOOD.split("[duties.DT1]")
    (tmp_path / "split").mkdir()
    (tmp_path / "split/pack.toml").write_text(head, encoding="utf-8")
    (tmp_path / "split/duties.toml").write_text("[duties.DT1]" + duties, encoding="utf-8")
    assert set(load_rulebook(["split"], folder=tmp_path).duties) == {"DT1", "DT2"}
    (tmp_path / "split/more.toml").write_text("[duties.DT1]\narticle = 1\n", encoding="utf-8")
    with pytest.raises(PackError, match="已经写过") as caught:
        load_rulebook(["split"], folder=tmp_path)
    assert (caught.value.file, caught.value.line) == ("split/more.toml", 1)
