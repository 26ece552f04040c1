"""Many threads at once: nothing is lost, and no snapshot contradicts itself."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from imgpipe.metrics import (
    AtomicCounter,
    AtomicGauge,
    AtomicHistogram,
    AtomicMinMax,
    MetricsCollector,
    MetricsRegistry,
    Ordering,
)

EDGES = (10_000, 50_000, 100_000, 500_000, 2**64 - 1)


@pytest.fixture(autouse=True)
def often() -> Iterator[None]:
    """Threads take turns a thousand times as often as else."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(before / 1000)
    yield
    sys.setswitchinterval(before)


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """`work(0)` to `work(count - 1)`, each on a thread of its own, starting together."""
    together = threading.Barrier(count)

    def start(number: int) -> object:
        together.wait()
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(start, range(count)))


def test_ten_threads_increment_a_counter() -> None:
    counter = AtomicCounter()
    at_once(10, lambda _: [counter.increment() for _ in range(1000)])
    assert counter.get() == 10_000


@pytest.mark.parametrize("ordering", Ordering)
def test_additions_are_exact_with_every_ordering(ordering) -> None:
    counter = AtomicCounter()
    at_once(4, lambda number: [counter.add(number, ordering) for _ in range(1000)])
    assert counter.get() == 6000


def test_what_resets_take_and_leave_is_all_there_was() -> None:
    counter = AtomicCounter()

    def work(number: int) -> int:
        if number == 0:
            return sum(counter.reset() for _ in range(1000))
        for _ in range(2000):
            counter.increment()
        return 0

    taken = at_once(4, work)
    assert sum(taken) + counter.get() == 6000


def test_four_threads_make_a_million_requests() -> None:
    metrics = MetricsCollector()

    def work(_: int) -> None:
        record = metrics.record_request
        for _ in range(250_000):
            record()

    at_once(4, work)
    assert metrics.snapshot().requests == 1_000_000


def test_mixed_counts_are_exact() -> None:
    metrics = MetricsCollector()

    def work(number: int) -> None:
        for i in range(100):
            metrics.connection_opened()
            metrics.record_request()
            if i % (number + 2) == 0:
                metrics.record_error()
            metrics.record_bytes(256)
            metrics.connection_closed()

    at_once(5, work)
    snapshot = metrics.snapshot()
    assert (snapshot.requests, snapshot.bytes_sent) == (500, 500 * 256)
    assert snapshot.errors == sum(len(range(0, 100, number + 2)) for number in range(5))
    assert snapshot.active_connections == 0


def test_a_gauge_that_goes_up_and_down_comes_back() -> None:
    gauge = AtomicGauge()
    at_once(4, lambda number: [gauge.add((-1) ** i * (number + 1)) for i in range(2000)])
    assert gauge.get() == 0


def test_buckets_count_every_value() -> None:
    histogram = AtomicHistogram(EDGES)
    at_once(10, lambda n: [histogram.record(n * 1000 + i * 100) for i in range(100)])
    values = [n * 1000 + i * 100 for n in range(10) for i in range(100)]
    snapshot = histogram.snapshot()
    assert snapshot.total() == 1000
    assert snapshot.sum == sum(values)
    assert snapshot.buckets[0] == sum(value <= 10_000 for value in values)


def test_extremes_of_what_all_threads_put_in() -> None:
    extremes = AtomicMinMax()
    at_once(10, lambda n: [extremes.update(n * 100 + i) for i in range(100)])
    assert (extremes.get_min(), extremes.get_max()) == (0, 999)


def test_no_snapshot_has_bytes_or_errors_without_their_request() -> None:
    metrics, most, finished = MetricsCollector(), 1000, AtomicCounter()

    def look() -> None:
        while finished.get() < 3:
            seen = metrics.snapshot()
            assert seen.bytes_sent <= seen.requests * most
            assert seen.errors <= seen.requests

    def write() -> None:
        for i in range(5000):
            metrics.record_request()
            metrics.record_bytes(i % (most + 1))
            metrics.record_error()
        finished.increment()

    at_once(4, lambda number: write() if number else look())
    assert metrics.snapshot().requests == 15_000


def test_a_histograms_sum_lacks_nothing_that_is_counted() -> None:
    histogram, finished = AtomicHistogram([5, 10]), AtomicCounter()

    def look() -> None:
        total = 0
        while finished.get() < 3:
            seen = histogram.snapshot()
            assert seen.total() >= total
            assert seen.sum >= 6 * seen.buckets[1]
            total = seen.total()

    def write() -> None:
        for i in range(5000):
            histogram.record(i % 12)
        finished.increment()

    at_once(4, lambda number: write() if number else look())
    snapshot = histogram.snapshot()
    assert sum(snapshot.buckets) == 15_000
    assert snapshot.sum == 3 * sum(i % 12 for i in range(5000))


def test_one_of_many_threads_gets_a_name() -> None:
    registry = MetricsRegistry()

    def work(_: int) -> int:
        won = 0
        for i in range(300):
            with suppress(ValueError):
                registry.register_counter(f"jobs{i}_total")
                won += 1
        return won

    assert sum(at_once(8, work)) == 300


def test_registering_while_snapshots_are_taken() -> None:
    registry, finished = MetricsRegistry(), AtomicCounter()
    for i in range(500):
        registry.register_counter(f"old{i}").increment()
        registry.register_histogram(f"sizes{i}", [1])

    def look() -> None:
        while finished.get() < 3:
            registry.snapshot_all()

    def register(number: int) -> None:
        for i in range(100):
            registry.register_counter(f"new{number}_{i}").increment()
            registry.register_histogram(f"times{number}_{i}", [1])
        finished.increment()

    at_once(4, lambda number: register(number) if number else look())
    assert list(registry.snapshot_all().counters.values()) == [1] * 800
