"""Search over generated papers, beside SQLite FTS5 and PostgreSQL: building, phrases with totals and marks, recall.

The papers are seeded and made here: words of two to four characters, some of them in every paper and most of them
rare, with phrases planted at known depths. What each engine finds is held against a plain scan of the texts.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.bench.bench_ground import Row, row
from tests.postgres import NoServer, server

from mingtang.search.engine import Asked, Cursor, Entry
from mingtang.search.marks import snippet
from mingtang.search.tantivy_engine import TantivyReader, TantivyWriter
from mingtang.search.words import Word, indexed, parse

SIZE, POSTGRES_SIZE, LENGTH, PAGE = 200_000, 20_000, 800, 10
QUERIES, WORDS, CHARACTERS = 300, 8000, 2500
PLANTED = (
    "敖包",
    "蒙医药",
    "飞地园区",
    "沙化土地封禁",
    "一次性吸纳就业补贴",
    "打好黄河几字弯攻坚战三年行动",
    "㐀",
    "𠀀民",
)
START = datetime(2006, 1, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
Texts = list[str]
# The total and the marked pieces of the first page.
Answer = tuple[int, list[str]]


def papers(size: int = SIZE, seed: int = 4) -> Texts:
    """Invented papers of about LENGTH characters; each planted phrase stands in one of 50 to 800 of them.

    Words are about as unequal as in official papers: the commonest stands several times in nearly every paper, and
    four fifths of the pairs in 800 characters are different ones.
    """
    draw = random.Random(seed)
    # Every sixth character of the basic block: no planted phrase is made by chance.
    characters = [chr(0x4E00 + number * 6) for number in range(CHARACTERS)]
    draw.shuffle(characters)
    falling = list(accumulate(1 / (rank + 20) for rank in range(CHARACTERS)))
    words = [
        "".join(draw.choices(characters, cum_weights=falling, k=draw.choice((2, 2, 2, 3, 4)))) for _ in range(WORDS)
    ]
    often = list(accumulate(1 / (rank + 20) ** 1.3 for rank in range(WORDS)))
    made = []
    for number in range(size):
        taken = draw.choices(words, cum_weights=often, k=LENGTH * 2 // 5)
        for place in range(7, len(taken), 9):
            taken[place] += "，" if place % 2 else "。"
        for which, phrase in enumerate(PLANTED):
            if number % (50 + 107 * which) == which:
                taken[draw.randrange(len(taken))] += phrase
        taken.append(f"{draw.randrange(2006, 2027)}年{draw.randrange(1, 13)}月第{number}号。")
        made.append("".join(taken))
    return made


def questions(texts: Texts, count: int = QUERIES, seed: int = 5) -> list[str]:
    """What readers ask: planted phrases and parts of them, and pieces of two to eight characters cut from papers at
    any place, in the middle of words too."""
    draw = random.Random(seed)
    asked = [*PLANTED, *(phrase[1:-1] for phrase in PLANTED if len(phrase) > 3)]
    asked = [phrase for phrase in asked if len(phrase) > 1]
    while len(asked) < count:
        text, length = draw.choice(texts), draw.choice((2, 2, 2, 3, 4, 6, 8))
        start = draw.randrange(len(text) - length)
        piece = text[start : start + length]
        if not set(piece) & set("，。"):
            asked.append(piece)
    return asked


def entries(texts: Texts) -> Iterator[Entry]:
    for number, text in enumerate(texts, 1):
        at = START + timedelta(hours=number)
        facets = {
            "kind": ("document" if number % 3 else "interpretation",),
            "unit": (f"U{number % 60}",),
            "region": (f"1505{number % 9:02d}",),
            "stage": (("decision", "execution", "management", "service", "result")[number % 5],),
            "topic": (f"T{number % 22}",),
            "genre": (f"G{number % 15}",),
            "year": (str(at.year),),
            "validity": ("valid" if number % 7 else "repealed",),
            "language": ("zh-Hans",),
        }
        yield Entry(number, text[:24], text, (f"tl/{number}",), facets, at.date(), at)


@dataclass
class Measured:
    """One engine: papers a second while building, answers, and milliseconds of each question."""

    name: str
    rate: float
    ask: Callable[[str], Answer]
    found: list[int]
    taken: list[float]

    def at(self, share: float) -> float:
        return sorted(self.taken)[int(share * (len(self.taken) - 1))]

    def recall(self, truth: list[int]) -> float:
        """Papers found of those that hold the phrase, over all questions."""
        return sum(map(min, self.found, truth)) / sum(truth)


def measured(
    name: str, texts: Texts, build: Callable[[], None], ask: Callable[[str], Answer], asked: list[str]
) -> Measured:
    before = time.perf_counter()
    build()
    rate = len(texts) / (time.perf_counter() - before)
    for question in asked[:20]:
        ask(question)
    found, taken = [], []
    for question in asked:
        before = time.perf_counter()
        total, pieces = ask(question)
        taken.append((time.perf_counter() - before) * 1000)
        found.append(total)
        assert len(pieces) == min(total, PAGE), (name, question, total)
    return Measured(name, rate, ask, found, taken)


def word_of(question: str) -> tuple[Word, ...]:
    return parse(f'"{question}"').wanted


class Ours:
    """The engine as the site uses it; the texts of a page come from a database, as they do there."""

    def __init__(self, folder: Path, texts: Texts) -> None:
        self.folder, self.texts = folder / "index", texts
        self.folder.mkdir()
        self.database = sqlite3.connect(folder / "texts.sqlite3")
        self.database.execute("CREATE TABLE paper (id INTEGER PRIMARY KEY, text TEXT)")
        self.database.executemany("INSERT INTO paper VALUES (?, ?)", enumerate(texts, 1))
        self.database.commit()

    def build(self) -> None:
        writer = TantivyWriter(self.folder, fresh=True)
        for entry in entries(self.texts):
            writer.put(entry)
        writer.commit(Cursor(len(self.texts)))
        self.reader = TantivyReader(self.folder)

    def ask(self, question: str) -> Answer:
        words = word_of(question)
        total, ids = self.reader.find(Asked(words), first=0, size=PAGE)
        return total, texts_marked(self.database, [identity for identity, _ in ids], words)

    def add_one(self) -> float:
        """Milliseconds until one paper more is found in the whole index."""
        entry = replace(next(entries(["补充一份关于㴪㴪的通知。"])), id=len(self.texts) + 1)
        before = time.perf_counter()
        writer = TantivyWriter(self.folder)
        writer.put(entry)
        writer.commit(Cursor(len(self.texts) + 1))
        self.reader.reload()
        taken = (time.perf_counter() - before) * 1000
        assert self.reader.count(Asked(word_of("㴪㴪"))) == 1
        return taken


def texts_marked(database: sqlite3.Connection, ids: list[int], words: tuple[Word, ...]) -> list[str]:
    marks = ",".join("?" * len(ids))
    rows = database.execute(f"SELECT text FROM paper WHERE id IN ({marks})", ids).fetchall()
    return [snippet(text, words) for (text,) in rows]


class Trigram:
    """FTS5 with its own trigram tokenizer, texts kept in the table; shorter words need a scan with LIKE."""

    def __init__(self, folder: Path, texts: Texts) -> None:
        self.texts = texts
        self.database = sqlite3.connect(folder / "trigram.sqlite3")

    def build(self) -> None:
        self.database.execute("CREATE VIRTUAL TABLE paper USING fts5(text, tokenize='trigram')")
        self.database.executemany("INSERT INTO paper (rowid, text) VALUES (?, ?)", enumerate(self.texts, 1))
        self.database.commit()

    def ask(self, question: str) -> Answer:
        given = f'"{question}"'
        total = self.database.execute("SELECT count(*) FROM paper WHERE paper MATCH ?", (given,)).fetchone()[0]
        rows = self.database.execute(
            "SELECT snippet(paper, 0, '<mark>', '</mark>', '…', 64) FROM paper WHERE paper MATCH ? ORDER BY rank LIMIT ?",
            (given, PAGE),
        )
        return total, [piece for (piece,) in rows.fetchall()]


class Bigram:
    """FTS5 over the same pairs as ours, without a copy of the texts."""

    def __init__(self, folder: Path, texts: Texts, database: sqlite3.Connection) -> None:
        self.texts, self.kept = texts, database
        self.database = sqlite3.connect(folder / "bigram.sqlite3")

    def build(self) -> None:
        self.database.execute("CREATE VIRTUAL TABLE pair USING fts5(text, content='', tokenize='unicode61')")
        rows = ((number, plain_pairs(text)) for number, text in enumerate(self.texts, 1))
        self.database.executemany("INSERT INTO pair (rowid, text) VALUES (?, ?)", rows)
        self.database.commit()

    def ask(self, question: str) -> Answer:
        words = word_of(question)
        given = f'"{phrase_pairs(question)}"'
        total = self.database.execute("SELECT count(*) FROM pair WHERE pair MATCH ?", (given,)).fetchone()[0]
        rows = self.database.execute("SELECT rowid FROM pair WHERE pair MATCH ? ORDER BY rank LIMIT ?", (given, PAGE))
        return total, texts_marked(self.kept, [identity for (identity,) in rows.fetchall()], words)


def plain_pairs(text: str) -> str:
    """Our pairs in a form that other tokenizers leave alone: the break of ours would end a token of theirs."""
    return indexed(text).replace("。", "x")


def phrase_pairs(question: str) -> str:
    return " ".join(plain_pairs(question).split(" ")[:-1])


class Postgres:
    """PostgreSQL's own full text over the same pairs: a GIN index, the phrase operator, ts_rank."""

    def __init__(self, url: str, texts: Texts) -> None:
        import psycopg

        self.texts = texts
        self.database = psycopg.connect(url, autocommit=True)

    def build(self) -> None:
        self.database.execute("CREATE TABLE paper (id integer PRIMARY KEY, text text, found tsvector)")
        with self.database.cursor().copy("COPY paper (id, text, found) FROM STDIN") as rows:
            for number, text in enumerate(self.texts, 1):
                rows.write_row((number, text, vector(text)))
        self.database.execute("CREATE INDEX ON paper USING gin (found)")
        self.database.execute("ANALYZE paper")

    def ask(self, question: str) -> Answer:
        given = " <-> ".join(f"'{pair}'" for pair in phrase_pairs(question).split(" "))
        rows = self.database.execute(
            "SELECT text, count(*) OVER () FROM paper WHERE found @@ %s::tsquery"
            " ORDER BY ts_rank(found, %s::tsquery) DESC LIMIT %s",
            (given, given, PAGE),
        ).fetchall()
        words = word_of(question)
        return (int(rows[0][1]) if rows else 0), [snippet(str(text), words) for text, _ in rows]


def vector(text: str) -> str:
    """The literal of a tsvector: each pair with its places."""
    places: dict[str, list[str]] = {}
    for place, pair in enumerate(plain_pairs(text).split(" "), 1):
        places.setdefault(pair, []).append(str(place))
    return " ".join(f"'{pair}':{','.join(where)}" for pair, where in places.items())


class Similar(Postgres):
    """PostgreSQL's pg_trgm over the plain texts: LIKE with a GIN index."""

    def build(self) -> None:
        self.database.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        self.database.execute("CREATE TABLE plain (id integer PRIMARY KEY, text text)")
        with self.database.cursor().copy("COPY plain (id, text) FROM STDIN") as rows:
            for each in enumerate(self.texts, 1):
                rows.write_row(each)
        self.database.execute("CREATE INDEX ON plain USING gin (text gin_trgm_ops)")
        self.database.execute("ANALYZE plain")

    def ask(self, question: str) -> Answer:
        rows = self.database.execute(
            "SELECT text, count(*) OVER () FROM plain WHERE text LIKE %s ORDER BY id DESC LIMIT %s",
            (f"%{question}%", PAGE),
        ).fetchall()
        words = word_of(question)
        return (int(rows[0][1]) if rows else 0), [snippet(str(text), words) for text, _ in rows]


def rows(size: int = SIZE, *, beside: bool = True) -> list[Row]:
    """Every measure of this file; ``beside=False`` leaves out PostgreSQL, which takes too long for all the papers."""
    texts = papers(size)
    with tempfile.TemporaryDirectory(prefix="mingtang-search-") as made:
        folder = Path(made)
        mine = Ours(folder, texts)
        trigram, bigram = Trigram(folder, texts), Bigram(folder, texts, mine.database)
        found = compared(texts, mine, [("FTS5 trigram", trigram), ("FTS5 bigram", bigram)])
        found += further(mine, questions(texts))
    if beside:
        with suppress(NoServer), server(durable=False) as url, tempfile.TemporaryDirectory() as made:
            texts = texts[:POSTGRES_SIZE]
            others = [("PostgreSQL tsvector", Postgres(url, texts)), ("PostgreSQL pg_trgm", Similar(url, texts))]
            found += compared(texts, Ours(Path(made), texts), others)
    return found


def compared(texts: Texts, mine: Ours, others: list[tuple[str, Any]]) -> list[Row]:
    """Our engine beside others over the same papers and questions. AssertionError where ours finds other papers than
    a plain scan of the texts does."""
    asked = questions(texts)
    truth = [sum(question in text for text in texts) for question in asked]
    ours = measured("ours", texts, mine.build, mine.ask, asked)
    wrong = [each for each in zip(asked, truth, ours.found, strict=True) if each[1] != each[2]]
    assert not wrong, f"found otherwise than by a plain scan: {wrong[:5]}"
    made = []
    for name, engine in others:
        other = measured(name, texts, engine.build, engine.ask, asked)
        for label, mine_is, unit, target, theirs, less in (
            ("indexing", ours.rate, "papers/s", 4000, other.rate, False),
            ("phrase p50", ours.at(0.5), "ms", 2, other.at(0.5), True),
            ("phrase p95", ours.at(0.95), "ms", 15, other.at(0.95), True),
            ("recall", ours.recall(truth), "share", 1, other.recall(truth), False),
        ):
            label = f"search, {len(texts)} papers: {label}"
            made.append(row(label, mine_is, unit, target, alternative=theirs, alternative_name=name, less=less))
    return made


def further(mine: Ours, asked: list[str]) -> list[Row]:
    """What the others were not asked: single characters, facets, one paper more."""
    made = []
    for label, taken, target in (
        ("single character p95", time_each(mine.ask, sorted({question[0] for question in asked})), 15),
        ("nine facets, phrase p95", time_each(lambda each: mine.reader.facets(Asked(word_of(each))), asked), 15),
        ("nine facets, everything p95", time_each(lambda _: mine.reader.facets(Asked()), asked[:9]), 100),
        ("one paper more until found", [mine.add_one()], 2000),
    ):
        worst = sorted(taken)[int(0.95 * (len(taken) - 1))]
        label = f"search, {len(mine.texts)} papers: {label}"
        made.append(row(label, worst, "ms", target, alternative=None, alternative_name="-", less=True))
    return made


def time_each(action: Callable[[str], object], asked: list[str]) -> list[float]:
    """Milliseconds of each question."""
    taken = []
    for question in asked:
        before = time.perf_counter()
        action(question)
        taken.append((time.perf_counter() - before) * 1000)
    return taken


if __name__ == "__main__":
    import sys

    from tests.bench.bench_ground import show

    show(rows(int(sys.argv[1]) if len(sys.argv) > 1 else SIZE))
