"""Numbers about a program while it runs: counted by any threads without locks, never lost.

For any Python program; the pipeline measures itself with the same parts. A `MetricsRegistry` gives
names to counters, gauges, histograms and collectors, and one snapshot of them all, which is text
for Prometheus too.
"""

from imgpipe._atomics import AtomicCounter, AtomicGauge, AtomicMinMax
from imgpipe.metrics.counters import MetricsCollector, MetricsSnapshot
from imgpipe.metrics.headers import get_include
from imgpipe.metrics.histogram import AtomicHistogram, HistogramSnapshot
from imgpipe.metrics.orderings import ORDERING_GUIDELINES, Ordering, compare_orderings
from imgpipe.metrics.progress import ProgressMetrics
from imgpipe.metrics.prometheus import MetricsServer, collector, serve_metrics, write_textfile
from imgpipe.metrics.registry import MetricsRegistry
from imgpipe.metrics.snapshot import FullSnapshot

__all__ = [
    "ORDERING_GUIDELINES",
    "AtomicCounter",
    "AtomicGauge",
    "AtomicHistogram",
    "AtomicMinMax",
    "FullSnapshot",
    "HistogramSnapshot",
    "MetricsCollector",
    "MetricsRegistry",
    "MetricsServer",
    "MetricsSnapshot",
    "Ordering",
    "ProgressMetrics",
    "collector",
    "compare_orderings",
    "get_include",
    "serve_metrics",
    "write_textfile",
]
