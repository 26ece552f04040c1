"""Pipelines inside other programs: other loops, threads, notebooks; nothing of theirs touched."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from imgpipe import Pipeline, PipelineConfig, Thumbnail, run_pipeline, streaming_pipeline


def config(pictures: Path, out: Path) -> PipelineConfig:
    return PipelineConfig(pictures, out, transforms=[Thumbnail(20)])


def test_on_uvloop(pictures: Path, tmp_path: Path) -> None:
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        log = runner.run(streaming_pipeline(config(pictures, tmp_path / "out")))
    assert len(log.successful) == 6


def test_several_at_once_in_one_loop_and_in_threads(pictures: Path, tmp_path: Path) -> None:
    async def together() -> list[int]:
        runs = (streaming_pipeline(config(pictures, tmp_path / f"loop{n}")) for n in range(3))
        return [len(log.successful) for log in await asyncio.gather(*runs)]

    with ThreadPoolExecutor(3) as threads:
        logs = threads.map(run_pipeline, (config(pictures, tmp_path / str(n)) for n in range(3)))
        assert asyncio.run(together()) == [6, 6, 6]
        assert [len(log.successful) for log in logs] == [6, 6, 6]
    assert threading.active_count() == 1


def test_in_a_notebook(pictures: Path, tmp_path: Path) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    cells = [
        "import warnings; warnings.simplefilter('error')\n"
        "from imgpipe import Pipeline, PipelineConfig, Thumbnail, run_pipeline",
        f"config = PipelineConfig({str(pictures)!r}, {str(tmp_path / 'out')!r})\n"
        "async with Pipeline(config) as run:\n"
        "    made = [result async for result in run]\n"
        "len(made)",
        "run_pipeline(config).summary()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    told = [cell["outputs"][0]["data"]["text/plain"] for cell in notebook["cells"][1:]]
    assert told == ["6", "'Successful: 0, Failed: 0, Skipped: 6'"]


def test_nothing_of_the_program_is_touched(pictures: Path, tmp_path: Path) -> None:
    """Its logging, warnings, signals, environment, threads, open files and limits of Pillow."""
    script = f"""
import asyncio, contextlib, logging, os, signal, sys, threading, warnings
from PIL import Image
def state():
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    numbers = [entry.path for entry in os.scandir("/proc/self/fd")]
    files = [os.readlink(path) for path in numbers if os.path.exists(path)]
    return (logging.root.handlers[:], logging.root.level, warnings.filters[:], handlers,
            dict(os.environ), threading.enumerate(), sorted(files), Image.MAX_IMAGE_PIXELS,
            sys.excepthook, threading.excepthook, os.getcwd(), os.umask(0o22))
from imgpipe import ConfigError, PipelineConfig, Thumbnail, run_pipeline
run_pipeline(PipelineConfig({str(pictures)!r}, {str(tmp_path / "first")!r}))
before = state()
out = {str(tmp_path / "out")!r}
log = run_pipeline(PipelineConfig({str(pictures)!r}, out, transforms=[Thumbnail(9)]))
assert len(log.successful) == 6, log
with contextlib.suppress(ConfigError):
    run_pipeline(PipelineConfig({str(pictures)!r}, os.path.join(out, "a.jpg")))
    raise AssertionError("a file is no folder")
for thread in set(threading.enumerate()) - set(before[5]):  # they end by themselves
    thread.join(60)
assert state() == before
"""
    command = [sys.executable, "-W", "error", "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_a_block_that_raises_raises_what_it_raised(pictures: Path, tmp_path: Path) -> None:
    async def fail() -> None:
        async with Pipeline(config(pictures, tmp_path / "out")) as run:
            async for _ in run:
                raise KeyError("the program's own")

    with pytest.raises(KeyError, match="the program's own"):
        asyncio.run(fail())
    assert threading.active_count() == 1


def test_a_block_that_does_not_listen_still_ends(pictures: Path, tmp_path: Path) -> None:
    async def ignore() -> None:
        async with Pipeline(config(pictures, tmp_path / "out")):
            await asyncio.to_thread(threading.Event().wait, 0.05)

    asyncio.run(asyncio.wait_for(ignore(), 30))
    assert threading.active_count() == 1
    assert not list((tmp_path / "out" / ".imgpipe" / "tmp").iterdir())
