"""What the flow costs: runs against a bare thread pool over the same steps, in turn.

    python bench/flow.py [ROUNDS]

And how much memory more pictures take. Writes results/flow.md. All files are compared before
anything is timed.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from threading import Event

import numpy as np
from imgpipe import Image, Pipeline, PipelineConfig, Resize, kernels, save_image
from imgpipe.flow.domains import plan_pages
from imgpipe.flow.measure import PipelineMetrics
from imgpipe.flow.parcels import Item
from imgpipe.flow.road import Place, load_picture, make_outputs, stage_outputs
from imgpipe.flow.storage import Storage
from imgpipe.runlog import Decision, Row
from imgpipe.steps.save import publish

WORKERS = 2
FEW, MANY = 100, 10_000
TURNS = 5  # of the photographs in a round: they take a second, the icons five
RESULTS = Path(__file__).parent / "results" / "flow.md"
LAUNCH = Path(__file__).with_name("e2e_launch.py")


def soft(width: int, height: int) -> Image:
    """Soft at every scale, as photographs are."""
    rng = np.random.default_rng(2)
    scales = (rng.integers(0, 256, (2**k, 2**k, 3), np.uint8) for k in range(1, 8))
    layers = [kernels.resize(scale, (width, height), filter="bicubic") for scale in scales]
    return Image.from_array(np.mean(layers, axis=0).astype(np.uint8))


def folder(home: Path, name: str, image: Image, count: int, **how: int) -> Path:
    """A folder of copies of one picture."""
    into = home / name
    into.mkdir()
    first = into / f"{0:05}{'.png' if name == 'icons' else '.jpg'}"
    save_image(image, first, **how)
    for number in range(1, count):
        shutil.copyfile(first, into / f"{number:05}{first.suffix}")
    return into


@contextmanager
def steps(config: PipelineConfig) -> Iterator[tuple[list[Item], list[Callable[[Item], Item]]]]:
    """All pictures, and what a run does with each in turn: load, make, save."""
    out, scratch = config.destination, config.destination / "tmp"
    scratch.mkdir(parents=True)
    place, metrics = Place(out, scratch, config.flush), PipelineMetrics()
    tools = {"storage": Storage(1, None, Event()), "metrics": metrics}
    load = partial(load_picture, **tools)
    make = partial(make_outputs, watermark=None, timeout=None, metrics=metrics)
    stage = partial(stage_outputs, place=place, **tools)

    def save(item: Item) -> Item:
        staged = item.through(stage)
        publish(staged.result[0].staged, replace=False)
        return staged

    jobs = [job for page in plan_pages(config, Event()) for job in page.jobs]
    items = [Item(job, (Row(0, job.targets[0], Decision.MAKE, ""),), job) for job in jobs]
    yield items, [lambda item: item.through(load), lambda item: item.through(make), save]
    scratch.rmdir()


def bare(config: PipelineConfig) -> None:
    """A thread pool that puts one picture after another through the steps."""
    with steps(config) as (items, (load, make, save)), ThreadPoolExecutor(WORKERS) as pool:
        for _ in pool.map(lambda item: save(make(load(item))), items):
            pass


def run(config: PipelineConfig, *, keep_log: bool = True) -> None:
    async def drive() -> None:
        async with Pipeline(config, keep_log=keep_log) as pipeline:
            async for result in pipeline:
                assert result.success, result.error

    asyncio.run(drive())


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}


def measure(source: Path, home: Path, rounds: int, side: int) -> dict[str, list[float]]:
    """Seconds of each way, in turn."""

    def config(durability: str) -> PipelineConfig:
        transforms = [Resize(side, side)]
        out = home / "out"
        return PipelineConfig(source, out, WORKERS, transforms=transforms, durability=durability)

    ways: dict[str, Callable[[], None]] = {
        "bare": lambda: bare(config("none")),
        "flow": lambda: run(config("none"), keep_log=False),
        "flow and log": lambda: run(config("none")),
        "flushed": lambda: run(config("file")),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    expected = None
    for number in range(rounds + 1):
        for name, way in ways.items():
            shutil.rmtree(home / "out", ignore_errors=True)
            os.sync()
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
            if number == 0:  # compared, not counted
                made = files(home / "out")
                expected = expected or made
                assert made == expected
                assert len(made) == len(list(source.iterdir()))
    return {name: times[1:] for name, times in seconds.items()}


def row(name: str, count: int, times: dict[str, list[float]]) -> str:
    """What each way takes more than the bare loop, a picture."""
    cells = []
    for way in ("flow", "flow and log", "flushed"):
        more = sorted(a - b for a, b in zip(times[way], times["bare"], strict=True))
        low, middle, high = (x / count * 1e6 for x in (more[0], median(more), more[-1]))
        cells.append(f"{middle:+.0f} µs ({low:+.0f} to {high:+.0f})")
    bare_loop = median(times["bare"]) / count * 1e6
    return f"| {name} | {' | '.join(cells)} | {bare_loop:.0f} µs |"


def peak(source: Path, out: Path, side: int) -> float:
    """The most memory, in MB, that the command takes for a whole folder."""
    shutil.rmtree(out, ignore_errors=True)
    command = ["run", str(source), "-o", str(out), "-t", f"resize:{side}x{side}", "--quiet"]
    command += ["--durability", "none", "--workers", str(WORKERS)]
    launched = [sys.executable, "-S", "-E", str(LAUNCH), sys.executable, "-m", "imgpipe", *command]
    told = subprocess.run(launched, check=True, capture_output=True, text=True)
    return json.loads(told.stdout)["peak"]


def growth(name: str, picture: Path, home: Path, rounds: int, side: int) -> str:
    """Memory for few pictures and for many, all of them links to one."""
    peaks: dict[int, list[float]] = {FEW: [], MANY: []}
    for count in peaks:
        links = home / f"{name}-{count}"
        links.mkdir()
        for number in range(count):
            os.link(picture, links / f"{number:05}{picture.suffix}")
    for _ in range(rounds):
        for count, found in peaks.items():
            found.append(peak(home / f"{name}-{count}", home / "out", side))
    few, many = median(peaks[FEW]), median(peaks[MANY])
    return f"| {name} | {few:.1f} MB | {many:.1f} MB | {many / few - 1:+.1%} |"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    lines = [
        "# What the flow costs",
        "",
        "`python bench/flow.py`: microseconds a picture beyond a bare ThreadPoolExecutor over the",
        f"same steps, {WORKERS} workers, {rounds} rounds in turn, {rounds * TURNS} of photographs,",
        "medians, least and most.",
        "",
        "| pictures | flow | with its log | flushed to the disk | the bare loop takes |",
        "|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as place:
        home = Path(place)
        icons = folder(home, "icons", soft(64, 64), 10_000)
        photos = folder(home, "photos", soft(1200, 900), 500, quality=97)
        for name, source, side, turns in (
            ("10,000 icons, in parcels", icons, 32, rounds),
            ("500 photographs, alone", photos, 64, rounds * TURNS),
        ):
            times = measure(source, home, turns, side)
            lines.append(row(name, len(list(source.iterdir())), times))
            print(lines[-1], flush=True)
        lines += [
            "",
            f"Peak memory of the command for {FEW} pictures and for {MANY:,}, medians likewise.",
            "",
            f"| pictures | {FEW} | {MANY:,} | more |",
            "|---|---|---|---|",
        ]
        for name, source, side in (("icons", icons, 32), ("photographs", photos, 64)):
            picture = next(source.iterdir())
            lines.append(growth(name, picture, home, rounds, side))
            print(lines[-1], flush=True)
    RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
