"""What an edition says, by its schema. These are the payloads as they are published, hashed and served: the API adds
nothing to them and takes nothing away.

A payload may gain fields without a new schema name; what is described here keeps its meaning.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

KNOWN = (
    "document/1",
    "interpretation/1",
    "interpretation_event/1",
    "unit_profile/1",
    "disclosure_guide/1",
    "register/1",
)


class Content(BaseModel):
    model_config = ConfigDict(extra="allow")


class Block(Content):
    """正文的一段。"""

    id: str = Field(description="本段的锚点，可接在网址后面，如 #a1；没有的为空")
    kind: str = Field(description="段落种类：chapter 章、section 节、article 条、paragraph 段、signature 落款等")
    number: str = Field(description="序号，如“一、”“（一）”“第一条”；没有的为空")
    title: str = Field(description="小标题；没有的为空")
    text: str = Field(description="文字")


class Attachment(Content):
    """附件。"""

    name: str = Field(description="文件名")
    sha256: str = Field(description="文件的 SHA-256，十六进制")
    size: int = Field(description="字节数")
    media_type: str = Field(description="媒体类型")
    cuts: list["FileCuts"] = Field([], description="删减后公开的文件：删减的依据、理由和处数")


class FileCuts(Content):
    """一份文件里因同一依据和理由删去的内容。"""

    ground: str = Field(description="依据")
    reason: str = Field(description="理由")
    places: int = Field(description="处数")


class Cut(Content):
    """删减公开时删去的一处。"""

    ground: str = Field(description="依据")
    reason: str = Field(description="理由")


class Explained(Content):
    """被解读的文件。"""

    title: str
    document_number: str = Field(description="发文字号；没有的为空")


class Point(Content):
    """一项解读要点：写了内容，或者说明为什么不适用。"""

    code: str
    label: str = Field(description="要点名称")
    text: str = Field("", description="内容")
    not_applicable: str = Field("", description="不适用的原因")


class Placement(Content):
    """解读材料在媒体上的一次刊播。"""

    outlet: str = Field(description="媒体")
    url: str = Field(description="网址；没有的为空")
    clip: str = Field("", description="版面或节目说明")
    at: str = Field(description="日期，2026-03-05")


class Document(Content):
    """文件（document/1）。"""

    schema_: Literal["document/1"] = Field(alias="schema")
    title: str = Field(description="标题")
    language: str = Field("zh-Hans", description="语言：zh-Hans 中文、mn-Mong 传统蒙古文、en 英文")
    document_number: str = Field("", description="发文字号；没有的为空")
    issuers: list[str] = Field([], description="发文机关")
    addressees: str = Field("", description="主送机关")
    written_on: str = Field("", description="成文日期，2026-03-05；没有的为空")
    effective_on: str = Field("", description="施行日期；没有的为空")
    signed_on: str = Field("", description="签发日期；没有的为空")
    web_published_on: str = Field("", description="在旧网站上发布的日期；只有从旧网站迁入的文件才有")
    old_address: str = Field("", description="在旧网站上的网址；只有从旧网站迁入的文件才有")
    old_index_number: str = Field("", description="在旧网站上的索引号；只有从旧网站迁入的文件才有")
    source: str = Field("", description="信息来源")
    genre: str = Field("", description="体裁")
    topic: str = Field("", description="主题分类")
    stages: list[str] = Field([], description="五公开类别")
    openness: str = Field("", description="公开属性：full_release 全文公开、redacted_release 删减后公开等")
    mode: str = Field("", description="公开方式")
    blocks: list[Block] = Field(description="正文")
    attachments: list[Attachment] = Field([], description="附件")
    cuts: list[Cut] = Field([], description="删减说明")


class Interpretation(Content):
    """解读材料（interpretation/1）。"""

    schema_: Literal["interpretation/1"] = Field(alias="schema")
    title: str = Field(description="标题")
    explains: Explained
    material: list[Block] = Field([], description="解读材料")
    attachments: list[Attachment] = Field([], description="附件")
    points: list[Point] = Field([], description="九项要点")
    methods: list[str] = Field([], description="解读方式")
    articles: list[str] = Field([], description="解读到的条款，文件正文里的锚点")
    experts: str = Field("", description="参与解读的专家")
    media: list[Placement] = Field([], description="媒体刊播")
    interpreters: list[str] = Field([], description="解读单位")
    cooperators: list[str] = Field([], description="配合单位")
    stages: list[str] = Field([], description="五公开类别")
    openness: str = Field("", description="公开属性")
    mode: str = Field("", description="公开方式")


class InterpretationEvent(Content):
    """解读活动（interpretation_event/1）。"""

    schema_: Literal["interpretation_event/1"] = Field(alias="schema")
    title: str = Field(description="活动名称")
    method: str = Field("", description="方式，如新闻发布会")
    held_at: str = Field("", description="举行时间")
    place: str = Field("", description="地点")
    speaker: str = Field("", description="主讲人")
    summary: str = Field("", description="活动情况")
    policies: list[str] = Field([], description="讲解的政策")
    stages: list[str] = Field([], description="五公开类别")
    openness: str = Field("", description="公开属性")
    mode: str = Field("", description="公开方式")


class Division(Content):
    """内设机构。"""

    name: str = Field("", description="名称")
    work: str = Field("", description="职责")
    phone: str = Field("", description="电话")


class Leader(Content):
    """负责人。"""

    name: str = Field("", description="姓名")
    post: str = Field("", description="职务")
    work: str = Field("", description="分工")


class UnitProfile(Content):
    """机构信息（unit_profile/1）。"""

    schema_: Literal["unit_profile/1"] = Field(alias="schema")
    title: str = Field(description="标题")
    blocks: list[Block] = Field([], description="主要职能")
    divisions: list[Division] = Field([], description="内设机构")
    leaders: list[Leader] = Field([], description="负责人")
    openness_office: str = Field("", description="政府信息公开工作机构")
    openness_phone: str = Field("", description="政府信息公开工作机构的电话")
    address: str = Field("", description="办公地址")
    office_hours: str = Field("", description="办公时间")
    phone: str = Field("", description="电话")
    fax: str = Field("", description="传真")
    website: str = Field("", description="网址")
    stages: list[str] = Field([], description="五公开类别")
    openness: str = Field("", description="公开属性")
    mode: str = Field("", description="公开方式")


class DisclosureGuide(Content):
    """公开指南（disclosure_guide/1）。"""

    schema_: Literal["disclosure_guide/1"] = Field(alias="schema")
    title: str = Field(description="标题")
    government: str = Field("", description="哪一级政府的指南")
    blocks: list[Block] = Field([], description="信息分类、编排体系、获取方式")
    organ: str = Field("", description="公开工作机构")
    address: str = Field("", description="办公地址")
    office_hours: str = Field("", description="办公时间")
    phone: str = Field("", description="电话")
    fax: str = Field("", description="传真")
    website: str = Field("", description="网址")
    stages: list[str] = Field([], description="五公开类别")
    openness: str = Field("", description="公开属性")
    mode: str = Field("", description="公开方式")


class Column(Content):
    """清单的一列。"""

    name: str = Field(description="列名，即 data.csv 的表头")
    title: str = Field(description="中文名称")
    type: str = Field(description="类型，同 Table Schema：string、number、integer、date、boolean 等")
    unit: str = Field(description="计量单位；没有的为空")
    decimals: int | None = Field(description="小数位数；不限的为 null")
    facet: bool = Field(description="是否可以按它筛选")
    shown: bool = Field(description="是否在列表里显示")
    description: str = Field(description="说明")
    masked: bool = Field(description="个人信息已遮蔽")
    code_list: dict[str, str] | None = Field(description="所用代码的名称；不是代码的为 null")


class Adjustment(Content):
    """一条的调整（第五条）。"""

    key: str = Field(description="条目")
    title: str = Field(description="名称")
    change: str = Field(description="added 新增、changed 修改、removed 移出")
    adjustment: str = Field(description="调整方式，如取消、下放")
    effective: str | None = Field(description="从哪一天起")
    basis: str | None = Field(description="依据")


class Register(Content):
    """清单（register/1）。全部条目在附件 data.csv 里，本版的变化在 changes.csv 里。"""

    schema_: Literal["register/1"] = Field(alias="schema")
    title: str = Field(description="标题")
    register_kind: str = Field(description="清单种类的代码")
    kind_title: str = Field(description="清单种类")
    family: str = Field(description="成套的清单同属一族，如 lists、budget")
    article: int = Field(description="依据实施意见第几条")
    level: str = Field(description="层级")
    description: str = Field(description="这种清单是什么")
    unit_of_measure: str = Field(description="计量单位；没有的为空")
    note: str = Field(description="本次更新说明")
    correction: str = Field(description="更正的理由；不是更正的为空")
    columns: list[Column] = Field(description="各列")
    key: list[str] = Field(description="靠哪些列认出同一条")
    count: int = Field(description="条目数")
    sequence: int = Field(description="第几批，与版次相同")
    effective: str = Field(description="提交的日期")
    hide_after: str = Field(description="公示截止日期所在的列；没有期限的为空")
    changes: dict[str, int] = Field(description="新增、修改、移出各多少条")
    adjustments: list[Adjustment] = Field(description="本版的调整")
    charts: list[dict[str, Any]] = Field(description="图表")
    complete: dict[str, Any] = Field(description="怎样才算齐全")
    attachments: list[Attachment] = Field(description="文件")
    stages: list[str] = Field([], description="五公开类别")
    openness: str = Field("", description="公开属性")
    mode: str = Field("", description="公开方式")


class Other(Content):
    """别的种类。新种类随时会有；不认识的请按一般内容处理。"""

    schema_: str = Field(alias="schema", json_schema_extra={"not": {"enum": [*KNOWN]}})
    title: str = Field(description="标题")


def _schema(payload: Any) -> str:
    name = payload.get("schema") if isinstance(payload, dict) else getattr(payload, "schema_", "")
    return name if name in KNOWN else "other"


Payload = Annotated[
    Annotated[Document, Tag("document/1")]
    | Annotated[Interpretation, Tag("interpretation/1")]
    | Annotated[InterpretationEvent, Tag("interpretation_event/1")]
    | Annotated[UnitProfile, Tag("unit_profile/1")]
    | Annotated[DisclosureGuide, Tag("disclosure_guide/1")]
    | Annotated[Register, Tag("register/1")]
    | Annotated[Other, Tag("other")],
    Discriminator(_schema),
]
