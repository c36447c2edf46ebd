"""Office files (.docx, .xlsx) as they may be published, and every text in them, shown or hidden.

The package is written anew from its parts: properties emptied, reviewers' names and printer settings gone, nothing before
or behind it. What cannot be judged (macros, embedded files, parts lying elsewhere, tracked changes) is refused.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from lxml import etree

from . import docx_text
from .passages import Passage
from .uploads import UploadError, check_package

MAIN = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_TAKEN_PARTS = {
    *("xml", "rels", "vml", "png", "jpg", "jpeg", "jfif", "gif", "bmp", "tif", "tiff", "emf", "wmf", "wdp", "svg"),
    *("odttf", "ttf", "fntdata"),
}
_DROPPED_PARTS = ("/printersettings/", "docprops/thumbnail", "word/comments", "word/people.xml", "/persons/")
_EMPTY = {
    "docprops/core.xml": b'<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>',
    "docprops/app.xml": b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>',
    "docprops/custom.xml": b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>',
}
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_COMMENT_MARKS = {_W + name for name in ("commentRangeStart", "commentRangeEnd", "commentReference")}
_TRACKED = ("ins", "del", "moveFrom", "moveTo", "rPrChange", "pPrChange", "cellIns", "cellDel", "tblPrChange")
_BLOCKS = {"p", "si", "is", "comment", "threadedComment", "row"}
_ATTRIBUTES = {
    *("v", "Target", "descr", "title", "name", "val", "text", "tooltip", "display", "author", "prompt", "promptTitle"),
    *("error", "errorTitle", "displayName", "alt", "string"),
}
_NAMES = {
    "header": "页眉",
    "footer": "页脚",
    "footnotes": "脚注",
    "endnotes": "尾注",
    "comment": "批注",
    "comments": "批注",
    "core": "文件属性",
    "app": "文件属性",
    "custom": "文件属性",
}

Parts = dict[str, bytes]


def kind_of(data: bytes) -> str:
    """``docx`` or ``xlsx``.

    Raises:
        UploadError: ``archive``, ``wrong_kind`` or ``malformed``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = set(package.namelist())
    except Exception as error:
        raise _malformed() from error
    for kind, main in MAIN.items():
        if main in names:
            return kind
    if "[Content_Types].xml" in names:
        raise UploadError("wrong_kind", "不收演示文稿等文件，请另存为 .pdf 后上传。")
    raise UploadError("archive", "不收压缩包，请解压后逐个上传里面的文件。")


def read(data: bytes, kind: str) -> tuple[bytes, list[Passage], list[str]]:
    """The package written anew, its texts, and what a reviewer should know.

    Raises:
        UploadError: ``encrypted``, ``zip_bomb``, ``macro``, ``active``, ``external``, ``tracked_changes``,
            ``polyglot`` or ``malformed``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            check_package(package, main=MAIN[kind], ending=f".{kind}")
            _check_parts(package)
            parts = {part.filename: package.read(part) for part in package.infolist() if not part.is_dir()}
        trees = {name: _parse(parts[name]) for name in parts if name.endswith((".xml", ".rels", ".vml"))}
        notes = _clean(parts, trees, kind)
        content = packed(parts)
        passages, more = _read_docx(content) if kind == "docx" else _read_xlsx(trees)
        passages += _elsewhere(trees)
    except UploadError:
        raise
    except Exception as error:  # whatever a hostile file does to the libraries, a person gets one plain answer
        raise _malformed() from error
    return content, passages, [*notes, *more]


# What word processors write by themselves; nobody types there.
_MACHINE_MADE = ("styles", "theme", "fonttable", "numbering", "websettings", "styleswitheffects", "[content_types]")
_PARAGRAPHS = etree.XPath("//*[local-name()='p' or local-name()='si' or local-name()='comment']")
_WORDS_OF = etree.XPath("string()")
_SAID = etree.XPath(
    "//@descr|//@title|//@alt|//@tooltip|//@*[local-name()='author' or local-name()='Target' or local-name()='val']"
)


def every_text(package: zipfile.ZipFile) -> list[Passage]:
    """Every text of every part of an open package that ``check_package`` passed, properties included.

    Raises whatever lxml and zipfile raise for a damaged package.
    """
    passages = []
    for part in package.infolist():
        stem = part.filename.rsplit("/", 1)[-1].split(".")[0].rstrip("0123456789").lower()
        if not part.filename.endswith((".xml", ".rels", ".vml")) or stem in _MACHINE_MADE:
            continue
        tree = _parse(package.read(part))
        lines = [_WORDS_OF(one) for one in _PARAGRAPHS(tree)] or list(tree.itertext())
        lines += [value for value in _SAID(tree) if len(value) > 4]
        place = _NAMES.get(stem, f"隐藏内容（{part.filename}）")
        passages.append(Passage(place, "\n".join(lines), visible=False))
    return passages


def _malformed() -> UploadError:
    return UploadError("malformed", "文件已损坏，无法打开。请用办公软件打开并重新保存后上传。")


def _check_parts(package: zipfile.ZipFile) -> None:
    infos = package.infolist()
    names = [part.filename.lower() for part in infos]
    if len(set(names)) != len(names) or any(name.startswith("/") or ".." in name.split("/") for name in names):
        raise _malformed()
    if min(part.header_offset for part in infos):
        raise UploadError("polyglot", "一个文件里藏着两种格式，可能有害，不能上传。请重新保存后再试。")
    for name in names:
        if "activex/" in name or "macrosheets/" in name or name.endswith(("vbadata.xml", "vbaproject.bin")):
            raise UploadError("macro", "文件含有宏程序或控件，请另存为不含宏的文件后上传。")
        if name.endswith("/") or any(mark in name for mark in _DROPPED_PARTS):
            continue
        if "embeddings/" in name or "externallinks/" in name or name.rsplit(".", 1)[-1] not in _TAKEN_PARTS:
            raise UploadError("active", "文件里嵌有或链接着别的文件（例如图表的数据表），请改成图片或数值后再上传。")


def _parse(part: bytes) -> Any:
    # A document type could define entities that expand without end; office programs write none.
    if b"<!DOCTYPE" in part:
        raise _malformed()
    # Drawings in VML are not always well formed.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=part[:200].find(b"schemas-microsoft") > 0)
    return etree.fromstring(part, parser)


def _clean(parts: Parts, trees: dict[str, Any], kind: str) -> list[str]:
    """Take metadata and reviewers out of the parts; notes for the reviewer."""
    notes = []
    changed = set()
    for name in list(parts):
        lower = name.lower()
        if any(mark in lower for mark in _DROPPED_PARTS):
            if lower.startswith("word/comments") and lower.endswith("comments.xml"):
                notes.append("批注已经清除，不会公开。")
            del parts[name]
            trees.pop(name, None)
        elif lower in _EMPTY:
            parts[name] = _DECLARATION + _EMPTY[lower]
            trees[name] = _parse(_EMPTY[lower])
    for name, tree in trees.items():
        if name.endswith(".rels"):
            changed |= {name} if _clean_relations(name, tree, parts) else set()
        elif name == "[Content_Types].xml":
            gone = [one for one in tree if one.get("PartName", "").lstrip("/") not in parts and one.get("PartName")]
            for one in gone:
                tree.remove(one)
            changed |= {name} if gone else set()
        elif name.startswith("word/"):
            changed |= {name} if _clean_word(tree) else set()
        elif name.startswith("xl/comments"):
            for author in tree.iter("{*}author"):
                author.text = ""
            changed.add(name)
        elif name == "xl/workbook.xml":
            changed |= {name} if _clean_workbook(tree) else set()
    for name in changed:
        parts[name] = etree.tostring(trees[name], xml_declaration=True, encoding="UTF-8", standalone=True)
    return notes


def _clean_relations(name: str, tree: Any, parts: Parts) -> bool:
    folder = name.rsplit("_rels/", 1)[0]
    changed = False
    for relation in list(tree.iter(_RELATIONS)):
        kind, target = relation.get("Type", "").rsplit("/", 1)[-1], relation.get("Target", "")
        if relation.get("TargetMode") == "External":
            if kind == "attachedTemplate":
                _drop(relation)
                changed = True
            elif kind != "hyperlink":
                raise UploadError("external", "文件引用了存放在别处的图片或文件，请改为嵌入图片、断开链接后再上传。")
            continue
        path = target.lstrip("/") if target.startswith("/") else _joined(folder, target)
        if path not in parts:
            _drop(relation)
            changed = True
    return changed


def _joined(folder: str, target: str) -> str:
    steps = folder.strip("/").split("/") if folder.strip("/") else []
    for step in target.split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def _drop(element: Any) -> None:
    element.getparent().remove(element)


def _clean_word(tree: Any) -> bool:
    if any(next(tree.iter(_W + name), None) is not None for name in _TRACKED):
        raise UploadError(
            "tracked_changes", "文件带有修订痕迹，公开后谁都能看到改前的文字。请接受或拒绝全部修订，保存后再上传。"
        )
    marks = [element for element in tree.iter() if element.tag in _COMMENT_MARKS]
    templates = list(tree.iter(_W + "attachedTemplate"))
    for element in [*marks, *templates]:
        _drop(element)
    return bool(marks or templates)


def _clean_workbook(tree: Any) -> bool:
    """Excel keeps the folder the file was last saved in, and who may still be editing."""
    gone = [
        one
        for one in tree.iter()
        if isinstance(one.tag, str) and etree.QName(one).localname in ("absPath", "fileSharing")
    ]
    for one in gone:
        _drop(one)
    return bool(gone)


def packed(parts: Parts) -> bytes:
    """The parts as one package. The same parts always give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name in sorted(parts, key=lambda name: name != "[Content_Types].xml"):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 0, 0
            package.writestr(info, parts[name])
    return out.getvalue()


def _read_docx(content: bytes) -> tuple[list[Passage], list[str]]:
    text, warnings = docx_text.read(content)
    wanted = {
        "hidden_text_dropped": "文件带有隐藏文字。",
        "pictures_dropped": "文件里有图片，请看一看图中有没有个人信息。",
    }
    return [Passage("正文", text, "段")], [wanted[one.code] for one in warnings if one.code in wanted]


def _read_xlsx(trees: dict[str, Any]) -> tuple[list[Passage], list[str]]:
    strings = [_flat(item) for item in trees.get("xl/sharedStrings.xml", [])]
    targets = {
        relation.get("Id"): _joined("xl", relation.get("Target", "").removeprefix("/xl/"))
        for relation in trees.get("xl/_rels/workbook.xml.rels", [])
    }
    passages, notes = [], []
    for sheet in trees["xl/workbook.xml"].iter("{*}sheet"):
        tree = trees.get(targets.get(sheet.get(_R + "id"), ""))
        if tree is None:
            continue
        name, hidden = sheet.get("name", ""), sheet.get("state") in ("hidden", "veryHidden")
        if hidden:
            notes.append(f"工作表“{name}”是隐藏的，公开后别人可以取消隐藏。")
        if any(one.get("hidden") in ("1", "true") for kind in ("col", "row") for one in tree.iter(f"{{*}}{kind}")):
            notes.append(f"工作表“{name}”有隐藏的行或列，公开后别人可以取消隐藏。")
        numbers, lines = [], []
        for count, row in enumerate(tree.iter("{*}row"), 1):
            number = row.get("r", "")
            numbers.append(int(number) if number.isdecimal() else count)
            lines.append("\t".join(_cell(cell, strings) for cell in row.iter("{*}c")))
            for cell in list(row):
                row.remove(cell)  # what is left of the sheet is read with the other parts
        place = f"工作表“{name}”（隐藏）" if hidden else f"工作表“{name}”"
        passages.append(Passage(place, "\n".join(lines), "行", tuple(numbers)))
    return passages, notes


def _cell(cell: Any, strings: list[str]) -> str:
    value, formula = cell.find("{*}v"), cell.find("{*}f")
    if cell.get("t") == "s" and value is not None and (value.text or "").isdecimal():
        place = int(value.text)
        shown = strings[place] if place < len(strings) else ""
    elif cell.get("t") == "inlineStr":
        shown = "".join(_flat(one) for one in cell.iter("{*}is"))
    else:
        shown = _number(value.text or "") if value is not None else ""
    if formula is not None and formula.text and '"' in formula.text:
        shown = f"{shown} {formula.text}"
    return " ".join(shown.split())


def _number(text: str) -> str:
    """A number as people see it: a telephone number may be stored as 1.3800138000E10."""
    if "E" in text or "e" in text:
        try:
            number = float(text)
        except ValueError:
            return text
        if number.is_integer() and abs(number) < 1e18:
            return str(int(number))
    return text.removesuffix(".0")


def _flat(element: Any) -> str:
    return "".join(text for one in element.iter("{*}t") for text in [one.text or ""])


def _elsewhere(trees: dict[str, Any]) -> Iterator[Passage]:
    """Every text of every part, hidden or not: what stands nowhere else is found here."""
    for name, tree in trees.items():
        text = "\n".join(_all_texts(tree))
        if text.strip():
            stem = name.rsplit("/", 1)[-1].split(".")[0].rstrip("0123456789")
            place = _NAMES.get(stem, f"隐藏内容（{name}）")
            yield Passage(place, text, visible=False)


def _all_texts(tree: Any) -> Iterator[str]:
    inside: set[Any] = set()
    for element in tree.iter():
        if not isinstance(element.tag, str):
            yield element.text or ""  # comments and processing instructions of the XML itself
            continue
        for key, value in element.attrib.items():
            if len(value) > 4 and etree.QName(key).localname in _ATTRIBUTES:
                yield value
        parent = element.getparent()
        if parent in inside:
            inside.add(element)
        elif etree.QName(element).localname in _BLOCKS:
            inside.add(element)
            yield "".join(element.itertext())
        elif element.text and element.text.strip():
            yield element.text
        if parent not in inside and element.tail and element.tail.strip():
            yield element.tail
