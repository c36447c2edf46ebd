"""``mingtang documents import``: it reads, prints and stores nothing."""

import argparse
import json
from pathlib import Path

import pytest

from mingtang.cli import documents_commands

SAMPLES = Path(__file__).parent / "samples"


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    documents_commands.register(parser.add_subparsers(), set_up=lambda: None)
    parsed = parser.parse_args(["documents", "import", *arguments])
    return int(parsed.func(parsed))


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(SAMPLES / "joint.txt"), "--json") == 0
    printed = capsys.readouterr().out
    found = json.loads(printed)
    assert found["issuers"] == ["云滩市发展和改革委员会", "云滩市财政局", "云滩市交通运输局"]
    assert (found["chapters"], found["articles"], found["written_on"]) == (2, 3, "2018-05-20")
    assert '\n  "title": "云滩市' in printed


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(SAMPLES / "unrecognisable.txt")) == 0
    printed = capsys.readouterr().out
    assert "标题：（未识别）" in printed
    assert "请核对：没有识别出标题，请填写。" in printed


def test_warnings_of_the_file_come_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.docx"
    file.write_bytes("云滩市教育局关于补助的通知\n请照办。".encode("gb18030"))
    assert run(str(file), "--json") == 0
    codes = [warning["code"] for warning in json.loads(capsys.readouterr().out)["warnings"]]
    assert codes[:2] == ["encoding_guessed", "name_differs"]


@pytest.mark.parametrize("content", [None, b"", b"%PDF-1.7"])
def test_what_cannot_be_read(content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.docx"
    if content is not None:
        file.write_bytes(content)
    assert run(str(file), "--json") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("错误：")


def test_a_pdf_is_told_with_what_it_hides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.text.pdf_making import typeset, with_bookmark

    lines = [
        "云滩市教育局关于补助的通知",
        "云教发〔2017〕12号",
        "各区教育局：",
        "请照办。",
        "云滩市教育局",
        "2017年1月25日",
    ]
    (tmp_path / "a.pdf").write_bytes(with_bookmark(typeset("\n\n".join(lines)), "身份证号11010519491231002X"))
    assert run(str(tmp_path / "a.pdf"), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["title"], found["written_on"]) == ("pdf", lines[0], "2017-01-25")
    assert [(one["place"], one["sample"]) for one in found["personal_data"]] == [("书签", "110105********002X")]
