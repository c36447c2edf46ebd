"""Official papers (公文) of departments and governments."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingtang.disclosure.models import Disclosable
from mingtang.records.models import Record

DEPARTMENT, GOVERNMENT, GENERAL_OFFICE = "department", "government", "general_office"
NAME_OF = {
    DEPARTMENT: _("部门名义"),
    GOVERNMENT: _("政府名义"),
    GENERAL_OFFICE: _("政府办公厅（室）名义"),
}


CHINESE, MONGOLIAN, ENGLISH = "zh-Hans", "mn-Mong", "en"
LANGUAGES = {CHINESE: _("中文"), MONGOLIAN: _("蒙古文（竖排）"), ENGLISH: _("英文")}
# Joins a version in another language to the Chinese paper it renders.
TRANSLATES = "translates"


class Document(Disclosable):
    """One paper. The issuing units are its record's parties; the lead drafts and interprets (article 10)."""

    record = models.OneToOneField(Record, models.CASCADE, primary_key=True, related_name="document")
    name_of = models.CharField(_("以谁的名义印发"), max_length=20, default=DEPARTMENT)
    title = models.CharField(_("标题"), max_length=400)
    language = models.CharField(_("语言"), max_length=12, default=CHINESE)
    document_number = models.CharField(_("发文字号"), max_length=80, blank=True)
    genre = models.CharField(_("文种"), max_length=20, blank=True)
    topic = models.CharField(_("主题分类"), max_length=40, blank=True)
    issuers = models.JSONField(_("发文机关"), default=list)
    addressees = models.TextField(_("主送机关"), blank=True)
    body = models.TextField(_("正文"), blank=True)
    written_on = models.DateField(_("成文日期"), null=True, blank=True)
    web_published_on = models.DateField(_("原网页发布日期"), null=True, blank=True)
    source_unit = models.CharField(_("信息来源"), max_length=80, blank=True)
    effective_on = models.DateField(_("施行日期"), null=True, blank=True)
    normative = models.BooleanField(_("规范性文件"), default=False)
    policy = models.BooleanField(_("政策性文件"), default=True)
    broad_reach = models.BooleanField(_("涉及面广"), default=False)
    high_attention = models.BooleanField(_("社会关注度高"), default=False)
    vital_interest = models.BooleanField(_("与群众切身利益密切相关"), default=False)
    responsible_units = models.JSONField(_("责任单位"), default=list)
    import_warnings = models.JSONField(_("导入时待核对的问题"), default=list)
    signed_at = models.DateTimeField(_("签发时间"), null=True, blank=True)
    # Names of entries of published lists (disclosure.listed); an exception is {"ground", "reason", "by", "name", "at"}.
    catalogue_entry = models.CharField(_("基本目录条目"), max_length=80, blank=True)
    list_entry = models.CharField(_("负面清单事项"), max_length=80, blank=True)
    list_exception = models.JSONField(_("负面清单以外的例外"), default=dict, blank=True)
    # What a migration from an old site noted (documents.migrating); empty for papers of this system's own time.
    legacy = models.JSONField(_("旧站信息"), default=dict, blank=True)

    def __str__(self) -> str:
        return self.title

    @property
    def is_legacy(self) -> bool:
        """Whether it was public on an old site before this system was adopted: it then goes the way of old papers, and
        no clock of this system ever started for it."""
        adopted = self.legacy.get("adopted_on", "") if self.legacy else ""
        return bool(adopted and self.web_published_on and self.web_published_on.isoformat() < adopted)


class PaperMigration(models.Model):
    """One run over the papers of an old site, from a folder or ZIP and a mapping sheet; it may take several tries.

    ``total`` counts rows of the sheet. Who started it drafts its papers, so somebody else reviews and publishes them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.CharField(_("来源"), max_length=400)
    sheet_sha256 = models.CharField(max_length=64)
    started_by_id = models.BigIntegerField()
    started_by = models.CharField(_("经办人"), max_length=80)
    adopted_on = models.DateField(_("启用本系统的日期"))
    started_at = models.DateTimeField(_("开始时间"))
    changed_at = models.DateTimeField(_("最近进展"))
    finished_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    total = models.PositiveIntegerField(_("总行数"), default=0)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return self.source


CLEAN, MEND, REFUSED, REPEATED = "clean", "mend", "refused", "repeated"
OUTCOMES = {
    CLEAN: _("已迁入待审查"),
    MEND: _("已迁入待补正"),
    REFUSED: _("没有迁入"),
    REPEATED: _("以前已迁入"),
}


class MigratedPaper(models.Model):
    """What became of one row of a mapping sheet, written in the same transaction as its paper.

    ``key`` is drawn from the file's SHA-256 and its old address, so that nothing comes in twice; rows that brought no
    paper have none. ``row`` is 0 for files that stand in no row. ``faults`` lists {"field", "message"}.
    """

    migration = models.ForeignKey(PaperMigration, models.CASCADE, related_name="papers")
    row = models.PositiveIntegerField(_("行"))
    file_name = models.CharField(_("文件"), max_length=400)
    old_address = models.CharField(_("旧地址"), max_length=1000, blank=True)
    key = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001 - several rows may have none
    outcome = models.CharField(_("结果"), max_length=10)
    title = models.CharField(_("标题"), max_length=400, blank=True)
    unit_code = models.CharField(_("单位"), max_length=40, blank=True)
    record = models.ForeignKey(Record, models.SET_NULL, null=True, related_name="+")
    faults = models.JSONField(_("问题"), default=list)
    at = models.DateTimeField()

    class Meta:
        ordering = ["migration", "row", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["migration", "row"], condition=models.Q(row__gt=0), name="one_outcome_per_row"
            )
        ]
        indexes = [models.Index(fields=["migration", "outcome"])]

    def __str__(self) -> str:
        return f"{self.row} {self.file_name}"


class BatchDecision(models.Model):
    """One person's decision on a batch of migrated papers: what they opened and read, and on how many it then stood.

    ``read`` lists {"record", "passed"} of the sample.
    """

    migration = models.ForeignKey(PaperMigration, models.CASCADE, related_name="decisions")
    step = models.CharField(max_length=40)
    person_id = models.BigIntegerField()
    at = models.DateTimeField(_("时间"))
    read = models.JSONField(default=list)
    passed = models.PositiveIntegerField(_("通过"), default=0)
    returned = models.PositiveIntegerField(_("退回"), default=0)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.step} {self.passed}"
