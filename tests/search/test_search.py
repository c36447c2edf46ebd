"""What a reader finds, on a real index over real editions."""

from typing import Any

from mingtang.search.following import follow

from .conftest import Shelf


def test_words_of_any_length_are_found_wherever_they_stand(shelf: Shelf, titles: Any) -> None:
    shelf.publish("关于调整供热价格的通知", "自2026年10月15日起，居民用热每平方米23.8元。㐀氏、𠀀氏居民同样适用。")
    shelf.publish("关于水价的通知", "GB/T 9704—2012 Official Document，联系电话0475-8234567。")
    assert follow() == 2
    for word in (
        "供热",
        "热价格",
        "整供",
        "民",
        "㐀",
        "𠀀",
        "２３．８元",
        "2026年10月",
        "026年1",
        "《关于调整供热价格》",
    ):
        assert titles(word) == ["关于调整供热价格的通知"], word
    for word in ("水价", "价的", "水", "gb/t", "9704", "704", "official", "Official Document", "82345", "0475 8234567"):
        assert titles(word) == ["关于水价的通知"], word
    assert titles("offic") == titles("供价") == titles("月自") == []
    assert sorted(titles("通知 价")) == ["关于水价的通知", "关于调整供热价格的通知"]
    assert titles("通知 居民") == ["关于调整供热价格的通知"]
