import asyncio
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from imgpipe import (
    Blur,
    CancellationToken,
    Cancelled,
    Image,
    Pipeline,
    PipelineConfig,
    ProcessingConfig,
    ProgressUpdate,
    Thumbnail,
    process_with_cancellation,
    run_pipeline,
    streaming_pipeline,
)
from imgpipe.flow.measure import PipelineMetrics
from PIL import Image as pil

from .running import run

CONFIG = ProcessingConfig(transforms=[Thumbnail(32)])


@pytest.mark.parametrize("after", [0, 1, 20])
def test_a_token_stops_a_run_and_what_is_done_is_whole(after: int, many: Path, tmp_path) -> None:
    token = CancellationToken()

    async def stop_early() -> int:
        seen = 0
        async with Pipeline(PipelineConfig(many, tmp_path / "out"), token=token) as pipeline:
            with pytest.raises(Cancelled, match="run again"):  # noqa: PT012  # stopped within
                if after == 0:
                    token.cancel()
                async for _ in pipeline:
                    seen += 1
                    if seen == after:
                        threading.Thread(target=token.cancel).start()
        return seen

    seen = run(stop_early())
    assert token.is_cancelled()
    assert after <= seen < 60
    made = list((tmp_path / "out").glob("*.png"))
    for path in made:
        with pil.open(path) as opened:
            opened.load()
    log = run_pipeline(PipelineConfig(many, tmp_path / "out"))
    assert log.summary() == f"Successful: {60 - len(made)}, Failed: 0, Skipped: {len(made)}"
    assert not list((tmp_path / "out" / ".imgpipe" / "tmp").iterdir())


def test_a_stop_waits_for_no_picture_behind_the_one_in_hand(tmp_path: Path) -> None:
    """Quick pictures before them have slow ones travel together, all of them read already."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    pil.effect_noise((300, 300), 90).save(folder / "00.bmp")
    for number in range(1, 40):
        if number < 6:
            (folder / f"{number:02}.bmp").write_bytes(b"no picture" * 10_000)
        else:
            shutil.copy(folder / "00.bmp", folder / f"{number:02}.bmp")
    token, metrics, begun = CancellationToken(), PipelineMetrics(), []

    class Slow(Blur):
        def apply(self, image: Image) -> Image:
            begun.append(time.monotonic())
            if len(begun) == 1:
                size = image.pixels.size
                while metrics.read_bytes.get() < 30 * size and time.monotonic() < begun[0] + 30:
                    super().apply(image)
            elif len(begun) == 2:
                token.cancel()
            while time.monotonic() < begun[-1] + 0.1:
                super().apply(image)
            return image

    config = PipelineConfig(folder, tmp_path / "out", 1, transforms=[Slow(1)], buffer_size=40)

    async def until_stopped() -> None:
        async with Pipeline(config, token=token, metrics=metrics) as pipeline:
            with pytest.raises(Cancelled):  # noqa: PT012  # stopped within
                async for _ in pipeline:
                    continue

    run(until_stopped())
    assert len(begun) == 2


def test_cancelling_gives_the_stats_of_what_was_done(many: Path, tmp_path: Path) -> None:
    token = CancellationToken()
    token.cancel()
    stats = run(process_with_cancellation(many, tmp_path / "out", CONFIG, token))
    assert stats.total_processed < 60
    assert stats.total_failed == 0
    again = run(process_with_cancellation(many, tmp_path / "out", CONFIG, CancellationToken()))
    assert again.total_processed == 60


def test_a_token_may_be_asked_twice_and_late() -> None:
    token, calls = CancellationToken(), []
    heard, forgotten = (lambda: calls.append("heard")), (lambda: calls.append("forgotten"))
    token.on_cancel(heard)
    token.on_cancel(forgotten)
    token.forget(forgotten)
    token.cancel()
    token.on_cancel(lambda: calls.append("late"))
    assert calls == ["heard", "late"]


def test_cancelling_the_task_stops_the_run(many: Path, tmp_path: Path) -> None:
    async def cancelled() -> None:
        config = PipelineConfig(many, tmp_path / "out", 1, 1, batch_size=1)
        started = asyncio.Event()

        def listen(update: ProgressUpdate) -> None:
            if update.processed:
                loop.call_soon_threadsafe(started.set)

        loop = asyncio.get_running_loop()
        task = asyncio.create_task(streaming_pipeline(config, listen))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())
    assert threading.active_count() == 1
    assert not list((tmp_path / "out" / ".imgpipe" / "tmp").iterdir())
    made = len(list((tmp_path / "out").glob("*.png")))
    assert 1 <= made < 60
    log = run_pipeline(PipelineConfig(many, tmp_path / "out"))
    assert log.summary() == f"Successful: {60 - made}, Failed: 0, Skipped: {made}"


@pytest.mark.parametrize(
    ("every", "times"),
    [(False, 1000), (True, 1), (True, 1000)],
    ids=["over and over", "with all tasks", "with all tasks, over and over"],
)
@pytest.mark.parametrize("begun", [".imgpipe", "*.png"], ids=["opening its log", "under way"])
def test_cancelling_leaves_nothing_behind(
    many: Path, tmp_path: Path, begun: str, every: bool, times: int
) -> None:
    out = tmp_path / "out"

    def threads() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if "imgpipe" in thread.name]

    def files() -> list[str]:
        numbers = (entry.path for entry in os.scandir("/proc/self/fd"))
        return sorted(os.readlink(path) for path in numbers if os.path.exists(path))

    async def impatient() -> None:
        before = files()
        task = asyncio.create_task(streaming_pipeline(PipelineConfig(many, out, 1, 1)))
        while not list(out.glob(begun)):
            await asyncio.sleep(0)
        for _ in range(times):
            for other in (asyncio.all_tasks() - {asyncio.current_task()}) if every else {task}:
                other.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        if begun == ".imgpipe":  # those that plan end by themselves
            for thread in threads():
                await asyncio.to_thread(thread.join)
        assert not threads()
        assert files() == before

    asyncio.run(impatient())
    assert not list(out.glob(".imgpipe/tmp/*"))
    made = len(list(out.glob("*.png")))
    assert run_pipeline(PipelineConfig(many, out)).summary() == (
        f"Successful: {60 - made}, Failed: 0, Skipped: {made}"
    )


def test_cancelling_all_tasks_before_the_run_has_begun_ends_it(many: Path, tmp_path: Path) -> None:
    async def leave() -> None:
        async with Pipeline(PipelineConfig(many, tmp_path / "out")) as pipeline:
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            async for _ in pipeline:
                pass

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(leave())
    assert threading.active_count() == 1
