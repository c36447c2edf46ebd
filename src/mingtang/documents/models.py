"""Official papers (公文) of departments and governments."""

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

    def __str__(self) -> str:
        return self.title
