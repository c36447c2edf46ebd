"""Redaction of .docx files: passages over any runs, in every part, shown or not; pictures by region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lxml import etree

from ..redact import CutError
from .cuts import Box, Counted, FileCut
from .needles import Needles
from .package import (
    Package,
    all_texts,
    clean_links,
    clean_pictures,
    clean_rest,
    cut_run,
    needles_for,
    opened,
    texts_of,
    tidy,
    without,
)

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TEXT = {"t", "instrText"}
_DELETED = ("del", "moveFrom")
_ACCEPTED = ("ins", "moveTo")
_CHANGES = {
    *("rPrChange", "pPrChange", "sectPrChange", "tblPrChange", "tblGridChange", "trPrChange", "tcPrChange"),
    *("tblPrExChange", "numberingChange", "cellIns", "cellMerge", "moveFromRangeStart", "moveFromRangeEnd"),
    *("moveToRangeStart", "moveToRangeEnd", "customXmlInsRangeStart", "customXmlInsRangeEnd", "customXmlDelRangeStart"),
    *("customXmlDelRangeEnd", "customXmlMoveFromRangeStart", "customXmlMoveFromRangeEnd", "customXmlMoveToRangeStart"),
    *("customXmlMoveToRangeEnd", "delText", "delInstrText", "rsid", "rsidRoot"),
}
_MARKS = {
    "commentRangeStart",
    "commentRangeEnd",
    "commentReference",
    "annotationRef",
    "permStart",
    "permEnd",
    "proofErr",
}
_SETTINGS = {
    *("rsids", "docVars", "mailMerge", "attachedTemplate", "attachedSchema", "documentProtection", "writeProtection"),
    *("trackRevisions", "saveThroughXslt", "schemaLibrary", "themeFontLang", "revisionView"),
}
_PLACED = {"dataBinding", "alias", "tag", "object", "control", "altChunk", "subDoc", "embedRegular", "embedBold"}
_PLACED |= {"embedItalic", "embedBoldItalic", "OLEObject"}


def redact(
    data: bytes, cuts: Sequence[FileCut], name: str
) -> tuple[bytes, Needles, Counted, dict[str, list[Box | None]]]:
    """The new file, what was cut, and which boxes of which picture parts.

    Raises:
        CutError: ``box_missing`` for an ``area``; ``page_missing``.
        UploadError: see ``package.opened``.
    """
    for number, cut in enumerate(cuts, 1):
        if cut.area:
            raise CutError("box_missing", number, f"第{number}处删减：.docx 文件按文字或图片删减，没有表格区域。")
    package = opened(data, "docx")
    for part, tree in package.trees.items():
        if part.startswith("word/"):
            package.hidden += _drop_unseen(part, tree, _hidden_styles(package))
    package.hidden.append(name)
    needles, counted = needles_for(package, cuts, all_texts(package))
    clean_links(package, needles, counted)
    tidy(package)
    for tree in package.trees.values():
        for paragraph in tree.iter("{*}p"):
            cut_run(_own_texts(paragraph), needles, counted)
        cut_run([one for one in tree.iter() if _is_text(one)], needles, counted)
        clean_rest(tree, needles, counted)
    _rename_parts(package, needles)
    boxes = clean_pictures(package, cuts, counted)
    return package.content(), needles, counted, boxes


def _is_text(element: Any) -> bool:
    return isinstance(element.tag, str) and etree.QName(element).localname in _TEXT


def _own_texts(paragraph: Any) -> list[Any]:
    """The text elements of a paragraph itself, not those of a text box that hangs on it."""
    found: list[Any] = []
    waiting = list(reversed(paragraph))
    while waiting:
        element = waiting.pop()
        if not isinstance(element.tag, str):
            continue
        local = etree.QName(element).localname
        if local in _TEXT:
            found.append(element)
        elif local not in ("txbxContent", "p"):
            waiting += list(reversed(element))
    return found


def _hidden_styles(package: Package) -> set[str]:
    styles = package.trees.get("word/styles.xml")
    if styles is None:
        return set()
    return {
        style.get(f"{_W}styleId", "")
        for style in styles.iter(f"{_W}style")
        if any(_is_on(one) for one in style.iter(f"{_W}vanish"))
    }


def _is_on(element: Any) -> bool:
    return element.get(f"{_W}val", "true") not in ("0", "false", "off")


def _drop_unseen(part: str, tree: Any, hidden_styles: set[str]) -> list[str]:
    """Accept tracked changes, drop hidden text, reviewers' marks and identifiers of editing sessions.

    What was dropped is returned, so that it can be counted.
    """
    dropped: list[str] = []

    def drop(element: Any) -> None:
        dropped.extend(texts_of(element))
        if element.getparent() is not None:
            without(element)

    for row in list(tree.iter(f"{_W}tr")):
        if any(True for properties in row.findall(f"{_W}trPr") for _ in properties.findall(f"{_W}del")):
            drop(row)
    for element in list(tree.iter()):
        if not isinstance(element.tag, str) or element.getparent() is None:
            continue
        local = etree.QName(element).localname
        in_word = element.tag.startswith(_W)
        if in_word and local in _DELETED or local in _CHANGES or local in _MARKS or local in _PLACED:
            drop(element)
        elif in_word and local in _ACCEPTED:
            _unwrap(element)
        elif (
            part == "word/settings.xml"
            and local in _SETTINGS
            or in_word
            and local == "r"
            and _is_hidden(element, hidden_styles)
        ):
            drop(element)
        elif in_word and local == "webHidden":
            without(element)
        for key in list(element.attrib):
            if etree.QName(key).localname.startswith("rsid") or etree.QName(key).localname in ("paraId", "textId"):
                del element.attrib[key]
    return [text for text in dropped if text.strip()]


def _unwrap(element: Any) -> None:
    parent = element.getparent()
    place = parent.index(element)
    for child in reversed(list(element)):
        parent.insert(place, child)
    parent.remove(element)


def _is_hidden(run: Any, hidden_styles: set[str]) -> bool:
    properties = run.find(f"{_W}rPr")
    if properties is not None:
        vanish = properties.find(f"{_W}vanish")
        if vanish is not None:
            return _is_on(vanish)
        style = properties.find(f"{_W}rStyle")
        if style is not None and style.get(f"{_W}val") in hidden_styles:
            return True
    for paragraph in run.iterancestors(f"{_W}p"):
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        return style is not None and style.get(f"{_W}val") in hidden_styles
    return False


def _rename_parts(package: Package, needles: Needles) -> None:
    """A part whose name holds what is cut is dropped; what pointed to it is forgotten."""
    for part in [*package.trees, *package.others]:
        if needles.in_text(part):
            package.drop(part)
    tidy(package)
