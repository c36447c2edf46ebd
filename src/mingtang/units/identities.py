"""Which account a person of the single sign-on server is. It opens accounts that are there and makes none, and gives no
rights.
"""

from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction

from .actors import SYSTEM, Actor
from .changes import announce, lock_person, not_oneself, require
from .errors import UnitsError
from .models import IDENTITY, CredentialReset, Person

PROVIDER = "city"


def sign_on_name() -> str:
    """What the sign-in page calls the server; empty if none is set up."""
    return settings.SIGN_ON_NAME if settings.SIGN_ON_ISSUER else ""


def identity_of(person: Person) -> str:
    """The person's id at the server; empty if not linked."""
    return SocialAccount.objects.filter(user=person, provider=PROVIDER).values_list("uid", flat=True).first() or ""


@transaction.atomic
def link_identity(
    *,
    person: Person,
    subject: str,
    now: datetime,
    actor: Actor = SYSTEM,
    expected_version: int | None = None,
) -> None:
    """Let the server's ``subject`` sign in as the person. Harmless when repeated.

    Raises:
        NotAdministrator, Stale; UnitsError: oneself, the subject is another person's, or the person has another.
    """
    require(actor, "credentials")
    not_oneself(actor, person)
    if identity_of(person) == subject:
        return
    person = lock_person(person, expected_version)
    holder = SocialAccount.objects.filter(provider=PROVIDER, uid=subject).select_related("user").first()
    if holder is not None:
        raise UnitsError(f"这个统一身份已经关联给{holder.user}，请先在那里解除。", "subject")
    if identity_of(person):
        raise UnitsError(f"{person}已关联另一个统一身份，请先解除。", "subject")
    SocialAccount.objects.create(user=person, provider=PROVIDER, uid=subject)
    if actor.person_id is not None:
        CredentialReset.objects.create(person=person, kind=IDENTITY, by_id=actor.person_id, at=now)
    announce("identity.linked", now=now, actor=actor, about=person, person=person.pk)


@transaction.atomic
def unlink_identity(
    *, person: Person, now: datetime, actor: Actor = SYSTEM, expected_version: int | None = None
) -> None:
    """Take the link away and end every session. Harmless when repeated.

    Raises:
        NotAdministrator, Stale; UnitsError: oneself.
    """
    require(actor, "credentials")
    not_oneself(actor, person)
    if not identity_of(person):
        return
    person = lock_person(person, expected_version)
    SocialAccount.objects.filter(user=person, provider=PROVIDER).delete()
    person.sessions.all().delete()
    announce("identity.unlinked", now=now, actor=actor, about=person, person=person.pk)


def link_by_claim(*, username: str, subject: str, now: datetime) -> Person | None:
    """The account whose user name the server vouches for, linked from now on; None if there is none, it is off, or it
    is linked to somebody else. Only where the installation trusts the server's names (MINGTANG_OIDC_LINK=username).
    """
    person = Person.objects.filter(username=username).first() if username else None
    if person is None or not person.is_active or identity_of(person):
        return None
    link_identity(person=person, subject=subject, now=now)
    return person
