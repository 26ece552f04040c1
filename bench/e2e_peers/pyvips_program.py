"""pyvips on threads: `pyvips_program.py WORKLOAD IN OUT THREADS [MARK]`, streaming where it can."""

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pyvips

WIDTHS = (1920, 1280, 640, 320)
ANY = 10**7
JPEG = {"keep": "none"}

pyvips.cache_set_max(0)


def thumbnails(path: Path, out: Path) -> None:
    small = pyvips.Image.thumbnail(str(path), 256, height=256, size="down")
    small.jpegsave(str(out / path.name), Q=80, **JPEG)


def per_variant(path: Path, out: Path) -> None:
    """As one writes it: every variant from the file."""
    for width in WIDTHS:
        _variant(
            pyvips.Image.thumbnail(str(path), width, height=ANY, size="down"), width, path, out
        )


def responsive(path: Path, out: Path) -> None:
    """With care: one decode, no larger than the largest variant needs, then all from memory."""
    picture = pyvips.Image.new_from_file(str(path), access="sequential")
    shrink = next((n for n in (8, 4, 2) if picture.width >= 2 * n * WIDTHS[0]), 1)
    picture = pyvips.Image.new_from_file(str(path), access="sequential", shrink=shrink)
    picture = picture.autorot().copy_memory()
    for width in WIDTHS:
        _variant(picture.thumbnail_image(width, height=ANY, size="down"), width, path, out)


def _variant(picture: pyvips.Image, width: int, path: Path, out: Path) -> None:
    short = min(picture.width, picture.height)
    mark, margin = scaled_mark(max(1, round(short * 0.2))), round(short * 0.02)
    x, y = picture.width - mark.width - margin, picture.height - mark.height - margin
    base = picture.colourspace("srgb")
    part = base.crop(x, y, mark.width, mark.height).composite2(mark, "over").flatten()
    made = base.insert(part.cast("uchar"), x, y)
    made.jpegsave(str(out / f"{path.stem}_{width}.jpg"), Q=80, **JPEG)


@cache
def scaled_mark(side: int) -> pyvips.Image:
    """The mark, half opaque, `side` pixels wide."""
    mark = pyvips.Image.thumbnail(sys.argv[5], side, height=ANY)
    return (mark * [1, 1, 1, 0.5]).cast("uchar").copy(interpretation="srgb").copy_memory()


def soft_sharp(path: Path, out: Path) -> None:
    picture = pyvips.Image.new_from_file(str(path), access="sequential")
    mask = pyvips.Image.new_from_array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    # As far as everybody's Gaussian reaches; by itself it ends at 1.8 σ.
    soft = picture.gaussblur(2, min_ampl=0.01)
    made = soft.conv(mask, precision="integer").cast("uchar")
    made.jpegsave(str(out / path.name), Q=85, **JPEG)


def grey(path: Path, out: Path) -> None:
    picture = pyvips.Image.new_from_file(str(path), access="sequential")
    made = (picture.colourspace("b-w") + 20).cast("uchar")
    made.jpegsave(str(out / path.name), Q=80, **JPEG)


def webp(path: Path, out: Path) -> None:
    small = pyvips.Image.thumbnail(str(path), 512, height=512, size="down")
    small.webpsave(str(out / f"{path.stem}.webp"), Q=80, effort=4)


def icons(path: Path, out: Path) -> None:
    small = pyvips.Image.thumbnail(str(path), 32, height=32, size="force")
    small.pngsave(str(out / path.name))


if __name__ == "__main__":
    work = globals()[sys.argv[1]]
    source, target = Path(sys.argv[2]), Path(sys.argv[3])
    with ThreadPoolExecutor(int(sys.argv[4])) as threads:
        for done in [threads.submit(work, path, target) for path in source.iterdir()]:
            done.result()
