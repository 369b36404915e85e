"""Shows the number of a cell as far as its format changes what it means: per cent, money, a date.

How many decimals a format shows, and where it parts thousands, is left out: the value in the file
is the finer one.  Source: ECMA-376 part 1, 18.8.30 (format codes) and 18.17.4 (dates as numbers).
"""

from __future__ import annotations

import datetime
import re
from functools import lru_cache

_PERCENT, _DATE, _TIME, _HIDDEN = "percent", "date", "time", "hidden"
# Built-in formats that are not written into a file; by id.
BUILT_IN = {
    9: "0%",
    10: "0.00%",
    **dict.fromkeys(
        (14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), "yyyy-mm-dd"
    ),
    22: "yyyy-mm-dd h:mm",
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56), "h:mm:ss"),
    **dict.fromkeys((5, 6, 7, 8), "$#,##0"),
    **dict.fromkeys((42, 44), "$#,##0"),
}
_QUOTED = re.compile(r'"([^"]*)"|\\(.)|_.|\*.')
_BRACKETED = re.compile(r"\[([^\]]*)\]")
_CURRENCY = re.compile(r"[$€£¥₹₽₩₺₴₪฿]|\b(?:EUR|USD|GBP|CHF|JPY|CNY|CAD|AUD|kr)\b|zł|Kč|Fr\.")
_EPOCH = datetime.datetime(1899, 12, 30)
_LAST_DAY = 2_958_466  # the first day after the year 9999
_LEAP_BUG = 60  # day 60 is the 29 February 1900, which never was


@lru_cache(maxsize=4096)
def meaning(code: str) -> tuple[str, str, str]:
    """What kind of number a format code shows, and the currency in front of and behind it."""
    sections = code.split(";")
    positive = sections[0]
    if len(sections) >= 3 and not any(section.strip() for section in sections[:3]):
        return (_HIDDEN, "", "")
    bracketed = " ".join(_BRACKETED.findall(positive))
    quoted = " ".join(first or second for first, second in _QUOTED.findall(positive))
    plain = _BRACKETED.sub("", _QUOTED.sub("", positive))
    if "%" in plain:
        return (_PERCENT, "", "")
    elapsed = re.search(r"\b(?:h+|m+|s+)\b", bracketed, re.I)
    if re.search(r"[ymdhs]", re.sub(r"general", "", plain, flags=re.I), re.I) or elapsed:
        has_day = re.search(r"[yd]", plain, re.I) or re.search(r"mmm", plain, re.I)
        return (_DATE if has_day else _TIME, "", "")
    marked = re.search(r"\$([^-]+)(?:-|$)", bracketed)
    sign = marked.group(1).strip() if marked else ""
    found = _CURRENCY.search(plain) or _CURRENCY.search(quoted)
    sign = sign or (found.group() if found else "")
    if not sign or len(sign) > 4:
        return ("", "", "")
    digit = re.search(r"[0#?]", positive)
    at = positive.find(sign)
    behind = bool(digit) and at > (digit.start() if digit else 0)
    return ("", "", f" {sign}") if behind else ("", sign, "")


def is_hidden(code: str) -> bool:
    """Whether a format shows nothing of any number."""
    return meaning(code)[0] == _HIDDEN


def shown_number(value: float, code: str, *, from_1904: bool = False) -> str:
    """A number as its format means it; a date as ISO 8601."""
    kind, before, behind = meaning(code)
    if kind == _PERCENT:
        return number(value * 100) + "%"
    if kind in {_DATE, _TIME} and 0 <= value < _LAST_DAY:
        return _moment(value, from_1904=from_1904, day=kind == _DATE)
    sign, amount = ("-", -value) if value < 0 and before else ("", value)
    return f"{sign}{before}{number(amount)}{behind}"


def shown_text(text: str, code: str) -> str:
    """A number written as text in a file, as its format means it; other text as it is."""
    try:
        value = float(text)
    except ValueError:
        return text
    return shown_number(value, code) if abs(value) < 1e300 else text


def number(value: float) -> str:
    """Up to 15 digits, which is what a spreadsheet keeps; no exponent for money."""
    if abs(value) < 1e15 and value == int(value):
        return str(int(value))
    return f"{value:.15g}"


def _moment(value: float, *, from_1904: bool, day: bool) -> str:
    shift = 1462 if from_1904 else 1 if value < _LEAP_BUG else 0
    seconds = round((value + shift) * 86_400)
    moment = _EPOCH + datetime.timedelta(seconds=seconds)
    if not day:
        hours, rest = divmod(round(value * 86_400), 3600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"
    midnight = moment.time() == datetime.time()
    return moment.date().isoformat() if midnight else moment.isoformat(" ")
