"""The atomics from C, under ThreadSanitizer, and from Cython without the GIL."""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from imgpipe import metrics

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
COMPILER = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
OPTIONS = ["-std=c11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"]
PLAIN = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}  # no sanitizer for compilers

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=PLAIN, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver, built so that every race is reported."""
    folder = tmp_path_factory.mktemp("atomics")
    nothing = folder / "nothing.c"
    nothing.write_text("int main(void) { return 0; }")
    sanitized = [COMPILER, "-fsanitize=thread", *OPTIONS]
    works = run(*sanitized, nothing, "-o", folder / "nothing").returncode == 0
    if not works or run(folder / "nothing").returncode:
        pytest.skip("ThreadSanitizer does not work here")
    program = folder / "atomics_test"
    source = [f"-I{ROOT / 'src' / 'imgcore'}", HERE / "atomics_test.c", "-o", program]
    compiled = run(*sanitized, *source)
    assert compiled.returncode == 0, compiled.stderr
    return program


def test_threads_that_hammer_have_no_race_and_lose_nothing(watched: Path) -> None:
    ran = run(watched)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr


def test_relaxed_orders_nothing_else(watched: Path) -> None:
    ran = run(watched, "relaxed")
    assert ran.returncode != 0
    assert "data race" in ran.stderr


def test_threads_without_sanitizer_lose_nothing(tmp_path: Path) -> None:
    program = tmp_path / "atomics_test"
    source = [f"-I{ROOT / 'src' / 'imgcore'}", HERE / "atomics_test.c", "-o", program]
    compiled = run(COMPILER, *OPTIONS, *source)
    assert compiled.returncode == 0, compiled.stderr
    ran = run(program)
    assert (ran.returncode, ran.stdout) == (0, "")


CYTHON = """
# cython: language_level=3
from imgpipe._atomics cimport (
    AtomicCounter, AtomicGauge, AtomicMinMax, Collector, Histogram,
)

def work(AtomicCounter counter, AtomicGauge gauge, AtomicMinMax extremes, Histogram histogram,
         Collector collector, int rounds):
    cdef int i
    with nogil:
        for i in range(rounds):
            counter.count(2)
            gauge.change(-1)
            extremes.take(i + 5)
            histogram.take(i)
            collector.count_request()
            collector.count_error()
            collector.count_bytes(10)
            collector.count_connections(1)
    return counter.load(), gauge.load()
"""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory):
    """A module of somebody else's, built from what the package ships."""
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        pytest.skip("there are no headers of Python")
    folder = tmp_path_factory.mktemp("outside")
    source, made = folder / "outside.pyx", folder / "outside.so"
    source.write_text(CYTHON)
    package = Path(metrics.__file__).parents[2]  # its .pxd files
    made_c = folder / "outside.c"
    cythonized = run(sys.executable, "-m", "cython", "-3", "-I", package, source, "-o", made_c)
    assert cythonized.returncode == 0, cythonized.stderr
    headers = [f"-I{sysconfig.get_path('include')}", f"-I{metrics.get_include()}"]
    compiled = run(COMPILER, "-std=c11", "-O2", "-fPIC", "-shared", *headers, made_c, "-o", made)
    assert compiled.returncode == 0, compiled.stderr
    spec = importlib.util.spec_from_file_location("outside", made)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_code_without_the_gil_counts_through_the_same_objects(outside) -> None:
    registry = metrics.MetricsRegistry()
    counter, gauge = registry.register_counter("a_total"), registry.register_gauge("b")
    extremes, histogram = metrics.AtomicMinMax(), registry.register_histogram("c", [99, 4000])
    collector = registry.register_collector("d")
    counter.increment()
    assert outside.work(counter, gauge, extremes, histogram, collector, 1000) == (2001, -1000)
    assert (counter.get(), gauge.get()) == (2001, -1000)
    assert (extremes.get_min(), extremes.get_max()) == (5, 1004)
    assert histogram.snapshot().buckets == (100, 900)
    assert histogram.snapshot().sum == sum(range(1000))
    assert collector.snapshot() == metrics.MetricsSnapshot(1000, 1000, 10_000, 1000)
