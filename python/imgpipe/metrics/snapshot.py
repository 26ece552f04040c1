"""`FullSnapshot`: all of a registry at one time, and its text for Prometheus."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from imgpipe.metrics.counters import MetricsSnapshot
from imgpipe.metrics.histogram import HistogramSnapshot
from imgpipe.metrics.series import split

# What a collector counts: the field of its snapshot, Prometheus' type, and what it is.
PARTS = (
    ("requests", "counter", "requests"),
    ("errors", "counter", "errors"),
    ("bytes_sent", "counter", "bytes sent"),
    ("active_connections", "gauge", "connections that are open"),
)


@dataclass(frozen=True, slots=True)
class Family:
    """What all series of one name have in common.

    `kind` is counter, gauge, histogram or collector; `divisor` is how many units of a histogram
    make one in the text. Two are equal where one may go on with the other's name.
    """

    kind: str
    help: str = field(default="", compare=False)
    labels: tuple[str, ...] = ()
    boundaries: tuple[int, ...] = ()
    divisor: int = 1


@dataclass(frozen=True, slots=True)
class FullSnapshot:
    """All numbers of a registry, by series: a name, or one with labels, `jobs{kind="small"}`.

    `timestamp` is in seconds since 1970; `metrics` are those of collectors; `families` say what
    was told about names when they were registered.
    """

    timestamp: float
    metrics: Mapping[str, MetricsSnapshot]
    histograms: Mapping[str, HistogramSnapshot]
    counters: Mapping[str, int] = field(default_factory=dict)
    gauges: Mapping[str, int] = field(default_factory=dict)
    families: Mapping[str, Family] = field(default_factory=dict)

    def to_prometheus_format(self) -> str:
        """The text that Prometheus reads, version 0.0.4 of its format."""
        page = _Page(self.families)
        for series, metrics in self.metrics.items():
            name, labels = split(series)
            about = page.help_of(name)
            for part, kind, what in PARTS:
                lines = page.family(f"{name}_{part}", kind, f"{about}: {what}")
                lines.append(_sample(f"{name}_{part}", labels, getattr(metrics, part)))
        for kind, values in (("counter", self.counters), ("gauge", self.gauges)):
            for series, value in values.items():
                name, labels = split(series)
                page.family(name, kind, page.help_of(name)).append(_sample(name, labels, value))
        for series, histogram in self.histograms.items():
            name, labels = split(series)
            lines = page.family(name, "histogram", page.help_of(name))
            lines += _histogram(name, labels, histogram, page.divisor_of(name))
        return "".join(f"{line}\n" for lines in page.blocks.values() for line in lines)


class _Page:
    """Lines by family: all of one stand together, below what it is."""

    def __init__(self, families: Mapping[str, Family]) -> None:
        self.families = families
        self.blocks: dict[str, list[str]] = {}

    def family(self, name: str, kind: str, help: str) -> list[str]:
        if name not in self.blocks:
            text = help.replace("\\", r"\\").replace("\n", r"\n")
            self.blocks[name] = [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
        return self.blocks[name]

    def help_of(self, name: str) -> str:
        family = self.families.get(name)
        return (family and family.help) or name.replace("_", " ")

    def divisor_of(self, name: str) -> int:
        family = self.families.get(name)
        return family.divisor if family else 1


def _histogram(name: str, labels: str, histogram: HistogramSnapshot, divisor: int) -> list[str]:
    def unit(number: int) -> float:
        return number if divisor == 1 else number / divisor

    comma = "," if labels else ""
    ends = [*map(unit, histogram.boundaries), "+Inf"]
    counts = [*histogram.cumulative(), histogram.total()]
    return [
        *(
            _sample(f"{name}_bucket", f'{labels}{comma}le="{end}"', count)
            for end, count in zip(ends, counts, strict=True)
        ),
        _sample(f"{name}_sum", labels, unit(histogram.sum)),
        _sample(f"{name}_count", labels, histogram.total()),
    ]


def _sample(name: str, labels: str, value: float) -> str:
    return f"{name}{{{labels}}} {value}" if labels else f"{name} {value}"
