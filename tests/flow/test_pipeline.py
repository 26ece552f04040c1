import asyncio
import os
import sqlite3
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from imgpipe import (
    Blur,
    CollisionError,
    ConfigError,
    Grayscale,
    ImageFormat,
    Pipeline,
    PipelineConfig,
    ProcessingResult,
    Thumbnail,
    apply_transforms,
    decode_image,
    encode_image,
    open_image,
)
from PIL import Image as pil


def run(config: PipelineConfig, *, keep_log: bool = True) -> list[ProcessingResult]:
    async def collect() -> list[ProcessingResult]:
        async with Pipeline(config, keep_log=keep_log) as pipeline:
            return [result async for result in pipeline]

    return asyncio.run(asyncio.wait_for(collect(), 60))


def counts(results: list[ProcessingResult]) -> Counter[str]:
    return Counter(
        "skipped" if result.skipped else "done" if result.success else "failed"
        for result in results
    )


def test_every_picture_comes_out_as_the_steps_make_it(pictures: Path, tmp_path: Path) -> None:
    transforms = [Thumbnail(64), Grayscale(), Blur(0.7)]
    results = run(PipelineConfig(pictures, tmp_path / "out", transforms=transforms))

    assert counts(results) == {"done": 6}
    for result in results:
        relative = result.original_path.relative_to(pictures)
        assert result.output_path == tmp_path / "out" / relative
        image = open_image(result.original_path)
        expected = decode_image(
            encode_image(apply_transforms(image, transforms), image.format)
        ).pixels.astype(int)
        made = open_image(result.output_path).pixels
        assert made.shape == expected.shape
        assert np.abs(made - expected).mean() <= 2  # it may start from a smaller decode
        assert result.duration > 0


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("buffer", [1, 7])
@pytest.mark.parametrize("batch", [1, 3])
def test_outputs_do_not_depend_on_how_the_work_is_shared(
    workers, buffer, batch, pictures: Path, tmp_path: Path, tree
) -> None:
    common = {"transforms": [Thumbnail(50)], "format": ImageFormat.PNG}
    source = pictures / "below"
    run(PipelineConfig(source, tmp_path / "reference", 1, 1, batch_size=1, **common))
    run(PipelineConfig(source, tmp_path / "out", workers, buffer, batch_size=batch, **common))
    assert tree(tmp_path / "out") == tree(tmp_path / "reference")


def test_a_bad_picture_costs_itself_alone(broken: Path, tmp_path: Path, tree) -> None:
    results = run(PipelineConfig(broken, tmp_path / "out"))

    assert counts(results) == {"done": 1, "failed": 3}
    assert list(tree(tmp_path / "out")) == ["good.jpg"]
    reasons = {r.original_path.name: (r.step, r.error) for r in results if not r.success}
    assert {name: step for name, (step, _) in reasons.items()} == dict.fromkeys(
        ("cut.jpg", "empty.jpg", "text.jpg"), "decode"
    )
    assert "empty file" in (reasons["empty.jpg"][1] or "")


def test_a_second_run_does_nothing_twice(pictures: Path, tmp_path: Path, tree) -> None:
    config = PipelineConfig(pictures, tmp_path / "out", transforms=[Thumbnail(64)])
    run(config)
    before = {name: (tmp_path / "out" / name).stat() for name in tree(tmp_path / "out")}
    assert counts(run(config)) == {"skipped": 6}
    for name, stat in before.items():
        assert (tmp_path / "out" / name).stat().st_ino == stat.st_ino


def test_what_is_missing_or_changed_is_made_again(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    config = PipelineConfig(pictures, out, transforms=[Thumbnail(64)], overwrite="changed")
    run(config)
    (out / "a.jpg").unlink()
    pil.fromarray(np.zeros((90, 90, 3), np.uint8)).save(pictures / "b.png")
    (out / "c.gif").write_bytes(b"cut by somebody")

    results = {r.original_path.name: r for r in run(config) if r.original_path.parent == pictures}

    assert results["a.jpg"].skipped is None
    assert results["b.png"].skipped is None
    assert open_image(out / "b.png").pixels.max() == 0
    assert "was there before" in (results["c.gif"].skipped or "")
    assert results["d.webp"].skipped == "up to date"


@pytest.mark.parametrize(
    ("overwrite", "expected"), [("never", "skipped"), ("changed", "done"), ("all", "done")]
)
def test_other_settings_replace_ours_only_when_asked(
    overwrite, expected, pictures: Path, tmp_path: Path
) -> None:
    run(PipelineConfig(pictures, tmp_path / "out", transforms=[Thumbnail(64)]))
    config = PipelineConfig(
        pictures, tmp_path / "out", transforms=[Thumbnail(32)], overwrite=overwrite
    )
    assert counts(run(config)) == {expected: 6}
    width = open_image(tmp_path / "out" / "a.jpg").width
    assert width == (64 if overwrite == "never" else 32)


@pytest.mark.parametrize(("overwrite", "kept"), [("never", 1), ("changed", 1), ("all", 0)])
def test_somebody_elses_file_gives_way_only_to_all(
    overwrite, kept, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.jpg").write_bytes(b"theirs")
    results = run(PipelineConfig(pictures, tmp_path / "out", overwrite=overwrite))
    assert counts(results)["skipped"] == kept
    assert ((tmp_path / "out" / "a.jpg").read_bytes() == b"theirs") == bool(kept)


def test_inputs_are_never_written(pictures: Path, tmp_path: Path, tree) -> None:
    before = tree(pictures)
    with pytest.raises(ConfigError, match="other than the input folder"):
        run(PipelineConfig(pictures, pictures, transforms=[Grayscale()], overwrite="all"))

    (pictures / "below" / "below").mkdir()
    for name in ("a.jpg", "e.bmp"):  # these outputs would land on inputs two levels up
        (pictures / "below" / "below" / name).write_bytes((pictures / "below" / name).read_bytes())
    before = tree(pictures)
    config = PipelineConfig(pictures / "below", pictures, transforms=[Grayscale()], overwrite="all")
    results = run(config)

    assert counts(results)["failed"] == 2
    after = tree(pictures)
    inputs = [name for name in before if name.startswith("below")]
    assert [after[name] for name in inputs] == [before[name] for name in inputs]


def test_a_single_picture_is_not_replaced_by_its_own_output(pictures: Path) -> None:
    before = (pictures / "a.jpg").read_bytes()
    config = PipelineConfig(pictures / "a.jpg", pictures, transforms=[Grayscale()], overwrite="all")
    (result,) = run(config)
    assert "Expected an output that is no input" in (result.error or "")
    assert (pictures / "a.jpg").read_bytes() == before


def test_a_link_into_the_output_folder_is_an_input_too(pictures: Path, tmp_path: Path) -> None:
    source = tmp_path / "links"
    source.mkdir()
    (source / "a.jpg").symlink_to(pictures / "a.jpg")
    before = (pictures / "a.jpg").read_bytes()
    config = PipelineConfig(source, pictures, transforms=[Grayscale()], overwrite="all")
    (result,) = run(config)
    assert "Expected an output that is no input" in (result.error or "")
    assert (pictures / "a.jpg").read_bytes() == before


def test_a_file_that_appears_under_way_is_not_replaced(pictures: Path, tmp_path: Path) -> None:
    names = [f"more{number:02}.jpg" for number in range(60)]
    for name in names:
        (pictures / name).write_bytes((pictures / "a.jpg").read_bytes())
    config = PipelineConfig(pictures, tmp_path / "out", 1, 1, batch_size=1)
    theirs = tmp_path / "out" / names[-1]

    async def collect() -> list[ProcessingResult]:
        async with Pipeline(config) as pipeline:
            results = aiter(pipeline)
            first = await anext(results)
            theirs.write_bytes(b"theirs")
            return [first, *[result async for result in results]]

    results = asyncio.run(asyncio.wait_for(collect(), 60))
    assert theirs.read_bytes() == b"theirs"
    (failed,) = (result for result in results if not result.success)
    assert (failed.original_path, failed.step) == (pictures / names[-1], "save")
    assert counts(run(config)) == {"skipped": 66}


def test_an_output_folder_inside_the_input_is_not_eaten(pictures: Path) -> None:
    config = PipelineConfig(pictures, pictures / "out", transforms=[Thumbnail(20)])
    assert counts(run(config)) == {"done": 6}
    assert counts(run(config)) == {"skipped": 6}


def test_content_that_belies_its_name_goes_by_the_content(tmp_path: Path, smooth, encoded) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "lying.jpg").write_bytes(encoded(smooth(40, 30), "PNG"))
    config = PipelineConfig(source, out)

    (result,) = run(config)
    assert result.output_path == out / "lying.png"
    assert decode_image((out / "lying.png").read_bytes()).format is ImageFormat.PNG
    assert counts(run(config)) == {"skipped": 1}


def test_content_that_would_take_anothers_name_fails(tmp_path: Path, smooth, encoded) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name in ("same.jpg", "same.png"):
        (source / name).write_bytes(encoded(smooth(40, 30), "PNG"))
    results = {r.original_path.name: r for r in run(PipelineConfig(source, tmp_path / "out"))}
    assert results["same.png"].success
    assert "which is another's" in (results["same.jpg"].error or "")
    assert sorted(os.listdir(tmp_path / "out")) == [".imgpipe", "same.png"]


def test_several_sources_meet_in_one_output(pictures: Path, broken: Path, tmp_path: Path) -> None:
    (broken / "cut.jpg").unlink()
    results = run(PipelineConfig([pictures, broken], tmp_path / "out"))
    assert counts(results) == {"done": 7, "failed": 2}


def test_sources_that_collide_stop_before_anything_is_written(
    pictures: Path, tmp_path: Path
) -> None:
    with pytest.raises(CollisionError, match="a.jpg"):
        run(PipelineConfig([pictures, pictures / "below"], tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_what_cannot_be_done_is_said_before_anything_is_written(kind: str, tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    if kind != "missing":
        source.mkdir()
    if kind == "file":
        (source / "a.jpg").write_bytes(b"x")
        out.write_bytes(b"a file")
    with pytest.raises(ConfigError, match="^Expected .*, (found|got) "):
        run(PipelineConfig(source, out))
    assert out.exists() == (kind == "file")


def test_only_one_run_at_a_time_has_an_output_folder(pictures: Path, tmp_path: Path) -> None:
    config = PipelineConfig(pictures, tmp_path / "out")

    async def two() -> None:
        async with Pipeline(config), Pipeline(config):
            raise AssertionError("the second run should have been refused")

    with pytest.raises(ConfigError, match="another run is writing there"):
        asyncio.run(two())


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 90]
)
def test_a_foreign_log_is_refused_and_left(content: bytes, pictures: Path, tmp_path: Path) -> None:
    home = tmp_path / "out" / ".imgpipe"
    home.mkdir(parents=True)
    (home / "run.sqlite").write_bytes(content)
    with pytest.raises(ConfigError, match="Expected a run log"):
        run(PipelineConfig(pictures, tmp_path / "out"))
    assert (home / "run.sqlite").read_bytes() == content


def test_a_log_of_a_newer_version_is_refused(pictures: Path, tmp_path: Path) -> None:
    config = PipelineConfig(pictures, tmp_path / "out")
    run(config)
    with sqlite3.connect(tmp_path / "out" / ".imgpipe" / "run.sqlite") as connection:
        connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="got 99"):
        run(config)


def test_the_log_tells_what_became_of_each(broken: Path, tmp_path: Path) -> None:
    run(PipelineConfig(broken, tmp_path / "out"))
    connection = sqlite3.connect(tmp_path / "out" / ".imgpipe" / "run.sqlite")
    rows = connection.execute("select path, state, bytes, step, error from outputs").fetchall()
    connection.close()
    states = {os.fsdecode(path): state for path, state, *_ in rows}
    assert states == {
        "good.jpg": "done",
        "cut.jpg": "failed",
        "empty.jpg": "failed",
        "text.jpg": "failed",
    }
    size = {path: size for path, _, size, _, _ in rows}[b"good.jpg"]
    assert size == (tmp_path / "out" / "good.jpg").stat().st_size


def test_without_a_log_nothing_but_pictures_is_left(pictures: Path, tmp_path: Path) -> None:
    run(PipelineConfig(pictures / "below", tmp_path / "out"), keep_log=False)
    assert sorted(os.listdir(tmp_path / "out")) == ["a.jpg", "e.bmp"]


def test_leaving_early_stops_and_leaves_no_trace(pictures: Path, tmp_path: Path, tree) -> None:
    for number in range(40):
        (pictures / f"more{number}.jpg").write_bytes((pictures / "a.jpg").read_bytes())
    config = PipelineConfig(pictures, tmp_path / "out", 1, 1, transforms=[Thumbnail(64)])
    threads = threading.active_count()

    async def leave() -> ProcessingResult:
        async with Pipeline(config) as pipeline:
            async for result in pipeline:
                return result
        raise AssertionError("no result came")

    assert asyncio.run(asyncio.wait_for(leave(), 60)).success
    left = tree(tmp_path / "out")
    assert 1 <= len(left) < 46
    assert list((tmp_path / "out" / ".imgpipe" / "tmp").iterdir()) == []
    assert threading.active_count() <= threads

    assert counts(run(config))["skipped"] == len(left)
    assert len(tree(tmp_path / "out")) == 46


def test_a_slow_consumer_holds_the_run_back(pictures: Path, tmp_path: Path, tree) -> None:
    for number in range(60):
        (pictures / f"more{number:02}.jpg").write_bytes((pictures / "a.jpg").read_bytes())
    config = PipelineConfig(pictures, tmp_path / "out", 1, 1, batch_size=1)

    async def stall() -> int:
        async with Pipeline(config) as pipeline:
            results = aiter(pipeline)
            await anext(results)
            done = -1
            while done != (now := len(tree(tmp_path / "out"))):  # until nothing moves any more
                done = now
                await asyncio.to_thread(threading.Event().wait, 0.2)
            return done

    assert asyncio.run(asyncio.wait_for(stall(), 60)) < 40
