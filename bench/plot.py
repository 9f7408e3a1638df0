"""Bars as SVG, legible on light and on dark pages; a plot is data, and this is all that draws."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, LABELS, FIGURES = 820, 250, 60
BAR, GAP, TOP = 15, 14, 58
COLOURS = ("#2f6fbb", "#c2603a", "#d9a441", "#4f9d69", "#8a6fb3")
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3; } }
"""


@dataclass(frozen=True, slots=True)
class Plot:
    """One group of bars for each of `groups`, with a bar for each of `series`; None: it has none.

    `values[group][series]`. Bars of each group are drawn against the group's own longest one, because groups
    are of different size.
    """

    name: str  # of its file
    title: str
    series: list[str]
    groups: list[str]
    values: list[list[float | None]]


def svg(plot: Plot) -> str:
    parts, y = [], TOP
    for group, values in zip(plot.groups, plot.values, strict=True):
        parts.append(f'<text x="{LABELS - 10}" y="{y + BAR - 3}" text-anchor="end">{escape(group)}</text>')
        for colour, value in zip(COLOURS, values, strict=False):
            if value is not None:
                parts.append(bar(y, colour, value, max(each for each in values if each is not None)))
                y += BAR + 2
        y += GAP
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img">',
        f"<title>{escape(plot.title)}</title>",
        f"<style>{STYLE}</style>",
        f'<text x="0" y="16" class="title">{escape(plot.title)}</text>',
        *legend(plot.series),
    ]
    return "\n".join([*head, *parts, "</svg>", ""])


def legend(series: list[str]) -> list[str]:
    found, x = [], 0.0
    for colour, name in zip(COLOURS, series, strict=False):
        found.append(f'<rect x="{x:.0f}" y="28" width="11" height="11" rx="2" fill="{colour}"/>')
        found.append(f'<text x="{x + 16:.0f}" y="38">{escape(name)}</text>')
        x += 34 + 6.4 * len(name)
    return found


def bar(y: int, colour: str, value: float, longest: float) -> str:
    length = (WIDTH - LABELS - FIGURES) * value / longest if longest else 0
    figure = f"{value:,.0f}" if value >= 20 else f"{value:.2f}"
    return (
        f'<rect x="{LABELS}" y="{y}" width="{max(1, length):.0f}" height="{BAR}" rx="2" fill="{colour}"/>'
        f'<text x="{LABELS + length + 6:.0f}" y="{y + BAR - 3}">{figure}</text>'
    )
