"""A kind that exists only here: one file in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

KIND = """
id = "bus_stops"
title = "公交站点清单"
article = 5
duty = "D05.1"
stage = "service"
keepers = "all_units"
family = "test"
description = "演示数据：本市公交站点。"
key = ["code"]

[adjustments]
cancelled = "取消"
delegated = "下放"
kept = "保留"
taken_over = "承接"

[[fields]]
name = "code"
title = "站点编号"
example = "001"
identifier = true
constraints = { required = true, pattern = "\\\\d{3}" }

[[fields]]
name = "stop_name"
title = "站点名称"
constraints = { required = true }

[[fields]]
name = "keeper"
title = "维护人"
mask = "person"

[[fields]]
name = "phone"
title = "维护人手机"
public = false

[[fields]]
name = "lines"
title = "线路数"
type = "integer"
constraints = { minimum = 0 }
"""


@pytest.fixture
def bus_stops(tmp_path: Path, settings: LazySettings) -> Iterator[str]:
    (tmp_path / "bus_stops.toml").write_text(KIND, encoding="utf-8")
    settings.REGISTER_FOLDERS = [tmp_path]
    yield "bus_stops"
