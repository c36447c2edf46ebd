"""Pictures and plain text: pixels gone, nothing beside the pixels kept."""

import io
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.text.redaction.planted import IDENTITY, cut, drawn, is_left, read_text
from tests.text.test_uploads import saved

from mingtang.text.redact import MARK, CutError
from mingtang.text.redaction import redact_file

# A failing example is told as it was met: making it smaller takes a redaction for each try.
ANY = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def scene(mode: str = "RGB") -> Image.Image:
    draw = random.Random(3)
    return Image.frombytes("RGB", (160, 120), draw.randbytes(160 * 120 * 3)).convert(mode)


def saved_as(picture: Image.Image, ending: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG" if ending == "png" else "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_the_box_is_black_and_the_rest_stays(ending: str) -> None:
    data = saved_as(Image.new("RGB", (160, 120), (240, 240, 240)), ending)
    done = redact_file(f"现场.{ending}", data, [cut("", page=1, box=(20.0, 20.0, 90.0, 70.0))])
    after = Image.open(io.BytesIO(done.content)).convert("L")
    assert after.size == (160, 120)
    assert after.crop((28, 28, 82, 62)).getextrema()[1] < 20 and after.crop((110, 90, 150, 110)).getextrema()[0] > 225
    assert redact_file(f"现场.{ending}", data, [cut("", page=1, box=(20.0, 20.0, 90.0, 70.0))]).sha256 == done.sha256


def test_a_thumbnail_of_the_picture_as_it_was_is_gone() -> None:
    """Cameras keep a small copy of the whole picture within its Exif block."""
    picture = scene()
    thumbnail = saved_as(picture.resize((40, 30)), "jpg")
    exif = picture.getexif()
    exif[0x010E] = IDENTITY
    block = b"Exif\x00\x00" + exif.tobytes()[6:] + b"THUMB" + thumbnail
    data = saved_as(picture, "jpg", exif=block, comment=IDENTITY.encode())
    assert thumbnail in data and IDENTITY.encode() in data
    done = redact_file("照片.jpg", data, [cut("", page=1)])
    assert (
        thumbnail not in done.content and thumbnail[20:200] not in done.content and not is_left(done.content, IDENTITY)
    )
    assert b"Exif" not in done.content and Image.open(io.BytesIO(done.content)).convert("L").getextrema()[1] < 30


def test_pixels_under_full_transparency_are_gone() -> None:
    picture = scene("RGBA")
    picture.putalpha(0)
    done = redact_file("图.png", saved_as(picture, "png"), [cut("", page=1, box=(0.0, 0.0, 5.0, 5.0))])
    after = Image.open(io.BytesIO(done.content))
    assert after.mode == "RGB" and after.getpixel((50, 50)) == (255, 255, 255)


def test_words_of_a_picture_are_not_looked_for() -> None:
    with pytest.raises(CutError) as raised:
        redact_file("图.png", saved_as(scene(), "png"), [cut()])
    assert raised.value.code == "not_found"


def test_text_and_tables_are_cut_by_their_words() -> None:
    done = redact_file("名单.csv", f"姓名,号码\n甲,{IDENTITY}\n".encode("gb18030"), [cut()])
    assert done.content.decode() == f"姓名,号码\n甲,{MARK}\n" and done.media_type.startswith("text/csv")


def _numbers() -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=17, max_size=17).map(lambda digits: f"{digits}X")


@ANY
@given(
    number=_numbers(),
    x=st.integers(-40, 560),
    y=st.integers(20, 720),
    size=st.integers(1, 40),
    turn=st.integers(0, 359),
)
def test_any_number_at_any_place_of_a_page_is_gone(number: str, x: int, y: int, size: int, turn: int) -> None:
    def draw(paper: Any, index: int) -> None:
        paper.saveState()
        paper.translate(x, y)
        paper.rotate(turn)
        paper.setFont("Courier", size)
        paper.drawString(0, 0, number)
        paper.restoreState()

    done = redact_file("a.pdf", drawn(draw, 1), [cut(number)])
    assert not is_left(done.content, number) and number[:8] not in read_text(done.content)


@ANY
@given(number=_numbers(), breaks=st.sets(st.integers(1, 17)), before=st.text("甲乙。0 ", max_size=5))
def test_any_number_in_any_runs_of_a_document_is_gone(number: str, breaks: set[int], before: str) -> None:
    from docx import Document

    paper = Document()
    paragraph = paper.add_paragraph(before)
    cuts = [0, *sorted(breaks), len(number)]
    for start, end in zip(cuts, cuts[1:], strict=False):
        paragraph.add_run(number[start:end])
    done = redact_file("a.docx", saved(paper), [cut(number)])
    assert not is_left(done.content, number)
    assert Document(io.BytesIO(done.content)).paragraphs[0].text.endswith(MARK)
