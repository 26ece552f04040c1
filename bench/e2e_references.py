"""What outputs should look like: made slowly, from whole pictures, in floats where it matters."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import correlate, gaussian_filter

from .e2e_inputs import mark

SOME, STEP = 5, 3  # pictures, small ones but not all alike
WIDTHS = (1920, 1280, 640, 320)
LANCZOS = Image.Resampling.LANCZOS
SHARPEN = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], np.float64)[..., np.newaxis]

Pixels = NDArray[np.uint8]


@cache
def references(work: str, source: Path) -> tuple[tuple[str, Pixels], ...]:
    """(name of an output, what it should be) for some pictures of a folder."""
    every = sorted(source.iterdir(), key=lambda path: (path.stat().st_size, path.name))
    paths = every[: SOME * STEP : STEP]
    return tuple(made for path in paths for made in _MAKERS[work](path))


def _thumbnails(path: Path) -> Iterator[tuple[str, Pixels]]:
    yield path.name, np.asarray(_inside(Image.open(path).convert("RGB"), 256))


def _webp(path: Path) -> Iterator[tuple[str, Pixels]]:
    small = _inside(Image.open(path), 512)
    white = Image.new("RGBA", small.size, "white")
    yield f"{path.stem}.webp", np.asarray(Image.alpha_composite(white, small).convert("RGB"))


def _icons(path: Path) -> Iterator[tuple[str, Pixels]]:
    small = Image.open(path).resize((32, 32), LANCZOS)
    yield path.name, np.asarray(small.convert("RGB"))


def _inside(picture: Image.Image, most: int) -> Image.Image:
    share = most / max(picture.size)
    return picture.resize(tuple(max(1, int(side * share + 0.5)) for side in picture.size), LANCZOS)


def _responsive(path: Path) -> Iterator[tuple[str, Pixels]]:
    picture = Image.open(path).convert("RGB")
    for width in WIDTHS:
        wide = min(width, picture.width)
        size = wide, int(picture.height * wide / picture.width + 0.5)
        made = picture.resize(size, LANCZOS)
        words = Image.open(mark())
        side = round(min(size) * 0.2)
        words = words.resize((side, round(words.height * side / words.width)), LANCZOS)
        words.putalpha(words.getchannel("A").point(lambda value: value // 2))
        margin = round(min(size) * 0.02)
        made.paste(words, (wide - words.width - margin, size[1] - words.height - margin), words)
        yield f"{path.stem}_{width}.jpg", np.asarray(made)


def _soft_sharp(path: Path) -> Iterator[tuple[str, Pixels]]:
    pixels = np.asarray(Image.open(path).convert("RGB"), np.float64)
    soft = gaussian_filter(pixels, (2, 2, 0), mode="nearest")
    sharp = correlate(soft, SHARPEN, mode="nearest")
    yield path.name, np.rint(sharp).clip(0, 255).astype(np.uint8)


def _grey(path: Path) -> Iterator[tuple[str, Pixels]]:
    grey = np.asarray(Image.open(path).convert("L"), int)
    yield path.name, (grey + 20).clip(0, 255).astype(np.uint8)


_MAKERS: dict[str, Callable[[Path], Iterator[tuple[str, Pixels]]]] = {
    "thumbnails": _thumbnails,
    "responsive": _responsive,
    "soft_sharp": _soft_sharp,
    "grey": _grey,
    "webp": _webp,
    "icons": _icons,
}
