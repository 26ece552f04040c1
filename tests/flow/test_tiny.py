"""Tiny pictures, which two threads draw in turn where nothing is flushed, and one where it is."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from imgpipe import Pipeline, PipelineConfig, Resize
from imgpipe.steps.save import Durability

from .running import run

SIZE = 120, 150  # so many pixels that a kernel which turns them gives way


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """JPEGs and PNGs that say how to turn them, three of which end too early."""
    folder = tmp_path_factory.mktemp("tiny")
    rng = np.random.default_rng(3)
    for number in range(120):
        picture = PIL.Image.fromarray(rng.integers(0, 256, (*SIZE, 3), np.uint8))
        exif = PIL.Image.Exif()
        exif[0x0112] = 1 + number % 8
        name = f"{number:03}.{'png' if number % 3 else 'jpg'}"
        picture.save(folder / name, exif=exif)
        if number % 40 == 20:
            (folder / name).write_bytes((folder / name).read_bytes()[:3000])
    return folder


def drawn(tiny: Path, out: Path, durability: Durability) -> dict[str, bytes]:
    """Every output by its name, and no bytes where there is an error."""

    async def collect() -> dict[str, bytes]:
        config = PipelineConfig(tiny, out, 2, durability=durability, transforms=[Resize(40, 50)])
        async with Pipeline(config) as pipeline:
            return {
                one.original_path.name: one.output_path.read_bytes() if one.output_path else b""
                async for one in pipeline
            }

    return run(collect())


def test_two_threads_draw_what_one_does(tiny: Path, tmp_path: Path) -> None:
    flushed = drawn(tiny, tmp_path / "file", "file")
    assert len(flushed) == 120
    assert sum(not data for data in flushed.values()) == 3
    assert drawn(tiny, tmp_path / "run", "run") == flushed
    assert drawn(tiny, tmp_path / "none", "none") == flushed
