"""What a run promises of its log and its files: how durable, where, how changes are told."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from imgpipe import (
    Blur,
    ConfigError,
    DecodeError,
    Image,
    ImgpipeError,
    Pipeline,
    PipelineConfig,
    ProcessingLog,
    Thumbnail,
    run_pipeline,
    save_image,
)
from imgpipe.runlog import Decision, Row, RunLog
from imgpipe.steps.plan import Output, Target

SMALL = {"transforms": [Thumbnail(20)]}


def run(pictures: Path, out: Path, **options) -> ProcessingLog:
    return run_pipeline(PipelineConfig(pictures, out, **SMALL, **options))


def change(database: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(statement, values)
    connection.close()


@pytest.mark.parametrize("durability", ["file", "run", "none"])
def test_every_file_is_flushed_or_the_whole_run_or_nothing(
    durability: str, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: Counter[str] = Counter()
    fsync = os.fsync

    def watched(number: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{number}"))
        flushed["folder" if path.is_dir() else "file"] += 1
        fsync(number)

    monkeypatch.setattr(os, "fsync", watched)
    monkeypatch.setattr(os, "sync", lambda: flushed.update(["all"]))
    assert len(run(pictures, tmp_path / "out", durability=durability).successful) == 6
    assert flushed["file"] == (6 if durability == "file" else 0)
    assert (flushed["folder"] >= 2) == (durability == "file")
    assert flushed["all"] == (durability == "run")


def test_a_group_is_told_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    RunLog.open(tmp_path).close()
    database = tmp_path / ".imgpipe" / "run.sqlite"
    change(database, "insert into inputs values (1, 'a', 1, 1)")
    for number in (1, 2):
        planned = (
            "insert into outputs (id, input, path, key, state) values (?, 1, ?, '', 'planned')"
        )
        change(database, planned, number, f"{number}")
    change(
        database,
        "create trigger refuse before update on outputs when new.state = 'failed' "
        "begin select raise(abort, 'refused'); end",
    )
    log = RunLog.open(tmp_path)
    unneeded, failed = (
        Row(number, Target(Output(), "", "", None), Decision.MAKE, "") for number in (1, 2)
    )
    with pytest.raises(ImgpipeError, match="refused"):
        log.commit([], [], [unneeded], [(failed, DecodeError("broken"))])
    log.close()
    connection = sqlite3.connect(database)
    assert connection.execute("select state from outputs").fetchall() == [("planned",)] * 2
    connection.close()


def test_names_that_a_power_cut_left_empty_are_made_again(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for durability, remade in (("none", {"a.jpg"}), ("file", set())):
        run(pictures, out, durability=durability, overwrite="all")
        whole = (out / "a.jpg").read_bytes()
        (out / "a.jpg").write_bytes(b"")
        (out / "d.webp").write_bytes(b"somebody's")
        change(out / ".imgpipe" / "run.sqlite", "update runs set ended = null")
        log = run(pictures, out)
        assert {path.name for path in log.successful} == remade
        assert ((out / "a.jpg").read_bytes() == whole) == bool(remade)
        assert (out / "d.webp").read_bytes() == b"somebody's"


def test_names_left_empty_that_were_not_done_yet_are_made_again(
    pictures: Path, tmp_path: Path
) -> None:
    for durability, remade in (("run", {"a.jpg"}), ("none", {"a.jpg"}), ("file", set())):
        out = tmp_path / durability
        run(pictures, out, durability=durability)
        whole = (out / "a.jpg").read_bytes()
        (out / "a.jpg").write_bytes(b"")
        (out / "d.webp").write_bytes(b"somebody's")
        database = out / ".imgpipe" / "run.sqlite"
        change(database, "update outputs set state = 'intent', bytes = null, digest = null")
        change(database, "update runs set ended = null")
        log = run(pictures, out, durability=durability)
        assert {path.name for path in log.successful} == remade
        assert ((out / "a.jpg").read_bytes() == whole) == bool(remade)
        assert (out / "d.webp").read_bytes() == b"somebody's"


def test_content_tells_changes_where_asked(pictures: Path, tmp_path: Path) -> None:
    options = {"verify": True, "overwrite": "changed"}
    run(pictures, tmp_path / "out", **options)
    stat = (pictures / "a.jpg").stat()
    os.utime(pictures / "b.png", (1, 1))  # touched, not changed
    raw = bytearray((pictures / "a.jpg").read_bytes())
    raw[-20] ^= 0x55
    (pictures / "a.jpg").write_bytes(raw)  # changed, not by size or time
    os.utime(pictures / "a.jpg", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    log = run(pictures, tmp_path / "out", **options)
    assert log.successful == [pictures / "a.jpg"]
    assert len(log.skipped) == 5


def test_a_picture_that_cannot_be_read_to_verify_it_fails_as_ever(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pictures / "a.jpg").unlink()
    os.mkfifo(pictures / "pipe.jpg")  # not listed
    (pictures / "c.gif").write_bytes(b"")
    log = run(pictures, tmp_path / "out", verify=True)
    assert [path.name for path, _ in log.failed] == ["c.gif"]
    assert len(log.successful) == 4


def test_a_log_may_lie_elsewhere(pictures: Path, tmp_path: Path) -> None:
    out, log = tmp_path / "out", tmp_path / "logs" / "mine.sqlite"
    run(pictures, out, log=log)
    assert log.exists()
    assert [path.name for path in (out / ".imgpipe").iterdir()] == ["tmp"]
    assert len(run(pictures, out, log=log).skipped) == 6
    (out / "a.jpg").unlink()

    async def resumed() -> Counter[str]:
        async with Pipeline.resume(out, log=log) as pipeline:
            return Counter([result.skipped or "done" async for result in pipeline])

    assert asyncio.run(resumed()) == {"done": 1, "up to date": 5}
    with pytest.raises(ConfigError, match="found no log"):
        Pipeline.resume(out)


def test_a_folder_has_one_run_at_a_time_whatever_its_log(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    async def two() -> None:
        async with Pipeline(PipelineConfig(pictures, out)):
            with pytest.raises(ConfigError, match="another run is writing there"):
                async with Pipeline(PipelineConfig(pictures, out, log=tmp_path / "other")):
                    raise AssertionError("it should have been refused")

    asyncio.run(two())
    assert len(run(pictures, out, log=tmp_path / "other", overwrite="all").successful) == 6


def test_other_codecs_are_told_of(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(pictures, out)
    command = [sys.executable, "-W", "error", "-m", "imgpipe", "run", str(pictures), "-o", str(out)]
    database = out / ".imgpipe" / "run.sqlite"

    def told() -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stderr

    assert told() == ""
    connection = sqlite3.connect(database)
    codecs = json.loads(connection.execute("select codecs from runs").fetchone()[0])
    connection.close()
    change(database, "update runs set codecs = ?", json.dumps(codecs | {"PNG": "Stone 1.0"}))
    assert told().startswith("Made by other codecs before, so out of date: PNG: Stone 1.0, now ")
    assert told() == ""


def test_a_log_of_the_first_version_is_brought_up(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(pictures, out)
    database = out / ".imgpipe" / "run.sqlite"
    for statement in (
        "drop table runs",
        "drop index outputs_by_input",
        *(
            f"alter table outputs drop column {name}"
            for name in (
                *("skipped", "format", "width", "height", "lost", "sidecar_bytes"),
                *("sidecar_digest", "next_sidecar_bytes", "next_sidecar_digest"),
            )
        ),
        "pragma user_version = 1",
    ):
        change(database, statement)
    assert len(run(pictures, out).skipped) == 6
    (out / "a.jpg").unlink()
    assert [path.name for path in run(pictures, out).successful] == ["a.jpg"]


def test_temporaries_lie_beside_outputs_on_another_device(pictures: Path, tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    out = tmp_path / "out"
    (out / "below").mkdir(parents=True)
    run_it = f"{sys.executable} -m imgpipe run {pictures} -o {out} -f png --on-error fail"
    forget = tmp_path / "forget.py"
    forget.write_text(
        f"""
import sqlite3
with sqlite3.connect({str(out / ".imgpipe" / "run.sqlite")!r}) as log:
    log.execute("update outputs set state = 'planned' where path = ?", (b"below/a.png",))
    log.execute("update runs set ended = null")
"""
    )
    script = f"""
mount -t tmpfs none {out}/below
{run_it} && ls -A {out}/below
rm {out}/below/a.png
touch {out}/below/.imgpipe-0123456789abcdef
{sys.executable} {forget}
{run_it} && ls -A {out}/below
"""
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    first, *names, second, reason, last, more = ran.stdout.splitlines()
    assert first.startswith("Successful: 6")
    assert second.startswith("Successful: 1")
    assert names == [last, more] == ["a.png", "e.png"]
    assert "5 skipped: up to date" in reason


def test_runs_share_the_cores_where_they_name_none(tmp_path: Path, smooth) -> None:
    from imgpipe.cores import available
    from imgpipe.flow.budget import process_cores

    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(6):
        save_image(Image.from_array(smooth(700, 500)), folder / f"{number}.png")

    async def three() -> None:
        configs = [PipelineConfig(folder, tmp_path / name, transforms=[Blur(1)]) for name in "abc"]

        async def one(config: PipelineConfig) -> int:
            async with Pipeline(config) as pipeline:
                return sum([result.success async for result in pipeline])

        assert await asyncio.gather(*map(one, configs)) == [6] * 3

    asyncio.run(asyncio.wait_for(three(), 60))
    assert process_cores().used == 0
    assert 1 <= process_cores().peak <= available() + 1
    assert threading.active_count() == 1


def test_a_torn_log_is_refused_or_read_and_harms_nothing(
    pictures: Path, tmp_path: Path, tree
) -> None:
    out = tmp_path / "out"
    for number in range(60):
        (pictures / f"more{number}.jpg").write_bytes((pictures / "a.jpg").read_bytes())
    run(pictures, out)
    before, database = tree(out), out / ".imgpipe" / "run.sqlite"
    whole = database.read_bytes()
    for cut in range(0, len(whole), len(whole) // 23):
        for torn in (whole[:cut], whole[:cut] + bytes(len(whole) - cut)):
            database.write_bytes(torn)
            outcome = ""
            try:
                assert not run(pictures, out).failed
            except ImgpipeError as error:
                outcome = str(error)
            assert outcome == "" or outcome.startswith("Expected a run log")
            assert tree(out) == before
