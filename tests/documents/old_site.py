"""An invented old site: a folder of papers of every form and the sheet that lists them."""

import io
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import typst
from docx import Document
from openpyxl import Workbook

HEADINGS = [
    "文件名",
    "旧地址",
    "标题",
    "发文字号",
    "发文机关",
    "成文日期",
    "发布日期",
    "索引号",
    "主题分类",
    "有效性",
    "附件",
]
UNIT = "通辽市发展和改革委员会"
SENTENCES = [
    "各有关单位要提高认识，加强领导，把这项工作摆上重要议事日程。",
    "要按照职责分工，抓好任务落实，及时公布办理情况。",
    "符合条件的单位和个人可以在规定期限内提出申请，逾期不予受理。",
    "办理机关应当自受理之日起二十个工作日内作出决定，并书面告知申请人。",
    "对弄虚作假的，一经查实，取消资格并依法追究责任。",
    "本通知自印发之日起施行，以往规定与本通知不一致的，以本通知为准。",
]
_TYPST = """
#set page(paper: "a4", margin: (top: 37mm, bottom: 35mm, left: 28mm, right: 26mm),
  footer: context align(center)[— #counter(page).display() —])
#set text(font: "Noto Serif CJK SC", size: 16pt, lang: "zh")
#set par(first-line-indent: (amount: 2em, all: true), leading: 12pt, justify: true)
"""


def paper_lines(number: int, *, unit: str = UNIT, extra: str = "") -> list[str]:
    """An invented paper of some 1,500 characters: title, number, addressees, body, signature, date."""
    draw = random.Random(number)
    day = date(2010, 1, 4) + timedelta(days=number % 3000)
    body = []
    for chapter, name in enumerate(["总体要求", "主要任务", "保障措施"]):
        body.append(f"{'一二三'[chapter]}、{name}")
        for article in range(4):
            text = "".join(draw.choices(SENTENCES, k=4))
            body.append(f"（{'一二三四'[article]}）第{number}号任务。{text}")
    return [
        f"{unit}关于做好第{number}项工作的通知",
        f"通发改字〔{day.year}〕{number % 900 + 1}号",
        "各旗县市区发展和改革委员会：",
        f"为做好第{number}项工作，现将有关事项通知如下。",
        *body,
        *([extra] if extra else []),
        unit,
        f"{day.year}年{day.month}月{day.day}日",
    ]


def as_txt(lines: list[str]) -> bytes:
    return "\n".join(lines).encode("gb18030")


def as_html(lines: list[str]) -> bytes:
    title, number, *body = lines
    paragraphs = "".join(f'<p style="text-indent:2em">{line}</p>\n' for line in [number, *body])
    menu = "".join(f'<li><a href="/list{place}.html">栏目{place}</a></li>' for place in range(40))
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}_旧网站</title>'
        f'<meta name="ArticleTitle" content="{title}"><script>var visits = 1;</script></head><body>'
        f'<div class="nav"><ul>{menu}</ul></div><h1>{title}</h1><div id="zoom">{paragraphs}</div>'
        '<div class="footer">主办单位：旧网站</div></body></html>'
    ).encode()


def as_docx(lines: list[str]) -> bytes:
    document = Document()
    for line in lines:
        document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def typeset(text: str) -> bytes:
    return bytes(typst.compile(text.encode()))


def as_pdf(lines: list[str]) -> bytes:
    title, number, addressees, *body, unit, day = lines
    marked = "\n\n".join(line.replace("#", "\\#") for line in body)
    return typeset(
        f"{_TYPST}#align(center, text(22pt)[{title}])\n#align(center)[{number}]\n\n"
        f"#par(first-line-indent: 0em)[{addressees}]\n\n{marked}\n\n#align(right)[{unit}]\n#align(right)[{day}]\n"
    )


FORMS = {"txt": as_txt, "html": as_html, "docx": as_docx, "pdf": as_pdf}


def sheet_row(number: int, name: str, **changes: Any) -> list[Any]:
    """A row that leaves to the paper what it says itself."""
    published_on = date(2010, 1, 5) + timedelta(days=number % 3000)
    row = {"文件名": name, "旧地址": f"http://www.old.example/art/{number}.html", "发布日期": published_on, **changes}
    return [row.get(heading) for heading in HEADINGS]


def save_sheet(path: Path, rows: list[list[Any]], headings: list[str] | None = None) -> Path:
    book = Workbook()
    sheet = book.active
    for row in [headings or HEADINGS, *rows]:
        sheet.append(row)
    book.save(path)
    return path


def make_site(folder: Path, count: int, forms: tuple[str, ...] = ("txt", "html", "docx", "pdf")) -> tuple[Path, Path]:
    """``count`` papers by turns in each form; gives the folder of papers and the sheet."""
    papers = folder / "papers"
    papers.mkdir(parents=True)
    rows = []
    for number in range(count):
        form = forms[number % len(forms)]
        name = f"wj{number:05}.{form}"
        (papers / name).write_bytes(FORMS[form](paper_lines(number)))
        rows.append(sheet_row(number, name))
    return papers, save_sheet(folder / "sheet.xlsx", rows)
