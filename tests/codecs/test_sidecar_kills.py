"""A DICOM picture's sidecar and its output, where a run is killed, refused or has its power cut."""

import asyncio
import builtins
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from imgpipe import (
    ConfigError,
    ImageFormat,
    Pipeline,
    PipelineConfig,
    open_image,
)

from .dicoms import imgpipe, made, names, ramp, run

pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning")  # of pydicom about its samples

NAME = "scan.png.dicom.json"
CHANGED = made(ramp() // 2, PatientID="another")


def killed(folder: Path, call: str, moment: str, nth: int, *options: str) -> None:
    """A run that dies just before or after the nth `call` of the os module."""
    arguments = ["run", str(folder / "in"), "-o", str(folder / "out"), *options]
    script = f"""
import os, signal, sys
made, real = 0, os.{call}
def deadly(*arguments, **more):
    global made
    made += 1
    if made == {nth} and "{moment}" == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    real(*arguments, **more)
    if made == {nth}:
        os.kill(os.getpid(), signal.SIGKILL)
os.{call} = deadly
sys.argv[1:] = {arguments!r}
from imgpipe.cli.main import main
main()
"""
    run = subprocess.run([sys.executable, "-c", script], timeout=60, check=False)
    assert run.returncode == -signal.SIGKILL


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_kill_between_the_two_is_settled(moment: str, nth: int, tmp_path: Path) -> None:
    data, out = made(ramp()), tmp_path / "out"
    run(tmp_path, data, keep="dicom")
    whole = {name: (out / name).read_bytes() for name in names(out)}
    out.rename(tmp_path / "whole")
    killed(tmp_path, "link", moment, nth, "--keep", "dicom")
    left = {name: (out / name).read_bytes() for name in names(out)}
    assert left.items() <= whole.items()
    assert NAME not in left or "scan.png" in left
    imgpipe("resume", out)
    assert {name: (out / name).read_bytes() for name in names(out)} == whole
    assert not list((out / ".imgpipe" / "tmp").iterdir())
    assert len(run(tmp_path, data, keep="dicom").skipped) == 1


def forget(out: Path, what: str) -> None:
    """Have the log of a run that was cut short say something else of its outputs."""
    with sqlite3.connect(out / ".imgpipe" / "run.sqlite") as log:
        log.execute(f"update outputs set {what}")
        log.execute("update runs set ended = null")
    log.close()


def killed_replacing(folder: Path, moment: str, nth: int) -> None:
    """A run that dies while both are replaced by those of somebody else."""
    (folder / "in" / "scan.dcm").write_bytes(CHANGED)
    killed(folder, "replace", moment, nth, "--keep", "dicom", "-O", "changed")


def patients(out: Path, older: bytes) -> tuple[str, str]:
    """Whose the output is, and whose what lies beside it, if anything does."""
    beside = (out / NAME).read_bytes() if (out / NAME).exists() else b""
    told = "another" if b"another" in beside else "Secret" if beside else ""
    return "Secret" if (out / "scan.png").read_bytes() == older else "another", told


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_kill_while_both_are_replaced_is_settled(moment: str, nth: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(tmp_path, made(ramp()), keep="dicom")
    killed_replacing(tmp_path, moment, nth)
    imgpipe("resume", out)
    assert b"another" in (out / NAME).read_bytes()
    assert np.array_equal(
        open_image(out / "scan.png").pixels, open_image(tmp_path / "in" / "scan.dcm").pixels
    )
    assert len(run(tmp_path, CHANGED, keep="dicom").skipped) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_nobody_gets_a_sidecar_of_somebody_else(moment: str, nth: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(tmp_path, made(ramp()), keep="dicom")
    older = (out / "scan.png").read_bytes()
    killed_replacing(tmp_path, moment, nth)
    for settled in (lambda: None, lambda: imgpipe("report", out)):
        settled()
        output, beside = patients(out, older)
        assert beside in (output, "")
    assert not run(tmp_path, CHANGED, keep="dicom").failed
    output, beside = patients(out, older)
    assert beside in (output, "")
    assert not run(tmp_path, CHANGED, keep="dicom", overwrite="changed").failed
    assert patients(out, older) == ("another", "another")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", ["unlink", "replace"])
def test_a_kill_while_one_is_dropped_is_settled(call: str, moment: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(tmp_path, made(ramp()), keep="dicom")
    killed(tmp_path, call, moment, 1, "-O", "changed")
    imgpipe("report", out)  # whatever opens the log settles it
    assert names(out) == {"scan.png"}
    imgpipe("resume", out)
    assert names(out) == {"scan.png"}


def test_an_intent_without_one_drops_what_is_there(tmp_path: Path) -> None:
    """As a kill leaves it between the log and the removal."""
    out = tmp_path / "out"
    run(tmp_path, made(ramp()), keep="dicom")
    forget(out, "state = 'intent', next_sidecar_bytes = null, next_sidecar_digest = null")
    imgpipe("report", out)
    assert names(out) == {"scan.png"}


def test_a_power_cut_that_empties_one_has_both_made_again(tmp_path: Path) -> None:
    out, settings = tmp_path / "out", {"keep": "dicom", "durability": "none"}
    run(tmp_path, made(ramp()), **settings)
    whole = (out / NAME).read_bytes()
    os.truncate(out / NAME, 0)
    forget(out, "state = state")
    assert len(run(tmp_path, made(ramp()), **settings).successful) == 1
    assert (out / NAME).read_bytes() == whole


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, *calls: str) -> None:
    """Have the system refuse these calls of the os module about files called `name`."""
    for call in calls:
        real = getattr(os, call)

        def refusing(*paths, real=real, **more):
            if name in [Path(path).name for path in paths]:
                raise PermissionError(1, "Operation not permitted")
            return real(*paths, **more)

        monkeypatch.setattr(os, call, refusing)


def test_a_pair_that_cannot_be_replaced_stays_whole(tmp_path: Path) -> None:
    out, settings = tmp_path / "out", {"keep": "dicom", "overwrite": "changed"}
    run(tmp_path, made(ramp()), **settings)
    whole = {name: (out / name).read_bytes() for name in names(out)}
    with pytest.MonkeyPatch.context() as patched:
        refuse(patched, "scan.png", "replace", "link")
        assert run(tmp_path, CHANGED, **settings).failed
    assert {name: (out / name).read_bytes() for name in names(out)} == whole
    assert not run(tmp_path, CHANGED, **settings).failed
    assert patients(out, whole["scan.png"]) == ("another", "another")


def test_a_sidecar_of_somebody_keeps_an_older_output_in_place(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(tmp_path, made(ramp()))
    older = (out / "scan.png").read_bytes()
    (out / NAME).write_text("somebody's")
    assert run(tmp_path, CHANGED, keep="dicom", overwrite="changed").failed
    assert (out / "scan.png").read_bytes() == older
    assert (out / NAME).read_text() == "somebody's"


@pytest.mark.parametrize("keep", ["none", "dicom"])
def test_an_older_sidecar_that_stays_leaves_nothing_temporary(keep: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(tmp_path, made(ramp()), keep="dicom")
    (tmp_path / "in" / "scan.dcm").write_bytes(CHANGED)

    async def left() -> list[list[Path]]:
        config = PipelineConfig(tmp_path / "in", out, keep=keep, overwrite="changed")
        async with Pipeline(config) as pipeline:
            scratch = out / ".imgpipe" / "tmp"
            return [list(scratch.iterdir()) async for result in pipeline if not result.success]

    with pytest.MonkeyPatch.context() as patched:
        refuse(patched, NAME, "unlink", "replace")
        assert asyncio.run(left()) == [[]]
    assert names(out) == {"scan.png", NAME}


def test_a_sidecar_that_cannot_be_read_is_told_of_as_the_folder_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where what a kill has left cannot be settled."""
    out, real = tmp_path / "out", builtins.open
    run(tmp_path, made(ramp()), keep="dicom")
    forget(out, "state = 'intent', next_sidecar_bytes = null, next_sidecar_digest = null")

    def refusing(path, *arguments, **more):
        if str(path).endswith(NAME):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **more)

    monkeypatch.setattr(builtins, "open", refusing)
    with pytest.raises(ConfigError, match=f"{NAME}, got: Permission denied"):
        run(tmp_path, made(ramp()), keep="dicom")


@pytest.mark.parametrize("emptied", [["scan.png"], [NAME], ["scan.png", NAME]])
def test_a_power_cut_before_they_are_done_has_both_made_again(
    emptied: list[str], tmp_path: Path
) -> None:
    out, settings = tmp_path / "out", {"keep": "dicom", "durability": "run"}
    run(tmp_path, made(ramp()), **settings)
    whole = {name: (out / name).read_bytes() for name in names(out)}
    for name in emptied:
        os.truncate(out / name, 0)
    forget(
        out,
        "state = 'intent', bytes = null, digest = null, sidecar_bytes = null, "
        "sidecar_digest = null",
    )
    log = run(tmp_path, made(ramp()), **settings)
    assert (len(log.successful), log.failed) == (1, [])
    assert {name: (out / name).read_bytes() for name in names(out)} == whole


def test_an_output_that_is_not_due_any_more_has_none(tmp_path: Path) -> None:
    out = tmp_path / "out"
    settings = {"keep": "dicom", "widths": [32, 64], "format": ImageFormat.PNG}
    settings |= {"name": "{stem}-{variant}{ext}", "overwrite": "changed"}
    run(tmp_path, made(ramp()), **settings)
    assert len([name for name in names(out) if name.endswith(".dicom.json")]) == 2
    run(tmp_path, made(ramp()[:32, :32].copy(), PatientID="another"), **settings)
    (beside,) = (name for name in names(out) if name.endswith(".dicom.json"))
    assert b"another" in (out / beside).read_bytes()
    why = imgpipe("why", out, tmp_path / "in" / "scan.dcm").stdout
    assert why.count("not due") == why.count("beside it") == 1


def test_a_newer_sidecar_beside_an_older_output_goes(tmp_path: Path) -> None:
    """As a power cut may leave them, which keeps no order of names."""
    out, settings = tmp_path / "out", {"keep": "dicom", "overwrite": "changed"}
    run(tmp_path, made(ramp()), **settings)
    older = (out / "scan.png").read_bytes()
    run(tmp_path, CHANGED, **settings)
    (out / "scan.png").write_bytes(older)
    forget(out, f"state = 'intent', bytes = {len(older)}, digest = x'00', sidecar_digest = x'00'")
    assert len(run(tmp_path, CHANGED, keep="dicom").skipped) == 1
    assert names(out) == {"scan.png"}
    assert "beside it" not in imgpipe("why", out, tmp_path / "in" / "scan.dcm").stdout
    assert not run(tmp_path, CHANGED, **settings).failed
    assert patients(out, older) == ("another", "another")
