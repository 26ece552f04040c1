"""Animations and pages through Pillow: all frames of a file, and files of many frames."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as pil
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import Blend as PngBlend, Disposal as PngDisposal

from imgpipe.codecs.palettes import shared_palette
from imgpipe.formats import ImageFormat
from imgpipe.image import Frame, Image
from imgpipe.losses import Loss

_UNSAID = 100  # milliseconds that browsers show a frame for whose duration is 0
_CENTISECOND = 10
_MOST_LOOPS = 2**16 - 1
_MOST_SHOWN = {  # milliseconds that a format tells of a frame, a little less where that is rounded
    ImageFormat.GIF: 655_340,
    ImageFormat.PNG: 65_535_000,
    ImageFormat.WEBP: 2**24 - 1,
    ImageFormat.AVIF: 2**32 - 1,
}
_MOST_OF_FILM = 2**31 - 1  # milliseconds of all frames of a WebP
_MOST_EXACT = 65_535  # milliseconds that a PNG tells in thousandths, and longer ones in seconds
UNLIKE = Loss("pages", "those after the first, which are not all like it")
_LEAVE, _RESTORE = 1, 2  # what is done with a frame of a GIF once it has been shown


def with_frames(first: Image, opened: ImageFile, shown: Callable[[ImageFile], Image]) -> Image:
    """`first` with all frames of its file, which `shown` makes pictures of.

    Frames are whole, as they are shown, whatever is disposed of between them. Raises ValueError
    where their sizes differ.
    """
    start = 1 if opened.info.get("default_image") else 0  # it is for those who know no animation
    count: int = opened.n_frames  # type: ignore[attr-defined]  # there is more than one
    pixels, durations, size = [], [], opened.size
    for number in range(start, count):
        opened.seek(number)
        if opened.size != size:  # looked at before there is memory for all that it claims to cover
            raise ValueError(f"frames of different sizes, {_told(size)} and {_told(opened.size)}")
        opened.load()
        pixels.append(first.pixels if number == 0 else shown(opened).pixels)
        durations.append(shown_for(opened.info.get("duration") or 0))
    alike = _alike(pixels)
    frames = tuple(map(Frame, alike, durations))
    grey = frames[0].pixels.shape[2] < 3
    space = first.space if first.icc_profile else "grey" if grey else "srgb"
    return replace(first, pixels=frames[0].pixels, space=space, frames=frames, loops=_loops(opened))


def with_pages(first: Image, opened: ImageFile, shown: Callable[[ImageFile], Image]) -> Image:
    """`first` with all pages of its file, or without them, and that told, where they differ."""
    pixels = [first.pixels]
    for number in range(1, opened.n_frames):  # type: ignore[attr-defined]  # as above
        opened.seek(number)
        if sorted(opened.size) != sorted(first.pixels.shape[:2]):  # before there is memory for it
            return first.losing(UNLIKE)
        opened.load()
        page = shown(opened)
        if page.pixels.shape != first.pixels.shape or page.pixels.dtype != first.pixels.dtype:
            return first.losing(UNLIKE)
        pixels.append(page.pixels)
    return replace(first, frames=tuple(Frame(page, 0) for page in pixels))


def _told(size: tuple[int, int]) -> str:
    width, height = size
    return f"{width}x{height}"


def shown_for(milliseconds: float) -> int:
    """A frame's duration in milliseconds, as browsers have it where it is 0."""
    return round(milliseconds) or _UNSAID


def _loops(opened: ImageFile) -> int:
    """How often an animation plays in all, 0 for ever."""
    if isinstance(opened, GifImageFile):  # which tells how often it is repeated, if it is
        loop = opened.info.get("loop")
        return 1 if loop is None else loop + 1 if loop else 0
    return int(opened.info.get("loop", 0))


def _alike(frames: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Frames in the channels that hold all of them."""
    colours = 3 if any(frame.shape[2] > 2 for frame in frames) else 1
    alpha = any(frame.shape[2] % 2 == 0 for frame in frames)
    for number, frame in enumerate(frames):  # in place, as there may be many
        frames[number] = _widened(frame, colours, alpha)
    return frames


def _widened(frame: NDArray[Any], colours: int, alpha: bool) -> NDArray[Any]:
    channels = frame.shape[2]
    if channels == colours + alpha:
        return frame
    own_alpha = channels % 2 == 0
    parts = [frame[..., : channels - own_alpha]] * (colours if channels < 3 else 1)
    if alpha:
        opaque = np.full_like(frame[..., :1], 255)
        parts.append(frame[..., -1:] if own_alpha else opaque)
    return np.concatenate(parts, axis=2)


def within(image: Image, format: ImageFormat) -> Image:
    """An animation with no more loops than 65,535 and no longer frames than a format tells."""
    if image.is_paged or format not in _MOST_SHOWN:
        return image
    most = _MOST_SHOWN[format]
    if format is ImageFormat.WEBP:
        most = min(most, _MOST_OF_FILM // len(image.frames))
    exact = _MOST_EXACT if format is ImageFormat.PNG else most
    frames = tuple(
        frame._replace(duration=_told_time(min(frame.duration, most), exact))
        for frame in image.frames
    )
    return replace(image, frames=frames, loops=min(image.loops, _MOST_LOOPS))


def _told_time(milliseconds: int, exact: int) -> int:
    return milliseconds if milliseconds <= exact else round(milliseconds / 1000) * 1000


def save_frames(image: Image, format: ImageFormat, options: dict[str, Any]) -> bytes:
    """A file of all frames or pages of `image`; `options` are those of Pillow's saver."""
    if format is ImageFormat.GIF:
        first, *rest = shared_palette(image)
        options |= _gif_options(image, "transparency" in first.info)
    else:
        first, *rest = (as_pil(still, format) for still in image.stills())
        if not image.is_paged:
            options |= {
                "duration": [frame.duration for frame in image.frames],
                "loop": image.loops,
            }
    if format is ImageFormat.PNG:
        options |= {"disposal": PngDisposal.OP_NONE, "blend": PngBlend.OP_SOURCE}
    buffer = BytesIO()
    first.save(buffer, format.name, save_all=True, append_images=rest, **options)
    return buffer.getvalue()


def _gif_options(image: Image, clear: bool) -> dict[str, Any]:
    options: dict[str, Any] = {
        "duration": _centiseconds(image.frames),
        "disposal": _RESTORE if clear else _LEAVE,
        "optimize": False,
    }
    if clear:
        options["transparency"] = 0
    if image.loops != 1:  # without a number it plays once
        options["loop"] = max(0, image.loops - 1)
    return options


def as_pil(still: Image, format: ImageFormat) -> pil.Image:
    """A still as Pillow's saver for `format` takes it."""
    picture = still.to_pil()
    if format in (ImageFormat.WEBP, ImageFormat.AVIF) and still.channels < 3:
        return picture.convert("RGBA" if still.has_alpha else "RGB")
    if format is ImageFormat.GIF and still.channels == 2:
        return picture.convert("RGBA")
    return picture


def _centiseconds(frames: Iterable[Frame]) -> list[int]:
    """Durations in whole hundredths of a second, in milliseconds, that do not drift from theirs."""
    durations, meant, told = [], 0, 0
    for frame in frames:
        meant += frame.duration
        duration = max(_CENTISECOND, round((meant - told) / _CENTISECOND) * _CENTISECOND)
        durations.append(duration)
        told += duration
    return durations
