"""What the city has to say and settle: profile, people, calendar, addresses, demonstration data."""

import ipaddress
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Q

from mingtang.duties.calendars import current_calendar
from mingtang.records.rulebook import rulebook
from mingtang.units.models import Person, Post, Unit
from mingtang.units.roles import ADMINISTRATORS, ROLES
from mingtang.units.selectors import GENERAL_OFFICE, GOVERNMENT, GROUPS_BY_KIND

from .finding import GREEN, RED, YELLOW, Finding

# The State Council announces the next year's days off in autumn.
ANNOUNCED_FROM_MONTH = 11
SITE_LABELS = {
    "identification_code": "网站标识码",
    "sponsor": "主办单位",
    "phone": "联系电话",
    "postal_address": "联系地址",
    "internet_filing": "ICP备案号",
    "police_filing": "公安备案号",
}
WORKING_ROLES = ("drafter", "unit_head", "secrecy_reviewer", "openness_officer", "general_office_clerk")


def profile(now: datetime) -> Iterator[Finding]:
    """The site block, the groups that rules give duties to, and rules that lawyers have to confirm."""
    if not settings.OWN_CITY:
        yield Finding(
            YELLOW,
            "城市档案",
            "还没有自己的城市档案，用的是随程序带的演示档案。",
            "页面上写的不是本单位。",
            "运行 mingtang init。",
        )
    missing = [label for key, label in SITE_LABELS.items() if not settings.SITE.get(key)]
    if missing:
        yield Finding(
            YELLOW,
            "网站标识",
            f"没有填：{'、'.join(missing)}。",
            "政府网站要在每一页标明这些，检查时逐项核对。",
            "在城市的表里补上，再运行一次 mingtang init --profile。",
        )
    else:
        yield Finding(GREEN, "网站标识", f"{settings.SITE['title']}，标识码 {settings.SITE['identification_code']}。")
    book = rulebook()
    listed = {group for groups in Unit.objects.values_list("groups", flat=True) for group in groups}
    derived = {*GROUPS_BY_KIND, "constituent_departments"}
    empty = [group.label for code, group in book.unit_groups.items() if code not in listed and code not in derived]
    if empty:
        yield Finding(
            YELLOW,
            "职责分组",
            f"这些分组里没有单位：{'、'.join(empty)}。",
            "给这些分组的职责没有人承担，时钟不会开。",
            "在单位表的“职责分组”一列写上承担的单位，再运行 mingtang init --profile。",
        )
    confirm = [pack.title for pack in book.packs.values() if pack.status == "to_confirm"]
    if confirm:
        yield Finding(
            YELLOW,
            "规则",
            f"启用了待核对的规则：《{'》《'.join(confirm)}》。",
            "条文没有对过原文，时限可能与本地现行规定不同。",
            "请法制人员核对；不用的从规则包里去掉。",
        )


def people(now: datetime) -> Iterator[Finding]:
    """The three administrators, a second factor for them, and somebody for every step of a paper."""
    today = now.date()
    in_force = Post.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=today), valid_from__lte=today, person__is_active=True
    )
    held = set(in_force.values_list("role", flat=True))
    missing = [str(ROLES[role]) for role in ROLES if role in ADMINISTRATORS and role not in held]
    if missing:
        yield Finding(
            RED,
            "三员",
            f"没有{'、'.join(missing)}。",
            "系统、安全、审计要分开，缺一就有事没人能办。",
            "mingtang people post 用户名 --unit 单位 --role 角色。",
        )
    else:
        yield Finding(GREEN, "三员", "系统、安全、审计管理员都有人。")
    administrators = set(in_force.filter(role__in=ADMINISTRATORS).values_list("person_id", flat=True))
    bare = administrators - set(Authenticator.objects.filter(type="totp").values_list("user_id", flat=True))
    if bare:
        yield Finding(
            YELLOW,
            "动态口令",
            f"{len(bare)}名管理员没有启用动态口令。",
            "只凭密码，密码泄露就能冒名管理系统。",
            "本人登录后在 /accounts/2fa/ 启用。",
        )
    idle = [str(ROLES[role]) for role in WORKING_ROLES if role not in held]
    if idle:
        yield Finding(
            YELLOW,
            "岗位",
            f"还没有{'、'.join(idle)}。",
            "公文要经他们办理，缺一步就走不下去。",
            "由安全管理员在“人员”里安排岗位。",
        )
    offices = Unit.objects.filter(kind=GENERAL_OFFICE, valid_to=None).values_list("parent_id", flat=True)
    without = Unit.objects.filter(kind=GOVERNMENT, valid_to=None).exclude(pk__in=[code for code in offices if code])
    names = list(without.values_list("name", flat=True)[:5])
    if names:
        yield Finding(
            YELLOW,
            "单位",
            f"没有办公厅（室）的政府：{'、'.join(names)}{'等' if len(names) == 5 else ''}。",
            "它们的公文没有部门收文。",
            "在“单位”里给它们各加一个办公厅（室）。",
        )
    if not Unit.objects.exists():
        yield Finding(RED, "单位", "一个单位都没有。", "没有单位就没有人能办文。", "运行 mingtang init。")


def calendar(now: datetime) -> Iterator[Finding]:
    """Working days of this year and the next."""
    known, year = current_calendar().years, now.year
    do = "把国务院办公厅的放假通知做成 CSV，在“工作日历”里载入，或运行 mingtang calendar import。"
    if year not in known:
        yield Finding(RED, "工作日历", f"没有{year}年的放假安排。", "时限按周一至周五估算，全部是暂定的。", do)
    elif year + 1 not in known and now.month >= ANNOUNCED_FROM_MONTH:
        yield Finding(
            YELLOW, "工作日历", f"没有{year + 1}年的放假安排。", "跨年的时限是暂定的。通知一般在11月前后公布。", do
        )
    else:
        words = f"和{year + 1}年" if year + 1 in known else f"；{year + 1}年的一般在11月前后公布"
        yield Finding(GREEN, "工作日历", f"有{year}年{words}。")


def addresses(now: datetime) -> Iterator[Finding]:
    """HTTPS, the names the site answers to, and the address it tells others."""
    address = str(settings.SITE["address"])
    parts = urlsplit(address)
    hosts = settings.ALLOWED_HOSTS
    if any(host.strip() == "*" for host in hosts):
        yield Finding(
            RED,
            "网址",
            "MINGTANG_HOSTS 写了 *，什么名称都应答。",
            "别人可以冒用网址骗取密码。",
            "改成实际的名称，用逗号隔开。",
        )
    if _is_local(parts.hostname or ""):
        yield Finding(
            YELLOW,
            "网址",
            f"对外地址还是 {address}，只有本机能看。",
            "订阅、网站地图和邮件里的链接别人打不开。",
            "设置 MINGTANG_ADDRESS=https://域名 和 MINGTANG_HOSTS=域名，见 docs/how-to/deploy.md。",
        )
        return
    domain = str(settings.SITE.get("domain", ""))
    if domain and parts.hostname != domain:
        yield Finding(
            YELLOW,
            "网址",
            f"对外地址是 {parts.hostname}，网站标识里的域名是 {domain}。",
            "签名以域名命名，两处要一致。",
            "改 MINGTANG_ADDRESS，或改城市表里的网站域名。",
        )
    if parts.scheme != "https":
        yield Finding(
            RED,
            "HTTPS",
            f"对外地址 {address} 没有加密。",
            "密码和群众提交的内容在网上看得见。",
            "在前面放 nginx 并装证书，MINGTANG_ADDRESS 改成 https://，再设 MINGTANG_TLS=1。",
        )
    elif not settings.SESSION_COOKIE_SECURE:
        yield Finding(
            RED,
            "HTTPS",
            "没有设 MINGTANG_TLS=1。",
            "登录凭据可能从不加密的连接送出去。",
            "设 MINGTANG_TLS=1，重启服务。",
        )
    else:
        yield Finding(GREEN, "HTTPS", f"{address}，登录凭据只走加密连接。")


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def demonstration(now: datetime) -> Iterator[Finding]:
    """Whether invented people or papers are here."""
    if settings.SITE["demonstration"] or Person.objects.filter(demonstration=True).exists():
        local = _is_local(urlsplit(str(settings.SITE["address"])).hostname or "")
        yield Finding(
            YELLOW if local else RED,
            "演示数据",
            "这里装着演示城市，人员和文件都是编的。",
            "演示账号的密码是公开的，只能在本机使用。",
            "试用完运行 mingtang demo discard，再运行 mingtang init。",
        )
    else:
        yield Finding(GREEN, "演示数据", "没有。")
