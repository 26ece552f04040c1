import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from imgpipe.cli import bench
from imgpipe.cores import available


def printed(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "error", "-m", "imgpipe", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_bench_prints_a_line_for_each_kernel() -> None:
    ran = printed("--seconds", "0")
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = [line.split("│")[1:-1] for line in ran.stdout.splitlines() if line.startswith("│")]
    peers = ["cv2"] if find_spec("cv2") else []
    assert len(lines) == 12
    assert {len(line) for line in lines} == {(5 if available() > 1 else 3) + len(peers) + 1}
    for _name, *times in lines:
        milliseconds, rate = float(times[0]), float(times[1])
        # Both are rounded to two digits at least.
        assert milliseconds * rate == pytest.approx(bench.WIDTH * bench.HEIGHT / 1e3, rel=0.05)
    assert max(map(len, ran.stdout.splitlines())) <= 80


@pytest.mark.parametrize("seconds", ["-1", "61", "nan", "soon"])
def test_a_time_that_is_none_is_refused(seconds: str) -> None:
    ran = printed("--seconds", seconds)
    assert (ran.returncode, ran.stdout) == (2, "")


def test_peers_that_are_not_installed_are_left_out(monkeypatch, capsys) -> None:
    def nothing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(bench, "import_module", nothing)
    monkeypatch.setattr(bench, "WIDTH", 32)
    monkeypatch.setattr(bench, "HEIGHT", 16)
    monkeypatch.setattr(bench, "HALF", (16, 8))
    bench.show(0)
    shown = capsys.readouterr().out
    assert "Gaussian 5x5" in shown
    assert "OpenCV" not in shown
    assert "Pillow" not in shown


def test_the_same_is_measured_of_everybody() -> None:
    # Greys, since Pillow clips what overshoots between two passes.
    array = np.random.default_rng(3).integers(80, 176, (bench.HEIGHT, bench.WIDTH, 3), np.uint8)
    ours = bench._ours(array)
    for calls in (bench._opencv(array), bench._pillow(array)):
        assert calls.keys() <= ours.keys()
        for name, call in calls.items():
            theirs = np.asarray(call()).astype(int)
            inside = np.s_[40:-40, 40:-40]  # borders differ
            difference = np.abs(theirs - ours[name](1).reshape(theirs.shape))[inside]
            assert difference.max() <= 2, name


def test_the_median_is_of_rounds_after_the_first() -> None:
    calls: list[int] = []
    assert bench.taken(lambda: calls.append(1), 0) >= 0
    assert len(calls) == 1 + bench.LEAST_ROUNDS
    bench.taken(lambda: calls.append(1), 60)
    assert len(calls) == 2 + bench.LEAST_ROUNDS + bench.MOST_ROUNDS


def test_ctrl_c_is_told_in_the_exit_code() -> None:
    code = """
import signal, sys
from imgpipe.cli import bench
from imgpipe.cli.main import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # which jobs in the background lack
bench.taken = lambda *_: signal.raise_signal(signal.SIGINT)
sys.argv[1:] = ["bench"]
main()
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (130, "")
