"""bench/results/e2e.md, from what was measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .e2e_chart import draw
from .e2e_contest import ROUNDS, Entry, Outcome
from .e2e_single import Figure
from .e2e_workloads import BEST, WORKLOADS, missing
from .machine import facts

INTRODUCTION = f"""\
# End to end, against other programs

`make bench-e2e` writes this file. Each program is a whole process over a folder of pictures, on two
cores: imgpipe as a command, its peers as the small programs in `bench/e2e_peers`, each tried at
several settings, of which the best is told. Before anything is timed, sizes of outputs are
compared, and the SSIM of some with what was made slowly from whole pictures; ours may not be more
than 0.01 below a peer's. Then all take turns, {ROUNDS} rounds. Times are medians with half the
distance of the quartiles; a ratio is the median of those within each round, with their quartiles
behind it, since what slows the machine down slows all of a round. imgpipe flushes every file to
the disk and keeps a log that it can resume from, where nothing else is said; the others do neither.
Peak memory is that of the largest process.

![How many times as fast as each peer](e2e.svg)
"""


@dataclass(frozen=True)
class Line:
    """What was wanted of a workload, and what came of it."""

    title: str
    peer: str
    wanted: str
    got: str
    met: bool


def write(outcomes: list[Outcome], figures: list[Figure], folder: Path) -> None:
    """Write the page and the chart into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    page = "\n".join(_page(outcomes, figures)) + "\n"
    (folder / "e2e.md").write_text(page, encoding="utf-8")
    (folder / "e2e.svg").write_text(draw(outcomes), encoding="utf-8")


def _page(outcomes: list[Outcome], figures: list[Figure]) -> Iterator[str]:
    yield INTRODUCTION
    done = {outcome.workload.name for outcome in outcomes}
    left = [(one.title, "not measured") for one in WORKLOADS if one.name not in done]
    facts_told = [*facts().items(), *missing().items(), *left]
    yield from _table(["machine", ""], [list(fact) for fact in facts_told])
    lines = [*_lines(outcomes), *map(_figure_line, figures)]
    judged = [line for line in lines if line.wanted]
    failed = [line for line in judged if not line.met]
    yield f"\n## What was wanted\n\n{len(judged) - len(failed)} of {len(judged)} are met.\n"
    yield from _table(
        ["workload", "against", "wanted", "got", "met"],
        [
            [line.title, line.peer, line.wanted, line.got, "yes" if line.met else "**no**"]
            for line in judged
        ],
    )
    yield "\nNot reached:\n" if failed else ""
    yield from (f"- {line.title}, {line.peer}: {line.got}, wanted {line.wanted}" for line in failed)
    for outcome in outcomes:
        yield "\n" + describe(outcome)
    rest = [line for line in lines if not line.wanted]
    yield from (f"\n{line.title}: {line.got}" for line in rest)


def describe(outcome: Outcome) -> str:
    """The table of one workload."""
    head = ["program", "setting", "seconds", "CPU", "peak, MB", "ratio", "SSIM"]
    lines = [_entry(entry, outcome.ours) for entry in outcome.entries]
    title = f"## {outcome.workload.title}\n\n{outcome.pictures} pictures.\n"
    return "\n".join([title, *_table(head, lines)])


def _entry(entry: Entry, ours: Entry) -> list[str]:
    return [
        entry.program.peer,
        entry.program.setting,
        _spread(entry.wall),
        _spread(entry.cpu),
        f"{np.median(entry.peak):.0f}",
        "" if entry is ours else _ratio(entry, ours),
        f"{entry.likeness:.4f}",
    ]


def _ratio(entry: Entry, ours: Entry) -> str:
    low, high = np.percentile(entry.ratios(ours), [25, 75])
    return f"**{entry.ratio(ours):.2f}×** ({low:.2f} to {high:.2f})"


def _spread(values: list[float]) -> str:
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:.2f} ± {(high - low) / 2:.2f}"


def _lines(outcomes: list[Outcome]) -> Iterator[Line]:
    for outcome in outcomes:
        ours = outcome.ours
        for peer, wanted in outcome.workload.wanted.items():
            entry = outcome.best if peer == BEST else outcome.entry(peer)
            if entry:
                name = f"{peer}, {entry.program.peer}" if peer == BEST else peer
                yield Line(
                    outcome.workload.title,
                    name,
                    f"{wanted:g}×",
                    _ratio(entry, ours),
                    entry.ratio(ours) >= wanted,
                )
        for peer, most in outcome.workload.lighter.items():
            if entry := outcome.entry(peer):
                share = np.median(ours.peak) / np.median(entry.peak)
                title = f"{outcome.workload.title}: peak memory"
                yield Line(title, peer, f"at most {most:g}×", f"**{share:.2f}×**", share <= most)


def _figure_line(figure: Figure) -> Line:
    low, high = np.percentile(figure.values, [25, 75])
    got = f"**{figure.got:.3g} {figure.unit}** ({low:.3g} to {high:.3g})"
    side = "at least" if figure.more else "at most"
    wanted = f"{side} {figure.wanted:g} {figure.unit}" if np.isfinite(figure.wanted) else ""
    return Line(figure.title, "", wanted, got, figure.met)


def _table(head: list[str], lines: list[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for line in lines:
        yield "| " + " | ".join(line) + " |"
