"""A run that is killed at any moment has cost what was in flight, and can be run again."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as pil

PICTURES = 40
DEADLINE = 60.0


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, smooth) -> Path:
    folder = tmp_path_factory.mktemp("in")
    for number in range(PICTURES):
        pil.fromarray(smooth(400 + number, 300)).save(folder / f"p{number:02}.png")
    return folder


def start(source: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "imgpipe", "run", str(source), "-o", str(out)]
    return subprocess.Popen(
        [*command, "-t", "thumbnail:200", "--batch-size", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_until(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
    """Return once `ready`, or once the process has ended."""
    end = time.monotonic() + DEADLINE
    while not ready() and process.poll() is None:
        assert time.monotonic() < end, "the run did not get anywhere"


@pytest.fixture(scope="module")
def undisturbed(source: Path, tmp_path_factory: pytest.TempPathFactory, tree) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed")
    with start(source, out) as process:
        assert process.wait(DEADLINE) == 0
    files = tree(out)
    assert len(files) == PICTURES
    return files


@pytest.mark.parametrize("outputs", [0, 1, 5, 15, 30, 39])
def test_killed_runs_leave_whole_files_and_go_on(
    outputs: int, source: Path, tmp_path: Path, tree, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    with start(source, out) as process:
        wait_until(process, lambda: (out / ".imgpipe").exists() and len(tree(out)) >= outputs)
        process.kill()
    left = tree(out)
    assert left.items() <= undisturbed.items()

    with start(source, out) as again:
        output, errors = again.communicate(timeout=DEADLINE)
    assert (again.returncode, errors) == (0, b"")
    assert f"Successful: {PICTURES - len(left)}, Failed: 0, Skipped: {len(left)}" in output.decode()
    assert tree(out) == undisturbed
    assert list((out / ".imgpipe" / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_stops_in_order_and_says_how_to_go_on(
    number: int, code: int, source: Path, tmp_path: Path, tree, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    with start(source, out) as process:
        wait_until(process, lambda: len(tree(out)) >= 3)
        process.send_signal(number)
        _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == code
    assert errors.decode().startswith(f"Stopped by {signal.Signals(number).name}")
    assert tree(out).items() <= undisturbed.items()
    assert list((out / ".imgpipe" / "tmp").iterdir()) == []

    with start(source, out) as again:
        assert again.wait(DEADLINE) == 0
    assert tree(out) == undisturbed


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2, 20])
def test_a_kill_between_intent_and_done_is_settled(
    moment: str, nth: int, source: Path, tmp_path: Path, tree, undisturbed: dict[str, bytes]
) -> None:
    """The process dies at the nth name, just before it is given or just after."""
    out = tmp_path / "out"
    script = f"""
import os, signal, sys
given, link = 0, os.link
def deadly(*arguments):
    global given
    given += 1
    if "{moment}" == "after":
        link(*arguments)
    if given == {nth}:
        os.kill(os.getpid(), signal.SIGKILL)
    if "{moment}" == "before":
        link(*arguments)
os.link = deadly
sys.argv[1:] = ["run", {str(source)!r}, "-o", {str(out)!r}, "-t", "thumbnail:200"]
from imgpipe.cli.main import main
main()
"""
    killed = subprocess.run([sys.executable, "-c", script], timeout=DEADLINE, check=False)
    assert killed.returncode == -signal.SIGKILL
    left = tree(out)
    assert len(left) == nth - (moment == "before")
    assert left.items() <= undisturbed.items()

    with start(source, out) as again:
        output = again.communicate(timeout=DEADLINE)[0].decode()
    assert f"Successful: {PICTURES - len(left)}, Failed: 0, Skipped: {len(left)}" in output
    assert f"{len(left)} skipped: up to date" in output or not left
    assert tree(out) == undisturbed
