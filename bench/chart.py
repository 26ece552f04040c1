"""bench/results/kernels.svg: how many times as fast as the best peer, a bar for each kernel."""

import math
from collections.abc import Iterator
from html import escape

from .contest import Outcome

WIDTH, TOP, BOTTOM, STEP, BAR = 820, 74, 44, 26, 16
LEFT, RIGHT = 262, 650  # of the bars
VALUE = 56  # from a bar's end to the name of the peer
EXPLANATION = (
    "uint8 RGB unless said; same answers, compared before timing; ratio of medians, "
    "each step of the axis doubles"
)
TICKS = (0.5, 1, 2, 4, 8, 16, 32, 64)

# One rule a colour, and no variables, which some renderers do not know.
STYLE = """\
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
.title { font-size: 16px; font-weight: 600; }
.small { font-size: 12px; }
.value { font-weight: 600; }
.one { stroke-width: 1.5; }
"""
LIGHT = {
    ".ground": "fill: #ffffff",
    ".ink": "fill: #1f2328",
    ".soft": "fill: #59636e",
    ".bar": "fill: #1f7a8c",
    ".slow": "fill: #c4632a",
    ".line": "stroke: #d8dee4",
    ".one": "stroke: #8c959f",
}
DARK = {
    ".ground": "fill: #0d1117",
    ".ink": "fill: #f0f6fc",
    ".soft": "fill: #9198a1",
    ".bar": "fill: #3ba7bb",
    ".slow": "fill: #e08a54",
    ".line": "stroke: #2a313a",
    ".one": "stroke: #6e7681",
}


def _style() -> str:
    light, dark = (
        "\n".join(f"{name} {{ {rule} }}" for name, rule in rules.items()) for rules in (LIGHT, DARK)
    )
    return f"<style>\n{STYLE}{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n</style>"


def best(outcomes: list[Outcome]) -> list[Outcome]:
    """Of each kernel and picture, the contest with the fastest peer, as the table has them."""
    found: dict[tuple[str, str], Outcome] = {}
    for outcome in outcomes:
        key = outcome.row.kernel, outcome.row.picture
        if not outcome.skipped and (key not in found or outcome.ratio < found[key].ratio):
            found[key] = outcome
    return list(found.values())


def draw(outcomes: list[Outcome]) -> str:
    """The chart as SVG."""
    bars = best(outcomes)
    ticks = _ticks([bar.ratio for bar in bars])
    height = TOP + STEP * len(bars) + BOTTOM
    return "\n".join(_drawing(bars, ticks, height)) + "\n"


def _ticks(ratios: list[float]) -> list[float]:
    """From 1, or below where something is slower, to the one beyond the longest bar."""
    low, high = min(ratios, default=1), max(ratios, default=1)
    last = next((tick for tick in TICKS if tick >= high and tick > 1), TICKS[-1])
    return [tick for tick in TICKS if (tick >= 1 or low < 1) and tick <= last]


def _drawing(bars: list[Outcome], ticks: list[float], height: int) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label="imgpipe against the fastest peer">'
    )
    yield _style()
    yield f'<rect class="ground" width="{WIDTH}" height="{height}" rx="8"/>'
    yield _text(24, 32, "title ink", "Times as fast as the fastest peer, one thread")
    yield _text(24, 52, "small soft", EXPLANATION)
    foot = TOP + STEP * len(bars) + 4
    for tick in ticks:
        at = _at(tick, ticks)
        kind = "one" if tick == 1 else "line"
        yield f'<line class="{kind}" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP - 6}" y2="{foot}"/>'
        yield _text(at, foot + 18, "small soft", f"{tick:g}×", "middle")
    for number, bar in enumerate(bars):
        yield from _bar(bar, ticks, TOP + STEP * number)
    yield "</svg>"


def _bar(outcome: Outcome, ticks: list[float], y: int) -> Iterator[str]:
    row, base = outcome.row, y + BAR - 3
    one, end = _at(1, ticks), _at(outcome.ratio, ticks)
    kind, left, width = "bar" if end >= one else "slow", min(one, end), max(abs(end - one), 1)
    yield _text(LEFT - 14, base, "ink", row.kernel + _suffix(row.picture), "end")
    yield f'<rect class="{kind}" x="{left:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>'
    yield _text(
        max(one, end) + 8,
        base,
        "value ink",
        f"{outcome.ratio:.{1 if outcome.ratio >= 1.1 else 2}f}×",
    )
    yield _text(max(one, end) + VALUE, base, "small soft", row.peer)


def _text(x: float, y: float, kind: str, text: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _suffix(picture: str) -> str:
    """What a picture is beside RGB of 8 bits."""
    kind = " ".join(word for word in picture.split()[1:] if word != "RGB")
    return f", {kind}" if kind else ""


def _at(ratio: float, ticks: list[float]) -> float:
    low, high = math.log2(ticks[0]), math.log2(ticks[-1])
    share = (math.log2(max(ratio, ticks[0])) - low) / (high - low)
    return LEFT + (RIGHT - LEFT) * min(share, 1)
