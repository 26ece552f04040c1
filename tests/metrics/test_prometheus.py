"""The ways to Prometheus: a file, a port, and prometheus-client's registries."""

import os
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection

import pytest
from imgpipe import ConfigError, MissingExtra
from imgpipe.metrics import MetricsRegistry, collector, serve_metrics, write_textfile
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families


@pytest.fixture
def registry() -> MetricsRegistry:
    """One of each, some numbers in them."""
    registry = MetricsRegistry()
    http = registry.register_collector("http")
    http.record_request()
    http.record_bytes(1024)
    registry.register_counter("failures_total", "Failed.", labels={"kind": "a\n\\"}).add(3)
    registry.register_gauge("depth", labels={"le": "any"}).set(-2)
    seconds = registry.register_histogram("took_seconds", [10**6, 10**9, 10**10], divisor=10**9)
    for nanoseconds in (5, 10**9, 10**11):
        seconds.record(nanoseconds)
    registry.register_histogram("sizes", [5, 10**7]).record(6)
    return registry


EXPECTED = {
    "http_requests_total": {(): 1},
    "http_bytes_sent_total": {(): 1024},
    "http_errors_total": {(): 0},
    "http_active_connections": {(): 0},
    "failures_total": {(("kind", "a\n\\"),): 3},
    "depth": {(("le", "any"),): -2},
    "took_seconds_bucket": {
        (("le", "0.001"),): 1,
        (("le", "1.0"),): 2,
        (("le", "10.0"),): 2,
        (("le", "+Inf"),): 3,
    },
    "took_seconds_sum": {(): 101.000000005},
    "took_seconds_count": {(): 3},
    "sizes_bucket": {(("le", "5.0"),): 0, (("le", "1e+07"),): 1, (("le", "+Inf"),): 1},
    "sizes_sum": {(): 6},
    "sizes_count": {(): 1},
}


def samples(families) -> dict:
    found: dict = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_a_program_that_has_a_registry_gets_our_numbers_beside_its_own(registry) -> None:
    theirs = CollectorRegistry()
    theirs.register(collector(registry))
    Counter("own", "Their own.", registry=theirs).inc()
    found = samples(text_string_to_metric_families(generate_latest(theirs).decode()))
    assert found.pop("own_total") == {(): 1}
    found.pop("own_created", None)
    assert found == EXPECTED
    assert theirs.get_sample_value("failures_total", {"kind": "a\n\\"}) == 3


def test_openmetrics_has_them_too(registry) -> None:
    theirs = CollectorRegistry()
    theirs.register(collector(registry))
    families = list(openmetrics_families(generate_openmetrics(theirs).decode()))
    assert samples(families) == EXPECTED
    kinds = {family.name: family.type for family in families}
    assert kinds["http_requests"] == kinds["failures"] == "counter"
    assert kinds["took_seconds"] == "histogram"


def test_a_registry_that_looks_for_clashes_finds_ours(registry) -> None:
    theirs = CollectorRegistry(auto_describe=True)
    theirs.register(collector(registry))
    with pytest.raises(ValueError, match="Duplicated"):
        theirs.register(collector(registry))


def test_a_port_answers_with_numbers_of_now(registry) -> None:
    late = registry.register_counter("late_total")
    with serve_metrics(registry, 0) as server:
        late.increment()
        connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert samples(text_string_to_metric_families(text)) == EXPECTED | {"late_total": {(): 1}}
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port))


def test_a_port_that_is_taken_is_named_in_a_sentence(registry) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigError, match=rf"^Expected a free port .*, got {port} on 127.0.0.1: "
        ):
            serve_metrics(registry, port)


@pytest.mark.parametrize("bad", [-1, 65536, "80", None])
def test_a_port_that_is_none(registry, bad) -> None:
    with pytest.raises(ConfigError, match=f"Expected a port from 0 to 65535, got {bad!r}"):
        serve_metrics(registry, bad)


def test_what_is_not_installed_is_named_with_the_line_that_installs_it(
    registry, monkeypatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    for way in (collector, lambda registry: serve_metrics(registry, 0)):
        with pytest.raises(MissingExtra, match=r"pip install imgpipe\[prometheus\]"):
            way(registry)
    assert issubclass(MissingExtra, ImportError)


def test_a_file_has_the_registrys_text(registry, tmp_path) -> None:
    path = tmp_path / "imgpipe.prom"
    path.write_text("old")
    write_textfile(registry, path)
    assert path.read_text() == registry.snapshot_all().to_prometheus_format()
    write_textfile(registry, str(path))
    assert os.listdir(tmp_path) == [path.name]
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


def test_nobody_reads_half_a_file(tmp_path) -> None:
    registry, path, rounds = MetricsRegistry(), tmp_path / "many.prom", 200
    counters = [registry.register_counter(f"c{i}_total") for i in range(200)]
    write_textfile(registry, path)

    def write() -> None:
        for _ in range(rounds):
            for counter in counters:
                counter.increment()
            write_textfile(registry, path)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        values = {line.split()[1] for line in path.read_text().splitlines() if line[0] != "#"}
        assert len(values) == 1
    writer.join()
    assert path.read_text().splitlines()[-1] == f"c199_total {rounds}"


def test_a_file_that_cannot_be_written_leaves_nothing_behind(registry, tmp_path) -> None:
    (tmp_path / "folder.prom").mkdir()
    with pytest.raises(OSError, match="folder.prom"):
        write_textfile(registry, tmp_path / "folder.prom")
    assert os.listdir(tmp_path) == ["folder.prom"]
    with pytest.raises(FileNotFoundError):
        write_textfile(registry, tmp_path / "nowhere" / "a.prom")


def test_metrics_need_nothing_heavy() -> None:
    script = (
        "import sys; import imgpipe.metrics\n"
        "heavy = {'numpy', 'asyncio', 'PIL', 'prometheus_client', 'imgpipe._imgcore'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
