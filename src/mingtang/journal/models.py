"""The journal: append-only facts about records, each chained to the one before it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """Who did what to which record, when, and between which states.

    Refers to people by id and to content by hash; holds no personal data. ``payload`` is canonical JSON text.
    ``sequence`` has no gaps.
    """

    sequence = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("事件"), max_length=60)
    record_id = models.UUIDField(_("事项"), null=True, db_index=True)
    unit_code = models.CharField(_("单位"), max_length=40, blank=True)
    actor_id = models.BigIntegerField(_("经办人"), null=True, db_index=True)
    at = models.DateTimeField(_("时间"))
    from_state = models.CharField(max_length=30, blank=True)
    to_state = models.CharField(max_length=30, blank=True)
    payload = models.TextField(blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"{self.sequence} {self.name}"


class JournalHead(models.Model):
    """The one row that is locked to chain events: the last sequence number and its hash."""

    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash[:8]}"
