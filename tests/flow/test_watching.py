import asyncio
import threading
from collections import Counter
from pathlib import Path

import pytest
from imgpipe import (
    ConfigError,
    OutputVariant,
    Pipeline,
    PipelineConfig,
    ProcessingConfig,
    ProcessingLog,
    ProcessingResult,
    ProcessingStage,
    ProgressUpdate,
    Thumbnail,
    load_log,
    monitor_progress,
    process_with_progress,
    run_pipeline,
    save_log,
    streaming_pipeline,
)
from imgpipe.flow.watch import Watch

from .running import run

CONFIG = ProcessingConfig(transforms=[Thumbnail(32)])


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


def test_a_slow_listener_holds_nothing_back_and_hears_the_last(many: Path, tmp_path: Path) -> None:
    """It is asleep until the run has ended, and has missed nothing but time."""
    told: list[ProgressUpdate] = []
    ended = threading.Event()

    def listen(update: ProgressUpdate) -> None:
        told.append(update)
        assert ended.wait(30)

    async def watch() -> None:
        config = PipelineConfig(many, tmp_path / "out", transforms=[Thumbnail(20)])
        async with Pipeline(config, progress=listen) as pipeline:
            done = [result async for result in pipeline]
            assert len(done) == 60
            ended.set()

    run(watch())
    assert told[-1] == ProgressUpdate(60, 60, None, ProcessingStage.COMPLETE)


def test_a_listener_far_behind_loses_the_middle_alone(monkeypatch, tmp_path: Path) -> None:
    async def watch() -> list[int]:
        heard: list[int] = []
        started, go_on = threading.Event(), threading.Event()

        def listen(update: ProgressUpdate) -> None:
            heard.append(update.processed)
            started.set()
            assert go_on.wait(30)

        watch = Watch(listen)
        await asyncio.to_thread(started.wait, 30)
        for _ in range(5000):
            watch.finish(tmp_path)
        watch.complete()
        go_on.set()
        await watch.close()
        return heard

    heard = run(watch())
    assert heard[0] == 0
    assert heard[-1] == 5000
    assert heard == sorted(heard)
    assert len(heard) < 2000


def test_what_a_listener_raises_is_raised_in_the_end(pictures: Path, tmp_path: Path) -> None:
    def listen(update: ProgressUpdate) -> None:
        raise RuntimeError(f"no more of {update.processed}")

    with pytest.raises(RuntimeError, match="no more of 0"):
        run_pipeline(PipelineConfig(pictures, tmp_path / "out"), listen)
    assert len(list((tmp_path / "out").glob("*.*"))) == 5  # .imgpipe and four pictures


def test_leaving_the_block_ends_the_listener_too(many: Path, tmp_path: Path) -> None:
    told: list[ProgressUpdate] = []

    async def leave() -> None:
        async with Pipeline(PipelineConfig(many, tmp_path / "out"), progress=told.append) as each:
            async for _ in each:
                return

    run(leave())
    assert told[0].stage is ProcessingStage.SCANNING
    assert told[-1].stage is not ProcessingStage.COMPLETE
    assert threading.active_count() == 1


def test_a_long_log_lies_on_the_disk_and_is_like_a_list() -> None:
    def results():
        for number in range(12_000):
            error = "too bad" if number % 3 == 0 else None
            skipped = "up to date" if number % 3 == 1 else None
            for variant in ("a", "b"):
                yield ProcessingResult(
                    *(Path(f"{number}.jpg"), not error, None, error, 0.0),
                    skipped=skipped,
                    variant=variant,
                )

    log = ProcessingLog.of(results())
    assert log.summary() == "Successful: 4000, Failed: 4000, Skipped: 4000"
    assert log.successful == [Path(f"{number}.jpg") for number in range(2, 12_000, 3)]
    assert log.failed[-1] == (Path("11997.jpg"), "a: too bad; b: too bad")
    assert log.skipped[1:3] == [Path("4.jpg"), Path("7.jpg")]
    assert Path("1.jpg") in log.skipped
    assert Path("2.jpg") not in log.skipped
    with pytest.raises(IndexError, match="Expected an index below 4000, got 4000"):
        log.skipped[4000]
    assert repr(log.skipped).endswith("PosixPath('28.jpg'), ... 4000 in all]")
    assert ProcessingLog.from_json(log.to_json()) == log
    assert log != ProcessingLog(log.successful, log.failed)
