"""Telling people, and what they do with what they are told."""

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from mingtang.duties.models import Duty
from mingtang.intake.keys import keyed
from mingtang.records.models import Record
from mingtang.rules import SHANGHAI
from mingtang.units.actors import in_force
from mingtang.units.models import Person, Post, Unit
from mingtang.units.roles import ADMINISTRATORS

from .kinds import KINDS, MAIL_MODES, OFF
from .models import ADDRESS, MAIL, Delivery, MailAddress, Matter, Notice, Preference

CODES_A_DAY, GUESSES, CODE_LIFE = 5, 5, timedelta(hours=24)
# What happened longer ago than this stands in the desk and is not mailed any more.
STALE = timedelta(days=3)
About = Record | Duty | Post


class NoticesError(Exception):
    """A refused change; ``str()`` is Chinese and says what to do. ``field`` names the field of the form."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


def notify(
    *,
    person_ids: Iterable[int],
    kind: str,
    about: About,
    now: datetime,
    moment: str = "",
    unit: Unit | None = None,
    due_at: datetime | None = None,
    by: int | None = None,
) -> list[Notice]:
    """Tell people something; repeated for the same person, kind, subject and moment it changes nothing.

    Args:
        about: the record, duty or post it is about. Only its id is kept.
        moment: tells occasions apart, such as an event's id or a clock's stage.
        unit: the unit it concerns; the record's, duty's or post's own unless given.
        by: id of the person who caused it, such as who reminds.

    Returns the new notices. Administrators of the system and disabled accounts are passed over.
    """
    record = about if isinstance(about, Record) else about.record if isinstance(about, Duty) else None
    with transaction.atomic():
        matter, _ = Matter.objects.get_or_create(
            kind=kind,
            about=subject_of(about),
            moment=moment,
            defaults={
                "unit": unit or (about.lead_unit if isinstance(about, Record) else about.unit),
                "subject": subject_of(record or about),
                "record": record,
                "duty": about if isinstance(about, Duty) else None,
                "due_at": due_at or (about.due_at if isinstance(about, Duty) else None),
                "by_id": by,
                "at": now,
            },
        )
        return tell(matter, person_ids, now)


def tell(matter: Matter, person_ids: Iterable[int], now: datetime) -> list[Notice]:
    """Give the matter to those people who do not have it yet."""
    wanted = set(person_ids) - set(matter.notices.values_list("person_id", flat=True))
    if not wanted:
        return []
    wanted &= set(Person.objects.filter(pk__in=wanted, is_active=True).values_list("pk", flat=True))
    kept_apart = Post.objects.filter(in_force(now.astimezone(SHANGHAI)), role__in=ADMINISTRATORS, person__in=wanted)
    wanted -= set(kept_apart.values_list("person_id", flat=True))
    preferences = {preference.pk: preference for preference in Preference.objects.filter(pk__in=wanted)}
    made = []
    for person_id in sorted(wanted):
        preference = preferences.get(person_id) or Preference(person_id=person_id)
        in_desk, mail = preference.in_desk(matter.kind), preference.mail(matter.kind) != OFF
        if in_desk or mail:
            waiting = mail and matter.at > now - STALE
            made.append(Notice(matter=matter, person_id=person_id, at=now, in_desk=in_desk, mail_waiting=waiting))
    Notice.objects.bulk_create(made, ignore_conflicts=True)
    told = [notice.person_id for notice in made]
    return list(Notice.objects.filter(matter=matter, person__in=told).select_related("matter").order_by("pk"))


def subject_of(about: About) -> str:
    return f"{about._meta.model_name}:{about.pk}"


def mark_read(person_id: int, *, now: datetime, upto: int, subject: str = "") -> int:
    """Mark a person's notices read, up to the newest they saw: of one subject, or all. Gives how many."""
    found = Notice.objects.filter(person_id=person_id, read_at=None, pk__lte=upto)
    if subject:
        found = found.filter(matter__subject=subject)
    return found.update(read_at=now)


def preference_of(person_id: int) -> Preference:
    """The stored preference, or the defaults, unsaved."""
    return Preference.objects.filter(pk=person_id).first() or Preference(person_id=person_id)


def set_preference(
    person_id: int,
    *,
    choices: Mapping[str, Mapping[str, Any]],
    quiet_from: time,
    quiet_to: time,
    digest_at: time,
    working_days_only: bool,
) -> Preference:
    """Store how a person wants to be told. A deadline stays in the desk whatever is asked.

    Raises:
        NoticesError: an unknown kind or way.
    """
    kept = {}
    for kind, choice in choices.items():
        if kind not in KINDS or choice.get("mail", OFF) not in MAIL_MODES:
            raise NoticesError("没有这种通知方式，请重新选择。", f"mail_{kind}")
        kept[kind] = {"desk": KINDS[kind].deadline or bool(choice.get("desk")), "mail": choice.get("mail", OFF)}
    preference, _ = Preference.objects.update_or_create(
        person_id=person_id,
        defaults={
            "choices": kept,
            "quiet_from": quiet_from,
            "quiet_to": quiet_to,
            "digest_at": digest_at,
            "working_days_only": working_days_only,
        },
    )
    return preference


def address_of(person_id: int) -> str:
    """The person's verified address, or the empty text. An address that was changed elsewhere is not verified."""
    found = MailAddress.objects.filter(pk=person_id, person__is_active=True).exclude(verified_at=None)
    row = found.values_list("email", "person__email").first()
    return row[0] if row is not None and row[0] == row[1] else ""


@transaction.atomic
def ask_address(person: Person, email: str, *, now: datetime) -> MailAddress:
    """Note the address a person gives and put a mail with the code into the outbox.

    Raises:
        NoticesError: no mail server is set, not an address, or too many codes within a day.
    """
    if not settings.MAIL_SERVER:
        raise NoticesError("本系统还没有设置邮件服务器，不能验证邮箱。请联系系统管理员。", "email")
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise NoticesError("这不是完整的邮箱地址，请按“名字@单位.gov.cn”的样子填写。", "email") from None
    if len(email) > 200:
        raise NoticesError("邮箱地址太长，请不要超过200个字符。", "email")
    Person.objects.select_for_update().get(pk=person.pk)
    lately = Delivery.objects.filter(person=person, kind=ADDRESS, made_at__gt=now - timedelta(days=1)).count()
    if lately >= CODES_A_DAY:
        raise NoticesError("一天最多发5次验证码，请明天再试，或者请系统管理员检查邮件服务器。", "email")
    address, _ = MailAddress.objects.update_or_create(
        person=person, defaults={"email": email, "asked_at": now, "attempts": 0, "verified_at": None}
    )
    Delivery.objects.create(
        key=f"{ADDRESS}/{person.pk}/{now.timestamp()}",
        channel=MAIL,
        kind=ADDRESS,
        person=person,
        made_at=now,
        next_try_at=now,
    )
    return address


def code_of(address: MailAddress) -> str:
    """Eight digits that only this installation can make for this address and moment; they are stored nowhere."""
    value = f"{address.pk} {address.email} {address.asked_at.timestamp()}"
    return f"{int.from_bytes(keyed('notice address', value)[:8]) % 10**8:08d}"


def confirm_address(person: Person, code: str, *, now: datetime) -> None:
    """Verify the address by the code that was sent to it. From here on notices are mailed there.

    Raises:
        NoticesError: no address asked for, wrong code, too many guesses, or the code is older than a day.
    """
    with transaction.atomic():
        address = MailAddress.objects.select_for_update().filter(pk=person.pk, verified_at=None).first()
        if address is None:
            raise NoticesError("没有等待验证的邮箱，请先填写邮箱。", "email")
        old = abs(now - address.asked_at) > CODE_LIFE
        spent = address.attempts >= GUESSES
        good = hmac.compare_digest(code.strip().encode(), code_of(address).encode())
        if not (old or spent):
            address.attempts += 1
            if good:
                address.verified_at = now
            address.save(update_fields=["attempts", "verified_at"])
            if good:
                Person.objects.filter(pk=person.pk).update(email=address.email)
                return
    if old:
        raise NoticesError("验证码已经过了24小时，请重新发送。", "code")
    if spent:
        raise NoticesError("验证码输错次数太多，请重新发送。", "code")
    raise NoticesError("验证码不对。请填写最近一封邮件里的8位数字。", "code")


@transaction.atomic
def drop_address(person: Person) -> None:
    """Forget the address; nothing is mailed to the person any more."""
    MailAddress.objects.filter(pk=person.pk).delete()
    Person.objects.filter(pk=person.pk).update(email="")


def unread_count(person_id: int, most: int = 100) -> int:
    """How many notices a person has not read, counted no further than ``most``."""
    return Notice.objects.filter(person_id=person_id, read_at=None, in_desk=True)[:most].count()
