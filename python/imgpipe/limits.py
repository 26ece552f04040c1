"""What is refused."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from imgpipe.errors import ConfigError, LimitExceeded

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_BYTES = 512 * 2**20
MAX_PIXELS = 0x3FFF**2
MAX_FRAMES = 256
MAX_SIDE = 65_535


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture may have before it is refused, all that its file and its header say.

    `pixels` are of all frames that are read together, `side` is the longer one's in pixels.
    Raises ConfigError for numbers below 1.
    """

    file_bytes: int = MAX_FILE_BYTES
    pixels: int = MAX_PIXELS
    frames: int = MAX_FRAMES
    side: int = MAX_SIDE

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or value < 1:
                raise ConfigError(
                    f"Expected max_{field.name} to be a whole number from 1 on, got {value!r}"
                )

    def check_file_size(self, size: int, path: "Path | None" = None) -> None:
        """Raise LimitExceeded for a file of `size` bytes that is too large to be read whole."""
        if size > self.file_bytes:
            raise LimitExceeded(
                f"Expected a file of at most {self.file_bytes / 2**20:.0f} MiB, "
                f"got {size / 2**20:.0f} MiB; a larger max_file_bytes allows it",
                path,
            )

    def check_dimensions(
        self, width: int, height: int, path: "Path | None" = None, frames: int = 1
    ) -> None:
        """Raise LimitExceeded for a picture of so many pixels or frames that none is meant."""
        if min(width, height) < 1:
            raise LimitExceeded(f"Expected sides of at least 1 pixel, got {width}x{height}", path)
        if max(width, height) > self.side:
            raise LimitExceeded(
                f"Expected sides of at most {self.side} pixels, got {width}x{height}; "
                "a larger max_side allows them",
                path,
            )
        if frames > self.frames:
            raise LimitExceeded(
                f"Expected at most {self.frames} frames, got {frames}; a larger max_frames allows "
                'them, animation="first" takes the first',
                path,
            )
        if width * height * frames > self.pixels:
            many = f"{frames} frames of " if frames > 1 else ""
            raise LimitExceeded(
                f"Expected at most {self.pixels / 10**6:.0f} megapixels, got {many}"
                f"{width}x{height} ({width * height * frames // 10**6}); a larger max_pixels "
                "allows them",
                path,
            )


LIMITS = Limits()
