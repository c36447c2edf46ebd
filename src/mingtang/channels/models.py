"""What goes out: one row for each mail, so that nothing is sent twice and nothing is forgotten."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingtang.intake.models import Subscription

WAITING, SENDING, SENT, FAILED, UNKNOWN, DROPPED = "waiting", "sending", "sent", "failed", "unknown", "dropped"
CONFIRMATION, DIGEST = "confirmation", "digest"


class Delivery(models.Model):
    """One mail in the outbox. ``key`` is unique: one confirmation a wish, one digest a subscription and day.

    Holds no address and no text: both are made when it is sent, so that what was erased meanwhile is not mailed. A
    digest tells of log entries ``first_index`` up to, without, ``end_index``. ``unknown``: the process died, or the
    line broke, while the mail was being handed over; it is not sent again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20)
    subscription = models.ForeignKey(Subscription, models.CASCADE, null=True, blank=True, related_name="deliveries")
    wish_id = models.UUIDField(null=True, blank=True)
    address_index = models.CharField(max_length=32)
    first_index = models.BigIntegerField(default=0)
    end_index = models.BigIntegerField(default=0)
    status = models.CharField(_("状态"), max_length=10, default=WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(_("最近的错误"), max_length=80, blank=True)
    made_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["made_at", "id"]
        indexes = [
            models.Index(fields=["status", "next_try_at"]),
            models.Index(fields=["address_index", "made_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.status}"
