import os
import subprocess
import sys
import threading

import pytest
from imgpipe import cores


def test_affinity_bounds_the_cores() -> None:
    first = str(min(os.sched_getaffinity(0)))
    script = "from imgpipe import cores; print(cores.available())"
    command = ["taskset", "-c", first, sys.executable, "-c", script]
    assert subprocess.run(command, capture_output=True, check=True).stdout.strip() == b"1"


def test_pictures_in_work_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "available", lambda: 8)
    with cores.kernel_threads(None, 10**7) as alone:
        assert alone == 8
    with cores.working(), cores.working(), cores.kernel_threads(None, 10**7) as shared:
        assert shared == 4


def test_a_small_picture_of_a_run_wakes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "available", lambda: 8)
    with cores.kernel_threads(None, 10**5) as outside:
        assert outside == 8
    with cores.working(), cores.kernel_threads(None, 10**5) as within:
        assert within == 1


def test_only_one_call_runs_wide() -> None:
    with cores.kernel_threads(4, 1) as first, cores.kernel_threads(4, 1) as second:
        assert (first, second) == (4, 1)
    with cores.kernel_threads(4, 1) as again:
        assert again == 4


def test_a_wide_call_in_another_thread_leaves_one() -> None:
    seen: list[int] = []

    def call() -> None:
        with cores.kernel_threads(4, 1) as n:
            seen.append(n)

    with cores.kernel_threads(4, 1):
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
    assert seen == [1]


@pytest.mark.parametrize("wanted", [0, -1, 1.5])
def test_no_threads_are_refused(wanted: float) -> None:
    with pytest.raises(ValueError, match="Expected threads to be a whole number of at least 1"):
        cores.kernel_threads(wanted, 1).__enter__()
