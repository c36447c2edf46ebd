"""What the door remembers: reviews, index-number counters, and which publication a record became."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingtang.records.models import Record


class Disclosable(models.Model):
    """What every paper that may become public states at its source (articles 1, 18 and 20).

    ``openness`` proposes full release from the start (公开为常态); ``mode`` is asked, never assumed.
    ``cuts`` lists {"quote", "ground", "reason"} for redacted release.
    """

    stages = models.JSONField(_("五公开类别"), default=list, blank=True)
    openness = models.CharField(_("公开属性"), max_length=20, default="full_release", blank=True)
    mode = models.CharField(_("公开方式"), max_length=20, blank=True)
    withholding_ground = models.CharField(_("不予公开的法定依据"), max_length=40, blank=True)
    withholding_reason = models.TextField(_("不予公开的理由"), blank=True)
    cuts = models.JSONField(_("删减"), default=list, blank=True)

    class Meta:
        abstract = True


class SecrecyReview(models.Model):
    """One person's verdict on exactly the content they saw, with the personal data they had masked.

    ``masks`` lists findings as {"place", "start", "end", "kind", "decision": mask|keep, "reason"}.
    """

    record = models.ForeignKey(Record, models.CASCADE, related_name="secrecy_reviews")
    content_hash = models.CharField(max_length=64)
    reviewer_id = models.BigIntegerField()
    passed = models.BooleanField(_("可以公开"))
    opinion = models.TextField(_("审查意见"), blank=True)
    masks = models.JSONField(default=list)
    at = models.DateTimeField(_("审查时间"))

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.record_id} {'passed' if self.passed else 'refused'}"


class IndexCounter(models.Model):
    """A locked counter row per organ and year: serials have no gaps, because a rollback gives the number back."""

    key = models.CharField(max_length=80, primary_key=True)
    value = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key} {self.value}"


class Disclosed(models.Model):
    """The publication a record became. The public side knows no records; this row is the only bridge."""

    record = models.OneToOneField(Record, models.PROTECT, primary_key=True, related_name="disclosed")
    index_number = models.CharField(max_length=80, unique=True)
    content_hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.index_number


class ShownCursor(models.Model):
    """How far the log has been followed to note that entries are visible to an anonymous reader."""

    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.position)


ATTACHMENT, ORIGINAL, UNCUT = "attachment", "original", "uncut"


class Attachment(models.Model):
    """A private file of a record: one to be published with it, the original a paper was imported from, or a file as it
    was before something was cut from it.

    Nothing outside the office reads this table. What becomes public is copied by ``disclosure.publish``.
    ``findings`` lists personal data as {"place", "kind", "label", "sample"}; ``notes`` what a reviewer should know.
    """

    record = models.ForeignKey(Record, models.CASCADE, related_name="attachments")
    role = models.CharField(max_length=12, default=ATTACHMENT)
    name = models.CharField(_("文件名"), max_length=200)
    media_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(_("大小"))
    findings = models.JSONField(_("发现的个人信息"), default=list)
    notes = models.JSONField(_("审查时注意"), default=list)
    position = models.PositiveSmallIntegerField(default=0)
    added_at = models.DateTimeField(_("上传时间"))

    class Meta:
        ordering = ["record", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["record", "role", "name"], name="one_attachment_per_name")]

    def __str__(self) -> str:
        return self.name


class AttachmentContent(models.Model):
    """The bytes of an attachment and the text in them, apart from it because every step reads the other columns."""

    attachment = models.OneToOneField(Attachment, models.CASCADE, primary_key=True, related_name="stored")
    content = models.BinaryField()
    text = models.TextField(blank=True)

    def __str__(self) -> str:
        return str(self.attachment_id)


class RedactionDraft(models.Model):
    """Cuts marked in a file and not yet made. Stays beside the uncut file, so that nobody marks them twice.

    ``cuts`` lists what ``text.redaction.FileCut`` takes, in the order they were marked.
    """

    attachment = models.OneToOneField(Attachment, models.CASCADE, primary_key=True, related_name="redaction_draft")
    cuts = models.JSONField(_("标出的删减"), default=list)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.attachment_id)


class Redaction(models.Model):
    """What was cut from a file, why, and how it was proved to be gone. Never the words themselves.

    ``cuts`` lists what ``text.redaction.CutMade.as_dict`` gives, ``checked`` what was read again.
    """

    attachment = models.OneToOneField(Attachment, models.CASCADE, primary_key=True, related_name="redaction")
    uncut = models.ForeignKey(Attachment, models.CASCADE, related_name="redactions")
    cuts = models.JSONField(_("删减"), default=list)
    checked = models.JSONField(_("复查内容"), default=list)
    sha256_before = models.CharField(max_length=64)
    sha256_after = models.CharField(max_length=64)
    salt = models.CharField(max_length=64)
    made_by = models.BigIntegerField()
    made_at = models.DateTimeField(_("删减时间"))

    def __str__(self) -> str:
        return f"{self.attachment_id} {len(self.cuts)}"
