import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from imgpipe import open_image
from PIL import Image as pil

from .commands import imgpipe


def test_run_makes_what_is_asked_and_sums_up(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = imgpipe("run", pictures, "-o", out, "-t", "thumbnail:64", "-t", "grayscale")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("Successful: 6, Failed: 0, Skipped: 0 (")
    image = open_image(out / "below" / "a.jpg")
    assert (image.width, image.channels) == (64, 1)


def test_failures_are_named_with_their_reasons(broken: Path, tmp_path: Path) -> None:
    ran = imgpipe("run", broken, "-o", tmp_path / "out")
    assert ran.returncode == 3
    assert ran.stdout.startswith("Successful: 1, Failed: 3, Skipped: 0 (")
    lines = ran.stderr.splitlines()
    assert [line.split(": Expected")[0] for line in lines] == [
        str(broken / name) for name in ("cut.jpg", "empty.jpg", "text.jpg")
    ]


def test_a_second_run_says_why_it_left_things(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    imgpipe("run", pictures, "-o", out, "-t", "thumbnail:64")
    again = imgpipe("run", pictures, "-o", out, "-t", "thumbnail:64")
    assert "6 skipped: up to date" in again.stdout
    other = imgpipe("run", pictures, "-o", out, "-t", "thumbnail:32")
    assert "--overwrite changed makes them anew" in other.stdout
    assert imgpipe(
        "run", pictures, "-o", out, "-t", "thumbnail:32", "-O", "changed"
    ).stdout.startswith("Successful: 6")


def test_options_reach_the_run(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    source = pictures / "below"
    options = ("--flat", "-f", "webp", "-q", "30", "--workers", "1", "--buffer", "2", "--quiet")
    ran = imgpipe("run", source, pictures / "b.png", "-o", out, *options)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert sorted(path.name for path in out.glob("*.*")) == [
        ".imgpipe",
        "a.webp",
        "b.webp",
        "e.webp",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nowhere", "-o", "out"], 1, "Expected a folder or file of pictures, found nothing at"),
        (["empty", "-o", "out"], 1, "Expected pictures in empty, found no file"),
        (["full", "-o", "file/out"], 1, "Expected an output folder that can be written"),
        (["full", "-o", "file"], 1, "Expected a folder for the outputs, got the file"),
        (["full", "-o", "full"], 1, "Expected an output folder other than the input folder"),
        (["full", "-o", "out", "-t", "thumbnail:0"], 2, "Expected a whole size for thumbnail"),
        (["full", "-o", "out", "-t", "blur:nan"], 2, "Expected sigma above 0"),
        (["full", "-o", "out", "-t", "swirl"], 2, "Expected a transform such as"),
        (["full", "-o", "out", "-q", "140"], 2, "Expected quality from 1 to 100, got 140"),
        (["full", "-o", "out", "-f", "dicom"], 2, "Expected a format to write"),
        (["full", "-o", "out", "-f", "doc"], 2, "Expected a format such as"),
        (["full", "-o", "out", "--workers", "-1"], 2, "Expected worker_count"),
        (["full", "-o", "out", "--buffer", "0"], 2, "Expected buffer_size"),
        (
            ["full", "-o", "out", "-O", "maybe"],
            2,
            "Expected overwrite to be one of never, changed, all",
        ),
        (["-o", "out"], 2, "Missing argument"),
        (["full"], 2, "Missing option"),
    ],
)
def test_nonsense_gets_one_sentence_before_anything_is_written(
    arguments, code: int, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("full").mkdir()
    Path("full/a.jpg").write_bytes(b"x")
    Path("file").write_bytes(b"x")
    ran = imgpipe("run", *arguments)
    assert ran.returncode == code
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr
    assert sorted(os.listdir()) == ["empty", "file", "full"]


def test_a_terminal_gets_a_bar(pictures: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "imgpipe", "run", str(pictures), "-o", str(tmp_path / "out")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"}
    ) as process:
        assert process.wait(60) == 0
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "6/6" in shown
    assert "/s" in shown


def test_names_that_are_no_text_can_be_told(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in (b"\xff\xfe.jpg", b"new\nline.jpg"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"no picture")
    ran = imgpipe("run", folder, "-o", tmp_path / "out")
    assert ran.returncode == 3
    assert len(ran.stderr.splitlines()) == 2
    assert "new\\nline.jpg: Expected" in ran.stderr


def test_doctor_tells_what_there_is() -> None:
    ran = imgpipe("doctor")
    assert (ran.returncode, ran.stderr) == (0, "")
    told = dict(line.split(maxsplit=1) for line in ran.stdout.splitlines())
    assert set(told) >= {"imgpipe", "Python", "SIMD", "OpenMP", "cores", "memory", "JPEG", "WebP"}
    assert int(told["cores"]) >= 1


def test_info_lists_the_first_ten_of_a_folder(pictures: Path) -> None:
    for number in range(8):
        (pictures / f"more{number}.jpg").write_bytes(b"12345")
    lines = imgpipe("info", pictures).stdout.splitlines()
    assert lines[0] == f"Found 14 images in {pictures}:"
    assert len(lines) == 12
    assert "  more0.jpg - JPEG (5 bytes)" in lines
    assert lines[-1] == "  ... and 4 more"


def test_info_tells_what_a_picture_is(pictures: Path) -> None:
    (pictures / "lying.jpg").write_bytes((pictures / "b.png").read_bytes())
    ran = imgpipe("info", pictures / "a.jpg", pictures / "lying.jpg")
    first, second = ran.stdout.splitlines()
    assert "a.jpg: JPEG, 120x80 pixels" in first
    assert "PNG, though its name says JPEG, 121x80" in second


def test_info_about_what_is_no_picture_fails(broken: Path, tmp_path: Path) -> None:
    assert imgpipe("info", broken / "text.jpg").returncode == 3
    assert imgpipe("info", tmp_path / "nowhere").returncode == 1


def test_version_and_help() -> None:
    assert imgpipe("--version").stdout.startswith("imgpipe ")
    assert imgpipe("run", "--help").returncode == 0
    assert imgpipe().returncode == 2
    assert imgpipe("bogus").returncode == 2


def test_a_full_disk_stops_the_run_and_more_room_lets_it_go_on(tmp_path: Path, smooth) -> None:
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    source, disk = tmp_path / "in", tmp_path / "disk"
    source.mkdir()
    disk.mkdir()
    for number in range(60):
        pil.fromarray(smooth(150 + number, 150)).save(source / f"{number}.bmp")
    run = f"{sys.executable} -m imgpipe run {source} -o {disk}/out"
    script = f"""
mount -t tmpfs -o size=2m none {disk}
{run}; echo "exit $?"
ls {disk}/out/.imgpipe/tmp
mount -o remount,size=20m {disk}
{run}; echo "exit $?"
ls {disk}/out | wc -l
"""
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=True
    )
    first, stopped, second, *reasons, fine, count = ran.stdout.splitlines()
    assert (stopped, fine, count) == ("exit 1", "exit 0", "60")
    done = int(first.removeprefix("Successful: ").split(",")[0])
    assert 0 < done < 60
    assert "Failed: 0" in second
    assert all("up to date" in reason for reason in reasons)
    assert len(ran.stderr.splitlines()) == 1
    assert "full" in ran.stderr
    assert re.search(r"about \d+\.\d [kM]B for the \d+ outputs left", ran.stderr)
