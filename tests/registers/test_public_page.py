"""The page of a register: what it is, its entries as people read them, what an update adjusted, its files."""

from django.test import Client

from mingtang.editions.models import EditionFile, Publication
from mingtang.registers.services import Adjusting, Upload
from tests.factories import Desk, at, table


def test_the_page_shows_entries_and_what_was_adjusted(bus_stops: str, desk: Desk, client: Client) -> None:
    heading = ("站点编号", "站点名称", "维护人", "维护人手机", "线路数")
    rows = [("001", "火车站", "演示甲", "13800138000", 12), ("002", "市医院", "演示乙", "", 8)]
    register = desk.publish_register(desk.register(bus_stops, heading, rows))
    path = f"/{Publication.objects.get(title=register.title).path}/"
    page = client.get(path).content.decode()
    assert '共<strong class="number">2</strong>条' in page
    assert "火车站" in page and "演**" in page and "13800138000" not in page and "演示甲" not in page
    desk.change(register, upload=Upload("新.csv", table(heading, rows[:1])))
    desk.change(register, adjusting=Adjusting("取消", at("2026-03-02 00:00").date(), "演示文件〔2026〕1号"))
    desk.publish_register(register)
    page = client.get(path).content.decode()
    assert "这一版的调整" in page and "演示文件〔2026〕1号" in page and "移出1条" in page
    listed = [use.name for use in EditionFile.objects.filter(edition__number=2).order_by("position")]
    assert listed == ["data.csv", "changes.csv", "datapackage.json"]
    assert all(f"files/{name}" in page for name in listed)
    current = bytes(EditionFile.objects.get(edition__number=2, name="data.csv").file.content).decode("utf-8-sig")
    assert "火车站" in current and "市医院" not in current
