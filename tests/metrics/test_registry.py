"""Names, snapshots, and the thread that exports them."""

import math
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from imgpipe import ConfigError
from imgpipe.metrics import FullSnapshot, MetricsRegistry

FOREVER = 1e6  # seconds
SOON = 30  # seconds; waited only when something is wrong


def exporters() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "imgpipe-metrics"]


@pytest.fixture(autouse=True)
def none_left() -> Iterator[None]:
    yield
    assert not exporters()


def test_collectors_have_counts_of_their_own() -> None:
    registry = MetricsRegistry(10)
    http, db = registry.register_collector("http"), registry.register_collector("db")
    http.record_request()
    db.record_request()
    db.record_request()
    snapshot = registry.snapshot_all()
    assert snapshot.metrics["http"].requests == 1
    assert snapshot.metrics["db"].requests == 2


def test_a_snapshot_has_every_kind_and_does_not_change() -> None:
    registry = MetricsRegistry()
    jobs = registry.register_counter("jobs_total")
    depth = registry.register_gauge("depth", labels={"lane": "load"})
    sizes = registry.register_histogram("sizes", [10, 20])
    jobs.add(3)
    depth.set(-2)
    sizes.record(11)
    before = registry.snapshot_all()
    for change in (jobs.increment, depth.increment, lambda: sizes.record(1)):
        change()
    assert before.counters == {"jobs_total": 3}
    assert before.gauges == {'depth{lane="load"}': -2}
    assert before.histograms["sizes"].buckets == (0, 1)
    assert registry.snapshot_all().counters == {"jobs_total": 4}
    assert before.timestamp <= registry.snapshot_all().timestamp


def test_labels_make_several_series_of_one_name() -> None:
    registry = MetricsRegistry()
    steps = {
        step: registry.register_histogram("step_seconds", [1, 2], labels={"step": step})
        for step in ("load", "save")
    }
    steps["save"].record(1)
    totals = {key: value.total() for key, value in registry.snapshot_all().histograms.items()}
    assert totals == {'step_seconds{step="load"}': 0, 'step_seconds{step="save"}': 1}


def test_the_order_of_labels_makes_no_other_series() -> None:
    registry = MetricsRegistry()
    registry.register_counter("a", labels={"x": "1", "y": "2"})
    with pytest.raises(ValueError, match="not taken"):
        registry.register_counter("a", labels={"y": "2", "x": "1"})


TAKEN = {
    "the same collector": ("register_collector", ("http",)),
    "another kind of it": ("register_histogram", ("http", [1])),
    "a line of a collector": ("register_counter", ("http_requests",)),
    "what OpenMetrics calls it": ("register_gauge", ("http_errors_total",)),
    "a counter without its end": ("register_gauge", ("jobs",)),
    "a counter's labels": ("register_counter", ("jobs_total",)),
    "a histogram without buckets": ("register_histogram", ("jobs", [1])),
    "a line of a histogram": ("register_gauge", ("sizes_sum",)),
    "the same histogram": ("register_histogram", ("sizes", [1, 2])),
    "whose line is taken": ("register_histogram", ("half", [1])),
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_name_that_is_taken_is_refused(name) -> None:
    registry = MetricsRegistry()
    registry.register_collector("http")
    registry.register_counter("jobs_total", labels={"kind": "a"})
    registry.register_histogram("sizes", [1, 2])
    registry.register_gauge("half_count")
    text = registry.snapshot_all().to_prometheus_format()
    method, arguments = TAKEN[name]
    with pytest.raises(ValueError, match=r"^Expected .* (not taken|registered first).*"):
        getattr(registry, method)(*arguments)
    assert registry.snapshot_all().to_prometheus_format() == text


@pytest.mark.parametrize(
    "other",
    [
        {"boundaries": [1, 3]},
        {"divisor": 10},
        {"labels": {"where": "there"}},
        {"labels": {}},
    ],
    ids=str,
)
def test_series_of_one_name_are_alike(other) -> None:
    registry = MetricsRegistry()
    alike = {"boundaries": [1, 2], "labels": {"step": "load"}, "divisor": 1}
    registry.register_histogram("step", **alike)
    with pytest.raises(ValueError, match="Expected step to be as it was registered first"):
        registry.register_histogram("step", **(alike | {"labels": {"step": "save"}} | other))
    registry.register_histogram("step", help="later", **(alike | {"labels": {"step": "save"}}))


@pytest.mark.parametrize("bad", ["", "1a", "a-b", "a b", "é", "a\n", "a{", None, 7], ids=repr)
def test_names_are_prometheus_names(bad) -> None:
    registry = MetricsRegistry()
    for register in (
        registry.register_collector,
        registry.register_counter,
        registry.register_gauge,
        lambda name: registry.register_histogram(name, [1]),
    ):
        with pytest.raises(ValueError, match=r"Expected a name of letters"):
            register(bad)


@pytest.mark.parametrize("bad", ["", "1a", "a:b", "a-b", "__a", "é", "a\n", 7], ids=repr)
def test_labels_are_prometheus_labels(bad) -> None:
    with pytest.raises(ValueError, match="Expected a label of letters"):
        MetricsRegistry().register_counter("a", labels={bad: "x"})


@pytest.mark.parametrize("bad", [7, None, b"x", "\ud800"], ids=repr)
def test_values_of_labels_are_text(bad) -> None:
    with pytest.raises(ValueError, match="Expected text for label kind, got "):
        MetricsRegistry().register_counter("a", labels={"kind": bad})


def test_le_is_no_label_of_a_histogram() -> None:
    with pytest.raises(ValueError, match="no label le"):
        MetricsRegistry().register_histogram("a", [1], labels={"le": "1"})


@pytest.mark.parametrize("bad", [0, -1, 1.5, None])
def test_a_divisor_is_at_least_1(bad) -> None:
    with pytest.raises(ValueError, match=f"Expected a divisor of at least 1, got {bad}"):
        MetricsRegistry().register_histogram("a", [1], divisor=bad)


@pytest.mark.parametrize("bad", [0, -1, math.nan, math.inf, 1e300, "10", None])
def test_an_interval_is_above_nothing(bad) -> None:
    with pytest.raises(ConfigError, match="Expected an interval of more than 0 seconds, got "):
        MetricsRegistry(bad)


def test_exports_come_again_and_again_until_stopped() -> None:
    registry, exported = MetricsRegistry(0.001), queue.SimpleQueue[FullSnapshot]()
    requests = registry.register_collector("test")
    registry.start_export_thread(exported.put)
    requests.record_request()
    while not exported.get(timeout=SOON).metrics["test"].requests:
        pass
    exported.get(timeout=SOON)
    registry.stop()
    assert not exporters()


def test_stopping_does_not_wait_for_the_interval() -> None:
    registry, called = MetricsRegistry(FOREVER), []
    registry.start_export_thread(called.append)
    (thread,) = exporters()
    assert thread.daemon
    registry.stop()
    assert not thread.is_alive()
    assert not called
    registry.stop()


def test_it_starts_again_after_a_stop_but_not_twice() -> None:
    registry = MetricsRegistry(FOREVER)
    registry.start_export_thread(print)
    with pytest.raises(ConfigError, match="Expected one export thread at a time"):
        registry.start_export_thread(print)
    registry.stop()
    registry.start_export_thread(print)
    assert len(exporters()) == 1
    registry.stop()


def test_a_callback_may_stop_its_own_thread() -> None:
    registry, stopped = MetricsRegistry(0.001), threading.Event()

    def callback(_: FullSnapshot) -> None:
        registry.stop()
        stopped.set()

    registry.start_export_thread(callback)
    (thread,) = exporters()
    assert stopped.wait(SOON)
    thread.join(SOON)


def test_a_callback_that_raises_is_reported_and_called_again(monkeypatch) -> None:
    reported = queue.SimpleQueue[threading.ExceptHookArgs]()
    monkeypatch.setattr(threading, "excepthook", reported.put)
    registry = MetricsRegistry(0.001)
    registry.start_export_thread(lambda snapshot: snapshot.nonsense)
    (thread,) = exporters()
    for _ in range(2):
        report = reported.get(timeout=SOON)
        assert report.exc_type is AttributeError
        assert report.exc_traceback is not None
        assert report.thread is thread
    assert thread.is_alive()
    registry.stop()


def test_what_a_callback_raises_is_seen_on_stderr_where_warnings_are_errors() -> None:
    script = (
        "import threading\n"
        "from imgpipe.metrics import MetricsRegistry\n"
        "registry, twice = MetricsRegistry(0.001), threading.Semaphore(0)\n"
        "def callback(snapshot):\n"
        "    twice.release()\n"
        "    raise OSError('the disk is gone')\n"
        "registry.start_export_thread(callback)\n"
        "twice.acquire(); twice.acquire()\n"
        "registry.stop()\n"
    )
    command = [sys.executable, "-W", "error", "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, timeout=SOON, check=True)
    assert run.stderr.count("OSError: the disk is gone") >= 2


def test_a_program_ends_though_its_exports_go_on() -> None:
    script = (
        "from imgpipe.metrics import MetricsRegistry\n"
        f"MetricsRegistry({FOREVER}).start_export_thread(print)\n"
    )
    subprocess.run([sys.executable, "-c", script], timeout=SOON, check=True)


def test_a_callback_can_be_called() -> None:
    with pytest.raises(ConfigError, match="Expected a callback"):
        MetricsRegistry().start_export_thread("text")
