"""What is said of such pipelines everywhere, measured with our parts: `python -m bench.claims`.

Over the generated photographs of the other contests, or PHOTOS=DIR. Writes results/claims.md.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from imgpipe import (
    AtomicCounter,
    Image,
    ImageFormat,
    PipelineConfig,
    Thumbnail,
    encode_image,
    open_image,
)
from imgpipe.steps.save import DURABILITIES, Durability
from PIL import Image as pil

from .e2e_inputs import PLACE, photos
from .flow import folder, run, soft, steps
from .quality import ssim

RESULTS = Path(__file__).parent / "results" / "claims.md"
ROUNDS = 5
TIMES = 4  # so many times is each photograph in the folder
FLUSHED = 500  # pictures
THREADS, COUNTS = 4, 250_000


def one_after_another(config: PipelineConfig) -> None:
    with steps(config) as (items, (load, make, save)):
        for item in items:
            save(make(load(item)))


def stage_by_stage(config: PipelineConfig) -> None:
    """Everything is loaded, then everything is made, then everything is saved."""
    with steps(config) as (items, stages), ThreadPoolExecutor(config.workers) as pool:
        for stage in stages:
            items = list(pool.map(stage, items))


WAYS: dict[str, tuple[Callable[[PipelineConfig], None], int]] = {
    "one after another": (one_after_another, 1),
    "stage by stage, two threads": (stage_by_stage, 2),
    "streamed, one worker": (run, 1),
    "streamed, two workers": (run, 2),
}


def do(way: str, source: str, out: str) -> None:
    """What a process of its own does; prints seconds and megabytes."""
    work, workers = WAYS[way]
    start = time.perf_counter()
    work(PipelineConfig(source, out, workers, transforms=[Thumbnail(1024)]))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, peak]))


def forget(folder: Path) -> None:
    """Have the files read from the disk again."""
    for path in folder.iterdir():
        with path.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def runs() -> list[str]:
    """The ways in turn."""
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(dir=PLACE) as home:
        source = Path(home, "in")
        source.mkdir()
        for number in range(TIMES):
            for photo in photos().iterdir():
                os.link(photo, source / f"{number}-{photo.name}")
        made: set[tuple[str, int]] | None = None
        for number in range(ROUNDS):
            for way in WAYS:
                out = Path(home, f"{number}-{way}")
                os.sync()
                forget(source)
                command = [sys.executable, "-m", "bench.claims", way, str(source), str(out)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                taken[way].append(json.loads(done.stdout))
                files = {(path.name, path.stat().st_size) for path in out.glob("*.jpg")}
                assert len(files) == len(list(source.iterdir()))
                assert files == (made or files)
                made = files
        count = len(list(source.iterdir()))
        size = sum(path.stat().st_size for path in source.iterdir()) / 1e6
    lines = [
        f"{count} JPEGs, {size:.0f} MB, read from the disk, to 1,024 pixels, flushed to the disk,",
        f"{ROUNDS} rounds in turn. Streamed is a run, with its log; the others keep none.",
        "",
        "| way | seconds | peak memory |",
        "|---|---|---|",
    ]
    for way, figures in taken.items():
        seconds, peaks = zip(*figures, strict=True)
        lines.append(f"| {way} | {told(seconds)} | {median(peaks):.0f} MB |")
    return lines


def flushing() -> list[str]:
    """What it costs to have every file on the disk before it gets its name, by `durability`."""
    taken: dict[Durability, list[float]] = {way: [] for way in DURABILITIES}
    with tempfile.TemporaryDirectory(dir=PLACE) as home:
        source = folder(Path(home), "photos", soft(1200, 900), FLUSHED, quality=90)
        for number in range(ROUNDS):
            for way, seconds in taken.items():
                out = Path(home, f"{number}-{way}")
                transforms = [Thumbnail(256)]
                os.sync()
                start = time.perf_counter()
                run(PipelineConfig(source, out, transforms=transforms, durability=way))
                seconds.append((time.perf_counter() - start) / FLUSHED * 1000)
    lines = ["| durability | ms a picture |", "|---|---|"]
    return [*lines, *(f"| {way} | {told(tuple(seconds))} |" for way, seconds in taken.items())]


def counting() -> list[str]:
    """A number behind a lock against an atomic one."""
    lock, number, counter = threading.Lock(), 0, AtomicCounter()

    def locked() -> None:
        nonlocal number
        for _ in range(COUNTS):
            with lock:
                number += 1

    def atomic() -> None:
        for _ in range(COUNTS):
            counter.increment()

    def taken(work: Callable[[], None], threads: int) -> float:
        workers = [threading.Thread(target=work) for _ in range(threads)]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return (time.perf_counter() - start) / COUNTS / threads * 1e9

    lines = ["| threads | lock, ns | atomic, ns |", "|---|---|---|"]
    for threads in (1, THREADS):
        pairs = [(taken(locked, threads), taken(atomic, threads)) for _ in range(ROUNDS)]
        cells = (f"{told(side, 0)}" for side in zip(*pairs, strict=True))
        lines.append(f"| {threads} | {' | '.join(cells)} |")
    assert number == counter.get() == COUNTS * ROUNDS * (1 + THREADS)
    return lines


def sizes() -> list[str]:
    """How much smaller a WebP is that is as much like the picture as a JPEG is."""
    lines = ["| JPEG | smaller by: median, quartiles | WebP qualities |", "|---|---|---|"]
    pictures = [Thumbnail(1024).apply(open_image(path)) for path in sorted(photos().iterdir())]
    for quality in (60, 80, 90):
        with ThreadPoolExecutor() as pool:
            found = list(pool.map(partial(against_jpeg, quality=quality), pictures))
        shares = [share for share, _ in found]
        low, middle, high = quantiles(shares, n=4)
        qualities = [webp for _, webp in found]
        lines.append(
            f"| {quality} | {middle:.0%} ({low:.0%} to {high:.0%}) | "
            f"{min(qualities)} to {max(qualities)} |"
        )
    return lines


def against_jpeg(picture: Image, quality: int) -> tuple[float, int]:
    """By what share the WebP is smaller that is no less like `picture`, and its quality."""
    jpeg, wanted = encoded(picture, ImageFormat.JPEG, quality)
    low, high = 1, 100
    while low < high:
        middle = (low + high) // 2
        if encoded(picture, ImageFormat.WEBP, middle)[1] >= wanted:
            high = middle
        else:
            low = middle + 1
    webp, _ = encoded(picture, ImageFormat.WEBP, low)
    return 1 - webp / jpeg, low


def encoded(picture: Image, format: ImageFormat, quality: int) -> tuple[int, float]:
    """The size of a file in bytes, and its SSIM."""
    data = encode_image(picture, format, quality)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        with pil.open(file.name) as opened:
            shown = np.asarray(opened.convert("RGB"))
    return len(data), ssim(shown, np.broadcast_to(picture.pixels, shown.shape))


def told(figures: tuple[float, ...], digits: int = 2) -> str:
    """The median, least and most."""
    low, middle, high = min(figures), median(figures), max(figures)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def main() -> None:
    sections = {
        "Load, make, save: one after another, stage by stage, or streamed": runs,
        f"Flushing to the disk, {FLUSHED} thumbnails": flushing,
        f"Counting, {COUNTS:,} times in each thread": counting,
        "WebP against JPEG at equal SSIM, 1,024 pixels": sizes,
    }
    text = "# Claims, measured\n\n`python -m bench.claims`: medians, least and most.\n"
    for title, measure in sections.items():
        text += f"\n## {title}\n\n" + "\n".join(measure()) + "\n"
        print(text, flush=True)
    if not os.environ.get("PHOTOS"):
        RESULTS.write_text(text)


if __name__ == "__main__":
    do(*sys.argv[1:]) if sys.argv[1:] else main()
