"""Charts as SVG, drawn here: no script, no style attribute, colours by class, titles on bars.

Pure: numbers in, safe markup out.  Nothing but numbers and dates of ours gets into the markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup, escape

from appliance.audit.tallies import Tally, Week
from appliance.console.rendering import DAYS, MONTHS

WIDTH, HEIGHT = 720, 170
LEFT, RIGHT, TOP, BOTTOM = 38, 4, 12, 22
STEPS = 4  # of the axis, at most
SHADES = 5
CELL_W, CELL_H, WEEK_LEFT, WEEK_TOP = 14, 15, 30, 16


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: all its events, and how many of them were denied."""

    day: str
    events: int
    denied: int


def days_of(tallies: Sequence[Tally], last: datetime, days: int) -> tuple[Bar, ...]:
    """One bar for each of the last days, those without events too."""
    known = {one.key: one for one in tallies}
    bars = []
    for back in range(days - 1, -1, -1):
        day = (last - timedelta(days=back)).strftime("%Y-%m-%d")
        one = known.get(day)
        bars.append(Bar(day, one.events, one.denied) if one else Bar(day, 0, 0))
    return tuple(bars)


def by_day(bars: Sequence[Bar]) -> Markup:
    """Events by day as bars, the denied part of each in another colour at its foot."""
    most, step = _scale(max((bar.events for bar in bars), default=0))
    wide = (WIDTH - LEFT - RIGHT) / max(len(bars), 1)
    parts = [_open(WIDTH, HEIGHT, f"Events by day, the most on one day {_most(bars)}")]
    for value in range(0, most + 1, step):
        y = _y(value, most)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 3.5}" text-anchor="end">{value:,}</text>')
    for at, bar in enumerate(bars):
        x = LEFT + at * wide
        parts.append(_bar(bar, x, wide, most))
        if bar.day.endswith("-01") or at == 0:
            parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 6}">{_label(bar.day)}</text>')
    foot = _y(0, most)
    axis = f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{foot}" y2="{foot}"/></svg>'
    return Markup("".join([*parts, axis]))  # noqa: S704 - numbers and dates of ours


def by_hour(week: Week) -> Markup:
    """Events by day of the week and hour, the darker the more."""
    most = max(max(row) for row in week.hours) or 1
    width, height = WEEK_LEFT + 24 * CELL_W, WEEK_TOP + 7 * CELL_H
    parts = [_open(width, height, "Events by day of the week and hour, UTC")]
    for hour in range(0, 24, 3):
        parts.append(f'<text x="{WEEK_LEFT + hour * CELL_W}" y="11">{hour:02d}</text>')
    for row, hours in enumerate(week.hours):
        y = WEEK_TOP + row * CELL_H
        parts.append(f'<text x="0" y="{y + 10.5}">{DAYS[row][:3]}</text>')
        for hour, count in enumerate(hours):
            shade = 0 if not count else 1 + (SHADES - 1) * count // most
            title = f"{DAYS[row]}, {hour:02d} to {hour + 1:02d}: {count:,}"
            parts.append(
                f'<rect class="heat-{shade}" x="{WEEK_LEFT + hour * CELL_W}" y="{y}"'
                f' width="{CELL_W - 2}" height="{CELL_H - 2}" rx="2"><title>{title}</title></rect>'
            )
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 - numbers of ours


def share(part: int, denied: int, most: int) -> Markup:
    """One row's bar in a table, decoration beside the number."""
    whole = 100 * part / max(most, 1)
    bad = 100 * denied / max(most, 1)
    return Markup(  # noqa: S704 - numbers of ours
        '<svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="bar" width="{whole:.2f}" height="6" rx="1"/>'
        f'<rect class="bar denied" width="{bad:.2f}" height="6"/></svg>'
    )


def _open(width: int, height: int, said: str) -> str:
    label = escape(said)
    return f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'


def _bar(bar: Bar, x: float, wide: float, most: int) -> str:
    thick = max(wide - max(wide * 0.22, 1.0), 0.6)
    top, foot, bad = _y(bar.events, most), _y(0, most), _y(bar.denied, most)
    title = f"{bar.day}: {bar.events:,} events, {bar.denied:,} denied"
    return (
        f'<g><title>{title}</title><rect class="bar" x="{x:.1f}" y="{top}" width="{thick:.1f}"'
        f' height="{foot - top:.1f}"/><rect class="bar denied" x="{x:.1f}" y="{bad}"'
        f' width="{thick:.1f}" height="{foot - bad:.1f}"/></g>'
    )


def _y(value: int, most: int) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / max(most, 1), 1)


def _scale(most: int) -> tuple[int, int]:
    """The top of the axis and its step: 1, 2 or 5 times a power of ten."""
    steps = (digit * 10**power for power in range(18) for digit in (1, 2, 5))
    step = next(step for step in steps if step * STEPS >= most)
    return max(-(-most // step), 1) * step, step


def _most(bars: Sequence[Bar]) -> int:
    return max((bar.events for bar in bars), default=0)


def _label(day: str) -> str:
    found = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return f"{found.day} {MONTHS[found.month - 1][:3]}"
