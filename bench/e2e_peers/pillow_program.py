"""Pillow on threads, with drafts: `pillow_program.py WORKLOAD IN OUT THREADS [MARK]`."""

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from PIL import Image, ImageFilter

WIDTHS = (1920, 1280, 640, 320)
LANCZOS = Image.Resampling.LANCZOS
SHARPEN = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 5, -1, 0, -1, 0), 1)
BRIGHTER = [min(255, value + 20) for value in range(256)]


def thumbnails(path: Path, out: Path) -> None:
    with Image.open(path) as picture:
        picture.thumbnail((256, 256), LANCZOS, reducing_gap=2.0)  # drafts for itself
        picture.save(out / path.name, quality=80)


def responsive(path: Path, out: Path) -> None:
    with Image.open(path) as opened:
        size = opened.size
        opened.draft("RGB", (2 * WIDTHS[0], 2 * WIDTHS[0] * size[1] // size[0]))
        picture = opened.convert("RGB")
    for width in WIDTHS:
        wide = min(width, size[0])
        small = wide, max(1, round(size[1] * wide / size[0]))
        made = picture.resize(small, LANCZOS, reducing_gap=2.0)
        mark = scaled_mark(max(1, round(min(small) * 0.2)))
        margin = round(min(small) * 0.02)
        place = small[0] - mark.width - margin, small[1] - mark.height - margin
        made.paste(mark, place, mark)
        made.save(out / f"{path.stem}_{width}.jpg", quality=80)


@cache
def scaled_mark(side: int) -> Image.Image:
    """The mark, half opaque, `side` pixels wide."""
    mark = Image.open(sys.argv[5]).convert("RGBA")
    mark = mark.resize((side, max(1, round(mark.height * side / mark.width))), LANCZOS)
    mark.putalpha(mark.getchannel("A").point(lambda value: value // 2))
    return mark


def soft_sharp(path: Path, out: Path) -> None:
    with Image.open(path) as picture:
        made = picture.filter(ImageFilter.GaussianBlur(2)).filter(SHARPEN)
    made.save(out / path.name, quality=85)


def grey(path: Path, out: Path) -> None:
    with Image.open(path) as picture:
        picture.draft("L", picture.size)
        picture.convert("L").point(BRIGHTER).save(out / path.name, quality=80)


def webp(path: Path, out: Path) -> None:
    with Image.open(path) as picture:
        picture.thumbnail((512, 512), LANCZOS, reducing_gap=2.0)
        picture.save(out / f"{path.stem}.webp", quality=80, method=4)


def icons(path: Path, out: Path) -> None:
    with Image.open(path) as picture:
        picture.resize((32, 32), LANCZOS).save(out / path.name)


if __name__ == "__main__":
    work = globals()[sys.argv[1]]
    source, target = Path(sys.argv[2]), Path(sys.argv[3])
    with ThreadPoolExecutor(int(sys.argv[4])) as threads:
        for done in [threads.submit(work, path, target) for path in source.iterdir()]:
            done.result()
