"""An export of the audit trail that anybody can check without the house: its form, and the check.

A ZIP archive of three stored files: the table people read (``.csv``, ``.xlsx`` or ``.json``), ``证明.json`` with the rows
as they were sealed, their inclusion proofs, the chain of seals, the journal events asked for and those that lead from a
seal to the newest signed checkpoint; and ``签名.txt``, a note signed with the log's key that names the hashes of both.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from .audit_seals import FIRST, seal_hash
from .log_check import SHANGHAI, Finding
from .notes import Checkpoint, NoteError, open_note, read_keys
from .proofs import verify_inclusion
from .tree import leaf_hash

TITLE = "mingtang audit export"
PROOF, SIGNATURE, TABLE = "证明.json", "签名.txt", "审计记录"
FORMS = ("csv", "xlsx", "json")
# The first columns of every table, which are held against the proof.
SOURCE, NUMBER, AT, PERSON_ID, ACTION = "来源", "编号", "时间", "人员编号", "动作代码"
LOOKED, DID = "看", "办"
LARGEST = 200_000_000
FIELDS = ("sequence", "first", "last", "count", "gaps", "root", "start", "end", "previous")


@dataclass
class ExportReport:
    """What an export shows. ``anchored`` counts the rows that a signed checkpoint of the public log commits to."""

    findings: list[Finding] = field(default_factory=list)
    rows: int = 0
    events: int = 0
    seals: int = 0
    anchored: int = 0
    key: str = ""
    made_at: str = ""
    checkpoint_at: str = ""


class NoExport(Exception):
    """The file is no export of the audit trail at all. The message is Chinese."""


def pack(files: list[tuple[str, bytes]]) -> bytes:
    """The archive: stored, dated alike, so that the same files always give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr, entry.create_system = 0o600 << 16, 3
            archive.writestr(entry, data)
    return buffer.getvalue()


def head_of(*, made_at: datetime, rows: int, events: int, seal: tuple[int, str], files: list[tuple[str, bytes]]) -> str:
    """The text that is signed."""
    hashes = "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in files)
    moment = made_at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"{TITLE}\ntime {moment}\nrows {rows} events {events}\nseal {seal[0]} {seal[1]}\n{hashes}"


def verify_export(data: bytes, key: str = "") -> ExportReport:
    """Check an export without the house. With ``key`` only that log key is believed, else the one in the export.

    Raises:
        NoExport: it is no such archive.
    """
    report = ExportReport()
    files = _unpack(data)
    names = list(files)
    table = names[0]
    if pack(list(files.items())) != data:
        report.findings.append(Finding("changed", "压缩包", "与导出时的不同：有字节被改动。"))
    try:
        proof = json.loads(files[PROOF])
        keys = read_keys(str(proof["keys"]), key)
        note = files[SIGNATURE].decode()
        body = open_note(note, keys)
    except NoteError as error:
        report.findings.append(Finding("key", SIGNATURE, str(error)))
        return report
    except (ValueError, KeyError, TypeError, RecursionError):
        report.findings.append(Finding("changed", PROOF, "读不懂，被改动过。"))
        return report
    report.key = keys[0]
    try:
        _check(report, proof, body, table, files, keys)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError):
        report.findings.append(Finding("changed", PROOF, "读不懂，被改动过。"))
    return report


def _unpack(data: bytes) -> dict[str, bytes]:
    if len(data) > LARGEST:
        raise NoExport("文件太大，不是审计导出。")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if any(entry.compress_type != zipfile.ZIP_STORED or entry.file_size > len(data) for entry in entries):
                raise NoExport("这不是审计导出的压缩包，或结构被改动过。")
            if len(names) != 3 or names[1:] != [PROOF, SIGNATURE] or names[0].rpartition(".")[0] != TABLE:
                raise NoExport("这不是审计导出的压缩包：里面应当有审计记录、证明和签名三个文件。")
            return {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise NoExport(f"打不开：文件不完整，或被改动过（{error}）。") from None


def _check(
    report: ExportReport, proof: dict[str, Any], body: str, table: str, files: dict[str, bytes], keys: list[str]
) -> None:
    found = report.findings
    seals = {int(seal["sequence"]): seal for seal in proof["seals"]}
    chain = [seals[number] for number in sorted(seals)]
    newest = (int(chain[-1]["sequence"]), str(chain[-1]["hash"])) if chain else (0, FIRST)
    report.rows, report.events, report.seals = len(proof["rows"]), len(proof["events"]), len(chain)
    report.made_at = str(proof["made_at"])
    expected = head_of(
        made_at=datetime.fromisoformat(report.made_at),
        rows=report.rows,
        events=report.events,
        seal=newest,
        files=[(table, files[table]), (PROOF, files[PROOF])],
    )
    if body != expected:
        told = [name for name in (table, PROOF) if f"{sha256(files[name]).hexdigest()}  {name}\n" not in body]
        for name in told or [SIGNATURE]:
            found.append(Finding("changed", name, "与签名的不同：导出以后被改动过。"))
    found += _check_chain(chain)
    found += _check_rows(proof["rows"], seals)
    found += _check_events(proof["events"])
    found += _check_table(table, files[table], proof)
    anchored = _anchored_seal(proof, keys, seals, report)
    report.anchored = sum(1 for row in proof["rows"] if int(row["seal"]) <= anchored)


def _check_chain(chain: list[dict[str, Any]]) -> Iterator[Finding]:
    before: dict[str, Any] | None = None
    for seal in chain:
        name = f"第 {seal['sequence']} 封"
        if seal_hash(**{key: seal[key] for key in FIELDS}) != seal["hash"]:
            yield Finding("changed", name, "封条的内容与它的散列不符。")
        if before is not None:
            follows = (before["sequence"] + 1, before["hash"], before["last"] + 1)
            if (seal["sequence"], seal["previous"], seal["first"]) != follows:
                yield Finding("changed", name, "与前一封不相连。")
        before = seal


def _check_rows(rows: list[dict[str, Any]], seals: dict[int, dict[str, Any]]) -> Iterator[Finding]:
    last = 0
    for row in rows:
        leaf, seal = str(row["leaf"]), seals[int(row["seal"])]
        number = int(json.loads(leaf)[0])
        path = [bytes.fromhex(value) for value in row["proof"]]
        right = verify_inclusion(
            leaf_hash(leaf.encode()), int(row["index"]), int(seal["count"]), path, bytes.fromhex(seal["root"])
        )
        if not right or not seal["first"] <= number <= seal["last"]:
            yield Finding("changed", f"第 {number} 条", f"与第 {seal['sequence']} 封对不上：封存以后被改动。")
        if number <= last:
            yield Finding("changed", f"第 {number} 条", "重复或次序不对。")
        last = number


def _check_events(events: list[dict[str, Any]]) -> Iterator[Finding]:
    last = 0
    for event in events:
        if event_hash(event) != event["hash"]:
            yield Finding("changed", f"办事日志第 {event['sequence']} 条", "内容与它的散列不符。")
        if int(event["sequence"]) <= last:
            yield Finding("changed", f"办事日志第 {event['sequence']} 条", "重复或次序不对。")
        last = int(event["sequence"])


def event_hash(event: dict[str, Any]) -> str:
    """The hash of a journal event from its content (canonical JSON, RFC 8785: its values are texts and one number)."""
    content = {name: value for name, value in event.items() if name != "hash"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def _anchored_seal(
    proof: dict[str, Any], keys: list[str], seals: dict[int, dict[str, Any]], report: ExportReport
) -> int:
    """The last seal that the signed checkpoint commits to through the journal; 0 if none."""
    link, note = proof["link"], str(proof["checkpoint"])
    if not link or not note:
        return 0
    checkpoint = Checkpoint.from_text(open_note(note, keys))
    report.checkpoint_at = checkpoint.at.isoformat()
    before = ""
    for event in link:
        if event_hash(event) != event["hash"] or (before and event["previous"] != before):
            report.findings.append(
                Finding("changed", f"办事日志第 {event['sequence']} 条", "从封条到检查点的日志不相连。")
            )
            return 0
        before = str(event["hash"])
    first, last = link[0], link[-1]
    said = json.loads(first["payload"])
    seal = seals.get(int(said["seal"]))
    if (int(last["sequence"]), before) != (checkpoint.journal_sequence, checkpoint.journal_hash):
        report.findings.append(Finding("changed", PROOF, "日志没有通到检查点。"))
        return 0
    if first["name"] != "audit.sealed" or seal is None or said["hash"] != seal["hash"]:
        report.findings.append(Finding("changed", PROOF, "日志里的封条与证明里的不同。"))
        return 0
    return int(said["seal"])


def _check_table(name: str, data: bytes, proof: dict[str, Any]) -> list[Finding]:
    """Numbers, people, actions and times of the table against the proof, one by one."""
    proven = set()
    for row in proof["rows"]:
        number, at, person, action = json.loads(row["leaf"])[:4]
        proven.add((LOOKED, str(number), moment_shown(int(at)), str(person or ""), str(action)))
    for event in proof["events"]:
        at = moment_shown(int(event["at"]))
        proven.add((DID, str(event["sequence"]), at, str(event["actor"]), str(event["name"])))
    told = _table_rows(name, data)
    found = [
        Finding("changed", f"{name} {line[0]} {line[1]}", "表里的这一行与证明不符。")
        for line in told
        if line not in proven
    ]
    if len(told) != len(proven) or len(set(told)) != len(told):
        found.append(Finding("changed", name, f"表里有 {len(told)} 行，证明的是 {len(proven)} 条。"))
    return found


def moment_shown(microseconds: int) -> str:
    """A moment as the tables write it: Shanghai time to the second."""
    return f"{datetime.fromtimestamp(microseconds // 1_000_000, SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _table_rows(name: str, data: bytes) -> list[tuple[str, ...]]:
    columns = (SOURCE, NUMBER, AT, PERSON_ID, ACTION)
    form = name.rpartition(".")[2]
    if form == "json":
        return [tuple(str(row[column]) for column in columns) for row in json.loads(data)]
    if form == "csv":
        lines: list[Any] = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    elif form == "xlsx":
        from openpyxl import load_workbook

        try:
            lines = [list(row) for row in load_workbook(io.BytesIO(data), read_only=True).worksheets[0].values]
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise ValueError(str(error)) from None
    else:
        raise ValueError(name)
    places = [lines[0].index(column) for column in columns]
    return [tuple(str("" if line[place] is None else line[place]) for place in places) for line in lines[1:]]
