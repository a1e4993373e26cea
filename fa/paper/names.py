"""Numbers and names spelled in letters, the only signs that the name of a TeX macro may have."""

import re
from decimal import Decimal

SMALL_NUMBERS = [
    *("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"),
    *("Ten", "Eleven", "Twelve", "Thirteen", "Fourteen", "Fifteen", "Sixteen"),
    *("Seventeen", "Eighteen", "Nineteen"),
]

TENS = ["Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"]


def name_of(text: str) -> str:
    """Return text as part of a macro's name: ``table1`` is ``TableOne``, ``1a`` is ``OneA``."""
    parts = re.findall(r"[A-Za-z]+|\d+", text)
    return "".join(
        number_name(int(part)) if part.isdigit() else part[0].upper() + part[1:] for part in parts
    )


def number_name(value: float) -> str:
    """Spell a number: 200 is ``TwoHundred``, 0.07 is ``ZeroPointZeroSeven``."""
    whole, _, decimals = format(Decimal(str(value)), "f").partition(".")
    decimals = decimals.rstrip("0")
    point = "Point" if decimals else ""
    return whole_name(int(whole)) + point + "".join(SMALL_NUMBERS[int(d)] for d in decimals)


def whole_name(value: int) -> str:
    """Spell a whole number."""
    if value < 20:
        return SMALL_NUMBERS[value]
    for size, title in ((10**6, "Million"), (1000, "Thousand"), (100, "Hundred")):
        if value >= size:
            rest = value % size
            return whole_name(value // size) + title + (whole_name(rest) if rest else "")
    return TENS[value // 10 - 2] + (SMALL_NUMBERS[value % 10] if value % 10 else "")
