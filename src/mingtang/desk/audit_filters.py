"""What the auditor asks for, read from the address. A wrong entry is told beside its field; nothing typed is lost."""

import ipaddress
import re
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date

from mingtang.audit.names import ACTIONS
from mingtang.audit.rows import seal_address
from mingtang.audit.selectors import Place, Wanted
from mingtang.journal.names import is_registered
from mingtang.units.models import Person, Unit
from mingtang.units.selectors import recognise

from .audit_show import records_numbered

NAMES = ("person", "action", "subject", "unit", "from", "to", "address")
LONGEST = 80
MOST_PEOPLE = 20
# Numbers beyond this do not fit the database.
LARGEST = 2**63 - 1


@dataclass
class Asked:
    """``typed`` is shown again in the form; ``faults`` are by field. With any fault nothing is looked up."""

    wanted: Wanted
    typed: dict[str, str]
    place: Place
    faults: dict[str, str] = field(default_factory=dict)
    records: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_filtered(self) -> bool:
        return any(self.typed.values())

    @property
    def has_more(self) -> bool:
        """Whether one of the conditions folded away is used."""
        return any(self.typed[name] for name in ("unit", "from", "to", "address"))


def read(given: QueryDict) -> Asked:
    """Everything asked for; every field may be forged."""
    typed = {name: given.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in NAMES}
    asked = Asked(Wanted(), typed, Place(_number(given.get("a")), _number(given.get("e"))))
    people = _people(asked, typed["person"])
    action, event = _action(asked, typed["action"])
    asked.wanted = Wanted(
        people=people,
        action=action,
        event=event,
        subject=_subject(asked, typed["subject"]),
        unit=_unit(asked, typed["unit"]),
        address=_address(asked, typed["address"]),
        start=_moment(asked, "from", typed["from"]),
        end=_moment(asked, "to", typed["to"]),
    )
    if asked.wanted.start and asked.wanted.end and asked.wanted.start >= asked.wanted.end:
        asked.faults["to"] = "“到”早于“从”，请改正。"
    return asked


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,19}", text) and int(text) <= LARGEST else None


def _people(asked: Asked, text: str) -> tuple[int, ...]:
    if not text:
        return ()
    named = Person.objects.filter(Q(username__iexact=text) | Q(display_name=text))
    found = tuple(named.order_by("pk").values_list("pk", flat=True)[:MOST_PEOPLE])
    if not found:
        asked.faults["person"] = f"没有叫“{text}”的人员。请写用户名或全名。"
    return found


def _action(asked: Asked, text: str) -> tuple[str, str]:
    if text in ACTIONS:
        return text, ""
    if text and not is_registered(text):
        asked.faults["action"] = "没有这种动作，请从列表里选。"
        return "", ""
    return "", text


def _subject(asked: Asked, text: str) -> str:
    if not text:
        return ""
    found = records_numbered(text)
    asked.records = [(kind, str(key)) for kind, key in found]
    if not found:
        asked.faults["subject"] = f"没有编号为“{text}”的事项。请写回执编号、发文字号或索引号。"
    return asked.records[0][1] if found else ""


def _unit(asked: Asked, text: str) -> str:
    if not text:
        return ""
    code = text if Unit.objects.filter(pk=text).exists() else recognise(text)
    if code is None:
        asked.faults["unit"] = f"没有叫“{text}”的单位。"
    return code or ""


def _address(asked: Asked, text: str) -> str:
    if not text:
        return ""
    try:
        return seal_address(str(ipaddress.ip_address(text)))
    except ValueError:
        asked.faults["address"] = "网络地址要写完整，例如 10.1.2.33。"
        return ""


def _moment(asked: Asked, name: str, text: str) -> datetime | None:
    """A day or a moment in Shanghai time; a day as the end means its whole length."""
    if not text:
        return None
    try:
        day = parse_date(text)
        if day is not None:
            whole = timedelta(days=1) if name == "to" else timedelta(0)
            found = datetime.combine(day, time.min) + whole
        else:
            found = datetime.fromisoformat(text)
        if not 1970 <= found.year < 9000:
            raise ValueError
    except (ValueError, OverflowError):
        asked.faults[name] = "日期要写成 2026-11-25，或 2026-11-25 14:30。"
        return None
    return found if found.tzinfo else timezone.make_aware(found)
