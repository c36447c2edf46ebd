"""The life of an interpretation, and of an interpretation event."""

from typing import Any

from mingtang.disclosure.attachments import listed
from mingtang.disclosure.steps import publish_step, refuse_step, review_step, withdraw_step
from mingtang.records.models import CO_ISSUER, GATEKEEPER, LEAD
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import Attachment, Context, Facts, RecordSpec, State, Transition, register, spec_for
from mingtang.text.bodies import public_blocks
from mingtang.units.actors import SYSTEM
from mingtang.units.roles import DRAFTER, OPENNESS_OFFICER, UNIT_HEAD

from .forms import SPEAKERS
from .models import Interpretation, InterpretationEvent
from .services import write_event, write_interpretation


def _paper(record: Any) -> dict[str, Any] | None:
    """What the interpreted paper's room tells about it, by fact and not by import."""
    spec = spec_for(record.kind)
    return Facts(Context(spec, record, SYSTEM, record.changed_at))["document.of_interpretation"]


def payload(interpretation: Interpretation) -> dict[str, Any]:
    """Public schema ``interpretation/1``."""
    names = rulebook().enumerations
    methods, labels = names["interpretation_methods"].items, names["interpretation_points"].items
    paper = _paper(interpretation.record) or {}
    chosen = [methods[code] for code in interpretation.methods if code in methods and code != "other"]
    return {
        "schema": "interpretation/1",
        "title": interpretation.title,
        "explains": {"title": paper.get("title", ""), "document_number": paper.get("document_number", "")},
        "material": public_blocks(interpretation.material),
        "attachments": listed(interpretation.record_id),
        "points": [
            {"code": code, "label": labels[code], **interpretation.points[code]}
            for code in labels
            if code in interpretation.points
        ],
        "methods": [
            *chosen,
            *([interpretation.other_method or methods["other"]] if "other" in interpretation.methods else []),
        ],
        "articles": [f"a{number}" for number in interpretation.articles],
        "experts": interpretation.experts,
        "media": [
            {"outlet": placed.outlet, "url": placed.url, "clip": placed.clip, "at": placed.placed_at.date().isoformat()}
            for placed in interpretation.placements.all()
        ],
        "interpreters": paper.get("interpreters", []),
        "cooperators": paper.get("cooperators", []),
        "stages": interpretation.stages,
        "openness": interpretation.openness,
        "mode": interpretation.mode,
    }


def facts_shown(interpretation: Interpretation) -> list[tuple[str, list[tuple[str, Any]]]]:
    names = rulebook().enumerations
    methods, labels = names["interpretation_methods"].items, names["interpretation_points"].items
    paper = _paper(interpretation.record) or {}
    points = interpretation.points
    return [
        (
            "解读",
            [
                ("解读的文件", paper.get("title", "")),
                ("解读单位", "、".join(paper.get("interpreters", []))),
                ("配合单位", "、".join(paper.get("cooperators", []))),
                ("解读方案", interpretation.plan or "未附"),
                ("解读方式", "、".join(str(methods.get(code, code)) for code in interpretation.methods)),
                ("其他方式", interpretation.other_method),
                ("专家", interpretation.experts),
            ],
        ),
        (
            f"九项要点（已写{sum(1 for code in labels if code in points)}项）",
            [
                (label, points[code].get("text") or f"不适用：{points[code].get('not_applicable', '')}")
                for code, label in labels.items()
                if code in points
            ],
        ),
        (
            "媒体发布",
            [(placement.outlet, placement.url or placement.clip) for placement in interpretation.placements.all()],
        ),
    ]


INTERPRETATION = register(
    RecordSpec(
        kind="interpretation",
        label="解读",
        article="第十至十二条",
        model=Interpretation,
        states=(
            State("drafting", "起草中"),
            State("approved", "负责人已审定", "waiting"),
            State("reviewed", "已通过保密审查", "waiting"),
            State("published", "已公开", "public"),
            State("ended", "已撤下", "closed"),
            State("dropped", "已作废", "closed"),
            State("returned", "已退回", "open"),
        ),
        transitions=(
            Transition(
                "approve",
                "审定解读方案和材料",
                ("drafting", "returned"),
                "approved",
                UNIT_HEAD,
                "interpretation.approved",
                gates=("interpretation.complete",),
            ),
            Transition("reopen", "重新修改", ("approved",), "drafting", DRAFTER, "interpretation.reopened"),
            review_step("interpretation.reviewed", "approved"),
            refuse_step("interpretation.review_refused", ("approved",), "returned"),
            publish_step(
                "interpretation.published",
                ("reviewed",),
                party=(LEAD, CO_ISSUER, GATEKEEPER),
                before=("interpretation.document_public",),
            ),
            Transition(
                "place_media",
                "登记媒体发布",
                ("approved", "reviewed", "published"),
                None,
                OPENNESS_OFFICER,
                "interpretation.media_placed",
                form="mingtang.interpretations.forms.PlacementForm",
                effects=("interpretation.place_media",),
                accent="primary",
            ),
            withdraw_step("interpretation.withdrawn", "撤下"),
            Transition("drop", "作废", ("drafting",), "dropped", DRAFTER, "interpretation.dropped", accent="danger"),
        ),
        form="mingtang.interpretations.forms.InterpretationForm",
        write=write_interpretation,
        columns=(
            ("标题", "title"),
            ("解读方式", lambda row: f"{len(row.methods)}种"),
            ("要点", lambda row: f"{len(row.points)}/9"),
        ),
        required=(("title", "解读材料标题"), ("material", "解读材料")),
        facts_shown=facts_shown,
        payload=payload,
        body="material",
        editable_in=("drafting", "returned"),
        attached=Attachment("document", "interprets"),
    )
)


def event_payload(event: InterpretationEvent) -> dict[str, Any]:
    """Public schema ``interpretation_event/1``."""
    methods = rulebook().enumerations["interpretation_methods"].items
    paper = _paper(event.record)
    return {
        "schema": "interpretation_event/1",
        "title": event.title,
        "method": str(methods.get(event.method, event.method)),
        "held_at": event.held_at.isoformat() if event.held_at else "",
        "place": event.place,
        "speaker": str(SPEAKERS.get(event.speaker_role, "")),
        "summary": event.summary,
        "policies": [paper["title"]] if paper else [],
        "stages": event.stages,
        "openness": event.openness,
        "mode": event.mode,
    }


def event_facts_shown(event: InterpretationEvent) -> list[tuple[str, list[tuple[str, Any]]]]:
    methods = rulebook().enumerations["interpretation_methods"].items
    return [
        (
            "解读活动",
            [
                ("解读方式", methods.get(event.method, event.method)),
                ("计划日期", event.planned_on),
                ("地点或平台", event.place),
                ("主讲人", SPEAKERS.get(event.speaker_role, "")),
                ("重要政策措施", "是" if event.important_policy else "否"),
                ("举行时间", event.held_at),
            ],
        )
    ]


INTERPRETATION_EVENT = register(
    RecordSpec(
        kind="interpretation_event",
        label="解读活动",
        article="第十条",
        model=InterpretationEvent,
        states=(
            State("planned", "已安排"),
            State("held", "已举行", "waiting"),
            State("reviewed", "已通过保密审查", "waiting"),
            State("published", "已公开", "public"),
            State("cancelled", "已取消", "closed"),
        ),
        transitions=(
            Transition(
                "hold",
                "登记已举行",
                ("planned",),
                "held",
                OPENNESS_OFFICER,
                "interpretation_event.held",
                form="mingtang.interpretations.forms.HeldForm",
                effects=("interpretation_event.hold",),
                accent="primary",
            ),
            Transition("cancel", "取消", ("planned",), "cancelled", DRAFTER, "interpretation_event.cancelled"),
            review_step("interpretation_event.reviewed", "held"),
            refuse_step("interpretation_event.review_refused", ("held",), "held"),
            publish_step("interpretation_event.published", ("reviewed",)),
        ),
        form="mingtang.interpretations.forms.EventForm",
        write=write_event,
        columns=(
            ("活动", "title"),
            ("计划日期", "planned_on"),
            ("主讲人", lambda row: SPEAKERS.get(row.speaker_role, "")),
        ),
        required=(("title", "活动名称"), ("summary", "活动情况")),
        facts_shown=event_facts_shown,
        payload=event_payload,
        body="summary",
        editable_in=("planned", "held"),
        attached=Attachment("document", "explains", required=False),
    )
)
