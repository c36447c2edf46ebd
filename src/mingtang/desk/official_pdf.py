"""An official paper as PDF in the layout of GB/T 9704-2012."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from mingtang.text.typesetting import fonts, set_pages, without_gaps

TYPST = Path(__file__).parent / "typst"


def official_pdf(content: Mapping[str, Any], pictures: Mapping[str, bytes], at: datetime) -> bytes:
    """The paper's bytes. ``content`` is what ``documents.official.official_content`` gives; ``at`` dates the file.

    A character that no font of the machine can show is printed as 〓 and named on every page.

    Raises:
        CannotRender: the machine has no Chinese font.
    """
    return made("official.typ", content, pictures, at)


def made(template: str, content: Mapping[str, Any], pictures: Mapping[str, bytes], at: datetime) -> bytes:
    shown, missing = without_gaps(content)
    if missing:
        named = "、".join(f"U+{ord(one):04X}" for one in missing[:8]) + ("等" if len(missing) > 8 else "")
        shown["warning"] = "  ".join(filter(None, (shown["warning"], f"〓处是本机字体没有的字：{named}")))
    return set_pages(TYPST / template, {**shown, "fonts": fonts()}, int(at.timestamp()), files=pictures)
