"""Places in a list, written so that nobody is tempted to read them: lower-case letters and digits.

A place is that of the last row shown, not a page number: rows that are added meanwhile neither repeat nor hide
others. Every well-formed place of a list is a valid one, so there is nothing to gain by making one up.
"""

from datetime import UTC, datetime, timedelta

PATTERN = "^[0-9a-z]{1,100}$"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT, _IDENTITY = 11, 12


class NoSuchPlace(ValueError):
    """A cursor that this list did not give out."""


def base36(number: int, width: int = 1) -> str:
    """A whole number, 0 or more, in base 36, filled with zeros to ``width``."""
    found = ""
    while number:
        number, digit = divmod(number, 36)
        found = _DIGITS[digit] + found
    return found.rjust(width, "0")


def number_of(text: str, *, below: int) -> int:
    """Raises NoSuchPlace unless ``text`` is a number in base 36 below ``below``."""
    try:
        number = int(text, 36) if text.isalnum() and text.isascii() else below
    except ValueError:
        number = below
    if not 0 <= number < below:
        raise NoSuchPlace(text)
    return number


def after_moment(moment: datetime, rest: str) -> str:
    """The place of a row ordered by an aware moment and then by ``rest``."""
    micros = max((moment - _EPOCH) // timedelta(microseconds=1), 0)
    return base36(micros, _MOMENT) + rest


def moment_and_rest(cursor: str) -> tuple[datetime, str]:
    """The reverse of ``after_moment``. Raises NoSuchPlace."""
    if len(cursor) <= _MOMENT:
        raise NoSuchPlace(cursor)
    micros = number_of(cursor[:_MOMENT], below=36**_MOMENT)
    return _EPOCH + timedelta(microseconds=micros), cursor[_MOMENT:]


def after_publication(moment: datetime, identity: int) -> str:
    return after_moment(moment, base36(identity, _IDENTITY))


def publication_place(cursor: str) -> tuple[datetime, int]:
    """Published time and id of the last publication shown. Raises NoSuchPlace."""
    moment, rest = moment_and_rest(cursor)
    if len(rest) != _IDENTITY:
        raise NoSuchPlace(cursor)
    return moment, number_of(rest, below=2**63)


def after_text(text: str) -> str:
    """The place of a row ordered by an ASCII code of at most 40 characters."""
    return text.encode().hex()


def text_place(cursor: str) -> str:
    """The code of the last row shown. Raises NoSuchPlace."""
    try:
        text = bytes.fromhex(cursor).decode("ascii")
    except ValueError:
        raise NoSuchPlace(cursor) from None
    if not text.isprintable():
        raise NoSuchPlace(cursor)
    return text


def after_page(page: int, size: int) -> str:
    """The place after ``page`` (from 1 on) of a search with ``size`` results a page."""
    return base36(page * 128 + size)


def page_place(cursor: str) -> tuple[int, int]:
    """Page and size of the last page shown. Raises NoSuchPlace."""
    page, size = divmod(number_of(cursor, below=2**40), 128)
    if not page or not 1 <= size <= 100:
        raise NoSuchPlace(cursor)
    return page, size
