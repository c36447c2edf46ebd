"""The life of a unit's profile and of a disclosure guide: the same steps, from the draft through the door to new editions."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mingtang.disclosure.steps import publish_step, refuse_step, review_step, withdraw_step
from mingtang.records.spec import RecordSpec, State, Transition, register
from mingtang.text.bodies import public_blocks
from mingtang.units.roles import DRAFTER, UNIT_HEAD

from .models import DisclosureGuide, UnitProfile
from .profile_services import CONTACT, guide_title, write_guide, write_profile

FORMS = "mingtang.websites.profile_forms"
STATES = (
    State("drafting", "起草中"),
    State("approved", "负责人已审定", "waiting"),
    State("reviewed", "已通过保密审查", "waiting"),
    State("published", "已公开", "public"),
    State("ended", "已撤下", "closed"),
    State("dropped", "已作废", "closed"),
    State("returned", "已退回"),
    State("correcting", "更新中"),
)
CONTACT_REQUIRED = (("address", "办公地址"), ("office_hours", "办公时间"), ("phone", "联系电话"))


def _transitions(kind: str) -> tuple[Transition, ...]:
    publish = publish_step(f"{kind}.published", ("reviewed",), before=(f"{kind}.single",))
    withdraw = withdraw_step(f"{kind}.withdrawn", "撤下")
    return (
        Transition(
            "approve",
            "审定",
            ("drafting", "returned", "correcting"),
            "approved",
            UNIT_HEAD,
            f"{kind}.approved",
            gates=("complete",),
            accent="primary",
        ),
        Transition("reopen", "重新修改", ("approved", "reviewed"), "returned", DRAFTER, f"{kind}.reopened"),
        review_step(f"{kind}.reviewed", "approved"),
        refuse_step(f"{kind}.review_refused", ("approved",), "returned"),
        replace(publish, effects=("profile.make_live", *publish.effects)),
        Transition(
            "begin_correction",
            "更新",
            ("published",),
            "correcting",
            DRAFTER,
            f"{kind}.correction_begun",
            form=f"{FORMS}.ChangeForm",
        ),
        replace(withdraw, effects=(*withdraw.effects, "profile.end_live")),
        Transition("drop", "作废", ("drafting",), "dropped", DRAFTER, f"{kind}.dropped", accent="danger"),
    )


def _disclosed(detail: UnitProfile | DisclosureGuide) -> dict[str, Any]:
    """What every public payload states of how it became public, and the contact."""
    return {
        **{name: getattr(detail, name) for name in CONTACT},
        "stages": detail.stages,
        "openness": detail.openness,
        "mode": detail.mode,
    }


def profile_payload(profile: UnitProfile) -> dict[str, Any]:
    """Public schema ``unit_profile/1``: ``blocks`` are the functions, the rest is data."""
    return {
        "schema": "unit_profile/1",
        "title": f"{profile.record.lead_unit.name}机构信息",
        "blocks": public_blocks(profile.functions),
        "divisions": _rows(profile.divisions, "name", "work", "phone"),
        "leaders": _rows(profile.leaders, "name", "post", "work"),
        "openness_office": profile.openness_office,
        "openness_phone": profile.openness_phone,
        **_disclosed(profile),
    }


def guide_payload(guide: DisclosureGuide) -> dict[str, Any]:
    """Public schema ``disclosure_guide/1``: ``blocks`` are the guide's text under the three headings of article 12."""
    parts = (("信息分类", guide.classification), ("编排体系", guide.arrangement), ("获取方式", guide.obtaining))
    lines = [f"{number}、{heading}\n{text}" for number, (heading, text) in zip("一二三", parts, strict=True)]
    return {
        "schema": "disclosure_guide/1",
        "title": guide_title(guide.government),
        "government": guide.government,
        "blocks": public_blocks("\n".join(lines)),
        "organ": guide.organ,
        **_disclosed(guide),
    }


def _rows(rows: list[dict[str, str]], *names: str) -> list[dict[str, str]]:
    return [{name: row.get(name, "") for name in names} for row in rows]


def _contact_shown(detail: UnitProfile | DisclosureGuide) -> list[tuple[str, Any]]:
    return [(str(detail._meta.get_field(name).verbose_name), getattr(detail, name)) for name in CONTACT]  # type: ignore[union-attr]


def profile_shown(profile: UnitProfile) -> list[tuple[str, list[tuple[str, Any]]]]:
    return [
        ("负责人", [(f"{row.get('post', '')} {row.get('name', '')}", row.get("work", "")) for row in profile.leaders]),
        ("内设机构", [(row.get("name", ""), row.get("work", "")) for row in profile.divisions]),
        ("怎样联系", _contact_shown(profile)),
        ("政府信息公开工作机构", [("名称", profile.openness_office), ("电话", profile.openness_phone)]),
    ]


def guide_shown(guide: DisclosureGuide) -> list[tuple[str, list[tuple[str, Any]]]]:
    return [
        (
            "指南",
            [
                ("机关", guide.government),
                ("信息分类", guide.classification),
                ("编排体系", guide.arrangement),
                ("获取方式", guide.obtaining),
            ],
        ),
        ("政府信息公开工作机构", [("名称", guide.organ), *_contact_shown(guide)]),
    ]


def _register(
    kind: str, label: str, article: str, model: Any, form: str, write: Callable[..., None], **rest: Any
) -> None:
    register(
        RecordSpec(
            kind=kind,
            label=label,
            article=article,
            model=model,
            states=STATES,
            transitions=_transitions(kind),
            form=f"{FORMS}.{form}",
            write=write,
            columns=(("标题", lambda row: row.record.title), ("电话", "phone")),
            editable_in=("drafting", "returned", "correcting"),
            **rest,
        )
    )


_register(
    "unit_profile",
    "机构信息",
    "《条例》第二十条",
    UnitProfile,
    "ProfileForm",
    write_profile,
    required=(
        ("functions", "主要职能"),
        ("leaders", "负责人"),
        *CONTACT_REQUIRED,
        ("openness_office", "政府信息公开工作机构"),
        ("openness_phone", "公开工作机构电话"),
    ),
    facts_shown=profile_shown,
    payload=profile_payload,
    body="functions",
)
_register(
    "disclosure_guide",
    "公开指南",
    "《条例》第十二条",
    DisclosureGuide,
    "GuideForm",
    write_guide,
    required=(
        ("classification", "信息分类"),
        ("arrangement", "编排体系"),
        ("obtaining", "获取方式"),
        ("organ", "政府信息公开工作机构"),
        *CONTACT_REQUIRED,
        ("fax", "传真"),
        ("website", "互联网联系方式"),
    ),
    facts_shown=guide_shown,
    payload=guide_payload,
    body="obtaining",
)
