"""Regions, units, people and the posts that bind them."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _

from .roles import ROLES

if TYPE_CHECKING:
    from .sessions import SessionStore


class Region(models.Model):
    """A node of the administrative tree: city > banner/county > sumu/township > gacha/village."""

    code = models.CharField(_("行政区划代码"), max_length=12, primary_key=True)
    name = models.CharField(_("名称"), max_length=60)
    name_mongolian = models.CharField(_("蒙古文名称"), max_length=120, blank=True)
    level = models.CharField(_("层级"), max_length=10)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")

    def __str__(self) -> str:
        return self.name


class Unit(models.Model):
    """A government, an office, a department or another body that owns duties.

    Merged or abolished units keep their row: ``valid_to`` ends them and ``successor`` takes over their work.
    ``vertical_superior`` marks a body managed from above its territory (垂直管理).
    """

    code = models.CharField(_("单位代码"), max_length=40, primary_key=True)
    name = models.CharField(_("名称"), max_length=80, unique=True)
    short_name = models.CharField(_("简称"), max_length=40)
    aliases = models.JSONField(_("别称"), default=list)
    kind = models.CharField(_("类别"), max_length=20)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("地区"), related_name="units")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    vertical_superior = models.CharField(_("垂直管理上级"), max_length=80, blank=True)
    groups = models.JSONField(_("职责分组"), default=list)
    document_prefix = models.CharField(_("机关代字"), max_length=20, blank=True)
    index_code = models.CharField(_("索引号机构代码"), max_length=20, blank=True)
    phone = models.CharField(_("电话"), max_length=40, blank=True)
    valid_from = models.DateField(_("设立日期"), null=True, blank=True)
    valid_to = models.DateField(_("撤销日期"), null=True, blank=True)
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="predecessors")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Person(AbstractUser):
    """An official who signs in. ``demonstration`` marks invented people of the demo city.

    ``version`` grows with every change to the person or their posts, so that two administrators notice each other.
    ``must_change_password``: the present password came from somebody else and opens one page only.
    """

    display_name = models.CharField(_("姓名"), max_length=40)
    demonstration = models.BooleanField(_("演示数据"), default=False)
    version = models.PositiveIntegerField(default=1)
    must_change_password = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.display_name or self.username


SUBSTANTIVE, ACTING, DELEGATED = "substantive", "acting", "delegated"
POST_KINDS = {SUBSTANTIVE: _("任职"), ACTING: _("主持工作（代理）"), DELEGATED: _("受委托代签")}


class Post(models.Model):
    """A person's role in a unit for a period. ``dedicated`` posts may not be pooled (article 24).

    ``valid_to`` is the last day; ``ended_at``, where set, the moment the rights ended for good. A delegated post
    names who delegated it and always has a last day.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="posts", verbose_name=_("人员"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts", verbose_name=_("单位"))
    role = models.CharField(_("角色"), max_length=30)
    title = models.CharField(_("职务"), max_length=40, blank=True)
    dedicated = models.BooleanField(_("专职"), default=False)
    valid_from = models.DateField(_("任职起"))
    valid_to = models.DateField(_("任职止"), null=True, blank=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    kind = models.CharField(_("任职方式"), max_length=12, default=SUBSTANTIVE)
    delegated_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="delegations")
    reason = models.CharField(_("事由"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "unit", "role", "valid_from"],
                condition=models.Q(ended_at=None),
                name="one_post_per_start",
            ),
            models.CheckConstraint(condition=models.Q(role__in=list(ROLES)), name="known_role"),
            models.CheckConstraint(condition=models.Q(kind__in=list(POST_KINDS)), name="known_post_kind"),
            models.CheckConstraint(
                condition=~models.Q(kind=DELEGATED)
                | models.Q(delegated_by__isnull=False, valid_to__isnull=False)
                & ~models.Q(delegated_by=models.F("person")),
                name="delegations_have_an_end",
            ),
        ]
        indexes = [models.Index(fields=["unit", "role"])]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.role}"


class Session(AbstractBaseSession):
    """A browser's session. A person's rows can be counted and ended together; nobody's are those of the sign-in page."""

    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="sessions")
    started_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    device = models.CharField(_("设备"), max_length=60, blank=True)
    place = models.CharField(_("网络地址"), max_length=45, blank=True)

    @classmethod
    def get_session_store_class(cls) -> "type[SessionStore]":
        from .sessions import SessionStore

        return SessionStore


PASSWORD, ONE_TIME_CODE, IDENTITY = "password", "one_time_code", "identity"


class CredentialReset(models.Model):
    """Somebody else gave a person a new password, took their second factor away or let a single sign-on identity in as
    them; they are told at the next sign-in, and at the desk for two weeks.

    ``by`` is None for the operator of the machine. A printed password opens one session until ``expires_at``.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="resets")
    kind = models.CharField(max_length=20)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["person", "-at"])]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind}"


class PerformedChange(models.Model):
    """A request key that was already carried out, so that a repeated request changes nothing."""

    key = models.CharField(max_length=80, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
