"""What is refused, and how much memory this process may use."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from imgpipe.errors import ConfigError, LimitExceeded

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_BYTES = 512 * 2**20
MAX_PIXELS = 0x3FFF**2
MAX_FRAMES = 256
MAX_SIDE = 65_535

_SIZE = re.compile(r"(\d+(?:\.\d+)?) *(?:([kmgt])(i)?)?b?")


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


def parse_bytes(text: str) -> int:
    """A number of bytes. Raises ValueError for anything else.

    >>> parse_bytes("1GB"), parse_bytes("1.5 KiB")
    (1000000000, 1536)
    """
    match = _SIZE.fullmatch(text.strip().lower())
    if not match:
        raise ValueError(f"Expected a size such as 500MB or 2GiB, got {text!r}")
    number, prefix, binary = match.groups()
    base = 1024 if binary else 1000
    return int(float(number) * base ** (" kmgt".index(prefix) if prefix else 0))


def format_bytes(size: float) -> str:
    """A number of bytes as people read it.

    >>> format_bytes(999), format_bytes(12_345), format_bytes(2.5e9)
    ('999 bytes', '12.3 kB', '2.5 GB')
    """
    for unit, base in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= base:
            return f"{size / base:.1f} {unit}"
    return f"{size:.0f} bytes"


def own_cgroup(controller: str) -> "Iterator[Path]":
    """The folders of this process's control group and its parents, version 2 and version 1."""
    from pathlib import Path  # which takes longer to load than all that is above

    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = Path("/sys/fs/cgroup", controllers and controller)
        here = root / path.lstrip("/")
        while here != root:
            yield here
            here = here.parent
        yield root


def memory_allowed() -> int:
    """Bytes of memory this process may use: the machine's, or less where a control group says so.

    Linux control groups are read; elsewhere the machine's memory is the answer.
    """
    allowed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for group in own_cgroup("memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            try:
                allowed = min(allowed, int((group / name).read_text()))
            except (OSError, ValueError):  # not there, or "max"
                continue
    return allowed
