"""What counting costs, against prometheus-client.

`python bench/metrics.py [RESULT.md]`. Both sides count the same and are asked for it before they
are timed; rounds take turns. Nanoseconds are those of one call, its loop included: of the thread's
own time where there is one, so that other programs do not count, of the wall where there are four.
"""

import platform
import statistics
import sys
import threading
import time
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from imgpipe import ImageFormat, PipelineMetrics, ProcessingResult, _atomics
from imgpipe.flow.measure import QUEUE, Lap
from imgpipe.metrics import (
    AtomicCounter,
    AtomicGauge,
    AtomicHistogram,
    MetricsCollector,
    MetricsRegistry,
    Ordering,
)
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

ROUNDS = 25
CALLS = 50_000  # in a round
THREADS, EACH = 4, 250_000
UP_FROM_C = 5_000_000
SECONDS = Histogram.DEFAULT_BUCKETS[:-1]
NANOSECONDS = [round(seconds * 1e9) for seconds in SECONDS]

Side = Callable[[], float]  # does its work once, and gives the nanoseconds of one call


@dataclass(frozen=True)
class Row:
    """One line of the table: both sides, and how many times as fast ours should be."""

    what: str
    ours: Side
    theirs: Side
    wanted: float | None = None


def calls(statement: str, **names: object) -> Side:
    """A statement, over and over."""
    timer = timeit.Timer(statement, timer=time.thread_time, globals=names)
    return lambda: timer.timeit(CALLS) / CALLS * 1e9


def threads(count: Callable[[], object]) -> Side:
    """Four threads that count 250,000 times each; nanoseconds are of the wall for one count."""

    def work() -> None:
        for _ in range(EACH):
            count()

    def side() -> float:
        started = [threading.Thread(target=work) for _ in range(THREADS)]
        start = time.perf_counter_ns()
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()
        return (time.perf_counter_ns() - start) / (THREADS * EACH)

    return side


def one_thread() -> list[Row]:
    counter, their_counter = AtomicCounter(), Counter("c", "c", registry=None)
    gauge, their_gauge = AtomicGauge(), Gauge("g", "g", registry=None)
    histogram = AtomicHistogram(NANOSECONDS)
    their_histogram = Histogram("h", "h", buckets=SECONDS, registry=None)

    counter.increment()
    counter.add(5)
    their_counter.inc()
    their_counter.inc(5)
    assert value(their_counter, "c_total") == counter.get() == 6
    gauge.set(5)
    their_gauge.set(5)
    assert value(their_gauge, "g") == gauge.get() == 5
    for milliseconds in range(0, 20_000, 7):
        histogram.record(milliseconds * 10**6)
        their_histogram.observe(milliseconds / 1e3)
    snapshot = histogram.snapshot()
    (family,) = their_histogram.collect()
    theirs = [sample.value for sample in family.samples if sample.name == "h_bucket"]
    assert theirs == [*snapshot.cumulative(), snapshot.total()]
    return [
        Row(
            "`increment()`, `Counter.inc()`",
            calls("c.increment()", c=counter),
            calls("c.inc()", c=their_counter),
            6,
        ),
        Row(
            "`add(5)`, `Counter.inc(5)`",
            calls("c.add(5)", c=counter),
            calls("c.inc(5)", c=their_counter),
        ),
        Row(
            "`set(5)`, `Gauge.set(5)`",
            calls("g.set(5)", g=gauge),
            calls("g.set(5)", g=their_gauge),
        ),
        Row(
            f"`record(n)`, `Histogram.observe(x)`, {len(SECONDS)} boundaries",
            calls("h.record(12_345_678)", h=histogram),
            calls("h.observe(0.012345678)", h=their_histogram),
            6,
        ),
    ]


def value(metric: Counter | Gauge, name: str) -> float:
    (family,) = metric.collect()
    return next(sample.value for sample in family.samples if sample.name == name)


def four_threads() -> Row:
    metrics, theirs = MetricsCollector(), Counter("r", "r", registry=None)
    sides = threads(metrics.record_request), threads(theirs.inc)
    for side in sides:
        side()
    assert metrics.snapshot().requests == value(theirs, "r_total") == THREADS * EACH
    return Row("`record_request()`, `Counter.inc()`, four threads × 250,000", *sides)


def page() -> Row:
    """A hundred counters and ten histograms as text."""
    ours, theirs = MetricsRegistry(), CollectorRegistry()
    for number in range(100):
        ours.register_counter(f"c{number}_total", "c").add(number)
        Counter(f"c{number}", "c", registry=theirs).inc(number)
    for number in range(10):
        ours.register_histogram(f"h{number}", NANOSECONDS, "h", divisor=10**9)
        Histogram(f"h{number}", "h", buckets=SECONDS, registry=theirs)
    lines = generate_latest(theirs).decode().splitlines()
    kept = [line for line in lines if "_created" not in line]
    assert len(ours.snapshot_all().to_prometheus_format().splitlines()) == len(kept)

    def taken(call: Callable[[], object]) -> Side:
        return lambda: timeit.timeit(call, timer=time.thread_time, number=10) / 10 * 1e9

    return Row(
        "text of 100 counters and 10 histograms",
        taken(lambda: ours.snapshot_all().to_prometheus_format()),
        taken(lambda: generate_latest(theirs)),
    )


def from_c(ordering: Ordering) -> list[float]:
    """Nanoseconds of an increment from C, without the GIL, round by round."""
    counter, taken = AtomicCounter(), []
    for _ in range(ROUNDS):
        start = time.thread_time_ns()
        _atomics.count_up(counter, UP_FROM_C, ordering)
        taken.append((time.thread_time_ns() - start) / UP_FROM_C)
    assert counter.get() == ROUNDS * UP_FROM_C
    return taken


def a_picture() -> list[float]:
    """Nanoseconds of all that a run counts of one picture with one output; asserted first."""
    metrics, path = PipelineMetrics(), Path("a.jpg")
    result = [ProcessingResult(path, True, path, None, 0.1)]
    depths = [metrics.waiting[lane] for lane in ("load", "work", "save", "record")]

    def count() -> None:
        metrics.in_flight.add(1)
        for depth in depths:
            depth.increment()
            depth.decrement()
        start = time.perf_counter_ns()
        metrics.span("load", start, time.perf_counter_ns(), path)
        metrics.read_bytes.add(1000)
        metrics.memory.add(5000)
        work = Lap(metrics, path, 1)
        metrics.kernel_threads.set(1)
        work.took("decode", ImageFormat.JPEG)
        work.took("transform")
        work.took("encode", ImageFormat.JPEG)
        metrics.memory.add(-4000)
        start = time.perf_counter_ns()
        metrics.span(QUEUE, 1, start, path)
        metrics.span("save", start, time.perf_counter_ns(), path)
        metrics.written_bytes.add(1000)
        metrics.memory.add(-1000)
        metrics.in_flight.add(-1)
        metrics.count(result)

    count()
    series = metrics.registry.snapshot_all()
    assert series.counters['imgpipe_outputs_total{status="done"}'] == 1
    assert sum(one.total() for one in series.histograms.values()) == 7
    side = calls("count()", count=count)
    return [side() for _ in range(ROUNDS)]


def line(row: Row) -> str:
    pairs = [(row.theirs(), row.ours()) for _ in range(ROUNDS)]
    theirs, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    low, ratio, high = statistics.quantiles((their / our for their, our in pairs), n=4)
    wanted = "" if row.wanted is None else f"{row.wanted:g}× {verdict(ratio >= row.wanted)}"
    return (
        f"| {row.what} | {ns(ours)} | {ns(theirs)} | {ratio:.1f}× | "
        f"{low:.1f} to {high:.1f} | {wanted} |"
    )


def ns(number: float) -> str:
    return f"{number:,.0f}" if number >= 1000 else f"{number:.1f}"


def verdict(reached: bool) -> str:
    return "reached" if reached else "missed"


def main(result: Path | None) -> None:
    lines = [
        "# Counting",
        "",
        *(line for line in (__doc__ or "").splitlines()[2:] if line),
        "",
        f"Python {platform.python_version()}, prometheus-client {version('prometheus-client')}, "
        f"{ROUNDS} rounds, medians and quartiles.",
        "",
        "| imgpipe, prometheus-client | ns | theirs, ns | ratio | quartiles | wanted |",
        "|---|---|---|---|---|---|",
        *map(line, [*one_thread(), four_threads(), page()]),
        "",
        "From C, without the GIL, one thread; 6 ns were wanted at most:",
        "",
        "| ordering | ns an increment | quartiles |",
        "|---|---|---|",
    ]
    for ordering in Ordering:
        low, middle, high = statistics.quantiles(from_c(ordering), n=4)
        lines.append(f"| {ordering.name} | {middle:.2f} | {low:.2f} to {high:.2f} |")
    low, middle, high = statistics.quantiles(a_picture(), n=4)
    lines += [
        "",
        f"All that a run counts of a picture: {middle / 1000:.2f} µs, {low / 1000:.2f} to "
        f"{high / 1000:.2f}; 3 µs were wanted at most: {verdict(middle <= 3000)}.",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if result:
        result.write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
