"""Office files: passages over runs and parts, hidden sheets, tracked changes; nothing of them in any part."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from docx import Document
from docx.oxml import parse_xml
from docx.shared import Pt
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from PIL import Image
from tests.text.redaction.planted import CARD, IDENTITY, cut, is_left, unpacked
from tests.text.test_uploads import W, saved

from mingtang.text.attachments import read_attachment
from mingtang.text.redact import MARK, CutError
from mingtang.text.redaction import EVERY_FINDING, redact_file
from mingtang.text.redaction.xlsx import Area, read_area

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def added(data: bytes, parts: dict[str, bytes]) -> bytes:
    """The package with these parts added or replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            if name not in parts:
                after.writestr(name, before.read(name))
        for name, content in parts.items():
            after.writestr(name, content)
    return out.getvalue()


def xml(paper: Any, markup: str) -> None:
    paper.element.body.insert(-1, parse_xml(markup.replace(">", f" {W}>", 1)))


def in_runs(paper: Any) -> None:
    paragraph = paper.add_paragraph("身份证")
    for place in range(0, 18, 5):
        paragraph.add_run(IDENTITY[place : place + 5]).bold = bool(place % 2)


def over_paragraphs(paper: Any) -> None:
    paper.add_paragraph(IDENTITY[:10])
    paper.add_paragraph(IDENTITY[10:])


def in_cells(paper: Any) -> None:
    table = paper.add_table(1, 18)
    for cell, character in zip(table.rows[0].cells, IDENTITY, strict=True):
        cell.text = character


def tracked_deletion(paper: Any) -> None:
    xml(paper, f'<w:p><w:del w:id="1" w:author="a"><w:r><w:delText>{IDENTITY}</w:delText></w:r></w:del></w:p>')


def tracked_insertion(paper: Any) -> None:
    xml(paper, f'<w:p><w:ins w:id="1" w:author="{IDENTITY}"><w:r><w:t>{IDENTITY}</w:t></w:r></w:ins></w:p>')


def hidden_text(paper: Any) -> None:
    paper.add_paragraph().add_run(IDENTITY).font.hidden = True


def hidden_by_style(paper: Any) -> None:
    style = paper.styles.add_style("Unseen", 1)
    style.font.hidden = True
    paper.add_paragraph(IDENTITY, style="Unseen")


def header_and_footer(paper: Any) -> None:
    paper.sections[0].header.paragraphs[0].text = IDENTITY
    paper.sections[0].footer.paragraphs[0].add_run(IDENTITY).font.size = Pt(1)


def comment(paper: Any) -> None:
    run = paper.add_paragraph("有批注").runs[0]
    paper.add_comment(run, text=IDENTITY, author=IDENTITY, initials="x")


def alternative_text(paper: Any) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    shape = paper.add_picture(io.BytesIO(out.getvalue()))
    shape._inline.docPr.set("descr", f"照片 {IDENTITY}")


def link(paper: Any) -> None:
    relation = paper.part.relate_to(f"https://example.org/?id={IDENTITY}", f"{RELATIONS}/hyperlink", is_external=True)
    xml(
        paper, f'<w:p><w:hyperlink xmlns:r="{RELATIONS}" r:id="{relation}"><w:r><w:t>看</w:t></w:r></w:hyperlink></w:p>'
    )


def field(paper: Any) -> None:
    xml(paper, f'<w:p><w:r><w:instrText>HYPERLINK "mailto:{IDENTITY}"</w:instrText></w:r></w:p>')


def text_box(paper: Any) -> None:
    xml(
        paper,
        f'<w:p xmlns:v="urn:schemas-microsoft-com:vml"><w:r><w:t>{IDENTITY[:6]}</w:t></w:r><w:r><w:pict><v:shape alt="{IDENTITY}">'
        f"<v:textbox><w:txbxContent><w:p><w:r><w:t>{IDENTITY}</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape>"
        f"</w:pict></w:r><w:r><w:t>{IDENTITY[6:]}</w:t></w:r></w:p>",
    )


def properties(paper: Any) -> None:
    paper.core_properties.title = paper.core_properties.keywords = IDENTITY


def variables(paper: Any) -> None:
    paper.settings.element.append(parse_xml(f'<w:docVars {W}><w:docVar w:name="id" w:val="{IDENTITY}"/></w:docVars>'))
    paper.settings.element.append(parse_xml(f'<w:rsids {W}><w:rsid w:val="00AB12CD"/></w:rsids>'))


def bookmark(paper: Any) -> None:
    xml(
        paper,
        f'<w:p><w:bookmarkStart w:id="3" w:name="n{IDENTITY}"/><w:r><w:t>书签</w:t></w:r><w:bookmarkEnd w:id="3"/></w:p>',
    )


PLACES = [in_runs, over_paragraphs, in_cells, tracked_deletion, tracked_insertion, hidden_text, hidden_by_style]
PLACES += [header_and_footer, comment, alternative_text, link, field, text_box, properties, variables, bookmark]


@pytest.mark.parametrize("plant", PLACES)
def test_an_identity_number_anywhere_in_a_document_is_gone(plant: Callable[[Any], None]) -> None:
    paper = Document()
    paper.add_paragraph("第一条　总则不变。")
    plant(paper)
    done = redact_file("名单.docx", saved(paper), [cut()])
    assert not is_left(done.content, IDENTITY) and not is_left(done.content, IDENTITY[:12])
    after = Document(io.BytesIO(done.content))
    assert after.paragraphs[0].text == "第一条　总则不变。"
    assert done.cuts[0].places or done.cuts[0].hidden
    everything = b"".join(unpacked(done.content))
    assert b"rsid" not in everything and b"w:del " not in everything and b"w:ins " not in everything
    assert read_attachment("名单.docx", done.content).findings == ()
    if plant is tracked_insertion:
        assert MARK in after.paragraphs[1].text


def test_parts_beside_the_document_are_gone() -> None:
    paper = Document()
    paper.add_paragraph(f"号码{IDENTITY}，在此。")
    data = added(
        saved(paper),
        {
            "customXml/item1.xml": f"<data>{IDENTITY}</data>".encode(),
            "docProps/thumbnail.jpeg": IDENTITY.encode(),
            "word/embeddings/oleObject1.bin": IDENTITY.encode("utf-16-le"),
        },
    )
    done = redact_file(f"{IDENTITY}名单.docx", data, [cut()])
    assert not is_left(done.content, IDENTITY) and IDENTITY not in done.name and done.name.endswith("名单.docx")
    names = zipfile.ZipFile(io.BytesIO(done.content)).namelist()
    assert not [name for name in names if "customXml" in name or "embeddings" in name or "docProps" in name]
    assert Document(io.BytesIO(done.content)).paragraphs[0].text == f"号码{MARK}，在此。"
    assert redact_file(f"{IDENTITY}名单.docx", data, [cut()]).sha256 == done.sha256


def test_a_region_of_a_picture_in_a_document_is_black_and_its_metadata_gone() -> None:
    out = io.BytesIO()
    picture = Image.new("RGB", (100, 60), (250, 250, 250))
    exif = picture.getexif()
    exif[0x010E] = IDENTITY
    picture.save(out, "JPEG", exif=exif)
    paper = Document()
    paper.add_picture(io.BytesIO(out.getvalue()))
    done = redact_file("a.docx", saved(paper), [cut("", page=1, box=(10.0, 10.0, 60.0, 40.0))])
    with zipfile.ZipFile(io.BytesIO(done.content)) as package:
        (name,) = [name for name in package.namelist() if name.startswith("word/media/")]
        after = Image.open(io.BytesIO(package.read(name))).convert("L")
    assert after.getpixel((35, 25)) < 20 and after.getpixel((90, 50)) > 230  # type: ignore[operator]
    assert not is_left(done.content, IDENTITY)
    with pytest.raises(CutError) as raised:
        redact_file("a.docx", saved(paper), [cut("", page=2)])
    assert raised.value.code == "page_missing"


def book(fill: Callable[[Workbook, Any], None]) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "补助"
    sheet.append(["姓名", "金额", "账号", "合计"])
    sheet.append(["张某", 300, CARD, "=B2*2"])
    sheet.append(["李某", 500, "6222020200998877662", "=B3*2"])
    fill(made, sheet)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def values(data: bytes) -> dict[str, list[list[Any]]]:
    return {
        sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)]
        for sheet in load_workbook(io.BytesIO(data))
    }


def test_a_hidden_sheet_of_bank_accounts_never_stays() -> None:
    def fill(made: Workbook, sheet: Any) -> None:
        hidden = made.create_sheet("账户底表")
        hidden.sheet_state = "veryHidden"
        hidden.append(["户名", "银行账号"])
        hidden.append(["王某", "6222020200112233999"])
        made.defined_names["ACCOUNT"] = DefinedName("ACCOUNT", attr_text="账户底表!$B$2")

    done = redact_file("表.xlsx", book(fill), [cut("", area="补助!C2:C3")])
    assert not is_left(done.content, "6222020200112233999") and not is_left(done.content, CARD)
    assert not is_left(done.content, "账户底表") and not is_left(done.content, "ACCOUNT")
    after = values(done.content)
    assert list(after) == ["补助"]
    assert [row[2] for row in after["补助"]] == ["账号", MARK, MARK] and after["补助"][1][:2] == ["张某", 300]
    assert done.cuts[0].places == 2


def hidden_column(made: Workbook, sheet: Any) -> None:
    sheet["F2"] = IDENTITY
    sheet.column_dimensions["F"].hidden = True


def hidden_row(made: Workbook, sheet: Any) -> None:
    sheet["A9"] = IDENTITY
    sheet.row_dimensions[9].hidden = True


def cell_comment(made: Workbook, sheet: Any) -> None:
    sheet["A1"].comment = Comment(IDENTITY, IDENTITY)


def validation(made: Workbook, sheet: Any) -> None:
    listed = DataValidation(type="list", formula1=f'"{IDENTITY},b"')
    listed.add("A2")
    sheet.add_data_validation(listed)


def formula(made: Workbook, sheet: Any) -> None:
    sheet["F5"] = f'=CONCATENATE("{IDENTITY[:9]}","{IDENTITY[9:]}","{IDENTITY}")'


def sheet_name(made: Workbook, sheet: Any) -> None:
    made.create_sheet(f"号{IDENTITY}")["A1"] = "表"


def page_header(made: Workbook, sheet: Any) -> None:
    sheet.oddHeader.center.text = IDENTITY


def link_target(made: Workbook, sheet: Any) -> None:
    sheet["A2"].hyperlink = f"https://example.org/{IDENTITY}"


def about(made: Workbook, sheet: Any) -> None:
    made.properties.title = made.properties.creator = IDENTITY


def chart(made: Workbook, sheet: Any) -> None:
    drawn = BarChart()
    drawn.title = IDENTITY
    drawn.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    sheet.add_chart(drawn, "H2")


def plain_cell(made: Workbook, sheet: Any) -> None:
    sheet["A7"] = f"身份证：{IDENTITY}。"


@pytest.mark.parametrize(
    "plant",
    [
        hidden_column,
        hidden_row,
        cell_comment,
        validation,
        formula,
        sheet_name,
        page_header,
        link_target,
        about,
        chart,
        plain_cell,
    ],
)
def test_an_identity_number_anywhere_in_a_workbook_is_gone(plant: Callable[[Workbook, Any], None]) -> None:
    done = redact_file("表.xlsx", book(plant), [cut()])
    assert not is_left(done.content, IDENTITY)
    after = values(done.content)
    assert after["补助"][1][0] == "张某" and after["补助"][1][1] == 300
    assert read_attachment("表.xlsx", done.content).name == "表.xlsx"


def test_numbers_findings_rows_and_whole_sheets() -> None:
    def fill(made: Workbook, sheet: Any) -> None:
        sheet["A5"], sheet["B5"] = "电话", 13800138000
        made.create_sheet("附").append(["密", "件", "内部掌握"])

    done = redact_file(
        "表.xlsx", book(fill), [cut("", finding=EVERY_FINDING), cut("", area="附"), cut("", area="补助!2:2")]
    )
    assert not is_left(done.content, "13800138000") and not is_left(done.content, "6222020200998877662")
    after = values(done.content)
    assert after["附"] == [[MARK] * 3] and after["补助"][1] == [MARK] * 4 or after["补助"][1][:3] == [MARK] * 3
    assert after["补助"][4][1] == MARK and after["补助"][2][1] == 500


def test_a_value_taken_over_by_a_formula_goes_with_its_cell() -> None:
    data = book(lambda made, sheet: None)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>B2*2</f><v></v>" in sheet
    sheet = sheet.replace("<f>B2*2</f><v></v>", f"<f>C2</f><v>{CARD}</v>")
    done = redact_file("表.xlsx", added(data, {"xl/worksheets/sheet1.xml": sheet.encode()}), [cut("", area="补助!C:C")])
    assert not is_left(done.content, CARD)
    assert values(done.content)["补助"][1][3] == MARK


@pytest.mark.parametrize(
    ("text", "sheet", "area"),
    [
        ("名单", "名单", Area(1, 1, 16384, 1048576)),
        ("名单!C:D", "名单", Area(3, 1, 4, 1048576)),
        ("'王 表'!$B$2:$C$9", "王 表", Area(2, 2, 3, 9)),
        ("名单!3:5", "名单", Area(1, 3, 16384, 5)),
        ("名单!aa7", "名单", Area(27, 7, 27, 7)),
    ],
)
def test_areas_are_read_as_people_write_them(text: str, sheet: str, area: Area) -> None:
    assert read_area(text, 1) == (sheet, area)


@pytest.mark.parametrize(
    ("area", "code"), [("没有!A1", "sheet_missing"), ("补助!?", "area_unread"), ("补助!Z99", "area_empty")]
)
def test_an_area_that_is_not_there_says_so(area: str, code: str) -> None:
    with pytest.raises(CutError) as raised:
        redact_file("表.xlsx", book(lambda made, sheet: None), [cut("", area=area)])
    assert raised.value.code == code
