"""What can be done with the folder of an earlier run: resume, why, report, prune."""

import asyncio
import shutil
from pathlib import Path

import pytest
from imgpipe import (
    ConfigError,
    ImageFormat,
    OutputVariant,
    Pipeline,
    PipelineConfig,
    Thumbnail,
    open_image,
    run_pipeline,
)

from .commands import imgpipe


def resume(out: Path, **options) -> dict[str, str]:
    """What became of each picture, by its name."""

    async def collect() -> dict[str, str]:
        async with Pipeline.resume(out, **options) as run:
            return {
                result.original_path.name: result.skipped or ("done" if result.success else "bad")
                async for result in run
            }

    return asyncio.run(asyncio.wait_for(collect(), 60))


def test_resume_does_what_is_left_as_it_was_asked_for(pictures: Path, tmp_path: Path, tree) -> None:
    out, reference = tmp_path / "out", tmp_path / "reference"
    options = ("-t", "thumbnail:50", "-f", "png", "--keep", "none", "--watermark-text", "ours")
    imgpipe("run", pictures, "-o", reference, *options)
    imgpipe("run", pictures, "-o", out, *options)
    (out / "a.png").unlink()
    (out / "below" / "e.png").unlink()
    ran = imgpipe("resume", out)
    assert ran.returncode == 0
    assert ran.stdout.startswith("Successful: 2, Failed: 0, Skipped: 4")
    assert tree(out) == tree(reference)


def test_resume_takes_the_last_recipe_from_any_folder(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for side in (40, 50):
        run_pipeline(PipelineConfig("in", "out", transforms=[Thumbnail(side)], overwrite="changed"))
    (tmp_path / "out" / "a.jpg").unlink()
    monkeypatch.chdir("/")
    resume(tmp_path / "out")
    assert open_image(tmp_path / "out" / "a.jpg").width == 50


def test_resume_redoes_what_has_changed(pictures: Path, tmp_path: Path) -> None:
    config = PipelineConfig(pictures, tmp_path / "out", format=ImageFormat.PNG, on_collision="hash")
    run_pipeline(config)
    shutil.copy(pictures / "below" / "a.jpg", pictures / "a.jpg")
    states = resume(tmp_path / "out")
    assert states.pop("a.jpg") in ("done", "up to date")  # there are two of that name
    assert set(states.values()) == {"up to date"}
    made = open_image(tmp_path / "out" / "a.png").pixels
    assert (made == open_image(pictures / "a.jpg").pixels).all()


def test_resume_after_overwrite_all_does_nothing_twice(pictures: Path, tmp_path: Path) -> None:
    config = PipelineConfig(pictures, tmp_path / "out", overwrite="all")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.png").write_bytes(b"somebody's")
    run_pipeline(config)
    assert set(resume(tmp_path / "out").values()) == {"up to date"}
    (tmp_path / "out" / "b.png").write_bytes(b"somebody's again")
    assert resume(tmp_path / "out")["b.png"] == "done"


def test_failures_are_left_unless_they_are_to_be_tried_again(broken: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_pipeline(PipelineConfig(broken, out, max_errors=3))
    whole = (broken / "good.jpg").read_bytes()
    before = "failed in an earlier run"
    failed = dict.fromkeys(("cut.jpg", "empty.jpg", "text.jpg"), before)
    assert resume(out) == {"good.jpg": "up to date", **failed}
    assert resume(out, retry_failed=["load", "save"]) == {"good.jpg": "up to date", **failed}
    bad = dict.fromkeys(failed, "bad")
    assert resume(out, retry_failed=["decode"]) == {"good.jpg": "up to date", **bad}
    (broken / "cut.jpg").write_bytes(whole)
    assert resume(out)["cut.jpg"] == "done"

    ran = imgpipe("resume", out)
    assert ran.returncode == 3
    assert ran.stdout.startswith("Successful: 0, Failed: 2, Skipped: 2")
    assert "--retry-failed tries them again" in ran.stderr
    again = imgpipe("resume", out, "--retry-failed")
    assert again.returncode == 3
    assert "--retry-failed" not in again.stderr


def test_a_strict_run_can_be_resumed_past_what_stopped_it(broken: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = imgpipe("run", broken, "-o", out, "--on-error", "fail", "--workers", "1")
    assert first.returncode == 1
    for _ in range(3):
        last = imgpipe("resume", out)
    assert last.returncode == 3
    assert (out / "good.jpg").exists()


def test_what_cannot_be_resumed_is_told(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Expected the folder of an earlier run, found no log"):
        Pipeline.resume(pictures)
    run_pipeline(PipelineConfig(pictures, tmp_path / "out"))
    with pytest.raises(ConfigError, match="Expected steps among load, decode, .* got 'hope'"):
        Pipeline.resume(tmp_path / "out", retry_failed=["hope"])
    for command in ("resume", "report", "prune"):
        ran = imgpipe(command, pictures)
        assert ran.returncode == 1
        assert "found no log" in ran.stderr


def test_why_tells_each_story(broken: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "text.jpg").write_bytes(b"somebody's")
    (broken / "nothing.jpg").symlink_to(tmp_path / "gone")
    imgpipe("run", broken, "-o", out, "-f", "jpeg")

    def why(file: Path) -> str:
        ran = imgpipe("why", out, file)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    assert "done: JPEG of 64x48" in why(broken / "good.jpg")
    assert why(out / "good.jpg") == why(broken / "good.jpg")
    assert "failed to decode: Expected" in why(broken / "empty.jpg")
    assert "a file of that name was there before" in why(broken / "text.jpg")
    assert "a link to nothing" in why(broken / "nothing.jpg")
    (out / "good.jpg").write_bytes(b"x")
    assert "changed by somebody" in why(broken / "good.jpg")
    (out / "good.jpg").unlink()
    assert "its file is gone" in why(broken / "good.jpg")
    (broken / "good.jpg").write_bytes(b"other")
    assert "the picture has changed since" in why(broken / "good.jpg")
    (broken / "good.jpg").unlink()
    assert "the picture is gone" in why(broken / "good.jpg")
    assert imgpipe("why", out, tmp_path / "never.jpg").returncode == 1


def test_why_knows_outputs_that_are_not_due(pictures: Path, tmp_path: Path) -> None:
    run_pipeline(PipelineConfig(pictures, tmp_path / "out", widths=[50, 5000]))
    assert "wider than the picture" in imgpipe("why", tmp_path / "out", pictures / "a.jpg").stdout


def test_report_sums_up_all_runs(broken: Path, tmp_path: Path) -> None:
    for side in (50, 40):
        imgpipe("run", broken, "-o", tmp_path / "out", "-t", f"thumbnail:{side}")
    lines = imgpipe("report", tmp_path / "out").stdout.splitlines()
    assert [line.split(": ", 1)[1].split(",")[0] for line in lines[:2]] == ["came to its end"] * 2
    assert "Outputs failed: 3" in lines
    assert "Outputs skipped: 1" in lines
    assert sum(str(broken) in line for line in lines) == 3


def test_prune_takes_what_has_lost_its_picture_and_nothing_else(
    pictures: Path, tmp_path: Path, tree
) -> None:
    out = tmp_path / "out"
    variants = [OutputVariant("s", [Thumbnail(20)]), OutputVariant("m", [Thumbnail(40)])]
    run_pipeline(PipelineConfig(pictures, out, variants=variants))
    before = tree(out)
    assert imgpipe("prune", out).stdout == ""
    (pictures / "b.png").unlink()
    (pictures / "c.gif").unlink()
    (out / "c_s.jpg").write_bytes(b"edited by somebody")
    gone = {"b_s.jpg", "b_m.jpg", "c_m.jpg"}
    listed = imgpipe("prune", out)
    assert {Path(line).name for line in listed.stdout.splitlines()} == gone
    assert "c_s.jpg: changed since it was made, left" in listed.stderr
    assert tree(out).keys() == before.keys()
    assert imgpipe("prune", out, "--yes").stdout == listed.stdout
    assert tree(out).keys() == before.keys() - gone
    assert imgpipe("prune", out).stdout == ""


def test_prune_does_not_take_a_missing_disk_for_deletion(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_pipeline(PipelineConfig(pictures, out))
    pictures.rename(tmp_path / "unmounted")
    for _ in range(2):
        ran = imgpipe("prune", out, "--yes")
        assert ran.returncode == 1
        assert f"Expected pictures in {pictures}, found it gone or empty" in ran.stderr
        pictures.mkdir(exist_ok=True)
    assert (out / "a.jpg").exists()
