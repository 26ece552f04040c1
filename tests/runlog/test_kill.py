"""A run that is killed between two calls of the system, and run again."""

import signal
import subprocess
import sys
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


@pytest.fixture(scope="module")
def undisturbed(source: Path, tmp_path_factory: pytest.TempPathFactory, tree) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed")
    with start(source, out) as process:
        assert process.wait(DEADLINE) == 0
    files = tree(out)
    assert len(files) == PICTURES
    return files


def start_deadly(
    call: str, moment: str, nth: int, arguments: list[str]
) -> subprocess.CompletedProcess[bytes]:
    """A run that dies at the nth `call` of the os module, just before it is made or just after."""
    script = f"""
import os, signal, sys
made, real = 0, os.{call}
def deadly(*arguments):
    global made
    made += 1
    if "{moment}" == "after":
        real(*arguments)
    if made == {nth}:
        os.kill(os.getpid(), signal.SIGKILL)
    if "{moment}" == "before":
        real(*arguments)
os.{call} = deadly
sys.argv[1:] = {arguments!r}
from imgpipe.cli.main import main
main()
"""
    return subprocess.run([sys.executable, "-c", script], timeout=DEADLINE, check=False)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2, 20])
def test_a_kill_between_intent_and_done_is_settled(
    moment: str, nth: int, source: Path, tmp_path: Path, tree, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    arguments = ["run", str(source), "-o", str(out), "-t", "thumbnail:200"]
    assert start_deadly("link", moment, nth, arguments).returncode == -signal.SIGKILL
    left = tree(out)
    assert len(left) == nth - (moment == "before")
    assert left.items() <= undisturbed.items()

    with start(source, out) as again:
        output = again.communicate(timeout=DEADLINE)[0].decode()
    assert f"Successful: {PICTURES - len(left)}, Failed: 0, Skipped: {len(left)}" in output
    assert f"{len(left)} skipped: up to date" in output or not left
    assert tree(out) == undisturbed


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 20])
def test_a_kill_while_replacing_loses_track_of_nothing(
    moment: str, nth: int, source: Path, tmp_path: Path, tree, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    arguments = ["run", str(source), "-o", str(out), "-O", "changed", "-t"]
    command = [sys.executable, "-m", "imgpipe", *arguments]
    subprocess.run([*command, "thumbnail:100"], check=True, capture_output=True)
    older = tree(out)

    killed = start_deadly("replace", moment, nth, [*arguments, "thumbnail:200"])
    assert killed.returncode == -signal.SIGKILL
    for name, content in tree(out).items():
        assert content in (older[name], undisturbed[name])

    subprocess.run([*command, "thumbnail:200"], check=True, capture_output=True)
    assert tree(out) == undisturbed
