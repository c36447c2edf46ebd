"""What is told to whom, how they want it told, and one row for each thing sent. Nothing here holds a word of a record."""

import uuid
from datetime import date, datetime, time

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingtang import mailing
from mingtang.duties.models import Duty
from mingtang.records.models import Record
from mingtang.units.models import Person, Unit

from .kinds import DIGEST as DAILY
from .kinds import KINDS, OFF

WAITING, SENDING, FAILED, DROPPED = "waiting", "sending", "failed", "dropped"
SENT, UNCLEAR = mailing.SENT, mailing.UNCLEAR
STATUSES = {
    WAITING: _("待发送"),
    SENDING: _("正在发送"),
    SENT: _("已发送"),
    FAILED: _("没有发出"),
    UNCLEAR: _("不知是否送达，没有重发"),
    DROPPED: _("已不必发送"),
}
MAIL, HOOK = "mail", "hook"
NOTICES, DIGEST, ADDRESS = "notices", "digest", "address"


class Place(models.Model):
    """How far something was followed, and the lock of whoever follows it."""

    name = models.CharField(max_length=20, primary_key=True)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.position}"


class Matter(models.Model):
    """Something there is to tell, once. ``moment`` tells occasions of one kind and ``about`` apart.

    ``subject`` is what the desk groups by: the record, or what it is about where there is none.
    """

    kind = models.CharField(_("类别"), max_length=20, choices=[(name, kind.label) for name, kind in KINDS.items()])
    about = models.CharField(max_length=60)
    moment = models.CharField(max_length=80, blank=True)
    subject = models.CharField(max_length=60)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="matters", verbose_name=_("单位"))
    record = models.ForeignKey(Record, models.CASCADE, null=True, related_name="matters")
    duty = models.ForeignKey(Duty, models.CASCADE, null=True, related_name="matters")
    due_at = models.DateTimeField(_("到期时间"), null=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="matters_told")
    at = models.DateTimeField(_("时间"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "about", "moment"], name="one_matter_per_moment")]
        indexes = [models.Index(fields=["duty", "kind", "at"]), models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"


class Hook(models.Model):
    """An address of another system that is told what a unit's people are told; of every unit where none is named.

    The secret that signs what is sent is not stored: it follows from the installation's key and ``generation``.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="hooks", verbose_name=_("单位"))
    url = models.CharField(_("接收地址"), max_length=400)
    generation = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField(_("登记时间"))
    ended_at = models.DateTimeField(_("停用时间"), null=True)

    def __str__(self) -> str:
        return f"{self.unit_id or 'all'} {self.pk}"


class Delivery(models.Model):
    """One mail or one call of a hook in the outbox. ``key`` is unique.

    Holds no address and no text: both are made when it is sent. ``unclear``: the process died, or the line broke,
    while it was being handed over; it is not sent again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=120, unique=True)
    channel = models.CharField(max_length=10)
    kind = models.CharField(max_length=20)
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="deliveries")
    hook = models.ForeignKey(Hook, models.CASCADE, null=True, related_name="deliveries")
    status = models.CharField(_("状态"), max_length=10, default=WAITING, choices=list(STATUSES.items()))
    attempts = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(_("最近的错误"), max_length=80, blank=True)
    made_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["made_at", "id"]
        indexes = [
            models.Index(fields=["channel", "status", "next_try_at"]),
            models.Index(fields=["person", "kind", "made_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.status}"


class Notice(models.Model):
    """A matter as told to one person. ``mail_waiting`` until it is put into a mail, or it is settled that it is not."""

    matter = models.ForeignKey(Matter, models.CASCADE, related_name="notices")
    person = models.ForeignKey(Person, models.CASCADE, related_name="notices")
    at = models.DateTimeField()
    in_desk = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True)
    mail_waiting = models.BooleanField(default=False)
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, related_name="notices")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["matter", "person"], name="one_notice_per_person")]
        indexes = [
            models.Index(fields=["person", "-at"]),
            models.Index(
                fields=["person"], condition=models.Q(read_at=None, in_desk=True), name="notices_unread_of_person"
            ),
            models.Index(fields=["person"], condition=models.Q(mail_waiting=True), name="notices_waiting_for_mail"),
            models.Index(fields=["matter"], condition=models.Q(read_at=None), name="notices_unread_of_matter"),
        ]

    def __str__(self) -> str:
        return f"{self.matter_id} {self.person_id}"


class Told(models.Model):
    """A matter that a hook was told of, or will be by the delivery."""

    hook = models.ForeignKey(Hook, models.CASCADE)
    matter = models.ForeignKey(Matter, models.CASCADE)
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="told")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hook", "matter"], name="one_call_per_matter")]

    def __str__(self) -> str:
        return f"{self.hook_id} {self.matter_id}"


class Preference(models.Model):
    """How a person wants to be told. ``choices`` holds, by kind, what differs from the defaults of ``KINDS``."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="notice_preference")
    choices = models.JSONField(default=dict)
    quiet_from = models.TimeField(_("免打扰开始"), default=time(22))
    quiet_to = models.TimeField(_("免打扰结束"), default=time(7))
    digest_at = models.TimeField(_("汇总邮件的时间"), default=time(8))
    working_days_only = models.BooleanField(_("只在工作日发邮件"), default=False)
    digested_on = models.DateField(null=True)

    def __str__(self) -> str:
        return str(self.person_id)

    def in_desk(self, kind: str) -> bool:
        return KINDS[kind].deadline or bool(self.choices.get(kind, {}).get("desk", True))

    def mail(self, kind: str) -> str:
        return str(self.choices.get(kind, {}).get("mail", KINDS[kind].mail))

    def is_quiet(self, local: datetime) -> bool:
        """Whether the local moment lies in the quiet hours; none if they begin and end at the same time."""
        moment = local.time()
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= moment < self.quiet_to
        return moment >= self.quiet_from or moment < self.quiet_to

    def goes(self, kind: str, local: datetime, *, working: bool) -> str:
        """What becomes of a notice of this kind that waits to be mailed at the local moment.

        ``off``: never mailed. ``notices``: goes now. ``digest``: goes in today's digest. Empty: it goes on waiting. A
        deadline waits for no quiet hour and no working day.
        """
        mode, deadline = self.mail(kind), KINDS[kind].deadline
        if mode == OFF:
            return OFF
        if self.working_days_only and not working and not deadline:
            return ""
        if mode == DAILY:
            return DIGEST if self.is_digest_due(local) else ""
        return NOTICES if deadline or not self.is_quiet(local) else ""

    def is_digest_due(self, local: datetime) -> bool:
        """Once a day from the chosen hour on. A day far in the future was noted by a clock that went wrong."""
        if local.time() < self.digest_at:
            return False
        last: date | None = self.digested_on
        return last is None or last < local.date() or (last - local.date()).days > 1


class MailAddress(models.Model):
    """The address a person gave for notices. Mail goes there once they typed in the code that was sent to it."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="mail_address")
    email = models.EmailField(_("邮箱"), max_length=200)
    asked_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    verified_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.person_id)
