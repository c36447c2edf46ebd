"""The life of a register: prepared, handed in, approved, reviewed, public; updated again and again."""

import json
from dataclasses import replace
from typing import Any

from mingtang.disclosure.steps import publish_step, refuse_step, review_step, withdraw_step
from mingtang.editions.tables import SCHEMA
from mingtang.records.spec import RecordSpec, State, Transition, register
from mingtang.units.roles import DRAFTER, OPENNESS_OFFICER, UNIT_HEAD

from .catalog import kind_named
from .entries import open_batch
from .models import ADDED, CHANGED, CHANGES, FAULTY, REMOVED, STAGES, Register
from .openness import shown_on_page
from .services import KIND, write_register

FORMS = "mingtang.registers.forms"
REASON = "mingtang.records.forms.ReasonForm"
EDITABLE = ("drafting", "updating", "returned")
_publish = publish_step("register.published", ("reviewed",))
_withdraw = withdraw_step("register.withdrawn", "撤下")

TRANSITIONS = (
    Transition(
        "hand_in",
        "提交审定",
        EDITABLE,
        "submitted",
        DRAFTER,
        "register.handed_in",
        gates=("register_checked", "adjustments_stated", "register_reconciles"),
        effects=("register.compile",),
        accent="primary",
    ),
    Transition(
        "approve",
        "审定",
        ("submitted",),
        "approved",
        UNIT_HEAD,
        "register.approved",
        gates=("five_disclosures", "openness_determined"),
        accent="primary",
    ),
    Transition("return", "退回修改", ("submitted",), "returned", UNIT_HEAD, "register.sent_back", form=REASON),
    Transition("reopen", "撤回修改", ("submitted", "approved", "reviewed"), "returned", DRAFTER, "register.reopened"),
    review_step("register.reviewed", "approved"),
    refuse_step("register.review_refused", ("approved",), "returned"),
    replace(_publish, effects=("register.flip", *_publish.effects, "register.empty_earlier")),
    Transition("begin_update", "更新清单", ("published",), "updating", DRAFTER, "register.update_begun"),
    Transition(
        "note_elsewhere",
        "登记部门网站已更新",
        (*EDITABLE, "submitted", "approved", "reviewed", "published"),
        None,
        OPENNESS_OFFICER,
        "register.shown_elsewhere",
        form=f"{FORMS}.ElsewhereForm",
        effects=("register.note_elsewhere",),
    ),
    _withdraw,
    Transition(
        "erase",
        "清除公开内容",
        ("published", "ended"),
        "erased",
        UNIT_HEAD,
        "register.erased",
        form="mingtang.disclosure.forms.EraseForm",
        effects=("disclosure.erase",),
        accent="danger",
    ),
    Transition("drop", "作废", ("drafting",), "dropped", DRAFTER, "register.dropped", accent="danger"),
)


def payload(detail: Register) -> dict[str, Any]:
    """Public schema ``register/1``, as it was made when the batch was handed in; of what is public, once it is."""
    batch = open_batch(detail) or detail.batches.order_by("-number").first()
    if batch is None or not batch.payload:
        return {"schema": SCHEMA, "title": detail.record.title, "stages": detail.stages, "attachments": []}
    made: dict[str, Any] = json.loads(batch.payload)
    return made


def facts_shown(detail: Register) -> list[tuple[str, list[tuple[str, Any]]]]:
    kind, batch = kind_named(detail.register_kind), open_batch(detail)
    groups: list[tuple[str, list[tuple[str, Any]]]] = [
        (
            "清单",
            [
                ("种类", kind.title),
                ("依据", f"第{kind.article}条"),
                ("编制单位", detail.keeper.name),
                ("已公开批次", str(detail.sequence) if detail.sequence else "还没有公开"),
            ],
        )
    ]
    if batch is not None:
        words = {ADDED, CHANGED, REMOVED, FAULTY}
        counts = [
            (str(label), f"{batch.counts[name]}条")
            for name, label in CHANGES.items()
            if name in words and batch.counts.get(name)
        ]
        groups.append(
            (
                "本次更新",
                [
                    ("文件", batch.source_name),
                    ("核对", str(STAGES[batch.stage]) if batch.source_name else ""),
                    ("问题", batch.problem),
                    *counts,
                    ("说明", batch.note),
                    ("更正的理由", batch.correction),
                ],
            )
        )
    left = shown_on_page(detail)
    if left:
        groups.append(("移出清单之后待自查", left))
    return groups


REGISTER = register(
    RecordSpec(
        kind=KIND,
        label="清单",
        article="第五条",
        model=Register,
        states=(
            State("drafting", "准备中"),
            State("submitted", "待负责人审定", "waiting"),
            State("approved", "负责人已审定", "waiting"),
            State("reviewed", "已通过保密审查", "waiting"),
            State("published", "已公开", "public"),
            State("updating", "更新中"),
            State("returned", "已退回"),
            State("ended", "已撤下", "closed"),
            State("dropped", "已作废", "closed"),
            State("erased", "已清除", "closed"),
        ),
        transitions=TRANSITIONS,
        form=f"{FORMS}.RegisterForm",
        write=write_register,
        payload=payload,
        columns=(
            ("标题", lambda row: row.record.title),
            ("种类", lambda row: kind_named(row.register_kind).title),
            ("已公开批次", "sequence"),
        ),
        required=(),
        facts_shown=facts_shown,
        editable_in=EDITABLE,
    )
)
