"""The same bits for every number of threads and every instruction set, and after a fork."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from imgpipe import kernels

from . import operations
from .operations import SHARED, digest
from .pictures import LAYOUTS, picture

every_shared = pytest.mark.parametrize("operation", SHARED.values(), ids=SHARED)


@every_shared
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("threads", [2, 7])
def test_any_number_of_threads_gives_the_bits_of_one(threads: int, layout: str, operation) -> None:
    for sides in ((1, 1), (2, 300), (5, 40), (61, 83)):
        array = picture((*sides, *LAYOUTS[layout]))
        alone = operation(array, threads=1)
        assert np.array_equal(operation(array, threads=threads), alone), sides
        assert np.array_equal(operation(array), alone), sides


@every_shared
@pytest.mark.parametrize("threads", [2, 7])
def test_threads_do_not_matter_where_floats_are_no_numbers(threads: int, operation) -> None:
    array = picture((61, 83, 4)).astype(np.float32) / 255
    array[::3, ::5, ::2], array[7::11, 3::7], array[4::9, 2::8] = np.nan, np.inf, -np.inf
    alone = operation(array, threads=1)
    assert operation(array, threads=threads).tobytes() == alone.tobytes()


def test_every_public_kernel_is_among_the_operations() -> None:
    named = re.findall(r"kernels\.(\w+)", Path(operations.__file__).read_text())
    kinds = {"Kernel", "simd_level", "simd_levels"}
    assert set(kernels.__all__) - kinds <= set(named)


@every_shared
def test_threads_is_only_the_most_that_may_be_used(operation) -> None:
    array = picture((8, 21, 3))
    result = operation(array, threads=10**12)
    assert np.array_equal(result, operation(array, threads=1))


@every_shared
def test_calls_from_many_threads_do_not_disturb_each_other(operation) -> None:
    arrays = [picture((50, 61, 3), seed=seed) for seed in range(8)]
    alone = [operation(array, threads=1) for array in arrays]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda array: operation(array, threads=2), arrays))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_the_level_in_use_is_one_of_this_machines() -> None:
    levels = kernels.simd_levels()
    assert kernels.simd_level() in levels
    assert levels[-1] == "base"
    assert set(levels) <= {"base", "v3", "v4"}


SCRIPT = """
from imgpipe import kernels
from operations import digest
print(kernels.simd_level(), digest(1), digest(3))
"""


@pytest.mark.parametrize("level", kernels.simd_levels())
def test_every_instruction_set_gives_the_same_bits(level: str, run_python) -> None:
    run = run_python(SCRIPT, simd=level)
    here = digest(2)
    assert run.stdout.split() == [level, here, here], run.stderr


@pytest.mark.parametrize("level", ["", None])
def test_no_instruction_set_named_means_the_best(level, run_python, monkeypatch) -> None:
    monkeypatch.delenv("IMGPIPE_SIMD", raising=False)
    run = run_python("from imgpipe import kernels; print(kernels.simd_level())", simd=level)
    assert run.stdout.strip() == kernels.simd_levels()[0], run.stderr


@pytest.mark.parametrize("level", ["nonsense", "V3", "v33", "è"])
def test_an_instruction_set_that_is_none_is_an_import_error(level: str, run_python) -> None:
    run = run_python("import imgpipe.kernels", simd=level)
    levels = ", ".join(kernels.simd_levels())
    assert run.returncode == 1
    assert f"ImportError: Expected IMGPIPE_SIMD to be one of {levels} on this" in run.stderr


FORK = """
import os, signal
import numpy as np
from imgpipe.kernels import gaussian_blur, resize

def work():
    soft = gaussian_blur(array, 2.0, threads=2)
    return soft.tobytes() + resize(array, (50, 40), threads=2).tobytes()

array = np.random.default_rng(6).integers(0, 256, (200, 300, 3), np.uint8)
before = work()
child = os.fork()
if not child:
    signal.alarm(60)
    os._exit(0 if work() == before else 1)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(status, work() == before)
"""


def test_a_child_of_a_fork_can_call_kernels_after_its_parent_did(run_python) -> None:
    # From Python 3.12 on, forking a process that has threads warns; here it is what we try.
    run = run_python(FORK, "-W", "ignore:This process:DeprecationWarning")
    assert run.stdout.split() == ["0", "True"], run.stderr
