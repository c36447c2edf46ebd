import csv
import io
import json
from datetime import UTC, datetime
from hashlib import sha256

from tests.text.tables.samples import GOOD_CODE, kind

from mingtang.text.tables.packages import csv_of, json_of, package_of

ROW = {
    "party": "=甲,“公司”\n二行",
    "credit_code": GOOD_CODE,
    "document_number": "通罚〔2026〕1号",
    "category": "罚款",
    "fine": "1.5",
    "confiscated": "-0.5",
    "total": None,
    "decided_on": "2026-01-03",
    "shown_until": None,
}


def test_a_package_describes_its_files() -> None:
    files = {"data.csv": csv_of(kind().fields, [ROW]), "data.json": json_of(kind().fields, [ROW])}
    package = json.loads(
        package_of(
            kind(), name="penalty", title="行政处罚", made=datetime(2026, 1, 3, tzinfo=UTC), version="1", files=files
        )
    )
    for resource in package["resources"]:
        data = files[resource["path"]]
        assert (resource["bytes"], resource["hash"]) == (len(data), f"sha256:{sha256(data).hexdigest()}")
    assert [field["name"] for field in package["resources"][0]["schema"]["fields"]] == list(ROW)
    assert json.loads(files["data.json"]) == [ROW]


def test_a_cell_is_no_formula_and_keeps_its_commas_and_lines() -> None:
    read = list(csv.DictReader(io.StringIO(csv_of(kind().fields, [ROW]).decode("utf-8-sig"))))
    assert read[0]["party"] == " =甲,“公司”\n二行" and read[0]["confiscated"] == "-0.5" and read[0]["total"] == ""
