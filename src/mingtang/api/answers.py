"""The shapes of answers. Times carry their offset (Asia/Shanghai); what is unknown is null, a missing text is empty."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from mingtang.editions.models import VALIDITY
from mingtang.portal.rulebook import STATE_LABELS

from .schemas import Payload

Validity = Literal["valid", "not_yet", "amended", "repealed", "lapsed", "merged", "withdrawn"]
DutyState = Literal["met", "met_late", "running", "due_soon", "overdue", "advisory_late", "exempt"]
assert set(Validity.__args__) == set(VALIDITY) - {"erased"}  # type: ignore[attr-defined]
assert set(DutyState.__args__) == set(STATE_LABELS)  # type: ignore[attr-defined]
_NEXT = "下一页的 cursor；没有下一页时为空"


class Unit(BaseModel):
    code: str = Field(description="单位代码")
    name: str = Field(description="单位名称")


class Highlight(BaseModel):
    """检索词在哪里，HTML，词在 mark 里，其余已转义。"""

    title: str
    snippet: str


class Publication(BaseModel):
    """一件公开内容（不含正文）。"""

    index_number: str = Field(description="索引号")
    slug: str = Field(description="网址里的名字，长期不变")
    url: str = Field(description="网页地址")
    kind: str = Field(description="类别：document 文件、interpretation 解读、interpretation_event 解读活动等")
    title: str = Field(description="标题")
    document_number: str = Field(description="发文字号")
    unit: Unit = Field(description="发布机构")
    region: str = Field(description="地区代码")
    stages: list[str] = Field(description="五公开类别")
    topic: str = Field(description="主题分类")
    genre: str = Field(description="体裁")
    language: str = Field(description="语言")
    written_on: date | None = Field(description="成文日期")
    published_at: datetime = Field(description="公开时间")
    validity: Validity = Field(description="有效性")
    validity_reason: str = Field(description="状态说明")
    validity_at: datetime | None = Field(description="状态变更时间")
    summary: str = Field(description="内容概述")
    edition: int | None = Field(description="现行版次；已撤回的为空")


class Found(Publication):
    highlight: Highlight | None = Field(None, description="按检索词查找时：命中的地方")


class PublicationPage(BaseModel):
    data: list[Found]
    next: str | None = Field(description=_NEXT)
    total: int | None = Field(description="符合条件的件数；不带 q 翻到后面时为空，请看第一页")
    notes: list[str] = Field(description="检索时要说明的话，如哪些词没有用上")


class EditionInfo(BaseModel):
    """一个版次。"""

    number: int = Field(description="版次，从1起")
    state: Literal["live", "superseded", "withdrawn", "erased"] = Field(description="状态")
    payload_hash: str = Field(description="内容（规范 JSON 的 UTF-8 字节）的 SHA-256；已清除的为空")
    reason: str = Field(description="更正说明")
    published_at: datetime = Field(description="这一版公开的时间")


class EditionList(BaseModel):
    data: list[EditionInfo]


class File(BaseModel):
    """现行版的一个附件。"""

    name: str = Field(description="文件名")
    url: str = Field(description="下载地址")
    sha256: str
    size: int = Field(description="字节数")
    media_type: str


class Relation(BaseModel):
    """与另一件公开内容的关系。"""

    kind: str = Field(description="关系：explained_by 有解读、explains 解读了，或别的关系的名字")
    slug: str
    title: str


class PublicationDetail(Publication):
    """一件公开内容，连同现行版的内容。"""

    editions: list[EditionInfo] = Field(description="全部版次")
    files: list[File] = Field(description="现行版的附件")
    relations: list[Relation] = Field(description="有关的内容")
    payload: Payload | None = Field(description="现行版的内容；已撤回的为空，仍可按版次读取")


class ProofEntry(BaseModel):
    """公开日志里的一行，和它在检查点里的证明。"""

    index: int
    edition: int
    kind: str
    at: datetime
    leaf: str = Field(description="叶子的原样文字")
    leaf_hash: str
    salt: str = Field(description="内容散列的盐；已清除的为空")
    checkpoint_size: int | None = Field(description="证明所对的检查点；还没有检查点包含它时为空")
    proof: list[str] = Field(description="包含证明（RFC 6962），十六进制，由下往上")


class Proof(BaseModel):
    publication: str = Field(description="索引号")
    path: str
    live_edition: int
    entries: list[ProofEntry]
    checkpoints: dict[str, str] = Field(description="检查点的签名文本，按大小")


class LogEntry(BaseModel):
    """公开日志里的一行。"""

    index: int = Field(description="位置，从0起")
    publication: str = Field(description="索引号")
    slug: str
    edition: int = Field(description="版次")
    kind: str = Field(description="published 公开、superseded 被新版替代，或有效性的变化")
    at: datetime
    salted_hash: str = Field(description="加盐的内容散列")
    leaf_hash: str = Field(description="叶子散列（RFC 6962）")
    leaf: str = Field(description="叶子的原样文字")


class LogEntries(BaseModel):
    size: int = Field(description="日志现有的行数")
    data: list[LogEntry]


class Checkpoint(BaseModel):
    """日志的签名检查点。"""

    size: int
    root: str = Field(description="根散列，十六进制")
    at: datetime
    note: str = Field(description="签名文本（C2SP signed-note）")


class CheckpointPage(BaseModel):
    data: list[Checkpoint]
    next: str | None = Field(description=_NEXT)


class Region(BaseModel):
    code: str
    name: str = Field(description="名称")
    name_mongolian: str = Field(description="蒙古文名称")
    level: str = Field(description="层级")
    parent: str = Field(description="上级地区代码")


class RegionPage(BaseModel):
    data: list[Region]
    next: str | None = Field(description=_NEXT)


class Body(BaseModel):
    """一个单位。"""

    code: str
    name: str = Field(description="名称")
    short_name: str = Field(description="简称")
    kind: str = Field(description="类别")
    region: str = Field(description="地区代码")
    parent: str = Field(description="上级单位代码")
    valid_from: date | None = Field(description="成立日期")
    valid_to: date | None = Field(description="最后一天；仍在的为空")
    successor: str = Field(description="继任单位代码")


class BodyPage(BaseModel):
    data: list[Body]
    next: str | None = Field(description=_NEXT)


class DutyPart(BaseModel):
    label: str = Field(description="分项")
    closed_at: datetime | None = Field(description="完成时间")


class Duty(BaseModel):
    """一件职责：谁该做什么，什么时候做到，做到了没有。"""

    id: str
    code: str = Field(description="职责编号，如 D10.5")
    article: int = Field(description="《意见》的条")
    title: str = Field(description="职责")
    unit: Unit = Field(description="责任单位")
    publication: str | None = Field(description="所关公开内容的 slug")
    period: str = Field(description="周期，如 2026H1")
    opened_at: datetime = Field(description="起算时间")
    due_at: datetime | None = Field(description="到期时间")
    provisional: bool = Field(description="放假安排未公布，到期日暂定")
    closed_at: datetime | None = Field(description="完成时间")
    advisory: bool = Field(description="时限是本地参考时限，不是《意见》规定的")
    exempt_ground: str = Field(description="豁免依据")
    state: DutyState = Field(description="回答这次请求时的状态")
    state_label: str
    parts: list[DutyPart] = Field(description="分项")


class DutyPage(BaseModel):
    as_of: datetime = Field(description="状态截至的时间")
    data: list[Duty]
    next: str | None = Field(description=_NEXT)


class RuleDuty(BaseModel):
    """《意见》写下的一项职责。"""

    id: str = Field(description="职责编号")
    title: str
    content: str = Field(description="要求做什么")
    who: str = Field(description="谁来做")
    accountable: str = Field(description="谁负责")
    force: str = Field(description="要求的强度")
    when: str = Field(description="什么情况下")
    method: str = Field(description="怎样做")
    limit: str = Field(description="时限；没有的为空")
    advisory: bool = Field(description="时限是本地参考时限")
    exemption: str = Field(description="什么情况下免除")
    consequence: str = Field(description="没做到的后果")


class Article(BaseModel):
    number: int = Field(description="条")
    title: str
    chapter: str = Field(description="所在部分")
    duties: list[RuleDuty]


class ArticleList(BaseModel):
    data: list[Article]


class FacetValue(BaseModel):
    value: str
    label: str
    count: int = Field(description="件数")


class Facets(BaseModel):
    total: int = Field(description="符合条件的件数")
    facets: dict[str, list[FacetValue]] = Field(description="按筛选项列出可选的值；每项按其余条件计数")


class Row(Publication):
    """JSON Lines 里的一行：元数据和现行版的内容。"""

    edition_state: Literal["live", "withdrawn"] = Field(description="版次状态；已撤回的没有内容")
    edition_number: int
    edition_published_at: datetime
    payload_hash: str
    payload: Payload | None
