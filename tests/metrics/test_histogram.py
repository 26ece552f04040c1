"""Histograms against numpy and plain lists of values."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st
from imgpipe.metrics import AtomicHistogram, HistogramSnapshot

LATENCIES = (10_000, 50_000, 100_000, 500_000, 2**64 - 1)
SHARES = st.floats(0, 1)


def boundaries(largest: int) -> st.SearchStrategy[list[int]]:
    return st.sets(st.integers(0, largest), min_size=1, max_size=12).map(sorted)


def filled(edges, values) -> HistogramSnapshot:
    histogram = AtomicHistogram(edges)
    for value in values:
        histogram.record(value)
    return histogram.snapshot()


def test_values_go_to_the_first_boundary_that_is_not_below_them() -> None:
    snapshot = filled(LATENCIES, [5_000, 25_000, 75_000])
    assert snapshot.buckets == (1, 1, 1, 0, 0)
    assert snapshot.total() == 3


def test_a_boundary_belongs_to_its_bucket_and_the_last_takes_the_rest() -> None:
    snapshot = filled([10, 20], [0, 10, 11, 20, 21, 2**64 - 1])
    assert snapshot.buckets == (2, 4)
    assert snapshot.boundaries == (10, 20)
    assert snapshot.above == 2
    assert snapshot.cumulative() == [2, 4]


@given(boundaries(2**64 - 1), st.lists(st.integers(0, 2**64 - 1)))
def test_buckets_have_what_is_up_to_their_boundary(edges, values) -> None:
    snapshot = filled(edges, values)
    ends = [-1, *edges[:-1], 2**64]
    counts = [sum(low < v <= high for v in values) for low, high in pairwise(ends)]
    assert list(snapshot.buckets) == counts
    assert snapshot.sum == sum(values) % 2**64
    assert snapshot.above == sum(value > edges[-1] for value in values)
    assert snapshot.cumulative() == [sum(v <= edge for v in values) for edge in edges]


@given(boundaries(1000), st.lists(st.integers(0, 1000)))
def test_buckets_are_numpys_histogram(edges, values) -> None:
    values = [value for value in values if value <= edges[-1]]
    counts, _ = np.histogram(values, np.array([-1, *edges]) + 0.5)
    assert filled(edges, values).buckets == tuple(counts)


@given(boundaries(1000), st.lists(st.integers(0, 2000), min_size=1))
def test_the_mean_is_that_of_the_values_not_of_their_buckets(edges, values) -> None:
    assert filled(edges, values).mean() == pytest.approx(np.mean(values))


def test_percentiles_are_the_boundary_below() -> None:
    snapshot = filled(LATENCIES, [5_000] * 50 + [25_000] * 30 + [75_000] * 20)
    assert snapshot.percentile(0.5) == 10_000
    assert snapshot.percentile(0.8) == 10_000
    assert snapshot.percentile(0.9) == 50_000
    assert snapshot.percentile(1) == 50_000


@given(boundaries(1000), st.lists(st.integers(0, 2000), min_size=1), SHARES)
def test_a_percentile_is_below_the_value_of_its_rank(edges, values, p) -> None:
    rank = max(1, math.ceil(len(values) * p))
    value = sorted(values)[rank - 1]
    bucket = next((i for i, edge in enumerate(edges) if value <= edge), len(edges) - 1)
    assert filled(edges, values).percentile(p) == edges[max(0, bucket - 1)]


@given(boundaries(10**6), st.lists(st.integers(0, 10**6), min_size=1), SHARES)
def test_a_quantile_is_interpolated_in_its_bucket(edges, values, q) -> None:
    values = [value for value in values if value <= edges[-1]]
    rank = q * len(values)
    assume(rank > 0)
    lines = pairwise([(0, 0), *((sum(v <= edge for v in values), edge) for edge in edges)])
    (low, start), (high, end) = next(line for line in lines if line[1][0] >= rank)
    expected = np.interp(rank, [low, high], [start, end])
    assert filled(edges, values).quantile(q) == pytest.approx(expected)


def test_quantiles_where_prometheus_documents_them() -> None:
    snapshot = filled([100, 200], [50, 150, 150, 999])
    assert snapshot.quantile(0.25) == 100
    assert snapshot.quantile(0.5) == 150
    assert snapshot.quantile(0.9) == 200  # above the last boundary, which is all that is known
    assert snapshot.quantile(0) == 0
    assert filled([100, 200], [150]).quantile(0) == 100
    assert filled([100, 200, 300], [50, 250]).quantile(0.5) == 100
    assert filled([100, 200], [50]).quantile(1) == 100


def test_nothing_recorded() -> None:
    snapshot = filled(LATENCIES, [])
    assert (snapshot.total(), snapshot.sum, snapshot.mean(), snapshot.percentile(0.5)) == (
        0,
        0,
        0.0,
        0,
    )
    assert math.isnan(snapshot.quantile(0.5))


@pytest.mark.parametrize("bad", [-0.1, 1.1, 50, math.nan])
def test_shares_are_from_0_to_1(bad) -> None:
    snapshot = filled([1], [1])
    with pytest.raises(ValueError, match=f"Expected p from 0 to 1, got {bad}"):
        snapshot.percentile(bad)
    with pytest.raises(ValueError, match=f"Expected q from 0 to 1, got {bad}"):
        snapshot.quantile(bad)


@pytest.mark.parametrize(
    "bad",
    [[], [2, 1], [1, 1], [math.nan], [1, math.nan], [0.5], [-1, 1], [2**64], ["1"], [1, None]],
    ids=str,
)
def test_boundaries_that_make_no_sense_are_refused_in_a_sentence(bad) -> None:
    with pytest.raises(ValueError, match=r"Expected boundaries to be whole numbers .*, got \("):
        AtomicHistogram(bad)


@pytest.mark.parametrize("bad", [-1, 2**64])
def test_values_out_of_range_are_refused_and_not_counted(bad) -> None:
    histogram = AtomicHistogram([10])
    with pytest.raises(ValueError, match=f"got {bad}"):
        histogram.record(bad)
    assert histogram.snapshot().total() == 0


def test_boundaries_may_come_from_numpy_and_from_a_generator() -> None:
    assert AtomicHistogram(np.array([1, 2, 5])).snapshot().boundaries == (1, 2, 5)
    assert AtomicHistogram(10**n for n in range(3)).snapshot().boundaries == (1, 10, 100)
