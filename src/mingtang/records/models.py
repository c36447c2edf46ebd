"""Records: anything a unit works on. An affair's own model is a one-to-one detail of its Record."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingtang.units.models import Unit

LEAD, CO_ISSUER, CONSULTED, GATEKEEPER = "lead", "co_issuer", "consulted", "gatekeeper"
PARTIES = {
    LEAD: _("牵头单位"),
    CO_ISSUER: _("联合发文单位"),
    CONSULTED: _("征求意见单位"),
    GATEKEEPER: _("把关单位（政府办公厅）"),
}


class Record(models.Model):
    """The common row of every matter: its kind, state and version, and who leads it. Private until disclosed.

    ``version`` grows with every change, so that a stale form is noticed instead of overwriting.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("类别"), max_length=40)
    state = models.CharField(_("状态"), max_length=30)
    version = models.PositiveIntegerField(_("版本"), default=1)
    title = models.CharField(_("标题"), max_length=400)
    lead_unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("牵头单位"), related_name="records")
    created_at = models.DateTimeField(_("创建时间"))
    changed_at = models.DateTimeField(_("更新时间"))

    class Meta:
        ordering = ["-changed_at", "-id"]
        indexes = [models.Index(fields=["kind", "state"]), models.Index(fields=["kind", "-changed_at"])]

    def __str__(self) -> str:
        return self.title


class RecordParty(models.Model):
    """A unit's part in a record. Carries joint work and decides who may see it."""

    record = models.ForeignKey(Record, models.CASCADE, related_name="parties")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="record_parties")
    role = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["record", "unit", "role"], name="one_party_per_role"),
            models.UniqueConstraint(fields=["record"], condition=models.Q(role=LEAD), name="exactly_one_lead"),
        ]
        indexes = [models.Index(fields=["unit", "record"])]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.role}"


class Link(models.Model):
    """Joins two records, such as an interpretation to the document it interprets."""

    source = models.ForeignKey(Record, models.CASCADE, related_name="links_out")
    target = models.ForeignKey(Record, models.CASCADE, related_name="links_in")
    kind = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "target", "kind"], name="one_link_per_kind")]

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"


class Remark(models.Model):
    """Words a person wrote with an action (退文说明, 审查意见). Kept apart from the journal, which refers to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    record = models.ForeignKey(Record, models.CASCADE, related_name="remarks")
    text = models.TextField()

    def __str__(self) -> str:
        return str(self.id)


class PerformedRequest(models.Model):
    """A request key that was already carried out, so that a repeated request changes nothing."""

    key = models.CharField(max_length=80, primary_key=True)
    record = models.ForeignKey(Record, models.CASCADE)
    transition = models.CharField(max_length=40)
    returned = models.BooleanField(default=False)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
