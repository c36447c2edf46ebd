"""Checks of what a city says of itself and its site: every fault at once, in Chinese."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mingtang.rules import OPINION, shipped_packs

from .description import Description
from .vocabulary import PROVINCES, several

PATTERN = "{index_code}/{year}-{serial:05d}"
PATTERN_FIELDS = ("index_code", "year", "serial")
# Sites of ministries, and numbers of the national register that are no area code; taken, with a word of warning.
OTHER_IDENTIFICATION = re.compile(r"(bm\d{8}|N\d{9})")
DOMAIN = re.compile(r"(?=.{4,120}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
PHONE = re.compile(r"(0\d{2,3}-?)?\d{7,8}(-\d{1,6})?|1[0-9]{10}|[14]\d{2}-?\d{3,4}-?\d{0,4}|12\d{3}")
INTERNET_FILING = re.compile(r"[\u4e00-\u9fff]ICP[备证]\d{6,8}号(-\d{1,4})?")
POLICE_FILING = re.compile(r"[\u4e00-\u9fff]公网安备\d{10,16}号")
LONGEST = {"name": 40, "government": 60, "title": 60, "sponsor": 80, "undertaker": 120, "postal_address": 120}
# Written on every page of the site; without them the page lacks what the national page guide asks for.
ASKED = ("phone", "postal_address", "internet_filing", "police_filing")


@dataclass
class Checked:
    """Faults stop, warnings do not."""

    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check_site(given: Description, found: Checked) -> tuple[dict[str, str], tuple[str, ...]]:
    """The values of ``CITY`` and ``SITE`` with defaults filled in, and the rule packs."""
    info = {key: value for key, value in given.info.items() if value}
    for key in ("name", "region_code"):
        if key not in info:
            found.faults.append(f"{given.place(key)}没有填。")
    city = info.get("name", "")
    info.setdefault("government", f"{city}人民政府")
    info.setdefault("title", f"{info['government']}政务公开")
    info.setdefault("sponsor", f"{info['government']}办公室")
    info.setdefault("undertaker", info["sponsor"])
    info.setdefault("index_pattern", PATTERN)
    info.setdefault("office_hours", "工作日 8:30至12:00，14:30至17:30")
    for key in ("internet_filing", "police_filing", "phone", "postal_address", "identification_code", "domain"):
        info.setdefault(key, "")
    for key, most in LONGEST.items():
        if len(info.get(key, "")) > most:
            found.faults.append(f"{given.place(key)}太长，最多{most}个字。")
    _check_region(given, info, found)
    _check_identification(given, info, found)
    _check_contact(given, info, found)
    check_pattern(info["index_pattern"], given.place("index_pattern"), found)
    return info, check_packs(given, info, found)


def _check_region(given: Description, info: Mapping[str, str], found: Checked) -> None:
    code = info.get("region_code", "")
    if code and not re.fullmatch(r"\d{6}|\d{9}", code):
        found.faults.append(f"{given.place('region_code')}“{code}”不对：县以上写6位数字，乡镇写9位数字。")
    elif code and code[:2] not in PROVINCES:
        found.faults.append(f"{given.place('region_code')}“{code}”不对：头两位 {code[:2]} 不是省级区划代码。")


def _check_identification(given: Description, info: Mapping[str, str], found: Checked) -> None:
    code, region, place = info["identification_code"], info.get("region_code", ""), given.place("identification_code")
    if not code:
        found.warnings.append(f"{place}没有填。网站备案后会得到10位标识码，届时补填，再运行一次 mingtang init。")
    elif re.fullmatch(r"\d{10}", code):
        if re.fullmatch(r"\d{6,9}", region) and code[:6] != region[:6]:
            found.faults.append(
                f"{place}“{code}”与行政区划代码“{region}”对不上：标识码的前6位应当是“{region[:6]}”。请核对两个号码。"
            )
    elif OTHER_IDENTIFICATION.fullmatch(code):
        found.warnings.append(f"{place}“{code}”不是地方网站常见的10位数字，请再核对一次。")
    else:
        found.faults.append(f"{place}“{code}”不对：应当是10位数字，前6位是行政区划代码，后4位是顺序号。")


def _check_contact(given: Description, info: dict[str, str], found: Checked) -> None:
    info["domain"] = domain = re.sub(r"^https?://|/.*$", "", info["domain"].strip().lower())
    if not domain:
        found.warnings.append(
            f"{given.place('domain')}没有填。先用 localhost；定下来后补填，再运行一次 mingtang init。"
        )
    elif not DOMAIN.fullmatch(domain):
        found.faults.append(f"{given.place('domain')}“{domain}”不对：例如 www.qinghe.gov.cn，不带 http:// 和路径。")
    elif not domain.endswith((".gov.cn", ".政务")):
        found.warnings.append(f"{given.place('domain')}“{domain}”不是 .gov.cn 域名，政府网站应当使用 .gov.cn。")
    if info["phone"] and not PHONE.fullmatch(info["phone"].replace(" ", "")):
        found.warnings.append(f"{given.place('phone')}“{info['phone']}”不像电话号码，例如 0475-5550001。")
    for key, shape, example in (
        ("internet_filing", INTERNET_FILING, "蒙ICP备05000001号-1"),
        ("police_filing", POLICE_FILING, "蒙公网安备15050202000001号"),
    ):
        if info[key] and not shape.fullmatch(info[key].replace(" ", "")):
            found.warnings.append(f"{given.place(key)}“{info[key]}”不像备案号，例如 {example}。")
    missing = [given.place(key) for key in ASKED if not info[key]]
    if missing:
        found.warnings.append(f"{'、'.join(missing)}没有填，页脚上就没有这些；以后可以补。")


def check_pattern(pattern: str, place: str, found: Checked) -> None:
    """An index pattern must tell organ, year and serial apart, and give numbers that can stand in an address."""
    try:
        made = [
            pattern.format(index_code="150526D001", year=year, serial=serial)
            for year, serial in ((2026, 1), (2026, 2), (2027, 1), (2026, 123456))
        ]
    except (KeyError, ValueError, IndexError, AttributeError):
        found.faults.append(f"{place}“{pattern}”不对：花括号里只能用 index_code、year、serial，例如 {PATTERN}。")
        return
    if len(set(made)) < 4 or "150526D001" not in made[0]:
        found.faults.append(f"{place}“{pattern}”不对：要同时有机构 {{index_code}}、年份 {{year}} 和顺序号 {{serial}}。")
    elif not re.fullmatch(r"[0-9A-Za-z\u4e00-\u9fff/_.-]{1,76}", made[3]) or "//" in made[3] or ".." in made[3]:
        found.faults.append(f"{place}“{pattern}”不对：索引号里只能有字母、数字、汉字和 / - _ .，不能有空格。")


def check_packs(given: Description, info: Mapping[str, str], found: Checked) -> tuple[str, ...]:
    """The rule packs named; all that fit the place where none is."""
    shipped = shipped_packs()
    if not info.get("rule_packs"):
        return tuple(default_packs(info.get("region_code", "")))
    wanted = several(info["rule_packs"])
    titles = {title: name for name, title in pack_titles().items()}
    chosen = []
    for one in wanted:
        name = titles.get(one.strip("《》"), one)
        if name not in shipped:
            found.faults.append(f"{given.place('rule_packs')}：没有规则包“{one}”。可以用的有：{'、'.join(shipped)}。")
        elif name not in chosen:
            chosen.append(name)
    if OPINION not in chosen:
        chosen.insert(0, OPINION)
        found.warnings.append(f"规则包 {OPINION} 是本平台职责的来源，已自动启用。")
    return tuple(chosen)


def default_packs(region_code: str) -> list[str]:
    """All shipped packs; the language pack of Inner Mongolia only there."""
    return [name for name in shipped_packs() if name != "mongolian_language" or region_code.startswith("15")]


def pack_titles() -> dict[str, str]:
    """Title of every shipped pack by its name."""
    from mingtang.rules import load_rulebook

    return {name: pack.title for name, pack in load_rulebook(tuple(shipped_packs())).packs.items()}
