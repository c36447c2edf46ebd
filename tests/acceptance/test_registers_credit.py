"""Article 5: permits, penalties, spot checks and serious breaches, and the two platforms they are pushed to."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from tests.factories import START, City, Desk, at, make_desk, table

from mingtang.channels.digest import changes
from mingtang.disclosure.verifying import verify_house
from mingtang.duties.models import Duty
from mingtang.duties.selectors import state_of
from mingtang.editions import projecting
from mingtang.editions.models import Edition, EditionFile, LogHead, Publication, PublicFile, PublicRowChange
from mingtang.records.errors import NotAllowed, Refused
from mingtang.records.models import Record
from mingtang.registers.exchange import hand_over, pairs, platforms
from mingtang.registers.models import GOOD, PART, Batch, Entry, ExchangeFile, ExchangeLine
from mingtang.registers.receipts import Exchange, push_again, refused_lines, set_aside, standing
from mingtang.registers.services import EntryEdit, Upload
from mingtang.text.tables.exchanging import receipt_of
from mingtang.units import roles

COMPANY, OTHER, ORGAN = "91330203674737244W", "91330282L07196379D", "11441700007280420Y"
HEADING = (
    *("CF_XDR_MC", "CF_XDR_LB", "CF_XDR_SHXYM", "CF_XDR_ZJLX", "CF_XDR_ZJHM", "CF_WSH", "CF_WFXW", "CF_SY", "CF_YJ"),
    *("CF_CFLB", "CF_NR", "CF_NR_FK", "CF_JDRQ", "CF_GSJZQ", "CF_CFJG", "CF_CFJGDM"),
)
DAY = START.date()
BOTH = ("credit_platform", "enterprise_system")
pytestmark = pytest.mark.django_db


def penalty(number: int, code: str = COMPANY, decided: date = DAY, **changes: Any) -> tuple[Any, ...]:
    values = {
        "CF_XDR_MC": "通辽市演示百货有限公司",
        "CF_XDR_LB": "法人及非法人组织",
        "CF_XDR_SHXYM": code,
        "CF_WSH": f"通市监罚〔2026〕{number}号",
        "CF_WFXW": "经营超过保质期的食品",
        "CF_SY": "货架上有过期食品三包",
        "CF_YJ": "《中华人民共和国食品安全法》第一百二十四条",
        "CF_CFLB": "罚款；没收非法财物",
        "CF_NR": "罚款一万元，没收过期食品",
        "CF_NR_FK": "1",
        "CF_JDRQ": decided.isoformat(),
        "CF_GSJZQ": (decided + timedelta(days=400)).isoformat(),
        "CF_CFJG": "通辽市市场监督管理局",
        "CF_CFJGDM": ORGAN,
        **changes,
    }
    return tuple(values.get(name) for name in HEADING)


PERSON = {
    "CF_XDR_MC": "王小明",
    "CF_XDR_LB": "自然人",
    "CF_XDR_SHXYM": None,
    "CF_XDR_ZJLX": "身份证",
    "CF_XDR_ZJHM": "11010519491231002X",
}


@pytest.fixture
def root(tmp_path: Path, settings: LazySettings) -> Iterator[Path]:
    settings.EXCHANGE_ROOT = tmp_path / "exchange"
    yield settings.EXCHANGE_ROOT


@pytest.fixture
def market(city: City) -> Desk:
    return make_desk(city, "市场监管局")


def publish(desk: Desk, *rows: tuple[Any, ...]) -> Record:
    return desk.publish_register(desk.register("penalties", HEADING, rows))


def more(desk: Desk, register: Record, *rows: tuple[Any, ...], **data: Any) -> Record:
    upload = Upload("新增.csv", table(HEADING, rows), extent=PART, **data)
    desk.change(register, upload=upload)
    return desk.publish_register(register)


def outgoing(root: Path, platform: str) -> list[dict[str, str]]:
    """Every line that lies in a platform's folder, in order; each parcel is whole."""
    lines = []
    for path in sorted((root / platform / "outgoing").glob("*.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        content = (path.parent / said["file"]).read_bytes()
        held = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        assert len(held) == said["count"]
        lines += held
    return lines


def answer(root: Path, platform: str, refused: dict[str, str] | None = None, name: str = "回执.csv") -> None:
    """The platform answers every parcel that lies there: refuses the documents named, accepts the others."""
    folder = root / platform / "receipts"
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((root / platform / "outgoing").glob("*.csv")):
        held = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
        said = [
            (int(row["LINE"]), "refused" if row["CF_WSH"] in (refused or {}) else "accepted", row["CF_WSH"])
            for row in held
        ]
        answers = [(number, result, (refused or {}).get(document, "")) for number, result, document in said]
        (folder / f"{path.stem}-{name}").write_bytes(receipt_of(path.stem, answers))


def d05_4(register: Record) -> Duty:
    return Duty.objects.get(code="D05.4", record=register)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [fault.code for fault in refused.value.faults]


@pytest.mark.scenario("S05.4")
def test_a_penalty_is_on_both_platforms_under_one_code_and_a_repeat_push_adds_nothing(market: Desk, root: Path) -> None:
    register = publish(market, penalty(1), penalty(2, OTHER))
    exchange = Exchange()
    assert exchange.follow(market.now) == 4
    for platform in BOTH:
        lines = outgoing(root, platform)
        assert [(row["ACTION"], row["CF_XDR_SHXYM"], row["CF_WSH"]) for row in lines] == [
            ("add", COMPANY, "通市监罚〔2026〕1号"),
            ("add", OTHER, "通市监罚〔2026〕2号"),
        ]
    before = {path: path.read_bytes() for path in root.rglob("*.*")}
    for again in (exchange, Exchange(), Exchange()):
        assert again.follow(market.now + timedelta(minutes=5)) == 0
    assert {path: path.read_bytes() for path in root.rglob("*.*")} == before
    assert ExchangeLine.objects.count() == 4
    assert state_of(d05_4(register), market.now) == "running"


@pytest.mark.scenario("S05.4")
def test_the_clock_of_a_day_stops_once_both_platforms_have_accepted_all_of_it(market: Desk, root: Path) -> None:
    register = publish(market, penalty(1), penalty(2, OTHER))
    exchange = Exchange()
    exchange.follow(market.now)
    answer(root, "credit_platform")
    exchange.follow(market.now)
    duty = d05_4(register)
    assert duty.closed_at is None
    assert [part.name for part in duty.parts.exclude(closed_at=None)] == ["credit_platform"]
    answer(root, "enterprise_system")
    exchange.follow(market.now)
    assert state_of(d05_4(register), market.now) == "met"
    assert [one["accepted"] for one in standing(Batch.objects.get(register=register.pk).register)] == [2, 2]


def test_what_a_platform_refuses_is_shown_and_pushed_again_once_corrected(market: Desk, root: Path) -> None:
    register = publish(market, penalty(1), penalty(2, OTHER))
    exchange, why = Exchange(), {"通市监罚〔2026〕2号": "库中名称与代码不一致"}
    exchange.follow(market.now)
    for platform in BOTH:
        answer(root, platform, why)
    exchange.follow(market.now)
    assert [(line.platform, line.words, line.refusal) for line in refused_lines([market.unit.pk])] == [
        (platform, f"通市监罚〔2026〕2号／{OTHER}", why["通市监罚〔2026〕2号"]) for platform in BOTH
    ]
    assert list(refused_lines(["jyj"])) == []
    assert exchange.follow(market.now) == 0 and d05_4(register).closed_at is None
    entry = Entry.objects.get(register=register.pk, values__contains="2号", until=None)
    values = json.loads(entry.values) | {"party_name": "通辽市演示餐饮有限公司"}
    market.change(register, entry=EntryEdit(values, entry.key_hash, entry.values))
    market.publish_register(register)
    assert exchange.follow(market.now) == 2
    line = outgoing(root, "credit_platform")[-1]
    assert (line["ACTION"], line["CF_XDR_MC"]) == ("add", "通辽市演示餐饮有限公司")
    assert list(refused_lines()) == []
    for platform in BOTH:
        (root / platform / "receipts").mkdir(exist_ok=True)
        newest = ExchangeFile.objects.filter(platform=platform).latest("number")
        (root / platform / "receipts" / "2.csv").write_bytes(receipt_of(newest.name, [(1, "accepted", "")]))
    exchange.follow(market.now)
    assert state_of(d05_4(register), market.now) == "met"


def test_a_refusal_that_was_the_platforms_mistake_is_pushed_again_as_it_is(market: Desk, root: Path) -> None:
    publish(market, penalty(1))
    exchange = Exchange()
    exchange.follow(market.now)
    answer(root, "credit_platform", {"通市监罚〔2026〕1号": "系统维护"})
    exchange.follow(market.now)
    line = refused_lines().get()
    with pytest.raises(NotAllowed):
        push_again(line, actor=market.city.actor(market.unit, roles.UNIT_HEAD), now=market.now)
    for _ in range(2):
        push_again(line, actor=market.city.actor(market.unit, roles.DRAFTER), now=market.now)
    assert exchange.follow(market.now) == 1 and exchange.follow(market.now) == 0
    assert [row["ACTION"] for row in outgoing(root, "credit_platform")] == ["add", "add"]
    assert len(outgoing(root, "enterprise_system")) == 1


def test_a_change_a_withdrawal_and_the_end_of_the_display_period_are_told_once(market: Desk, root: Path) -> None:
    until = DAY + timedelta(days=100)
    rows = [penalty(1), penalty(2, OTHER), penalty(3, CF_GSJZQ=until.isoformat())]
    register = publish(market, *rows)
    exchange = Exchange()
    exchange.follow(market.now)
    heading = (*HEADING, "决定被改变的日期", "撤回公示的理由")
    changed = [
        (*penalty(1, CF_NR_FK="0.5"), None, None),
        (*rows[1], DAY.isoformat(), "行政复议决定撤销"),
    ]
    market.change(register, upload=Upload("改.csv", table(heading, changed), extent=PART))
    market.publish_register(register)
    exchange.follow(market.now)
    told = [(row["ACTION"], row["CF_WSH"], row["REASON"]) for row in outgoing(root, "credit_platform")[3:]]
    assert told == [
        ("change", "通市监罚〔2026〕1号", ""),
        ("withdraw", "通市监罚〔2026〕2号", "行政复议决定撤销"),
    ]
    assert outgoing(root, "credit_platform")[4]["CF_NR"] == ""
    last = datetime.combine(until, market.now.timetz())
    assert exchange.follow(last) == 0
    assert exchange.follow(last + timedelta(days=1)) == 2
    line = outgoing(root, "credit_platform")[-1]
    assert (line["ACTION"], line["CF_WSH"], line["REASON"]) == ("withdraw", "通市监罚〔2026〕3号", "公示期满")
    assert exchange.follow(last + timedelta(days=2)) == 0


def test_only_what_everybody_can_read_is_handed_over(market: Desk, root: Path) -> None:
    from mingtang.disclosure.services import note_shown

    register = market.register("penalties", HEADING, [penalty(1)])
    assert Exchange().follow(market.now) == 0
    market.publish_register(register, shown=False)
    exchange = Exchange()
    assert exchange.follow(market.now) == 0
    note_shown()
    assert exchange.follow(market.now) == 2


def test_a_person_is_masked_everywhere_and_is_no_enterprise(market: Desk, root: Path) -> None:
    register = publish(market, penalty(1, **PERSON))
    exchange = Exchange()
    exchange.follow(market.now)
    lines = outgoing(root, "credit_platform")
    assert [(row["CF_XDR_MC"], row["CF_XDR_SHXYM"]) for row in lines] == [("王**", "")]
    assert outgoing(root, "enterprise_system") == []
    everything = b"".join(path.read_bytes() for path in root.rglob("*.*"))
    public = Edition.objects.get().payload.encode() + b"".join(
        bytes(one.file.content) for one in EditionFile.objects.all()
    )
    for private in ("王小明", "11010519491231002X"):
        assert private.encode() not in everything + public
    assert [part.name for part in d05_4(register).parts.exclude(closed_at=None)] == ["enterprise_system"]


def test_a_killed_run_leaves_nothing_half_and_the_next_one_carries_on(market: Desk, root: Path) -> None:
    publish(market, penalty(1), penalty(2, OTHER))
    for platform, register in pairs():
        hand_over(register, platform, market.now)
    # Died here: the parcels are written down, their files are not.
    assert not root.exists() and ExchangeFile.objects.filter(written_at=None).count() == 2
    half = root / "credit_platform" / "outgoing" / ".credit_platform-penalties-000001.csv.part"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"LINE,AC")
    assert Exchange().follow(market.now) == 0
    assert len(outgoing(root, "credit_platform")) == len(outgoing(root, "enterprise_system")) == 2
    assert not half.exists()
    # Died after the files, before the note of it: the same bytes are written once more.
    before = {path: path.read_bytes() for path in root.rglob("*.*")}
    ExchangeFile.objects.update(written_at=None)
    Exchange().follow(market.now)
    assert {path: path.read_bytes() for path in root.rglob("*.*")} == before


def test_a_receipt_is_read_once_whatever_happens_to_it(market: Desk, root: Path) -> None:
    register = publish(market, penalty(1))
    exchange = Exchange()
    exchange.follow(market.now)
    answer(root, "credit_platform")
    folder = root / "credit_platform" / "receipts"
    content = next(folder.glob("*.csv")).read_bytes()
    exchange.follow(market.now)
    assert list(folder.glob("*.csv")) == [] and len(list((folder / "done").iterdir())) == 1
    answered = ExchangeLine.objects.get(platform="credit_platform").answered_at
    # Read, but the process died before the file was moved.
    (folder / "again.csv").write_bytes(content)
    exchange.follow(market.now + timedelta(minutes=9))
    assert ExchangeLine.objects.get(platform="credit_platform").answered_at == answered
    assert d05_4(register).parts.exclude(closed_at=None).count() == 1 and set_aside() == []


def test_a_half_receipt_waits_and_a_wrong_one_is_set_aside_with_the_reason(market: Desk, root: Path) -> None:
    publish(market, penalty(1))
    exchange = Exchange()
    exchange.follow(market.now)
    name = ExchangeFile.objects.get(platform="credit_platform").name
    folder = root / "credit_platform" / "receipts"
    folder.mkdir(parents=True)
    whole = receipt_of(name, [(1, "accepted", "")])
    (folder / "half.csv").write_bytes(whole[:-10])
    now = datetime.fromtimestamp((folder / "half.csv").stat().st_mtime, market.now.tzinfo)
    exchange.follow(now)
    assert (folder / "half.csv").exists() and set_aside() == []
    exchange.follow(now + timedelta(hours=2))
    assert not (folder / "half.csv").exists() and "结束行" in dict(set_aside())["half.csv"]
    (folder / "stranger.csv").write_bytes(receipt_of("credit_platform-penalties-000099", [(1, "accepted", "")]))
    (folder / "line.csv").write_bytes(receipt_of(name, [(1, "accepted", ""), (2, "accepted", "")]))
    (root / "enterprise_system" / "receipts").mkdir()
    (root / "enterprise_system" / "receipts" / "other.csv").write_bytes(whole)
    exchange.follow(now)
    told = dict(set_aside())
    assert "没有交给这个平台" in told["stranger.csv"] and "没有第2条" in told["line.csv"]
    assert "没有交给这个平台" in told["other.csv"]
    assert set(ExchangeLine.objects.values_list("state", flat=True)) == {"sent"}


def test_a_platform_that_is_not_named_by_the_kind_gets_nothing(market: Desk, root: Path) -> None:
    assert set(platforms()) == set(BOTH)
    assert {register.register_kind for _platform, register in pairs()} == set()
    publish(market, penalty(1))
    assert sorted(platform.id for platform, _register in pairs()) == sorted(BOTH)


@pytest.mark.parametrize(
    ("decided", "shown", "state"),
    [("2026-03-02", "2026-03-11 10:00", "met"), ("2026-03-02", "2026-03-12 10:00", "met_late")],
)
def test_seven_working_days_from_the_day_of_the_decision(
    market: Desk, decided: str, shown: str, state: str, root: Path
) -> None:
    register = market.register("penalties", HEADING, [penalty(1, decided=date.fromisoformat(decided))])
    market.now = at(shown)
    market.publish_register(register)
    duty = Duty.objects.get(code="DC7", record=register)
    assert state_of(duty, market.now) == state
    assert state_of(d05_4(register), market.now) != "met"


def test_a_decision_revoked_is_taken_back_in_three_working_days_and_only_the_reason_stays(market: Desk) -> None:
    register = publish(market, penalty(1))
    market.now = at("2026-03-09 09:00")
    heading = (*HEADING, "决定被改变的日期", "撤回公示的理由")
    row = (*penalty(1), "2026-03-06", "行政复议决定撤销")
    market.change(register, upload=Upload("撤回.csv", table(heading, [row]), extent=PART))
    market.publish_register(register)
    assert state_of(Duty.objects.get(code="DC48", record=register), market.now) == "met"
    edition = Edition.objects.get(state="live")
    held = {
        one.name: bytes(one.file.content).decode("utf-8-sig") for one in EditionFile.objects.filter(edition=edition)
    }
    assert "行政复议决定撤销" in held["data.csv"]
    everything = b"".join(bytes(one.content) for one in PublicFile.objects.all()).decode()
    everything += "".join(Edition.objects.values_list("payload", flat=True))
    for gone in ("过期食品", "演示百货", "罚款一万元"):
        assert gone not in everything
    assert list(Edition.objects.order_by("number").values_list("state", flat=True)) == ["erased", "live"]
    assert verify_house() == []
    assert [change.kind for change in changes(1, LogHead.objects.get().size)] == ["changed"]


def test_an_earlier_edition_is_emptied_only_if_an_entry_of_it_is_over(market: Desk) -> None:
    register = publish(market, penalty(1, CF_GSJZQ=(DAY + timedelta(days=100)).isoformat()), penalty(2, OTHER))
    more(market, register, penalty(3))
    assert list(Edition.objects.order_by("number").values_list("state", flat=True)) == ["superseded", "live"]
    projecting.follow()
    assert PublicRowChange.objects.filter(edition_number=2).exists()
    market.now = at("2026-07-01 09:00")
    more(market, register, penalty(4, decided=date(2026, 6, 30)))
    assert list(Edition.objects.order_by("number").values_list("state", flat=True)) == ["erased", "erased", "live"]
    assert not PublicRowChange.objects.filter(edition_number__lte=2).exists()
    live = EditionFile.objects.get(edition__state="live", name="data.csv")
    assert [f"{number}号" in bytes(live.file.content).decode() for number in (1, 2, 3, 4)] == [False, True, True, True]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"CF_XDR_SHXYM": "91330203674737244X"}, "check_digit"),
        ({"CF_XDR_SHXYM": "9133020367473724"}, "code_length"),
        ({"CF_XDR_SHXYM": None}, "ground"),
        ({"CF_CFLB": "口头教育"}, "pattern"),
        ({"CF_GSJZQ": (DAY + timedelta(days=60)).isoformat()}, "span"),
        ({"CF_GSJZQ": (DAY + timedelta(days=1100)).isoformat()}, "span"),
        ({**PERSON, "CF_XDR_ZJHM": None}, "together"),
        ({"CF_WSH": None}, "missing"),
    ],
)
def test_a_bad_row_is_not_handed_in(market: Desk, changes: dict[str, Any], code: str) -> None:
    register = market.register("penalties", HEADING, [penalty(1, **changes), penalty(2)])
    faulty = Entry.objects.get(register=register.pk, change="faulty")
    assert code in [fault["code"] for fault in json.loads(faulty.faults)]
    with pytest.raises(Refused) as refused:
        market.act(register, "hand_in", roles.DRAFTER)
    assert "batch_faulty" in codes(refused)
    market.change(register, accept=GOOD)
    market.publish_register(register)
    assert json.loads(Edition.objects.get().payload)["count"] == 1


def test_a_page_that_does_not_know_the_day_lists_no_entry_that_is_shown_for_a_time(
    market: Desk, client: Client
) -> None:
    register = publish(market, penalty(1))
    page = client.get(f"/{Publication.objects.get(title=register.title).path}/").content.decode()
    assert "有公示期" in page and "files/data.csv" in page
    assert "演示百货" not in page and "过期食品" not in page
