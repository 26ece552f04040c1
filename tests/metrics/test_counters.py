"""Counters, gauges, extremes and collectors, from one thread; test_threads.py has many."""

import doctest
import inspect

import numpy as np
import pytest
from hypothesis import given, strategies as st
from imgpipe import _atomics
from imgpipe.metrics import (
    ORDERING_GUIDELINES,
    AtomicCounter,
    AtomicGauge,
    AtomicMinMax,
    MetricsCollector,
    MetricsSnapshot,
    Ordering,
    ProgressMetrics,
    compare_orderings,
)

UNSIGNED = st.integers(0, 2**64 - 1)
LOADS = (Ordering.RELAXED, Ordering.ACQUIRE, Ordering.SEQ_CST)


def test_a_counter_starts_at_nothing_and_adds_up() -> None:
    counter = AtomicCounter()
    assert counter.get() == 0
    counter.increment()
    assert counter.get() == 1
    counter.add(5)
    assert counter.get() == 6


def test_reset_gives_what_there_was() -> None:
    counter = AtomicCounter()
    counter.add(42)
    assert counter.reset() == 42
    assert counter.get() == 0


@given(st.lists(st.tuples(UNSIGNED, st.sampled_from(Ordering), st.sampled_from(LOADS))))
def test_a_counter_is_a_sum_modulo_2_to_the_64_with_every_ordering(steps) -> None:
    counter, total = AtomicCounter(), 0
    for n, add, get in steps:
        counter.add(n, ordering=add)
        total = (total + n) % 2**64
        assert counter.get(ordering=get) == total


@given(st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["up", "down"]))))
def test_a_gauge_is_a_sum_of_signed_numbers(steps) -> None:
    gauge, total = AtomicGauge(), 0
    for step in steps:
        if step == "up":
            gauge.increment()
        elif step == "down":
            gauge.decrement()
        else:
            gauge.add(step)
        total += {"up": 1, "down": -1}.get(step, step)
        total = (total + 2**63) % 2**64 - 2**63
        assert gauge.get() == total
    for step in (total, -(2**63), 2**63 - 1):
        gauge.set(step)
        assert gauge.get() == step


def test_extremes_of_nothing() -> None:
    extremes = AtomicMinMax()
    assert (extremes.get_min(), extremes.get_max()) == (2**64 - 1, 0)


@given(st.lists(UNSIGNED, min_size=1))
def test_extremes_are_the_least_and_the_greatest_until_reset(values) -> None:
    extremes = AtomicMinMax()
    for upto, value in enumerate(values, 1):
        extremes.update(value)
        assert extremes.get_min() == min(values[:upto])
        assert extremes.get_max() == max(values[:upto])
    extremes.reset()
    assert (extremes.get_min(), extremes.get_max()) == (2**64 - 1, 0)


def test_a_collector_counts_several_things() -> None:
    metrics = MetricsCollector()
    metrics.record_request()
    metrics.record_request()
    metrics.record_error()
    metrics.record_bytes(1024)
    metrics.connection_opened()
    metrics.connection_opened()
    assert metrics.snapshot() == MetricsSnapshot(2, 1, 1024, 2)
    assert metrics.snapshot().error_rate() == 0.5
    metrics.connection_closed()
    assert metrics.snapshot().active_connections == 1


def test_more_connections_closed_than_opened_are_below_zero() -> None:
    metrics = MetricsCollector()
    metrics.connection_closed()
    assert metrics.snapshot().active_connections == -1


def test_no_requests_have_no_errors() -> None:
    assert MetricsCollector().snapshot().error_rate() == 0.0


def test_progress_reads_as_a_line_of_text() -> None:
    metrics = ProgressMetrics(10)
    for size in (1_000_000, 250_000, 250_000):
        metrics.record_success(size)
    metrics.record_failure()
    assert metrics.report() == "Completed: 3/10, Failed: 1, Processed: 1.50 MB"
    counts = (metrics.total, metrics.completed, metrics.failed, metrics.bytes_processed)
    assert [count.get() for count in counts] == [10, 3, 1, 1_500_000]


def test_a_success_whose_size_is_refused_is_not_counted() -> None:
    metrics = ProgressMetrics(1)
    with pytest.raises(ValueError, match="got -1"):
        metrics.record_success(-1)
    assert metrics.completed.get() == 0


TAKE_UNSIGNED = [
    AtomicCounter().add,
    AtomicMinMax().update,
    MetricsCollector().record_bytes,
    ProgressMetrics(0).record_success,
    ProgressMetrics,
]


@pytest.mark.parametrize("take", TAKE_UNSIGNED, ids=lambda take: take.__name__)
def test_only_whole_numbers_of_64_bits_are_taken(take) -> None:
    for bad in (-1, 2**64, -(2**70)):
        with pytest.raises(ValueError, match=rf"from 0 to {2**64 - 1}, got {bad}$"):
            take(bad)
    for bad in (1.0, float("nan"), "7", None):
        with pytest.raises(TypeError, match=f"Expected a whole number .*, got {bad!r}$"):
            take(bad)
    take(2**64 - 1)
    take(np.uint64(2**64 - 1))


@pytest.mark.parametrize("take", [AtomicGauge().add, AtomicGauge().set], ids=["add", "set"])
def test_only_whole_numbers_of_63_bits_and_a_sign_fit_a_gauge(take) -> None:
    for bad in (2**63, -(2**63) - 1):
        with pytest.raises(ValueError, match=f"got {bad}$"):
            take(bad)
    with pytest.raises(TypeError, match=r"got 0\.5$"):
        take(0.5)
    take(np.int8(-1))


def test_orderings_that_do_not_exist_are_refused() -> None:
    counter = AtomicCounter()
    for bad in ("RELAXED", 17, -1):
        with pytest.raises(ValueError, match=f"Expected a member of Ordering, got {bad!r}"):
            counter.add(1, bad)
    for bad in (Ordering.RELEASE, Ordering.ACQ_REL):
        with pytest.raises(ValueError, match=f"where a number is read, got {bad!r}"):
            counter.get(bad)
    assert counter.get() == 0


def test_orderings_are_compared_each_by_its_nanoseconds() -> None:
    taken = compare_orderings(1000)
    assert list(taken) == list(Ordering)
    assert all(nanoseconds > 0 for nanoseconds in taken.values())
    for bad in (0, -1, 1.5, 2**64):
        with pytest.raises(ValueError, match=f"Expected iterations of at least 1, got {bad!r}"):
            compare_orderings(bad)


@pytest.mark.parametrize("ordering", Ordering)
def test_counting_up_from_c_counts_every_time(ordering) -> None:
    counter = AtomicCounter()
    _atomics.count_up(counter, 12345, ordering)
    assert counter.get() == 12345


def test_the_guidelines_name_what_there_is() -> None:
    assert {"RELAXED", "ACQUIRE", "RELEASE", "SEQ_CST"} <= set(ORDERING_GUIDELINES.split())
    assert all(word in Ordering.__members__ for word in ORDERING_GUIDELINES.split() if "_" in word)


@pytest.mark.parametrize("kind", [AtomicCounter, AtomicGauge, AtomicMinMax])
def test_examples_of_the_compiled_classes_are_true(kind) -> None:
    names = {kind.__name__: kind}
    (example,) = (test for test in doctest.DocTestFinder().find(kind, globs=names) if test.examples)
    assert doctest.DocTestRunner().run(example).failed == 0


def test_signatures_can_be_asked_for() -> None:
    assert list(inspect.signature(AtomicCounter.add).parameters) == ["self", "n", "ordering"]
