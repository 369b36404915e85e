"""Pages from templates: everything that is put in is escaped, and what is missing is an error."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import jinja2

HERE = Path(__file__).parent
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@cache
def environment() -> jinja2.Environment:
    """The templates, with the few filters they use."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": number,
        "date": date,
        "moment": moment,
        "clock": clock,
        "plural": plural,
    }
    return made


def rendered(template: str, **values: object) -> str:
    """One page."""
    return environment().get_template(template).render(**values)


def number(value: int) -> str:
    """1234567 as 1 234 567, with spaces that do not break."""
    return f"{value:,}".replace(",", "\u202f")


def date(time: str) -> str:
    """``2026-11-21…`` as Saturday, 21 November 2026."""
    if not time:
        return ""
    day = datetime.fromisoformat(time[:10]).replace(tzinfo=UTC)
    return f"{DAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"


def moment(time: str) -> str:
    """``2026-11-21T14:02:11.123456Z`` as 2026-11-21 14:02 UTC."""
    return f"{time[:10]} {time[11:16]} UTC" if len(time) > len("2026-11-21") else time


def clock(time: str) -> str:
    """The time of day, to the second."""
    return time[11:19]


def plural(count: int, one: str, many: str = "") -> str:
    """``3 events``, ``1 event``."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"
