"""The folders that programs work on, made once under build/e2e."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from imgpipe.codecs.markers import walk
from PIL import Image, ImageDraw, ImageFont

from .e2e_photos import photograph, photographs

PLACE = Path("build/e2e")
RGBA = 60
ICONS = 10_000
DIFFERENT = 200  # icons
LARGE = 4000  # pixels a side
TIMES = 4  # so many times are the few that are that large in their folder
_PROGRESSIVE = 2


def photos() -> Path:
    """PHOTOS, or else 60 generated ones."""
    named = os.environ.get("PHOTOS")
    return Path(named) if named else photographs(PLACE / "photos")


def progressive() -> Path:
    """Those that are progressive."""
    return _chosen("progressive", lambda data: walk(data).coding == _PROGRESSIVE)


def large_progressive() -> Path:
    """Those that are progressive and 4,000 pixels a side or more."""

    def is_one(data: bytes) -> bool:
        head = walk(data)
        return head.coding == _PROGRESSIVE and max(head.width, head.height) >= LARGE

    return _chosen("progressive-large", is_one, TIMES)


def rgba() -> Path:
    """PNGs of 2 megapixels with soft transparency."""
    folder = PLACE / "rgba"
    if len(list(folder.glob("*.png"))) < RGBA:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(RGBA):
            picture = photograph(1000 + number, 2)
            ramp = np.linspace(-200, 455, picture.width).clip(0, 255).astype(np.uint8)
            alpha = np.broadcast_to(ramp, (picture.height, picture.width))
            picture.putalpha(Image.fromarray(np.ascontiguousarray(alpha)))
            picture.save(folder / f"{number:02}.png", compress_level=3)
    return folder


def icons() -> Path:
    """10,000 PNGs of 64 by 64 pixels, 200 different ones."""
    folder = PLACE / "icons"
    if not folder.is_dir() or len(os.listdir(folder)) < ICONS:
        folder.mkdir(parents=True, exist_ok=True)
        picture = photograph(7, 2).convert("RGBA")
        for number in range(ICONS):
            target = folder / f"{number:05}.png"
            if number < DIFFERENT:
                x, y = 64 * (number % 16), 64 * (number // 16)
                picture.crop((x, y, x + 64, y + 64)).save(target)
            else:
                target.write_bytes((folder / f"{number % DIFFERENT:05}.png").read_bytes())
    return folder


def mark() -> Path:
    """Words to lay over pictures."""
    path = PLACE / "mark.png"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGBA", (600, 120), (255, 255, 255, 0))
        ImageDraw.Draw(picture).text(
            (20, 10), "© imgpipe", (255, 255, 255, 255), ImageFont.load_default(90)
        )
        picture.save(path)
    return path


def _chosen(name: str, wanted: Callable[[bytes], bool], times: int = 1) -> Path:
    every = sorted(photos().glob("*.jpg"))
    return _copied(name, [path for path in every if wanted(path.read_bytes())], times)


def _copied(name: str, files: list[Path], times: int = 1) -> Path:
    """A folder of those files, each so many times."""
    folder = PLACE / f"{name}-of-{photos().name}"
    folder.mkdir(parents=True, exist_ok=True)
    copies = {f"{path.stem}-{n}{path.suffix}": path for path in files for n in range(times)}
    for old in set(os.listdir(folder)) - set(copies):
        (folder / old).unlink()
    for copy, path in copies.items():
        if not (folder / copy).exists():
            (folder / copy).write_bytes(path.read_bytes())
    return folder
