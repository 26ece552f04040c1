"""Photograph-like JPEGs from formulas: soft at every scale, with edges and text, a little noisy."""

from itertools import cycle, islice
from pathlib import Path

import numpy as np
from imgpipe import kernels
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

COUNT = 60
MEGAPIXELS = (2, 3, 5, 8, 12, 16, 24)
KINDS = (
    {"subsampling": "4:2:0"},
    {"subsampling": "4:4:4"},
    {"subsampling": "4:2:0", "progressive": True},
    {"subsampling": "4:4:4", "progressive": True},
)
QUALITY = 88
WORDS = "The quick brown fox jumps over the lazy dog 0123456789"


def photographs(folder: Path, count: int = COUNT) -> Path:
    """A folder of `count` of them, written once."""
    if len(list(folder.glob("*.jpg"))) == count:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for number, megapixels in enumerate(islice(cycle(MEGAPIXELS), count)):
        kind = KINDS[number % len(KINDS)]
        picture = photograph(number, megapixels)
        picture.save(folder / f"{number:02}.jpg", quality=QUALITY, **kind)
    return folder


def photograph(seed: int, megapixels: float) -> Image.Image:
    """A picture of 3 by 2, or upright every third time."""
    high = round((megapixels * 1e6 / 1.5) ** 0.5)
    size = (high, high * 3 // 2) if seed % 3 == 2 else (high * 3 // 2, high)
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(_clouds(rng, size))
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        _shape(draw, rng, size)
    noisy = np.asarray(picture) + _grain(rng, size)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def _clouds(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Noise whose power falls with the frequency's square, as it does in photographs."""
    total = np.zeros((size[1], size[0], 3), np.float32)
    for octave in range(2, 13):
        side = 2**octave
        if side > max(size):
            break
        layer = rng.normal(0, 1, (side, side, 3)).astype(np.float32)
        layer = 0.7 * layer.mean(axis=2, keepdims=True) * 3**0.5 + 0.3 * layer  # colours agree
        total += kernels.resize(layer, size, filter="bicubic") * np.float32(40 / (octave - 1))
    return (128 + total).clip(0, 255).astype(np.uint8)


def _shape(draw: ImageDraw.ImageDraw, rng: np.random.Generator, size: tuple[int, int]) -> None:
    """Something with sharp edges: a filled triangle, a line, or words."""
    colour = tuple(int(part) for part in rng.integers(0, 256, 3))
    reach = 0.15 * min(size)
    x, y = (float(part) for part in rng.random(2) * size)
    points = [(x + dx, y + dy) for dx, dy in rng.normal(0, reach, (3, 2)).tolist()]
    match rng.integers(3):
        case 0:
            draw.polygon(points, colour)
        case 1:
            draw.line(points[:2], colour, int(rng.integers(1, 9)))
        case _:
            draw.text((x, y), WORDS, colour, ImageFont.load_default(rng.uniform(0.1, 0.4) * reach))


def _grain(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.float32]:
    """A sensor's noise; one patch of it, laid out like tiles."""
    patch = rng.normal(0, 3, (257, 263, 3)).astype(np.float32)
    down, across = -(-size[1] // 257), -(-size[0] // 263)
    return np.tile(patch, (down, across, 1))[: size[1], : size[0]]
