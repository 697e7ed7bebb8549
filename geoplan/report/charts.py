"""Charts as inline SVG: still, drawn from numbers alone, told in words by a title and a description.

Presentation attributes only, so that a page that forbids inline styles shows them. Nothing is told by colour alone:
bars carry their values, and series differ in fill and outline or in dashes. A chart never replaces its table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Bar", "Line", "bars", "lines"]

_WIDTH = 440.0
_INK, _QUIET, _GRID = "#1c2327", "#4d5a61", "#c9d0d3"
_FILLS = (("#00566b", "#00566b"), ("#fff4e5", "#b35c00"), ("#c9d0d3", "#4d5a61"))
_DASHES = ("", "6 3", "2 3")
_BAR, _LABEL, _GAP, _VALUE = 13.0, 16.0, 7.0, 74.0
_LONGEST = 58
_TICKS = 4


@dataclass(frozen=True)
class Bar:
    """One place of a bar chart.

    Attributes
    ----------
    label
        What it is.
    values
        One a series; ``None`` where unknown.
    low, high
        The ends of a range of the first series; ``None`` for none.
    """

    label: str
    values: tuple[float | None, ...]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    """One series of a line chart: a label, and a value for every year; ``None`` where unknown."""

    label: str
    values: tuple[float | None, ...]


def bars(
    rows: Sequence[Bar],
    *,
    name: str,
    title: str,
    description: str,
    series: Sequence[str],
    write: Callable[[float], str],
    stacked: bool = False,
) -> str:
    """Draw horizontal bars, as one ``svg`` element.

    Parameters
    ----------
    rows
        The bars from top to bottom. Labels stand above their bars, so that long names fit.
    name
        Begins the ids in the drawing; unique on the page.
    title, description
        What it shows, in words.
    series
        Names of the series; a key is drawn where there are several.
    write
        Writes a value.
    stacked
        Put the series' bars end to end, which takes values of 0 or more.
    """
    keyed = len(series) > 1
    top = 22.0 if keyed else 4.0
    each = _BAR if stacked else _BAR * len(series)
    height = top + len(rows) * (_LABEL + each + _GAP) + 4
    low, high = _extent(rows, stacked)
    left, right = (_VALUE if low < 0 else 2.0), _WIDTH - _VALUE

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    parts = _key(series, _swatch) if keyed else []
    for at, row in enumerate(rows):
        y = top + at * (_LABEL + each + _GAP)
        parts.append(_text(0, y + 12, _short(row.label), fill=_INK))
        parts += _stack(row, y + _LABEL, x, write) if stacked else _side_by_side(row, y + _LABEL, x, write)
        # The zero line stops at the bars, so that it strikes no label through.
        parts.append(f'<path d="M{x(0):.1f} {y + _LABEL:.1f}v{each:.1f}" stroke="{_INK}" stroke-width="1"/>')
    return _svg(name, title, description, height, parts)


def lines(
    years: Sequence[int],
    series: Sequence[Line],
    *,
    name: str,
    title: str,
    description: str,
    write: Callable[[float], str],
) -> str:
    """Draw lines over years, as one ``svg`` element.

    Parameters
    ----------
    years
        The years, ascending; at least two.
    series
        Up to three lines, told apart by dashes.
    name, title, description, write
        As in :func:`bars`.
    """
    known = [value for line in series for value in line.values if value is not None]
    ticks = _ticks(min([0.0, *known]), max([0.0, *known]))
    top, bottom, left, right = 26.0, 226.0, 62.0, _WIDTH - 20.0

    def x(year: int) -> float:
        return left + (year - years[0]) / max(years[-1] - years[0], 1) * (right - left)

    def y(value: float) -> float:
        return bottom - (value - ticks[0]) / (ticks[-1] - ticks[0]) * (bottom - top)

    parts = _key([line.label for line in series], _dash)
    for tick in ticks:
        colour = _INK if tick == 0 else _GRID
        parts.append(f'<path d="M{left} {y(tick):.1f}H{right}" stroke="{colour}" stroke-width="1"/>')
        parts.append(_text(left - 6, y(tick) + 4, write(tick), anchor="end"))
    step = max(1, math.ceil((years[-1] - years[0]) / 6))
    for year in years:
        if (year - years[0]) % step == 0:
            parts.append(_text(x(year), bottom + 18, str(year), anchor="middle"))
    for at, line in enumerate(series):
        points = [(x(year), y(value)) for year, value in zip(years, line.values, strict=True) if value is not None]
        path = "M" + "L".join(f"{across:.1f} {down:.1f}" for across, down in points)
        parts.append(
            f'<path d="{path}" fill="none" stroke="{_FILLS[at][1]}" stroke-width="2.4" '
            f'stroke-dasharray="{_DASHES[at] or "none"}"/>'
        )
    return _svg(name, title, description, bottom + 26, parts)


def _extent(rows: Sequence[Bar], stacked: bool) -> tuple[float, float]:
    values = [0.0]
    for row in rows:
        known = [value for value in row.values if value is not None]
        values += [sum(known)] if stacked else known
        values += [end for end in (row.low, row.high) if end is not None]
    low, high = min(values), max(values)
    return (low, high) if high > low else (0.0, 1.0)


def _side_by_side(row: Bar, y: float, x: Callable[[float], float], write: Callable[[float], str]) -> list[str]:
    parts = []
    for at, value in enumerate(row.values):
        down = y + at * _BAR
        if value is None:
            parts.append(_text(x(0) + 4, down + 10.5, "–"))
            continue
        parts.append(_rect(x(min(value, 0.0)), down + 1, abs(x(value) - x(0)), at))
        ends = [value, *(end for end in (row.low, row.high) if at == 0 and end is not None)]
        if at == 0 and row.low is not None and row.high is not None:
            parts.append(_whisker(x(row.low), x(row.high), down + 1 + (_BAR - 2) / 2))
        outermost = min(ends) if value < 0 else max(ends)
        anchor, off = ("end", -5) if value < 0 else ("start", 5)
        parts.append(_text(x(outermost) + off, down + 11, write(value), anchor=anchor, fill=_INK))
    return parts


def _stack(row: Bar, y: float, x: Callable[[float], float], write: Callable[[float], str]) -> list[str]:
    parts, total = [], 0.0
    for at, value in enumerate(row.values):
        if value:
            parts.append(_rect(x(total), y + 1, x(total + value) - x(total), at))
            total += value
    told = " + ".join("–" if value is None else write(value) for value in row.values)
    parts.append(_text(x(total) + 5, y + 11, told, fill=_INK))
    return parts


def _rect(x: float, y: float, width: float, at: int) -> str:
    fill, line = _FILLS[at]
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.0):.1f}" height="{_BAR - 2:.1f}" fill="{fill}" '
        f'stroke="{line}" stroke-width="1"/>'
    )


def _whisker(low: float, high: float, y: float) -> str:
    path = f"M{low:.1f} {y:.1f}H{high:.1f}M{low:.1f} {y - 4:.1f}v8M{high:.1f} {y - 4:.1f}v8"
    # A pale line beneath it, so that it shows on the bar as well as off it.
    return "".join(
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
        for colour, width in (("#fff", 4), ("#b35c00", 1.8))
    )


def _key(names: Sequence[str], sign: Callable[[int, float], str]) -> list[str]:
    parts, x = [], 0.0
    for at, name in enumerate(names):
        parts += [sign(at, x), _text(x + 28, 12, name, fill=_INK)]
        x += 44 + 6.6 * len(name)
    return parts


def _swatch(at: int, x: float) -> str:
    fill, line = _FILLS[at]
    return f'<rect x="{x + 1:.1f}" y="3" width="20" height="10" fill="{fill}" stroke="{line}" stroke-width="1"/>'


def _dash(at: int, x: float) -> str:
    dash = _DASHES[at] or "none"
    return f'<path d="M{x:.1f} 8h22" stroke="{_FILLS[at][1]}" stroke-width="2.4" stroke-dasharray="{dash}"/>'


def _ticks(low: float, high: float) -> list[float]:
    span = (high - low) or 1.0
    power = 10.0 ** math.floor(math.log10(span / _TICKS))
    step = next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= _TICKS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * at for at in range(first, max(last, first + 1) + 1)]


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"


def _text(x: float, y: float, content: str, *, anchor: str = "start", fill: str = _QUIET) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="12" fill="{fill}" text-anchor="{anchor}">{escape(content)}</text>'


def _svg(name: str, title: str, description: str, height: float, parts: Sequence[str]) -> str:
    marked = escape(name)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" '
        f'aria-labelledby="{marked}-title {marked}-desc"><title id="{marked}-title">{escape(title)}</title>'
        f'<desc id="{marked}-desc">{escape(description)}</desc>{"".join(parts)}</svg>'
    )
