"""Pages set by typst: which faces of Chinese type the machine has, and data turned into PDF.

Every word goes in as JSON and is never read as markup. The same data, on the same machine, gives the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Literal

import typst

# For each kind of type: what the standard calls it, the fonts that are it, and what stands in, best first.
# The last two of each list come with free packages of every distribution.
FACES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "fang": (
        "仿宋",
        ("FangSong_GB2312", "FangSong", "STFangsong", "FZFangSong-Z02", "FandolFang", "Zhuque Fangsong"),
        ("Noto Serif CJK SC", "Source Han Serif SC"),
    ),
    "song": (
        "小标宋",
        ("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "FZDaBiaoSong-B06", "HYXiaoBiaoSongJ"),
        ("STZhongsong", "FandolSong", "SimSun", "Noto Serif CJK SC", "Source Han Serif SC"),
    ),
    "roman": (
        "宋体",
        ("SimSun", "NSimSun", "STSong", "FandolSong", "AR PL UMing CN"),
        ("Noto Serif CJK SC", "Source Han Serif SC"),
    ),
    "hei": (
        "黑体",
        ("SimHei", "STHeiti", "FandolHei", "WenQuanYi Zen Hei"),
        ("Noto Sans CJK SC", "Source Han Sans SC"),
    ),
    "kai": (
        "楷体",
        ("KaiTi_GB2312", "KaiTi", "STKaiti", "FandolKai", "AR PL UKai CN", "LXGW WenKai"),
        ("Noto Serif CJK SC", "Source Han Serif SC"),
    ),
}
PROBE = Path(__file__).parent / "typst" / "probe.typ"
# Stands where the machine has no shape for a character, as printers do it.
NO_SHAPE = "〓"
MOST_WITHOUT_SHAPE = 200
# Characters that no XML may hold and that no page can show.
NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_one_at_a_time = Lock()


class CannotRender(Exception):
    """No copy can be made; ``str()`` says why in Chinese. ``lasting`` where waiting or a font would not help."""

    def __init__(self, message: str, *, lasting: bool) -> None:
        super().__init__(message)
        self.lasting = lasting


@dataclass(frozen=True)
class Substitution:
    """A face the machine lacks: its name in the standard, and the font that stands in for it."""

    face: str
    font: str

    def __str__(self) -> str:
        return f"没有{self.face}，用“{self.font}”代替"


def chosen_fonts(families: Collection[str]) -> dict[str, str]:
    """Of the font families a machine has, the one for each kind of Chinese type.

    Raises:
        CannotRender: it has none.
    """
    lists = {kind: (*real, *instead) for kind, (_, real, instead) in FACES.items()}
    present = {family for names in lists.values() for family in names if family in families}
    if not present:
        raise CannotRender(
            "服务器没有中文字体，不能生成PDF。请管理员安装一种，例如 Debian 的 fonts-noto-cjk，再重启服务。",
            lasting=False,
        )
    any_font = sorted(present)[-1]
    return {kind: next((name for name in names if name in families), any_font) for kind, names in lists.items()}


@cache
def fonts() -> dict[str, str]:
    """The machine's font for each kind of type. Raises CannotRender where it has no Chinese font at all."""
    return chosen_fonts(typst.Fonts().families())


def substitutions(chosen: Mapping[str, str]) -> list[Substitution]:
    """The faces of the standard that other fonts stand in for."""
    return [Substitution(face, chosen[kind]) for kind, (face, real, _) in FACES.items() if chosen[kind] not in real]


def set_pages(
    template: Path,
    content: Mapping[str, Any],
    moment: int,
    *,
    files: Mapping[str, bytes] | None = None,
    standard: Literal["ua-1"] | None = "ua-1",
) -> bytes:
    """``content`` as PDF by ``template``; ``moment`` is its date in seconds since 1970, ``files`` pictures by name.

    The document claims PDF/UA-1 where it can; a text that cannot keep it is set all the same.
    """
    if standard is not None:
        try:
            return _compiled(template, content, moment, files, standard)
        except typst.TypstError:
            pass
    return _compiled(template, content, moment, files, None)


def _compiled(
    template: Path,
    content: Mapping[str, Any],
    moment: int,
    files: Mapping[str, bytes] | None,
    standard: Literal["ua-1"] | None,
) -> bytes:
    with _one_at_a_time, _compiler_for(template, files or {}) as compiler:
        made = compiler.compile(
            format="pdf",
            sys_inputs={"data": json.dumps(content, ensure_ascii=False)},
            timestamp=moment,
            pdf_standards=standard,
        )
    assert isinstance(made, bytes)
    return made


@contextmanager
def _compiler_for(template: Path, files: Mapping[str, bytes]) -> Iterator[typst.Compiler]:
    """The kept compiler of a template; one of its own where pictures have to lie beside it."""
    if not files:
        yield _compiler(template)
        return
    with TemporaryDirectory() as folder:
        place = Path(folder)
        for name, content in {template.name: template.read_bytes(), **files}.items():
            (place / name).write_bytes(content)
        yield typst.Compiler(input=str(place / template.name), root=folder)


@cache
def _compiler(template: Path) -> typst.Compiler:
    return typst.Compiler(input=str(template), root=str(template.parent))


def without_gaps(content: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """``content`` with 〓 for each character that no font of the machine can show, and which those are."""
    missing = _missing("".join(sorted(set("".join(_strings(content))))))
    table = {ord(character): NO_SHAPE for character in missing}
    return _mapped(content, table), missing


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def _mapped(value: Any, table: Mapping[int, str]) -> Any:
    if isinstance(value, str):
        return NOT_XML.sub("", value).translate(table)
    if isinstance(value, Mapping):
        return {key: _mapped(inner, table) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(inner, table) for inner in value]
    return value


@cache
def _missing(characters: str) -> str:
    """Which of ``characters`` no font has a shape for. Everyday ones are not asked for."""
    rare = [one for one in characters if not ("\u4e00" <= one <= "\u9fa5" or " " <= one <= "~" or one in "\n\t")]
    rare = [one for one in rare if not NOT_XML.match(one)]
    missing = ""
    while rare:
        asked = "".join(rare)
        try:
            with _one_at_a_time:
                _compiler(PROBE).compile(
                    format="pdf", sys_inputs={"data": json.dumps(rare)}, timestamp=0, pdf_standards="ua-1"
                )
            return missing
        except typst.TypstError as error:
            said = str(error)
            found = next((one for one in rare if f'"{one}"' in said), "")
            found = found or next((one for one in rare if f"\\u{{{ord(one):x}}}" in said), "")
            if not found or len(missing) >= MOST_WITHOUT_SHAPE:
                return missing + (asked if found else "")
            missing += found
            rare.remove(found)
    return missing
