"""Sign-ins, sign-outs and refused sign-ins, in the journal for the audit administrator."""

from collections.abc import Mapping
from typing import Any

from allauth.mfa.signals import authentication_failed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest
from django.utils import timezone

from mingtang.audit.names import SIGN_IN, SIGN_IN_FAILED, SIGN_OUT
from mingtang.audit.services import note_access
from mingtang.journal.names import register_event
from mingtang.journal.writing import append, writing
from mingtang.units.models import Person
from mingtang.units.sign_on import sign_on_refused

OPENED, CLOSED, REFUSED = "session.opened", "session.closed", "session.refused"
NOTED = {OPENED: SIGN_IN, CLOSED: SIGN_OUT, REFUSED: SIGN_IN_FAILED}


def connect() -> None:
    """Register the events and listen to the library's signals, its only way to tell of a sign-in."""
    register_event(OPENED, "登录")
    register_event(CLOSED, "退出登录")
    register_event(REFUSED, "登录未通过")
    user_logged_in.connect(_opened, dispatch_uid=OPENED)
    user_logged_out.connect(_closed, dispatch_uid=CLOSED)
    user_login_failed.connect(_password_refused, dispatch_uid=REFUSED)
    authentication_failed.connect(_code_refused, dispatch_uid=REFUSED)
    sign_on_refused.connect(_sign_on_refused, dispatch_uid=REFUSED)


def _opened(user: Person, **_: Any) -> None:
    _write(OPENED, user.pk)


def _closed(user: Person | None, **_: Any) -> None:
    if user is not None:
        _write(CLOSED, user.pk)


def _password_refused(credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Whoever signs in may type a password where the name goes: only the id of a person who exists is kept."""
    name = str(credentials.get("username", "")).strip()
    person = Person.objects.filter(username__iexact=name).values_list("pk", flat=True).first()
    _write(REFUSED, person, factor="password")


def _code_refused(user: Person, **_: Any) -> None:
    _write(REFUSED, user.pk, factor="one_time_code")


def _sign_on_refused(person_id: int | None, **_: Any) -> None:
    _write(REFUSED, person_id, factor="sign_on")


def _write(name: str, person_id: int | None, **payload: str) -> None:
    """In the journal that it happened, in the audit trail also from where."""
    now = timezone.now()
    with writing():
        append(name, at=now, actor_id=person_id, payload=payload)
        note_access(actor_id=person_id, action=NOTED[name], part=payload.get("factor", ""), now=now)
