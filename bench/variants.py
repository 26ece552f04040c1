"""Four watermarked variants of every photograph of a folder, against pyvips and Pillow.

`python bench/variants.py PHOTOS [RESULT.md]`. Each side makes 1920, 1280, 640 and 320 pixels wide
JPEGs of quality 80, with the same mark, on two threads, in a process of its own; rounds take turns.
We also flush every file to the disk and keep a log; the others do not.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

WIDTHS = (1920, 1280, 640, 320)
QUALITY = 80
ROUNDS = 7
TEXT = "© imgpipe"


def with_imgpipe(photos: Path, out: Path) -> None:
    from imgpipe import OutputVariant, PipelineConfig, WatermarkConfig, Width
    from imgpipe.cli.run import run_with_view

    variants = [OutputVariant(str(w), (Width(w),), quality=QUALITY) for w in WIDTHS]
    mark = WatermarkConfig(text=TEXT)
    config = PipelineConfig(photos, out, 2, variants=variants, watermark=mark)
    assert run_with_view(config, quiet=True) == 0


def mark_for(width: int, height: int) -> tuple[np.ndarray, int]:
    """Our own mark at half opacity, and its margin, so that all sides lay the same over."""
    from imgpipe.text import draw_text

    short = min(width, height)
    mark = draw_text(TEXT, max(8, round(short * 0.05))).copy()
    mark[..., 3] //= 2
    return mark, round(short * 0.02)


def with_pyvips(photos: Path, out: Path) -> None:
    import pyvips

    pyvips.cache_set_max(0)

    def one(path: Path) -> None:
        for width in WIDTHS:
            picture = pyvips.Image.thumbnail(str(path), width, height=10**7, size="down")
            mark, margin = mark_for(picture.width, picture.height)
            over = pyvips.Image.new_from_array(mark, interpretation="srgb")
            x, y = picture.width - over.width - margin, picture.height - over.height - margin
            base = picture.colourspace("srgb")
            made = base.composite2(over, "over", x=x, y=y).flatten().cast("uchar")
            made.jpegsave(str(out / f"{path.stem}_{width}.jpg"), Q=QUALITY, keep="none")

    each(one, photos)


def with_pillow(photos: Path, out: Path) -> None:
    from PIL import Image

    def one(path: Path) -> None:
        with Image.open(path) as opened:
            opened.draft("RGB", (2 * WIDTHS[0], 2 * WIDTHS[0]))
            picture = opened.convert("RGB")
        for width in WIDTHS:
            wide = min(width, picture.width)
            size = wide, max(1, round(picture.height * wide / picture.width))
            made = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
            pixels, margin = mark_for(*size)
            mark = Image.fromarray(pixels)
            made.paste(mark, (size[0] - mark.width - margin, size[1] - mark.height - margin), mark)
            made.save(out / f"{path.stem}_{width}.jpg", quality=QUALITY)

    each(one, photos)


def each(function, photos: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(function, sorted(photos.iterdir())))


SIDES = {"imgpipe": with_imgpipe, "pyvips": with_pyvips, "Pillow": with_pillow}


def measure(name: str, photos: Path) -> dict[str, float]:
    """Seconds and peak megabytes of one side in a process of its own, and what it made."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, __file__, "--one", name, str(photos), out]
        environment = {**os.environ, "VIPS_CONCURRENCY": "1"}
        ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        files = [path for path in Path(out).iterdir() if path.suffix == ".jpg"]
        assert len(files) == len(WIDTHS) * len(list(photos.iterdir())), name
        return {**json.loads(ran.stdout), "bytes": sum(path.stat().st_size for path in files)}


def one_side(name: str, photos: Path, out: Path) -> None:
    mark_for(100, 100)  # imports are not what is measured
    start = time.perf_counter()
    SIDES[name](photos, out)
    seconds = time.perf_counter() - start
    status = Path("/proc/self/status").read_text()  # rusage counts the parent before the exec too
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "megabytes": peak / 1024}))


def compare(photos: Path) -> None:
    """All sides must make about the same pictures: a level or few apart in the mean."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        for name in SIDES:
            out = Path(folder, name)
            out.mkdir()
            command = [sys.executable, __file__, "--one", name, str(photos), str(out)]
            subprocess.run(command, capture_output=True, check=True)
        for path in sorted(Path(folder, "imgpipe").glob("*.jpg")):
            ours = np.asarray(Image.open(path).convert("RGB")).astype(int)
            for name in ("pyvips", "Pillow"):
                other = Image.open(Path(folder, name, path.name)).convert("RGB")
                theirs = np.asarray(other.resize(ours.shape[1::-1])).astype(int)
                apart = np.abs(ours - theirs).mean()
                assert apart < 6, (path.name, name, apart)


def main(photos: Path, result: Path | None) -> None:
    compare(photos)
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in SIDES}
    for _ in range(ROUNDS):
        for name in SIDES:
            rounds[name].append(measure(name, photos))
    lines = [
        "# Four watermarked variants from each photograph",
        "",
        *(line for line in (__doc__ or "").splitlines()[2:] if line),
        "",
        f"{len(list(photos.iterdir()))} photographs, {ROUNDS} rounds, medians.",
        "",
        "| | seconds | quartiles | ratio | peak memory, MB | bytes made |",
        "|---|---|---|---|---|---|",
    ]
    ours = [made["seconds"] for made in rounds["imgpipe"]]
    for name, made in rounds.items():
        seconds = [one["seconds"] for one in made]
        low, middle, high = statistics.quantiles(seconds, n=4)
        ratio = statistics.median(seconds) / statistics.median(ours)
        peak = statistics.median(one["megabytes"] for one in made)
        lines.append(
            f"| {name} | {middle:.2f} | {low:.2f} to {high:.2f} | {ratio:.2f}× | {peak:.0f} | "
            f"{made[0]['bytes'] / 1e6:.1f} M |"
        )
    text = "\n".join(lines) + "\n"
    print(text)
    if result:
        result.write_text(text)


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        one_side(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
