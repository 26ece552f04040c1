"""`PipelineMetrics`: what runs measure of themselves, in a registry that anybody may read."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns

from imgpipe.formats import ImageFormat
from imgpipe.metrics import AtomicHistogram, HistogramSnapshot, MetricsRegistry
from imgpipe.results import ProcessingResult
from imgpipe.runlog import STEPS

_NANOSECONDS = 10**9
_BOUNDARIES = [  # from 100 microseconds to 100 seconds, three to a power of ten
    digit * 10**power for power in range(5, 11) for digit in (1, 2, 5)
] + [10**11]

QUEUE = "queue"
LANES = ("small", "load", "work", "save", "record")
_STATES = ("done", "skipped", "failed")


class PipelineMetrics:
    """Counters, gauges and histograms of any number of runs, by names that begin with imgpipe_.

    `imgpipe_step_seconds` is how long each of `load decode transform encode save` took, and `queue`
    each wait for a lane, by the format that is read or written; `imgpipe_outputs_total` counts by
    status, `imgpipe_failures_total` by the step that failed. Raises ConfigError for a registry that
    has such names already, as when two of these share one.

    >>> metrics = PipelineMetrics()
    >>> metrics.span("encode", 0, 2_000_000, Path("a.jpg"), ImageFormat.WEBP)
    >>> metrics.bottleneck()
    Bottleneck(step='encode', format='WebP', share=1.0)
    """

    def __init__(self, registry: MetricsRegistry | None = None) -> None:
        self.registry = registry or MetricsRegistry()
        counter, gauge = self.registry.register_counter, self.registry.register_gauge
        self._outputs = {
            state: counter(
                "imgpipe_outputs_total", "Outputs by what became of them.", labels={"status": state}
            )
            for state in _STATES
        }
        self._failures = {
            step: counter(
                "imgpipe_failures_total", "Failures by the step that failed.", labels={"kind": step}
            )
            for step in STEPS
        }
        self.read_bytes = counter("imgpipe_read_bytes_total", "Bytes of picture files read.")
        self.written_bytes = counter("imgpipe_written_bytes_total", "Bytes of outputs saved.")
        self.in_flight = gauge("imgpipe_in_flight", "Pictures between the log and their end.")
        self.waiting = {
            lane: gauge(
                "imgpipe_queue_depth", "Parcels that wait before each lane.", labels={"lane": lane}
            )
            for lane in LANES
        }
        self.memory = gauge("imgpipe_memory_reserved_bytes", "Set aside for pictures in flight.")
        self.kernel_threads = gauge("imgpipe_kernel_threads", "Threads that a kernel may use.")
        self._steps: dict[tuple[str, ImageFormat | None], AtomicHistogram] = {}
        self._lock = threading.Lock()

    def _histogram(self, step: str, format: str) -> AtomicHistogram:
        return self.registry.register_histogram(
            "imgpipe_step_seconds",
            _BOUNDARIES,
            "How long a step took.",
            labels={"step": step, "format": format},
            divisor=_NANOSECONDS,
        )

    def span(
        self, step: str, start: int, end: int, path: Path, format: ImageFormat | None = None
    ) -> None:
        """Count that a step of the picture at `path` went from `start` to `end`, in nanoseconds."""
        histogram = self._steps.get((step, format)) or self._new_series(step, format)
        histogram.record(end - start)

    def _new_series(self, step: str, format: ImageFormat | None) -> AtomicHistogram:
        with self._lock:
            if (step, format) not in self._steps:
                self._steps[step, format] = self._histogram(step, format.value if format else "")
            return self._steps[step, format]

    def count(self, results: Iterable[ProcessingResult]) -> None:
        """Count what became of outputs."""
        for result in results:
            if not result.success:
                self._outputs["failed"].increment()
                if result.step in self._failures:
                    self._failures[result.step].increment()
            else:
                self._outputs["skipped" if result.skipped else "done"].increment()

    def snapshots(self) -> dict[tuple[str, ImageFormat | None], HistogramSnapshot]:
        """Nanoseconds by (step, format), waits among them, as far as there are any."""
        with self._lock:
            return {key: histogram.snapshot() for key, histogram in self._steps.items()}

    def bottleneck(self) -> "Bottleneck | None":
        """What has taken most of the time so far, not waits for a lane; None before any has."""
        sums = {key: one.sum for key, one in self.snapshots().items() if key[0] != QUEUE}
        total = sum(sums.values())
        if not total:
            return None
        step, format = max(sums, key=lambda key: sums[key])
        return Bottleneck(step, format.value if format else "", sums[step, format] / total)


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The step that took most of the time, the format it read or wrote, and its share, 0 to 1."""

    step: str
    format: str
    share: float


class Lap:
    """A watch for the steps of a picture that follow each other in one thread."""

    __slots__ = ("_path", "_span", "_start")

    def __init__(self, metrics: PipelineMetrics, path: Path, since: int) -> None:
        """It has waited `since` that time."""
        self._span = metrics.span
        self._path = path
        self._start = perf_counter_ns()
        self._span(QUEUE, since, self._start, path)

    def took(self, step: str, format: ImageFormat | None = None) -> None:
        """Say that `step` has taken all the time since the last one."""
        now = perf_counter_ns()
        self._span(step, self._start, now, self._path, format)
        self._start = now
