"""A million pictures: planned, run and resumed, with the time and the memory each takes.

    python bench/million.py [COUNT] [FOLDERS]

Every step is a process of its own. Writes results/million.md for a million in one folder.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from imgpipe import Image, save_image

RESULTS = Path(__file__).parent / "results" / "million.md"
LINKS = 20_000  # to one file, as filesystems allow only so many

STEP = """
import json, resource, sys, time
from imgpipe import Pipeline, PipelineConfig, Thumbnail
from imgpipe.flow.forecast import forecast
import asyncio
what, source, out = sys.argv[1:]
config = PipelineConfig(source, out, transforms=[Thumbnail(4)], durability="none")
async def drive(run):
    counts = {}
    async with run:
        async for result in run:
            word = result.skipped or ("done" if result.success else result.error)
            counts[word] = counts.get(word, 0) + 1
    return counts
start = time.perf_counter()
if what == "plan":
    counts = {word.value: count for word, count in forecast(config).decisions.items()}
else:
    run = Pipeline(config) if what == "run" else Pipeline.resume(out)
    counts = asyncio.run(drive(run))
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "peak": peak, "counts": counts}))
"""


def make(folder: Path, count: int, folders: int) -> None:
    """`count` pictures of 8x8 in so many folders; links, so that they take no room."""
    import numpy as np

    originals = folder.parent / "originals"
    originals.mkdir()
    image = Image.from_array(np.arange(64, dtype=np.uint8).reshape(8, 8))
    for number in range(count):
        original = originals / f"{number // LINKS}.png"
        if not number % LINKS:
            save_image(image, original)
        below = folder / f"{number % folders:05}" if folders > 1 else folder
        if number < folders:
            below.mkdir(parents=True, exist_ok=True)
        os.link(original, below / f"IMG_{number * 7919 % count:07}.png")


def step(what: str, source: Path, out: Path) -> dict:
    ran = subprocess.run(
        [sys.executable, "-c", STEP, what, str(source), str(out)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


def measure(count: int, folders: int) -> list[str]:
    lines = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as home:
        source, out = Path(home, "in"), Path(home, "out")
        source.mkdir()
        start = time.perf_counter()
        make(source, count, folders)
        print(f"made in {time.perf_counter() - start:.0f} s", flush=True)
        for what, word in (("plan", "new"), ("run", "done"), ("resume", "up to date")):
            got = step(what, source, out)
            assert got["counts"] == {word: count}, got
            each = got["seconds"] / count * 1e6
            cells = f"{got['seconds']:.1f} s | {each:.0f} µs | {got['peak']:.0f} MB"
            lines.append(f"| {what} | {count:,} in {folders:,} | {cells} |")
            print(lines[-1], flush=True)
    return lines


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    folders = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    few, many = measure(max(1000, count // 100), folders), measure(count, folders)
    head = "| step | pictures in folders | took | a picture | peak memory |\n|---|---|---|---|---|"
    text = "\n".join([head, *few, *many]) + "\n"
    if count == 1_000_000 and folders == 1:
        RESULTS.write_text("# A million pictures of 8x8, durability none\n\n" + text)
    print(text)


if __name__ == "__main__":
    main()
