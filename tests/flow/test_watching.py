import asyncio
import threading
from collections import Counter
from pathlib import Path

import pytest
from imgpipe import (
    CancellationToken,
    Cancelled,
    ConfigError,
    OutputVariant,
    Pipeline,
    PipelineConfig,
    ProcessingConfig,
    ProcessingLog,
    ProcessingStage,
    ProgressUpdate,
    Thumbnail,
    load_log,
    monitor_progress,
    process_with_cancellation,
    process_with_progress,
    run_pipeline,
    save_log,
    streaming_pipeline,
)
from PIL import Image as pil

CONFIG = ProcessingConfig(transforms=[Thumbnail(32)])


def run(awaitable):
    return asyncio.run(asyncio.wait_for(awaitable, 60))


def test_every_picture_is_told_of(broken: Path, tmp_path: Path) -> None:
    told: list[ProgressUpdate] = []
    stats = run(process_with_progress(broken, tmp_path / "out", CONFIG, told.append))
    assert (stats.total_processed, stats.total_failed) == (1, 3)
    assert told[0].stage is ProcessingStage.SCANNING
    assert told[-1] == ProgressUpdate(4, 4, None, ProcessingStage.COMPLETE)
    done = [update for update in told if update.stage is ProcessingStage.PROCESSING]
    assert [update.processed for update in done] == [1, 2, 3, 4]
    assert {update.current_file for update in done} == {path.name for path in broken.iterdir()}


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_a_queue_gets_the_end_however_small_it_is(size: int, pictures: Path, tmp_path) -> None:
    async def watch() -> list[ProgressUpdate | None]:
        queue: asyncio.Queue[ProgressUpdate | None] = asyncio.Queue(size)
        await process_with_progress(pictures, tmp_path / "out", CONFIG, queue)
        return [queue.get_nowait() for _ in range(queue.qsize())]

    told = run(watch())
    assert told[-1] is None
    if size != 1:
        assert told[-2] == ProgressUpdate(4, 4, None, ProcessingStage.COMPLETE)
    if size == 0:
        stages = Counter(update.stage for update in told if update)
        each = (ProcessingStage.LOADING, ProcessingStage.PROCESSING, ProcessingStage.SAVING)
        ends = (ProcessingStage.SCANNING, ProcessingStage.COMPLETE)
        assert stages == {**dict.fromkeys(each, 4), **dict.fromkeys(ends, 1)}


def test_an_empty_folder_is_complete_at_once(tmp_path: Path) -> None:
    told: list[ProgressUpdate] = []
    (tmp_path / "in").mkdir()
    run(process_with_progress(tmp_path / "in", tmp_path / "out", None, told.append))
    assert [update.format() for update in told] == [
        "[Scanning] 0/0 (0.0%)",
        "[Complete] 0/0 (0.0%)",
    ]


def test_updates_are_printed(capsys, tmp_path: Path) -> None:
    updates = [ProgressUpdate(n, 2, "a.jpg", ProcessingStage.PROCESSING) for n in (1, 2)]

    async def from_queue() -> None:
        queue: asyncio.Queue[ProgressUpdate | None] = asyncio.Queue()
        for item in (*updates, None):
            queue.put_nowait(item)
        await monitor_progress(queue)

    async def from_iterable() -> None:
        async def each():
            for update in updates:
                yield update

        await monitor_progress(each())

    for source in (from_queue, from_iterable):
        run(source())
        printed = capsys.readouterr().out.splitlines()
        assert printed == ["[Processing] 1/2 (50.0%) - a.jpg", "[Processing] 2/2 (100.0%) - a.jpg"]


@pytest.fixture
def many(tmp_path: Path, smooth) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(60):
        pil.fromarray(smooth(300 + number, 200)).save(folder / f"{number:02}.png")
    return folder


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


def test_cancelling_gives_the_stats_of_what_was_done(many: Path, tmp_path: Path) -> None:
    token = CancellationToken()
    token.cancel()
    stats = run(process_with_cancellation(many, tmp_path / "out", CONFIG, token))
    assert stats.total_processed < 60
    assert stats.total_failed == 0
    again = run(process_with_cancellation(many, tmp_path / "out", CONFIG, CancellationToken()))
    assert again.total_processed == 60


def test_a_log_tells_of_pictures_and_names_variants(broken: Path, tmp_path: Path) -> None:
    variants = [OutputVariant("a", [Thumbnail(20)]), OutputVariant("b", max_bytes=10)]
    told: list[ProgressUpdate] = []
    config = PipelineConfig(broken, tmp_path / "out", variants=variants)
    log = run(streaming_pipeline(config, told.append))
    assert log.summary() == "Successful: 0, Failed: 4, Skipped: 0"
    reasons = {path.name: why for path, why in log.failed}
    assert reasons["good.jpg"].startswith("b: Expected at most 10 bytes")
    assert reasons["empty.jpg"] == "Expected a picture, got an empty file"  # all of it, once
    assert [u.processed for u in told if u.stage is ProcessingStage.PROCESSING] == [1, 2, 3, 4]


def test_a_second_run_skips(pictures: Path, tmp_path: Path) -> None:
    config = PipelineConfig(pictures, tmp_path / "out", transforms=[Thumbnail(20)])
    first, second = run_pipeline(config), run_pipeline(config)
    assert len(first.successful) == 6
    assert sorted(second.skipped) == sorted(first.successful)


def test_a_pipeline_runs_inside_a_running_loop(pictures: Path, tmp_path: Path) -> None:
    async def inside() -> ProcessingLog:
        return run_pipeline(PipelineConfig(pictures, tmp_path / "out"))

    assert len(run(inside()).successful) == 6


def test_a_log_comes_back_equal(tmp_path: Path) -> None:
    log = ProcessingLog(
        [Path("a.jpg"), Path("b\udcff\n.jpg")], [(Path("c"), 'web: "no"')], [Path("ü")]
    )
    run(save_log(log, tmp_path / "logs" / "log.json"))
    assert run(load_log(tmp_path / "logs" / "log.json")) == log
    for text in ("", "[]", '{"successful": []}', '{"successful": 3, "failed": [], "skipped": []}'):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(ConfigError, match="^Expected a log"):
            run(load_log(tmp_path / "bad.json"))
    with pytest.raises(ConfigError, match="^Expected a log at"):
        run(load_log(tmp_path / "gone.json"))


def test_a_token_may_be_asked_twice_and_late() -> None:
    token, calls = CancellationToken(), []
    heard, forgotten = (lambda: calls.append("heard")), (lambda: calls.append("forgotten"))
    token.on_cancel(heard)
    token.on_cancel(forgotten)
    token.forget(forgotten)
    token.cancel()
    token.on_cancel(lambda: calls.append("late"))
    assert calls == ["heard", "late"]
