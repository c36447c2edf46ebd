"""The system administrator looks how the city is running."""

import pytest
from tests.e2e.conftest import Walk

pytestmark = pytest.mark.browser


def test_the_system_administrator_sees_how_the_city_runs(walk: Walk, phone: Walk) -> None:
    for person in (walk, phone):
        person.sign_in("zfb-xitong")
        person.open("/desk/health/")
        person.sees("运行状况", "要处理的", "从来没有备份过", "mingtang backup", "正在运行", "磁盘", "版本")
        person.shot("health")
        person.finish()
