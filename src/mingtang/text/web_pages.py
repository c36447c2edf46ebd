"""The paper on a saved web page: its text without the page around it, and what the page hides.

Government pages state title, date and source in named ``meta`` elements (the State Council office's guide for government
sites of 2017, annex 2), and most put the text into an element of a few well-known names; where neither holds, the
element with most text outside links is taken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from lxml import html

from .passages import Passage
from .upload_errors import UploadError
from .warning import TextWarning

LIMIT_ELEMENTS = 200_000
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]{2,20})", re.IGNORECASE)
_LOOKS = re.compile(
    rb"\A\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title|div|table|p|span|font|h[1-6])[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_DROPPED = frozenset(
    {*("script", "style", "noscript", "template", "head", "object", "embed", "iframe", "svg", "math", "canvas")}
    | {*("select", "button", "textarea", "input", "audio", "video", "map", "link", "meta", "title")}
)
_BLOCKS = frozenset(
    {
        *(
            "p",
            "div",
            "section",
            "article",
            "main",
            "header",
            "footer",
            "aside",
            "nav",
            "ul",
            "ol",
            "li",
            "dl",
            "dt",
            "dd",
        )
    }
    | {*("h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table", "thead", "tbody", "tfoot", "tr", "caption")}
    | {*("form", "fieldset", "hr", "center", "address", "figure", "figcaption", "body", "html")}
)
_CONTAINERS = (
    *("UCAP-CONTENT", "zoom", "zoomcon", "TRS_UEDITOR", "TRS_Editor", "trs_paper_default", "trs_editor_view"),
    *(
        "pages_content",
        "article-content",
        "article_content",
        "con_content",
        "view_content",
        "content_text",
        "zwxl-article",
    ),
    *(
        "NewsContent",
        "news_content",
        "news_conent_two_text",
        "detail_content",
        "zwcontent",
        "arc_body",
        "article",
        "content",
    ),
)
_LARGEST_FRAME_SHARE = 0.5  # a container whose words are mostly links is a menu
_META = {
    "发布日期": ("pubdate", "publishdate"),
    "信息来源": ("contentsource", "source"),
}
_STATED = re.compile(
    r"[【\[]?\s*(索\s*引\s*号|发文字号|文\s*号|成文日期|发文日期|发布日期|发布时间|发文机关|发布机构|信息来源|来\s*源)\s*[】\]]?\s*[:：]?\s*"
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$|!)"
    r"|font-size\s*:\s*(?:0|0?\.\d+|[12](?:\.\d+)?)\s*(?:px|pt)|font-size\s*:\s*0\s*(?:;|$|!)"
    r"|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_WHITE = re.compile(
    r"(?<![-\w])color\s*:\s*(?:#fff(?:fff)?|white|rgb\(\s*255\s*,\s*255\s*,\s*255\s*\))(?![0-9a-f])", re.IGNORECASE
)
_TRANSPARENT = re.compile(r"(?<![-\w])color\s*:\s*(?:transparent|rgba\([^)]*,\s*0\s*\))", re.IGNORECASE)
_GROUND = re.compile(r"background(?:-color|-image)?\s*:", re.IGNORECASE)
_RULE = re.compile(r"([^{}]{1,500})\{([^{}]{0,2000})\}")
_SELECTOR = re.compile(r"(?:[a-z][a-z0-9]*)?([.#])([\w\-]{1,80})", re.IGNORECASE)
_SAID = ("alt", "title", "content", "value", "placeholder", "summary", "aria-label")


def task(name: str, data: bytes) -> dict[str, Any]:
    """``read`` for the process apart: text, warnings and passages as JSON values."""
    text, warnings, beyond = read(data)
    return {
        "text": text,
        "warnings": [[one.code, one.field, one.message] for one in warnings],
        "beyond": [[one.place, one.text] for one in beyond],
    }


def looks_like_page(data: bytes) -> bool:
    """Whether a file begins like a web page, in any encoding that keeps ASCII, or after a byte order mark."""
    head = data[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.replace(b"\x00", b"")[2:]
    return _LOOKS.match(head.removeprefix(b"\xef\xbb\xbf")) is not None


def decode(data: bytes) -> tuple[str, list[TextWarning]]:
    """The page as text: by byte order mark, by what it declares, as UTF-8, as GB 18030.

    Raises:
        UploadError: ``undecodable`` or ``binary``.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], (encoding,)), []
    if b"\x00" in data:
        raise UploadError("binary", "文件不是网页，不能导入。请在浏览器中打开原网页，另存为 .html 后上传。")
    declared = _CHARSET.search(data[:8192])
    name = declared[1].decode("ascii").lower() if declared else ""
    name = "gb18030" if name in ("gb2312", "gbk", "gb18030", "x-gbk", "cp936") else name
    text = _strictly(data, dict.fromkeys([*([name] if name in ("gb18030", "big5") else []), "utf-8", "gb18030"]))
    if name and name not in ("utf-8", "utf8", "gb18030", "big5"):
        return text, [TextWarning("encoding_guessed", "text", f"网页写明的编码“{name}”无法使用，请核对有无乱码。")]
    return text, []


def _strictly(data: bytes, encodings: Any) -> str:
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UploadError("undecodable", "无法识别网页的文字编码，请在浏览器中打开后把文字粘贴到 .txt 再上传。")


def read(data: bytes) -> tuple[str, list[TextWarning], list[Passage]]:
    """Title, stated facts and text of the paper, one paragraph a line; what to look at; what the page hides.

    Raises:
        UploadError: ``undecodable``, ``binary``, ``malformed``, ``too_large`` or ``empty``.
    """
    text, warnings = decode(data)
    text = "".join(one for one in text if one in "\n\r\t" or unicodedata.category(one) != "Cc")
    try:
        page = html.document_fromstring(re.sub(r"\A\s*<\?xml[^>]*\?>", "", text))
    except Exception as error:  # lxml has its own errors for an empty page and for one it cannot read
        raise UploadError("malformed", "网页已损坏，无法读取。请在浏览器中打开原网页，另存为 .html 后上传。") from error
    if sum(1 for _ in page.iter()) > LIMIT_ELEMENTS:
        raise UploadError("too_large", "网页过大，请只保存正文部分后再上传。")
    reader = _Page(page)
    body = reader.body()
    lines = reader.lines(body)
    if not lines:
        raise UploadError("empty", "网页里没有找到正文。请在浏览器中打开后把正文粘贴到 .txt 再上传。")
    warnings += reader.warnings(body)
    return "\n".join([*reader.head(body, lines), *lines]), warnings, reader.beyond()


class _Page:
    def __init__(self, page: Any) -> None:
        self.page = page
        self.hidden_names = set(_hiding_names(page))
        self._hidden = {one for one in page.iter() if isinstance(one.tag, str) and self._hides(one)}

    def _hides(self, one: Any) -> bool:
        style = one.get("style") or ""
        if one.get("hidden") is not None or (style and (_HIDING.search(style) or _TRANSPARENT.search(style))):
            return True
        if (style and _WHITE.search(style)) or (one.tag == "font" and _is_white(one.get("color", ""))):
            around = [one, *one.iterancestors()]
            if not any(each.get("bgcolor") or each.get("background") or _coloured(each) for each in around):
                return True
        names = [f"#{one.get('id')}"] + [f".{name}" for name in (one.get("class") or "").split()]
        return any(name in self.hidden_names for name in names)

    def dropped(self, one: Any) -> bool:
        return not isinstance(one.tag, str) or one.tag in _DROPPED or one in self._hidden

    def lines(self, element: Any) -> list[str]:
        """Text by paragraphs; rows of a table one a line, their cells parted by tabs."""
        text = "".join(self._pieces(element))
        found = (re.sub(r"[ \u00a0\u3000\f\v]+", " ", line).strip(" ") for line in text.split("\n"))
        return [line for line in found if line.strip()]

    def _pieces(self, element: Any) -> Iterator[str]:
        if self.dropped(element):
            return
        if element.tag == "br":
            yield "\n"
            return
        if element.tag == "tr":
            cells = [one for one in element if one.tag in ("td", "th") and not self.dropped(one)]
            yield "\n" + "\t".join(" ".join("".join(self._inner(cell)).split()) for cell in cells) + "\n"
            return
        if element.tag in _BLOCKS:
            yield "\n"
        yield from self._inner(element)
        if element.tag in _BLOCKS:
            yield "\n"

    def _inner(self, element: Any) -> Iterator[str]:
        preformatted = element.tag == "pre"
        yield (element.text or "") if preformatted else _flat(element.text)
        for child in element:
            yield from self._pieces(child)
            yield (child.tail or "") if preformatted else _flat(child.tail)

    def body(self) -> Any:
        """The element that holds the paper."""
        for name in _CONTAINERS:
            found = [
                one
                for one in self.page.iter()
                if isinstance(one.tag, str)
                and one.tag not in ("body", "html")
                and name.lower() in ((one.get("id") or "").lower(), *(one.get("class") or "").lower().split())
                and not self.dropped(one)
            ]
            best = max(found, key=self._words, default=None)
            if best is not None and self._words(best) > 60:
                return best
        return self._densest()

    def _words(self, element: Any) -> int:
        """Characters a reader sees outside links; 0 where links are most of it."""
        whole = sum(map(len, self.lines(element)))
        linked = sum(len("".join(one.itertext()).strip()) for one in element.iter("a"))
        return 0 if whole and linked / whole > _LARGEST_FRAME_SHARE else whole - linked

    def _densest(self) -> Any:
        """From the page inwards, as long as one child holds nearly all of the words."""
        here = self.page.find("body")
        here = self.page if here is None else here
        while True:
            children = [one for one in here if not self.dropped(one) and one.tag in _BLOCKS | {"td", "tr", "span"}]
            best = max(children, key=self._words, default=None)
            if best is None or self._words(best) < 0.6 * max(1, self._words(here)) or best.tag in ("p", "table", "tr"):
                return here
            here = best

    def head(self, body: Any, lines: list[str]) -> list[str]:
        """Title and stated facts that stand on the page outside the text, as lines a reader of papers knows."""
        made = []
        title = self._title()
        opening = "".join("".join(lines[:6]).split())
        if title and "".join(title.split()) not in opening:
            made.append(title)
        said = dict(self._stated(body))
        metas = {(one.get("name") or "").lower(): (one.get("content") or "").strip() for one in self.page.iter("meta")}
        for label, names in _META.items():
            value = next((metas[name] for name in names if metas.get(name)), "")
            if value:
                said[label] = value
        return [*made, *(f"{label}：{value}" for label, value in said.items())]

    def _title(self) -> str:
        for one in self.page.iter("meta"):
            if (one.get("name") or "").lower() in ("articletitle", "title") and (one.get("content") or "").strip():
                return " ".join(str(one.get("content")).split())
        for one in self.page.iter("h1"):
            if not self.dropped(one) and len(text := "".join(self.lines(one))) > 4:
                return text
        title = self.page.find(".//title")
        text = " ".join((title.text or "").split()) if title is not None else ""
        return re.split(r"\s*[|_]\s*|\s+[-—–]+\s+|--", text)[0].strip()

    def _stated(self, body: Any) -> Iterator[tuple[str, str]]:
        """Facts such as 发文字号 that stand in a table or a line of their own outside the text."""
        inside = set(body.iter())
        for one in self.page.iter("td", "th", "li", "p", "span", "div", "dd", "label", "b", "strong"):
            if one in inside or self.dropped(one) or len(one) > 12:
                continue
            text = " ".join("".join(self.lines(one)).split())
            if len(text) > 120 or not (match := _STATED.match(text)):
                continue
            value = text[match.end() :].strip()
            following = one.getnext()
            if not value and following is not None and not self.dropped(following):
                value = " ".join("".join(self.lines(following)).split())
            if value and len(value) <= 80 and not _STATED.match(value):
                yield _LABELS.get("".join(match[1].split()), "".join(match[1].split())), value.strip("【】[] ")

    def warnings(self, body: Any) -> Iterator[TextWarning]:
        if any(
            one.tag in ("script", "object", "embed", "iframe") for one in self.page.iter() if isinstance(one.tag, str)
        ):
            yield TextWarning("scripts_dropped", "text", "网页带有脚本或嵌入内容，没有导入。")
        if any(one in self._hidden and "".join(one.itertext()).strip() for one in body.iter()):
            yield TextWarning("hidden_text_dropped", "text", "网页正文里有看不见的文字，看不见的文字没有导入。")
        if any(one.tag is html.HtmlComment or not isinstance(one.tag, str) for one in body.iter()):
            yield TextWarning("comments_dropped", "text", "网页正文里有注释，注释没有导入。")
        if next(body.iter("img"), None) is not None:
            yield TextWarning("pictures_dropped", "text", "网页中的图片没有导入，图中如有文字请补录。")
        files = [one for one in body.iter("a") if _FILE.search((one.get("href") or "").lower())]
        if files:
            said = "、".join("".join(one.itertext()).strip() or one.get("href") for one in files[:5])
            yield TextWarning("files_linked", "attachments", f"网页链接了附件（{said}），没有一并导入，请另行上传。")

    def beyond(self) -> list[Passage]:
        """What a reader of the page does not see: comments, scripts, hidden elements, values and attributes."""
        texts: dict[str, list[str]] = {}
        for one in self.page.iter():
            if not isinstance(one.tag, str):
                texts.setdefault("网页注释", []).append(one.text or "")
                continue
            if one.tag in ("script", "style", "noscript", "template", "textarea", "svg"):
                place = "网页脚本" if one.tag == "script" else "网页中看不见的内容"
                texts.setdefault(place, []).append("".join(one.itertext()))
            elif one in self._hidden:
                texts.setdefault("网页中看不见的文字", []).append(" ".join(one.itertext()))
            for key, value in one.attrib.items():
                if len(value) > 4 and (key in _SAID or key.startswith("data-")):
                    texts.setdefault("网页代码中的说明", []).append(value)
        return [Passage(place, "\n".join(found), visible=False) for place, found in texts.items()]


_LABELS = {"文号": "发文字号", "来源": "信息来源", "发布时间": "发布日期", "索引号": "索引号"}
_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|wps|et|ofd|zip|rar|csv|txt)(?:[?#]|$)")


def _flat(text: str | None) -> str:
    return re.sub(r"[\n\r\t]+", " ", text) if text else ""


def _is_white(colour: str) -> bool:
    return colour.strip().lower() in ("#fff", "#ffffff", "white", "ffffff")


def _coloured(one: Any) -> bool:
    return _GROUND.search(one.get("style") or "") is not None


def _hiding_names(page: Any) -> Iterator[str]:
    """Names of classes and ids that the page's own style sheet hides."""
    for sheet in page.iter("style"):
        for selectors, rule in _RULE.findall((sheet.text or "")[:200_000]):
            if re.search(r"display\s*:\s*none|visibility\s*:\s*hidden", rule, re.IGNORECASE):
                for selector in selectors.split(","):
                    if match := _SELECTOR.fullmatch(selector.strip()):
                        yield f"{match[1]}{match[2]}"
