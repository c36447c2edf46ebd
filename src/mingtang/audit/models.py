"""Who looked at what: access rows, the seals over them, and citizens' identities kept sealed apart from their matters."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Access(models.Model):
    """One look, export, download or sign-in. Never says what was seen: no contents, titles or citizens' data.

    ``address`` is the network address, sealed. ``mark`` is a keyed hash over every other field but ``id``, so that a
    row changed or added by somebody without the key shows before the row is sealed. ``part`` tells which page or file
    of the subject, ``status`` is the HTTP status that was answered. The order is that of ``id``, whatever the clock said.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("时间"))
    actor_id = models.BigIntegerField(_("人员"), null=True)
    action = models.CharField(_("动作"), max_length=20)
    subject_kind = models.CharField(_("对象类别"), max_length=40, blank=True)
    subject_id = models.CharField(_("对象"), max_length=40, blank=True)
    part = models.CharField(_("部分"), max_length=60, blank=True)
    unit_code = models.CharField(_("单位"), max_length=40, blank=True)
    purpose = models.CharField(_("用途"), max_length=40, blank=True)
    status = models.PositiveSmallIntegerField(_("结果"), default=200)
    address = models.CharField(_("网络地址（密封）"), max_length=100, blank=True)
    request_id = models.CharField(_("请求编号"), max_length=32, blank=True)
    mark = models.CharField(max_length=32)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["actor_id", "id"], name="audit_access_actor"),
            models.Index(fields=["actor_id", "action", "id"], name="audit_access_actor_action"),
            models.Index(fields=["action", "id"], name="audit_access_action"),
            models.Index(fields=["subject_id", "id"], name="audit_access_subject"),
            models.Index(fields=["unit_code", "id"], name="audit_access_unit"),
            models.Index(fields=["address", "id"], name="audit_access_address"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.action}"


class Seal(models.Model):
    """A batch of access rows that can no longer be changed unnoticed: those above the last seal's ``last_id`` up to its own.

    ``root`` is the RFC 6962 root over the rows' canonical bytes, ``hash`` chains the seals, and ``event_id`` is the
    journal event that carries the hash, so that signed checkpoints commit to it. ``gaps`` are the numbers that no row
    had when it was sealed ("15,27-30"). Once kept long enough the rows are dropped and the seal stays.
    """

    sequence = models.BigIntegerField(primary_key=True)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField(unique=True)
    count = models.PositiveIntegerField()
    gaps = models.TextField(blank=True)
    root = models.CharField(max_length=64)
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(db_index=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    event_id = models.UUIDField(unique=True)
    dropped_by = models.UUIDField(null=True)

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"{self.sequence} {self.root[:8]}"


class SealHead(models.Model):
    """The one row that is locked to seal: the last seal's number, its hash and the last row it covers."""

    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")
    last_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.sequence)


class IntegrityCheck(models.Model):
    """How far the check that runs by itself has come, and what the last whole one found.

    ``position`` is the last seal looked at in the pass under way, ``found`` what it found so far; ``findings`` and
    ``checked_at`` are those of the last finished pass.
    """

    position = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    found = models.JSONField(default=list)
    findings = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.position)


class PersonalIdentity(models.Model):
    """One field of a citizen's identity, sealed and kept apart from the matter it belongs to.

    ``key_id`` names the key. ``blind_index`` is a keyed hash of the normalised value for those fields that staff must
    find by exactly; it is made with the same key.
    """

    subject_kind = models.CharField(_("事项类别"), max_length=40)
    subject_id = models.CharField(_("事项"), max_length=40)
    field = models.CharField(_("字段"), max_length=20)
    key_id = models.CharField(max_length=8, db_index=True)
    sealed = models.TextField()
    blind_index = models.CharField(max_length=64, blank=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id", "field"], name="one_identity_per_field")
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id} {self.field}"
