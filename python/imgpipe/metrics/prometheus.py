"""Ways to Prometheus: a text file, a port, and the registry of a program that has one already.

The latter two go through prometheus-client, which comes with `pip install imgpipe[prometheus]`.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from imgpipe.errors import ConfigError, MissingExtra
from imgpipe.metrics.registry import MetricsRegistry

if TYPE_CHECKING:
    from prometheus_client import Metric


def write_textfile(registry: MetricsRegistry, path: str | Path) -> None:
    """Put the registry's text in a file, as for node_exporter's textfile collector.

    It is written beside `path`, which is replaced when all is there: nobody reads half of it.
    Raises OSError where that is not possible, and leaves what was there.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        beside.write_text(registry.snapshot_all().to_prometheus_format(), encoding="utf-8")
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


class RegistryCollector:
    """A MetricsRegistry as a collector of prometheus-client's registries."""

    def __init__(self, registry: MetricsRegistry) -> None:
        self._registry = registry

    def collect(self) -> "Iterator[Metric]":
        """The registry's families at this time, as prometheus-client has them.

        Counters' names end in `_total` there, and boundaries are floats.
        """
        from prometheus_client.parser import text_string_to_metric_families

        text = self._registry.snapshot_all().to_prometheus_format()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if family.type == "histogram" and "le" in sample.labels:
                    sample.labels["le"] = _as_go_writes(sample.labels["le"])
            yield family


def _as_go_writes(number: str) -> str:
    from prometheus_client.utils import floatToGoString

    return str(floatToGoString(number))  # type: ignore[no-untyped-call]  # has no types


def collector(registry: MetricsRegistry) -> RegistryCollector:
    """What puts `registry` into a registry of prometheus-client that a program has already.

    `prometheus_client.REGISTRY.register(collector(registry))`. Raises MissingExtra where
    prometheus-client is not installed.
    """
    _need_client()
    return RegistryCollector(registry)


class MetricsServer:
    """A port that answers Prometheus, until it is closed; `with` closes it too."""

    def __init__(self, registry: MetricsRegistry, port: int, host: str) -> None:
        from prometheus_client import CollectorRegistry, start_http_server

        served = CollectorRegistry()
        served.register(collector(registry))
        try:
            self._server, self._thread = start_http_server(port, host, served)
        except OSError as error:
            reason = error.strerror or error
            raise ConfigError(
                f"Expected a free port for metrics, got {port} on {host}: {reason}"
            ) from None
        self.port = self._server.server_port
        """The port, where 0 had the system choose one."""

    def close(self) -> None:
        """Let the port go."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def serve_metrics(registry: MetricsRegistry, port: int, host: str = "127.0.0.1") -> MetricsServer:
    """Answer GET /metrics with the registry's numbers, from a daemon thread of prometheus-client.

    Only this machine may ask, unless `host` says otherwise; port 0 has the system choose. Raises
    MissingExtra where prometheus-client is not installed, ConfigError for a port that is not free.
    """
    _need_client()
    if type(port) is not int or not 0 <= port <= 65535:
        raise ConfigError(f"Expected a port from 0 to 65535, got {port!r}")
    return MetricsServer(registry, port, host)


def _need_client() -> None:
    try:
        import prometheus_client  # noqa: F401
    except ImportError:
        raise MissingExtra(
            "Expected prometheus-client to be there; say pip install imgpipe[prometheus]"
        ) from None
