"""`MetricsRegistry`: numbers by name, one snapshot of them all, exported now and then."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from imgpipe._atomics import AtomicCounter, AtomicGauge
from imgpipe.errors import ConfigError
from imgpipe.metrics.counters import MetricsCollector
from imgpipe.metrics.export import ExportThread
from imgpipe.metrics.histogram import AtomicHistogram
from imgpipe.metrics.series import spell
from imgpipe.metrics.snapshot import PARTS, Family, FullSnapshot

Metric = TypeVar("Metric", AtomicCounter, AtomicGauge, AtomicHistogram, MetricsCollector)

_NO_LABELS: Mapping[str, str] = {}


class MetricsRegistry:
    """Counters, gauges, histograms and collectors by name, for any threads.

    With labels, several series share a name: they have the same kind, labels of the same names, and
    as histograms the same boundaries and divisor; the first one's help counts. Names are
    Prometheus'. Everything that registers raises ConfigError, which is a ValueError, for a name
    that is not, and for one that is taken, or whose text would be mixed up with another one's.

    `interval` is how many seconds pass between exports. Raises ConfigError unless it is above 0.

    >>> registry = MetricsRegistry(10)
    >>> saved = registry.register_counter("saved_total", labels={"format": "png"})
    >>> saved.increment()
    >>> registry.snapshot_all().counters
    {'saved_total{format="png"}': 1}
    """

    def __init__(self, interval: float = 15.0) -> None:
        if not isinstance(interval, int | float) or not 0 < interval <= threading.TIMEOUT_MAX:
            raise ConfigError(f"Expected an interval of more than 0 seconds, got {interval!r}")
        self.interval = interval
        self._lock = threading.Lock()
        self._collectors: dict[str, MetricsCollector] = {}
        self._histograms: dict[str, AtomicHistogram] = {}
        self._counters: dict[str, AtomicCounter] = {}
        self._gauges: dict[str, AtomicGauge] = {}
        self._families: dict[str, Family] = {}
        self._taken: dict[str, str] = {}
        self._exporter: ExportThread | None = None

    def register_collector(
        self, name: str, help: str = "", *, labels: Mapping[str, str] = _NO_LABELS
    ) -> MetricsCollector:
        """A new collector; its text has `name_requests`, `name_errors` and so on."""
        family = Family("collector", help, tuple(sorted(labels)))
        return self._register(self._collectors, MetricsCollector(), family, name, labels)

    def register_counter(
        self, name: str, help: str = "", *, labels: Mapping[str, str] = _NO_LABELS
    ) -> AtomicCounter:
        """A new counter; Prometheus would have its name end in `_total`."""
        family = Family("counter", help, tuple(sorted(labels)))
        return self._register(self._counters, AtomicCounter(), family, name, labels)

    def register_gauge(
        self, name: str, help: str = "", *, labels: Mapping[str, str] = _NO_LABELS
    ) -> AtomicGauge:
        """A new gauge."""
        family = Family("gauge", help, tuple(sorted(labels)))
        return self._register(self._gauges, AtomicGauge(), family, name, labels)

    def register_histogram(
        self,
        name: str,
        boundaries: Iterable[int],
        help: str = "",
        *,
        labels: Mapping[str, str] = _NO_LABELS,
        divisor: int = 1,
    ) -> AtomicHistogram:
        """A new histogram; in its text, boundaries and sum are divided by `divisor`.

        With 1_000_000_000, what is recorded in nanoseconds is told in seconds.
        """
        if type(divisor) is not int or divisor < 1:
            raise ConfigError(f"Expected a divisor of at least 1, got {divisor!r}")
        if "le" in labels:
            raise ConfigError("Expected no label le, which is for the boundaries of a histogram")
        made = AtomicHistogram(boundaries)
        family = Family("histogram", help, tuple(sorted(labels)), made.boundaries, divisor)
        return self._register(self._histograms, made, family, name, labels)

    def snapshot_all(self) -> FullSnapshot:
        """All numbers, acquired; each is exact, and no thread is held up meanwhile."""
        with self._lock:
            collectors, histograms = self._collectors.copy(), self._histograms.copy()
            counters, gauges = self._counters.copy(), self._gauges.copy()
            families = self._families.copy()
        return FullSnapshot(
            timestamp=time.time(),
            metrics={series: metric.snapshot() for series, metric in collectors.items()},
            histograms={series: metric.snapshot() for series, metric in histograms.items()},
            counters={series: metric.get() for series, metric in counters.items()},
            gauges={series: metric.get() for series, metric in gauges.items()},
            families=families,
        )

    def start_export_thread(self, callback: Callable[[FullSnapshot], object]) -> None:
        """Call `callback` with a snapshot every `interval` seconds, from a daemon thread.

        What it raises goes to threading.excepthook, and the next call comes nevertheless. Raises
        ConfigError where a thread runs already.
        """
        if not callable(callback):
            raise ConfigError(f"Expected a callback for snapshots, got {callback!r}")
        with self._lock:
            if self._exporter is not None:
                raise ConfigError("Expected one export thread at a time; stop() ends the other one")
            self._exporter = ExportThread(self.interval, lambda: callback(self.snapshot_all()))

    def stop(self) -> None:
        """End the export thread, if there is one: at once, but for a callback that runs."""
        with self._lock:
            exporter, self._exporter = self._exporter, None
        if exporter is not None:
            exporter.stop()

    def _register(
        self,
        metrics: dict[str, Metric],
        metric: Metric,
        family: Family,
        name: str,
        labels: Mapping[str, str],
    ) -> Metric:
        series = spell(name, labels)
        with self._lock:
            known = self._families.get(name)
            if series in metrics:
                raise ConfigError(f"Expected a name that is not taken, got {series}")
            if known is not None and known != family:
                raise ConfigError(f"Expected {name} to be as it was registered first: {known}")
            if known is None:
                self._take(name, family)
            metrics[series] = metric
        return metric

    def _take(self, name: str, family: Family) -> None:
        names = _names_of(family.kind, name)
        clash = min(names & self._taken.keys(), default=None)
        if clash is not None:
            raise ConfigError(
                f"Expected a name that is not taken, got {name}: {clash} is of {self._taken[clash]}"
            )
        self._taken |= dict.fromkeys(names, name)
        self._families[name] = family


def _names_of(kind: str, name: str) -> set[str]:
    """All names that text for Prometheus, or OpenMetrics, may have of one metric."""
    if kind == "counter":
        stem = name.removesuffix("_total")
        return {stem, f"{stem}_total"}
    if kind == "histogram":
        return {name, *(f"{name}_{part}" for part in ("bucket", "sum", "count"))}
    if kind == "collector":
        parts = (_names_of(kind, f"{name}_{part}") for part, kind, _ in PARTS)
        return {name}.union(*parts)
    return {name}
