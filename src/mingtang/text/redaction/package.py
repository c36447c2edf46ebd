"""What redaction of .docx and .xlsx shares: parts in and out, what is dropped from every package, words in any part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from lxml import etree

from .. import pictures
from ..office_files import MAIN, _joined, _parse, packed
from ..redact import MARK, CutError
from ..uploads import UploadError, check_package
from . import images
from .cuts import Box, Counted, FileCut
from .needles import Needles, needles_of

RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DROPPED = (
    *("docprops/", "customxml/", "printersettings", "embeddings/", "activex/", "vbaproject", "vbadata", "thumbnail"),
    *("word/comments", "word/people", "word/glossary/", "word/fonts/", "word/keymap", "customui", "ctrlprops/"),
    *("word/recipientdata", "word/mailmerge", "_xmlsignatures/", "webextensions/", "documenttasks/"),
    *("xl/comments", "xl/threadedcomments", "xl/persons/", "xl/externallinks", "xl/pivot", "xl/slicer", "xl/timeline"),
    *("xl/connections", "xl/querytables", "xl/revisions", "xl/calcchain", "xl/tables/", "xl/model/", "xl/custom"),
    *("xl/usernames", "xl/metadata", "xl/richdata", "xl/volatile", "xl/chart", "xl/xmlmaps", "xl/macrosheets"),
)
_PICTURES = {"png": "png", "jpg": "jpg", "jpeg": "jpg", "jfif": "jpg"}
_CONTENT_TYPES = "[Content_Types].xml"
Trees = dict[str, Any]


@dataclass
class Package:
    """One package being redacted: XML parts as trees, the others as bytes."""

    kind: str
    trees: Trees
    others: dict[str, bytes]
    hidden: list[str] = field(default_factory=list)

    def pictures(self) -> list[str]:
        """Picture parts in the order people are told to count them: by name, shorter names first."""
        names = [name for name in self.others if name.rsplit(".", 1)[-1].lower() in _PICTURES]
        return sorted(names, key=lambda name: (len(name), name))

    def drop(self, name: str) -> None:
        """Take a part away, with its relations; what points to it is cleared by ``tidy``."""
        self.trees.pop(name, None)
        self.others.pop(name, None)
        folder, _, last = name.rpartition("/")
        self.trees.pop(f"{folder}/_rels/{last}.rels" if folder else f"_rels/{last}.rels", None)

    def content(self) -> bytes:
        parts = {
            name: etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
            for name, tree in self.trees.items()
        }
        return packed(dict(sorted({**parts, **self.others}.items())))


def opened(data: bytes, kind: str) -> Package:
    """The package without what no redacted file keeps. ``hidden`` are the texts of what was dropped.

    Raises:
        UploadError: ``encrypted``, ``macro``, ``zip_bomb``, ``wrong_kind`` or ``malformed``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            check_package(package, main=MAIN[kind], ending=f".{kind}")
            parts = {part.filename: package.read(part) for part in package.infolist() if not part.is_dir()}
        trees = {name: _parse(parts[name]) for name in parts if name.endswith((".xml", ".rels", ".vml", ".svg"))}
    except UploadError:
        raise
    except Exception as error:  # whatever a hostile file does to the libraries, a person gets one plain answer
        raise UploadError("malformed", "文件已损坏，无法打开。请用办公软件打开并重新保存后再删减。") from error
    opened_package = Package(kind, trees, {name: data for name, data in parts.items() if name not in trees})
    for name in list(parts):
        lower = name.lower()
        if any(mark in lower for mark in _DROPPED) and not lower.endswith("_rels/.rels"):
            if name in trees:
                opened_package.hidden += texts_of(trees[name])
            elif len(parts[name]) < 5_000_000:
                opened_package.hidden.append(parts[name].decode("utf-8", "ignore"))
            opened_package.drop(name)
    return opened_package


def tidy(package: Package) -> None:
    """Take out relations and content types of parts that are gone, links to files elsewhere, and dangling references."""
    for name, tree in list(package.trees.items()):
        if not name.endswith(".rels"):
            continue
        folder = name.rsplit("_rels/", 1)[0]
        owner = folder + name.rsplit("/", 1)[-1].removesuffix(".rels")
        if owner != folder and owner not in package.trees and owner not in package.others:
            del package.trees[name]
            continue
        gone = set()
        for relation in list(tree.iter(RELATION)):
            target = relation.get("Target", "")
            if relation.get("TargetMode") == "External":
                keep = relation.get("Type", "").endswith("/hyperlink")
            else:
                path = target.lstrip("/") if target.startswith("/") else _joined(folder, target)
                keep = path in package.trees or path in package.others
            if not keep:
                gone.add(relation.get("Id"))
                relation.getparent().remove(relation)
        if gone and owner in package.trees:
            _forget(package.trees[owner], gone)
    for one in list(package.trees[_CONTENT_TYPES]):
        part = one.get("PartName", "").lstrip("/")
        if part and part not in package.trees and part not in package.others:
            package.trees[_CONTENT_TYPES].remove(one)


def _forget(tree: Any, gone: set[str | None]) -> None:
    for element in list(tree.iter()):
        if not isinstance(element.tag, str):
            continue
        pointing = [key for key in element.attrib if key.startswith(f"{{{_OFFICE}}}") and element.get(key) in gone]
        if not pointing:
            continue
        name = etree.QName(element).localname
        if name in ("hyperlink", "hlinkClick", "hlinkHover", "blip", "imagedata"):
            for key in pointing:
                del element.attrib[key]
        elif element.getparent() is not None:
            _without(element)


def _without(element: Any) -> None:
    """Take an element out, keeping the words that follow it."""
    parent = element.getparent()
    if element.tail and element.tail.strip():
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


without = _without


def texts_of(tree: Any) -> list[str]:
    """Every word of a part: each block's text run together, the whole part run together, and every attribute."""
    found = ["".join(tree.itertext())]
    blocks = {"p", "si", "is", "row", "comment", "c"}
    lines: list[str] = []
    for element in tree.iter():
        if not isinstance(element.tag, str):
            found.append(element.text or "")
            continue
        found += [value for value in element.attrib.values() if len(value) > 3]
        if etree.QName(element).localname in blocks:
            lines.append(
                "\t".join(element.itertext())
                if etree.QName(element).localname == "row"
                else "".join(element.itertext())
            )
    return ["\n".join(lines), *found]


def needles_for(package: Package, cuts: Sequence[FileCut], texts: Iterable[str]) -> tuple[Needles, Counted]:
    needles = needles_of(cuts, [*texts, *package.hidden])
    counted = Counted()
    for text in package.hidden:
        needles.count(text, counted, hidden=True)
    return needles, counted


def cut_run(nodes: Sequence[Any], needles: Needles, counted: Counted) -> None:
    """Cut passages out of text nodes (elements' ``text``) that are read one after the other."""
    texts = [node.text or "" for node in nodes]
    spans = needles.spans("".join(texts))
    if not spans:
        return
    starts, position = [], 0
    for text in texts:
        starts.append(position)
        position += len(text)
    merged: list[tuple[int, int]] = []
    for start, end, owner in spans:
        counted.see(owner)
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    for node, text, begin in zip(nodes, texts, starts, strict=True):
        parts, at = [], 0
        for start, end in merged:
            first, last = max(start - begin, 0), min(end - begin, len(text))
            if first < last:
                parts.append(text[at:first] + (MARK if start >= begin else ""))
                at = last
        if at:
            node.text = "".join(parts) + text[at:]


def clean_rest(tree: Any, needles: Needles, counted: Counted) -> None:
    """Cut passages from whatever single text, tail, attribute, comment or instruction of a part holds them."""
    for element in [one for one in tree.iter() if not isinstance(one.tag, str)]:
        if element.getparent() is not None:
            _without(element)
    if not needles.in_text("\n".join(single_texts(tree))):
        return  # nothing, not even by running single texts together
    for element in tree.iter():
        if element.text and needles.in_text(element.text):
            element.text = needles.clean(element.text, counted)
        if element.tail and needles.in_text(element.tail):
            element.tail = needles.clean(element.tail, counted)
        for key, value in element.attrib.items():
            if len(value) > 1 and needles.in_text(value):
                element.set(key, needles.clean(value, counted))


def single_texts(tree: Any) -> Iterator[str]:
    """Every text, tail and attribute of a part by itself."""
    for element in tree.iter():
        yield element.text or ""
        yield element.tail or ""
        if isinstance(element.tag, str):
            yield from element.attrib.values()


def clean_links(package: Package, needles: Needles, counted: Counted) -> None:
    """Take away links whose addresses hold what is cut."""
    for name, tree in package.trees.items():
        if name.endswith(".rels"):
            for relation in list(tree.iter(RELATION)):
                target = relation.get("Target", "")
                if relation.get("TargetMode") == "External" and (
                    needles.in_text(target) or needles.in_text(unquote(target))
                ):
                    needles.count(unquote(target), counted, hidden=True)
                    relation.set("Target", "https://invalid.invalid/")
                    relation.set("Type", relation.get("Type", "").rsplit("/", 1)[0] + "/gone")


def clean_pictures(package: Package, cuts: Sequence[FileCut], counted: Counted) -> dict[str, list[Box | None]]:
    """Blacken regions of pictures; take the metadata out of all. Which boxes were blackened, by part.

    Raises:
        CutError: ``page_missing``: there is no such picture.
        UploadError: ``malformed``.
    """
    names = package.pictures()
    boxes: dict[str, list[Box | None]] = {}
    for number, cut in enumerate(cuts):
        if cut.page:
            if not 1 <= cut.page <= len(names):
                said = (
                    f"文件里有{len(names)}张可删减的图片（.png、.jpg）"
                    if names
                    else "文件里没有可删减的图片（.png、.jpg）"
                )
                raise CutError("page_missing", number + 1, f"第{number + 1}处删减：没有第{cut.page}张图片，{said}。")
            boxes.setdefault(names[cut.page - 1], []).append(cut.box)
            counted.see(number)
    for name in names:
        ending = _PICTURES[name.rsplit(".", 1)[-1].lower()]
        if name in boxes:
            package.others[name] = images.redact(package.others[name], ending, boxes[name])
            continue
        try:
            package.others[name] = pictures.read(package.others[name], ending)[0]
        except UploadError:
            package.others[name] = images.redact(package.others[name], ending, [])
    return boxes


def all_texts(package: Package) -> Iterator[str]:
    for name, tree in package.trees.items():
        if name != _CONTENT_TYPES:
            yield from texts_of(tree)
