"""What citizens submit, and what they may know of it.

The public process only ever adds rows to ``Submission`` and sees no column but ``id``; it asks for receipts through one
function. No foreign key leads from here to any other room.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

SUBMITTED, RECEIVED, FORWARDED, ANSWERED, REJECTED, UNREADABLE = (
    "submitted",
    "received",
    "forwarded",
    "answered",
    "rejected",
    "unreadable",
)
STATUSES = {
    SUBMITTED: _("已提交，正在转给负责的单位"),
    RECEIVED: _("负责的单位已收到，正在核对"),
    FORWARDED: _("已转给另一个单位办理"),
    ANSWERED: _("已答复"),
    REJECTED: _("不予办理"),
    UNREADABLE: _("内容损坏，请重新提交"),
}


class Submission(models.Model):
    """One thing a citizen sent in. ``sealed`` is emptied once somebody has taken it over.

    ``id`` is derived from the request key and the content, so that pressing twice adds one row.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=30)
    number = models.CharField(_("回执编号"), max_length=20, unique=True)
    code_hash = models.CharField(max_length=64)
    page = models.CharField(_("页面"), max_length=300, blank=True)
    sealed = models.TextField(blank=True)
    at = models.DateTimeField(_("提交时间"))
    taken_at = models.DateTimeField(_("接收时间"), null=True, blank=True)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["kind", "taken_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class Receipt(models.Model):
    """What the citizen may know of their own case, written by the affair that handles it."""

    number = models.CharField(_("回执编号"), max_length=20, primary_key=True)
    status = models.CharField(_("状态"), max_length=20)
    message = models.TextField(_("答复"), blank=True)
    handler = models.CharField(_("办理单位"), max_length=80, blank=True)
    due_at = models.DateTimeField(_("答复期限"), null=True, blank=True)
    updated_at = models.DateTimeField(_("更新时间"))

    def __str__(self) -> str:
        return f"{self.number} {self.status}"


class Subscription(models.Model):
    """An address that asked, and confirmed, to be mailed. One row an address; ``subjects`` are what it follows.

    A subject is the name of a feed: ``all``, ``unit/<code>``, ``topic/<name>``. ``next_index`` is the first log entry
    not yet mailed, ``followed_on`` the last day on which the log was followed.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    email = models.TextField(_("邮箱（密封）"))
    address_index = models.CharField(max_length=32, unique=True)
    subjects = models.JSONField(_("订阅内容"), default=list)
    confirmed_at = models.DateTimeField(_("确认时间"))
    next_index = models.BigIntegerField(default=0)
    followed_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["confirmed_at", "id"]

    def __str__(self) -> str:
        return str(self.id)
