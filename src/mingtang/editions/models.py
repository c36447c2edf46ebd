"""Everything that is public: publications, their editions, the log, and the public view of duties.

Plain columns and JSON text only, and no foreign key to a private table: the public process may read all of
this room and nothing else.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

VALIDITY = {
    "valid": _("有效"),
    "not_yet": _("尚未生效"),
    "amended": _("已修改"),
    "repealed": _("已废止"),
    "lapsed": _("已失效"),
    "merged": _("已并入"),
    "withdrawn": _("已撤回"),
    "erased": _("已清除"),
}
LIVE, SUPERSEDED, WITHDRAWN, ERASED = "live", "superseded", "withdrawn", "erased"


class Publication(models.Model):
    """One thing made public, under a lasting index number and path, whatever its editions."""

    index_number = models.CharField(_("索引号"), max_length=80, unique=True)
    path = models.CharField(_("网址路径"), max_length=120, unique=True)
    kind = models.CharField(_("类别"), max_length=40, db_index=True)
    title = models.CharField(_("标题"), max_length=400)
    document_number = models.CharField(_("发文字号"), max_length=80, blank=True)
    unit_code = models.CharField(_("发布机构代码"), max_length=40, db_index=True)
    unit_name = models.CharField(_("发布机构"), max_length=80)
    region_code = models.CharField(_("地区代码"), max_length=12, blank=True)
    stages = models.JSONField(_("五公开类别"), default=list)
    topic = models.CharField(_("主题分类"), max_length=40, blank=True)
    genre = models.CharField(_("体裁"), max_length=40, blank=True)
    language = models.CharField(_("语言"), max_length=12, default="zh-Hans")
    written_on = models.DateField(_("成文日期"), null=True, blank=True)
    published_at = models.DateTimeField(_("公开时间"), db_index=True)
    validity = models.CharField(_("有效性"), max_length=20, default="valid")
    validity_reason = models.TextField(_("状态说明"), blank=True)
    validity_at = models.DateTimeField(_("状态变更时间"), null=True, blank=True)
    summary = models.TextField(_("内容概述"), blank=True)

    class Meta:
        ordering = ["-published_at", "-id"]
        indexes = [
            models.Index(fields=["kind", "id"]),
            models.Index(fields=["unit_code", "id"]),
            models.Index(fields=["region_code", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.index_number} {self.title}"

    @property
    def validity_label(self) -> str:
        return str(VALIDITY[self.validity])


class Edition(models.Model):
    """One immutable public version: the bytes that are hashed are kept as text, never as a JSON column."""

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="editions")
    number = models.PositiveIntegerField(_("版次"))
    state = models.CharField(_("状态"), max_length=12, default=LIVE)
    payload = models.TextField(_("内容"))
    payload_hash = models.CharField(_("内容散列"), max_length=64)
    salt = models.CharField(_("盐"), max_length=64)
    reason = models.TextField(_("更正说明"), blank=True)
    published_at = models.DateTimeField(_("公开时间"))

    class Meta:
        ordering = ["publication", "number"]
        constraints = [
            models.UniqueConstraint(fields=["publication", "number"], name="one_edition_per_number"),
            models.UniqueConstraint(fields=["publication"], condition=models.Q(state=LIVE), name="one_live_edition"),
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} v{self.number}"


class PublicationLink(models.Model):
    """A public relation between two publications, such as an interpretation explaining a paper."""

    source = models.ForeignKey(Publication, models.PROTECT, related_name="links_out")
    target = models.ForeignKey(Publication, models.PROTECT, related_name="links_in")
    kind = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "target", "kind"], name="one_public_link")]

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"


class LogHead(models.Model):
    """The one row that is locked last: how many entries the log has, and the root over them."""

    size = models.BigIntegerField(default=0)
    root = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.size} {self.root[:8]}"


class LogEntry(models.Model):
    """A leaf of the RFC 6962 log. Holds the salted hash of a payload, never the payload: erasure breaks no proof."""

    index = models.BigIntegerField(primary_key=True)
    publication = models.ForeignKey(Publication, models.PROTECT, related_name="log_entries")
    edition_number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    salted_hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    leaf_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["index"]

    def __str__(self) -> str:
        return f"{self.index} {self.kind}"


class LogNode(models.Model):
    """The hash of one complete subtree, so that a proof reads a handful of rows instead of the whole log."""

    level = models.PositiveSmallIntegerField()
    position = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "position"], name="one_node_per_place")]

    def __str__(self) -> str:
        return f"{self.level}/{self.position}"


class Checkpoint(models.Model):
    """A signed statement of the log at one size, kept for good: proofs on pages are against it.

    ``note`` is the signed text as published. It also commits to the journal's head at that moment, so that neither
    the public log nor the journal behind it can be rewritten unnoticed.
    """

    size = models.BigIntegerField(primary_key=True)
    root = models.CharField(max_length=64)
    journal_sequence = models.BigIntegerField()
    journal_hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    note = models.TextField()

    class Meta:
        ordering = ["size"]

    def __str__(self) -> str:
        return f"{self.size} {self.root[:8]}"


class PublicFile(models.Model):
    """The bytes of a file that belongs to an edition, once however many editions carry it. Deleted on erasure."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    text = models.TextField(_("文件里的文字"), blank=True)

    def __str__(self) -> str:
        return f"{self.sha256[:8]} {self.media_type}"


class EditionFile(models.Model):
    """A file of an edition under the name readers see and download."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="files")
    file = models.ForeignKey(PublicFile, models.PROTECT, related_name="uses")
    name = models.CharField(_("文件名"), max_length=200)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["edition", "position"]
        constraints = [models.UniqueConstraint(fields=["edition", "name"], name="one_file_per_name")]

    def __str__(self) -> str:
        return self.name


class PublicRegion(models.Model):
    """A region's name and place, projected from the city's tree."""

    code = models.CharField(max_length=12, primary_key=True)
    name = models.CharField(_("名称"), max_length=60)
    name_mongolian = models.CharField(_("蒙古文名称"), max_length=120, blank=True)
    level = models.CharField(_("层级"), max_length=10)
    parent_code = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class PublicUnit(models.Model):
    """A public body's name, place and life, projected from the city's tree. What it does and who leads it is published
    by the unit itself, through the door."""

    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(_("名称"), max_length=80)
    short_name = models.CharField(_("简称"), max_length=40)
    kind = models.CharField(_("类别"), max_length=20)
    region_code = models.CharField(max_length=12, db_index=True)
    parent_code = models.CharField(max_length=40, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    successor_code = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class PublicDutyHead(models.Model):
    """The one row that numbers changes of public duties, locked at the end of the transaction that makes them: a reader
    who has seen a number has seen all before it."""

    changed = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.changed)


class PublicDuty(models.Model):
    """What the public may know of one duty: what it asks, of whom, since when, by when, and whether it was kept.

    Whether it is late is never stored: it is computed from these moments and a given ``now``.
    """

    duty_id = models.UUIDField(primary_key=True)
    code = models.CharField(_("职责编号"), max_length=12, db_index=True)
    article = models.PositiveSmallIntegerField(_("条"), db_index=True)
    title = models.CharField(_("职责"), max_length=200)
    force = models.CharField(max_length=1)
    advisory = models.BooleanField(default=False)
    unit_code = models.CharField(max_length=40, db_index=True)
    unit_name = models.CharField(_("责任单位"), max_length=80)
    publication = models.ForeignKey(Publication, models.PROTECT, null=True, blank=True, related_name="duties")
    period = models.CharField(_("周期"), max_length=12, blank=True)
    opened_at = models.DateTimeField(_("起算时间"))
    due_at = models.DateTimeField(_("到期时间"), null=True, blank=True)
    provisional = models.BooleanField(_("暂定"), default=False)
    closed_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    exempt_ground = models.CharField(_("豁免依据"), max_length=200, blank=True)
    parts = models.JSONField(_("分项"), default=list)
    # The number of the change that made it so; whoever projects duties follows these numbers.
    changed = models.BigIntegerField(default=0, db_index=True)

    class Meta:
        ordering = ["article", "code", "opened_at"]
        indexes = [models.Index(fields=["article", "closed_at", "due_at"])]

    def __str__(self) -> str:
        return f"{self.code} {self.unit_code}"


class PublicKind(models.Model):
    """A kind of register that there is, also where nobody has published one: what is missing can be named.

    ``owed_by`` are codes of the units that must keep such a list; ``complete`` what a whole one covers.
    """

    id = models.CharField(max_length=40, primary_key=True)
    title = models.CharField(_("名称"), max_length=80)
    family = models.CharField(max_length=40, blank=True)
    article = models.PositiveSmallIntegerField(_("条"))
    position = models.PositiveSmallIntegerField(default=0)
    description = models.TextField(blank=True)
    keepers = models.CharField(_("谁来编制"), max_length=80, blank=True)
    owed_by = models.JSONField(default=list)
    complete = models.JSONField(default=dict)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title


class PublicTable(models.Model):
    """The rows of one edition of a register, made from its files and made anew at will.

    Built while ``current`` is False, then switched to in one short transaction; at most one is current.
    """

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="tables")
    edition = models.ForeignKey(Edition, models.CASCADE, related_name="tables")
    current = models.BooleanField(default=False)
    register_kind = models.CharField(max_length=40, db_index=True)
    family = models.CharField(max_length=40, blank=True)
    article = models.PositiveSmallIntegerField(default=0)
    level = models.CharField(max_length=10, blank=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["publication"], condition=models.Q(current=True), name="one_current_table_per_publication"
            )
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} {self.edition_id}"


class PublicRow(models.Model):
    """An entry of a register: its values as a JSON array of texts in the order of the edition's columns.

    ``key`` names it in addresses and in every edition (``tables.key_of``).
    """

    table = models.ForeignKey(PublicTable, models.CASCADE, related_name="rows", db_index=False)
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=16)
    values = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "position"], name="one_row_per_position")]
        indexes = [models.Index(fields=["table", "key"])]

    def __str__(self) -> str:
        return f"{self.table_id}:{self.position}"


class PublicPiece(models.Model):
    """What a table is filtered, sorted and searched by (``table_index``)."""

    table = models.ForeignKey(PublicTable, models.CASCADE, related_name="pieces", db_index=False)
    name = models.CharField(max_length=60)
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "name"], name="one_piece_per_name")]

    def __str__(self) -> str:
        return f"{self.table_id} {self.name}"


class PublicRowChange(models.Model):
    """What an edition changed in one entry, from its ``changes.csv``. ``details``: JSON [[column, before, after]]."""

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="row_changes", db_index=False)
    edition_number = models.PositiveIntegerField()
    key = models.CharField(max_length=16)
    words = models.CharField(max_length=400)
    change = models.CharField(max_length=8)
    details = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["publication", "key", "edition_number"], name="one_change_per_edition")
        ]
        indexes = [models.Index(fields=["publication", "edition_number", "id"])]

    def __str__(self) -> str:
        return f"{self.publication_id} {self.key} {self.change}"
