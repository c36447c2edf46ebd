"""Units: set up, changed, merged. The system administrator's."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from mingtang.units.actors import in_force
from mingtang.units.city.vocabulary import KINDS
from mingtang.units.models import Post, Unit
from mingtang.units.services import EDITABLE, unit_create, unit_edit, unit_merge

from .access import StaffRequest
from .administration import administrator_view, expected_version, form_page, request_key
from .people_forms import MergeForm, NewUnitForm, UnitForm
from .people_views import history_of
from .post_views import suggestions


@administrator_view("units")
def units(request: StaffRequest) -> HttpResponse:
    """Every unit, in the order of its code."""
    chosen = {name: request.GET.get(name, "").strip()[:60] for name in ("name", "kind")}
    found = Unit.objects.select_related("region", "parent", "successor").order_by("region_id", "code")
    if chosen["name"]:
        found = found.filter(Q(name__icontains=chosen["name"]) | Q(short_name__icontains=chosen["name"]))
    if chosen["kind"]:
        found = found.filter(kind=chosen["kind"])
    people = dict(
        Post.objects.filter(in_force(request.now), person__is_active=True)
        .values_list("unit_id")
        .annotate(Count("person", distinct=True))
    )
    rows = [{"unit": unit, "people": people.get(unit.pk, 0), "kind": KINDS.get(unit.kind, unit.kind)} for unit in found]
    context = {"rows": rows, "chosen": chosen, "kinds": KINDS.items(), "filtered": any(chosen.values())}
    return render(request, "desk/units.html", context)


@administrator_view("units")
def unit(request: StaffRequest, unit_code: str) -> HttpResponse:
    """One unit: names, place, what was changed."""
    one = get_object_or_404(Unit.objects.select_related("region", "parent", "successor"), pk=unit_code)
    context = {
        "unit": one,
        "kind": KINDS.get(one.kind, one.kind),
        "children": list(one.children.filter(valid_to=None).order_by("code")),
        "predecessors": list(one.predecessors.all()),
        "history": history_of(one, request),
    }
    return render(request, "desk/unit.html", context)


@administrator_view("units")
def new_unit(request: StaffRequest) -> HttpResponse:
    """A unit that is set up."""
    form = NewUnitForm(request.POST or None, initial={"valid_from": request.now.date()})

    def act(data: dict[str, Any]) -> str:
        made = unit_create(
            code=data["code"],
            values={name: data[name] for name in EDITABLE},
            valid_from=data["valid_from"],
            actor=request.actor,
            now=request.now,
            request_key=request_key(request),
        )
        messages.success(request, f"已新建{made.name}，公众网站随即列出。")
        return reverse("desk:unit", args=[made.pk])

    return form_page(
        request,
        form,
        act,
        title="新建单位",
        submit="新建单位",
        cancel=reverse("desk:units"),
        trail="单位",
        more=suggestions(),
    )


@administrator_view("units")
def edit_unit(request: StaffRequest, unit_code: str) -> HttpResponse:
    """A unit renamed or moved."""
    one = get_object_or_404(Unit.objects.select_related("region", "parent"), pk=unit_code)
    initial = {name: getattr(one, name) for name in EDITABLE} | {"aliases": "、".join(one.aliases)}
    form = UnitForm(request.POST or None, initial=initial)

    def act(data: dict[str, Any]) -> str:
        unit_edit(
            unit=one,
            values=data,
            actor=request.actor,
            now=request.now,
            expected_version=expected_version(request),
        )
        messages.success(request, "已保存，公众网站随即更新。")
        return reverse("desk:unit", args=[one.pk])

    return form_page(
        request,
        form,
        act,
        title=f"修改单位：{one.name}",
        submit="保存",
        cancel=reverse("desk:unit", args=[one.pk]),
        trail="单位",
        version=lambda: Unit.objects.get(pk=unit_code).version,
        more=suggestions(),
    )


@administrator_view("units")
def merge_unit(request: StaffRequest, unit_code: str) -> HttpResponse:
    """A unit that goes into another."""
    one = get_object_or_404(Unit, pk=unit_code)
    form = MergeForm(request.POST or None, initial={"on": request.now.date()})

    def act(data: dict[str, Any]) -> str:
        unit_merge(
            unit=one,
            successor=data["successor"],
            on=data["on"],
            actor=request.actor,
            now=request.now,
            expected_version=expected_version(request),
        )
        messages.success(request, f"{one.name}到{data['on']:%Y-%m-%d}为止，之后由{data['successor'].name}承继。")
        return reverse("desk:unit", args=[one.pk])

    return form_page(
        request,
        form,
        act,
        title=f"并入：{one.name}",
        submit="并入承继单位",
        cancel=reverse("desk:unit", args=[one.pk]),
        trail="单位",
        intro="原单位的名称和文件保留；新开的职责从第二天起归承继单位。人员的岗位由安全管理员另行安排。",
        version=lambda: Unit.objects.get(pk=unit_code).version,
        more=suggestions(),
    )
