"""Accounts: made, renamed, switched off and on. Rights are another matter (``posts``), and so are secrets."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from .actors import SYSTEM, Actor
from .changes import announce, first_time, lock_person, not_oneself, require
from .errors import UnitsError
from .models import Person
from .posts import end_delegations_of, keep_one_administrator
from .roles import ADMINISTRATORS


def _checked(username: str, display_name: str, email: str) -> None:
    if not 1 <= len(username) <= 60 or any(sign.isspace() or not sign.isprintable() for sign in username):
        raise UnitsError("用户名要有1到60个字符，不能有空格。", "username")
    if Person.objects.filter(username__iexact=username).exists():
        raise UnitsError(f"用户名“{username}”已被使用（不分大小写）。", "username")
    _checked_words(display_name, email)


def _checked_words(display_name: str, email: str) -> None:
    if not display_name.strip() or len(display_name) > 40:
        raise UnitsError("姓名要有1到40个字符。", "display_name")
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise UnitsError("电子邮箱写法不对，例如 name@example.gov.cn。", "email") from None


@transaction.atomic
def person_create(
    *,
    username: str,
    display_name: str,
    now: datetime,
    password: str | None = None,
    email: str = "",
    actor: Actor = SYSTEM,
    request_key: str = "",
) -> Person:
    """Create an account. A password given here has to be changed at the first sign-in; without one, nobody can sign
    in before the security administrator has handed out a one-time password.

    Raises:
        NotAdministrator: not the system administrator.
        UnitsError: the user name is empty, longer than 60 characters, holds a space, or is taken in any letter case;
            the person's name is empty or longer than 40 characters; the address is none.
        django.core.exceptions.ValidationError: the password is too weak.
    """
    require(actor, "accounts")
    if not first_time(request_key, now=now):
        return Person.objects.get(username__iexact=username)
    _checked(username, display_name, email)
    person = Person(username=username, display_name=display_name.strip(), email=email, date_joined=now)
    if password is None:
        person.set_unusable_password()
    else:
        validate_password(password, person)
        person.set_password(password)
        person.must_change_password = True
    person.save()
    announce("account.created", now=now, actor=actor, about=person, person=person.pk)
    return person


@transaction.atomic
def person_edit(
    *,
    person: Person,
    display_name: str,
    email: str,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Person:
    """Correct a person's name and address. The user name stays: the journal of other systems may know it.

    Raises:
        NotAdministrator, Stale, UnitsError.
    """
    require(actor, "accounts")
    _checked_words(display_name, email)
    person = lock_person(person, expected_version)
    changes = [
        name
        for name, value in (("display_name", display_name.strip()), ("email", email))
        if getattr(person, name) != value
    ]
    if changes:
        person.display_name, person.email = display_name.strip(), email
        person.save(update_fields=["display_name", "email"])
        announce("account.edited", now=now, actor=actor, about=person, person=person.pk, fields=changes)
    return person


@transaction.atomic
def person_disable(*, person: Person, actor: Actor, now: datetime, expected_version: int | None = None) -> Person:
    """Switch an account off: no sign-in, every session ended at once, delegations the person gave ended. Posts stay as
    they are, without effect, until the account is switched on again. Harmless when repeated.

    Raises:
        NotAdministrator, Stale; UnitsError: oneself, or the last of one kind of administrator.
    """
    require(actor, "accounts")
    not_oneself(actor, person)
    if not Person.objects.filter(pk=person.pk, is_active=True).exists():
        return person
    for post in person.posts.filter(role__in=ADMINISTRATORS):
        keep_one_administrator(post, now=now)
    person = lock_person(person, expected_version)
    person.is_active = False
    person.save(update_fields=["is_active"])
    person.sessions.all().delete()
    end_delegations_of(person, actor=actor, now=now)
    announce("account.disabled", now=now, actor=actor, about=person, person=person.pk)
    return person


@transaction.atomic
def person_enable(*, person: Person, actor: Actor, now: datetime, expected_version: int | None = None) -> Person:
    """Switch an account on again; its posts in force count from now on. Harmless when repeated.

    Raises:
        NotAdministrator, Stale; UnitsError: oneself.
    """
    require(actor, "accounts")
    not_oneself(actor, person)
    if Person.objects.filter(pk=person.pk, is_active=True).exists():
        return person
    person = lock_person(person, expected_version)
    person.is_active = True
    person.save(update_fields=["is_active"])
    announce("account.enabled", now=now, actor=actor, about=person, person=person.pk)
    return person
