"""Registers: lists that must be complete, versioned, updated in time and open (articles 4, 5, 9, 17, 20 and 24).

What a list holds is no model: its kind is a file (``catalog``), its values are text by that kind's fields.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingtang.disclosure.models import Disclosable
from mingtang.records.models import Record
from mingtang.units.models import Unit

ADDED, CHANGED, REMOVED, SAME, FAULTY = "added", "changed", "removed", "same", "faulty"
CHANGES = {ADDED: _("新增"), CHANGED: _("修改"), REMOVED: _("移出"), SAME: _("没有变化"), FAULTY: _("有错")}
WAITING, READING, READY, FAILED = "waiting", "reading", "ready", "failed"
STAGES = {
    WAITING: _("等待核对"),
    READING: _("正在核对"),
    READY: _("已核对"),
    FAILED: _("读不了"),
}
WHOLE, PART = "whole", "part"
EXTENTS = {WHOLE: _("整张清单：文件里没有的条目移出"), PART: _("只改一部分：文件里没有的条目不动")}
ALL, GOOD = "all", "good"
ACCEPTS = {ALL: _("全部无误才提交"), GOOD: _("先提交无误的，有错的留下")}


class Register(Disclosable):
    """One list kept by one unit. ``register_kind`` is the id of a kind file; ``sequence`` counts published batches and
    is the number of the edition the public reads."""

    record = models.OneToOneField(Record, models.CASCADE, primary_key=True, related_name="register")
    keeper = models.ForeignKey(Unit, models.PROTECT, related_name="registers", verbose_name=_("编制单位"))
    register_kind = models.CharField(_("清单种类"), max_length=40)
    level = models.CharField(_("层级"), max_length=10)
    sequence = models.PositiveIntegerField(_("批次"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["keeper", "register_kind"], name="one_register_per_unit_and_kind")
        ]

    def __str__(self) -> str:
        return f"{self.register_kind} {self.keeper_id}"


class Batch(models.Model):
    """What is being changed in a register until it is published; a register has one that is open.

    Attributes:
        sequence: number it was published under; None while it is open.
        stage: how far the reading of its file is; ``total`` and ``done`` are rows. ``attempt`` grows with every reading,
            so that a worker that was given up for dead writes nothing more. ``beat`` is its last sign of life.
        from_file: whether the next reading is of the file, or of the staged rows as they were mended.
        columns: the sheet's columns as they were matched: [{"place", "heading", "field", "sure"}].
        totals: rows of the sheet that sum: [[row number, {field: text}]].
        faults: faults of the table as a whole, as ``entries.fault_dict`` gives them.
        correction: why changes are corrections of mistakes and no adjustments; empty where they are adjustments.
        counts: entries by change, and ``warnings``.
        payload: the public text of the batch, made when it was handed in. clocks: duty keys it opens and closes.
        shown_at: when its clocks were stopped because everybody can read it.
    """

    register = models.ForeignKey(Register, models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    sequence = models.PositiveIntegerField(null=True)
    stage = models.CharField(max_length=10, default=READY)
    attempt = models.PositiveIntegerField(default=0)
    beat = models.DateTimeField(null=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    source_name = models.CharField(_("文件名"), max_length=200, blank=True)
    source_sha256 = models.CharField(max_length=64, blank=True)
    from_file = models.BooleanField(default=False)
    sheet = models.CharField(_("工作表"), max_length=100, blank=True)
    sheets = models.JSONField(default=list)
    extent = models.CharField(_("范围"), max_length=10, default=WHOLE)
    accept = models.CharField(_("有错时"), max_length=10, default=ALL)
    columns = models.JSONField(default=list)
    totals = models.JSONField(default=list)
    faults = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    problem = models.CharField(max_length=400, blank=True)
    note = models.TextField(_("本次更新说明"), blank=True)
    correction = models.CharField(_("更正的理由"), max_length=400, blank=True)
    started_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    payload = models.TextField(blank=True)
    clocks = models.JSONField(default=list)
    shown_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["register", "number"]
        constraints = [
            models.UniqueConstraint(fields=["register", "number"], name="one_batch_per_number"),
            models.UniqueConstraint(
                fields=["register"], condition=models.Q(published_at=None), name="one_open_batch_per_register"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.register_id} {self.number}"


class Source(models.Model):
    """The file a batch was read from, as it came: evidence for the office, never published."""

    batch = models.OneToOneField(Batch, models.CASCADE, primary_key=True, related_name="source")
    content = models.BinaryField()

    def __str__(self) -> str:
        return str(self.batch_id)


class Entry(models.Model):
    """A version of an entry: staged while ``since`` is None, then current from batch ``since`` until batch ``until``.

    Attributes:
        key_hash: names the entry across versions (``entries.hash_of``).
        row: the row of the sheet it was read from. position: its place in the list.
        values: canonical JSON of the values by field name, empty ones left out.
        faults: what is wrong with it, as ``entries.fault_dict`` gives them; warnings too.
    """

    register = models.ForeignKey(Register, models.CASCADE, related_name="entries")
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="entries")
    key_hash = models.CharField(max_length=32)
    row = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField()
    values = models.TextField()
    change = models.CharField(max_length=8)
    faults = models.TextField(blank=True)
    since = models.PositiveIntegerField(null=True)
    until = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["position", "id"]
        indexes = [
            models.Index(fields=["register", "key_hash"]),
            models.Index(fields=["register", "until", "since"]),
            models.Index(fields=["batch", "change", "position"]),
        ]

    def __str__(self) -> str:
        return f"{self.register_id} {self.key_hash}"


class ListReviewItem(models.Model):
    """A withheld record whose entry left the negative list, waiting for the next self-review (D20.2, article 19).

    ``matter`` is the entry as it stood; ``sequence`` the batch that removed it; ``conclusion`` a self-review's verdict.
    """

    OPEN, DONE = "open", "done"
    register = models.ForeignKey(Register, models.CASCADE, related_name="review_items")
    record = models.ForeignKey(Record, models.CASCADE, related_name="list_review_items")
    key_hash = models.CharField(max_length=32)
    sequence = models.PositiveIntegerField()
    matter = models.CharField(_("移出的事项"), max_length=200)
    state = models.CharField(max_length=8, default=OPEN)
    opened_at = models.DateTimeField(_("移出时间"))
    conclusion = models.CharField(_("自查结论"), max_length=20, blank=True)
    closed_by = models.BigIntegerField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["register", "sequence", "key_hash", "record"], name="one_item_per_removal")
        ]

    def __str__(self) -> str:
        return f"{self.matter} {self.record_id}"


class DutyTemplate(models.Model):
    """A version of a catalogue entry as a duty of its unit (D17.1): from ``since`` until the day before ``until``.

    ``number`` makes the duty code; a template never changes but for its end, so that duties open under it keep theirs.
    The limit is that of ``text.tables.wording.LimitText``.
    """

    number = models.PositiveIntegerField(unique=True)
    register = models.ForeignKey(Register, models.CASCADE, related_name="duty_templates")
    key_hash = models.CharField(max_length=32)
    sequence = models.PositiveIntegerField()
    title = models.CharField(_("公开事项"), max_length=200)
    subject = models.CharField(_("公开主体"), max_length=100)
    content = models.TextField(_("公开内容"))
    time_limit = models.CharField(_("公开时限"), max_length=60)
    method = models.CharField(_("公开方式"), max_length=20)
    limit_kind = models.CharField(max_length=10)
    limit_number = models.PositiveSmallIntegerField(default=0)
    limit_unit = models.CharField(max_length=16, blank=True)
    period_months = models.PositiveSmallIntegerField(default=0)
    due_month = models.PositiveSmallIntegerField(default=0)
    due_day = models.PositiveSmallIntegerField(default=0)
    since = models.DateField(_("生效日期"))
    until = models.DateField(_("失效日期"), null=True)

    class Meta:
        ordering = ["register", "number"]
        indexes = [models.Index(fields=["register", "key_hash", "since"])]

    def __str__(self) -> str:
        return f"C{self.number} {self.title}"


class ExchangeProgress(models.Model):
    """How far a register was handed over to an outside platform: up to ``edition``, as it is shown on ``day``.

    ``unsettled``: lines or answers came since it was last asked which days' entries are all accepted.
    """

    register = models.ForeignKey(Register, models.CASCADE, related_name="exchange_progress")
    platform = models.CharField(max_length=40)
    edition = models.PositiveIntegerField(default=0)
    day = models.DateField(null=True)
    unsettled = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["register", "platform"], name="one_progress_per_platform")]

    def __str__(self) -> str:
        return f"{self.register_id} {self.platform} {self.edition}"


class ExchangeFile(models.Model):
    """A parcel for an outside platform (``text.tables.exchanging``). Its bytes are fixed before it is written, so that
    it can be written once more; ``written_at`` is None until it lies in the folder."""

    platform = models.CharField(_("平台"), max_length=40)
    number = models.PositiveIntegerField(_("批次号"))
    register_kind = models.CharField(_("清单种类"), max_length=40)
    name = models.CharField(_("文件名"), max_length=120, unique=True)
    count = models.PositiveIntegerField(_("条数"))
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    made_at = models.DateTimeField(_("生成时间"))
    written_at = models.DateTimeField(_("交出时间"), null=True)

    class Meta:
        ordering = ["platform", "number"]
        constraints = [models.UniqueConstraint(fields=["platform", "number"], name="one_parcel_per_number")]

    def __str__(self) -> str:
        return self.name


class ExchangeLine(models.Model):
    """An entry handed over once, and what the platform said of it.

    Attributes:
        key_hash: names the entry (``Entry.key_hash``). words: its key as people read it. turn: counts the lines of one
            entry and platform, so that two runs at once cannot hand over the same.
        values: canonical JSON of the public values handed over, by field name.
        state: ``sent``, ``accepted`` or ``refused``. again: refused, and asked to be handed over as it is once more.
    """

    SENT = "sent"
    file = models.ForeignKey(ExchangeFile, models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField(_("行号"))
    register = models.ForeignKey(Register, models.CASCADE, related_name="exchange_lines")
    platform = models.CharField(max_length=40)
    key_hash = models.CharField(max_length=32)
    turn = models.PositiveIntegerField()
    action = models.CharField(_("动作"), max_length=10)
    words = models.CharField(_("条目"), max_length=400)
    values = models.TextField()
    reason = models.CharField(_("撤回的理由"), max_length=400, blank=True)
    state = models.CharField(_("状态"), max_length=10, default=SENT)
    refusal = models.CharField(_("拒收的理由"), max_length=400, blank=True)
    answered_at = models.DateTimeField(_("回执时间"), null=True)
    again = models.BooleanField(default=False)

    class Meta:
        ordering = ["file", "number"]
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="one_line_per_number"),
            models.UniqueConstraint(fields=["register", "platform", "key_hash", "turn"], name="one_line_per_turn"),
        ]
        indexes = [models.Index(fields=["register", "state"])]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.number}"
