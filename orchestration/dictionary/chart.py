"""A small line chart as inline SVG: no script, no font, no file beside the page.

Belongs here: points to SVG. Not here: what is charted.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

WIDTH, HEIGHT, SIDE, TOP, BOTTOM = 640, 220, 8, 40, 34


def line_chart(
    labels: Sequence[str],
    values: Sequence[float | None],
    text: Callable[[float], str],
    lines: Sequence[tuple[str, float]] = (),
    title: str = "",
    dashed_last: bool = False,
) -> str:
    """SVG of a series. Missing values leave a gap; `lines`: (name, value) drawn across, where within reach of the
    series; `dashed_last`: the last point is of a period that has not ended."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    reach = (high - low) or abs(high) or 1.0
    shown = [(name, value) for name, value in lines if low - reach <= value <= high + reach]
    low, high = min([low, *(value for _, value in shown)]), max([high, *(value for _, value in shown)])
    span = (high - low) or 1.0

    def x(index: int) -> float:
        return SIDE + (WIDTH - 2 * SIDE) * (index / (len(values) - 1) if len(values) > 1 else 0.5)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / span)

    parts = [f"<title>{html.escape(title)}</title>"]
    for name, value in shown:
        height, right = y(value), WIDTH - SIDE
        parts.append(
            f'<line class="mark" x1="{SIDE}" x2="{right}" y1="{height:.1f}" y2="{height:.1f}"/>'
            f'<text class="marked" x="{right}" y="{height - 4:.1f}" text-anchor="end">{html.escape(name)}</text>'
        )
    for run in _runs(values):
        full = run[:-1] if dashed_last and run[-1] == len(values) - 1 else run
        for indices, style in ((full, "line"), (run[-2:] if full is not run else [], "line open")):
            if len(indices) > 1:
                points = " ".join(f"{x(index):.1f},{y(values[index] or 0.0):.1f}" for index in indices)
                parts.append(f'<polyline class="{style}" points="{points}"/>')
    for index, each in enumerate(values):
        if each is not None:
            told = html.escape(f"{labels[index]}: {text(each)}")
            parts.append(f'<circle cx="{x(index):.1f}" cy="{y(each):.1f}" r="3"><title>{told}</title></circle>')
    parts.append(f'<text x="{SIDE}" y="{HEIGHT - 8}">{html.escape(labels[0])}</text>')
    if len(labels) > 1:
        end = f'<text x="{WIDTH - SIDE}" y="{HEIGHT - 8}" text-anchor="end">{html.escape(labels[-1])}</text>'
        parts.append(end)
    scale = f"{text(min(known))} .. {text(max(known))}"
    parts.append(f'<text x="{SIDE}" y="22">{html.escape(scale)}</text>')
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" class="chart">{"".join(parts)}</svg>'


def _runs(values: Sequence[float | None]) -> list[list[int]]:
    """Indices of values without a gap."""
    runs: list[list[int]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(index)
    return [run for run in runs if run]
