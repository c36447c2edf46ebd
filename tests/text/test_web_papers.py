"""A paper on a saved web page comes in without the page around it, in any encoding, and what the page hides is told."""

from datetime import date

import pytest

from mingtang.text.papers import parse_paper
from mingtang.text.uploads import UploadError, read_upload

ID_NUMBER = "11010519491231002X"
TITLE = "云滩市教育局关于做好补助工作的通知"
BODY = (
    "<p>各区教育局：</p><p>为做好补助工作，现就有关事项通知如下，请各单位认真贯彻落实，确保按时完成任务。</p>"
    "<p>一、总体要求</p><p>（一）明确对象。按规定执行，不得拖延，<b>逾期</b>不予受理。</p>"
    "<p align=right>云滩市教育局</p><p align=right>2017年1月25日</p>"
)
MENU = "".join(f'<li><a href="/c{number}/">栏目{number}的名称比较长一些</a></li>' for number in range(30))


def page(body: str = BODY, *, head: str = "", container: str = '<div id="zoom">', charset: str = "utf-8") -> bytes:
    return (
        f'<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}">'
        f"<title>{TITLE}_云滩市人民政府</title>{head}</head><body><ul>{MENU}</ul>"
        f"<table><tr><td>发文字号：</td><td>云教发〔2017〕12号</td><td>发布日期：</td><td>2017-01-26</td></tr></table>"
        f"<h1>{TITLE}</h1>{container}{body}</div><div class=foot>主办：云滩市人民政府办公室</div></body></html>"
    ).encode(charset if charset != "gb2312" else "gb18030")


@pytest.mark.parametrize("charset", ["utf-8", "gb2312", "gbk", "gb18030"])
@pytest.mark.parametrize("container", ['<div id="zoom">', '<div class="TRS_Editor">', "<div class=anything>", "<div>"])
def test_the_paper_is_found_on_the_page(charset: str, container: str) -> None:
    upload = read_upload("a.html", page(charset=charset, container=container))
    assert upload.kind == "html"
    assert "栏目" not in upload.text and "主办" not in upload.text
    read = parse_paper(upload.text)
    assert (read.title, read.document_number) == (TITLE, "云教发〔2017〕12号")
    assert (read.written_on, read.published_on) == (date(2017, 1, 25), date(2017, 1, 26))
    assert (read.issuers, read.addressees) == (["云滩市教育局"], ["各区教育局"])
    assert "（一）明确对象。按规定执行，不得拖延，逾期不予受理。" in upload.text


def test_what_the_page_states_in_meta_elements_counts() -> None:
    head = (
        '<meta name="ArticleTitle" content="云滩市教育局关于补助的补充通知"><meta name="PubDate" content="2018-03-02 08:00">'
        '<meta name="ContentSource" content="市教育局">'
    )
    read = parse_paper(read_upload("a.html", page(head=head)).text)
    assert read.title == "云滩市教育局关于补助的补充通知"
    assert (read.published_on, read.source) == (date(2018, 3, 2), "市教育局")


def test_a_byte_order_mark_and_a_wrong_declaration() -> None:
    text = page().decode()
    assert TITLE in read_upload("a.html", text.encode("utf-16")).text
    assert TITLE in read_upload("a.html", b"\xef\xbb\xbf" + text.encode()).text
    # Says UTF-8, is GB 18030: servers once sent the right charset, the saved file has only the wrong one.
    assert TITLE in read_upload("a.html", text.encode("gb18030")).text


@pytest.mark.parametrize(
    ("hidden", "place"),
    [
        (f"<!-- 身份证号{ID_NUMBER} -->", "网页注释"),
        (f'<span style="display: none">身份证号{ID_NUMBER}</span>', "网页中看不见的文字"),
        (f'<span style="font-size:0">身份证号{ID_NUMBER}</span>', "网页中看不见的文字"),
        (f'<font color="#FFFFFF">身份证号{ID_NUMBER}</font>', "网页中看不见的文字"),
        (f'<p style="color:white">身份证号{ID_NUMBER}</p>', "网页中看不见的文字"),
        (f"<p hidden>身份证号{ID_NUMBER}</p>", "网页中看不见的文字"),
        (f'<style>.k{{display:none}}</style><p class="k">身份证号{ID_NUMBER}</p>', "网页中看不见的文字"),
        (f'<script>var owner = "身份证号{ID_NUMBER}";</script>', "网页脚本"),
        (f'<input type="hidden" value="身份证号{ID_NUMBER}">', "网页代码中的说明"),
        (f'<img src="a.png" alt="身份证号{ID_NUMBER}">', "网页代码中的说明"),
        (f"<template>身份证号{ID_NUMBER}</template>", "网页中看不见的内容"),
    ],
)
def test_what_the_page_hides_is_told_and_left_out(hidden: str, place: str) -> None:
    upload = read_upload("a.html", page(BODY + hidden))
    assert ID_NUMBER not in upload.text
    assert [(one.place, one.sample) for one in upload.hidden] == [(place, "110105********002X")]


def test_white_words_on_a_coloured_ground_are_read() -> None:
    words = '<p style="background-color:#003366"><span style="color:#fff">醒目的提示</span></p>'
    assert "醒目的提示" in read_upload("a.html", page(BODY + words)).text


def test_tables_keep_their_rows_and_pictures_are_told() -> None:
    table = "<table><tr><th>姓名<th>金额<tr><td>甲<td>一百元</table><img src=a.png><a href=附表.xlsx>附表</a>"
    upload = read_upload("a.html", page(BODY + table))
    assert "姓名\t金额\n甲\t一百元" in upload.text
    assert {"pictures_dropped", "files_linked"} <= {one.code for one in upload.warnings}


@pytest.mark.parametrize(
    "data",
    [
        b"<html>",
        b"<!DOCTYPE html><html><body></body></html>",
        b"<html><body>" + b"<div>" * 50_000 + "字".encode() + b"</body></html>",
        b"<html><body>" + b"<b>" * 300_000 + b"</body></html>",
    ],
)
def test_pages_without_a_paper_end_in_one_plain_answer(data: bytes) -> None:
    try:
        assert read_upload("a.html", data).text.strip() == "字"
    except UploadError as error:
        assert error.code in ("empty", "malformed", "too_large", "too_much")
