"""Persons, companies and numbers that are nobody's: names say 演示, check digits are right."""

from datetime import date, timedelta
from random import Random

from stdnum.cn import ric, uscc

_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_MARKS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"


def person(random: Random) -> str:
    return f"演示{random.choice(_MARKS)}{random.choice(_MARKS)}"


def company(random: Random, trade: str) -> str:
    return f"通辽市演示{random.choice(_MARKS)}{random.choice(_MARKS)}{trade}有限公司"


def credit_code(random: Random) -> str:
    """A unified social credit code of a company (91) registered in the city, with its check character."""
    body = "91150500" + "".join(random.choice(_LETTERS) for _place in range(9))
    return body + uscc.calc_check_digit(body)


def resident_number(random: Random, region: str) -> str:
    """A resident identity number of a region (six digits), with its check character."""
    born = date(1940, 1, 1) + timedelta(days=random.randrange(25000))
    body = f"{region}{born:%Y%m%d}{random.randrange(1000):03}"
    return body + ric.calc_check_digit(body + "0")


def money(random: Random, least: int, most: int) -> str:
    """An amount with two decimals, from ``least`` to below ``most``."""
    return f"{random.randrange(least, most)}.{random.randrange(100):02}"
