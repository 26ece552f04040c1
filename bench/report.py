"""bench/results/kernels.md, from what a run has gathered."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from .book import Book, Series
from .chart import draw
from .contest import Array, Outcome
from .machine import facts

INTRODUCTION = """\
# Kernels against their peers

`make bench` writes this file. Answers are compared before anything is timed; then both sides are
timed in turn in one run, on one thread, and the ratio is that of the medians, with the quartiles of
the ratios of single rounds behind it. Borders, taps and radius are the same. Where a peer takes
memory to write to, so do we; where it does not (libvips, Pillow), we allocate as it does.

From σ = 5 on, ours is the Gaussian as one calls it, which reaches to 4σ and is within half a level;
the peers' stop at 3σ. Rows that name a number of taps calculate with the very same ones.

![How many times as fast as the best peer](kernels.svg)
"""


def write(book: Book, folder: Path) -> None:
    """Write the table and the chart into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernels.md").write_text("\n".join(_page(book)) + "\n", encoding="utf-8")
    against = [outcome for outcome in book.outcomes if outcome.row.limit is None]
    peers = [o for o in against if not o.row.peer.startswith("imgpipe")]
    (folder / "kernels.svg").write_text(draw(peers), encoding="utf-8")


def _page(book: Book) -> Iterator[str]:
    yield INTRODUCTION
    yield from _table(["machine", ""], [[name, value] for name, value in facts().items()])
    ours = [o for o in book.outcomes if o.row.limit is None]
    timed = [o for o in ours if not o.row.peer.startswith("imgpipe")]
    yield "\n## The table\n"
    yield _summary(book.outcomes)
    yield from _contests(timed)
    yield "\n## Two threads against one\n"
    yield from _contests([o for o in ours if o not in timed])
    yield "\n## A call on an 8×8 array\n"
    yield from _calls([o for o in book.outcomes if o.row.limit is not None])
    for series in book.series:
        yield from _series(series)


def _summary(outcomes: list[Outcome]) -> str:
    verdicts = [outcome.met for outcome in outcomes]
    met, wanted = verdicts.count(True), len(verdicts) - verdicts.count(None)
    return f"{met} of {wanted} wanted ratios and limits are met.\n"


def _contests(outcomes: list[Outcome]) -> Iterator[str]:
    head = ["kernel", "picture", "peer", "peer, ms", "imgpipe, ms", "ratio", "wanted", "met"]
    yield from _table(head, [_contest(outcome) for outcome in outcomes])


def _contest(outcome: Outcome) -> list[str]:
    row = outcome.row
    names = [row.kernel, row.picture, row.peer]
    wanted = "" if row.wanted is None else f"{row.wanted:g}×"
    if outcome.skipped:
        return [*names, "", "", outcome.skipped, wanted, ""]
    low, high = outcome.spread
    return [
        *names,
        _spread(outcome.theirs, 1e3),
        _spread(outcome.ours, 1e3),
        f"**{outcome.ratio:.2f}×** ({low:.2f}–{high:.2f})",
        wanted,
        _verdict(outcome),
    ]


def _calls(outcomes: list[Outcome]) -> Iterator[str]:
    head = ["kernel", "OpenCV, µs", "imgpipe, µs", "wanted", "met"]
    lines = []
    for outcome in outcomes:
        row = outcome.row
        times = [_spread(outcome.theirs, 1e6), _spread(outcome.ours, 1e6)]
        if outcome.skipped:
            times = ["", outcome.skipped]
        lines.append([row.kernel, *times, f"under {row.limit:g} µs", _verdict(outcome)])
    yield from _table(head, lines)


def _series(series: Series) -> Iterator[str]:
    yield f"\n## {series.title}\n\n{series.how}\n"
    yield from _table(series.head, series.lines)


def _verdict(outcome: Outcome) -> str:
    return {None: "", True: "yes", False: "**no**"}[outcome.met]


def _spread(times: Array | None, scale: float) -> str:
    """The median, and half the distance of the quartiles."""
    if times is None:
        return ""
    low, middle, high = np.percentile(times, [25, 50, 75]) * scale
    return f"{middle:.3g} ± {(high - low) / 2:.2g}"


def _table(head: list[str], lines: Iterable[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for line in lines:
        yield "| " + " | ".join(line) + " |"
