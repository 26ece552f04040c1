"""Runs killed at moments that chance picks, then resumed: as if nothing had happened.

SOAK says how many moments; `make soak` takes two hundred.
"""

import asyncio
import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from imgpipe import (
    ConfigError,
    OutputVariant,
    Pipeline,
    PipelineConfig,
    Thumbnail,
    WatermarkConfig,
    run_pipeline,
)
from PIL import Image as pil

MOMENTS = int(os.environ.get("SOAK", "50"))
PICTURES = 24

Shape = Callable[[Path, Path], PipelineConfig]

server = multiprocessing.get_context("forkserver")
server.set_forkserver_preload(["imgpipe.api", "imgpipe.codecs.jpeg", "PIL.PngImagePlugin"])


def one_by_one(source: Path, out: Path) -> PipelineConfig:
    return PipelineConfig(source, out, transforms=[Thumbnail(100)], batch_size=1)


def in_parcels(source: Path, out: Path) -> PipelineConfig:
    return PipelineConfig(source, out, transforms=[Thumbnail(100)], durability="run", flat=True)


def in_variants(source: Path, out: Path) -> PipelineConfig:
    variants = [OutputVariant(str(side), [Thumbnail(side)]) for side in (30, 60)]
    mark = WatermarkConfig(text="ours")
    name = "{dir}/{stem}-{variant}-{width}.{hash:8}{ext}"
    return PipelineConfig(source, out, variants=variants, watermark=mark, name=name)


def over_older(source: Path, out: Path) -> PipelineConfig:
    return PipelineConfig(source, out, transforms=[Thumbnail(100)], overwrite="changed")


SHAPES: list[Shape] = [one_by_one, in_parcels, in_variants, over_older]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, smooth) -> Path:
    folder = tmp_path_factory.mktemp("in")
    for number in range(PICTURES):
        below = folder / f"f{number % 3}"
        below.mkdir(exist_ok=True)
        pil.fromarray(smooth(300 + number, 250)).save(below / f"p{number:02}.png")
    return folder


@pytest.fixture(scope="module")
def undisturbed(source: Path, tmp_path_factory: pytest.TempPathFactory, tree) -> list:
    """The tree that each shape makes, and the seconds it takes."""
    runs = []
    for shape in SHAPES:
        for attempt in ("first", "second"):  # the first one starts the server
            out = tmp_path_factory.mktemp(shape.__name__) / attempt
            begun = time.monotonic()
            process = start(shape(source, out))
            process.join()
            seconds = time.monotonic() - begun
        runs.append((tree(out), seconds))
        assert len(runs[-1][0]) in (PICTURES, 2 * PICTURES)
    return runs


def start(config: PipelineConfig) -> ForkServerProcess:
    process = server.Process(target=run_pipeline, args=(config,))
    process.start()
    return process


def again(config: PipelineConfig) -> Pipeline:
    """The same run once more, resumed where it is the last that the log knows of."""
    try:
        pipeline = Pipeline.resume(config.output_dir)
    except ConfigError:  # killed before it had begun
        return Pipeline(config)
    same = pipeline.config.outputs == config.outputs
    return pipeline if same else Pipeline(config)


def results_of(pipeline: Pipeline) -> Counter[str]:
    """What became of each output."""

    async def collect() -> Counter[str]:
        async with pipeline as run:
            return Counter([one.skipped or ("done" if one.success else "bad") async for one in run])

    return asyncio.run(asyncio.wait_for(collect(), 60))


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_killed_run_goes_on_as_if_undisturbed(
    moment: int, source: Path, tmp_path: Path, tree, undisturbed: list
) -> None:
    chance = random.Random(moment)
    shape = SHAPES[moment % len(SHAPES)]
    expected, seconds = undisturbed[moment % len(SHAPES)]
    config = shape(source, tmp_path / "out")
    older: dict[str, bytes] = {}
    if shape is over_older:
        run_pipeline(PipelineConfig(source, config.output_dir, transforms=[Thumbnail(50)]))
        older = tree(config.destination)
    for _ in range(chance.choice([1, 1, 2, 3])):
        process = start(config)
        process.join(chance.uniform(0, seconds))
        process.kill()
        process.join()
        for name, content in tree(config.destination).items():
            assert content in (expected[name], older.get(name))
    before = tree(config.destination)
    told = results_of(again(config))
    assert tree(config.destination) == expected
    assert told.keys() <= {"done", "up to date"}
    assert told.total() == len(expected)
    assert told["up to date"] <= sum(before[name] == expected[name] for name in before)
    assert list((config.destination / ".imgpipe" / "tmp").iterdir()) == []
    assert results_of(again(config)) == {"up to date": len(expected)}
