"""Whole runs over photographs, at one worker and at two: the same bytes, then the time."""

import asyncio
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from imgpipe import Image, Pipeline, PipelineConfig, Thumbnail, kernels, save_image

COUNT = 24


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PHOTOS, or else pictures of 6 megapixels, soft at every scale as photographs are."""
    if "PHOTOS" in os.environ:
        return Path(os.environ["PHOTOS"])
    folder, rng = tmp_path_factory.mktemp("photographs"), np.random.default_rng(2)
    for number in range(COUNT):
        scales = (rng.integers(0, 256, (2**k, 3 * 2 ** (k - 1), 3), np.uint8) for k in range(1, 12))
        layers = [kernels.resize(scale, (3000, 2000), filter="bicubic") for scale in scales]
        pixels = np.mean(layers, axis=0).astype(np.uint8)
        save_image(Image.from_array(pixels), folder / f"{number:02}.jpg", quality=90)
    return folder


def run(source: Path, out: Path, workers: int) -> int:
    config = PipelineConfig(source, out, workers, transforms=[Thumbnail(256)])

    async def drive() -> int:
        async with Pipeline(config) as pipeline:
            return sum([result.success async for result in pipeline])

    return asyncio.run(drive())


@pytest.mark.parametrize("workers", [1, 2])
def test_thumbnails(workers: int, photographs: Path, tmp_path: Path, benchmark) -> None:
    out = tmp_path / "out"
    run(photographs, tmp_path / "reference", 1)

    def empty() -> tuple[tuple[Path, Path, int], dict[str, int]]:
        shutil.rmtree(out, ignore_errors=True)
        return (photographs, out, workers), {}

    done = benchmark.pedantic(run, setup=empty, rounds=5, warmup_rounds=1)
    for reference in (tmp_path / "reference").glob("*.*"):
        if reference.is_file():
            assert (out / reference.name).read_bytes() == reference.read_bytes()
    benchmark.extra_info["images per second"] = done / benchmark.stats.stats.median
    print(f"\n{workers} workers: {done / benchmark.stats.stats.median:.1f} images a second")
