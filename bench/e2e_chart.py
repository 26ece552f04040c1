"""bench/results/e2e.svg: how many times as fast as each peer, a bar for each of a workload's."""

from collections.abc import Iterator

from .chart import BAR, LEFT, STEP, TOP, WIDTH, _at, _style, _text
from .e2e_contest import Outcome

BOTTOM = 44
TICKS = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0]
EXPLANATION = "whole processes on two cores; median of the ratios, each step of the axis doubles"


def draw(outcomes: list[Outcome]) -> str:
    """The chart as SVG."""
    rows = sum(len(outcome.entries) for outcome in outcomes)  # a title each, and no bar of ours
    height = TOP + STEP * rows + BOTTOM
    return "\n".join(_drawing(outcomes, height)) + "\n"


def _drawing(outcomes: list[Outcome], height: int) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label="imgpipe against other programs">'
    )
    yield _style()
    yield f'<rect class="ground" width="{WIDTH}" height="{height}" rx="8"/>'
    yield _text(24, 32, "title ink", "Times as fast as other programs, end to end")
    yield _text(24, 52, "small soft", EXPLANATION)
    foot, y = height - BOTTOM + 4, TOP
    for tick in TICKS:
        at, kind = _at(tick, TICKS), "one" if tick == 1 else "line"
        yield f'<line class="{kind}" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP - 6}" y2="{foot}"/>'
        yield _text(at, foot + 18, "small soft", f"{tick:g}×", "middle")
    for outcome in outcomes:
        yield _text(24, y + BAR - 3, "value ink", outcome.workload.title)
        y += STEP
        for entry in outcome.entries[1:]:
            yield from _bar(entry.program.peer, entry.ratio(outcome.ours), y)
            y += STEP
    yield "</svg>"


def _bar(peer: str, ratio: float, y: int) -> Iterator[str]:
    one, end, base = _at(1, TICKS), _at(ratio, TICKS), y + BAR - 3
    kind, left, width = "bar" if end >= one else "slow", min(one, end), max(abs(end - one), 1)
    yield _text(LEFT - 14, base, "soft", peer, "end")
    yield f'<rect class="{kind}" x="{left:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>'
    yield _text(max(one, end) + 8, base, "value ink", f"{ratio:.2f}×")
