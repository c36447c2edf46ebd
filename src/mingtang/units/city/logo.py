"""The city's mark: a PNG without metadata, or an SVG of shapes and nothing that could run or fetch."""

import re
from pathlib import Path

from lxml import etree

from mingtang.text import pictures
from mingtang.text.uploads import UploadError

from .sheets import SheetError

LARGEST = 512 * 1024
SVG = "http://www.w3.org/2000/svg"
SHAPES = frozenset(
    [
        "svg",
        "g",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "defs",
        "clipPath",
        "mask",
        "linearGradient",
        "radialGradient",
        "stop",
        "text",
        "tspan",
        "title",
        "desc",
        "use",
        "symbol",
    ]
)
_ATTRIBUTES = frozenset(
    [
        "id",
        "d",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "fx",
        "fy",
        "width",
        "height",
        "viewBox",
        "preserveAspectRatio",
        "points",
        "transform",
        "fill",
        "fill-rule",
        "fill-opacity",
        "stroke",
        "stroke-width",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "stroke-dasharray",
        "stroke-opacity",
        "opacity",
        "clip-path",
        "clip-rule",
        "mask",
        "offset",
        "stop-color",
        "stop-opacity",
        "gradientUnits",
        "gradientTransform",
        "spreadMethod",
        "clipPathUnits",
        "maskUnits",
        "font-family",
        "font-size",
        "font-weight",
        "text-anchor",
        "role",
        "aria-label",
        "version",
        "href",
    ]
)


def clean_logo(path: Path) -> tuple[str, bytes]:
    """The name it gets (``logo.png`` or ``logo.svg``) and the cleaned bytes.

    Raises:
        SheetError: the file is missing, too large, broken or neither of the two.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SheetError(f"网站标志 {path} 打不开：{error.strerror}") from None
    if len(data) > LARGEST:
        raise SheetError(f"网站标志 {path.name} 超过512千字节，请缩小后再来。")
    if data.startswith(b"\x89PNG"):
        try:
            return "logo.png", pictures.read(data, "png")[0]
        except UploadError as error:
            raise SheetError(f"网站标志 {path.name}：{error}") from None
    if path.suffix.lower() == ".svg":
        return "logo.svg", _clean_svg(path.name, data)
    raise SheetError(f"网站标志 {path.name} 要用 .png 或 .svg 图片。")


def _clean_svg(name: str, data: bytes) -> bytes:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        raise SheetError(f"网站标志 {name} 已损坏，不是能用的 SVG。") from None
    if root.getroottree().docinfo.doctype or root.tag != f"{{{SVG}}}svg":
        raise SheetError(f"网站标志 {name} 不是单纯的 SVG 图形（带有文档类型声明）。请另存为普通 SVG，或改用 PNG。")
    for element in list(root.iter()):
        kind = etree.QName(element).localname if isinstance(element.tag, str) else ""
        if kind not in SHAPES or etree.QName(element).namespace != SVG:
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)
            continue
        for part in element.attrib.pop("style", "").split(";"):
            # What drawing programs write as one style are the same words as attributes.
            word, _, value = part.partition(":")
            if word.strip() in _ATTRIBUTES and value.strip():
                element.set(word.strip(), value.strip())
        for attribute, value in list(element.attrib.items()):
            plain = etree.QName(attribute).localname
            inside = re.fullmatch(
                r"(url\(#[\w-]+\)|#?[^:()]*|[a-z]+\([^:()#]*\)([ ,]*[a-z]+\([^:()#]*\))*)", value.strip()
            )
            if plain not in _ATTRIBUTES or not inside or (plain == "href" and not value.startswith("#")):
                del element.attrib[attribute]
    etree.cleanup_namespaces(root)
    return bytes(etree.tostring(root, encoding="utf-8"))
