import json
from pathlib import Path

import pytest
from imgpipe.cli.view import Lines
from imgpipe.flow.lanes import Statistics

from .commands import imgpipe


def test_json_is_one_object_a_line_for_each_output_and_the_end(
    broken: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ran = imgpipe("run", broken, "-o", out, "--json")
    *results, end = map(json.loads, ran.stdout.splitlines())
    assert ran.returncode == 3
    by_name = {Path(result["input"]).name: result for result in results}
    assert by_name["good.jpg"]["status"] == "done"
    assert by_name["good.jpg"]["output"] == str(out / "good.jpg")
    assert by_name["empty.jpg"]["status"] == "failed"
    assert by_name["empty.jpg"]["step"] == "decode"
    assert (end["event"], end["successful"], end["failed"], end["skipped"]) == ("end", 1, 3, 0)
    again = json.loads(imgpipe("run", broken, "-o", out, "--json").stdout.splitlines()[-1])
    assert (again["successful"], again["failed"], again["skipped"]) == (0, 3, 1)


def test_json_tells_what_ended_a_run_early(broken: Path, tmp_path: Path) -> None:
    ran = imgpipe("run", broken, "-o", tmp_path / "out", "--json", "--on-error", "fail")
    assert ran.returncode == 1
    assert "Stopped as 1 of" in json.loads(ran.stdout.splitlines()[-1])["error"]


def test_plain_lines_come_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    now = 100.0
    lines = Lines(lambda: now)
    for finished in range(100):
        now = 100 + finished / 4
        counts = {"planned": 400, "finished": finished, "failed": 1, "scanning": finished < 30}
        memory = {"memory_used": 3_000_000, "memory_peak": 4_000_000, "memory_limit": 5_000_000}
        lines.update(
            Statistics(**counts, **memory, in_flight=7, waiting={}, waiting_peak={}, buffer=8)
        )
    assert capsys.readouterr().err.splitlines() == [
        "8 of 400 found so far, 1 failed, 4.0/s, 3.0 MB",
        "48 of 400, 1 failed, 4.0/s, 3.0 MB",
        "88 of 400, 1 failed, 4.0/s, 3.0 MB",
    ]


def test_pictures_are_counted_not_outputs(pictures: Path, tmp_path: Path) -> None:
    """With a terminal in test_cli; here through what the view is given."""
    options = ("--variant", "s: width=20", "--variant", "m: width=40", "--json")
    lines = imgpipe("run", pictures, "-o", tmp_path / "out", *options).stdout.splitlines()
    assert len(lines) == 13
    assert {json.loads(line)["variant"] for line in lines[:-1]} == {"s", "m"}
