"""Memory set aside: never more than the limit but for one alone, and nobody overtakes."""

import asyncio
import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from imgpipe import (
    Blur,
    ConfigError,
    Image,
    ImageFormat,
    Pipeline,
    PipelineConfig,
    Thumbnail,
    run_pipeline,
)
from imgpipe.bytesize import parse_bytes
from imgpipe.flow.budget import Account, Budget, process_budget
from imgpipe.flow.lanes import READ_AHEAD, Statistics
from imgpipe.flow.measure import PipelineMetrics
from PIL import Image as pil

from .running import run


@given(
    st.integers(1, 50),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 5)), max_size=30),
)
def test_the_limit_holds_in_the_order_of_asking(limit: int, wishes) -> None:
    budget = Budget(limit)
    order: list[int] = []
    held: dict[int, int] = {}

    async def picture(number: int, amount: int, turns: int) -> None:
        await budget.reserve(amount)
        order.append(number)
        held[number] = amount
        inside = [amount for amount in held.values() if amount]
        assert sum(inside) <= budget.used  # whoever is let in hears of it a little later
        assert budget.used <= limit or len(inside) <= 1
        for _ in range(turns):
            await asyncio.sleep(0)
        del held[number]
        budget.release(amount)

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            for number, (amount, turns) in enumerate(wishes):
                group.create_task(picture(number, amount, turns))

    run(all_of_them())
    assert order == list(range(len(wishes)))
    assert budget.used == 0


@pytest.mark.parametrize("granted", [False, True])
def test_whoever_gives_up_waiting_leaves_nothing_behind(granted: bool) -> None:
    async def give_up() -> None:
        budget = Budget(10)
        await budget.reserve(10)
        waiting = asyncio.create_task(budget.reserve(5))
        behind = asyncio.create_task(budget.reserve(7))
        await asyncio.sleep(0)
        if granted:  # and cancelled before it could hear of it
            budget.release(10)
        waiting.cancel()
        if not granted:
            budget.release(10)
        await behind
        assert waiting.cancelled() or await asyncio.wait([waiting])
        assert budget.used == 7

    run(give_up())


def test_an_account_gives_everything_back() -> None:
    async def use() -> None:
        budget = Budget(100)
        account = Account(budget)
        await account.reserve(30)
        await account.reserve(40)
        account.release(10)
        assert (account.held, budget.used, budget.peak) == (60, 60, 70)
        account.close()
        assert (account.held, budget.used) == (0, 0)

    run(use())


def test_loops_in_other_threads_share_one_budget() -> None:
    budget = Budget(1)
    inside = 0

    async def work() -> None:
        nonlocal inside
        for _ in range(200):
            await budget.reserve(1)
            inside += 1
            assert inside == 1
            inside -= 1
            budget.release(1)

    async def all_of_them() -> None:
        await asyncio.gather(*(asyncio.to_thread(asyncio.run, work()) for _ in range(4)))

    run(all_of_them())
    assert budget.used == 0


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, smooth) -> Path:
    folder = tmp_path_factory.mktemp("large")
    picture = pil.fromarray(smooth(1600, 1200))
    for number in range(8):
        picture.save(folder / f"{number}.jpg", quality=95)
        assert (folder / f"{number}.jpg").stat().st_size > 64 * 1024
    return folder


@pytest.mark.parametrize(("limit", "alone"), [(1, True), ("200MB", False)])
def test_all_is_done_within_the_limit(limit, alone: bool, large: Path, tmp_path: Path) -> None:
    config = PipelineConfig(
        large, tmp_path / "out", 4, transforms=[Blur(1)], memory_limit=limit, buffer_size=8
    )

    async def collect() -> Statistics:
        async with Pipeline(config) as pipeline:
            async for result in pipeline:
                assert result.success
                now = pipeline.statistics
                assert now.memory_used <= now.memory_peak
                assert all(now.waiting[lane] <= now.waiting_peak[lane] for lane in now.waiting)
        return pipeline.statistics

    stats = run(collect())
    assert (stats.memory_used, stats.in_flight, set(stats.waiting.values())) == (0, 0, {0})
    assert (stats.planned, stats.finished, stats.failed, stats.scanning) == (8, 8, 0, False)
    assert 1 <= max(stats.waiting_peak.values()) <= stats.buffer == 8
    one = 1600 * 1200 * 3
    peak = stats.memory_peak
    assert one < peak < 40 * one if alone else peak <= stats.memory_limit == 200 * 10**6
    assert len(list((tmp_path / "out").glob("*.jpg"))) == 8


@pytest.mark.parametrize("workers", [1, 2])
def test_a_picture_that_waits_is_not_overtaken_by_what_it_waits_for(
    workers: int, tmp_path: Path, smooth
) -> None:
    """Between small ones that fit beside each other, one that fits beside none."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number in range(12):
        side = 2400 if number % 3 == 1 else 500
        pil.fromarray(smooth(side, side)).save(folder / f"{number:02}.bmp")
    config = PipelineConfig(
        folder, tmp_path / "out", workers, transforms=[Blur(1)], memory_limit="60MB"
    )
    assert len(run_pipeline(config).successful) == 12


@pytest.mark.parametrize("before", [0, 200])
def test_heavy_files_wait_for_work_on_the_disk(before: int, tmp_path: Path) -> None:
    """However much memory is allowed, and whatever lies before them: here, a light one or none."""
    folder = tmp_path / "heavy"
    folder.mkdir()
    pil.new("RGB", (1000, 1000)).save(folder / "00.bmp")
    size = (folder / "00.bmp").stat().st_size
    for number in range(1, 40):
        shutil.copy(folder / "00.bmp", folder / f"{number:02}.bmp")
    if before:
        pil.new("RGB", (before, before)).save(folder / "00.bmp")
    metrics, started = PipelineMetrics(), itertools.count(1)
    read = []

    class Looking(Blur):
        def apply(self, image: Image) -> Image:
            read.append(metrics.read_bytes.get() - next(started) * size)
            return super().apply(image)

    config = PipelineConfig(
        folder, tmp_path / "out", 1, transforms=[Looking(3)], buffer_size=100, memory_limit="2GB"
    )

    async def collect() -> int:
        async with Pipeline(config, metrics=metrics) as pipeline:
            return len([result async for result in pipeline if result.success])

    assert run(collect()) == 40
    at_hand = 2  # parcels for the one worker
    assert max(read) <= READ_AHEAD + at_hand * size


def test_a_header_at_the_end_of_a_file_is_not_read_for_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """All of the file has to be read to know what it takes, so it is set aside before."""
    folder = tmp_path / "tiffs"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (500, 600, 3), np.uint8)
    for number in range(6):
        pil.fromarray(noise).save(folder / f"{number}.tif", compression="tiff_lzw")
    size = (folder / "0.tif").stat().st_size
    config = PipelineConfig(
        folder,
        tmp_path / "out",
        1,
        transforms=[Thumbnail(16)],
        format=ImageFormat.PNG,
        memory_limit=size,
    )
    pipeline, held, read = Pipeline(config), [], os.read

    def watched(number: int, most: int) -> bytes:
        if most > size // 2:
            held.append(pipeline.statistics.memory_used)
        return read(number, most)

    monkeypatch.setattr(os, "read", watched)

    async def collect() -> int:
        async with pipeline:
            return len([result async for result in pipeline if result.success])

    assert run(collect()) == 6
    assert len(held) >= 12  # for its header, and then for its pixels
    assert min(held) >= size


def test_leaving_early_gives_the_memory_back(large: Path, tmp_path: Path) -> None:
    async def leave() -> None:
        async with Pipeline(PipelineConfig(large, tmp_path / "out", transforms=[Blur(1)])) as run:
            async for _ in run:
                break

    run(leave())
    assert process_budget().used == 0


def test_broken_pictures_give_the_memory_back(broken: Path, large: Path, tmp_path: Path) -> None:
    cut = (large / "0.jpg").read_bytes()[:-80_000]
    (broken / "large.jpg").write_bytes(cut)
    config = PipelineConfig(broken, tmp_path / "out", transforms=[Thumbnail(16)])
    assert len(run_pipeline(config).failed) == 4
    assert process_budget().used == 0


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel for the peak")
def test_the_process_stays_below_what_it_set_aside(large: Path, tmp_path: Path) -> None:
    script = f"""
import resource
from imgpipe import Blur, PipelineConfig, run_pipeline
def run(out, pictures, **options):
    config = PipelineConfig(pictures, out, 8, transforms=[Blur(1)], **options)
    assert len(run_pipeline(config).successful)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = run({str(tmp_path / "one")!r}, {str(large / "0.jpg")!r})
print(run({str(tmp_path / "all")!r}, {str(large)!r}, memory_limit=60_000_000) - before)
"""
    made = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(made.stdout) < 60_000_000


def test_sizes_are_read() -> None:
    sizes = {"1GB": 10**9, "1 GiB": 2**30, "512": 512, "1.5kb": 1500, "2M": 2 * 10**6, "7b": 7}
    assert {text: parse_bytes(text) for text in sizes} == sizes


@pytest.mark.parametrize("limit", ["lots", "", "-1GB", "1XB", 0, -5, 1.5, True, "0"])
def test_limits_that_are_none_are_refused(limit, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Expected memory_limit to be such as 500MB or 2GiB"):
        PipelineConfig(tmp_path, tmp_path / "out", memory_limit=limit)
