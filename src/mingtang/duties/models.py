"""Duties under their clocks, and the calendar that working days are counted by."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingtang.records.models import Record
from mingtang.units.models import Unit


class CalendarVersion(models.Model):
    """One state of the working-day calendar. A new notice makes a new version; old ones stay."""

    number = models.PositiveIntegerField(primary_key=True)
    year = models.PositiveSmallIntegerField(_("公布的年份"))
    source = models.CharField(_("依据"), max_length=200)
    loaded_at = models.DateTimeField(_("载入时间"))

    def __str__(self) -> str:
        return f"{self.number} {self.source}"


class CalendarDay(models.Model):
    """A day that differs from Monday-to-Friday in one version of the calendar."""

    version = models.ForeignKey(CalendarVersion, models.CASCADE, related_name="days")
    date = models.DateField()
    working = models.BooleanField()
    name = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "date"], name="one_day_per_version")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


class Duty(models.Model):
    """One obligation of a rule pack applied to one unit, on a record or for a period.

    Stores what opened it, when it is due and what closed it. Whether it is late is computed, never stored.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(_("职责编号"), max_length=12)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="duties", verbose_name=_("责任单位"))
    record = models.ForeignKey(Record, models.CASCADE, null=True, related_name="duties")
    key = models.CharField(max_length=60)
    period = models.CharField(_("周期"), max_length=12, blank=True)
    index_number = models.CharField(_("索引号"), max_length=80, blank=True)
    opened_at = models.DateTimeField(_("起算时间"))
    opened_by = models.UUIDField(null=True)
    due_at = models.DateTimeField(_("到期时间"), null=True)
    provisional = models.BooleanField(_("暂定"), default=False)
    calendar = models.PositiveIntegerField(default=0)
    closed_at = models.DateTimeField(_("完成时间"), null=True)
    closed_by = models.UUIDField(null=True)
    exempt_ground = models.CharField(_("豁免依据"), max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "unit", "key"], name="one_duty_per_key")]
        indexes = [models.Index(fields=["closed_at", "due_at"]), models.Index(fields=["unit", "closed_at"])]

    def __str__(self) -> str:
        return f"{self.code} {self.unit_id}"


class DutyPart(models.Model):
    """A part of a duty that closes by itself, such as the site and the media half of D10.5."""

    duty = models.ForeignKey(Duty, models.CASCADE, related_name="parts")
    name = models.CharField(max_length=20)
    label = models.CharField(max_length=40)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["duty", "name"], name="one_part_per_name")]

    def __str__(self) -> str:
        return f"{self.duty_id} {self.name}"


class Reminder(models.Model):
    """A unit was reminded of a duty: once before it is due, once on the day, once when it is overdue."""

    duty = models.ForeignKey(Duty, models.CASCADE, related_name="reminders")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="reminders")
    stage = models.CharField(max_length=12)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["duty", "unit", "stage"], name="one_reminder_per_stage")]

    def __str__(self) -> str:
        return f"{self.duty_id} {self.stage}"
