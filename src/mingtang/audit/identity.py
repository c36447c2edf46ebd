"""Citizens' identities: sealed apart from their matters, masked on every page, opened one field at a time.

Opening needs a purpose and is noted in the same transaction before anybody sees the value. Who may open which field is
for the affair to decide; how often one person may is decided here.
"""

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from mingtang.units.actors import Actor

from .identity_keys import Unreadable, blind, decrypt, drop_keys, encrypt, keys
from .models import Access, PersonalIdentity
from .names import IDENTITY, IDENTITY_REFUSED, IDENTITY_UNUSUAL
from .services import note_access

FIELDS = {
    "name": _("姓名"),
    "id_number": _("证件号码"),
    "phone": _("联系电话"),
    "mail": _("电子邮箱"),
    "address": _("通信地址"),
    "contact": _("联系方式"),
}
# Fields that staff find a matter by, exactly and only exactly.
FINDABLE = frozenset({"id_number", "phone", "mail"})
PURPOSES = {
    "contact": _("联系本人，核实或答复"),
    "verify": _("核对身份"),
    "deliver": _("邮寄或送达"),
    "correct": _("更正登记的信息"),
    "dispute": _("办理复议、诉讼或投诉"),
    "supervise": _("监督检查"),
}
HOUR = timedelta(hours=1)
CHUNK = 200


class IdentityRefused(Exception):
    """The value is not shown. ``str()`` is Chinese and says what to do."""


class TooManyLooks(IdentityRefused):
    """The person opened as many as one may in an hour."""


def seal(subject_kind: str, subject_id: object, **values: str) -> None:
    """Keep fields of the person behind a matter, sealed; an empty value takes the field away.

    Args:
        values: by the names of ``FIELDS``.

    Raises:
        LookupError: there is no such field.
    """
    for field, value in values.items():
        if field not in FIELDS:
            raise LookupError(f"{field} is no field of an identity")
        own: dict[str, Any] = {"subject_kind": subject_kind, "subject_id": str(subject_id), "field": field}
        if not value.strip():
            PersonalIdentity.objects.filter(**own).delete()
            continue
        key_id, sealed = encrypt(value, _about(subject_kind, subject_id, field))
        index = blind(keys()[0], field, normalised(value)) if field in FINDABLE else ""
        PersonalIdentity.objects.update_or_create(
            **own, defaults={"key_id": key_id, "sealed": sealed, "blind_index": index}
        )


def forget(subject_kind: str, subject_id: object) -> int:
    """Take everything known of the person behind a matter away; gives how many fields."""
    return PersonalIdentity.objects.filter(subject_kind=subject_kind, subject_id=str(subject_id)).delete()[0]


def masked(subject_kind: str, subject_ids: Iterable[object]) -> dict[str, dict[str, str]]:
    """By subject id and field, what may stand on any page: enough to tell two people apart, not to know one.

    One query. A field that cannot be opened any more says so.
    """
    found: dict[str, dict[str, str]] = {}
    ids = [str(one) for one in subject_ids]
    for row in PersonalIdentity.objects.filter(subject_kind=subject_kind, subject_id__in=ids).order_by("pk"):
        try:
            shown = mask(row.field, _value(row))
        except Unreadable:
            shown = "（密钥已更换，无法读取）"
        found.setdefault(row.subject_id, {})[row.field] = shown
    return found


def fields_kept(subject_kind: str, subject_id: object) -> list[str]:
    """Names of the fields that are kept of the person behind a matter."""
    found = PersonalIdentity.objects.filter(subject_kind=subject_kind, subject_id=str(subject_id))
    return list(found.order_by("pk").values_list("field", flat=True))


def open_for(
    actor: Actor,
    subject_kind: str,
    subject_id: object,
    field: str,
    *,
    purpose: str,
    now: datetime,
    unit_code: str = "",
) -> str:
    """One field of one matter, in the clear, for a person who may see it; noted before it is given.

    Call outside a transaction, so that the note stands whatever happens to the page.

    Raises:
        IdentityRefused: no purpose of the list was given, nothing is kept, or it cannot be read.
        TooManyLooks: the person's hour is used up; this is noted, and the audit administrator is told.
        django.db.DatabaseError: the look could not be noted, so nothing is shown.
    """
    if purpose not in PURPOSES:
        raise IdentityRefused("请选择查看的用途。")
    if actor.person_id is None:
        raise IdentityRefused("只有登录的人员可以查看。")
    _count(actor, subject_kind, subject_id, field, purpose, now, unit_code)
    with transaction.atomic():
        row = PersonalIdentity.objects.filter(
            subject_kind=subject_kind, subject_id=str(subject_id), field=field
        ).first()
        if row is None:
            raise IdentityRefused("没有登记这一项。")
        try:
            value = _value(row)
        except Unreadable:
            raise IdentityRefused("密封这一项的密钥不在了，无法读取。请联系系统管理员从备份恢复密钥。") from None
        _note(IDENTITY, actor, subject_kind, subject_id, field, purpose, now, unit_code)
    return value


def find_for(
    actor: Actor, subject_kind: str, field: str, value: str, *, purpose: str, now: datetime, unit_code: str = ""
) -> list[str]:
    """Ids of the matters of one kind whose ``field`` is exactly ``value``. Noted and counted like a look.

    Raises: as ``open_for``; LookupError for a field that is not ``FINDABLE``.
    """
    if field not in FINDABLE:
        raise LookupError(f"{field} cannot be searched")
    if purpose not in PURPOSES:
        raise IdentityRefused("请选择查找的用途。")
    _count(actor, subject_kind, "", f"find {field}", purpose, now, unit_code)
    indexes = [blind(key, field, normalised(value)) for key in keys()]
    with transaction.atomic():
        _note(IDENTITY, actor, subject_kind, "", f"find {field}", purpose, now, unit_code)
        rows = PersonalIdentity.objects.filter(subject_kind=subject_kind, field=field, blind_index__in=indexes)
        return list(rows.order_by("pk").values_list("subject_id", flat=True))


def value_for_machine(subject_kind: str, subject_id: object, field: str) -> str:
    """A field for the house's own use where nobody sees it, such as mailing an answer; empty if not kept.

    Raises:
        Unreadable: the key is gone, or the row was changed.
    """
    row = PersonalIdentity.objects.filter(subject_kind=subject_kind, subject_id=str(subject_id), field=field).first()
    return _value(row) if row else ""


def _count(
    actor: Actor, subject_kind: str, subject_id: object, field: str, purpose: str, now: datetime, unit_code: str
) -> None:
    """Refuse beyond the hour's limit; tell the audit administrator once when looks become many."""
    most = settings.IDENTITY_LOOKS["most"]
    last = Access.objects.filter(actor_id=actor.person_id, action=IDENTITY).order_by("-id").values_list("at", flat=True)
    looks = sum(at > now - HOUR for at in last[:most])
    if looks >= most:
        _note(IDENTITY_REFUSED, actor, subject_kind, subject_id, field, purpose, now, unit_code, 429)
        raise TooManyLooks(
            f"一小时内已查看{looks}次个人信息，超过了上限。请稍后再试；确需更多，请先报本单位负责人。审计管理员会看到。"
        )
    if looks + 1 == settings.IDENTITY_LOOKS["unusual"]:
        _note(IDENTITY_UNUSUAL, actor, "", "", "", "", now, unit_code)


def _note(
    action: str,
    actor: Actor,
    subject_kind: str,
    subject_id: object,
    field: str,
    purpose: str,
    now: datetime,
    unit_code: str,
    status: int = 200,
) -> None:
    note_access(
        actor_id=actor.person_id,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        part=field,
        purpose=purpose,
        now=now,
        unit_code=unit_code or min(actor.units, default=""),
        status=status,
    )


# Masks.


def normalised(value: str) -> str:
    """A value as it is matched: width, case, blanks and dashes make no difference."""
    return unicodedata.normalize("NFKC", value).translate({ord(sign): None for sign in " -\u3000\t"}).casefold()


def mask(field: str, value: str) -> str:
    """A value with its middle hidden. Free text (``contact``) is hidden whole, but for its kind."""
    text = value.strip()
    if field == "name":
        return text[:1] + "*" * max(len(text) - 1, 1)
    if field == "id_number":
        return _kept(text, 3, 2)
    if field == "phone":
        return _kept(text, 3, 4)
    if field == "mail":
        name, at, domain = text.rpartition("@")
        return f"{name[:1]}***{at}{domain}" if at else "***"
    if field == "address":
        return f"{text[:6]}******" if len(text) > 10 else "******"
    return "******"


def _kept(text: str, first: int, last: int) -> str:
    if len(text) < first + last + 4:
        return "*" * len(text)
    return f"{text[:first]}{'*' * (len(text) - first - last)}{text[-last:]}"


# Keys.


def reseal(limit: int = CHUNK) -> int:
    """Seal up to ``limit`` rows anew that an older key sealed; gives how many, 0 when all is done.

    Safe to repeat and to kill: each row is moved by one statement that does nothing if it was changed meanwhile.
    Rows that cannot be opened are left as they are.
    """
    newest, *older = keys()
    if not older:
        return 0
    moved = 0
    waiting = PersonalIdentity.objects.filter(key_id__in=[key.id for key in older]).order_by("pk")
    for row in waiting.iterator(chunk_size=CHUNK):
        if moved == limit:
            break
        try:
            value = _value(row)
        except Unreadable:
            continue
        key_id, sealed = encrypt(value, _about(row.subject_kind, row.subject_id, row.field))
        index = blind(newest, row.field, normalised(value)) if row.field in FINDABLE else ""
        moved += PersonalIdentity.objects.filter(pk=row.pk, sealed=row.sealed).update(
            key_id=key_id, sealed=sealed, blind_index=index
        )
    return moved


def retire_keys() -> int:
    """Take old keys that seal no row any more off the list; gives how many. An old backup brings its own list."""
    return drop_keys({key_id for key_id, rows in key_state().items() if not rows})


def key_state() -> dict[str, int]:
    """How many rows each key seals, newest key first; a key id that is on no list any more comes last."""
    counted = PersonalIdentity.objects.values_list("key_id").annotate(rows=Count("pk")).order_by("key_id")
    return {key.id: 0 for key in keys()} | dict(counted)


def _about(subject_kind: str, subject_id: object, field: str) -> str:
    return f"{subject_kind}\n{subject_id}\n{field}"


def _value(row: PersonalIdentity) -> str:
    return decrypt(row.key_id, row.sealed, _about(row.subject_kind, row.subject_id, row.field))
