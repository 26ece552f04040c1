"""The text, as prometheus-client's own parser reads it."""

import pytest
from hypothesis import given, strategies as st
from imgpipe.metrics import (
    FullSnapshot,
    HistogramSnapshot,
    MetricsRegistry,
    MetricsSnapshot,
)
from prometheus_client.parser import text_string_to_metric_families

AWKWARD = st.sampled_from('\\\n"{}=, #')
TEXT = st.text(st.one_of(AWKWARD, st.characters(exclude_categories=["Cs"])), max_size=12)


def parsed(registry_or_snapshot) -> dict:
    snapshot = registry_or_snapshot
    if isinstance(snapshot, MetricsRegistry):
        snapshot = snapshot.snapshot_all()
    families = list(text_string_to_metric_families(snapshot.to_prometheus_format()))
    assert len({family.name for family in families}) == len(families)
    return {family.name: family for family in families}


def values(family) -> dict:
    """By name and labels; the parser has counters' names end in _total."""
    return {(s.name, *sorted(s.labels.items())): s.value for s in family.samples}


def test_a_collector_has_a_line_for_each_count() -> None:
    registry = MetricsRegistry(60)
    http = registry.register_collector("http")
    http.record_request()
    http.record_request()
    http.record_error()
    http.record_bytes(1024)
    http.connection_opened()
    lines = registry.snapshot_all().to_prometheus_format().splitlines()
    expected = {"http_requests 2", "http_errors 1", "http_bytes_sent 1024"}
    assert {*expected, "http_active_connections 1"} <= set(lines)
    families = parsed(registry)
    kinds = {name: family.type for name, family in families.items()}
    assert kinds == {
        "http_requests": "counter",
        "http_errors": "counter",
        "http_bytes_sent": "counter",
        "http_active_connections": "gauge",
    }
    assert all(family.documentation for family in families.values())


@given(
    st.sets(st.integers(0, 10**6), min_size=1, max_size=8).map(sorted),
    st.lists(st.integers(0, 2 * 10**6)),
    st.sampled_from([1, 1000, 10**9]),
)
def test_a_histogram_counts_what_is_not_above_each_boundary(edges, numbers, divisor) -> None:
    registry = MetricsRegistry()
    histogram = registry.register_histogram("step_seconds", edges, "How long.", divisor=divisor)
    for number in numbers:
        histogram.record(number)
    family = parsed(registry)["step_seconds"]
    assert (family.type, family.documentation) == ("histogram", "How long.")
    found = values(family)
    assert found.pop(("step_seconds_sum",)) == pytest.approx(sum(numbers) / divisor)
    assert found.pop(("step_seconds_count",)) == len(numbers)
    assert found.pop(("step_seconds_bucket", ("le", "+Inf"))) == len(numbers)
    counts = {float(key[1][1]): value for key, value in found.items()}
    expected = {edge / divisor: sum(n <= edge for n in numbers) for edge in edges}
    assert counts == expected


@given(st.dictionaries(st.from_regex(r"[a-zA-Z][a-z_0-9]{0,5}", fullmatch=True), TEXT), TEXT)
def test_labels_and_help_come_back_as_they_were(labels, help) -> None:
    labels.pop("le", None)
    registry = MetricsRegistry()
    registry.register_counter("a_total", help, labels=labels).add(7)
    registry.register_histogram("h", [5], help, labels=labels).record(3)
    families = parsed(registry)
    assert values(families["a"]) == {("a_total", *sorted(labels.items())): 7}
    (bucket,) = (s for s in families["h"].samples if s.labels.get("le") == "5")
    assert bucket.labels == {**labels, "le": "5"}
    assert families["a"].documentation.strip() == (help or "a total").strip()


def test_series_of_a_name_stand_together_below_one_head() -> None:
    registry = MetricsRegistry()
    for step in ("load", "save"):
        registry.register_collector("io", labels={"step": step}).record_bytes(len(step))
        registry.register_histogram("took", [1], labels={"step": step})
        registry.register_counter("done_total", labels={"step": step})
    lines = registry.snapshot_all().to_prometheus_format().splitlines()
    heads = [line for line in lines if line.startswith("#")]
    assert len(set(heads)) == len(heads) == 2 * 6
    families = parsed(registry)
    assert values(families["io_bytes_sent"]) == {
        ("io_bytes_sent_total", ("step", "load")): 4,
        ("io_bytes_sent_total", ("step", "save")): 4,
    }
    assert len(families["took"].samples) == 2 * 4


def test_numbers_are_whole_however_large() -> None:
    registry = MetricsRegistry()
    registry.register_counter("a_total").add(2**64 - 1)
    registry.register_gauge("b").set(-(2**63))
    lines = registry.snapshot_all().to_prometheus_format().splitlines()
    assert {f"a_total {2**64 - 1}", f"b {-(2**63)}"} <= set(lines)


def test_help_says_something_where_nothing_was_said() -> None:
    registry = MetricsRegistry()
    registry.register_gauge("queue_depth")
    registry.register_collector("http", "The front door")
    families = parsed(registry)
    assert families["queue_depth"].documentation == "queue depth"
    assert families["http_bytes_sent"].documentation == "The front door: bytes sent"


def test_a_snapshot_made_by_hand_reads_the_same() -> None:
    snapshot = FullSnapshot(
        timestamp=0.0,
        metrics={"http": MetricsSnapshot(2, 1, 1024, 0)},
        histograms={"sizes": HistogramSnapshot((1, 2), (10, 20), 45, above=1)},
    )
    found = values(parsed(snapshot)["sizes"])
    assert found == {
        ("sizes_bucket", ("le", "10")): 1,
        ("sizes_bucket", ("le", "20")): 2,
        ("sizes_bucket", ("le", "+Inf")): 3,
        ("sizes_sum",): 45,
        ("sizes_count",): 3,
    }


def test_an_empty_registry_has_no_text() -> None:
    assert MetricsRegistry().snapshot_all().to_prometheus_format() == ""
