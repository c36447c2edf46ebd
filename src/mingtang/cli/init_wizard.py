"""The questions of ``mingtang init`` on the terminal: each with a default and a reason, kept as they are answered."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mingtang.units.city.description import LABELS, Description, from_data
from mingtang.units.city.sheets import SheetError, read_sheets
from mingtang.units.city.site_check import PATTERN, Checked, check_site, default_packs, pack_titles
from mingtang.units.city.vocabulary import several, short_name_of

Answers = dict[str, str]
Ask = Callable[[str], str]
NONE, BACK = "无", "<"


class Stopped(Exception):
    """The person left before the end; what was answered is kept."""


@dataclass(frozen=True)
class Question:
    """``default`` of the answers so far; ``optional`` questions take 无."""

    key: str
    label: str
    why: str
    default: Callable[[Mapping[str, str]], str] = lambda _: ""
    optional: bool = False


def _of(key: str, why: str, default: Callable[[Mapping[str, str]], str] = lambda _: "", **more: Any) -> Question:
    return Question(key, LABELS[key], why, default, **more)


def _government(answers: Mapping[str, str]) -> str:
    return answers.get("government") or f"{answers.get('name', '')}人民政府"


def _department(answers: Mapping[str, str]) -> str:
    listed = several(answers.get("departments", ""))
    return listed[0] if listed else f"{_government(answers)}办公室"


QUESTIONS = (
    _of("name", "网站和公文里都叫这个名字，例如 青禾县。"),
    _of("region_code", "6位行政区划代码，单位代码、索引号和网站标识码都要用。", lambda _: "159921"),
    _of("government", "本级政府的全称，页眉上就写它。", _government),
    _of("title", "每一页的标题和页脚都有。", lambda given: f"{_government(given)}政务公开"),
    _of("domain", "网站的域名，签名的密钥以它命名；还没有就答“无”。", optional=True),
    _of("identification_code", "10位网站标识码，前6位是行政区划代码，每页都要标明；还没有就答“无”。", optional=True),
    _of("sponsor", "页脚的“主办”，网站出了问题找它。", lambda given: f"{_government(given)}办公室"),
    _of("undertaker", "页脚的“承办”。", lambda given: given.get("sponsor") or f"{_government(given)}办公室"),
    _of("phone", "页脚的电话，群众会打，要有人接。", optional=True),
    _of("postal_address", "页脚的地址。", optional=True),
    _of("office_hours", "页脚的办公时间。", lambda _: "工作日 8:30至12:00，14:30至17:30"),
    _of("internet_filing", "例如 蒙ICP备05000001号-1，备案后要标在页脚。", optional=True),
    _of("police_filing", "例如 蒙公网安备15050202000001号，备案后要标在页脚。", optional=True),
    _of(
        "rule_packs",
        "启用哪些规则。默认全部适用的；标“待核对”的请法制人员看过再用。",
        lambda given: "、".join(default_packs(given.get("region_code", ""))),
    ),
    _of("index_pattern", "索引号的写法，按机构和年份各自连号；定了就不要改。", lambda _: PATTERN),
    _of("logo", "网站标志，.png 或 .svg 文件；没有就答“无”，用明堂的印章。", optional=True),
    Question(
        "units_file",
        "单位表（.xlsx 或 .csv）",
        "单位里现成的表就行，要有“单位名称”一列；没有就答“无”，下一题写几个部门。",
        optional=True,
    ),
    Question(
        "departments",
        "部门全称，用顿号隔开",
        "先写几个够开张的，以后可以在办公台添加。政府和它的办公室会自动建好。",
        lambda given: (
            NONE
            if given.get("units_file")
            else "、".join(f"{given.get('name', '')}{part}" for part in ("教育局", "民政局", "财政局"))
        ),
        optional=True,
    ),
    Question("system", "系统管理员姓名", "管单位、账号和设置，看不到业务。三员必须是三个人。"),
    Question("security", "安全管理员姓名", "安排岗位、重设密码；和系统管理员互相制约。"),
    Question("audit", "审计管理员姓名", "只看日志和审计，什么都不能改。"),
    Question("first_unit", "先由哪个单位办文（全称）", "第一份公文从这里起草，以后再给别的单位开账号。", _department),
    Question("drafter", "起草人姓名", "起草公文的人。"),
    Question("head", "单位负责人姓名", "审定、签发的人。"),
    Question("reviewer", "保密审查员姓名", "公开前审查，不能审自己起草的，所以不能是起草人。"),
    Question("officer", "政务公开专职人员姓名", "编号印发、公开，登记媒体发布。"),
    Question("clerk", "政府办公室文书姓名", "收各部门报送的公文，不合格的退回。"),
)
ROLES = {
    "system": ("系统管理员", ""),
    "security": ("安全管理员", ""),
    "audit": ("审计管理员", ""),
    "drafter": ("起草人", "first_unit"),
    "head": ("单位负责人", "first_unit"),
    "reviewer": ("保密审查员", "first_unit"),
    "officer": ("政务公开专职人员", "first_unit"),
    "clerk": ("政府办公厅文书", ""),
}


def run_wizard(path: Path, ask: Ask, say: Callable[[str], None]) -> Description:
    """Ask everything that is not answered yet, keeping the answers in ``path`` after each.

    Raises:
        Stopped: the input ended; ``str()`` says how to go on.
        OSError: the answers cannot be kept.
    """
    answers = _kept(path)
    say(
        "建一个自己的城市。每题直接回车就用方括号里的；“无”表示没有，“<”回上一题。随时可以停（Ctrl+C），答过的不会丢。\n"
    )
    number = 0
    if answers and len(answers) < len(QUESTIONS):
        number = next(place for place, question in enumerate(QUESTIONS) if question.key not in answers)
        say(f"上次答到第{number}题，从第{number + 1}题接着来；要改前面的，用“<”退回去。\n")
    while number < len(QUESTIONS):
        question = QUESTIONS[number]
        default = answers.get(question.key, "") or (NONE if question.key in answers else question.default(answers))
        say(f"{number + 1}/{len(QUESTIONS)} {question.label}\n  {question.why}")
        try:
            written = ask(f"  [{default}] " if default else "  ").strip() or default
        except (EOFError, KeyboardInterrupt):
            raise Stopped(
                f"\n先停在第{number + 1}题，答过的已记在 {path}。再运行 mingtang init 就从这里继续。"
            ) from None
        if written == BACK:
            number = max(0, number - 1)
            continue
        value = "" if written == NONE and question.optional else written
        fault = _fault(question, value, answers)
        if fault:
            say(f"  ✗ {fault}")
            continue
        if question.key in ("logo", "units_file") and value:
            value = str(Path(value).expanduser().resolve())
        answers[question.key] = value
        _keep(path, answers)
        for word in _words(question, answers):
            say(f"  {word}")
        number += 1
    return from_data(path, as_data(answers))


def as_data(answers: Mapping[str, str]) -> dict[str, Any]:
    """The answers as the values of a TOML file."""
    government = _government(answers)
    office = f"{government}办公室"
    units: Any = [
        {"name": government, "short_name": short_name_of(government, answers["name"]), "kind": "政府"},
        {"name": office, "kind": "政府办公厅（室）", "parent": government},
        *({"name": name, "constituent": "是"} for name in several(answers["departments"])),
    ]
    people = []
    for key, (role, unit) in ROLES.items():
        people.append({"name": answers[key], "roles": role, "unit": answers[unit] if unit else ""})
    city = {key: answers[key] for key in ("name", "region_code", "government", "index_pattern", "rule_packs", "logo")}
    site_keys = [key for key in LABELS if key not in city]
    data = {"city": city, "site": {key: answers[key] for key in site_keys}, "people": people}
    return {**data, "units": answers["units_file"] or units}


def _fault(question: Question, value: str, answers: Mapping[str, str]) -> str:
    if not value:
        return "" if question.optional else "这一题要答。"
    if question.key in LABELS:
        found = Checked()
        given = Description(Path(), {**answers, question.key: value})
        check_site(given, found)
        place = given.place(question.key)
        return next((fault for fault in found.faults if fault.startswith(place) and "没有填" not in fault), "")
    if question.key == "units_file":
        try:
            if "units" not in read_sheets(Path(value).expanduser(), {}).tables:
                return "这个文件里没有单位表：要有“单位名称”一列。"
        except SheetError as error:
            return str(error)
    same = [key for key in ("system", "security", "audit") if key != question.key and answers.get(key) == value]
    if question.key in ("system", "security", "audit") and same:
        return f"“{value}”已是另一名管理员。三员必须是三个不同的人。"
    if question.key == "reviewer" and answers.get("drafter") == value:
        return f"“{value}”是起草人，不能审查自己起草的。请换一个人。"
    return ""


def _words(question: Question, answers: Mapping[str, str]) -> list[str]:
    """What is worth saying after an answer."""
    if question.key == "index_pattern":
        code = f"{answers['region_code'][:6]}G001"
        return [f"第一个号码会是 {answers['index_pattern'].format(index_code=code, year=2026, serial=1)}"]
    if question.key == "rule_packs":
        titles = pack_titles()
        return [f"· {titles.get(name, name)}" for name in several(answers["rule_packs"])]
    if question.key in LABELS:
        found = Checked()
        given = Description(Path(), dict(answers))
        check_site(given, found)
        return [f"提醒：{word}" for word in found.warnings if word.startswith(given.place(question.key))][:1]
    return []


def _kept(path: Path) -> Answers:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = {question.key for question in QUESTIONS}
    return {key: value for key, value in data.items() if key in known and isinstance(value, str)}


def _keep(path: Path, answers: Answers) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        json.dump(answers, handle, ensure_ascii=False, indent=1)
    os.replace(draft, path)
