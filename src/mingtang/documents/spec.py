"""The life of a paper: states, steps, who takes them, which gates stand before them, and its public form."""

from dataclasses import replace
from typing import Any

from mingtang.disclosure.attachments import listed
from mingtang.disclosure.listed import CATALOGUE, NEGATIVE_LIST, words_of
from mingtang.disclosure.steps import BEFORE_REVIEW, publish_step, refuse_step, review_step, withdraw_step
from mingtang.journal.names import register_event
from mingtang.records.models import GATEKEEPER, LEAD, PARTIES
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import RecordSpec, State, Transition, register
from mingtang.text.bodies import public_blocks
from mingtang.text.redact import Cut, apply_cuts
from mingtang.units.roles import DRAFTER, GENERAL_OFFICE_CLERK, OPENNESS_OFFICER, UNIT_HEAD

from .importing import read_document
from .models import LANGUAGES, NAME_OF, Document
from .services import write_document

STATES = (
    State("drafting", "起草中"),
    State("returned", "已退文", "open"),
    State("head_review", "待负责人审签", "waiting"),
    State("head_approved", "负责人已审定", "open"),
    State("reported", "已报政府办公厅", "waiting"),
    State("accepted", "办公厅已收文", "waiting"),
    State("signed", "已签发", "waiting"),
    State("reviewed", "已通过保密审查", "waiting"),
    State("issued", "已印发", "waiting"),
    State("migrated", "待审查（旧站迁入）", "waiting", together=True),
    State("migration_reviewed", "待负责人审定（旧站迁入）", "waiting", together=True),
    State("migration_approved", "待公开（旧站迁入）", "waiting", together=True),
    State("published", "已公开", "public"),
    State("filed", "已存档（不主动公开）", "closed"),
    State("correcting", "更正中", "open"),
    State("corrected", "更正稿已审查", "waiting"),
    State("ended", "已失效或撤下", "closed"),
    State("erased", "已清除", "closed"),
)
REASON = "mingtang.records.forms.ReasonForm"
BOTH = (LEAD, GATEKEEPER)

TRANSITIONS = (
    Transition(
        "submit",
        "送负责人审签",
        ("drafting", "returned"),
        "head_review",
        DRAFTER,
        "document.submitted",
        applies="document.is_new",
        accent="primary",
    ),
    Transition(
        "report",
        "报送政府办公厅",
        ("drafting", "returned", "head_approved"),
        "reported",
        DRAFTER,
        "document.reported",
        applies="document.in_government_name",
        gates=("source_determination", "interpretation_attached", "nine_points"),
        on_fault="return",
        effects=("document.bring_gatekeeper",),
        on_return=("document.bring_gatekeeper",),
        accent="primary",
    ),
    Transition(
        "sign",
        "签发",
        ("head_review",),
        "signed",
        UNIT_HEAD,
        "document.signed",
        applies="document.in_department_name",
        gates=("interpretation_signed", "openness_determined", "negative_list", "in_step", "nine_points"),
        effects=("document.approve_interpretation", "document.sign"),
        locks=("interprets",),
        accent="primary",
    ),
    Transition(
        "approve",
        "审定并同意报送",
        ("head_review",),
        "head_approved",
        UNIT_HEAD,
        "document.approved",
        applies="document.in_government_name",
        effects=("document.approve_interpretation",),
        locks=("interprets",),
        accent="primary",
    ),
    Transition(
        "head_return",
        "退回修改",
        ("head_review", "migration_reviewed"),
        "returned",
        UNIT_HEAD,
        "document.returned",
        form=REASON,
    ),
    Transition(
        "accept",
        "收文",
        ("reported",),
        "accepted",
        GENERAL_OFFICE_CLERK,
        "document.accepted",
        party=(GATEKEEPER,),
        gates=("source_determination", "interpretation_attached", "nine_points"),
        on_fault="return",
        accent="primary",
    ),
    Transition(
        "return",
        "退文并说明",
        ("reported", "accepted"),
        "returned",
        GENERAL_OFFICE_CLERK,
        "document.returned",
        party=(GATEKEEPER,),
        form="mingtang.documents.forms.ReturnForm",
        effects=("document.return_slip",),
    ),
    Transition(
        "sign_for_government",
        "签发",
        ("accepted",),
        "signed",
        UNIT_HEAD,
        "document.signed",
        party=(GATEKEEPER,),
        gates=("source_determination", "negative_list", "in_step"),
        effects=("document.sign",),
        accent="primary",
    ),
    review_step("document.reviewed", "signed", party=BOTH),
    refuse_step("document.review_refused", ("signed", "correcting", "migrated"), "returned", party=BOTH),
    # Papers of an old site: signed and numbered long ago, but reviewed, approved and published by three people anew.
    Transition(
        "admit",
        "送审查（旧站迁入）",
        ("drafting", "returned"),
        "migrated",
        DRAFTER,
        "document.migrated",
        applies="document.is_legacy",
        gates=("openness_determined", "five_disclosures", "complete"),
        accent="primary",
    ),
    replace(
        review_step(
            "document.migration_reviewed", "migrated", "migration_reviewed", name="review_migrated", party=BOTH
        ),
        gates=(*BEFORE_REVIEW, "document.batch_without_findings"),
    ),
    Transition(
        "approve_migrated",
        "同意重新公开",
        ("migration_reviewed",),
        "migration_approved",
        UNIT_HEAD,
        "document.migration_approved",
        party=BOTH,
        gates=("openness_determined",),
        accent="primary",
    ),
    Transition(
        "issue",
        "编号印发",
        ("reviewed",),
        "issued",
        OPENNESS_OFFICER,
        "document.issued",
        party=BOTH,
        gates=("document.number_ready", "document.original_issued"),
        effects=("document.number",),
        accent="primary",
    ),
    publish_step(
        "document.published",
        ("issued", "corrected", "migration_approved"),
        party=BOTH,
        applies="disclosure.to_be_published",
        before=("document.original_public",),
    ),
    Transition(
        "file",
        "存档，不主动公开",
        ("issued",),
        "filed",
        OPENNESS_OFFICER,
        "document.filed",
        party=BOTH,
        applies="disclosure.to_be_filed",
        gates=("openness_determined", "negative_list", "secrecy_review"),
        accent="primary",
    ),
    Transition(
        "allow_exception",
        "确认例外（负面清单以外）",
        ("head_review", "head_approved", "accepted", "issued"),
        None,
        UNIT_HEAD,
        "document.exception_allowed",
        party=BOTH,
        applies="withholding.needs_exception",
        gates=("document.exception_grounded",),
        effects=("document.allow_exception",),
        form="mingtang.documents.forms.ExceptionForm",
    ),
    Transition(
        "begin_correction",
        "更正",
        ("published",),
        "correcting",
        DRAFTER,
        "document.correction_begun",
        form="mingtang.documents.forms.CorrectionForm",
    ),
    review_step(
        "document.corrected", "correcting", "corrected", name="review_correction", label="更正稿审查通过", party=BOTH
    ),
    withdraw_step("document.withdrawn", "标明失效或撤下", party=BOTH),
    Transition(
        "erase",
        "清除公开内容",
        ("published", "ended"),
        "erased",
        UNIT_HEAD,
        "document.erased",
        party=BOTH,
        form="mingtang.disclosure.forms.EraseForm",
        effects=("disclosure.erase",),
        accent="danger",
    ),
)


def payload(paper: Document) -> dict[str, Any]:
    """Public schema ``document/1``. Redacted release leaves the cut spans out before anything else sees the text."""
    body = paper.body
    cuts = paper.cuts if paper.openness == "redacted_release" else []
    if cuts:
        body = apply_cuts(body, [Cut(quote=cut["quote"], reason=cut["reason"], ground=cut["ground"]) for cut in cuts])
    book = rulebook()
    return {
        "schema": "document/1",
        "title": paper.title,
        "language": paper.language,
        "document_number": paper.document_number,
        "issuers": paper.issuers,
        "addressees": paper.addressees,
        "written_on": paper.written_on.isoformat() if paper.written_on else "",
        "effective_on": paper.effective_on.isoformat() if paper.effective_on else "",
        "signed_on": paper.signed_at.date().isoformat() if paper.signed_at else "",
        "source": paper.source_unit or paper.record.lead_unit.name,
        "genre": paper.genre,
        "topic": paper.topic,
        "stages": paper.stages,
        "openness": paper.openness,
        "mode": paper.mode,
        "blocks": public_blocks(body),
        "attachments": listed(paper.record_id),
        "cuts": [
            {
                "ground": book.grounds[cut["ground"]].label if cut["ground"] in book.grounds else "",
                "reason": cut["reason"],
            }
            for cut in cuts
        ],
        **_legacy(paper),
    }


def _legacy(paper: Document) -> dict[str, str]:
    """What a paper of an old site says beyond others: since when and where it was public there."""
    if not paper.is_legacy or paper.web_published_on is None:
        return {}
    return {
        "web_published_on": paper.web_published_on.isoformat(),
        "old_address": paper.legacy.get("old_address", ""),
        "old_index_number": paper.legacy.get("old_index_number", ""),
    }


def _exception(paper: Document) -> str:
    """An exception as it stays on the record: on what ground, why, and who confirmed it when."""
    said = paper.list_exception
    if not said:
        return ""
    grounds = rulebook().grounds
    ground = grounds[said["ground"]].label if said["ground"] in grounds else said["ground"]
    return f"{ground}。{said['reason']}（{said['name']}，{said['at'][:10]}确认，自查时复核）"


def facts_shown(paper: Document) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Groups of (label, value) for the desk."""
    book = rulebook()
    names = book.enumerations
    parties = paper.record.parties.select_related("unit").order_by("pk")
    openness = names["openness_attributes"].items.get(paper.openness, "未填写")
    mode = names["disclosure_modes"].items.get(paper.mode, "" if paper.openness == "withheld" else "未填写")
    ground = book.grounds.get(paper.withholding_ground)
    marks = [
        str(Document._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        for name in ("policy", "normative", "broad_reach", "high_attention", "vital_interest")
        if getattr(paper, name)
    ]
    return [
        (
            "文件",
            [
                ("名义", NAME_OF[paper.name_of]),
                ("发文字号", paper.document_number or "印发时编号"),
                ("发文机关", "、".join(paper.issuers)),
                ("文种", paper.genre),
                ("语言", LANGUAGES[paper.language]),
                ("主送", paper.addressees),
                ("成文日期", paper.written_on),
                ("签发时间", paper.signed_at),
                ("信息来源", paper.source_unit or "空缺"),
                ("原网页发布日期", paper.web_published_on),
                ("旧地址", paper.legacy.get("old_address", "")),
                ("原索引号", paper.legacy.get("old_index_number", "")),
                ("性质", "、".join(marks)),
                ("责任单位", "、".join(paper.responsible_units)),
            ],
        ),
        ("参与单位", [(str(PARTIES[party.role]), party.unit.name) for party in parties]),
        (
            "公开",
            [
                ("公开属性", openness),
                ("公开方式", mode),
                ("五公开类别", "、".join(names["five_disclosures"].items.get(stage, stage) for stage in paper.stages)),
                ("不予公开的依据", ground.label if ground else ""),
                ("不予公开的理由", paper.withholding_reason),
                ("对应的负面清单事项", words_of(NEGATIVE_LIST, paper.list_entry)),
                ("负面清单以外的例外", _exception(paper)),
                ("基本目录条目", words_of(CATALOGUE, paper.catalogue_entry)),
                ("删减", f"{len(paper.cuts)}处" if paper.cuts else ""),
            ],
        ),
        ("导入时待核对", [(f"第{number}项", text) for number, text in enumerate(paper.import_warnings, 1)]),
    ]


register_event("document.batch_decided", "成批办理旧文件")
SPEC = register(
    RecordSpec(
        kind="document",
        label="公文",
        article="第十、十二、十八条",
        model=Document,
        states=STATES,
        transitions=TRANSITIONS,
        form="mingtang.documents.forms.DocumentForm",
        write=write_document,
        columns=(
            ("标题", "title"),
            ("发文字号", "document_number"),
            ("名义", lambda paper: NAME_OF[paper.name_of]),
            ("例外", lambda paper: "清单以外" if paper.list_exception else ""),
            ("成文日期", "written_on"),
        ),
        required=(("title", "标题"), ("body", "正文"), ("written_on", "成文日期")),
        facts_shown=facts_shown,
        payload=payload,
        body="body",
        editable_in=("drafting", "returned", "correcting"),
        importer=read_document,
    )
)
