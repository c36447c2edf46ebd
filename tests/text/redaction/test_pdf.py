"""PDF files: what is cut is gone wherever it can hide; what is not cut stays as it was."""

import io
import resource
import zlib
from collections.abc import Callable

import pikepdf
import pypdfium2
import pytest
import typst
from pikepdf import Dictionary, Name
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.actions import JavaScript
from pypdf.generic import NameObject, StreamObject
from reportlab.pdfgen import canvas
from tests.text.redaction.planted import (
    IDENTITY,
    changed,
    cut,
    dark,
    drawn,
    image_reader,
    is_left,
    read_text,
    texts_by_page,
)

from mingtang.text.redact import MARK, CutError
from mingtang.text.redaction import EVERY_FINDING, FileCut, Remains, pdf, proof, redact_file
from mingtang.text.uploads import UploadError


def first_page(draw: Callable[[canvas.Canvas], None], pages: int = 2) -> bytes:
    return drawn(lambda paper, index: draw(paper) if index == 0 else None, pages)


def redacted(data: bytes, *cuts: FileCut) -> bytes:
    return redact_file("名单.pdf", data, cuts or [cut()]).content


def white(paper: canvas.Canvas) -> None:
    paper.setFillColorRGB(1, 1, 1)
    paper.drawString(72, 600, IDENTITY)


def tiny(paper: canvas.Canvas) -> None:
    paper.setFont("Helvetica", 0.4)
    paper.drawString(72, 600, IDENTITY)


def unseen(paper: canvas.Canvas) -> None:
    text = paper.beginText(72, 600)
    text.setTextRenderMode(3)
    text.textLine(IDENTITY)
    paper.drawText(text)


def under_a_picture(paper: canvas.Canvas) -> None:
    paper.drawString(72, 600, IDENTITY)
    out = io.BytesIO()
    Image.new("RGB", (40, 40), (200, 30, 30)).save(out, "PNG")
    paper.drawImage(image_reader(out.getvalue()), 60, 580, 300, 60)


def in_pieces(paper: canvas.Canvas) -> None:
    for place, character in enumerate(IDENTITY):
        paper.setFont("Helvetica" if place % 2 else "Courier", 12)
        paper.drawString(72 + 9 * place, 600, character)


def scrambled(paper: canvas.Canvas) -> None:
    places = sorted(range(len(IDENTITY)), key=lambda place: (place * 7) % 18)
    for place in places:
        paper.drawString(72 + 9 * place, 600, IDENTITY[place])


def over_two_lines(paper: canvas.Canvas) -> None:
    paper.drawString(400, 600, IDENTITY[:9])
    paper.drawString(72, 585, IDENTITY[9:])


def outside_the_page(paper: canvas.Canvas) -> None:
    paper.drawString(900, 600, IDENTITY)


def in_groups(paper: canvas.Canvas) -> None:
    paper.drawString(72, 600, f"{IDENTITY[:6]} {IDENTITY[6:10]}-{IDENTITY[10:14]} {IDENTITY[14:]}")


def turned(paper: canvas.Canvas) -> None:
    paper.saveState()
    paper.translate(300, 400)
    paper.rotate(33)
    paper.drawString(0, 0, IDENTITY)
    paper.restoreState()


def in_a_form(paper: canvas.Canvas) -> None:
    paper.beginForm("stamp")
    paper.setFont("Helvetica", 12)
    paper.drawString(72, 600, IDENTITY)
    paper.endForm()
    paper.doForm("stamp")


def full_width(paper: canvas.Canvas) -> None:
    paper.setFont("STSong-Light", 12)
    paper.drawString(72, 600, "身份证" + "".join(chr(ord(one) + 0xFEE0) for one in IDENTITY))


@pytest.mark.parametrize(
    "draw",
    [white, tiny, unseen, under_a_picture, in_pieces, scrambled, over_two_lines, outside_the_page, in_groups, turned]
    + [in_a_form, full_width],
)
def test_an_identity_number_drawn_in_any_way_is_gone(draw: Callable[[canvas.Canvas], None]) -> None:
    data = first_page(draw)
    content = redacted(data)
    assert not is_left(content, IDENTITY) and IDENTITY[:12] not in read_text(content)
    first, second = texts_by_page(content)
    assert "Page1stays" in first and second == "Page2stays"


def outline(file: pikepdf.Pdf) -> None:
    with file.open_outline() as entries:
        entries.root.append(pikepdf.OutlineItem(f"Li, {IDENTITY}", 0))


def note(file: pikepdf.Pdf) -> None:
    file.pages[1].obj.Annots = file.make_indirect(
        pikepdf.Array(
            [file.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=[0, 0, 9, 9], Contents=IDENTITY))]
        )
    )


def form_field(file: pikepdf.Pdf) -> None:
    field = Dictionary(
        FT=Name.Tx, T="id", V=pikepdf.String(IDENTITY), Type=Name.Annot, Subtype=Name.Widget, Rect=[9, 9, 90, 20]
    )
    indirect = file.make_indirect(field)
    file.Root.AcroForm = Dictionary(Fields=[indirect])
    file.pages[0].obj.Annots = pikepdf.Array([indirect])


def properties(file: pikepdf.Pdf) -> None:
    file.docinfo["/Subject"] = IDENTITY
    with file.open_metadata() as about:
        about["dc:description"] = f"about {IDENTITY}"


def attachment(file: pikepdf.Pdf) -> None:
    file.attachments["list.txt"] = pikepdf.AttachedFileSpec(file, IDENTITY.encode() * 20)


def named_page(file: pikepdf.Pdf) -> None:
    file.Root.Names = Dictionary(Dests=Dictionary(Names=[IDENTITY, [file.pages[0].obj, Name.Fit]]))


def unused_object(file: pikepdf.Pdf) -> None:
    file.pages[1].obj.PieceInfo = Dictionary(App=Dictionary(Private=file.make_stream(IDENTITY.encode())))


def replacement_text(file: pikepdf.Pdf) -> None:
    page = file.pages[1]
    page.contents_add(file.make_stream(f"/Span <</ActualText ({IDENTITY})>> BDC EMC % {IDENTITY}".encode()))


def page_thumbnail(file: pikepdf.Pdf) -> None:
    thumb = file.make_stream(IDENTITY.encode() + bytes(300 - len(IDENTITY)))
    thumb.Width, thumb.Height, thumb.ColorSpace, thumb.BitsPerComponent = 10, 10, Name.DeviceRGB, 8
    file.pages[1].obj.Thumb = thumb


def unused_picture(file: pikepdf.Pdf) -> None:
    stream = file.make_stream(IDENTITY.encode() + bytes(300 - len(IDENTITY)))
    stream.Type, stream.Subtype, stream.Width, stream.Height = Name.XObject, Name.Image, 10, 10
    stream.ColorSpace, stream.BitsPerComponent = Name.DeviceRGB, 8
    file.pages[1].obj.Resources.XObject = Dictionary(Unused=stream)


@pytest.mark.parametrize(
    "change",
    [outline, note, form_field, properties, attachment, named_page, unused_object, replacement_text]
    + [page_thumbnail, unused_picture],
)
def test_what_no_page_shows_is_gone_and_no_page_changes(change: Callable[[pikepdf.Pdf], None]) -> None:
    plain = drawn(lambda paper, index: paper.drawString(72, 600, "Cut here") if index == 0 else None)
    data = changed(plain, change)
    content = redacted(data, cut("Cut here"), cut())
    assert not is_left(content, IDENTITY)
    assert texts_by_page(content)[1] == "Page2stays"
    with pikepdf.open(io.BytesIO(content)) as file:
        assert set(file.Root.keys()) == {"/Type", "/Pages"} and "/Info" not in file.trailer
        assert not [page for page in file.pages if {"/Annots", "/Thumb", "/PieceInfo"} & set(page.obj.keys())]


def test_scripts_are_gone() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(first_page(white)))
    writer._root_object[NameObject("/OpenAction")] = JavaScript(f"app.alert('{IDENTITY}')")
    out = io.BytesIO()
    writer.write(out)
    content = redacted(out.getvalue())
    assert b"JavaScript" not in content and b"app.alert" not in content and not is_left(content, IDENTITY)


def test_an_earlier_revision_is_gone() -> None:
    """A number blanked by a later save of the same file is still there before it."""
    data = drawn(lambda paper, index: paper.drawString(72, 600, f"Number {IDENTITY}") if index == 0 else None)
    writer = PdfWriter(io.BytesIO(data), incremental=True)
    blank = StreamObject()
    blank.set_data(b"BT /F1 12 Tf 72 700 Td (Blanked now) Tj ET")
    writer.pages[0][NameObject("/Contents")] = writer._add_object(blank)
    out = io.BytesIO()
    writer.write(out)
    saved_over = out.getvalue()
    assert saved_over.startswith(data[:200]) and saved_over.count(b"%%EOF") == 2
    assert "Blanked" in texts_by_page(saved_over)[0] and IDENTITY not in texts_by_page(saved_over)[0]
    done = redact_file("a.pdf", saved_over, [cut()])
    assert not is_left(done.content, IDENTITY) and done.content.count(b"%%EOF") == 1
    assert done.cuts[0].hidden and not done.cuts[0].places
    assert "Blanked" in texts_by_page(done.content)[0]


def test_a_region_takes_text_and_pixels_with_it() -> None:
    out = io.BytesIO()
    Image.effect_noise((200, 200), 80).convert("RGB").save(out, "JPEG")

    def draw(paper: canvas.Canvas) -> None:
        paper.drawImage(image_reader(out.getvalue()), 100, 500, 200, 200)
        paper.drawString(110, 520, "over the picture")
        paper.drawString(320, 520, "beside the picture")

    box = (100.0, 142.0, 300.0, 342.0)
    done = redact_file("a.pdf", first_page(draw), [cut("", page=1, box=box)])
    assert dark(done.content, 0, box) > 0.99 and dark(done.content, 0, (310, 300, 500, 340)) < 0.3
    first, second = texts_by_page(done.content)
    assert "over" not in first and "beside" in first and second == "Page2stays"
    assert done.cuts[0].as_dict() == {
        "page": 1, "places": 1, "box": [100.0, 142.0, 300.0, 342.0], "reason": "公开会侵害个人隐私", "ground": "personal_privacy"
    }  # fmt: skip


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_turned_and_cropped_pages_are_cut_where_they_are_shown(rotation: int) -> None:
    def change(file: pikepdf.Pdf) -> None:
        file.pages[0].obj.CropBox = [50, 100, 550, 800]
        file.pages[0].obj.Rotate = rotation

    data = changed(first_page(lambda paper: paper.drawString(200, 500, IDENTITY)), change)
    content = redacted(data)
    assert not is_left(content, IDENTITY)
    before, after = pypdfium2.PdfDocument(data), pypdfium2.PdfDocument(content)
    assert after[0].get_size() == pytest.approx(before[0].get_size(), abs=0.02)
    x, y = 205.0 - 50, 800.0 - 503
    shown = {0: (x, y), 90: (700 - y, x), 180: (500 - x, 700 - y), 270: (y, 500 - x)}[rotation]
    assert dark(content, 0, (shown[0] - 2, shown[1] - 2, shown[0] + 2, shown[1] + 2)) == 1
    before.close(), after.close()


def test_a_page_nothing_is_cut_from_keeps_its_text_and_look() -> None:
    source = (
        '#set text(font: "Noto Serif CJK SC")\n第一页，身份证'
        + IDENTITY
        + "\n#pagebreak()\n第二页，为群众办事。 *Bold* _words_"
    )
    data = typst.compile(source.encode())
    content = redacted(data)
    before, after = pypdfium2.PdfDocument(data), pypdfium2.PdfDocument(content)
    assert before[1].render(scale=1).to_pil().tobytes() == after[1].render(scale=1).to_pil().tobytes()
    before.close(), after.close()
    assert PdfReader(io.BytesIO(content)).pages[1].extract_text().strip().startswith("第二页")
    assert "第一页" in texts_by_page(content)[0] and MARK in texts_by_page(content)[0]


def test_fonts_of_kept_pages_forget_letters_only_the_cut_page_had() -> None:
    """A font subset or its character map would tell which characters a cut name is written with."""
    source = '#set text(font: "Noto Serif CJK SC")\n当事人龘靐\n#pagebreak()\n当事人同意。'
    data = typst.compile(source.encode())
    content = redacted(data, cut("龘靐"))
    with pikepdf.open(io.BytesIO(content)) as file:
        maps = [font.ToUnicode.read_bytes().decode() for page in file.pages for font in page.Resources.Font.values()]
    told = "".join(maps).upper()
    assert "龘".encode("utf-16-be").hex().upper() not in told and "当".encode("utf-16-be").hex().upper() in told
    assert pdf.read_clean(content)


def test_a_hidden_layer_is_not_published() -> None:
    def change(file: pikepdf.Pdf) -> None:
        layer = file.make_indirect(Dictionary(Type=Name.OCG, Name="draft"))
        file.Root.OCProperties = Dictionary(OCGs=[layer], D=Dictionary(OFF=[layer]))
        file.pages[1].obj.Resources.Properties = Dictionary(L0=layer)
        file.pages[1].contents_add(file.make_stream(b"/OC /L0 BDC BT /F1 12 Tf 72 300 Td (draft words) Tj ET EMC"))

    data = changed(first_page(white), change)
    content = redacted(data)
    assert dark(content, 1, (60, 520, 300, 560)) == 0 and b"OCProperties" not in content


def test_every_finding_is_cut_and_counted_without_being_told() -> None:
    def draw(paper: canvas.Canvas, index: int) -> None:
        paper.drawString(72, 600, f"{IDENTITY} 13800138000")

    done = redact_file(f"{IDENTITY}.pdf", drawn(draw), [cut("", finding=EVERY_FINDING)], salt=b"s")
    assert not is_left(done.content, IDENTITY) and not is_left(done.content, "13800138000")
    assert IDENTITY not in done.name and done.name.endswith(".pdf")
    (made,) = done.cuts
    assert made.places == 4 and made.hidden >= 1 and len(made.quote_hash) == 64
    assert IDENTITY not in repr(made)
    assert (
        made.quote_hash
        != redact_file("a.pdf", drawn(draw), [cut("", finding=EVERY_FINDING)], salt=b"t").cuts[0].quote_hash
    )
    only = redact_file("a.pdf", drawn(draw), [cut("", finding="mobile:138****8000")])
    assert is_left(only.content, IDENTITY) and not is_left(only.content, "13800138000")


def test_the_same_cuts_give_the_same_bytes() -> None:
    data = first_page(in_pieces, 3)
    assert redact_file("a.pdf", data, [cut()]).sha256 == redact_file("a.pdf", data, [cut()]).sha256


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ([], "none"),
        ([cut(reason=" ")], "reason_missing"),
        ([cut(ground="")], "ground_missing"),
        ([cut("")], "empty"),
        ([cut("nowhere in it")], "not_found"),
        ([cut("", page=9)], "page_missing"),
        ([cut("", page=1, box=(9.0, 9.0, 5.0, 20.0))], "box_empty"),
        ([cut("", area="Sheet!A:A")], "box_missing"),
    ],
)
def test_a_cut_that_cannot_be_made_says_why(wanted: list[FileCut], code: str) -> None:
    with pytest.raises(CutError) as raised:
        redact_file("a.pdf", first_page(white), wanted)
    assert raised.value.code == code and not raised.value.message.isascii()


def test_locked_and_broken_files_are_refused() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(first_page(white))) as file:
        file.save(out, encryption=pikepdf.Encryption(owner="o", user=""))
    for data, code in (
        (out.getvalue(), "encrypted"),
        (first_page(white)[:300], "malformed"),
        (b"%PDF-1.7\nx", "malformed"),
    ):
        with pytest.raises(UploadError) as raised:
            redact_file("a.pdf", data, [cut()])
        assert raised.value.code == code


def test_the_proof_finds_what_a_box_alone_would_leave() -> None:
    """A black box over the words, which is what people draw by hand, is told from a redaction."""
    data = first_page(lambda paper: (paper.drawString(72, 600, IDENTITY), paper.rect(60, 590, 300, 30, fill=1))[0])
    _, plan = pdf.redact(data, [cut()], "a.pdf")
    remains = proof.pdf_remains(data, plan)
    assert "第1页文字" in remains and "第1页方框内的文字" in remains
    said = str(Remains(remains))
    assert "没有生成文件" in said and "第1页文字" in said


def test_streams_that_swell_to_two_gigabytes_are_not_unpacked() -> None:
    """Whether as an embedded file, as a page's content or as a stream that nothing uses."""
    packing = zlib.compressobj(9)
    bomb = b"".join(packing.compress(bytes(1_000_000)) for _ in range(2000)) + packing.flush()

    def change(file: pikepdf.Pdf) -> None:
        stream = pikepdf.Stream(file, bomb, Filter=Name.FlateDecode, Type=Name.EmbeddedFile)
        file.pages[1].obj.PieceInfo = file.make_indirect(stream)
        file.Root.Names = Dictionary(
            EmbeddedFiles=Dictionary(Names=["a", Dictionary(EF=Dictionary(F=file.make_indirect(stream)))])
        )

    data = changed(first_page(white), change)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    content = redacted(data)
    assert not is_left(content, IDENTITY) and len(content) < 1_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kilobytes
    with pytest.raises(CutError) as raised:
        redacted(data, cut("nowhere in it"))
    assert raised.value.code == "not_found"
