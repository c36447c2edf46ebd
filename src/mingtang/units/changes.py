"""What every administrative change has in common: who may, once only, on the version that was seen, and told onward.

The journal stands above this room. It listens to ``changed`` and writes each change down in the same transaction.
"""

import uuid
from datetime import datetime
from typing import Any

from django.dispatch import Signal

from .actors import Actor
from .errors import NotAdministrator, Stale, UnitsError
from .models import PerformedChange, Person, Unit
from .roles import ADMINISTRATION, ROLES

# Every change of people, posts and units, and what the journal calls it.
CHANGES = {
    "account.created": "新建账号",
    "account.edited": "修改账号",
    "account.disabled": "停用账号",
    "account.enabled": "恢复账号",
    "identity.linked": "关联统一身份",
    "identity.unlinked": "解除统一身份",
    "post.assigned": "安排岗位",
    "post.delegated": "安排委托代签",
    "post.ended": "结束岗位",
    "work.handed_over": "工作移交",
    "work.received": "接手工作",
    "password.issued": "发放一次性密码",
    "password.reset": "重设密码",
    "password.changed": "本人修改密码",
    "one_time_code.reset": "取消动态口令",
    "session.ended": "强制退出登录",
    "profile.loaded": "载入城市档案",
    "unit.created": "新建单位",
    "unit.edited": "修改单位",
    "unit.merged": "单位并入",
    "calendar.imported": "载入工作日历",
}
changed = Signal()
_SUBJECTS = uuid.UUID("6d696e67-7461-6e67-8000-756e69747300")


def subject_of(subject: Person | Unit) -> uuid.UUID:
    """The id under which the journal keeps what happened to a person or unit, so that it is found by index."""
    return uuid.uuid5(_SUBJECTS, f"{type(subject).__name__.lower()}:{subject.pk}")


def require(actor: Actor, action: str) -> None:
    """Let pass whoever may take an action of ``ADMINISTRATION``; the operator at the machine's own console may too.

    Raises:
        NotAdministrator: another of the three administrators does this.
    """
    if actor.person_id is not None and ADMINISTRATION[action] not in actor.roles:
        raise NotAdministrator(f"这件事由{ROLES[ADMINISTRATION[action]]}办理。")


def not_oneself(actor: Actor, person: Person) -> None:
    """Nobody changes their own rights or secrets as an administrator.

    Raises:
        UnitsError: the person is the actor.
    """
    if actor.person_id == person.pk:
        raise UnitsError("不能给自己办理，请由另一名管理员办理。")


def first_time(key: str, *, now: datetime) -> bool:
    """Whether a request key is new; remembers it in the transaction under way. No key is always new."""
    return not key or PerformedChange.objects.get_or_create(key=key, defaults={"at": now})[1]


def lock_person(person: Person, expected_version: int | None = None) -> Person:
    """The person as they now are, locked, one version on; the caller saves nothing of the version.

    Raises:
        Stale: somebody else changed the person since the page was opened.
    """
    held = Person.objects.select_for_update().get(pk=person.pk)
    _check(held, expected_version)
    Person.objects.filter(pk=held.pk).update(version=held.version + 1)
    held.version += 1
    return held


def lock_unit(unit: Unit, expected_version: int | None = None) -> Unit:
    """The same for a unit."""
    held = Unit.objects.select_for_update().get(pk=unit.pk)
    _check(held, expected_version)
    Unit.objects.filter(pk=held.pk).update(version=held.version + 1)
    held.version += 1
    return held


def _check(held: Person | Unit, expected_version: int | None) -> None:
    if expected_version is not None and expected_version != held.version:
        raise Stale(f"您打开页面后，{held}已被另一名管理员修改。请刷新后核对，再办理。")


def announce(
    name: str,
    *,
    now: datetime,
    actor: Actor,
    about: Person | Unit | uuid.UUID | None = None,
    unit: Unit | str = "",
    **ids: Any,
) -> None:
    """Tell the journal of a change. ``ids`` are ids, codes and days, never names.

    Raises:
        RuntimeError: nobody writes the journal.
    """
    if not changed.has_listeners():
        raise RuntimeError("nobody writes administrative changes down")
    changed.send(
        sender=None,
        name=name,
        at=now,
        actor_id=actor.person_id,
        record_id=about if about is None or isinstance(about, uuid.UUID) else subject_of(about),
        unit_code=unit.pk if isinstance(unit, Unit) else unit,
        payload={key: value for key, value in ids.items() if value not in (None, "")},
    )
