"""Interpretations of policy (解读): plan and material that travel with a paper, and the events that explain it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingtang.disclosure.models import Disclosable
from mingtang.records.models import Record
from mingtang.units.models import Unit


class Interpretation(Disclosable):
    """Plan and material for one paper. Who interprets is computed from the paper, never typed (D10.1).

    ``points`` maps each of the nine codes of article 11 to {"text"} or {"not_applicable": reason}.
    """

    record = models.OneToOneField(Record, models.CASCADE, primary_key=True, related_name="interpretation")
    plan = models.TextField(_("解读方案"), blank=True)
    methods = models.JSONField(_("解读方式"), default=list, blank=True)
    other_method = models.CharField(_("其他解读方式"), max_length=40, blank=True)
    title = models.CharField(_("解读材料标题"), max_length=400, blank=True)
    material = models.TextField(_("解读材料"), blank=True)
    points = models.JSONField(_("九项解读要点"), default=dict, blank=True)
    articles = models.JSONField(_("解读到的条款"), default=list, blank=True)
    experts = models.CharField(_("参与解读的专家"), max_length=200, blank=True)

    def __str__(self) -> str:
        return self.title


class MediaPlacement(models.Model):
    """Where the media carried an interpretation: the link or clip that closes the media half of D10.5."""

    interpretation = models.ForeignKey(Interpretation, models.CASCADE, related_name="placements")
    outlet = models.CharField(_("媒体"), max_length=60)
    url = models.URLField(_("链接"), max_length=500, blank=True)
    clip = models.CharField(_("剪报或节目"), max_length=200, blank=True)
    placed_at = models.DateTimeField(_("刊播时间"))
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        ordering = ["placed_at"]

    def __str__(self) -> str:
        return self.outlet


class InterpretationEvent(Disclosable):
    """One interpretation event (解读活动) of D10.6 to D10.8: when, how, who spoke, which policies."""

    record = models.OneToOneField(Record, models.CASCADE, primary_key=True, related_name="interpretation_event")
    title = models.CharField(_("活动名称"), max_length=200)
    method = models.CharField(_("解读方式"), max_length=40, blank=True)
    planned_on = models.DateField(_("计划日期"), null=True, blank=True)
    place = models.CharField(_("地点或平台"), max_length=100, blank=True)
    speaker_role = models.CharField(_("主讲人身份"), max_length=20, blank=True)
    important_policy = models.BooleanField(_("解读的是重要政策措施"), default=False)
    summary = models.TextField(_("活动情况"), blank=True)
    held_at = models.DateTimeField(_("举行时间"), null=True, blank=True)

    def __str__(self) -> str:
        return self.title


class Expert(models.Model):
    """Somebody who can explain policy: by field, or because they took part in making it (D12.3)."""

    name = models.CharField(_("姓名"), max_length=40)
    fields = models.JSONField(_("领域"), default=list)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="experts", verbose_name=_("所在单位"))
    records = models.ManyToManyField(Record, related_name="experts", blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name
