"""Ctrl-C and SIGTERM at every step: once in order, twice at once, and never a partial file."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from imgpipe import PipelineConfig, Thumbnail, run_pipeline
from PIL import Image as pil

PICTURES = 30
DEADLINE = 60.0
PROMISED = 2.0  # seconds, and the picture in hand


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, smooth) -> Path:
    folder = tmp_path_factory.mktemp("in")
    for number in range(PICTURES):
        below = folder / f"f{number // 10}"
        below.mkdir(exist_ok=True)
        pil.fromarray(smooth(300 + number, 250)).save(below / f"p{number:02}.png")
    return folder


@pytest.fixture(scope="module")
def undisturbed(source: Path, tmp_path_factory: pytest.TempPathFactory, tree) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed")
    run_pipeline(PipelineConfig(source, out, transforms=[Thumbnail(200)]))
    return tree(out)


def start(source: Path, out: Path, place: str, nth: int, send: str) -> tuple[int, float, str]:
    """A run that sends itself signals at the nth call of a function of another library.

    Gives its exit code, how many seconds later it came, and what it wrote to stderr.
    """
    module = place.partition(".")[0]
    pytest.importorskip(module)
    script = f"""
import os, signal, sys, time
import {module}
calls = 0
def hooked(real):
    def call(*arguments, **named):
        global calls
        calls += 1
        if calls == {nth}:
            print("sent", time.monotonic(), file=sys.stderr, flush=True)
            for name in {send!r}.split():
                os.kill(os.getpid(), getattr(signal, name))
        return real(*arguments, **named)
    return call
sys.argv[1:] = ["run", {str(source)!r}, "-o", {str(out)!r}, "-t", "thumbnail:200"]
from imgpipe.cli.main import main
{place} = hooked({place})
main()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    _, errors = process.communicate(timeout=DEADLINE)
    ended = time.monotonic()
    sent, _, rest = errors.partition("\n")
    assert sent.startswith("sent "), errors
    return process.returncode, ended - float(sent.split()[1]), rest


PLACES = {
    "scan": ("os.scandir", 1),
    "scan later": ("os.scandir", 3),
    "load": ("os.open", 1),
    "decode": ("imagecodecs.spng_decode", 5),
    "encode": ("imagecodecs.png_encode", 5),
    "flush": ("os.fsync", 7),
    "name": ("os.link", 4),
    "last name": ("os.link", PICTURES),
}


@pytest.mark.parametrize(("step", "name"), [*zip(PLACES, ["SIGINT", "SIGTERM"] * 4, strict=True)])
def test_one_stops_in_order(
    step: str, name: str, source: Path, tmp_path: Path, tree, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    code, seconds, errors = start(source, out, *PLACES[step], name)
    assert code == 128 + getattr(signal, name)
    assert seconds < PROMISED
    assert errors == f"Stopped by {name}; imgpipe resume {out} goes on from here.\n"
    assert tree(out).items() <= undisturbed.items()
    left = out / ".imgpipe" / "tmp"
    assert not left.exists() or not list(left.iterdir())
    run_pipeline(PipelineConfig(source, out, transforms=[Thumbnail(200)]))
    assert tree(out) == undisturbed


@pytest.mark.parametrize(
    ("step", "names"),
    [("scan", "SIGINT SIGTERM"), ("decode", "SIGTERM SIGINT"), ("name", "SIGINT SIGTERM")],
)
def test_two_leave_at_once(
    step: str, names: str, source: Path, tmp_path: Path, tree, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    code, seconds, errors = start(source, out, *PLACES[step], names)
    assert code in (130, 143)
    assert seconds < PROMISED
    assert errors == ""
    assert tree(out).items() <= undisturbed.items()
    run_pipeline(PipelineConfig(source, out, transforms=[Thumbnail(200)]))
    assert tree(out) == undisturbed


def test_a_reader_that_leaves_ends_the_run_quietly(source: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m imgpipe run {source} -o {tmp_path / 'out'} --json | head -1"
    ran = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False
    )
    assert (ran.stderr, ran.returncode) == ("", 1)
    assert len(ran.stdout.splitlines()) == 1
