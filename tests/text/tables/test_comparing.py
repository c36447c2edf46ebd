"""Amounts side by side: with another year through what became of the codes, over units, as a tree."""

from decimal import Decimal
from pathlib import Path

from mingtang.text.tables.codes import CodeLists
from mingtang.text.tables.comparing import Node, by_start, compare, followed, percent, roll_up, tree, walk

D = Decimal


def lists(folder: Path) -> CodeLists:
    (folder / "budget").mkdir()
    (folder / "budget" / "2017.csv").write_text(
        "code,name,parent,replaces\n11,甲,,\n12,乙,,\n13,丙,,\n14,丁,,\n", encoding="utf-8"
    )
    (folder / "budget" / "2019.csv").write_text(
        "code,name,parent,replaces\n11,甲,,\n20,乙丙,,12;13\n31,丁一,,14\n32,丁二,,14\n", encoding="utf-8"
    )
    return CodeLists(folder)


def test_codes_are_followed_from_year_to_year(tmp_path: Path) -> None:
    follow = followed(lists(tmp_path), "budget", 2018, 2019)
    then = {"11": D("5"), "12": D("2"), "13": D("3"), "14": D("8"), "99": D("1")}
    now = {"11": D("6"), "20": D("4.5"), "31": D("3"), "32": D("6"), "40": D("7")}
    found = {one.codes or one.previous: one for one in compare(now, then, follow)}
    assert (found["11",].now, found["11",].before, found["11",].percent) == (D("6"), D("5"), D("20.0"))
    merged = found["20",]
    assert (merged.previous, merged.before, merged.difference) == (("12", "13"), D("5"), D("-0.5"))
    # Nobody knows what share of 丁 each part is: they are compared together.
    split = found["31", "32"]
    assert (split.now, split.before, split.percent) == (D("9"), D("8"), D("12.5"))
    assert (found["40",].before, found["40",].percent) == (None, None)
    gone = found["99",]
    assert (gone.codes, gone.now, gone.before) == ((), None, D("1"))
    assert sum((one.before or D(0) for one in found.values()), D(0)) == sum(then.values())
    assert sum((one.now or D(0) for one in found.values()), D(0)) == sum(now.values())


def test_without_a_crosswalk_equal_codes_are_compared() -> None:
    (one, other) = compare({"1": D("2")}, {"2": D("3")})
    assert (one.codes, one.before, other.previous, other.now) == (("1",), None, ("2",), None)


def test_units_add_up_to_their_government() -> None:
    assert roll_up([{"1": D("0.1"), "2": D("1")}, {"1": D("0.2")}, {}]) == {"1": D("0.3"), "2": D("1")}
    assert by_start({"2050201": D("1"), "2050202": D("2"), "2010101": D("4")}, 3) == {"205": D("3"), "201": D("4")}


def test_a_tree_has_the_largest_first() -> None:
    made = tree({"2010101": D("1"), "2050201": D("2"), "2050299": D("3")}, lambda code: f"名{code}")
    assert [(depth, node.code, node.amount) for depth, node in walk(made)] == [
        (0, "205", D("5")),
        (1, "20502", D("5")),
        (2, "2050299", D("3")),
        (2, "2050201", D("2")),
        (0, "201", D("1")),
        (1, "20101", D("1")),
        (2, "2010101", D("1")),
    ]
    assert made[1] == Node("201", "名201", D("1"), made[1].parts)


def test_per_cent_has_one_decimal_and_needs_something_to_compare_with() -> None:
    assert percent(D("1"), D("3")) == D("-66.7")
    assert percent(D("1"), D("0")) is None and percent(D("1"), None) is None
