"""The report's charts as SVG text: small, without script, coloured by the page's style sheet.

Nothing here knows what is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from qa.evals.statistics import Interval

Point = tuple[float, float]
WIDTH, HEIGHT = 340, 220
MOST_POINTS = 40
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 24, 38


def interval_bar(value: float, interval: Interval | None) -> str:
    """A share from 0 to 1 as a dot with its interval."""
    low, high = interval or (value, value)
    said = f"{value:.1%}, between {low:.1%} and {high:.1%}"
    return (
        f'<svg class="bar" viewBox="0 0 120 14" role="img" aria-label="{said}"><title>{said}</title>'
        f'<line class="track" x1="4" x2="116" y1="7" y2="7"/>'
        f'<line class="span" x1="{_along(low)}" x2="{_along(high)}" y1="7" y2="7"/>'
        f'<circle class="dot" cx="{_along(value)}" cy="7" r="4"/></svg>'
    )


def line_chart(
    lines: Sequence[tuple[str, Sequence[Point]]], *, across: str, up: str, shares: bool = True, steps: bool = False
) -> str:
    """Lines over a shared pair of axes; `shares` makes both run from 0 to 100 %.

    With `steps`, a point holds back to the one before it.
    """
    right = 1.0 if shares else max((x for _, points in lines for x, _ in points), default=1.0) or 1.0
    drawn = [_grid(right, shares=shares), _labels(across, up)]
    for number, (name, points) in enumerate(lines):
        places = [(_x(x / right), _y(y)) for x, y in points]
        drawn.append(f'<path class="line line{number}" d="{_path(places, steps=steps)}"/>')
        if len(points) <= MOST_POINTS and len(lines) == 1:
            drawn += [
                f'<circle class="point point{number}" cx="{px:.1f}" cy="{py:.1f}" r="3.5"><title>{escape(name)}: '
                f"{_tick(x, shares)}, {y:.1%}</title></circle>"
                for (px, py), (x, y) in zip(places, points, strict=True)
            ]
    label = f"{up} over {across}"
    body = "".join(drawn)
    return f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">{body}</svg>'


def _grid(right: float, *, shares: bool) -> str:
    drawn = []
    for quarter in range(5):
        share = quarter / 4
        x, y = _x(share), _y(share)
        drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>')
        said, anchor = _tick(share * right, shares), "end" if quarter == 4 else "middle"
        drawn.append(f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="{anchor}">{said}</text>')
    return "".join(drawn)


def _labels(across: str, up: str) -> str:
    return (
        f'<text class="axis" x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{escape(across)}</text>'
        f'<text class="axis" x="0" y="{TOP - 12}">{escape(up)}</text>'
    )


def _path(places: Sequence[Point], *, steps: bool) -> str:
    parts = []
    for number, (x, y) in enumerate(places):
        if steps and number:
            parts.append(f"L{places[number - 1][0]:.1f} {y:.1f}")
        parts.append(f"{'L' if number else 'M'}{x:.1f} {y:.1f}")
    return " ".join(parts)


def _tick(value: float, shares: bool) -> str:
    if shares:
        return f"{value:.0%}"
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{value:.3g}"


def _along(share: float) -> str:
    return f"{4 + 112 * share:.1f}"


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)
