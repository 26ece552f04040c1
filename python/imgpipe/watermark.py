"""Watermarks: text or a picture laid over pictures."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imgpipe import kernels
from imgpipe.colour import to_srgb
from imgpipe.colours import parse_colour
from imgpipe.errors import ConfigError, ImageError
from imgpipe.image import Image
from imgpipe.steps.load import open_image
from imgpipe.text import draw_text
from imgpipe.transforms import apply_transforms

if TYPE_CHECKING:
    import PIL.Image

Pixels = NDArray[Any]

_TEXT_SCALE = 0.05
_IMAGE_SCALE = 0.2
_SMALLEST_TEXT = 8
_GAPS = (0.6, 1.5)  # between tiles, in their widths and heights


class WatermarkPosition(Enum):
    """Where a mark goes; TILE repeats it all over the picture."""

    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"
    CENTER = "center"
    TILE = "tile"


def parse_position(text: str) -> WatermarkPosition:
    """The place of that name, such as `top-left`. Raises ConfigError where there is none."""
    places = {place.value: place for place in WatermarkPosition}
    if text not in places:
        raise ConfigError(f"Expected a position of {', '.join(places)}, got {text!r}")
    return places[text]


@dataclass(frozen=True)
class WatermarkConfig:
    """A mark: either `text`, or the picture at `image_path`.

    `opacity` is from 0 to 1. `scale` is the height of letters, or the longer side of the picture,
    as a share of the shorter side of what it is laid over, None meaning 0.05 and 0.2; `margin` the
    distance from the edges, likewise. `font` is the file of one, `color` that of the letters, a
    name or #rrggbb; `angle` turns the mark clockwise, in degrees.

    Raises ConfigError for values out of range.
    """

    text: str | None = None
    image_path: str | os.PathLike[str] | None = None
    position: WatermarkPosition = WatermarkPosition.BOTTOM_RIGHT
    opacity: float = 0.5
    _: KW_ONLY
    scale: float | None = None
    margin: float = 0.02
    font: str | os.PathLike[str] | None = None
    color: str = "white"
    angle: float = 0.0

    def __post_init__(self) -> None:
        if (self.text is None) == (self.image_path is None):
            got = "neither" if self.text is None else "both"
            raise ConfigError(f"Expected a watermark of text or of an image, got {got}")
        if self.text is not None and not self.text.strip():
            raise ConfigError(f"Expected a watermark's text to show something, got {self.text!r}")
        if not isinstance(self.position, WatermarkPosition):
            raise ConfigError(f"Expected a WatermarkPosition, got {self.position!r}")
        _check_range("opacity", self.opacity, 0, 1)
        _check_range("margin", self.margin, 0, 0.5)
        _check_range("angle", self.angle, -360, 360)
        if self.scale is not None:
            _check_range("scale", self.scale, 0.001, 1)
        try:
            parse_colour(self.color)
        except ValueError as error:
            raise ConfigError(str(error)) from None

    def fingerprint(self) -> str:
        """What the mark depends on, the contents of its files among it.

        Raises ConfigError where a file is missing or not what it should be, or no font here has
        the text's characters.
        """
        _mark(self, 100)  # one of any size tells whether all can be made
        files = (
            hashlib.sha256(Path(path).read_bytes()).hexdigest()
            for path in (self.image_path, self.font)
            if path is not None
        )
        return repr((self, *files))


def _check_range(name: str, value: float, low: float, high: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise ConfigError(f"Expected {name} from {low:g} to {high:g}, got {value!r}")


def calculate_watermark_position(
    image: "Image | PIL.Image.Image | Pixels",
    watermark_width: int,
    watermark_height: int,
    position: WatermarkPosition,
) -> tuple[int, int]:
    """(x, y) of a mark's upper left pixel in `image`, without a margin, kept inside.

    >>> picture = np.zeros((100, 100), np.uint8)
    >>> calculate_watermark_position(picture, 20, 10, WatermarkPosition.BOTTOM_RIGHT)
    (80, 90)
    """
    picture = apply_transforms(image, ())
    size = picture.width, picture.height
    return _place(size, (watermark_width, watermark_height), position, 0)


def _place(
    size: tuple[int, int], mark: tuple[int, int], position: WatermarkPosition, margin: int
) -> tuple[int, int]:
    width, height = (max(0, side - part) for side, part in zip(size, mark, strict=True))
    across, down = min(margin, width // 2), min(margin, height // 2)
    match position:
        case WatermarkPosition.TOP_LEFT | WatermarkPosition.TILE:
            return across, down
        case WatermarkPosition.TOP_RIGHT:
            return width - across, down
        case WatermarkPosition.BOTTOM_LEFT:
            return across, height - down
        case WatermarkPosition.BOTTOM_RIGHT:
            return width - across, height - down
        case WatermarkPosition.CENTER:
            return width // 2, height // 2


def apply_text_watermark(
    image: "Image | PIL.Image.Image | Pixels", text: str, position: WatermarkPosition
) -> Image:
    """A new picture with `text` over it. Raises ConfigError as `WatermarkConfig` does."""
    return apply_watermark(image, WatermarkConfig(text=text, position=position))


def apply_image_watermark(
    image: "Image | PIL.Image.Image | Pixels",
    watermark: "Image | PIL.Image.Image | Pixels",
    position: WatermarkPosition,
    opacity: float,
) -> Image:
    """A new picture with another over it, as large as that is, or scaled down to fit; no margin.

    `opacity` is from 0 to 1. Raises ConfigError where it is not.
    """
    _check_range("opacity", opacity, 0, 1)
    picture = apply_transforms(image, ())
    mark = _as_mark(apply_transforms(watermark, ()))
    return picture.each(lambda frame: _laid_over(frame, mark, position, opacity, 0))


def apply_watermark(image: "Image | PIL.Image.Image | Pixels", config: WatermarkConfig) -> Image:
    """A new picture with the mark over it. Raises ConfigError where the mark cannot be made."""
    picture = apply_transforms(image, ())
    short = min(picture.width, picture.height)
    mark = _mark(config, short)
    margin = round(short * config.margin)
    return picture.each(
        lambda frame: _laid_over(frame, mark, config.position, config.opacity, margin)
    )


def _mark(config: WatermarkConfig, short: int) -> Pixels:
    """The mark for pictures whose shorter side is `short`: (H, W, 4) of uint8, read-only."""
    if config.text is not None:
        size = max(_SMALLEST_TEXT, round(short * (config.scale or _TEXT_SCALE)))
        font = os.fspath(config.font) if config.font is not None else None
        return draw_text(config.text, size, font, config.color, config.angle)
    assert config.image_path is not None  # one of the two is given
    side = max(1, round(short * (config.scale or _IMAGE_SCALE)))
    try:
        changed = os.stat(config.image_path).st_mtime_ns
    except OSError as error:
        raise ConfigError(
            f"Expected a watermark image, got: {error.strerror} at {config.image_path}"
        ) from None
    return _image_mark(os.fspath(config.image_path), changed, side, config.angle)


@lru_cache(maxsize=16)
def _image_mark(path: str, changed: int, side: int, angle: float) -> Pixels:
    mark = _read_mark(path, changed)
    if angle % 360:
        mark = kernels.rotate(mark, angle, expand=True)
    height, width = mark.shape[:2]
    share = side / max(width, height)
    mark = kernels.resize(mark, (max(1, round(width * share)), max(1, round(height * share))))
    mark.flags.writeable = False
    return mark


@lru_cache(maxsize=4)
def _read_mark(path: str, changed: int) -> Pixels:
    """The picture in a file; `changed`, when that was, makes a new one be read anew."""
    del changed
    try:
        return _as_mark(open_image(path))
    except ImageError as error:
        raise ConfigError(f"Expected a watermark image, got {path}: {error}") from None


def _as_mark(image: Image) -> Pixels:
    """A picture as (H, W, 4) of uint8 in sRGB."""
    image = to_srgb(image.still())
    pixels = _as_uint8(image.pixels)
    height, width, channels = pixels.shape
    if channels < 3:
        pixels = np.concatenate([pixels[..., :1]] * 3 + [pixels[..., 1:]], axis=2)
    if pixels.shape[2] == 3:
        opaque = np.full((height, width, 1), 255, np.uint8)
        pixels = np.concatenate([pixels, opaque], axis=2)
    return pixels


def _as_uint8(pixels: Pixels) -> Pixels:
    if pixels.dtype == np.uint8:
        return pixels
    white = 1.0 if pixels.dtype == np.float32 else 65535.0
    levels: Pixels = np.rint(np.clip(pixels / white, 0, 1) * 255).astype(np.uint8)
    return levels


def _like(mark: Pixels, image: Image) -> Pixels:
    """A mark in the channels and dtype of `image`."""
    if image.channels < 3:
        mark = kernels.grayscale(mark)
    if image.pixels.dtype == np.uint16:
        return mark.astype(np.uint16) * np.uint16(257)
    if image.pixels.dtype == np.float32:
        return mark.astype(np.float32) / np.float32(255)
    return mark


def _laid_over(
    image: Image, mark: Pixels, position: WatermarkPosition, opacity: float, margin: int
) -> Image:
    mark = _like(_fitted(mark, image, margin), image)
    height, width = mark.shape[:2]
    pixels = image.pixels.copy()
    size = image.width, image.height
    if position is WatermarkPosition.TILE:
        places: Iterator[tuple[int, int]] = _tiles(size, (width, height))
    else:
        places = iter([_place(size, (width, height), position, margin)])
    for x, y in places:
        left, top = max(0, x), max(0, y)
        part = pixels[top : y + height, left : x + width]
        if part.size:
            part[...] = kernels.composite(part, mark, (x - left, y - top), opacity=opacity)
    return image.with_pixels(pixels)


def _fitted(mark: Pixels, image: Image, margin: int) -> Pixels:
    """`mark`, scaled down where it does not fit."""
    height, width = mark.shape[:2]
    room = max(1, image.width - 2 * margin), max(1, image.height - 2 * margin)
    share = min(room[0] / width, room[1] / height)
    if share >= 1:
        return mark
    return kernels.resize(mark, (max(1, int(width * share)), max(1, int(height * share))))


def _tiles(size: tuple[int, int], mark: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Places all over, every second row shifted by half a step; they reach over the edges."""
    across, down = (part + max(1, round(part * gap)) for part, gap in zip(mark, _GAPS, strict=True))
    for row, y in enumerate(range(-mark[1] // 2, size[1], down)):
        for x in range(-across // 2 * (row % 2) - mark[0] // 4, size[0], across):
            yield x, y
