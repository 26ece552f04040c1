"""What is measured beside workloads: two cores, and starting up."""

import asyncio
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from imgpipe import Pipeline, PipelineConfig, Thumbnail, kernels
from imgpipe.cores import available

from .e2e_inputs import photos
from .e2e_workloads import IMGPIPE, compiling
from .pictures import large

ROUNDS = 9
IN_TURN = 27  # rounds of what needs both cores, one of which another guest may have
MEGAPIXELS = 100
SIGMA = 10
TIMED = "import time; start = time.perf_counter(); import {0}; print(time.perf_counter() - start)"


@dataclass(frozen=True)
class Figure:
    """One number with its quartiles, what was wanted of it, and whether more is better."""

    title: str
    unit: str
    wanted: float
    values: np.ndarray
    more: bool = False

    @property
    def got(self) -> float:
        return float(np.median(self.values))

    @property
    def met(self) -> bool:
        return self.got >= self.wanted if self.more else self.got <= self.wanted


def kernels_on_two_cores() -> Figure:
    """The same blur on one thread and on two, in turn."""
    picture = large(MEGAPIXELS)
    out = np.empty_like(picture)
    rounds = []
    for _ in range(IN_TURN if available() > 1 else 0):
        start = time.perf_counter()
        kernels.gaussian_blur(picture, SIGMA, out=out, threads=1)
        between = time.perf_counter()
        kernels.gaussian_blur(picture, SIGMA, out=out, threads=2)
        rounds.append((between - start) / (time.perf_counter() - between))
    title = f"a picture of {MEGAPIXELS} megapixels, σ = {SIGMA}: one thread / two"
    return Figure(title, "×", 1.75, np.array(rounds or [np.nan]), more=True)


def two_workers() -> Figure:
    """All photographs to thumbnails with one worker and with two, in turn, in this process."""
    _seconds(2)
    rounds = [_seconds(1) / _seconds(2) for _ in range(IN_TURN if available() > 1 else 0)]
    title = "256-pixel thumbnails of all photographs, not flushed: one worker / two"
    return Figure(title, "×", 1.85, np.array(rounds or [np.nan]), more=True)


def _seconds(workers: int) -> float:
    """How long a run takes."""

    async def drive(config: PipelineConfig) -> float:
        start = time.perf_counter()
        async with Pipeline(config) as pipeline:
            async for result in pipeline:
                assert result.success, result.error
        return time.perf_counter() - start

    with tempfile.TemporaryDirectory() as out:
        config = PipelineConfig(
            photos(), Path(out), workers, transforms=[Thumbnail(256)], durability="none"
        )
        return asyncio.run(drive(config))


def start_up() -> list[Figure]:
    """Milliseconds, in processes of their own."""
    _round()  # compiles what is not yet
    rounds = np.array([_round() for _ in range(ROUNDS)]) * 1e3
    version, click, bare, ours, core, numpy = rounds.T
    return [
        Figure("`imgpipe --version` beyond `import click`", "ms", 30, version - click),
        Figure("`import imgpipe`", "ms", 40, ours),
        Figure("`import imgpipe.kernels` beyond `import numpy`", "ms", 20, core - numpy),
        Figure("`imgpipe --version`, all of it, Python's own start in it", "ms", np.inf, version),
        Figure("Python's own start", "ms", np.inf, bare),
    ]


def _round() -> tuple[float, ...]:
    return (
        _process(IMGPIPE, "--version"),
        _process(sys.executable, "-c", "import click"),
        _process(sys.executable, "-c", "pass"),
        _inside("imgpipe"),
        _inside("imgpipe.kernels"),
        _inside("numpy"),
    )


def _process(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True, env=compiling())
    return time.perf_counter() - start


def _inside(module: str) -> float:
    command = [sys.executable, "-c", TIMED.format(module)]
    return float(subprocess.run(command, capture_output=True, check=True, env=compiling()).stdout)
