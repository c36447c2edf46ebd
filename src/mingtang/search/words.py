"""Text as the index sees it: normalised units and their pairs; and a reader's query taken apart.

A unit is one Chinese character (kana, hangul syllable), one digit, or one whole word of another script. Text becomes
the pairs of neighbouring units, in order: a phrase is found exactly where all its pairs stand one after another, so
no dictionary is needed and no word is missed. White space, brackets, quotation marks and dashes do not count; other
punctuation separates. Digits stand alone, so that a part of a number is found; words of letters are found whole.
Traditional and simplified variants stay apart.
"""

import re
import unicodedata
from array import array
from dataclasses import dataclass

from django.utils.translation import gettext as _

LONGEST_QUERY, MOST_WORDS = 200, 10
# Scripts written without spaces: Han with all its extensions, 〇 々 〻, kana, bopomofo, yi, hangul; and digits.
SINGLE = (
    "0-9\u3005-\u3007\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua48c\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003fffd"
)
LETTER = rf"[^\W_{SINGLE}]"
BREAK = "。"
# Marks of letters, joiners and variation selectors (Mongolian ones too), white space, brackets, quotes and dashes.
IGNORED = (
    r"\s\u0300-\u036f\u180b-\u180f\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
    r"()\[\]{}<>〔〕【】〖〗《》〈〉「」『』“”‘’\"'`´«»‹›\-\u2010-\u2015·・•‧*"
)
_WORD = re.compile(rf"{LETTER}{{1,64}}")
_SKIP = re.compile(f"[{IGNORED}]+")
_OTHER = re.compile(r"\W+")
_UNIT = re.compile(rf"{LETTER}+_|.", re.DOTALL)
_MARKED = re.compile(rf"{LETTER}+_")
_PRIVATE, _MOST_DIFFERENT = 0xF0000, 0x1FFF0
_HELD = re.compile("[\U000f0000-\U0010ffff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_ASKED = re.compile(r"""([-－−﹣])?(?:"([^"]+)"|“([^”]+)”|「([^」]+)」|＂([^＂]+)＂|(\S+))""")
_COMMAS = re.compile(r"[、，。；！？：]+|[,;!?:](?!\d)")
_NUMBER_NOISE = re.compile(r"[\s()\[\]{}<>〔〕【】〖〗《》〈〉「」『』“”\"']+|第(?=\d)")


def normalised(text: str) -> str:
    """Text with only what counts: words end with ``_``, every run of separating punctuation is one ``。``."""
    for mark in "，：；？！、":  # compatibility characters of almost every text: without them it is seldom converted
        text = text.replace(mark, BREAK)
    text = text.replace("（", "〔").replace("）", "〕").replace("_", " ")
    text = unicodedata.normalize("NFKC", text).lower()
    return _OTHER.sub(BREAK, _SKIP.sub("", _WORD.sub(r"\g<0>_", text)))


def units(text: str) -> list[str]:
    """The units of a text in order, :data:`BREAK` where punctuation separates."""
    return _UNIT.findall(normalised(text))


def indexed(text: str) -> str:
    """What the index is given for a text: the pairs of neighbouring units in order, separated by spaces; the last
    unit stands before a break.

    Much of the time of indexing is spent here: pairs are woven as an array of code points, words standing in as one
    private character each.
    """
    text = normalised(text)
    if not text:
        return ""
    words: list[str] = []
    if "_" in text:
        words = list(dict.fromkeys(_MARKED.findall(text)))[:_MOST_DIFFERENT]
        place = {word: chr(_PRIVATE + number) for number, word in enumerate(words)}
        text = _MARKED.sub(lambda match: place.get(match[0], BREAK), text)
    first = array("I", text.encode("utf-32-le"))
    size = len(first)
    pairs = array("I", [ord(" ")]) * (3 * size - 1)
    pairs[0::3], pairs[1::3] = first, first[1:] + array("I", [ord(BREAK)])
    made = pairs.tobytes().decode("utf-32-le")
    return _HELD.sub(lambda match: words[ord(match[0]) - _PRIVATE], made) if words else made


def number_key(text: str) -> str:
    """An index number or document number so that it is found however its brackets and spaces are written."""
    return _NUMBER_NOISE.sub("", unicodedata.normalize("NFKC", clean(text)).lower())


def clean(text: str) -> str:
    """Text without control characters and halves of surrogate pairs, which no database and no address can hold."""
    return _CONTROL.sub(" ", text).strip()


@dataclass(frozen=True)
class Word:
    """One thing to look for: its units must stand one after another. ``text`` is what the reader wrote."""

    text: str
    units: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """``wanted`` must all be there, ``unwanted`` must not. ``notes`` tell the reader what was not looked for."""

    wanted: tuple[Word, ...] = ()
    unwanted: tuple[Word, ...] = ()
    notes: tuple[str, ...] = ()


def parse(text: str) -> Query:
    """A reader's words: all must be there, ``"短语"`` as it stands, ``-词`` or ``不含 词`` must not. Never fails."""
    notes = []
    text = clean(text)
    if len(text) > LONGEST_QUERY:
        text = text[:LONGEST_QUERY]
        notes.append(_("检索词太长，只用了前%(most)s个字。") % {"most": LONGEST_QUERY})
    wanted: list[Word] = []
    unwanted: list[Word] = []
    negated = dropped = False
    for minus, *quoted, plain in _ASKED.findall(text):
        if plain == "不含":
            negated = True
            continue
        phrase = "".join(quoted)
        words = [_word(part) for part in ([phrase] if phrase else _COMMAS.split(plain)) if part]
        kept = [word for word in words if word.units]
        dropped = dropped or not kept
        (unwanted if minus or negated else wanted).extend(kept)
        negated = False
    wanted, unwanted = list(dict.fromkeys(wanted)), list(dict.fromkeys(unwanted))
    if len(wanted) + len(unwanted) > MOST_WORDS:
        notes.append(_("检索词太多，只用了前%(most)s个词。") % {"most": MOST_WORDS})
    if dropped and not wanted and not unwanted:
        notes.append(_("检索词里没有可以检索的文字。"))
    wanted = wanted[:MOST_WORDS]
    return Query(tuple(wanted), tuple(unwanted[: MOST_WORDS - len(wanted)]), tuple(notes))


def _word(text: str) -> Word:
    found = units(text)
    while found and found[0] == BREAK:
        del found[0]
    while found and found[-1] == BREAK:
        del found[-1]
    return Word(text, tuple(found))
