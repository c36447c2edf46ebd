"""What a citizen wrote, made safe to show and to compare. The words are never changed.

Three forms: the original, kept as received by whoever stores it; ``cleaned``, which people read; ``key_of``, by which
opinions are compared and which nobody reads.
"""

from __future__ import annotations

import re
import unicodedata

# Format characters reorder or hide what an officer reads; none carries meaning in Chinese text. The joiner of
# emoji falls under them too: the family becomes its members, which says the same.
_HIDDEN = {"Cf", "Cc", "Cs", "Co", "Cn"}
_KEPT = {"\n", "\t"}
_LINE_ENDS = re.compile(r"\r\n?|[\u0085\u2028\u2029\v\f]")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_VARIATION = re.compile(r"[\ufe00-\ufe0f\U000e0100-\U000e01ef\u034f\u115f\u1160\u3164\uffa0]")
_NOT_CONTENT = re.compile(r"[\W_]+")
# A mark that belongs to a number is content: 1.5 is not 15, 30% is not 30, -5 is not 5, 三、四 is not 三四.
_FIGURE = "[\\d零〇一二三四五六七八九十百千万亿]"
_NUMBER_MARKS = re.compile(rf"(?<=\d)[.:/](?=\d)|(?<={_FIGURE})[\W_]+(?={_FIGURE})|(?<=\d)[%‰℃]|(?<![\w)])[-−](?=\d)")
_SINGLE = {".", ":", "/", "%", "‰", "℃", "-"}
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def cleaned(text: str) -> str:
    """The text as people read it: hidden, direction and control characters out, spaces and line ends plain.

    Full-width punctuation and digits stay as the citizen wrote them.
    """
    text = _VARIATION.sub("", _LINE_ENDS.sub("\n", text))
    if not text.isprintable():
        text = "".join(sign for sign in text if sign in _KEPT or unicodedata.category(sign) not in _HIDDEN)
    text = "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip()


def plain(text: str) -> str:
    """The cleaned text with compatibility forms (NFKC) made plain and Latin letters small; for reading words from."""
    text = cleaned(unicodedata.normalize("NFKC", cleaned(text)))
    return _GROUPED.sub("", text.casefold())


def key_of(text: str) -> str:
    """Letters, characters and numbers only, for comparing. Texts that differ in punctuation or spacing are one key."""
    return key_of_plain(plain(text))


def key_of_plain(text: str) -> str:
    """``key_of`` for a text that is plain already."""
    parts: list[str] = []
    start = 0
    for mark in _NUMBER_MARKS.finditer(text):
        parts += [_NOT_CONTENT.sub("", text[start : mark.start()]), mark[0] if mark[0] in _SINGLE else ","]
        start = mark.end()
    parts.append(_NOT_CONTENT.sub("", text[start:]))
    return "".join(parts)
