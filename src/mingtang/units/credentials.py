"""Passwords and second factors: one's own, and those an administrator takes away or hands out on paper."""

import secrets
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from .actors import SYSTEM, Actor
from .changes import announce, first_time, lock_person, not_oneself, require
from .errors import UnitsError
from .models import ONE_TIME_CODE, PASSWORD, CredentialReset, Person

CODE_HOURS = 24
TOLD_DAYS = 14
# Without signs that are taken for others in print. 16 of 31 are 79 bits.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@transaction.atomic
def set_password(*, person: Person, password: str, now: datetime) -> None:
    """A person sets their own password; every session of theirs ends, and a password somebody gave them is spent.

    Raises:
        django.core.exceptions.ValidationError: too weak, or the one they have.
    """
    validate_password(password, person)
    if person.has_usable_password() and person.check_password(password):
        raise ValidationError("新密码不能与现在的密码相同。", code="password_unchanged")
    person.set_password(password)
    person.must_change_password = False
    person.save(update_fields=["password", "must_change_password"])
    person.sessions.all().delete()
    actor = Actor(person.pk, str(person))
    announce("password.changed", now=now, actor=actor, about=person, person=person.pk)


@transaction.atomic
def reset_password(*, person: Person, password: str, now: datetime, actor: Actor = SYSTEM) -> None:
    """The operator sets a password; the person must change it at the next sign-in and is told.

    Raises:
        django.core.exceptions.ValidationError: the password is too weak. NotAdministrator.
    """
    require(actor, "credentials")
    validate_password(password, person)
    _give(lock_person(person), password, actor=actor, now=now, expires_at=None)
    announce("password.reset", now=now, actor=actor, about=person, person=person.pk)


@transaction.atomic
def issue_code(
    *,
    person: Person,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
    request_key: str = "",
) -> str | None:
    """Make a one-time password to be printed and handed over: it opens one session within 24 clock hours, in which a
    new password must be set. The old password and every session end at once. Shown this once, stored only hashed.

    Returns None for a request that was carried out before: a code is never shown twice.

    Raises:
        NotAdministrator, Stale; UnitsError: oneself, or an account that is off.
    """
    require(actor, "credentials")
    not_oneself(actor, person)
    if not first_time(request_key, now=now):
        return None
    person = lock_person(person, expected_version)
    if not person.is_active:
        raise UnitsError(f"{person}的账号已停用，不能发放一次性密码。请先由系统管理员恢复。")
    letters = "".join(secrets.choice(ALPHABET) for _ in range(16))
    code = "-".join(letters[start : start + 4] for start in range(0, 16, 4))
    _give(person, code, actor=actor, now=now, expires_at=now + timedelta(hours=CODE_HOURS))
    announce("password.issued", now=now, actor=actor, about=person, person=person.pk)
    return code


def _give(person: Person, password: str, *, actor: Actor, now: datetime, expires_at: datetime | None) -> None:
    person.set_password(password)
    person.must_change_password = True
    person.save(update_fields=["password", "must_change_password"])
    person.sessions.all().delete()
    CredentialReset.objects.create(person=person, kind=PASSWORD, by_id=actor.person_id, at=now, expires_at=expires_at)


@transaction.atomic
def totp_reset(*, person: Person, now: datetime, actor: Actor = SYSTEM, expected_version: int | None = None) -> None:
    """Take a person's one-time codes and recovery codes away, for a lost telephone or key; ends their sessions. The
    person is told at the next sign-in.

    Raises:
        NotAdministrator, Stale; UnitsError: oneself, or there is nothing to take away.
    """
    require(actor, "credentials")
    not_oneself(actor, person)
    person = lock_person(person, expected_version)
    if not Authenticator.objects.filter(user=person).delete()[0]:
        raise UnitsError(f"{person}没有启用动态口令。")
    person.sessions.all().delete()
    CredentialReset.objects.create(person=person, kind=ONE_TIME_CODE, by_id=actor.person_id, at=now)
    announce("one_time_code.reset", now=now, actor=actor, about=person, person=person.pk)


def spent_code(person: Person, now: datetime) -> str:
    """Why a password that somebody handed out opens nothing any more, in Chinese; empty if it still does."""
    if not person.must_change_password:
        return ""
    given = person.resets.filter(kind=PASSWORD).order_by("-at", "-pk").first()
    if given is None or given.expires_at is None:
        return ""
    if given.used_at is not None:
        return "这个一次性密码已经用过。"
    return "这个一次性密码已经过期。" if given.expires_at <= now else ""


def note_use(person: Person, now: datetime) -> None:
    """A handed-out password was used to sign in: it opens no second session."""
    if person.must_change_password:
        person.resets.filter(kind=PASSWORD, used_at=None).update(used_at=now)


def unseen_resets(person: Person) -> list[CredentialReset]:
    """Resets the person has not been told of yet, newest first."""
    return list(person.resets.filter(seen_at=None).select_related("by").order_by("-at", "-pk"))


def recent_resets(person: Person, now: datetime) -> list[CredentialReset]:
    """Resets of the last 14 days, seen or not: whoever got in by one cannot hide it from the person by a click."""
    since = now - timedelta(days=TOLD_DAYS)
    return list(person.resets.filter(at__gte=since).select_related("by").order_by("-at", "-pk")[:20])


def note_seen(person: Person, now: datetime) -> None:
    person.resets.filter(seen_at=None).update(seen_at=now)
