"""Child process: makes a register of fees, hands in tables, reads what waits, tells what stands. The first argument says
which; results are printed as JSON."""

import json
import sys
from datetime import timedelta

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from mingtang.records.models import Record  # noqa: E402
from mingtang.registers import staging  # noqa: E402
from mingtang.registers.entries import values_of  # noqa: E402
from mingtang.registers.models import PART, Batch, Entry  # noqa: E402
from mingtang.registers.services import Upload, change  # noqa: E402
from mingtang.units import roles  # noqa: E402
from tests.factories import City, make_city, make_desk, table  # noqa: E402

ROWS = 3000
HEADING = (
    *("收费项目编码", "部门", "收费项目名称", "收费对象", "收费标准", "执收单位", "资金管理方式", "是否涉企"),
    "立项依据",
)


def fees(mark: str, count: int = ROWS) -> bytes:
    """A table of fees, each of which says which file it is from."""
    rows = [
        (
            f"F{number:06}",
            mark,
            f"演示收费{number}",
            "申请人",
            f"每件{number}元",
            "演示单位",
            "缴入地方国库",
            "否",
            "演示依据文件",
        )
        for number in range(1, count + 1)
    ]
    return table(HEADING, rows)


def prepare() -> None:
    """A public register of ten fees, and a table of three thousand that waits to be read."""
    call_command("migrate", interactive=False, verbosity=0)
    city = make_city()
    desk = make_desk(city, now=timezone.localtime())
    register = desk.register("administrative_fees")
    desk.change(register, upload=Upload("旧.csv", fees("旧", 10)))
    desk.publish_register(register)
    staging.AT_ONCE_BYTES = 100
    desk.change(register, upload=Upload("新.csv", fees("新")), correction="重新整理")


def upload(mark: str) -> None:
    """Somebody hands in a table now."""
    city = City(timezone.localtime())
    drafter = city.actor(city.unit("发改委"), roles.DRAFTER)
    record = Record.objects.get(kind="register")
    given = Upload(f"{mark}.csv", fees(mark, 500), extent=PART)
    change(record, actor=drafter, now=timezone.localtime(), upload=given)


def read(later: str) -> None:
    """What the worker does, in small pieces so that it can be killed between them; ``later`` seconds from now."""
    staging.CHUNK = 50
    print(staging.read_waiting(lambda: timezone.localtime() + timedelta(seconds=int(later))))


def tell() -> None:
    batch = Batch.objects.get(published_at=None)
    staged = [values_of(text) for text in Entry.objects.filter(batch=batch).values_list("values", flat=True)]
    print(
        json.dumps(
            {
                "stage": batch.stage,
                "done": batch.done,
                "attempt": batch.attempt,
                "counts": batch.counts,
                "staged": len(staged),
                "different": len({values["code"] for values in staged}),
                "marks": sorted({str(values["department"]) for values in staged}),
                "public": Entry.objects.filter(until=None, since__isnull=False).count(),
            }
        )
    )


if __name__ == "__main__":
    {"prepare": prepare, "upload": upload, "read": read, "tell": tell}[sys.argv[1]](*sys.argv[2:])
