"""Child process: publishes penalties, hands them over, tells what was handed over. The first argument says which."""

import json
import sys
from datetime import timedelta

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from mingtang.registers import exchange  # noqa: E402
from mingtang.registers.models import ExchangeFile, ExchangeLine  # noqa: E402
from mingtang.registers.receipts import Exchange  # noqa: E402
from tests.acceptance.test_registers_credit import HEADING, penalty  # noqa: E402
from tests.factories import make_city, make_desk  # noqa: E402

ROWS, PARCEL = 600, 20


def prepare() -> None:
    """A public register of penalties that nobody was told of."""
    call_command("migrate", interactive=False, verbosity=0)
    desk = make_desk(make_city(), "市场监管局", now=timezone.localtime())
    day = timezone.localtime().date() - timedelta(days=80)
    rows = [penalty(number, decided=day) for number in range(1, ROWS + 1)]
    desk.publish_register(desk.register("penalties", HEADING, rows))


def follow() -> None:
    """What the worker does, in small parcels so that it can be killed between them."""
    exchange.LINES_A_PARCEL = PARCEL
    print(Exchange().follow(timezone.localtime()))


def tell() -> None:
    folders = {}
    for platform in exchange.platforms():
        folder = exchange.folder_of(platform, exchange.OUTGOING)
        said = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
        lines = [(folder / one["file"]).read_bytes().count(b"\r\n") - 1 for one in said]
        folders[platform] = {"said": sum(one["count"] for one in said), "lines": sum(lines), "parcels": len(said)}
    handed = ExchangeLine.objects.values_list("platform", "key_hash")
    print(
        json.dumps(
            {
                "root": str(settings.EXCHANGE_ROOT),
                "lines": len(handed),
                "different": len(set(handed)),
                "waiting": ExchangeFile.objects.filter(written_at=None).count(),
                "folders": folders,
            }
        )
    )


if __name__ == "__main__":
    {"prepare": prepare, "follow": follow, "tell": tell}[sys.argv[1]]()
