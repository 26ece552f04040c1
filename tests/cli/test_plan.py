import json
import shutil
from pathlib import Path

from .commands import imgpipe


def everything(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def test_a_plan_says_what_a_run_then_does_and_writes_nothing(
    pictures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = (pictures, "-o", out, "-f", "webp", "-t", "thumbnail:60")
    before = everything(tmp_path)
    first = imgpipe("plan", *options)
    assert (first.returncode, first.stderr) == (0, "")
    assert "Pictures: 6, outputs: 6" in first.stdout
    assert "new: 6" in first.stdout
    assert imgpipe("run", "-n", *options).stdout.splitlines()[:8] == first.stdout.splitlines()[:8]
    assert everything(tmp_path) == before

    imgpipe("run", *options)
    (out / "a.webp").unlink()
    (pictures / "b.png").write_bytes((pictures / "b.png").read_bytes() + b"\0")
    before = everything(tmp_path)
    lines = imgpipe("plan", *options, "--json", "-O", "changed").stdout.splitlines()
    *outputs, plan = map(json.loads, lines)
    decisions = {Path(output["output"]).name: output["decision"] for output in outputs[:4]}
    assert decisions == {
        "a.webp": "new",
        "b.webp": "made anew over an older one",
        "c.webp": "up to date",
        "d.webp": "up to date",
    }
    assert plan["outputs"] == {"new": 1, "made anew over an older one": 1, "up to date": 4}
    assert plan["reads"] == sum((pictures / name).stat().st_size for name in ("a.jpg", "b.png"))
    assert everything(tmp_path) == before


def test_a_plan_foretells_disk_and_memory(pictures: Path, tmp_path: Path) -> None:
    shutil.copytree(pictures, pictures / "again")
    options = (pictures, "-o", tmp_path / "out", "-f", "png")
    plan = json.loads(imgpipe("plan", *options, "--json").stdout.splitlines()[-1])
    imgpipe("run", *options)
    written = sum(path.stat().st_size for path in (tmp_path / "out").rglob("*.png"))
    assert plan["writes"] == written  # as so few are all tried
    assert plan["seconds"] > 0
    limited = imgpipe("plan", *options, "--json", "--memory", "1kB", "-O", "all")
    assert json.loads(limited.stdout.splitlines()[-1])["memory"] < plan["memory"]


def test_all_names_that_meet_are_told_at_once(pictures: Path, tmp_path: Path) -> None:
    shutil.copy(pictures / "a.jpg", pictures / "a.png")
    shutil.copy(pictures / "b.png", pictures / "b.jpg")
    shutil.copy(pictures / "a.jpg", pictures / "below" / "e.jpg")
    options = (pictures, "-o", tmp_path / "out", "-f", "webp")
    ran = imgpipe("plan", *options)
    assert ran.returncode == 1
    for name in ("become a.webp", "b.webp would come of", "become below/e.webp"):
        assert name in ran.stderr
    plan = json.loads(imgpipe("plan", *options, "--json").stdout.splitlines()[-1])
    assert len(plan["collisions"]) == 3
    assert imgpipe("plan", *options, "--on-collision", "suffix").returncode == 0
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_planned_is_told_as_by_a_run(broken: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = imgpipe("plan", tmp_path / "empty", "-o", tmp_path / "out")
    assert ran.returncode == 1
    assert "found no file with a picture's extension" in ran.stderr
    (broken / "nothing.jpg").symlink_to("gone")
    (broken / "good.jpg").unlink()
    ran = imgpipe("plan", broken, "-o", tmp_path / "out")
    assert ran.returncode == 0
    assert "a link to nothing" in ran.stderr
    assert "Time" not in ran.stdout  # there is nothing to learn it from
