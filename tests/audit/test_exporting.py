"""An export proves itself to anybody, without the house; every byte of it counts."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook
from tests.factories import City, make_desk

from mingtang.audit import exporting
from mingtang.audit.models import Access
from mingtang.audit.sealing import drop_old, seal_waiting
from mingtang.audit.services import note_access
from mingtang.cli.main import main
from mingtang.disclosure.checkpoints import sign_checkpoint, verifiers
from mingtang.merkle.audit_export import PROOF, SIGNATURE, NoExport, pack, verify_export
from mingtang.merkle.notes import new_signer_key
from mingtang.units import roles


@pytest.fixture
def auditor(city: City, settings: Any, tmp_path: Path) -> Client:
    settings.HOME, settings.LOG_KEY, settings.PUBLIC_ROOT = tmp_path, tmp_path / "log_key", tmp_path / "public"
    client = Client(REMOTE_ADDR="10.9.8.7")
    person = city.person(city.unit("市政府办公厅"), roles.AUDIT_ADMINISTRATOR)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def noted(count: int = 12) -> None:
    now = timezone.localtime() - timedelta(days=1)
    for number in range(count):
        note_access(
            actor_id=number % 3 + 1, action="read", subject_kind="document", now=now + timedelta(minutes=number)
        )
        if number % 5 == 4:
            seal_waiting(now, at_once=True)


def exported(client: Client, form: str = "json", query: str = "") -> bytes:
    response = client.post(f"/desk/audit/export.{form}{query}")
    assert response.status_code == 200, response.content[:500]
    return bytes(response.content)


def files_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_an_export_is_whole_and_is_itself_noted(city: City, auditor: Client, form: str) -> None:
    make_desk(city).draft(title="=标题不在里面")
    noted()
    data = exported(auditor, form)
    report = verify_export(data)
    # Twelve reads and the auditor's own sign-in.
    assert report.findings == [] and report.rows == 13 and report.events >= 4 and report.key in verifiers()
    table = files_of(data)[f"审计记录.{form}"]
    if form == "json":
        lines = [list(row.values()) for row in json.loads(table)]
    elif form == "csv":
        lines = list(csv.reader(io.StringIO(table.decode("utf-8-sig"))))[1:]
    else:
        lines = [list(row) for row in load_workbook(io.BytesIO(table)).active.values][1:]
    assert len(lines) == report.rows + report.events
    assert "标题不在里面" not in str(files_of(data))
    row = Access.objects.order_by("-id")[0]
    assert (row.action, row.subject_kind, row.part) == ("export", "audit", f"audit_export {form} {len(lines)}")


def test_rows_are_anchored_in_the_public_checkpoint_once_one_is_signed(city: City, auditor: Client) -> None:
    desk = make_desk(city)
    noted(5)
    desk.published()
    sign_checkpoint(timezone.localtime())
    noted(5)
    report = verify_export(exported(auditor, "json", "?action=read"))
    assert report.findings == [] and (report.rows, report.anchored) == (10, 5)
    assert report.checkpoint_at


def test_only_what_was_asked_for(auditor: Client) -> None:
    noted()
    report = verify_export(exported(auditor, "csv", "?action=read"))
    assert (report.rows, report.events, report.findings) == (12, 0, [])
    response = auditor.post("/desk/audit/export.csv?from=gestern")
    assert response.status_code == 302 and "from=gestern" in response["Location"]
    assert auditor.post("/desk/audit/export.exe").status_code == 404
    assert auditor.get("/desk/audit/export.csv").status_code == 405


def test_an_empty_export_is_an_export(auditor: Client) -> None:
    report = verify_export(exported(auditor, "xlsx", "?action=print"))
    assert (report.rows, report.events, report.findings) == (0, 0, [])


def test_too_many_rows_are_refused_with_what_to_do(auditor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST_ROWS", 5)
    noted()
    response = auditor.post("/desk/audit/export.csv?action=read", follow=True)
    assert "请缩短时间" in response.content.decode()


def test_any_altered_byte_is_found(auditor: Client) -> None:
    noted(3)
    data = exported(auditor, "csv", "?action=read")
    assert verify_export(data).findings == []
    unnoticed = []
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        try:
            if not verify_export(changed).findings:
                unnoticed.append(place)
        except NoExport:
            pass
    assert unnoticed == []


def test_cut_short_and_strange_files_are_no_export(auditor: Client, tmp_path: Path) -> None:
    noted(3)
    data = exported(auditor)
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "x")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("审计记录.csv", PROOF, SIGNATURE):
            archive.writestr(name, b"0" * 5_000_000)
    for strange in (b"", b"PK", data[: len(data) // 2], data[:-1], other.getvalue(), bomb.getvalue()):
        with pytest.raises(NoExport):
            verify_export(strange)


def test_a_row_left_out_changed_or_added_by_whoever_has_no_key_is_found(auditor: Client) -> None:
    noted()
    files = files_of(exported(auditor, "json", "?action=read"))
    proof = json.loads(files[PROOF])
    for change in ("left out", "changed", "moved", "doubled", "seal"):
        forged = json.loads(json.dumps(proof))
        rows = forged["rows"]
        if change == "left out":
            del rows[3]
        elif change == "changed":
            rows[3]["leaf"] = rows[3]["leaf"].replace('"read"', '"list"')
        elif change == "moved":
            rows[3]["seal"], rows[3]["index"] = rows[9]["seal"], rows[9]["index"]
        elif change == "doubled":
            rows.insert(4, rows[3])
        else:
            forged["seals"][0]["root"] = "0" * 64
        data = pack(
            list({**files, PROOF: json.dumps(forged, ensure_ascii=False, separators=(",", ":")).encode()}.items())
        )
        assert verify_export(data).findings, change


def test_a_house_that_changed_a_sealed_row_cannot_prove_it(auditor: Client) -> None:
    noted()
    victim = Access.objects.order_by("id")[6]
    Access.objects.filter(pk=victim.pk).update(actor_id=99)
    told = [one.path for one in verify_export(exported(auditor, "csv", "?action=read")).findings]
    assert f"第 {victim.pk} 条" in told


def test_another_key_is_not_believed(auditor: Client) -> None:
    noted(3)
    data = exported(auditor)
    stranger = new_signer_key("elsewhere/log")
    assert stranger
    assert verify_export(data, verifiers()[0]).findings == []
    assert [one.kind for one in verify_export(data, "elsewhere/log+00000000+AQ==").findings] == ["key"]


def test_old_exports_still_prove_after_the_rows_were_dropped(auditor: Client, settings: Any) -> None:
    noted()
    data = exported(auditor, "csv", "?action=read")
    settings.AUDIT_MONTHS = 6
    assert drop_old(timezone.localtime() + timedelta(days=400)) > 0
    assert verify_export(data).findings == []


def test_the_command_checks_a_file_and_the_house(
    auditor: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noted()
    data = exported(auditor, "xlsx")
    path = tmp_path / "导出.zip"
    path.write_bytes(data)
    assert main(["audit", "verify", str(path)]) == 0
    assert "完好" in capsys.readouterr().out
    assert main(["audit", "verify", str(path), "--key", verifiers()[0]]) == 0
    files = files_of(data)
    path.write_bytes(pack([*files.items()][:1] + [(PROOF, files[PROOF] + b" "), (SIGNATURE, files[SIGNATURE])]))
    assert main(["audit", "verify", str(path)]) == 1
    assert "不能作为证据" in capsys.readouterr().out
    path.write_bytes(data[:100])
    assert main(["audit", "verify", str(path)]) == 2
    assert main(["audit", "verify", str(tmp_path / "none.zip")]) == 2
    assert main(["audit", "verify"]) == 0
    Access.objects.filter(pk=Access.objects.order_by("id")[2].pk).delete()
    assert main(["audit", "verify"]) == 1
