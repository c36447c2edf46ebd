"""The life of an error report: received, perhaps forwarded, answered or refused with the reason."""

from typing import Any

from mingtang.records.spec import Confidential, RecordSpec, State, Transition, register
from mingtang.units.roles import OPENNESS_OFFICER

from .models import OUTCOMES, ErrorReport
from .services import KIND, write_error_report

FORMS = "mingtang.websites.error_report_forms"
OPEN = ("received", "forwarded")


def facts_shown(report: ErrorReport) -> list[tuple[str, list[tuple[str, Any]]]]:
    return [
        (
            "网民说",
            [
                ("页面", report.page),
                ("索引号", report.index_number),
                ("哪里不对", report.what),
                ("错误的原文", report.quote),
                ("回执编号", report.number or "没有（电话或来信反映）"),
            ],
        ),
        ("处理", [("结果", OUTCOMES.get(report.outcome, "")), ("答复", report.answer)]),
    ]


ERROR_REPORT = register(
    RecordSpec(
        kind=KIND,
        label="网民找错",
        article="第二十一条",
        model=ErrorReport,
        states=(
            State("received", "待核对"),
            State("forwarded", "已转来，待核对"),
            State("answered", "已答复", "closed"),
            State("rejected", "不予办理", "closed"),
        ),
        transitions=(
            Transition(
                "answer",
                "答复",
                OPEN,
                "answered",
                OPENNESS_OFFICER,
                "error_report.answered",
                form=f"{FORMS}.AnswerForm",
                effects=("error_report.answer",),
                accent="primary",
            ),
            Transition(
                "forward",
                "转给负责的单位",
                OPEN,
                "forwarded",
                OPENNESS_OFFICER,
                "error_report.forwarded",
                form=f"{FORMS}.ForwardForm",
                effects=("error_report.forward",),
            ),
            Transition(
                "reject",
                "不予办理",
                OPEN,
                "rejected",
                OPENNESS_OFFICER,
                "error_report.rejected",
                form=f"{FORMS}.RejectForm",
                effects=("error_report.reject",),
                accent="danger",
            ),
        ),
        form=f"{FORMS}.ErrorReportForm",
        write=write_error_report,
        columns=(
            ("标题", lambda row: row.record.title),
            ("页面", "page"),
            ("结果", lambda row: OUTCOMES.get(row.outcome, "")),
        ),
        required=(("what", "哪里不对"),),
        facts_shown=facts_shown,
        confidential=Confidential(OPENNESS_OFFICER, identity=("contact",)),
        creator=OPENNESS_OFFICER,
    )
)
