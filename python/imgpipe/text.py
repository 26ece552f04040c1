"""Text as pictures: FreeType through Pillow, and fontconfig for what its own font lacks."""

import shutil
import subprocess
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as pil, ImageDraw, ImageFont

from imgpipe import kernels
from imgpipe.colours import parse_colour
from imgpipe.errors import ConfigError

Font = ImageFont.FreeTypeFont

_NO_CHARACTER = "\U0010ffff"  # which no font has, so what is drawn for it stands for all it lacks
_OUTLINE = 0.055  # of the size of the letters
_OUTLINE_OPACITY = 0.6
_LIGHT, _DARK = (255, 255, 255), (0, 0, 0)
_LUMA = (0.299, 0.587, 0.114)


@lru_cache(maxsize=16)
def draw_text(
    text: str, size: int, font: str | None = None, colour: str = "white", angle: float = 0
) -> NDArray[np.uint8]:
    """`text` in letters `size` pixels high, as (H, W, 4): a mark cut close, its ground clear.

    Letters have an outline, dark round light colours and light round dark ones, so that they can
    be read on any ground. `angle` turns them clockwise, in degrees. The array is read-only, being
    shared. Raises ConfigError for a font that is none, and for characters that no font here has,
    which it names; ValueError for a colour that is none.
    """
    red, green, blue, opacity = parse_colour(colour)
    letters = _font_for(text, size, font)
    thick = max(1, round(size * _OUTLINE))
    fill, around = (_coverage(text, letters, thick, stroke) for stroke in (0, thick))
    if angle % 360:
        fill, around = (kernels.rotate(part, angle, expand=True) for part in (fill, around))
    front = fill[..., np.newaxis] / 255
    back = around[..., np.newaxis] / 255 * _OUTLINE_OPACITY * (1 - front)
    alpha = front + back
    behind = _DARK if np.dot((red, green, blue), _LUMA) > 127 else _LIGHT
    mixed = front * (red, green, blue) + back * np.array(behind)
    colours = np.divide(mixed, alpha, out=np.zeros_like(mixed), where=alpha > 0)
    alpha = alpha * opacity
    mark: NDArray[np.uint8] = np.rint(np.concatenate([colours, alpha], axis=2)).astype(np.uint8)
    mark.flags.writeable = False
    return mark


def _coverage(text: str, font: Font, margin: int, stroke: int) -> NDArray[np.uint8]:
    """How much of each pixel letters cover, with `margin` pixels around them."""
    canvas = ImageDraw.Draw(pil.new("L", (1, 1)))
    left, top, right, bottom = (
        round(side) for side in canvas.textbbox((0, 0), text, font=font, align="center")
    )
    size = right - left + 2 * margin + 2, bottom - top + 2 * margin + 2
    picture = pil.new("L", size)
    at = margin + 1 - left, margin + 1 - top
    ImageDraw.Draw(picture).text(at, text, fill=255, font=font, stroke_width=stroke, align="center")
    return np.asarray(picture)


def _font_for(text: str, size: int, path: str | None) -> Font:
    font = _open(path, size) if path else _default(size)
    lacking = _lacking(text, font)
    if lacking and not path:
        other = _system_font(text)
        if other:
            font = _open(other, size)
            lacking = _lacking(text, font)
    if lacking:
        where = path or "any font found here"
        raise ConfigError(
            f"Expected a font with all of the text's characters, got {where} without "
            f"{' '.join(lacking)}; give the file of a font that has them"
        )
    return font


def _default(size: int) -> Font:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # it is where Pillow has FreeType
    return font


def _open(path: str, size: int) -> Font:
    try:
        return ImageFont.truetype(path, size)
    except OSError as error:
        raise ConfigError(f"Expected a font file, got {path}: {error}") from None


def _lacking(text: str, font: Font) -> list[str]:
    """The characters of `text` that `font` has no glyph for."""
    missing = _drawn(font, _NO_CHARACTER)
    shown = sorted({character for character in text if not character.isspace()})
    return [character for character in shown if _drawn(font, character) == missing]


def _drawn(font: Font, character: str) -> tuple[Any, bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)


def _system_font(text: Iterable[str]) -> str | None:
    """The file of the font that fontconfig takes for these characters, or None without it."""
    if not shutil.which("fc-match"):
        return None
    charset = " ".join(f"{ord(character):x}" for character in sorted(set(text)))
    found = subprocess.run(
        ["fc-match", "--format=%{file}", f":charset={charset}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return found.stdout or None
