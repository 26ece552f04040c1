"""What `run` tells of its measurements: to Prometheus, in a sentence, or in a profile."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from imgpipe.config import PipelineConfig
from imgpipe.cores import available
from imgpipe.errors import ConfigError
from imgpipe.flow.advice import advise
from imgpipe.flow.measure import QUEUE, PipelineMetrics
from imgpipe.flow.profile import Profile
from imgpipe.flow.threads import LOAD_THREADS, SAVE_THREADS
from imgpipe.metrics import serve_metrics, write_textfile

TRACE = "trace.json"
_ENOUGH = 2.0  # seconds of work, before it says anything where they went


@contextmanager
def measured(
    output_dir: Path, file: Path | None, port: int | None, profile: bool
) -> Iterator[PipelineMetrics]:
    """The metrics of a run, told to Prometheus while it lasts and when it has ended.

    Raises ConfigError for a port that is not free, or a file that cannot be written.
    """
    with ExitStack() as stack:
        metrics = stack.enter_context(_profile(output_dir)) if profile else PipelineMetrics()
        if port is not None:
            stack.enter_context(serve_metrics(metrics.registry, port))
        if file is not None:
            _write(metrics, file)
            metrics.registry.start_export_thread(lambda _: _write(metrics, file))
            stack.callback(_write, metrics, file)
            stack.callback(metrics.registry.stop)
        yield metrics


def _write(metrics: PipelineMetrics, file: Path) -> None:
    try:
        write_textfile(metrics.registry, file)
    except OSError as error:
        raise ConfigError(f"Expected a file for metrics at {file}, got: {error.strerror}") from None


@contextmanager
def _profile(output_dir: Path) -> Iterator[Profile]:
    path = output_dir / ".imgpipe" / TRACE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = open(path, "w", encoding="utf-8")  # noqa: SIM115  # closed below
    except OSError as error:
        raise ConfigError(f"Expected an output folder that can be written, got: {error}") from None
    with opened:
        profile = Profile(opened)
        yield profile
        profile.finish()
    print(f"Trace: {path} (ui.perfetto.dev opens it)", file=sys.stderr)


def bottleneck_text(metrics: PipelineMetrics, config: PipelineConfig) -> str:
    """One sentence about what took most of the time; empty where hardly anything did."""
    found = metrics.bottleneck()
    worked = sum(histogram.sum for key, histogram in metrics.snapshots().items() if key[0] != QUEUE)
    return advise(found, config) if found and worked > _ENOUGH * 1e9 else ""


def profile_text(metrics: PipelineMetrics, config: PipelineConfig, wall: float, cpu: float) -> str:
    """Where the time went: by step and format, by lane, and how busy the cores were."""
    steps = {key: one for key, one in metrics.snapshots().items() if key[0] != QUEUE}
    total = max(1, sum(one.sum for one in steps.values()))
    lines = [f"{'step':<20} {'time':>9} {'share':>6} {'times':>8} {'mean':>9} {'95 %':>9}"]
    for (step, format), one in sorted(steps.items(), key=lambda item: -item[1].sum):
        name = f"{step} {format.value}" if format else step
        share = f"{one.sum / total * 100:.0f} %"
        lines.append(
            f"{name:<20} {one.sum / 1e9:>7.2f} s {share:>6} {one.total():>8} "
            f"{one.mean() / 1e6:>6.1f} ms {one.quantile(0.95) / 1e6:>6.1f} ms"
        )
    cores = available()
    at_a_time = cpu / wall
    lines.append(
        f"Cores: {at_a_time / cores * 100:.0f} % of {cores} busy over {wall:.1f} s, "
        f"{at_a_time:.2f} at a time"
    )
    by_step: Counter[str] = Counter()
    for (step, _), one in steps.items():
        by_step[step] += one.sum
    lines.append(_lanes(by_step, config, wall))
    return "\n".join(lines)


def _lanes(nanoseconds: Counter[str], config: PipelineConfig, wall: float) -> str:
    """How busy each lane's threads were; the others wait for the busiest."""
    lanes = {
        "loading": (("load",), LOAD_THREADS),
        "work": (("decode", "transform", "encode"), config.workers),
        "saving": (("save",), SAVE_THREADS),
    }
    busy = {
        lane: sum(nanoseconds[step] for step in steps) / 1e9 / wall / threads
        for lane, (steps, threads) in lanes.items()
    }
    told = ", ".join(f"{lane} {share * 100:.0f} %" for lane, share in busy.items())
    return f"Threads busy: {told}; the others waited for {max(busy, key=lambda lane: busy[lane])}"
