"""Receipt numbers and query codes: made to be read out on the telephone and typed again from paper."""

import re
import unicodedata
from datetime import datetime

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10

from mingtang.rules import local_day

from .keys import every_keyed, keyed

# No letter that looks like a digit or like another letter.
LETTERS = "ABCDEFGHJKLMNPQRTUVWXY"
CODE_LETTERS = LETTERS + "346789"
CODE_LENGTH = 8


def make_number(seed: str, now: datetime) -> str:
    """``2026-11-ABCD-1234``: month of ``now`` in Asia/Shanghai, four letters, two digits, two check digits.

    The same seed and month give the same number. The check digits (ISO 7064, modulus 97-10) find any wrong character
    and any two that were swapped.
    """
    day, draw = local_day(now), int.from_bytes(keyed("number", seed))
    letters = ""
    for _ in range(4):
        draw, place = divmod(draw, len(LETTERS))
        letters += LETTERS[place]
    body = f"{day:%Y%m}{letters}{draw % 100:02d}"
    return written(body + mod_97_10.calc_check_digits(body))


def written(plain: str) -> str:
    """A number with its dashes."""
    return f"{plain[:4]}-{plain[4:6]}-{plain[6:10]}-{plain[10:]}"


def read_number(typed: str) -> str | None:
    """The number somebody typed, in any case and width and with any dashes; None if a character is wrong."""
    plain = _plain(typed)
    if not re.fullmatch(r"\d{6}[A-Z]{4}\d{4}", plain):
        return None
    try:
        mod_97_10.validate(plain)
    except ValidationError:
        return None
    return written(plain)


def make_code(seed: str) -> str:
    """The query code (8 characters) that belongs to a seed."""
    draw, code = int.from_bytes(keyed("code", seed)), ""
    for _ in range(CODE_LENGTH):
        draw, place = divmod(draw, len(CODE_LETTERS))
        code += CODE_LETTERS[place]
    return code


def code_hash(number: str, code: str) -> str:
    """What is kept of a query code (hex): a keyed hash, so that a copy of the database cannot be tried out."""
    return code_hashes(number, code)[0]


def code_hashes(number: str, code: str) -> list[str]:
    """``code_hash`` now and before each change of keys: receipts keep the hash they were given."""
    return [one.hex() for one in every_keyed("query", f"{number}\n{_plain(code)}")]


def _plain(typed: str) -> str:
    """Capitals and digits only, full-width forms made half-width."""
    return re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", typed[:60]).upper())
