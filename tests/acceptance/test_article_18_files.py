"""Article 18 holds in every file form: what was cut, and what a file hides, is in nothing that becomes public."""

from typing import Any

import pytest
from django.db import connection
from tests.documents.old_site import as_docx, as_html, as_txt
from tests.factories import Desk, document_data
from tests.text.pdf_making import typeset, with_bookmark, with_form_field, with_note, with_property
from tests.text.test_uploads import docx

from mingtang.disclosure.attachments import attachments_of
from mingtang.disclosure.models import ORIGINAL
from mingtang.documents.importing import read_document
from mingtang.records.rulebook import rulebook

ID_NUMBER = "11010519491231002X"
SECRET = "中标候选人报价为每吨三百二十一元。"
LINES = [
    "通辽市发展和改革委员会关于做好采购工作的通知",
    "通发改字〔2026〕7号",
    "各旗县市区发展和改革委员会：",
    "为做好采购工作，现将有关事项通知如下。",
    "一、总体要求",
    f"（一）严格程序。评审应当公正。{SECRET}不得拖延。",
    "通辽市发展和改革委员会",
    "2026年1月25日",
]
HIDDEN = f"身份证号{ID_NUMBER}"
PDF = "\n\n".join(LINES)


def html(extra: str = "") -> bytes:
    return as_html(LINES).replace(b'</div><div class="footer">', f'{extra}</div><div class="footer">'.encode())


def hidden_run(properties: str) -> str:
    return f"<w:p><w:r><w:rPr>{properties}</w:rPr><w:t>{HIDDEN}</w:t></w:r></w:p>"


def docx_property() -> bytes:
    import io

    from docx import Document

    document = Document(io.BytesIO(as_docx(LINES)))
    document.core_properties.author = HIDDEN
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


# Name, bytes, and whether the file hides an id number.
FILES: dict[str, Any] = {
    "plain.txt": lambda: as_txt(LINES),
    "plain.docx": lambda: as_docx(LINES),
    "vanish.docx": lambda: docx(*LINES, hidden_run("<w:vanish/>")),
    "white.docx": lambda: docx(*LINES, hidden_run('<w:color w:val="FFFFFF"/>')),
    "tiny.docx": lambda: docx(*LINES, hidden_run('<w:sz w:val="2"/>')),
    "property.docx": docx_property,
    "plain.html": html,
    "comment.html": lambda: html(f"<!-- {HIDDEN} -->"),
    "unseen.html": lambda: html(f'<p style="display:none">{HIDDEN}</p>'),
    "plain.pdf": lambda: typeset(PDF),
    "white.pdf": lambda: typeset(f"{PDF}\n\n#text(fill: white)[{HIDDEN}]"),
    "tiny.pdf": lambda: typeset(f"{PDF}\n\n#text(size: 1pt)[{HIDDEN}]"),
    "covered.pdf": lambda: typeset(f"{PDF}\n\n#place[{HIDDEN}]#place(rect(width: 15cm, height: 1cm, fill: black))"),
    "outline.pdf": lambda: with_bookmark(typeset(PDF), HIDDEN),
    "metadata.pdf": lambda: with_property(typeset(PDF), HIDDEN),
    "note.pdf": lambda: with_note(typeset(PDF), HIDDEN),
    "field.pdf": lambda: with_form_field(typeset(PDF), HIDDEN),
}


def public_words() -> str:
    """Every cell of every table the public process may read."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name.startswith("editions_")]
        words = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")
            words += [
                bytes(cell).decode("utf-8", "replace") if isinstance(cell, bytes | memoryview) else str(cell)
                for row in cursor.fetchall()
                for cell in row
            ]
    return "\n".join(words)


@pytest.mark.scenario("S18.1b")
@pytest.mark.parametrize("name", FILES)
def test_what_was_cut_or_hidden_is_in_no_public_table(desk: Desk, name: str) -> None:
    data = FILES[name]()
    imported = read_document(name, data)
    hides = not name.startswith("plain")
    assert [one["kind"] for one in imported.values["original_findings"]] == ["resident_id"] * hides
    assert any("居民身份证号码" in question for question in imported.questions) is hides
    assert SECRET in imported.values["body"] and ID_NUMBER not in imported.values["body"]
    ground = next(code for code in rulebook().grounds if code != "state_secret")
    typed = document_data(desk.unit, openness="redacted_release")
    typed |= {key: value for key, value in imported.values.items() if value}
    typed |= {
        "cuts": [{"quote": SECRET, "ground": ground, "reason": "涉及第三方商业秘密。"}],
        "original": (name, data),
    }
    record = desk.draft_from(typed)
    desk.interpret(record)
    from mingtang.units import roles

    desk.act(record, "submit", roles.DRAFTER)
    desk.act(record, "sign", roles.UNIT_HEAD)
    desk.review(record)
    desk.act(record, "issue", roles.OPENNESS_OFFICER)
    desk.act(record, "publish", roles.OPENNESS_OFFICER)
    words = public_words()
    assert "严格程序" in words and "涉及第三方商业秘密" in words
    assert SECRET not in words and ID_NUMBER not in words
    (original,) = attachments_of(record.pk, ORIGINAL)
    assert [one["kind"] for one in original.findings] == ["resident_id"] * hides
