"""Content of an official paper without a database: what ``documents.official.official_content`` gives, to be changed."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mingtang.text.official import heading, paragraph

AT = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
ROWS = [
    paragraph("现就有关事项通知如下。"),
    heading("一、总体要求", 1, face="hei"),
    paragraph("能不交的材料一律不交。", "（一）减材料。", face="kai"),
    paragraph("1.第一项。"),
]


def content(**changes: Any) -> dict[str, Any]:
    return {
        "form": "paper",
        "issuers": ["通辽市教育局"],
        "title": ["通辽市教育局关于课后服务的通知"],
        "title_lines": ["通辽市教育局关于课后服务的通知"],
        "mark": ["通辽市教育局"],
        "suffix": "文件",
        "copy_number": "",
        "secrecy": "",
        "urgency": "",
        "number": "通教发〔2026〕9号",
        "signers": [],
        "addressees": "各旗县市区教育局：",
        "addressees_below": False,
        "rows": ROWS,
        "listed": [],
        "attendance": [],
        "signature": ["通辽市教育局"],
        "signer": "",
        "signer_title": "",
        "date": "2026年3月2日",
        "seal": True,
        "notes": [],
        "annexes": [],
        "copies": "市委办公厅，市人大常委会办公室",
        "printed_by": "通辽市教育局",
        "printed_on": "2026年3月3日",
        "duplex": True,
        "draft": "",
        "warning": "",
        "chinese": True,
        **changes,
    }


FORMS: dict[str, dict[str, Any]] = {
    "paper": {},
    "upward": {"form": "upward", "signers": ["巴特尔", "王小明", "李华"]},
    "letter": {"form": "letter", "suffix": "", "printed_by": "", "printed_on": ""},
    "order": {
        "form": "order",
        "mark": ["通辽市人民政府令"],
        "suffix": "",
        "number": "第12号",
        "title_lines": [],
        "addressees": "",
        "signature": [],
        "signer": "巴特尔",
        "signer_title": "市长",
    },
    "minutes": {
        "form": "minutes",
        "mark": ["通辽市人民政府常务会议纪要"],
        "suffix": "",
        "signature": [],
        "date": "",
        "addressees": "",
        "attendance": [["出席", "巴特尔、王小明"], ["请假", "李华"]],
    },
}
