"""Generated publications for measuring the public side: written straight into the public tables, with a real log."""

import random
import secrets
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

# fmt: off
WORDS = [
    "群众", "办事", "材料", "窗口", "服务", "供热", "企业", "学校", "医院", "项目", "监督", "公开", "检查", "补贴", "农牧民", "草原", "道路",
    "供水", "安全", "生产", "培训", "就业", "社会", "保障", "环境", "治理", "市场", "价格", "建设", "审批", "流程", "时限", "责任", "部门",
    "落实", "完善", "加强", "推进", "规范", "依法", "按照", "有关", "规定", "组织", "开展", "工作",
]
# fmt: on
UNITS = [(f"unit{number:02d}", f"市第{number}局") for number in range(30)]
TOPICS = ("综合政务", "科技、教育", "卫生、体育", "城乡建设、环境保护", "农业、林业、水利")
GENRES = ("通知", "意见", "办法", "公告")
START = datetime(2017, 1, 3, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def payload_of(number: int, chance: random.Random, characters: int = 800) -> dict[str, object]:
    """A paper of about so many characters in articles, as a department writes it."""
    code, name = UNITS[number % len(UNITS)]
    blocks, written = [], 0
    while written < characters:
        text = "".join(chance.choices(WORDS, k=chance.randint(12, 30))) + "。"
        place = len(blocks) + 1
        blocks.append({"id": f"a{place}", "kind": "article", "number": f"（{place}）", "title": "", "text": text})
        written += len(text)
    title = f"关于{''.join(chance.choices(WORDS, k=4))}的通知（{number}）"
    return {
        "schema": "document/1",
        "title": title,
        "document_number": f"通测发〔2026〕{number + 1}号",
        "issuers": [name],
        "addressees": "各有关单位",
        "written_on": (date(2017, 1, 3) + timedelta(days=number % 3000)).isoformat(),
        "effective_on": "",
        "signed_on": "",
        "source": name,
        "genre": GENRES[number % len(GENRES)],
        "topic": TOPICS[number % len(TOPICS)],
        "stages": ["service"],
        "openness": "full_release",
        "mode": "on_own_initiative",
        "blocks": blocks,
        "cuts": [],
    }


def stock(count: int, *, seed: int = 1, characters: int = 800) -> None:
    """Write so many publications, one edition and one log entry each, into the empty public tables."""
    from mingtang.editions.log import leaf_bytes, salted_hash
    from mingtang.editions.models import Edition, LogEntry, LogHead, LogNode, Publication
    from mingtang.merkle import MemoryStore, Tree, leaf_hash
    from mingtang.text.canonical import canonical_json, content_hash

    chance, store = random.Random(seed), MemoryStore()
    tree = Tree(store)
    for first in range(0, count, 2000):
        publications, editions, entries = [], [], []
        for number in range(first, min(first + 2000, count)):
            payload = payload_of(number, chance, characters)
            text, salt, at = canonical_json(payload), secrets.token_hex(16), START + timedelta(minutes=10 * number)
            code, name = UNITS[number % len(UNITS)]
            publication = Publication(
                pk=number + 1,
                index_number=f"150500{code.upper()}/2026-{number:06d}",
                path=f"pub/150500{code.upper()}-2026-{number:06d}",
                kind="document",
                title=payload["title"],
                document_number=payload["document_number"],
                unit_code=code,
                unit_name=name,
                region_code="150500",
                stages=payload["stages"],
                topic=payload["topic"],
                genre=payload["genre"],
                written_on=date.fromisoformat(str(payload["written_on"])),
                published_at=at,
            )
            publications.append(publication)
            salted = salted_hash(salt, text)
            editions.append(
                Edition(
                    publication=publication,
                    number=1,
                    payload=text,
                    payload_hash=content_hash(text),
                    salt=salt,
                    published_at=at,
                )
            )
            leaf = leaf_bytes(
                index=number,
                index_number=publication.index_number,
                edition_number=1,
                kind="published",
                salted=salted,
                at=at,
            )
            tree.append(leaf)
            entries.append(
                LogEntry(
                    index=number,
                    publication=publication,
                    edition_number=1,
                    kind="published",
                    salted_hash=salted,
                    at=at,
                    leaf_hash=leaf_hash(leaf).hex(),
                )
            )
        Publication.objects.bulk_create(publications)
        Edition.objects.bulk_create(editions)
        LogEntry.objects.bulk_create(entries)
    nodes = (
        LogNode(level=level, position=position, hash=value.hex())
        for level, row in enumerate(store.levels)
        for position, value in enumerate(row)
    )
    LogNode.objects.bulk_create(nodes, batch_size=5000)
    LogHead.objects.update_or_create(pk=1, defaults={"size": tree.size, "root": tree.root().hex()})
