"""Charts: boxes as large as their amounts, words that are no markup, a title and a description."""

from decimal import Decimal
from xml.etree import ElementTree

from mingtang.portal import charts
from mingtang.text.tables.comparing import Node

SPACE = "{http://www.w3.org/2000/svg}"
D = Decimal


def read(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(str(svg).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))  # noqa: S314


def test_boxes_are_as_large_as_their_amounts_and_fill_the_picture() -> None:
    nodes = [
        Node("205", "教育支出", D("60"), [Node("2050204", "高中教育", D("45")), Node("2050201", "学前教育", D("15"))]),
        Node("208", "社会保障和就业支出", D("30")),
        Node("221", "<住房>&支出", D("10")),
    ]
    found = read(charts.treemap(nodes, "map", "钱花在哪里", "教育最多", width=400, height=200))
    tiles = {
        one.findtext(f"{SPACE}title"): float(one.get("width", 0)) * float(one.get("height", 0))
        for one in found.iter(f"{SPACE}rect")
        if one.find(f"{SPACE}title") is not None
    }
    whole = 400 * 200
    wanted = {
        "教育支出：高中教育 45.00万元": 0.45,
        "教育支出：学前教育 15.00万元": 0.15,
        "社会保障和就业支出 30.00万元": 0.30,
        "<住房>&支出 10.00万元": 0.10,
    }
    assert tiles.keys() == wanted.keys()
    for told, share in wanted.items():
        assert abs(tiles[told] / whole - share) < 0.01
    assert found.get("role") == "img" and found.get("aria-labelledby") == "map-t map-d"
    assert (found.findtext(f"{SPACE}title"), found.findtext(f"{SPACE}desc")) == ("钱花在哪里", "教育最多")
    assert all(one.get("style") is None for one in found.iter())


def test_a_trend_leaves_out_what_there_is_not() -> None:
    points = [charts.Point("2025年", (D("100"), D("50"))), charts.Point("2026年", (D("200"), None))]
    found = read(charts.trend(points, ("预算", "决算"), "trend", "各年", "说明"))
    tall = [float(one.get("height", 0)) for one in found.iter(f"{SPACE}rect")]
    assert len(tall) == 3 and tall[2] == 2 * tall[0] == 4 * tall[1]
    assert [one.text for one in found.iter(f"{SPACE}text")] == ["100万", "50.0万", "2025年", "200万", "2026年"]


def test_bars_of_a_cell_share_a_scale_and_zero_has_none() -> None:
    found = read(charts.pair(D("25"), D("50"), D("100")))
    assert [(one.get("class"), float(one.get("width", 0))) for one in found] == [("now", 25.0), ("before", 50.0)]
    assert len(read(charts.pair(D("0"), None, D("100")))) == 0
